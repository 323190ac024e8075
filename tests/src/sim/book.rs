//! The ledger as a workbook and as CSV, the way hospitals really keep it (DOMAIN §4): a sheet a
//! building, title rows, two-row headings, every spelling of an address, columns of their own.

use anyhow::Result;
use daicho_collector::ledger::Place;
use rust_xlsxwriter::{Format, Workbook, Worksheet};

use super::rows::Sheet;
use super::{Hospital, Plant, Row};

/// A column: the heading of its group (merged over the group; empty for none), its own heading, and
/// how the cell of the `n`th row is written.
struct Column(&'static str, &'static str, fn(&Row, usize) -> String);

/// Rows above the heading.
const TITLES: [&str; 3] = ["", "令和8年11月1日現在　情報システム室", ""];

const SHEETS: [(Sheet, &str, &[Column]); 4] = [
    (Sheet::Main, "本館", &MAIN),
    (Sheet::Annexe, "別館・検査棟", &ANNEXE),
    (Sheet::Medical, "ME機器", &MEDICAL),
    (Sheet::Network, "ネットワーク機器", &NETWORK),
];

const MAIN: [Column; 15] = [
    Column("", "管理番号", |row, _| row.number.clone()),
    Column("", "機器名称", |row, _| row.name.clone()),
    Column("", "コンピュータ名", |row, _| row.host_name.clone()),
    Column("", "種別", |row, _| row.kind.into()),
    Column("", "メーカー", |row, _| row.vendor.clone()),
    Column("", "型番", |row, _| row.model.clone()),
    Column("", "シリアル番号", |row, _| row.serial.clone()),
    Column("", "設置場所", |row, _| row.place.clone()),
    Column("", "IPアドレス", ip_cell),
    Column("", "MACアドレス", mac_cell),
    Column("", "ネットワーク接続", connected_cell),
    Column("", "状態", state_cell),
    Column("", "購入日", bought_cell),
    Column("", "リース区分", |_, n| {
        if n.is_multiple_of(3) { "リース" } else { "買取" }.into()
    }),
    Column("", "備考", |row, _| remark(row)),
];

const ANNEXE: [Column; 13] = [
    Column("", "資産番号", |row, _| row.number.clone()),
    Column("", "ＩＰアドレス", ip_cell),
    Column("", "物理アドレス", mac_cell),
    Column("", "端末名", |row, _| row.host_name.clone()),
    Column("", "名称", |row, _| row.name.clone()),
    Column("", "機器種別", |row, _| row.kind.into()),
    Column("", "製造元", |row, _| row.vendor.clone()),
    Column("", "型式", |row, _| row.model.clone()),
    Column("", "S/N", |row, _| row.serial.clone()),
    Column("", "配置場所", |row, _| row.place.clone()),
    Column("", "ネットワーク接続", connected_cell),
    Column("", "状態", state_cell),
    Column("", "鍵番号", |_, n| format!("K{:02}", n % 40)),
];

const MEDICAL: [Column; 12] = [
    Column("", "ME No.", |row, _| row.number.clone()),
    Column("", "装置名", |row, _| row.name.clone()),
    Column("", "ホスト名", |row, _| row.host_name.clone()),
    Column("", "分類", |row, _| row.kind.into()),
    Column("", "製造販売業者", |row, _| row.vendor.clone()),
    Column("", "型式", |row, _| row.model.clone()),
    Column("", "製造番号", |row, _| row.serial.clone()),
    Column("", "設置場所", |row, _| row.place.clone()),
    Column("ネットワーク", "IPアドレス", ip_cell),
    Column("ネットワーク", "MACアドレス", mac_cell),
    Column("", "ネットワーク接続", connected_cell),
    Column("", "状態", state_cell),
];

const NETWORK: [Column; 11] = [
    Column("", "No.", |row, _| row.number.clone()),
    Column("", "機器名", |row, _| row.name.clone()),
    Column("", "ホスト名", |row, _| row.host_name.clone()),
    Column("", "区分", |row, _| row.kind.into()),
    Column("", "メーカ", |row, _| row.vendor.clone()),
    Column("", "製品名", |row, _| row.model.clone()),
    Column("", "シリアル", |row, _| row.serial.clone()),
    Column("", "ラック", |row, _| row.place.clone()),
    Column("", "管理IP", ip_cell),
    Column("", "MAC", mac_cell),
    Column("", "ステータス", state_cell),
];

fn remark(row: &Row) -> String {
    match row.plant {
        Plant::Intangible => "契約のみ・機器なし".into(),
        Plant::Retired => "令和7年度に廃棄済".into(),
        Plant::Right
        | Plant::WrongMac
        | Plant::WrongIp
        | Plant::WrongName
        | Plant::Dhcp
        | Plant::Offline
        | Plant::Gone
        | Plant::GoneDhcp
        | Plant::Elsewhere => String::new(),
    }
}

fn ip_cell(row: &Row, n: usize) -> String {
    match row.plant {
        Plant::Dhcp | Plant::GoneDhcp => {
            return if n.is_multiple_of(2) { "DHCP" } else { "自動" }.into();
        }
        Plant::Offline if row.ips.is_empty() => return "なし".into(),
        Plant::Right
        | Plant::WrongMac
        | Plant::WrongIp
        | Plant::WrongName
        | Plant::Offline
        | Plant::Retired
        | Plant::Gone
        | Plant::Elsewhere
        | Plant::Intangible => {}
    }
    let written = row.ips.iter().map(|ip| match n % 11 {
        3 => ip.octets().map(|octet| format!("{octet:03}")).join("."),
        7 => full_width(&ip.to_string()),
        _ => ip.to_string(),
    });
    written.collect::<Vec<_>>().join("\n")
}

fn mac_cell(row: &Row, n: usize) -> String {
    let written = row.macs.iter().map(|mac| {
        let octets = mac.octets().map(|octet| format!("{octet:02X}"));
        match n % 5 {
            0 | 1 => octets.join("-"),
            2 => mac.to_string(),
            3 => octets.concat(),
            _ if n.is_multiple_of(2) => full_width(&octets.join("-")),
            _ => {
                let quads = octets.chunks(2).map(<[String]>::concat).collect::<Vec<_>>();
                quads.join(".").to_lowercase()
            }
        }
    });
    written.collect::<Vec<_>>().join(if n.is_multiple_of(2) { "\n" } else { "、" })
}

fn connected_cell(row: &Row, _: usize) -> String {
    if row.plant == Plant::Offline { "無" } else { "有" }.into()
}

fn state_cell(row: &Row, _: usize) -> String {
    if row.plant == Plant::Retired { "廃棄" } else { "使用中" }.into()
}

fn bought_cell(_: &Row, n: usize) -> String {
    match n % 4 {
        0 => format!("令和{}年4月1日", n % 6 + 1),
        1 => format!("R{}.10.1", n % 6 + 1),
        2 => format!("H{}/3", n % 10 + 20),
        _ => format!("{}.4", n % 8 + 2018),
    }
}

/// ASCII as its full-width forms (U+FF01 and on).
fn full_width(text: &str) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic());
    text.chars().map(|c| wide(c).unwrap_or(c)).collect()
}

/// The rows of a sheet, with their positions in [`Hospital::rows`].
fn rows_of(hospital: &Hospital, sheet: Sheet) -> impl Iterator<Item = (usize, &Row)> {
    hospital.rows.iter().enumerate().filter(move |(_, row)| row.sheet == sheet)
}

/// The workbook (.xlsx), and where each of [`Hospital::rows`] stands in it.
///
/// # Errors
/// If the workbook cannot be written, which it can for want of memory only.
pub fn workbook(hospital: &Hospital, book: &str) -> Result<(Vec<u8>, Vec<Place>)> {
    let mut workbook = Workbook::new();
    let mut places = vec![None; hospital.rows.len()];
    for (sheet, name, columns) in SHEETS {
        let page = workbook.add_worksheet().set_name(name)?;
        let below = head(page, name, columns)?;
        for ((n, (position, row)), at) in rows_of(hospital, sheet).enumerate().zip(below..) {
            for (Column(_, _, cell), column) in columns.iter().zip(0..) {
                page.write_string(at, column, cell(row, n))?;
            }
            if let Some(place) = places.get_mut(position) {
                *place = Some(Place { book: book.into(), sheet: name.into(), row: at + 1 });
            }
        }
    }
    Ok((workbook.save_to_buffer()?, places.into_iter().flatten().collect()))
}

/// Writes titles and headings; returns the number, from 0, of the row below them.
fn head(page: &mut Worksheet, name: &str, columns: &[Column]) -> Result<u32> {
    let bold = Format::new().set_bold();
    let mut at = 0;
    for title in TITLES {
        let title = if at == 0 {
            format!("○○総合病院　情報機器管理台帳（{name}）")
        } else {
            title.into()
        };
        page.write_string_with_format(at, 0, title, &bold)?;
        at += 1;
    }
    let grouped = columns.iter().any(|Column(group, ..)| !group.is_empty());
    if grouped {
        for (Column(group, heading, _), column) in columns.iter().zip(0..) {
            page.write_string(at, column, if group.is_empty() { *heading } else { *group })?;
        }
        let inside: Vec<u16> =
            columns.iter().zip(0..).filter(|(c, _)| !c.0.is_empty()).map(|c| c.1).collect();
        if let (Some(first), Some(last)) = (inside.first(), inside.last()) {
            page.merge_range(at, *first, at, *last, "ネットワーク", &bold)?;
        }
        at += 1;
    }
    for (Column(group, heading, _), column) in columns.iter().zip(0..) {
        let again = grouped && group.is_empty();
        page.write_string_with_format(at, column, if again { "" } else { *heading }, &bold)?;
    }
    Ok(at + 1)
}

/// The same rows as one CSV list in CP932, with the headings of the first sheet, and where each row
/// stands.
pub fn csv(hospital: &Hospital, book: &str) -> (Vec<u8>, Vec<Place>) {
    let quote = |cell: String| format!("\"{}\"", cell.replace('"', "\"\""));
    let line =
        |cells: Vec<String>| cells.into_iter().map(quote).collect::<Vec<_>>().join(",") + "\r\n";
    let mut text = line(vec!["○○総合病院　情報機器管理台帳".into()]);
    text += &line(MAIN.iter().map(|Column(_, heading, _)| (*heading).into()).collect());
    let mut places = Vec::new();
    for (n, row) in hospital.rows.iter().enumerate() {
        text += &line(MAIN.iter().map(|Column(_, _, cell)| cell(row, n)).collect());
        let row = u32::try_from(n + 3).unwrap_or(u32::MAX);
        places.push(Place { book: book.into(), sheet: "".into(), row });
    }
    let (octets, _, _) = encoding_rs::SHIFT_JIS.encode(&text);
    (octets.into_owned(), places)
}
