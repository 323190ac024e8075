//! What is declared of single devices and services, beside their rows in the ledger.

use std::collections::BTreeSet;

use daicho_common::addr::Mac;
use serde::{Deserialize, Serialize};

use super::Register;
use crate::ledger::date::PartialDate;

/// A way into the hospital.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A VPN device.
    VpnDevice,
    /// A line of its own.
    Line,
    /// A tool for remote control.
    Tool,
}

/// Remote maintenance of a device, whoever sold the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Its name here.
    pub id: String,
    /// 管理番号 of the device that is maintained.
    pub asset_number: String,
    /// Whether there is remote maintenance; a declared "no" is worth as much as a "yes".
    pub done: bool,
    /// The way in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// Maker and model of the VPN device, number of the line, name of the tool.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub through: String,
    /// Who comes in that way.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub party: String,
    /// The contract of remote maintenance, if there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contract: String,
    /// 接続元制限: whether it is restricted from where one may connect; not said: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_restricted: Option<bool>,
    /// On what that word rests: a setting that was looked at, a letter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
}

/// The access log of a server: the operating system's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keeper {
    /// Its name here.
    pub id: String,
    /// 管理番号 of the server.
    pub asset_number: String,
    /// Who keeps the log; empty: nobody.
    #[serde(default)]
    pub kept_by: String,
    /// Who analyses it; empty: nobody.
    #[serde(default)]
    pub analysed_by: String,
    /// For how many days it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// What is done where a device cannot be patched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// It is watched.
    Monitoring,
    /// It stands in a segment of its own.
    Separation,
    /// Rules for USB memory.
    UsbRules,
    /// Another, told in the note.
    Other,
}

/// A device that cannot be patched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Its name here.
    pub id: String,
    /// 管理番号 of the device.
    pub asset_number: String,
    /// Why it cannot be patched.
    pub reason: String,
    /// What is done instead.
    pub measures: Vec<Measure>,
    /// The network in which it stands apart, if it does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub network: String,
    /// More on the measures.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Who decided.
    pub decided_by: String,
    /// When it is to be looked at again.
    pub review_on: PartialDate,
}

impl Exception {
    /// Whether the day of review has passed.
    pub fn is_due(&self, today: PartialDate) -> bool {
        super::is_before(self.review_on, today)
    }
}

/// A service that no scan can find: `SaaS`, chat used for patient data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name here.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Who operates it.
    pub party: String,
    /// The contract, if there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contract: String,
    /// Whether it handles medical information.
    pub medical_information: bool,
    /// 管理番号 of the computers on which it is used; its operator answers for them too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<String>,
}

/// The services whose operators answer for a computer.
pub fn services_of<'a>(register: &'a Register, asset_number: &str) -> Vec<&'a Service> {
    let used = |service: &&Service| service.clients.iter().any(|client| client == asset_number);
    register.service.iter().filter(used).collect()
}

/// A private device that is permitted (承認済BYOD).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Byod {
    /// Its name here.
    pub id: String,
    /// Whose it is.
    pub owner: String,
    /// What it is.
    pub device: String,
    /// Its MAC addresses; a randomised one knows it again on one network only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub macs: Vec<Mac>,
    /// For what, and under which conditions.
    pub purpose: String,
    /// Who permitted it.
    pub permitted_by: String,
    /// From when.
    pub from: PartialDate,
    /// Until when; open if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<PartialDate>,
}

impl Byod {
    /// Whether it is permitted on this day.
    pub fn is_permitted(&self, day: PartialDate) -> bool {
        !super::is_before(day, self.from)
            && !self.until.is_some_and(|until| super::is_before(until, day))
    }
}

/// The devices of which remote maintenance is reported: those with a contract of remote maintenance
/// and those without, whoever sold them. By 管理番号, each once.
pub fn remotely_maintained(register: &Register) -> BTreeSet<&str> {
    let done = register.remote.iter().filter(|remote| remote.done);
    done.map(|remote| remote.asset_number.as_str()).collect()
}
