//! 台帳内重複: the same 管理番号, address or MAC address stands in several rows, or several rows mean
//! one device.
//!
//! Retired rows do not count for addresses, which are given on. Rows of different books with the
//! same 管理番号 are one thing kept in two books (a list of devices, a list of addresses), no
//! duplicate.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;
use std::net::IpAddr;

use daicho_common::addr::Mac;
use foldhash::fast::RandomState;

use super::{Draft, Drafts, Known, Rule, presence};
use crate::ledger::{Entry, State};
use crate::resolve::DeviceId;

/// What several rows may share. By number, address and MAC address first: rows already told are not told
/// again as a device.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key<'a> {
    Number(&'a str),
    Ip(IpAddr),
    Mac(Mac),
    Device(&'a str),
}

impl Key<'_> {
    fn told(self) -> Told {
        match self {
            Self::Number(number) => (0, "asset_number", number.to_owned()),
            Self::Ip(ip) => (1, "ip", ip.to_string()),
            Self::Mac(mac) => (2, "mac", mac.to_string()),
            Self::Device(id) => (3, "device", id.to_owned()),
        }
    }
}

/// The first row that has a key, and the others.
type Shared<'a> = HashMap<Key<'a>, (&'a Entry, Vec<&'a Entry>), RandomState>;

/// A place in the order, the kind of a key as the detail has it, and its value.
type Told = (u8, &'static str, String);

/// Those of a row's values that stand there first.
fn once<T: Copy + PartialEq>(values: &[T]) -> impl Iterator<Item = T> {
    let first = |(at, value): &(usize, &T)| !values.iter().take(*at).any(|other| other == *value);
    values.iter().enumerate().filter(first).map(|(_, value)| *value)
}

/// Calls `share` with every key of every row.
fn each<'a>(known: &Known<'a>, mut share: impl FnMut(Key<'a>, &'a Entry)) {
    for entry in &known.facts.ledger.entries {
        if !entry.asset_number.is_empty() {
            share(Key::Number(&entry.asset_number), entry);
        }
        if entry.state != State::Retired {
            once(&entry.ips).for_each(|ip| share(Key::Ip(ip), entry));
            once(&entry.macs).for_each(|mac| share(Key::Mac(mac), entry));
        }
    }
    for matched in &known.matches {
        if let (Some(entry), Some(id)) = (matched.entry, &matched.found.device) {
            share(Key::Device(&id.0), entry);
        }
    }
}

/// What more than one row has, in order.
fn shared<'a>(known: &Known<'a>) -> Vec<(Told, Vec<&'a Entry>)> {
    // Most keys stand in one row only; a number for each tells so, and takes little room.
    let hasher = RandomState::default();
    let (mut seen, mut again) = (HashSet::<u64, RandomState>::default(), HashSet::new());
    seen.reserve(known.facts.ledger.entries.len() * 4);
    each(known, |key, _| {
        let number = hasher.hash_one(key);
        if !seen.insert(number) {
            again.insert(number);
        }
    });
    drop(seen);
    let mut shared = Shared::default();
    if again.is_empty() {
        return Vec::new();
    }
    each(known, |key, entry| {
        if again.contains(&hasher.hash_one(key)) {
            shared
                .entry(key)
                .and_modify(|(_, others)| others.push(entry))
                .or_insert_with(|| (entry, Vec::new()));
        }
    });
    let several = shared.into_iter().filter(|(_, (_, others))| !others.is_empty());
    let mut several: Vec<_> = several
        .map(|(key, (first, others))| {
            (key.told(), std::iter::once(first).chain(others).collect::<Vec<_>>())
        })
        .collect();
    several.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    several
}

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let mut told: BTreeSet<Vec<&crate::ledger::Place>> = BTreeSet::new();
    for ((_, kind, value), rows) in shared(known) {
        let rows = apart(kind, &rows);
        let mut places: Vec<_> = rows.iter().map(|entry| &entry.place).collect();
        places.sort_unstable();
        let known_rows = !told.insert(places.clone());
        if places.len() > 1 && !(known_rows && kind == "device") {
            drafts.push(draft(known, (kind, &value), places));
        }
    }
}

/// The rows that are of different things.
fn apart<'a>(kind: &str, rows: &[&'a Entry]) -> Vec<&'a Entry> {
    let books: BTreeSet<&str> = rows.iter().map(|entry| entry.place.book.as_str()).collect();
    let number = |entry: &Entry| entry.asset_number.clone();
    let one_thing = books.len() == rows.len()
        && rows.iter().all(|entry| !number(entry).is_empty())
        && rows.iter().map(|entry| number(entry)).collect::<BTreeSet<_>>().len() == 1;
    let retired_aside =
        kind == "device" && rows.iter().filter(|e| e.state != State::Retired).count() == 1;
    if one_thing || retired_aside { Vec::new() } else { rows.to_vec() }
}

fn draft(
    known: &Known<'_>,
    (kind, value): (&str, &str),
    places: Vec<&crate::ledger::Place>,
) -> Draft {
    let id = DeviceId(value.into());
    let device = known.devices.get(&id).filter(|_| kind == "device");
    Draft::new(Rule::DuplicateInLedger, format!("{kind}:{value}"))
        .device(device.map(|device| &device.id))
        .entries(places.into_iter().cloned())
        .detail(vec![kind.to_owned(), value.to_owned()])
        .evidence(device.map(|device| presence(device)).unwrap_or_default())
}
