//! What stands beside the ledger (DOMAIN §1): parties, contracts, who was asked what, ways of remote
//! maintenance, disclosure forms, access logs, exceptions, services, permitted private devices,
//! rounds of stock-taking. People write it; discovery never does. Begin with [`Register`], then
//! [`check`] for what contradicts itself and [`sheet`] for what is printed for a contract.

use serde::{Deserialize, Serialize};

use crate::ledger::date::PartialDate;

/// What contradicts itself, or names what is not there.
pub mod check;
/// Which contract covers what, and who stands behind it.
pub mod contract;
/// What is declared of single devices.
pub mod device;
/// Disclosure forms (MDS/SDS) and when they hold no more.
pub mod disclosure;
/// Makers, sellers, maintainers, operators.
pub mod party;
/// One sheet a contract.
pub mod sheet;
/// Rounds of stock-taking (棚卸) and their signatures.
pub mod stocktaking;

pub use contract::{Contract, Escalation};
pub use device::{Byod, Exception, Keeper, Remote, Service, Way};
pub use disclosure::Disclosure;
pub use party::Party;
pub use stocktaking::Stocktaking;

/// Why a register cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRegister {
    /// Neither TOML nor JSON of that form; an unknown key or word.
    #[error("{0}")]
    Syntax(String),
    /// There is no such kind of record.
    #[error("no kind of record is called {0:?}")]
    NoSuchKind(String),
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $field:ident;)+) => {
        /// The kinds of records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// Its name in files.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($field),)+
                }
            }
        }

        /// One record of any kind.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Record {
            $($(#[$doc])* $kind($kind),)+
        }

        impl Record {
            /// Its kind.
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)+
                }
            }

            /// Its name, of which each kind has one.
            pub fn id(&self) -> &str {
                match self {
                    $(Self::$kind(record) => &record.id,)+
                }
            }

            /// The record as JSON.
            ///
            /// # Errors
            /// Never for what was read; the error is that of serialising.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                match self {
                    $(Self::$kind(record) => serde_json::to_string(record),)+
                }
            }

            /// The record of a kind from JSON.
            ///
            /// # Errors
            /// If the JSON is no record of this kind.
            pub fn from_json(kind: Kind, json: &str) -> Result<Self, serde_json::Error> {
                match kind {
                    $(Kind::$kind => serde_json::from_str(json).map(Self::$kind),)+
                }
            }
        }

        /// Everything that stands beside the ledger.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Register {
            $(
                $(#[$doc])*
                #[serde(default, skip_serializing_if = "Vec::is_empty")]
                pub $field: Vec<$kind>,
            )+
        }

        impl Register {
            /// Every record, kind by kind.
            pub fn records(&self) -> Vec<Record> {
                let mut records = Vec::new();
                $(records.extend(self.$field.iter().cloned().map(Record::$kind));)+
                records
            }

            /// How many records of a kind there are.
            pub fn count(&self, kind: Kind) -> usize {
                match kind {
                    $(Kind::$kind => self.$field.len(),)+
                }
            }

            /// The records of a kind from one on, at most so many.
            pub fn some(&self, kind: Kind, (skip, take): (usize, usize)) -> Vec<Record> {
                match kind {
                    $(Kind::$kind => {
                        let some = self.$field.iter().skip(skip).take(take);
                        some.cloned().map(Record::$kind).collect()
                    })+
                }
            }

            /// The record of this name.
            pub fn find(&self, kind: Kind, id: &str) -> Option<Record> {
                match kind {
                    $(Kind::$kind => {
                        let found = self.$field.iter().find(|record| record.id == id);
                        found.cloned().map(Record::$kind)
                    })+
                }
            }
        }

        impl FromIterator<Record> for Register {
            fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
                let mut register = Self::default();
                for record in records {
                    match record {
                        $(Record::$kind(record) => register.$field.push(record),)+
                    }
                }
                register
            }
        }
    };
}

kinds! {
    /// A maker, seller, contractor, maintainer or operator.
    Party, party;
    /// A contract of the hospital with its direct contractor.
    Contract, contract;
    /// A question and its way from party to party.
    Escalation, escalation;
    /// A way of remote maintenance.
    Remote, remote;
    /// A disclosure form (MDS or SDS).
    Disclosure, disclosure;
    /// Who keeps and who analyses the access log of a server.
    Keeper, keeper;
    /// A device that cannot be patched, and what is done instead.
    Exception, exception;
    /// A service that no scan can find.
    Service, service;
    /// A permitted private device.
    Byod, byod;
    /// A round of stock-taking.
    Stocktaking, stocktaking;
}

impl std::str::FromStr for Kind {
    type Err = BadRegister;

    fn from_str(name: &str) -> Result<Self, BadRegister> {
        let found = Self::ALL.iter().find(|kind| kind.name() == name);
        found.copied().ok_or_else(|| BadRegister::NoSuchKind(name.to_owned()))
    }
}

impl Register {
    /// Reads a register from TOML (`[[party]]`, `[[contract]]` …), or from JSON of that form.
    ///
    /// # Errors
    /// [`BadRegister::Syntax`].
    pub fn parse(text: &str) -> Result<Self, BadRegister> {
        let syntax = |text: String| BadRegister::Syntax(text.replace('\n', " ").trim().to_owned());
        if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| syntax(error.to_string()))
        } else {
            toml::from_str(text).map_err(|error| syntax(error.message().to_owned()))
        }
    }

    /// The register as TOML.
    ///
    /// # Errors
    /// Never for what was read; the error is that of serialising.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The party of this name.
    pub fn party(&self, id: &str) -> Option<&Party> {
        self.party.iter().find(|party| party.id == id)
    }

    /// The contract of this name.
    pub fn contract(&self, id: &str) -> Option<&Contract> {
        self.contract.iter().find(|contract| contract.id == id)
    }
}

/// Whether the first date lies wholly before the second.
pub(crate) fn is_before(first: PartialDate, second: PartialDate) -> bool {
    first.last_day() < second.first_day()
}

#[cfg(test)]
mod tests;
