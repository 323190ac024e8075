//! Patterns, as rows of data, that turn evidence into claims of what a device is.
//!
//! A row says on what it looks, its pattern, what it then claims, how much that weighs, and carries
//! examples that must match: adding one needs no Rust. The rows shipped are in
//! `config/fingerprints/`. How competing claims combine is in [`combine`]: this room never says more
//! than its rows do, and a contradiction between equals is "unknown".

use daicho_common::observation::Fact;
use serde::{Deserialize, Serialize};

/// One rule for all fields by which competing claims combine.
pub mod combine;
/// Rows as written and as meant.
mod row;
/// Spellings of the same thing.
pub mod spelling;

#[cfg(test)]
mod tests;

pub use row::BadRow;
use row::Row;

/// What kind of thing a device is. "Unknown" with its evidence is an honest answer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// サーバ.
    Server,
    /// 端末PC.
    Pc,
    /// プリンタ that is no multifunction printer.
    Printer,
    /// 複合機.
    Mfp,
    /// UTM or firewall.
    Firewall,
    /// ルータ.
    Router,
    /// スイッチ.
    Switch,
    /// 無線アクセスポイント.
    Wireless,
    /// NAS.
    Nas,
    /// 無停電電源装置.
    Ups,
    /// Power distribution unit: コンセントバー.
    Pdu,
    /// IP電話機.
    Phone,
    /// カメラ.
    Camera,
    /// 医療機器 of any kind.
    Medical,
    /// Known for what it is, and none of these: sensors, consoles, load balancers, optical gear.
    Other,
    /// 不明: nothing said what it is, or what was said contradicts itself.
    #[default]
    Unknown,
}

/// What one row says of a fact that its pattern matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What the device is.
    pub class: Option<Class>,
    /// Maker.
    pub vendor: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Version of firmware or operating system.
    pub version: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// How much it counts against other rows of the same grade, 1–100.
    pub weight: u8,
}

/// The fingerprint rows, parsed and checked.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    rows: Vec<Row>,
}

/// The files shipped, by name.
const SHIPPED: [(&str, &str); 15] = [
    ("snmp_object_id.toml", include_str!("../../config/fingerprints/snmp_object_id.toml")),
    ("snmp_description.toml", include_str!("../../config/fingerprints/snmp_description.toml")),
    ("snmp_enterprise.toml", include_str!("../../config/fingerprints/snmp_enterprise.toml")),
    ("snmp_registry.toml", include_str!("../../config/fingerprints/snmp_registry.toml")),
    ("snmp_maker.toml", include_str!("../../config/fingerprints/snmp_maker.toml")),
    ("snmp_japan.toml", include_str!("../../config/fingerprints/snmp_japan.toml")),
    ("snmp_grammar.toml", include_str!("../../config/fingerprints/snmp_grammar.toml")),
    ("snmp_device.toml", include_str!("../../config/fingerprints/snmp_device.toml")),
    ("snmp_generic.toml", include_str!("../../config/fingerprints/snmp_generic.toml")),
    ("snmp_words.toml", include_str!("../../config/fingerprints/snmp_words.toml")),
    ("mdns_service.toml", include_str!("../../config/fingerprints/mdns_service.toml")),
    ("dhcp.toml", include_str!("../../config/fingerprints/dhcp.toml")),
    ("ssdp.toml", include_str!("../../config/fingerprints/ssdp.toml")),
    ("neighbour.toml", include_str!("../../config/fingerprints/neighbour.toml")),
    ("router.toml", include_str!("../../config/fingerprints/router.toml")),
];

impl Rows {
    /// Reads files of rows, each with its name for the complaint.
    ///
    /// # Errors
    /// The first row that cannot be read, claims nothing, has no example, or whose example it does
    /// not match with just the claims that the example states.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, BadRow> {
        let mut rows = Vec::new();
        for (name, text) in files {
            rows.extend(row::read(name, text)?);
        }
        Ok(Self { rows })
    }

    /// The rows shipped with the program.
    ///
    /// # Errors
    /// None in a tested build: a test reads the shipped files and proves every row.
    pub fn builtin() -> Result<Self, BadRow> {
        Self::parse(&SHIPPED)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What the rows make of a fact, in the order of the rows. Facts that no row looks at say
    /// nothing.
    pub fn read(&self, fact: &Fact) -> Vec<Reading> {
        let read = |row: &Row| row.on.text(fact).and_then(|text| row.reading(&text));
        self.rows.iter().filter_map(read).collect()
    }
}
