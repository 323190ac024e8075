//! What is known of a match that a rule may ask for.

use std::collections::{BTreeSet, HashMap};

use daicho_common::observation::ObservationId;
use foldhash::fast::RandomState;

use super::kind::Kinds;
use super::rules::Rule;
use super::{Facts, Ids, subjects, words};
use crate::decision::Subject;
use crate::fingerprint::{Class, spelling};
use crate::inventory::storage::Keeps;
use crate::ledger::key::EntryKey;
use crate::ledger::{Entry, Place};
use crate::policy::Purpose;
use crate::reconcile::Match;
use crate::resolve::{Device, DeviceId};
use crate::topology::{self, Topology};

/// Devices and rows by key.
pub(super) struct Lookup<'a> {
    facts: Facts<'a>,
    devices: HashMap<&'a DeviceId, &'a Device, RandomState>,
    entries: HashMap<&'a Place, (&'a Entry, &'a EntryKey), RandomState>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(facts: Facts<'a>) -> Self {
        let rows = facts.ledger.entries.iter().zip(facts.keys);
        Self {
            facts,
            devices: facts.devices.iter().map(|device| (&device.id, device)).collect(),
            entries: rows.map(|(entry, key)| (&entry.place, (entry, key))).collect(),
        }
    }
}

/// A match as rules see it.
pub(super) struct Case<'a> {
    pub(super) devices: Vec<&'a Device>,
    /// What it is, as seen, else as the book says.
    pub(super) class: Option<Class>,
    /// What the book says, folded.
    pub(super) words: Vec<String>,
    /// What the networks are for in which it was seen.
    pub(super) purposes: BTreeSet<Purpose>,
    pub(super) storage: Keeps,
    /// By what decisions may name it.
    pub(super) subjects: Vec<Subject>,
    /// Whether other devices may hang on it.
    pub(super) may_carry: bool,
}

/// What is reached through a network device.
#[derive(Default)]
pub(super) struct Carried<'a> {
    /// Whether anything is.
    pub(super) any: bool,
    /// What of it is in scope.
    pub(super) inside: Vec<&'a topology::Carried>,
}

impl<'a> Case<'a> {
    pub(super) fn of(found: &'a Match, known: &Lookup<'a>, kinds: &Kinds) -> Self {
        let devices: Vec<&Device> =
            found.devices().filter_map(|id| known.devices.get(id).copied()).collect();
        let row = found.entry.as_ref().and_then(|place| known.entries.get(place));
        let entry = row.map(|(entry, _)| *entry);
        let seen = devices.iter().find_map(|device| device.class.as_ref());
        let said = entry.map(words);
        let class = seen
            .map(|class| class.value)
            .filter(|class| *class != Class::Unknown)
            .or_else(|| said.and_then(|said| kinds.class(&said)));
        let networks = devices.iter().flat_map(|device| &device.addresses);
        let keeps = devices.iter().find_map(|device| device.storage.as_ref());
        Self {
            class,
            words: said.into_iter().flatten().map(spelling::fold).collect(),
            purposes: networks
                .filter_map(|address| known.facts.policy.purpose(&address.network))
                .collect(),
            storage: keeps.map_or(Keeps::Unknown, |storage| storage.value.keeps),
            subjects: subjects(row.map(|(_, key)| *key), &devices),
            may_carry: class.is_some_and(Class::is_network),
            devices,
        }
    }

    /// What is reached through it, and what of that is among those `inside`.
    pub(super) fn carried<'t>(
        &self,
        topology: &'t Topology,
        inside: Option<&Ids<'_>>,
    ) -> Carried<'t> {
        let Some(inside) = inside.filter(|_| self.may_carry) else { return Carried::default() };
        let loads = self.devices.iter().flat_map(|device| topology.carried_by(&device.id));
        let loads: Vec<&topology::Carried> = loads.collect();
        let any = !loads.is_empty();
        let inside = loads.into_iter().filter(|load| inside.contains(&load.device)).collect();
        Carried { any, inside }
    }

    /// What a proposal by this rule rests on.
    pub(super) fn evidence(&self, rule: &Rule, carried: &Carried<'_>) -> Vec<ObservationId> {
        let mut ids = Vec::new();
        let class = self.devices.iter().find_map(|device| device.class.as_ref());
        ids.extend(class.iter().flat_map(|class| &class.sources));
        if !rule.storage.is_empty() {
            let storage = self.devices.iter().filter_map(|device| device.storage.as_ref());
            ids.extend(storage.flat_map(|storage| &storage.sources));
        }
        if rule.carries.is_some() {
            // One of those in scope is enough to show it.
            ids.extend(carried.inside.first().iter().flat_map(|load| &load.sources));
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
