//! What a hospital decides in advance: what its networks are for, how much findings matter, how long
//! a thing may be away before it is missing.
//!
//! The values that are released are data (`config/findings.toml`, `config/absence.toml`); a hospital
//! puts its own in their place, and declares its networks in `collector.toml`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

mod absence;
mod placement;
mod severity;

pub use absence::{Absence, Patience};
pub use placement::Placement;
pub use severity::{Severities, Severity, Weighing};

/// What a network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// 医療情報系: where patients' data is handled.
    Medical,
    /// 事務系: administration and office work.
    Office,
    /// サーバ室.
    Server,
    /// 管理用: interfaces for the management of devices.
    Management,
    /// 外部接続: lines to the outside, VPN, remote maintenance.
    Edge,
    /// 来訪者・私物: guests and private devices.
    Guest,
    /// 設備: building automation, cameras, nurse call and telephony apart from patients' data.
    Building,
}

/// A network as the hospital declares it to the collector.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Its name, as agents call it.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether everything in it hangs on a cable, so that a randomised MAC address is out of place.
    #[serde(default)]
    pub wired: bool,
    /// Addresses of its routers; any other router there is told. Empty: two are one too many.
    #[serde(default)]
    pub gateways: Vec<IpAddr>,
    /// Addresses of its DHCP servers; any other is told. Empty: two are one too many.
    #[serde(default)]
    pub dhcp_servers: Vec<IpAddr>,
}

/// Everything decided in advance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Declared networks; no two have one name.
    pub networks: Vec<Network>,
    /// How much findings matter.
    pub severities: Severities,
    /// How long things may be away.
    pub absence: Absence,
    /// What belongs where.
    pub placement: Placement,
}

impl Policy {
    /// The network that agents call this, if it was declared.
    pub fn network(&self, name: &str) -> Option<&Network> {
        self.networks.iter().find(|network| network.name == name)
    }

    /// What a network is for, if it was declared.
    pub fn purpose(&self, name: &str) -> Option<Purpose> {
        self.network(name).map(|network| network.purpose)
    }
}
