//! What a person should look at: one rule a file, each with its evidence.

use daicho_common::observation::ObservationId;
use serde::Serialize;

use crate::ledger::Place;
use crate::resolve::DeviceId;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// To be answered.
    Warning,
    /// To be answered first.
    High,
}

/// The rules, by the name of their file in this room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// 未登録機器: a device that no entry of the ledger accounts for.
    UndocumentedDevice,
    /// 相違: book and wire differ in a field.
    FieldsDiffer,
    /// 台帳のみ・未検出.
    DeclaredNotSeen,
    /// 廃棄済が稼働.
    RetiredButSeen,
    /// 台帳内重複: the same 管理番号, address or MAC address stands in several rows.
    DuplicateInLedger,
    /// One address was answered for by several devices.
    DuplicateAddress,
}

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable while its facts stay the same: rule and subject.
    pub id: String,
    /// The rule that made it.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// The device it is about.
    pub device: Option<DeviceId>,
    /// The rows it is about.
    pub entries: Vec<Place>,
    /// What it says, in the words of [`Finding::detail`]'s fields: values for the page to show, in
    /// order; for example the address and the MAC address of an undocumented device.
    pub detail: Vec<String>,
    /// The observations it rests on, ascending; empty only for rules about the book alone.
    pub evidence: Vec<ObservationId>,
}
