//! Who may do what. Pure: what is kept of people is the store's, who stands at the door is the web's.
//!
//! Begin with [`act::may`], the one table of who may do what. A vendor may do some things to its own
//! part of the hospital only: [`portion`] says which part that is. [`refusal`] says when the next try
//! to log in is answered, [`log`] chains the rows of the audit log, and [`rules`] reads the numbers of
//! all this from `config/people.toml`. Nothing here knows a password.

use serde::{Deserialize, Serialize};

/// What people do here, and who may.
pub mod act;
/// The audit log as a chain of digests.
pub mod log;
/// What an account may be called, and what makes a password.
pub mod name;
/// The part of the hospital that is a vendor's.
pub mod portion;
/// When the next try to log in is answered.
pub mod refusal;
/// The numbers, as data.
pub mod rules;
/// What a token lets a program do.
pub mod token;

/// What a person is to the hospital's inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 管理者: everything but signing off a stock-taking.
    Administrator,
    /// 担当者: works off findings, keeps the ledger.
    Operator,
    /// 監査者: reads everything, changes nothing.
    Auditor,
    /// 事業者: sees and answers the devices of its own contracts, and nothing else.
    Vendor,
    /// 承認者: reads, and signs off a round of stock-taking.
    Approver,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Administrator, Self::Operator, Self::Auditor, Self::Vendor, Self::Approver];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Vendor => "vendor",
            Self::Approver => "approver",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("役割は次のどれかです / the roles are {names}")
        })
    }
}

/// An account, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its number.
    pub id: i64,
    /// What the person logs in as ([`name::account`]).
    pub name: String,
    /// What the person is called; empty if not said.
    pub called: String,
    /// What the person may do.
    pub role: Role,
    /// Of a vendor: the party of the register whose contracts it sees.
    pub party: Option<String>,
    /// Whether it cannot log in any more.
    pub closed: bool,
}

impl Account {
    /// How its word is signed: what the person is called, and the name that no two accounts share.
    pub fn signature(&self) -> String {
        if self.called.is_empty() {
            self.name.clone()
        } else {
            format!("{} ({})", self.called, self.name)
        }
    }
}

#[cfg(test)]
mod tests;
