//! Disclosure forms: MDS from the maker, SDS from whoever provides the service. They need no new
//! copy each year; they expire by event: the contract is renewed, or the specification changes.

use serde::{Deserialize, Serialize};

use super::{Register, is_before};
use crate::fingerprint::spelling;
use crate::ledger::Entry;
use crate::ledger::date::PartialDate;
use crate::ledger::normal::word_key;

/// Which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// 製造業者による医療情報セキュリティ開示書.
    Mds,
    /// サービス事業者による医療情報セキュリティ開示書.
    Sds,
}

/// The place for a form, filled or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// Its name here.
    pub id: String,
    /// Which form.
    pub form: Form,
    /// Who gives it: the maker for MDS, the service's provider for SDS.
    pub party: String,
    /// The product or service that it speaks of: the model as the ledger writes it.
    pub product: String,
    /// The firmware or software version that it speaks of; empty if it does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// 管理番号 of the devices that it is for; none: every device of that model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asset_numbers: Vec<String>,
    /// The contract under which it was asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contract: String,
    /// When it came; not said: it has not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_on: Option<PartialDate>,
}

/// Whether a form holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It has come, and nothing has changed since.
    Holds,
    /// It has not come.
    Missing,
    /// The contract was renewed after it came.
    ContractRenewed,
    /// Another model was seen than the one that it speaks of.
    ModelChanged,
    /// Another version was seen than the one that it speaks of.
    VersionChanged,
}

/// What was seen of the product last; empty where nothing was.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// The model.
    pub model: &'a str,
    /// The version of firmware or software.
    pub version: &'a str,
}

impl Disclosure {
    /// Whether it is for the row.
    pub fn is_for(&self, entry: &Entry) -> bool {
        if self.asset_numbers.is_empty() {
            !entry.model.is_empty() && word_key(&self.product) == word_key(&entry.model)
        } else {
            self.asset_numbers.contains(&entry.asset_number)
        }
    }

    /// Whether it holds, by events and never by age.
    pub fn standing(&self, register: &Register, seen: Seen<'_>) -> Standing {
        let Some(received) = self.received_on else { return Standing::Missing };
        let told = |said: &str, seen: &str| !said.is_empty() && !seen.is_empty();
        let differs = |said: &str, seen: &str| told(said, seen) && word_key(said) != word_key(seen);
        let contract = register.contract(&self.contract);
        if contract.is_some_and(|contract| is_before(received, contract.from)) {
            Standing::ContractRenewed
        } else if differs(&self.product, seen.model) {
            Standing::ModelChanged
        } else if told(&self.version, seen.version)
            && !spelling::same_version(&self.version, seen.version)
        {
            Standing::VersionChanged
        } else {
            Standing::Holds
        }
    }
}
