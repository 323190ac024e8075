//! Rounds of stock-taking (棚卸) with their signatures: 担当者, then 企画管理者, then
//! 安全管理責任者 or the management. The interval is the hospital's own rule.

use serde::{Deserialize, Serialize};

use super::contract::Covers;
use crate::ledger::date::PartialDate;

/// In what role somebody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 担当者.
    Clerk,
    /// 企画管理者.
    Planner,
    /// 安全管理責任者 or 経営層.
    SafetyManager,
}

/// The order of signing.
pub const ORDER: [Role; 3] = [Role::Clerk, Role::Planner, Role::SafetyManager];

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// In what role.
    pub role: Role,
    /// Who.
    pub name: String,
    /// When.
    pub on: PartialDate,
    /// The digest of what was signed, in hexadecimal digits; empty where it was signed on paper.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
}

/// A round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stocktaking {
    /// Its name here.
    pub id: String,
    /// What is counted: buildings, departments, networks.
    pub scope: String,
    /// The rows that are counted; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<Covers>,
    /// Since when what is seen on the network counts; not said: whenever it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PartialDate>,
    /// By when.
    pub due: PartialDate,
    /// Signatures, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<Signature>,
}

impl Stocktaking {
    /// Who has to sign next; `None` once all have.
    pub fn next(&self) -> Option<Role> {
        let signed = |role: &Role| self.signatures.iter().any(|one| one.role == *role);
        ORDER.into_iter().find(|role| !signed(role))
    }

    /// Whether it should be signed by all on this day, and is not.
    pub fn is_overdue(&self, today: PartialDate) -> bool {
        self.next().is_some() && super::is_before(self.due, today)
    }
}
