//! What a person said of devices: two keys are one, two keys are two, a field says this.
//!
//! It stands against whatever was seen. What is split is kept apart before anything is joined, and
//! what is pinned is joined before anything else, so that every rule of the machine gives way. Since
//! devices are derived anew each time, a withdrawal gives both histories back as they were.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::addr::Mac;
use daicho_common::text::Short;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::device::{Device, DeviceId, JoinReason, Pinned};
use super::links::Links;
use super::sessions::Sessions;
use super::subject::{Groups, Subject};
use super::why::Claimed;
use super::word::{self, Kind, Word};
use crate::decision::{Corrected, Decided, Decision, Key, Standing};
use crate::evidence::{Grade, Sourced, Sources};
use crate::fingerprint::{Class, os};
use crate::inventory::storage::{Keeps, Reason, Storage};

/// Where to find what keys name.
pub(super) struct Keys<'k, 'a> {
    pub(super) sessions: &'k Sessions<'a>,
    pub(super) links: &'k Links<'a>,
}

/// A pin that joined something, and one of those that it joined.
pub(super) struct Pin<'a> {
    pub(super) reason: JoinReason,
    pub(super) subjects: [Subject<'a>; 2],
}

impl<'a> Keys<'_, 'a> {
    /// Everything that is known by this key.
    fn subjects(&self, key: &Key) -> BTreeSet<Subject<'a>> {
        match key {
            Key::Mac(mac) if mac.is_private() => self.links.private(*mac),
            Key::Mac(mac) => self.links.pieces_of(Subject::Mac(*mac)),
            Key::Address { network, ip } => {
                let network = self.links.network(network);
                let address = network.map(|network| Subject::Address(network, *ip));
                address.map(|address| self.links.pieces_of(address)).unwrap_or_default()
            }
            Key::Serial(serial) => {
                let serial = serial_word(serial);
                let mut subjects = BTreeSet::new();
                for (subject, said) in &self.sessions.by {
                    for one in said.iter().filter(|one| one.words.contains(&serial)) {
                        subjects.insert(self.links.part(*subject, (one.place, one.from)));
                    }
                }
                subjects
            }
        }
    }

    /// Keeps apart what was split, then joins what was pinned, later decisions first; says which pins
    /// joined something.
    pub(super) fn heed(&self, standing: &Standing<'_>, groups: &mut Groups<'a>) -> Vec<Pin<'a>> {
        let mut ties: Vec<&Decided> = standing.ties().collect();
        ties.sort_unstable_by_key(|decided| std::cmp::Reverse(decided.id));
        for decided in &ties {
            let Decision::Split { a, b } = &decided.what else { continue };
            let (a, b) = (self.subjects(a), self.subjects(b));
            for one in a.difference(&b) {
                b.difference(&a).for_each(|other| groups.part(*one, *other));
            }
        }
        let mut pins = Vec::new();
        for decided in ties {
            let Decision::Join { a, b } = &decided.what else { continue };
            let (a, b) = (self.subjects(a), self.subjects(b));
            let Some((first, one)) = a.first().zip(b.first()) else { continue };
            let mut joined = false;
            for other in a.iter().chain(&b) {
                joined |= groups.join(*first, *other);
            }
            if joined {
                let reason = JoinReason::Person(Box::new(Pinned {
                    decision: decided.id,
                    by: decided.by.clone(),
                    why: decided.why.clone(),
                }));
                pins.push(Pin { reason, subjects: [*first, *one] });
            }
        }
        pins
    }

    /// Which field of which device a person corrected; of two keys of one device the later decision
    /// holds.
    pub(super) fn corrections<'d>(
        &self,
        standing: &Standing<'d>,
        (groups, named): (&mut Groups<'a>, &BTreeMap<Subject<'a>, DeviceId>),
    ) -> BTreeMap<(DeviceId, Corrected), &'d Decided> {
        let mut found: BTreeMap<(DeviceId, Corrected), &'d Decided> = BTreeMap::new();
        for decided in standing.corrections() {
            let Decision::Correct { device, field, .. } = &decided.what else { continue };
            for subject in self.subjects(device) {
                let Some(id) = named.get(&groups.root(subject)) else { continue };
                let held = found.entry((id.clone(), *field)).or_insert(decided);
                if held.id < decided.id {
                    *held = decided;
                }
            }
        }
        found
    }
}

pub(super) fn serial_word(serial: &str) -> Word {
    word::word(&(Kind::Serial, serial.into()))
}

/// Pairs of serial numbers that a person said are of two devices.
pub(super) fn split_serials(standing: &Standing<'_>) -> Vec<(Word, Word)> {
    let pair = |decided: &Decided| {
        let Decision::Split { a: Key::Serial(a), b: Key::Serial(b) } = &decided.what else {
            return None;
        };
        Some((serial_word(a), serial_word(b)))
    };
    standing.ties().filter_map(pair).collect()
}

/// Puts a person's word into a field. A class that there is not is left as it was: it was checked when
/// the decision was taken.
pub(super) fn correct(device: &mut Device, decided: &Decided) {
    let Decision::Correct { field, value, .. } = &decided.what else { return };
    let asserted = || Some(said(Short::from(value.as_str())));
    let claimed = match field {
        Corrected::Name => {
            device.names.retain(|name| name.value != value.as_str());
            device.names.insert(0, said(value.as_str().into()));
            None
        }
        Corrected::Class => {
            let class: StrDeserializer<'_, Error> = value.as_str().into_deserializer();
            let Ok(class) = Class::deserialize(class) else { return };
            device.class = Some(said(class));
            Some(Claimed::Class)
        }
        Corrected::Vendor => {
            device.vendor = asserted();
            Some(Claimed::Vendor)
        }
        Corrected::Model => {
            device.model = asserted();
            Some(Claimed::Model)
        }
        Corrected::Serial => {
            device.serial = asserted();
            Some(Claimed::Serial)
        }
        Corrected::Version => {
            device.version = asserted();
            Some(Claimed::Version)
        }
        Corrected::Os => {
            device.os = asserted();
            device.support_end = os::support_end(value).map(|day| Sourced {
                value: day.into(),
                grade: Grade::Inferred,
                sources: Sources::new(),
            });
            Some(Claimed::Os)
        }
        Corrected::Location => {
            device.location = asserted();
            None
        }
        Corrected::Storage => {
            let reason = Reason { ja: decided.why.clone(), en: decided.why.clone() };
            let keeps = if value == "yes" { Keeps::Yes } else { Keeps::No };
            device.storage = Some(Box::new(said(Storage { keeps, reasons: vec![reason] })));
            None
        }
    };
    // Why the machine said something else no longer says why the field says this.
    device.why.retain(|why| Some(why.field) != claimed);
}

fn said<T>(value: T) -> Sourced<T> {
    Sourced { value, grade: Grade::Asserted, sources: Sources::new() }
}

impl<'a> Links<'a> {
    /// A MAC address that was made up, at every address where it answered.
    fn private(&self, mac: Mac) -> BTreeSet<Subject<'a>> {
        let slots = self.slots_of(mac).into_iter();
        slots.map(|(network, ip)| Subject::Private(network, ip, mac)).collect()
    }
}
