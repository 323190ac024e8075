//! A configuration file as it was written: the shape of the TOML, every unknown key refused, and no
//! meaning yet. Only [`super`] reads these fields.

use std::path::PathBuf;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Backend, LogFormat};

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) agent: Agent,
    pub(super) pace: Pace,
    pub(super) deny: Deny,
    pub(super) sighting_ouis: Sighting,
    pub(super) collector: Collector,
    pub(super) network: Vec<Network>,
}

/// `[agent]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Agent {
    pub(super) name: Option<String>,
    pub(super) state: Option<PathBuf>,
    pub(super) link: Backend,
    pub(super) stop_file: Option<PathBuf>,
    pub(super) snmp_tables: Option<PathBuf>,
    pub(super) utc_offset: Option<String>,
    pub(super) spool_mib: Option<i64>,
    pub(super) log_format: LogFormat,
}

/// `[pace]`; wide integers, so that the range is checked by us and complained of in our words.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Pace {
    pub(super) packets_per_second: Option<i64>,
    pub(super) target_packets_per_second: Option<i64>,
    pub(super) timeout_ms: Option<i64>,
    pub(super) tries: Option<i64>,
    pub(super) budget: Option<i64>,
    pub(super) silences: Option<i64>,
    pub(super) canary: Option<bool>,
    pub(super) link_wait_seconds: Option<i64>,
}

/// `[deny]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Deny {
    pub(super) nets: Vec<String>,
    pub(super) macs: Vec<String>,
    pub(super) ouis: Vec<String>,
    pub(super) interfaces: Vec<String>,
}

/// `[sighting_ouis]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sighting {
    pub(super) add: Vec<String>,
    pub(super) remove: Vec<String>,
}

/// `[collector]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Collector {
    pub(super) may_declare: Vec<String>,
    pub(super) policy: Policy,
    pub(super) credentials: bool,
}

/// `[[network]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Network {
    pub(super) cidr: String,
    pub(super) name: Option<String>,
    pub(super) interface: Option<String>,
    pub(super) vlan: Option<i64>,
    pub(super) address: Option<String>,
    #[serde(default)]
    pub(super) policy: Policy,
    #[serde(default)]
    pub(super) medical: Medical,
    pub(super) packets_per_second: Option<i64>,
    pub(super) tcp_ports: Option<Vec<i64>>,
    pub(super) questions: Option<Vec<String>>,
    #[serde(default)]
    pub(super) ports: BTreeMap<String, Vec<i64>>,
    pub(super) presence: Option<Vec<i64>>,
    pub(super) name_server: Option<String>,
    #[serde(default)]
    pub(super) dicom: Vec<Dicom>,
    #[serde(default)]
    pub(super) ipv6: bool,
    #[serde(default)]
    pub(super) windows: Vec<String>,
    #[serde(default)]
    pub(super) snmp: Snmp,
}

/// `[[network.dicom]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dicom {
    pub(super) host: String,
    pub(super) port: Option<i64>,
    pub(super) called: String,
    pub(super) calling: Option<String>,
}

/// `policy`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Policy {
    Sighting,
    #[default]
    Gentle,
    Full,
}

/// `medical`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Medical {
    #[default]
    Sighting,
    Ask,
}

/// `[network.snmp]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Snmp {
    pub(super) communities: Vec<String>,
    pub(super) communities_file: Option<PathBuf>,
    pub(super) v1_communities: Vec<String>,
    pub(super) v1_communities_file: Option<PathBuf>,
    pub(super) user: Vec<User>,
    pub(super) port: Option<i64>,
}

/// `[[network.snmp.user]]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) auth: Option<Auth>,
    pub(super) auth_password: Option<String>,
    pub(super) auth_password_file: Option<PathBuf>,
    pub(super) privacy: Option<Privacy>,
    pub(super) privacy_password: Option<String>,
    pub(super) privacy_password_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) contexts: Vec<String>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({:?} …)", self.name)
    }
}

/// `auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Auth {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// `privacy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Privacy {
    #[serde(rename = "des")]
    Des,
    #[serde(rename = "3des")]
    TripleDes,
    #[serde(rename = "aes128")]
    Aes128,
    #[serde(rename = "aes192")]
    Aes192,
    #[serde(rename = "aes192-cisco")]
    Aes192Cisco,
    #[serde(rename = "aes256")]
    Aes256,
    #[serde(rename = "aes256-cisco")]
    Aes256Cisco,
}
