//! What is known of a match that a rule may ask for.

use std::collections::{BTreeSet, HashMap};

use daicho_common::observation::ObservationId;
use foldhash::fast::RandomState;

use super::kind::Kinds;
use super::rules::Rule;
use super::{Facts, Ids, subjects, words};
use crate::decision::Subject;
use crate::evidence::Sources;
use crate::fingerprint::{Class, spelling};
use crate::inventory::storage::Keeps;
use crate::policy::Purpose;
use crate::reconcile;
use crate::resolve::{Device, DeviceId};
use crate::topology::{self, Topology};

/// Devices and rows by key.
pub(super) struct Lookup<'a> {
    facts: Facts<'a>,
    devices: HashMap<&'a DeviceId, &'a Device, RandomState>,
    /// The row of each match, by its place in the book's order.
    rows: Vec<Option<usize>>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(facts: Facts<'a>) -> Self {
        Self {
            facts,
            devices: facts.devices.iter().map(|device| (&device.id, device)).collect(),
            rows: reconcile::rows(facts.matches, facts.ledger),
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
    /// The match of this number.
    pub(super) fn of(number: usize, known: &Lookup<'a>, kinds: &Kinds) -> Option<Self> {
        let found = known.facts.matches.get(number)?;
        let devices: Vec<&Device> =
            found.devices().filter_map(|id| known.devices.get(id).copied()).collect();
        let row = known.rows.get(number).copied().flatten();
        let entry = row.and_then(|row| known.facts.ledger.entries.get(row));
        let key = row.and_then(|row| known.facts.keys.get(row));
        let subjects =
            if known.facts.standing.has_scopes() { subjects(key, &devices) } else { Vec::new() };
        let seen = devices.iter().find_map(|device| device.class.as_ref());
        let said = entry.map(words);
        let class = seen
            .map(|class| class.value)
            .filter(|class| *class != Class::Unknown)
            .or_else(|| said.and_then(|said| kinds.class(&said)));
        let networks = devices.iter().flat_map(|device| &device.addresses);
        let keeps = devices.iter().find_map(|device| device.storage.as_ref());
        Some(Self {
            class,
            words: said.into_iter().flatten().map(spelling::fold).collect(),
            purposes: networks
                .filter_map(|address| known.facts.policy.purpose(&address.network))
                .collect(),
            storage: keeps.map_or(Keeps::Unknown, |storage| storage.value.keeps),
            subjects,
            may_carry: class.is_some_and(Class::is_network),
            devices,
        })
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
    pub(super) fn evidence(&self, rule: &Rule, carried: &Carried<'_>) -> Sources {
        let mut ids: Vec<ObservationId> = Vec::new();
        let class = self.devices.iter().find_map(|device| device.class.as_ref());
        if rule.storage.is_empty() && rule.carries.is_none() {
            // The list of the class itself, which the device has.
            return class.map(|class| class.sources.clone()).unwrap_or_default();
        }
        ids.extend(class.iter().flat_map(|class| &class.sources));
        if !rule.storage.is_empty() {
            let storage = self.devices.iter().filter_map(|device| device.storage.as_ref());
            ids.extend(storage.flat_map(|storage| &storage.sources));
        }
        if rule.carries.is_some() {
            // One of those in scope is enough to show it.
            ids.extend(carried.inside.first().iter().flat_map(|load| &load.sources));
        }
        Sources::of(ids)
    }
}
