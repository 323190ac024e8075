//! What contradicts itself in a register, or names what is not there. Each flaw is one sentence for
//! a person; none of them keeps the rest from being used.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::party::Role;
use super::{Kind, Register, is_before};
use crate::ledger::Ledger;

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// Two records of the kind have this name.
    NameTwice,
    /// It has no name.
    NoName,
    /// It names a party that is not there.
    NoSuchParty(String),
    /// It names a contract that is not there.
    NoSuchContract(String),
    /// It names a 管理番号 that no row of the ledger has.
    NoSuchRow(String),
    /// It ends before it begins.
    EndsBeforeBegin,
    /// An answer came before the question.
    AnsweredBeforeAsked(String),
    /// The first to be asked is not the contract's direct contractor.
    NotTheDirectContractor(String),
    /// A party that stands behind a contract was asked before the one before it.
    AskedPastAnother(String),
    /// Neither it nor its party names a safety manager.
    NoSafetyManager,
    /// Remote maintenance without a way in.
    NoWay,
    /// A contract is named that is none of remote maintenance.
    NotForRemoteMaintenance(String),
    /// A device that cannot be patched, and nothing is done instead.
    NoMeasure,
    /// Separation is claimed, and no network named.
    NoNetwork,
    /// Nobody keeps the log, or nobody analyses it.
    NobodyForTheLog,
    /// A form comes from a party that is neither maker nor provider of the service.
    WrongGiver(String),
    /// A signature stands before one that has to come first.
    SignedOutOfOrder,
}

/// A flaw of a register.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Flaw {
    /// The kind of the record.
    pub kind: Kind,
    /// Its name.
    pub id: String,
    /// What is wrong.
    pub wrong: Wrong,
}

/// Checks a register by itself and against the ledger, if one is given.
pub fn check(register: &Register, ledger: Option<&Ledger>) -> Vec<Flaw> {
    let numbers = ledger.map(|ledger| {
        let numbers = ledger.entries.iter().map(|entry| entry.asset_number.as_str());
        numbers.filter(|number| !number.is_empty()).collect()
    });
    let mut work = Check { register, numbers, flaws: Vec::new() };
    work.names();
    work.contracts();
    work.escalations();
    work.devices();
    work.services();
    work.forms();
    work.rounds();
    work.flaws.sort();
    work.flaws.dedup();
    work.flaws
}

struct Check<'a> {
    register: &'a Register,
    numbers: Option<BTreeSet<&'a str>>,
    flaws: Vec<Flaw>,
}

impl Check<'_> {
    fn flaw(&mut self, kind: Kind, id: &str, wrong: Wrong) {
        self.flaws.push(Flaw { kind, id: id.to_owned(), wrong });
    }

    fn party(&mut self, kind: Kind, id: &str, party: &str) {
        if !party.is_empty() && self.register.party(party).is_none() {
            self.flaw(kind, id, Wrong::NoSuchParty(party.to_owned()));
        }
    }

    fn contract(&mut self, kind: Kind, id: &str, contract: &str) {
        if !contract.is_empty() && self.register.contract(contract).is_none() {
            self.flaw(kind, id, Wrong::NoSuchContract(contract.to_owned()));
        }
    }

    fn row(&mut self, kind: Kind, id: &str, number: &str) {
        if self.numbers.as_ref().is_some_and(|numbers| !numbers.contains(number)) {
            self.flaw(kind, id, Wrong::NoSuchRow(number.to_owned()));
        }
    }

    fn names(&mut self) {
        let mut known: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
        for record in self.register.records() {
            let (kind, id) = (record.kind(), record.id());
            if id.trim().is_empty() {
                self.flaw(kind, id, Wrong::NoName);
            } else if !known.entry(kind).or_default().insert(id.to_owned()) {
                self.flaw(kind, id, Wrong::NameTwice);
            }
        }
    }

    fn contracts(&mut self) {
        let kind = Kind::Contract;
        for contract in &self.register.contract {
            let id = &contract.id;
            self.party(kind, id, &contract.party);
            contract.behind.iter().for_each(|party| self.party(kind, id, party));
            contract.asset_numbers.iter().for_each(|number| self.row(kind, id, number));
            if contract.until.is_some_and(|until| is_before(until, contract.from)) {
                self.flaw(kind, id, Wrong::EndsBeforeBegin);
            }
            if contract.safety_manager(self.register).is_none() {
                self.flaw(kind, id, Wrong::NoSafetyManager);
            }
        }
    }

    fn escalations(&mut self) {
        let kind = Kind::Escalation;
        for escalation in &self.register.escalation {
            let id = &escalation.id;
            self.contract(kind, id, &escalation.contract);
            for step in &escalation.steps {
                self.party(kind, id, &step.party);
                if step.answered_on.is_some_and(|on| is_before(on, step.asked_on)) {
                    self.flaw(kind, id, Wrong::AnsweredBeforeAsked(step.party.clone()));
                }
            }
            let Some(contract) = self.register.contract(&escalation.contract) else { continue };
            let chain: Vec<&String> =
                std::iter::once(&contract.party).chain(&contract.behind).collect();
            if let Some(first) = escalation.steps.first()
                && first.party != contract.party
            {
                self.flaw(kind, id, Wrong::NotTheDirectContractor(first.party.clone()));
            }
            let place = |party: &String| chain.iter().position(|known| *known == party);
            for (asked, next) in escalation.steps.iter().zip(escalation.steps.iter().skip(1)) {
                let past = place(&asked.party).zip(place(&next.party));
                if past.is_some_and(|(asked, next)| next > asked + 1) {
                    self.flaw(kind, id, Wrong::AskedPastAnother(next.party.clone()));
                }
            }
        }
    }

    fn devices(&mut self) {
        for remote in &self.register.remote {
            let (kind, id) = (Kind::Remote, &remote.id);
            self.row(kind, id, &remote.asset_number);
            self.party(kind, id, &remote.party);
            self.contract(kind, id, &remote.contract);
            if remote.done && remote.way.is_none() {
                self.flaw(kind, id, Wrong::NoWay);
            }
            let contract = self.register.contract(&remote.contract);
            if remote.done && contract.is_some_and(|contract| !contract.remote_maintenance) {
                self.flaw(kind, id, Wrong::NotForRemoteMaintenance(remote.contract.clone()));
            }
        }
        for keeper in &self.register.keeper {
            self.row(Kind::Keeper, &keeper.id, &keeper.asset_number);
            if keeper.kept_by.trim().is_empty() || keeper.analysed_by.trim().is_empty() {
                self.flaw(Kind::Keeper, &keeper.id, Wrong::NobodyForTheLog);
            }
        }
        for exception in &self.register.exception {
            let (kind, id) = (Kind::Exception, &exception.id);
            self.row(kind, id, &exception.asset_number);
            if exception.measures.is_empty() {
                self.flaw(kind, id, Wrong::NoMeasure);
            }
            let apart = exception.measures.contains(&super::device::Measure::Separation);
            if apart && exception.network.trim().is_empty() {
                self.flaw(kind, id, Wrong::NoNetwork);
            }
        }
    }

    fn services(&mut self) {
        for service in &self.register.service {
            let (kind, id) = (Kind::Service, &service.id);
            self.party(kind, id, &service.party);
            self.contract(kind, id, &service.contract);
            service.clients.iter().for_each(|client| self.row(kind, id, client));
        }
        for byod in &self.register.byod {
            if byod.until.is_some_and(|until| is_before(until, byod.from)) {
                self.flaw(Kind::Byod, &byod.id, Wrong::EndsBeforeBegin);
            }
        }
    }

    fn forms(&mut self) {
        use super::disclosure::Form;
        for form in &self.register.disclosure {
            let (kind, id) = (Kind::Disclosure, &form.id);
            self.party(kind, id, &form.party);
            self.contract(kind, id, &form.contract);
            form.asset_numbers.iter().for_each(|number| self.row(kind, id, number));
            let gives: &[Role] = match form.form {
                Form::Mds => &[Role::Maker],
                Form::Sds => &[Role::Maintainer, Role::Operator, Role::DirectContractor],
            };
            let party = self.register.party(&form.party);
            if party.is_some_and(|party| !gives.iter().any(|role| party.is(*role))) {
                self.flaw(kind, id, Wrong::WrongGiver(form.party.clone()));
            }
        }
    }

    fn rounds(&mut self) {
        for round in &self.register.stocktaking {
            let pairs = round.signatures.iter().zip(round.signatures.iter().skip(1));
            let first = round.signatures.first().map(|one| one.role);
            let out_of_order = first.is_some_and(|role| role != super::stocktaking::Role::Clerk)
                || pairs.clone().any(|(a, b)| b.role <= a.role || is_before(b.on, a.on))
                || pairs.clone().any(|(a, b)| skipped(a.role, b.role));
            if out_of_order {
                self.flaw(Kind::Stocktaking, &round.id, Wrong::SignedOutOfOrder);
            }
        }
    }
}

/// Whether somebody has to sign between the two.
fn skipped(a: super::stocktaking::Role, b: super::stocktaking::Role) -> bool {
    super::stocktaking::ORDER.iter().any(|role| *role > a && *role < b)
}
