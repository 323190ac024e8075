//! The rows of the ledger: one for each device that somebody wrote down, some of them wrong, and
//! some for what is not there.

use std::net::Ipv4Addr;

use daicho_common::addr::Mac;

use super::{Device, Hospital, Kind};

/// What is right or wrong about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Plant {
    /// The row is as the device is.
    Right,
    /// The MAC address is of an interface that was replaced.
    WrongMac,
    /// The device was moved to another address.
    WrongIp,
    /// The device was renamed.
    WrongName,
    /// The address column says DHCP.
    Dhcp,
    /// Declared 未接続, and so it is.
    Offline,
    /// Declared 廃棄, but there.
    Retired,
    /// Declared in use, but gone; the address is vacant.
    Gone,
    /// Declared with DHCP, and gone.
    GoneDhcp,
    /// In a building that no declared network covers.
    Elsewhere,
    /// A contract for something that has no address.
    Intangible,
}

/// The sheets of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sheet {
    /// 本館.
    Main,
    /// 別館・検査棟.
    Annexe,
    /// ME機器.
    Medical,
    /// ネットワーク機器.
    Network,
}

/// A row as its writer meant it; how it is spelled is for [`super::book`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// On which sheet.
    pub sheet: Sheet,
    /// What is right or wrong about it.
    pub plant: Plant,
    /// The device that the writer meant, if it is on the network.
    pub device: Option<String>,
    /// 管理番号.
    pub number: String,
    /// 機器名.
    pub name: String,
    /// ホスト名.
    pub host_name: String,
    /// 種別.
    pub kind: &'static str,
    /// メーカー.
    pub vendor: String,
    /// 型番.
    pub model: String,
    /// シリアル.
    pub serial: String,
    /// 設置場所.
    pub place: String,
    /// IPアドレス.
    pub ips: Vec<Ipv4Addr>,
    /// MACアドレス.
    pub macs: Vec<Mac>,
}

/// What is wrong with which device's row.
const WRONG: [(&str, Plant); 12] = [
    ("mfp-003", Plant::WrongMac),
    ("server-005", Plant::WrongMac),
    ("pc-040", Plant::WrongIp),
    ("ap-004", Plant::WrongIp),
    ("server-009", Plant::WrongIp),
    ("switch-002", Plant::WrongName),
    ("server-002", Plant::WrongName),
    ("nas-001", Plant::WrongName),
    ("ward-009", Plant::WrongIp),
    ("tel-010", Plant::Retired),
    ("mfp-007", Plant::Retired),
    ("ups-002", Plant::Retired),
];

/// The last two octets of the address that it declares, if any.
type Absent = (Plant, Option<(u8, u8)>, Sheet);

/// What the ledger has and the wire has not.
const ABSENT: [Absent; 22] = [
    (Plant::Gone, Some((2, 180)), Sheet::Main),
    (Plant::Gone, Some((2, 181)), Sheet::Main),
    (Plant::Gone, Some((2, 182)), Sheet::Main),
    (Plant::Gone, Some((3, 60)), Sheet::Annexe),
    (Plant::Gone, Some((1, 90)), Sheet::Annexe),
    (Plant::Gone, Some((8, 180)), Sheet::Annexe),
    (Plant::Gone, Some((8, 181)), Sheet::Annexe),
    (Plant::Gone, Some((12, 180)), Sheet::Medical),
    (Plant::Gone, Some((super::furnish::MEDICAL_VLAN, 180)), Sheet::Medical),
    (Plant::Gone, Some((12, 181)), Sheet::Medical),
    (Plant::Elsewhere, Some((40, 5)), Sheet::Annexe),
    (Plant::Elsewhere, Some((40, 6)), Sheet::Annexe),
    (Plant::Elsewhere, Some((40, 7)), Sheet::Medical),
    (Plant::Offline, None, Sheet::Main),
    (Plant::Offline, None, Sheet::Medical),
    (Plant::Offline, Some((2, 190)), Sheet::Main),
    (Plant::Offline, Some((12, 190)), Sheet::Medical),
    (Plant::GoneDhcp, None, Sheet::Main),
    (Plant::GoneDhcp, None, Sheet::Annexe),
    (Plant::Intangible, None, Sheet::Main),
    (Plant::Intangible, None, Sheet::Main),
    (Plant::Offline, None, Sheet::Annexe),
];

/// Everything that the people of this hospital wrote down.
pub(super) fn write_down(hospital: &Hospital) -> Vec<Row> {
    let mut rows: Vec<Row> = hospital
        .everything()
        .filter(|device| !device.key.starts_with("stranger"))
        .map(|device| declared(hospital, device))
        .collect();
    rows.extend(ABSENT.iter().zip(0u8..).map(|(&(plant, at, sheet), n)| {
        absent(plant, at.map(|(c, d)| hospital.ground.address(c, d)), sheet, n)
    }));
    rows.sort_by_key(|row| row.sheet);
    for (row, n) in rows.iter_mut().zip(1..) {
        row.number = match row.sheet {
            Sheet::Main => format!("A-{n:04}"),
            Sheet::Annexe => format!("B-{n:04}"),
            Sheet::Medical => format!("ME{n:05}"),
            Sheet::Network => format!("NW-{n:04}"),
        };
        if row.device.is_some() {
            continue;
        }
        row.serial = format!("X{:06}", 770_000 + n * 37);
    }
    rows
}

fn declared(hospital: &Hospital, device: &Device) -> Row {
    let wrong = WRONG.iter().find(|(key, _)| *key == device.key).map(|(_, plant)| *plant);
    let plant = match wrong {
        Some(plant) => plant,
        None if device.key.starts_with("note") => Plant::Dhcp,
        None => Plant::Right,
    };
    let mut row = Row {
        sheet: sheet(device),
        plant,
        device: Some(device.key.clone()),
        number: String::new(),
        name: format!("{} {}", kind(device.kind), device.name),
        host_name: device.name.clone(),
        kind: kind(device.kind),
        vendor: device.make.vendor.into(),
        model: device.make.model.into(),
        serial: device.serial.clone(),
        place: device.place.clone(),
        ips: device.nics.iter().map(|nic| nic.ip).collect(),
        macs: device.nics.iter().map(|nic| nic.mac).collect(),
    };
    match plant {
        Plant::WrongMac => {
            row.macs = device.nics.iter().map(|nic| replaced(nic.mac)).collect();
        }
        Plant::WrongIp => {
            let [.., d] = device.nics.first().map_or([0; 4], |nic| nic.ip.octets());
            row.ips = vec![hospital.ground.address(2, 200 + d % 16)];
        }
        Plant::WrongName => row.host_name = format!("OLD-{}", device.name),
        Plant::Dhcp => row.ips.clear(),
        Plant::Right
        | Plant::Offline
        | Plant::Retired
        | Plant::Gone
        | Plant::GoneDhcp
        | Plant::Elsewhere
        | Plant::Intangible => {}
    }
    row
}

/// The address of the interface that was there before: of the same maker, used by nobody.
fn replaced(mac: Mac) -> Mac {
    let [a, b, c, ..] = mac.octets();
    Mac::new([a, b, c, 0xfe, 0xfe, mac.octets()[5]])
}

fn absent(plant: Plant, ip: Option<Ipv4Addr>, sheet: Sheet, n: u8) -> Row {
    let intangible = plant == Plant::Intangible;
    let medical = sheet == Sheet::Medical;
    let (name, host_name, kind, vendor, model) = match (intangible, medical) {
        (true, _) => {
            (format!("電子お薬手帳サービス{n}"), String::new(), "SaaS", "クラウド薬歴", "")
        }
        (_, true) => {
            (format!("輸液ポンプ管理端末{n}"), String::new(), "医療機器", "テルモ", "TE-SW")
        }
        _ => (format!("旧端末{n}"), format!("KYU-PC{n:02}"), "端末PC", "富士通", "ESPRIMO D583"),
    };
    let mac = (!intangible && (ip.is_some() || plant == Plant::GoneDhcp))
        .then(|| Mac::new([0x00, 0x0b, 0x5d, 0xfd, 0x00, n]));
    Row {
        sheet,
        plant,
        device: None,
        number: String::new(),
        name,
        host_name,
        kind,
        vendor: vendor.into(),
        model: model.into(),
        serial: String::new(),
        place: if medical { "本館3F 東病棟" } else { "別館3F 事務部" }.into(),
        ips: ip.into_iter().collect(),
        macs: mac.into_iter().collect(),
    }
}

fn sheet(device: &Device) -> Sheet {
    match device.kind {
        Kind::Bedside | Kind::Laboratory => Sheet::Medical,
        Kind::Utm | Kind::Router | Kind::Switch | Kind::AccessPoint | Kind::Ups => Sheet::Network,
        Kind::Pc | Kind::Server | Kind::Mfp | Kind::Printer | Kind::Nas | Kind::Telephone => {
            if device.place.starts_with("別館") {
                Sheet::Annexe
            } else {
                Sheet::Main
            }
        }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Pc => "端末PC",
        Kind::Server => "サーバ",
        Kind::Mfp => "複合機",
        Kind::Printer => "プリンタ",
        Kind::Utm => "UTM",
        Kind::Router => "ルータ",
        Kind::Switch => "スイッチ",
        Kind::AccessPoint => "無線AP",
        Kind::Nas => "NAS",
        Kind::Ups => "UPS",
        Kind::Bedside => "医療機器",
        Kind::Laboratory => "検査機器",
        Kind::Telephone => "電話機",
    }
}
