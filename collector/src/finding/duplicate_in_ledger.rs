//! 台帳内重複: the same 管理番号, address or MAC address stands in several rows, or several rows mean
//! one device.
//!
//! Retired rows do not count for addresses, which are given on. Rows of different books with the
//! same 管理番号 are one thing kept in two books (a list of devices, a list of addresses), no
//! duplicate.

use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, Known, Rule, presence};
use crate::ledger::{Entry, State};
use crate::resolve::DeviceId;

/// Rows by what they share: its kind and value.
type Shared<'a> = BTreeMap<(&'static str, String), Vec<&'a Entry>>;

pub(super) fn find(known: &Known<'_>) -> Vec<Draft> {
    let mut shared = Shared::new();
    for entry in &known.facts.ledger.entries {
        let mut share = |kind, value: String| shared.entry((kind, value)).or_default().push(entry);
        if !entry.asset_number.is_empty() {
            share("asset_number", entry.asset_number.clone());
        }
        if entry.state != State::Retired {
            entry
                .ips
                .iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .for_each(|ip| share("ip", ip.to_string()));
            entry
                .macs
                .iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .for_each(|m| share("mac", m.to_string()));
        }
    }
    for found in known.facts.matches {
        if let (Some(entry), Some(id)) = (known.entry(found), &found.device) {
            shared.entry(("device", id.0.clone())).or_default().push(entry);
        }
    }
    let mut told: BTreeSet<Vec<&crate::ledger::Place>> = BTreeSet::new();
    let mut drafts = Vec::new();
    // By number, address and MAC address first: rows already told are not told again as a device.
    let order = ["asset_number", "ip", "mac", "device"];
    for wanted in order {
        for ((kind, value), rows) in shared.iter().filter(|((kind, _), _)| *kind == wanted) {
            let rows = apart(kind, rows);
            let mut places: Vec<_> = rows.iter().map(|entry| &entry.place).collect();
            places.sort_unstable();
            let known_rows = !told.insert(places.clone());
            if places.len() > 1 && !(known_rows && *kind == "device") {
                drafts.push(draft(known, (kind, value), places));
            }
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
