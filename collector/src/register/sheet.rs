//! One sheet a contract, filled in as far as the ledger and the register know: what is
//! handed to the direct contractor, who asks those behind it.

use serde::Serialize;

use super::contract::{Asked, asked};
use super::disclosure::{Form, Seen, Standing};
use super::party::Contact;
use super::{Contract, Party, Register, Remote};
use crate::ledger::{Entry, Ledger};

/// A device on the sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line<'a> {
    /// The row of the ledger.
    pub entry: &'a Entry,
    /// What is declared of its remote maintenance; without one the ledger's own word holds.
    pub remote: Option<&'a Remote>,
    /// Whether there is remote maintenance: by the register, else by the ledger.
    pub remotely_maintained: Option<bool>,
    /// Forms for its model, and whether they hold.
    pub forms: Vec<(Form, Standing)>,
}

/// The sheet of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sheet<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// The direct contractor, who is asked.
    pub party: Option<&'a Party>,
    /// The parties behind it.
    pub behind: Vec<&'a Party>,
    /// Who answers for safety.
    pub safety_manager: Option<&'a Contact>,
    /// The devices that the contract covers.
    pub lines: Vec<Line<'a>>,
}

/// The sheet of a contract. A row that several contracts name stands on the sheet of each.
pub fn sheet<'a>(register: &'a Register, contract: &'a Contract, ledger: &'a Ledger) -> Sheet<'a> {
    let covered = ledger.entries.iter().filter(|entry| match asked(register, entry) {
        Asked::Nobody => false,
        Asked::One(of, _) => of.id == contract.id,
        Asked::Several(of) => of.iter().any(|one| one.id == contract.id),
    });
    Sheet {
        contract,
        party: register.party(&contract.party),
        behind: contract.behind.iter().filter_map(|id| register.party(id)).collect(),
        safety_manager: contract.safety_manager(register),
        lines: covered.map(|entry| line(register, entry)).collect(),
    }
}

fn line<'a>(register: &'a Register, entry: &'a Entry) -> Line<'a> {
    let number = &entry.asset_number;
    let remote = register.remote.iter().find(|r| !number.is_empty() && r.asset_number == *number);
    let seen = Seen { model: &entry.model, version: &entry.version };
    let forms = register.disclosure.iter().filter(|form| form.is_for(entry));
    Line {
        entry,
        remote,
        remotely_maintained: remote.map(|remote| remote.done).or(entry.remote_maintenance),
        forms: forms.map(|form| (form.form, form.standing(register, seen))).collect(),
    }
}
