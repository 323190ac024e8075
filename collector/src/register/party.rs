//! Who a hospital has to do with: maker, seller, contractor, maintainer and operator are often five.

use serde::{Deserialize, Serialize};

use super::Register;

/// What a party is to the hospital.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 製造業者.
    Maker,
    /// 販売業者.
    Seller,
    /// The one that the hospital has the contract with, whoever stands behind it.
    DirectContractor,
    /// 保守業者.
    Maintainer,
    /// Operates a system or service for the hospital.
    Operator,
}

/// A person or desk and how to reach it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The name.
    pub name: String,
    /// Telephone, mail or the like, as people write it.
    pub reach: String,
    /// When it can be reached; empty if not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hours: String,
}

/// A party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Its name here.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is to the hospital.
    pub roles: Vec<Role>,
    /// The party's own safety manager; a contract may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety_manager: Option<Contact>,
    /// Whom to call at an incident, in the order of calling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

impl Party {
    /// Whether it is this to the hospital.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Whom to call at an incident, party by party: what is printed with the report.
pub fn contact_table(register: &Register) -> Vec<(&Party, &Contact)> {
    let with = |party| move |contact| (party, contact);
    register.party.iter().flat_map(|party| party.contacts.iter().map(with(party))).collect()
}
