//! Makes and models, as rows of data. Enterprise numbers and address prefixes are those registered
//! at IANA and IEEE; descriptions follow the habits of the makers, with invented versions.

use super::Kind;

/// A make and model.
#[derive(Debug, PartialEq, Eq)]
pub struct Make {
    /// What it is.
    pub kind: Kind,
    /// Maker, as a Japanese ledger writes it.
    pub vendor: &'static str,
    /// Model.
    pub model: &'static str,
    /// First three octets of its MAC addresses.
    pub oui: [u8; 3],
    /// sysObjectID without a leading dot; empty: it speaks no SNMP.
    pub object_id: &'static str,
    /// sysDescr.
    pub description: &'static str,
}

const fn make(
    kind: Kind,
    vendor: &'static str,
    model: &'static str,
    oui: u32,
    (object_id, description): (&'static str, &'static str),
) -> Make {
    let [_, a, b, c] = oui.to_be_bytes();
    Make { kind, vendor, model, oui: [a, b, c], object_id, description }
}

const MUTE: (&str, &str) = ("", "");

/// Office computers.
pub static PCS: [Make; 5] = [
    make(Kind::Pc, "富士通", "ESPRIMO D7012", 0x00_0b5d, MUTE),
    make(Kind::Pc, "NEC", "Mate MKM31", 0x00_0d5e, MUTE),
    make(Kind::Pc, "Dell", "OptiPlex 3090", 0x00_0d56, MUTE),
    make(Kind::Pc, "日本HP", "ProDesk 400 G7", 0x10_b676, MUTE),
    make(Kind::Pc, "パナソニック", "Let's note CF-SR3", 0x00_1bd3, MUTE),
];

/// Servers.
pub static SERVERS: [Make; 3] = [
    make(
        Kind::Server,
        "富士通",
        "PRIMERGY RX2530 M6",
        0x00_000e,
        (
            "1.3.6.1.4.1.8072.3.2.10",
            "Linux srv 5.14.0-427.el9.x86_64 #1 SMP PREEMPT_DYNAMIC x86_64",
        ),
    ),
    make(
        Kind::Server,
        "NEC",
        "Express5800/R120j-1M",
        0x00_004c,
        (
            "1.3.6.1.4.1.311.1.1.3.1.2",
            "Hardware: Intel64 Family 6 Model 106 Stepping 6 AT/AT COMPATIBLE - Software: \
             Windows Version 6.3 (Build 20348 Multiprocessor Free)",
        ),
    ),
    make(
        Kind::Server,
        "Dell",
        "PowerEdge R450",
        0x00_0bdb,
        ("1.3.6.1.4.1.8072.3.2.10", "Linux srv 5.15.0-105-generic #115-Ubuntu SMP x86_64"),
    ),
];

/// Multifunction printers.
pub static MFPS: [Make; 4] = [
    make(
        Kind::Mfp,
        "リコー",
        "IM C3000",
        0x00_2673,
        (
            "1.3.6.1.4.1.367.1.1",
            "RICOH IM C3000 3.12 / RICOH Network Printer C model / RICOH Network Scanner C model",
        ),
    ),
    make(
        Kind::Mfp,
        "キヤノン",
        "iR-ADV C3530",
        0x00_1e8f,
        ("1.3.6.1.4.1.1602.4.7", "Canon iR-ADV C3530 /P"),
    ),
    make(
        Kind::Mfp,
        "コニカミノルタ",
        "bizhub C300i",
        0x00_206b,
        ("1.3.6.1.4.1.18334.1.2.1.2.1.145.2.2", "KONICA MINOLTA bizhub C300i"),
    ),
    make(
        Kind::Mfp,
        "富士フイルムBI",
        "Apeos C3070",
        0x08_0037,
        ("1.3.6.1.4.1.297.1.11.93.1.41.5.1.1", "FUJIFILM Apeos C3070 v 2.4.1"),
    ),
];

/// Printers that do nothing but print.
pub static PRINTER: Make = make(
    Kind::Printer,
    "ブラザー",
    "HL-L6400DW",
    0x00_1ba9,
    ("1.3.6.1.4.1.2435.2.3.9.1", "Brother NC-8800w, Firmware Ver.1.19  ,MID 8CE-A17,FID 2"),
);

/// The switch in the middle: a stack of two.
pub static CORE: Make = make(
    Kind::Switch,
    "シスコシステムズ",
    "C9300-48T",
    0x00_1bd4,
    (
        "1.3.6.1.4.1.9.1.2494",
        "Cisco IOS Software [Cupertino], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.9.4a, \
         RELEASE SOFTWARE (fc3)",
    ),
);

/// Telephones on desks.
pub static TELEPHONES: [Make; 2] = [
    make(Kind::Telephone, "NEC", "DT930", 0x00_1697, MUTE),
    make(Kind::Telephone, "Grandstream", "GRP2612", 0x00_0b82, MUTE),
];

/// What the agent runs on.
pub static AGENT: Make = make(Kind::Pc, "富士通", "ESPRIMO Q7012", 0x00_0b5d, MUTE);

/// Managed switches.
pub static SWITCHES: [Make; 3] = [
    make(
        Kind::Switch,
        "アライドテレシス",
        "AT-x530-28GTXm",
        0x00_0941,
        (
            "1.3.6.1.4.1.207.1.14.163",
            "Allied Telesis router/switch, Software (AlliedWare Plus) Version 5.5.2-2.1",
        ),
    ),
    make(
        Kind::Switch,
        "アラクサラ",
        "AX2630S-48T4XW",
        0x00_12e2,
        (
            "1.3.6.1.4.1.21839.1.2.30",
            "ALAXALA AX2630S AX-2630S-48T4XW [AX2630S-48T4XW] Switching software Ver. 1.8",
        ),
    ),
    make(
        Kind::Switch,
        "APRESIA",
        "ApresiaNP2100-24T4X",
        0x00_4066,
        ("1.3.6.1.4.1.278.102.207", "ApresiaNP2100-24T4X Ver. 1.12.02"),
    ),
];

/// The router between the networks.
pub static ROUTER: Make = make(
    Kind::Router,
    "ヤマハ",
    "RTX1220",
    0x00_a0de,
    ("1.3.6.1.4.1.1182.2.44", "RTX1220 Rev.15.04.05 (Fri Nov 18 17:39:03 2022)"),
);

/// The firewall at the edge.
pub static UTM: Make = make(
    Kind::Utm,
    "フォーティネット",
    "FortiGate-60F",
    0x00_090f,
    ("1.3.6.1.4.1.12356.101.1.644", "FortiGate-60F v7.2.8,build1639"),
);

/// Wireless access points.
pub static ACCESS_POINT: Make = make(
    Kind::AccessPoint,
    "アルバネットワークス",
    "AP-515",
    0x00_0b86,
    ("1.3.6.1.4.1.14823.1.2.110", "ArubaOS (MODEL: 515), Version 8.10.0.7"),
);

/// Network storage that the hospital bought.
pub static NAS: Make = make(
    Kind::Nas,
    "バッファロー",
    "TeraStation TS5420RN",
    0x00_1d73,
    ("1.3.6.1.4.1.5227.1", "BUFFALO TeraStation TS5420RN Ver. 5.12"),
);

/// Uninterruptible power supplies.
pub static UPS: Make = make(
    Kind::Ups,
    "シュナイダー(APC)",
    "Smart-UPS 1500",
    0x00_c0b7,
    (
        "1.3.6.1.4.1.318.1.3.27",
        "APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.8.2 PN:apc_hw05_aos_682.bin)",
    ),
);

/// What stands at a bed.
pub static BEDSIDE: [Make; 4] = [
    make(Kind::Bedside, "日本光電", "BSM-3500", 0x00_a09a, MUTE),
    make(Kind::Bedside, "フクダ電子", "DS-8100", 0x00_40d1, MUTE),
    make(Kind::Bedside, "ドレーゲル", "Infinity Delta", 0x00_30e6, MUTE),
    make(Kind::Bedside, "マインドレイ", "BeneVision N12", 0x00_0f14, MUTE),
];

/// What stands in the laboratory.
pub static LABORATORY: [Make; 2] = [
    make(Kind::Laboratory, "シスメックス", "XN-1000", 0x00_066b, MUTE),
    make(Kind::Laboratory, "島津製作所", "LCMS-8060", 0x00_e096, MUTE),
];

/// An analyser with a foot in two networks.
pub static ANALYSER: Make = make(
    Kind::Laboratory,
    "シスメックス",
    "XN-3000",
    0x00_066b,
    (
        "1.3.6.1.4.1.311.1.1.3.1.1",
        "Hardware: Intel64 Family 6 Model 94 Stepping 3 AT/AT COMPATIBLE - Software: \
         Windows Version 6.3 (Build 17763 Multiprocessor Free)",
    ),
);

/// Things that nobody wrote down.
pub mod strangers {
    use super::{Kind, MUTE, Make, make};

    /// A router from the electronics shop.
    pub static HOME_ROUTER: Make =
        make(Kind::Router, "バッファロー", "WSR-1166DHPL2", 0x00_1d73, MUTE);
    /// A doctor's own storage.
    pub static OWN_NAS: Make = make(
        Kind::Nas,
        "Synology",
        "DS220+",
        0x00_1132,
        ("1.3.6.1.4.1.8072.3.2.10", "Linux igaku-nas 4.4.180+ #42962 SMP x86_64"),
    );
    /// A computer under a desk.
    pub static OLD_PC: Make = make(Kind::Pc, "NEC", "Mate MY25", 0x00_004c, MUTE);
    /// A small switch with a web page.
    pub static MINI_SWITCH: Make = make(Kind::Switch, "ネットギア", "GS308E", 0x00_095b, MUTE);
    /// A maintenance box that a vendor left.
    pub static MAINTENANCE_BOX: Make =
        make(Kind::Router, "NEC", "UNIVERGE IX2105", 0x00_0862, MUTE);
    /// A computer the size of a card.
    pub static CARD_PC: Make = make(Kind::Pc, "Raspberry Pi", "Model 4B", 0xb8_27eb, MUTE);
    /// A gateway that came with the monitors.
    pub static GATEWAY: Make = make(Kind::Bedside, "日本光電", "QP-988P", 0x00_a09a, MUTE);
    /// A monitor on loan from the maker.
    pub static LOAN_MONITOR: Make = make(Kind::Bedside, "日本光電", "BSM-6501", 0x00_a09a, MUTE);
    /// A telephone whose address is random: locally administered.
    pub static TELEPHONE: Make = make(Kind::Telephone, "不明", "不明", 0x5a_31c2, MUTE);
}

/// The start page of a device.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// Of these models.
    pub model: &'static str,
    /// What the server calls itself.
    pub server: &'static str,
    /// Title of the page; empty: it is not shown without a login.
    pub title: &'static str,
    /// The realm of the login that it asks for; empty: it asks for none.
    pub realm: &'static str,
}

const fn page(
    model: &'static str,
    server: &'static str,
    (title, realm): (&'static str, &'static str),
) -> Page {
    Page { model, server, title, realm }
}

/// The start pages, in the habits of the makers.
pub static PAGES: [Page; 12] = [
    page("IM C3000", "Web-Server/3.0", ("Web Image Monitor", "")),
    page("iR-ADV C3530", "Canon HTTP Server", ("リモートUI: ログイン: iR-ADV C3530", "")),
    page("bizhub C300i", "", ("KONICA MINOLTA bizhub C300i", "")),
    page("Apeos C3070", "", ("Apeos C3070 - CentreWare Internet Services", "")),
    page("HL-L6400DW", "debut/1.30", ("Brother HL-L6400DW series", "")),
    page("TeraStation TS5420RN", "", ("TeraStation TS5420RN", "")),
    page("DS220+", "nginx", ("igaku-nas - Synology DiskStation", "")),
    page("WSR-1166DHPL2", "", ("AirStation 設定 WSR-1166DHPL2", "")),
    page("GS308E", "", ("NETGEAR GS308E", "")),
    page("RTX1220", "YAMAHA-RT", ("", "YAMAHA RTX1220 LOGIN")),
    page("Smart-UPS 1500", "", ("APC | Log On", "")),
    page("FortiGate-60F", "xxxxxxxx-xxxxx", ("FortiGate", "")),
];

impl Make {
    /// Its start page, if it has one.
    pub fn page(&self) -> Option<&'static Page> {
        PAGES.iter().find(|page| page.model == self.model)
    }
}
