use daicho_common::complaint::Exit;
use encoding_rs::SHIFT_JIS;
use rust_xlsxwriter::{Format, Workbook};

use super::*;
use crate::ledger::{Defect, Entry, Field, Place, Reason, State};

mod hostile;
mod round_trip;

fn csv(text: &str) -> Ledger {
    read("台帳.csv", text.as_bytes()).unwrap()
}

fn only(ledger: &Ledger) -> &Entry {
    assert_eq!(ledger.entries.len(), 1, "{ledger:?}");
    &ledger.entries[0]
}

fn fields(ledger: &Ledger, sheet: usize) -> Vec<Option<Field>> {
    ledger.sheets[sheet].columns.iter().map(|column| column.field).collect()
}

fn reasons(ledger: &Ledger) -> Vec<(u32, &Reason, bool)> {
    ledger
        .defects
        .iter()
        .map(|defect| (defect.place.row, &defect.reason, defect.rejected))
        .collect()
}

const LIST: &str = "管理番号,機器名,ホスト名,ＩＰアドレス,MACアドレス,設置場所,備考欄外\r\n\
    A-001,電子カルテ端末①,KARTE-01,192.168.010.005,00-1A-2B-3C-4D-5E,㈱髙橋棟１階～２階,保守\r\n\
    A-002,ﾌﾟﾘﾝﾀ,PRN-02,DHCP,001A.2B3C.4D5F,Ⅳ病棟,\r\n";

#[test]
fn the_same_list_in_every_encoding_is_the_same_ledger() {
    let want = csv(LIST);
    assert_eq!(want.entries.len(), 2);
    assert!(want.defects.is_empty(), "{:?}", want.defects);
    let first = &want.entries[0];
    assert_eq!(first.place, Place { book: "台帳.csv".into(), sheet: "".into(), row: 2 });
    assert_eq!(first.name, "電子カルテ端末1");
    assert_eq!(first.cells[1], "電子カルテ端末①");
    assert_eq!(first.ips, ["192.168.10.5".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(first.macs[0].to_string(), "00:1a:2b:3c:4d:5e");
    assert_eq!(first.location, "(株)髙橋棟1階~2階");
    assert_eq!(first.cells[6], "保守");
    assert!(want.entries[1].dhcp);
    assert_eq!(want.entries[1].name, "プリンタ");
    assert_eq!(fields(&want, 0)[6], None);

    let cp932 = SHIFT_JIS.encode(LIST).0.into_owned();
    let bom = [b"\xef\xbb\xbf", LIST.as_bytes()].concat();
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(LIST.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let utf16be: Vec<u8> =
        std::iter::once(0xfeff).chain(LIST.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let tabs = LIST.replace(',', "\t").into_bytes();
    let semicolons = LIST.replace(',', ";").into_bytes();
    let unix = LIST.replace("\r\n", "\n").into_bytes();
    let ctrl_z = [LIST.as_bytes(), b"\x1a"].concat();
    for (name, octets) in [
        ("CP932", cp932),
        ("UTF-8 with BOM", bom),
        ("UTF-16LE", utf16),
        ("UTF-16BE", utf16be),
        ("tabs", tabs),
        ("semicolons", semicolons),
        ("LF", unix),
        ("Ctrl-Z", ctrl_z),
    ] {
        assert_eq!(read("台帳.csv", &octets).as_ref(), Ok(&want), "{name}");
    }
}

#[test]
fn rows_are_numbered_as_the_spreadsheet_shows_them() {
    for end in ["\n", "\r\n", "\r"] {
        let text = [
            "医療機器台帳",
            "",
            "管理番号,機器名,備考",
            "",
            "1,\"PC\nと画面\",",
            "",
            "",
            "2,NAS,\"a\n\nb\"",
            "3,UPS,",
        ]
        .join(end);
        let ledger = csv(&text);
        let rows: Vec<u32> = ledger.entries.iter().map(|entry| entry.place.row).collect();
        assert_eq!(rows, [5, 8, 9], "{end:?}");
        assert_eq!(ledger.sheets[0].title_rows, [vec!["医療機器台帳".to_owned()], vec![]]);
        assert_eq!(ledger.entries[0].name, "PC と画面");
    }
}

#[test]
fn an_unreadable_cell_is_told_and_its_row_stays() {
    let ledger = csv("管理番号,機器名,IPアドレス,MACアドレス,型番\n\
        1,PC,192.168.1.300,00-1A,#REF!\n\
        2,PC,192.168.1.10～20,不明,x\n");
    assert_eq!(ledger.entries.len(), 2);
    assert_eq!(
        reasons(&ledger),
        [
            (2, &Reason::NotAnAddress, false),
            (2, &Reason::NotAMac, false),
            (2, &Reason::FormulaError, false),
            (3, &Reason::NotAnAddress, false)
        ]
    );
    assert_eq!(ledger.defects[0].column, "IPアドレス");
    assert_eq!(ledger.defects[0].value, "192.168.1.300");
    assert_eq!(ledger.entries[0].model, "");
    assert_eq!(ledger.entries[0].cells[4], "#REF!");
}

#[test]
fn notes_sums_and_section_headings_are_rejected_and_kept() {
    let ledger = csv("管理番号,機器名,IPアドレス,備考\n\
        【1階】,,,\n\
        1,PC,192.168.1.1,\n\
        管理番号,機器名,IPアドレス,備考\n\
        ※無線LANは別紙,,,\n\
        ,,,棚卸未了\n\
        合計,1台,,\n");
    assert_eq!(only(&ledger).place.row, 3);
    let rows: Vec<u32> = ledger.defects.iter().map(|defect| defect.place.row).collect();
    assert_eq!(rows, [2, 5, 6, 7]);
    for Defect { reason, rejected, cells, .. } in &ledger.defects {
        assert_eq!((reason, *rejected), (&Reason::NamesNothing, true));
        assert!(!cells.is_empty());
    }
    assert_eq!(ledger.defects[2].value, "棚卸未了");
}

#[test]
fn a_row_counter_without_anything_beside_it_names_nothing() {
    let ledger = csv("No.,機器名,IPアドレス\n1,PC,192.168.1.1\n2,,\n3,,\n");
    assert_eq!(only(&ledger).asset_number, "1");
    assert_eq!(ledger.defects.len(), 2);
    let beside = csv("No.,管理番号,機器名\n1,M-5,PC\n");
    assert_eq!(only(&beside).asset_number, "M-5");
    assert_eq!(fields(&beside, 0), [None, Some(Field::AssetNumber), Some(Field::Name)]);
}

#[test]
fn a_number_that_stands_twice_keeps_both_rows() {
    let ledger = csv("管理番号,機器名\nＡ１,PC\nA1,NAS\n");
    assert_eq!(ledger.entries.len(), 2);
    let first = ledger.entries[0].place.clone();
    assert_eq!(reasons(&ledger), [(3, &Reason::DuplicateNumber { first }, false)]);
}

#[test]
fn several_columns_of_one_field_all_count() {
    let ledger = csv("機器名,IPアドレス1,IPアドレス2,MAC有線,MAC無線,建物,階\n\
        分析装置,10.0.0.1,10.0.0.2,001A2B3C4D5E,001A2B3C4D5F,本館,3階\n");
    let entry = only(&ledger);
    assert_eq!((entry.ips.len(), entry.macs.len()), (2, 2));
    assert_eq!(entry.location, "本館 3階");
}

#[test]
fn offline_state_and_remote_maintenance_are_read_from_words() {
    let head = "管理番号,IPアドレス,ネットワーク接続,状態,リモート保守,備考\n";
    for (row, offline, state, remote) in [
        ("1,192.168.1.1,有,使用中,有,", false, State::InUse, Some(true)),
        ("1,,無,予備,無,", true, State::Spare, Some(false)),
        ("1,,×,停止,×,", true, State::Stopped, Some(false)),
        ("1,未接続,,廃棄,○（VPN）,", true, State::Retired, Some(true)),
        ("1,なし,無線,撤去済,VPN,", false, State::Retired, Some(true)),
        ("1,,,未接続,確認中,", true, State::InUse, None),
        ("1,,,,-,スタンドアロン運用", true, State::InUse, None),
        ("1,-,,,,未接続ではない", false, State::InUse, None),
    ] {
        let ledger = csv(&format!("{head}{row}\n"));
        let entry = only(&ledger);
        assert_eq!(
            (entry.offline, entry.state, entry.remote_maintenance),
            (offline, state, remote),
            "{row}"
        );
        assert!(ledger.defects.is_empty(), "{row}: {:?}", ledger.defects);
    }
}

#[test]
fn a_mark_or_a_date_under_a_heading_of_state_declares_that_state() {
    for (text, state) in [
        ("管理番号,廃棄\n1,○\n", State::Retired),
        ("管理番号,廃棄\n1,×\n", State::InUse),
        ("管理番号,状態,廃棄日\n1,使用中,R6.3.31\n", State::Retired),
        ("管理番号,使用可否\n1,否,\n", State::InUse),
        ("管理番号,使用可否\n1,不可\n", State::Stopped),
        ("管理番号,使用中,予備\n1,×,○\n", State::Stopped),
        ("管理番号,使用中,予備\n1,,○\n", State::Spare),
    ] {
        assert_eq!(only(&csv(text)).state, state, "{text}");
    }
}

#[test]
fn a_few_octets_that_no_encoding_has_spoil_only_their_row() {
    let mut octets = SHIFT_JIS.encode(LIST).0.into_owned();
    for _ in 0..20 {
        octets.extend_from_slice(
            &SHIFT_JIS.encode("A-100,監視カメラ,CAM,192.168.1.9,,3階東,録画\r\n").0,
        );
    }
    octets.extend_from_slice(b"A-999,\x81\xff,CAM2,192.168.1.10,,,\r\n");
    let ledger = read("台帳.csv", &octets).unwrap();
    assert_eq!(ledger.entries.len(), 23);
    let spoilt: Vec<&Defect> =
        ledger.defects.iter().filter(|defect| defect.reason == Reason::Undecodable).collect();
    assert_eq!(spoilt.len(), 1);
    assert_eq!((spoilt[0].place.row, spoilt[0].rejected), (24, false));
}

fn workbook(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(&mut book);
    book.save_to_buffer().unwrap()
}

#[test]
fn title_rows_two_row_headers_and_merged_cells_are_understood() {
    let octets = workbook(|book| {
        let plain = Format::new();
        let page = book.add_worksheet().set_name("本館").unwrap();
        page.merge_range(0, 0, 0, 6, "○○病院 ネットワーク機器台帳", &plain).unwrap();
        page.write(1, 5, "2026/4/1 現在").unwrap();
        page.merge_range(3, 0, 4, 0, "管理番号", &plain).unwrap();
        page.merge_range(3, 1, 4, 1, "機器名", &plain).unwrap();
        page.merge_range(3, 2, 3, 3, "IPアドレス", &plain).unwrap();
        page.write(4, 2, "有線").unwrap();
        page.write(4, 3, "無線").unwrap();
        page.merge_range(3, 4, 3, 5, "保守", &plain).unwrap();
        page.write(4, 4, "業者").unwrap();
        page.write(4, 5, "電話").unwrap();
        page.merge_range(3, 6, 4, 6, "設置場所", &plain).unwrap();
        page.write(5, 0, 1001).unwrap();
        page.write(5, 1, "PC").unwrap();
        page.write(5, 2, "192.168.1.1").unwrap();
        page.write(5, 3, "192.168.2.1").unwrap();
        page.write(5, 4, "○○商会").unwrap();
        page.write(6, 0, 1002).unwrap();
        page.write(6, 2, "192.168.1.2").unwrap();
        page.merge_range(5, 6, 7, 6, "3階 検査室", &plain).unwrap();
        page.set_row_hidden(6).unwrap();
    });
    let ledger = read("台帳.xlsx", &octets).unwrap();
    let sheet = &ledger.sheets[0];
    assert_eq!(sheet.title_rows.len(), 3);
    let headings: Vec<&str> = sheet.columns.iter().map(|column| column.heading.as_str()).collect();
    assert_eq!(
        headings,
        [
            "管理番号",
            "機器名",
            "IPアドレス 有線",
            "IPアドレス 無線",
            "保守 業者",
            "保守 電話",
            "設置場所"
        ]
    );
    assert_eq!(
        fields(&ledger, 0),
        [
            Some(Field::AssetNumber),
            Some(Field::Name),
            Some(Field::Ip),
            Some(Field::Ip),
            Some(Field::Maintainer),
            None,
            Some(Field::Location)
        ]
    );
    let got: Vec<(u32, &str, usize, &str)> = ledger
        .entries
        .iter()
        .map(|e| (e.place.row, e.asset_number.as_str(), e.ips.len(), e.location.as_str()))
        .collect();
    assert_eq!(got, [(6, "1001", 2, "3階 検査室"), (7, "1002", 1, "3階 検査室")]);
    assert!(ledger.defects.is_empty(), "{:?}", ledger.defects);
}

#[test]
fn two_row_headers_are_found_in_csv_where_merging_is_lost() {
    let ledger = csv(
        "管理番号,機器名,MACアドレス,,設置場所\n,,有線,無線,\n1,PC,001A2B3C4D5E,001A2B3C4D5F,2階\n",
    );
    assert_eq!(only(&ledger).macs.len(), 2);
    assert_eq!(ledger.sheets[0].columns[3].heading, "MACアドレス 無線");
    let above = csv(
        "機器情報,,ネットワーク,,設置場所\n管理番号,機器名,IPアドレス,MACアドレス,\n1,PC,10.0.0.1,001A2B3C4D5F,2階\n",
    );
    let entry = only(&above);
    assert_eq!((entry.place.row, entry.location.as_str(), entry.ips.len()), (3, "2階", 1));
}

#[test]
fn a_header_of_one_row_is_not_joined_with_the_first_device() {
    let ledger = csv("管理番号,機器名,接続,備考\n1,PC,有線,\n,サーバ,無線,\n");
    assert_eq!(ledger.entries.len(), 2);
    let nameless = csv("管理番号,機器名,,備考\n,,サーバ室,\n1,PC,,\n");
    assert_eq!(nameless.entries.len(), 1);
    assert_eq!(reasons(&nameless), [(2, &Reason::NamesNothing, true)]);
}

#[test]
fn sheets_without_a_header_are_told_and_their_rows_kept() {
    let octets = workbook(|book| {
        let cover = book.add_worksheet().set_name("表紙").unwrap();
        cover.write(2, 1, "情報機器台帳").unwrap();
        let main = book.add_worksheet().set_name("外来").unwrap();
        main.write_row(0, 0, ["資産番号", "コンピュータ名", "独自の列"]).unwrap();
        main.write_row(1, 0, ["S-1", "PC01", "あ"]).unwrap();
        let ward = book.add_worksheet().set_name("病棟").unwrap();
        ward.write_row(4, 2, ["ＭＥ Ｎｏ．", "装置名"]).unwrap();
        ward.write_row(5, 2, ["M-1", "輸液ポンプ"]).unwrap();
        book.add_worksheet().set_name("Sheet4").unwrap();
    });
    let ledger = read("台帳.xlsx", &octets).unwrap();
    let places: Vec<(usize, &str, u32)> =
        ledger.entries.iter().map(|e| (e.sheet, e.place.sheet.as_str(), e.place.row)).collect();
    assert_eq!(places, [(1, "外来", 2), (2, "病棟", 6)]);
    assert_eq!(reasons(&ledger), [(1, &Reason::NoHeader, false)]);
    assert_eq!(ledger.defects[0].place.sheet, "表紙");
    assert_eq!(ledger.sheets[0].title_rows[2], ["", "情報機器台帳"]);
    assert_eq!(ledger.entries[1].asset_number, "M-1");
}

#[test]
fn numbers_dates_and_errors_of_a_workbook_are_read_as_shown() {
    let octets = workbook(|book| {
        let page = book.add_worksheet();
        page.write_row(0, 0, ["管理番号", "機器名", "MACアドレス", "購入日", "版", "型番"])
            .unwrap();
        page.write_number_with_format(1, 0, 42, &Format::new().set_num_format("00000")).unwrap();
        page.write(1, 1, "PC").unwrap();
        page.write_number(1, 2, 123_456_789_012_f64).unwrap();
        page.write_number_with_format(1, 3, 45_748, &Format::new().set_num_format("yyyy/m/d"))
            .unwrap();
        page.write_number(1, 4, 0.1 + 0.2).unwrap();
        page.write_formula(1, 5, rust_xlsxwriter::Formula::new("=A9").set_result("#REF!")).unwrap();
        page.write_number(2, 0, 1001).unwrap();
        page.write_boolean(2, 1, true).unwrap();
    });
    let ledger = read("台帳.xlsx", &octets).unwrap();
    assert_eq!(
        ledger.entries[0].cells,
        ["00042", "PC", "123456789012", "2025-04-01", "0.3", "#REF!"]
    );
    assert_eq!(ledger.entries[0].macs[0].to_string(), "12:34:56:78:90:12");
    assert_eq!(ledger.entries[1].asset_number, "1001");
    assert_eq!(ledger.entries[1].cells[1], "TRUE");
    assert_eq!(reasons(&ledger), [(2, &Reason::FormulaError, false)]);
}

#[test]
fn the_callers_own_headings_are_used() {
    let own = include_str!("../../../config/ledger/columns.toml").replacen(
        "\"管理番号\",",
        "\"院内符号\",",
        1,
    );
    let columns = Columns::parse(&own).unwrap();
    let text = "院内符号,機器名,型番\nX-1,PC,Z\n";
    let ledger = read_with("a.csv", text.as_bytes(), &columns).unwrap();
    assert_eq!(only(&ledger).asset_number, "X-1");
    assert_eq!(only(&csv(text)).asset_number, "");
}

#[test]
fn a_book_without_any_header_is_refused_with_the_headings_that_were_looked_for() {
    for octets in [
        "ここには,何も\nない,です\n".as_bytes().to_vec(),
        workbook(|book| {
            book.add_worksheet().write(0, 0, "議事録").unwrap();
        }),
        workbook(|book| {
            book.add_worksheet();
        }),
    ] {
        let complaint = read("議事録", &octets).unwrap_err();
        assert_eq!(complaint.exit, Exit::Input);
        assert!(
            complaint.ja.contains("管理番号") && complaint.ja.contains("「議事録」"),
            "{}",
            complaint.ja
        );
        assert!(complaint.en.contains("MACアドレス"), "{}", complaint.en);
    }
}

#[test]
fn rows_struck_through_are_retired_and_what_is_hidden_is_read_and_marked() {
    let octets = workbook(|book| {
        let struck = Format::new().set_font_strikethrough();
        let page = book.add_worksheet().set_name("1階").unwrap();
        page.write_row(0, 0, ["管理番号", "機器名", "IPアドレス", "備考"]).unwrap();
        page.write_row(1, 0, ["1", "PC", "10.0.0.1", ""]).unwrap();
        page.write_row_with_format(2, 0, ["2", "NAS", "10.0.0.2", "更新"], &struck).unwrap();
        page.write_row(3, 0, ["3", "CT", "10.0.0.3", "更新済"]).unwrap();
        page.write_row_with_format(3, 0, ["3", "CT", "10.0.0.3"], &struck).unwrap();
        page.write_row(4, 0, ["4", "MR", "10.0.0.4"]).unwrap();
        page.write_string_with_format(4, 3, "旧 10.0.0.9", &struck).unwrap();
        page.set_row_hidden(4).unwrap();
        page.set_column_hidden(2).unwrap();
        let page = book.add_worksheet().set_name("隠し").unwrap();
        page.write_row(0, 0, ["管理番号", "機器名"]).unwrap();
        page.write_row(1, 0, ["9", "UPS"]).unwrap();
        page.set_hidden(true);
    });
    let ledger = read("台帳.xlsx", &octets).unwrap();
    let states: Vec<(State, bool, bool)> =
        ledger.entries.iter().map(|e| (e.state, e.struck, e.hidden)).collect();
    assert_eq!(
        states,
        [
            (State::InUse, false, false),
            (State::Retired, true, false),
            (State::Retired, true, false),
            (State::InUse, false, true),
            (State::InUse, false, false)
        ]
    );
    assert_eq!(ledger.sheets[0].hidden_columns, [2]);
    assert!(!ledger.sheets[0].hidden && ledger.sheets[1].hidden);
    assert_eq!(ledger.entries[3].ips.len(), 1);
    let mut again = Vec::new();
    write_xlsx(&ledger, &mut again).unwrap();
    assert_eq!(read("台帳.xlsx", &again).unwrap(), ledger);
}
