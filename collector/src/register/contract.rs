//! Contracts: the direct contractor is asked, even where several parties stand behind it.

use serde::{Deserialize, Serialize};

use super::party::Contact;
use super::{Party, Register, is_before};
use crate::ledger::Entry;
use crate::ledger::date::PartialDate;
use crate::ledger::normal::word_key;

/// A field of the ledger by which a contract covers rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// 保守業者.
    Maintainer,
    /// メーカー.
    Vendor,
    /// 種別.
    Kind,
    /// 設置場所.
    Location,
    /// 型番.
    Model,
}

/// Rows that a contract covers: those of which a field holds a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covers {
    /// The field.
    pub by: By,
    /// The text, held against the whole field, width and case set aside.
    pub text: String,
}

/// A contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Its name here.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The direct contractor: the party that the hospital asks.
    pub party: String,
    /// The parties behind it, whom the direct contractor has to ask, in that order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<String>,
    /// When it began, or was renewed last.
    pub from: PartialDate,
    /// When it ends; open if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<PartialDate>,
    /// Whether it is a contract of remote maintenance.
    #[serde(default)]
    pub remote_maintenance: bool,
    /// The safety manager for this contract, if another than the party's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety_manager: Option<Contact>,
    /// 管理番号 of the rows that it covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asset_numbers: Vec<String>,
    /// Rules for further rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<Covers>,
}

impl Contract {
    /// Whether it covers the row: by its number, or by a rule.
    pub fn is_for(&self, entry: &Entry) -> bool {
        self.names(entry) || self.covers.iter().any(|rule| rule.holds(entry))
    }

    fn names(&self, entry: &Entry) -> bool {
        !entry.asset_number.is_empty() && self.asset_numbers.contains(&entry.asset_number)
    }

    /// Whether it holds on this day.
    pub fn holds_on(&self, day: PartialDate) -> bool {
        !is_before(day, self.from) && !self.until.is_some_and(|until| is_before(until, day))
    }

    /// The safety manager who answers for it: its own, else the party's.
    pub fn safety_manager<'a>(&'a self, register: &'a Register) -> Option<&'a Contact> {
        let own = self.safety_manager.as_ref();
        own.or_else(|| register.party(&self.party)?.safety_manager.as_ref())
    }
}

impl Covers {
    /// Whether it holds of the row.
    pub fn holds(&self, entry: &Entry) -> bool {
        let field = match self.by {
            By::Maintainer => &entry.maintainer,
            By::Vendor => &entry.vendor,
            By::Kind => &entry.kind,
            By::Location => &entry.location,
            By::Model => &entry.model,
        };
        !field.is_empty() && word_key(field) == word_key(&self.text)
    }
}

/// Whom the hospital asks about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// No contract covers it.
    Nobody,
    /// The direct contractor of the one contract that covers it.
    One(&'a Contract, &'a Party),
    /// Several contracts cover it, and a person has to say which.
    Several(Vec<&'a Contract>),
}

/// Whom the hospital asks about a row: the direct contractor, never those behind it. A
/// contract that names the row's number outweighs those that cover it by a rule.
pub fn asked<'a>(register: &'a Register, entry: &Entry) -> Asked<'a> {
    let named: Vec<&Contract> =
        register.contract.iter().filter(|contract| contract.names(entry)).collect();
    let found = if named.is_empty() {
        register.contract.iter().filter(|contract| contract.is_for(entry)).collect()
    } else {
        named
    };
    match found.as_slice() {
        [] => Asked::Nobody,
        [contract] => match register.party(&contract.party) {
            Some(party) => Asked::One(contract, party),
            None => Asked::Nobody,
        },
        _ => Asked::Several(found),
    }
}

/// One party asked another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Who was asked.
    pub party: String,
    /// When.
    pub asked_on: PartialDate,
    /// When the answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_on: Option<PartialDate>,
    /// The answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
}

/// A question about a contract, on its way from the direct contractor to those behind it: the
/// hospital asks A, A asks B.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// Its name here.
    pub id: String,
    /// The contract.
    pub contract: String,
    /// What is asked.
    pub question: String,
    /// Who was asked, in order; the first is the direct contractor.
    pub steps: Vec<Step>,
}

impl Escalation {
    /// The party that the question waits for: the last one asked that has not answered.
    pub fn waits_for(&self) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.answered_on.is_none())
    }

    /// Whether the direct contractor has answered the hospital.
    pub fn is_answered(&self) -> bool {
        self.steps.first().is_some_and(|step| step.answered_on.is_some())
    }
}
