//! 台帳内重複: the same 管理番号, address or MAC address stands in several rows, or several rows mean
//! one device.
//!
//! Retired rows do not count for addresses, which are given on. Rows of different books with the
//! same 管理番号 are one thing kept in two books (a list of devices, a list of addresses), no
//! duplicate.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use foldhash::fast::RandomState;

use super::{Draft, Known, Rule, presence};
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

/// What more than one row has, in order.
fn shared<'a>(known: &Known<'a>) -> Vec<(Told, Vec<&'a Entry>)> {
    let mut shared = Shared::default();
    let mut share = |key: Key<'a>, entry: &'a Entry| {
        shared
            .entry(key)
            .and_modify(|(_, others)| others.push(entry))
            .or_insert_with(|| (entry, Vec::new()));
    };
    for entry in &known.facts.ledger.entries {
        if !entry.asset_number.is_empty() {
            share(Key::Number(&entry.asset_number), entry);
        }
        if entry.state != State::Retired {
            let ips: BTreeSet<IpAddr> = entry.ips.iter().copied().collect();
            for ip in ips {
                share(Key::Ip(ip), entry);
            }
            let macs: BTreeSet<Mac> = entry.macs.iter().copied().collect();
            for mac in macs {
                share(Key::Mac(mac), entry);
            }
        }
    }
    for matched in &known.matches {
        if let (Some(entry), Some(id)) = (matched.entry, &matched.found.device) {
            share(Key::Device(&id.0), entry);
        }
    }
    let several = shared.into_iter().filter(|(_, (_, others))| !others.is_empty());
    let mut several: Vec<_> = several
        .map(|(key, (first, others))| {
            (key.told(), std::iter::once(first).chain(others).collect::<Vec<_>>())
        })
        .collect();
    several.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    several
}

pub(super) fn find(known: &Known<'_>) -> Vec<Draft> {
    let mut told: BTreeSet<Vec<&crate::ledger::Place>> = BTreeSet::new();
    let mut drafts = Vec::new();
    for ((_, kind, value), rows) in shared(known) {
        let rows = apart(kind, &rows);
        let mut places: Vec<_> = rows.iter().map(|entry| &entry.place).collect();
        places.sort_unstable();
        let known_rows = !told.insert(places.clone());
        if places.len() > 1 && !(known_rows && kind == "device") {
            drafts.push(draft(known, (kind, &value), places));
        }
    }
    drafts
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
    let id = DeviceId(value.to_owned());
    let device = known.devices.get(&id).filter(|_| kind == "device");
    Draft::new(Rule::DuplicateInLedger, format!("{kind}:{value}"))
        .device(device.map(|device| &device.id))
        .entries(places.into_iter().cloned())
        .detail(vec![kind.to_owned(), value.to_owned()])
        .evidence(device.map(|device| presence(device)).unwrap_or_default())
}
