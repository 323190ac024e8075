//! Numbers that were given on. ifIndex and dot1dBasePort are kept only until a device restarts (RFC 2863
//! §3.1.5): then the number of one port may be another's, and what was heard on it before must not be
//! told of the port that has it now.

use std::collections::{BTreeMap, HashMap};

use daicho_common::observation::table::Rows;
use daicho_common::observation::{Fact, ObservationId};
use daicho_common::time::Timestamp;

use super::node::READING_GAP;
use crate::mib::bridge;

/// What was told when.
type Told<'a, T> = (Timestamp, ObservationId, &'a T);

/// What one reading of a table said, and when it began and ended, in microseconds.
struct Reading<T> {
    from: i64,
    to: i64,
    said: T,
}

/// ifName and ifDescr.
type Called<'a> = (&'a str, &'a str);

/// What the numbers of a device meant, reading by reading. Nothing is kept of what never changed.
#[derive(Default)]
pub(super) struct Numbers<'a> {
    interfaces: Vec<Reading<BTreeMap<u32, Called<'a>>>>,
    ports: Vec<Reading<BTreeMap<u32, u32>>>,
}

/// Whether these are names of one port: by ifName, and by ifDescr where either has no name.
fn same(a: Called<'_>, b: Called<'_>) -> bool {
    if a.0.is_empty() || b.0.is_empty() { a.1 == b.1 } else { a.0 == b.0 }
}

fn called(fact: &Fact) -> Option<(u32, Called<'_>)> {
    let Fact::Interface { index, name, description, .. } = fact else { return None };
    let called = (name.as_str(), description.as_str());
    (called != ("", "")).then_some((*index, called))
}

/// Readings of what ascends in time, each put together.
fn readings<'a, T, K: Ord, V>(
    told: &[Told<'a, T>],
    said: impl Fn(&'a T) -> Vec<(K, V)>,
) -> Vec<Reading<BTreeMap<K, V>>> {
    let together =
        |a: &Told<'a, T>, b: &Told<'a, T>| b.0.micros().saturating_sub(a.0.micros()) <= READING_GAP;
    let reading = |told: &[Told<'a, T>]| {
        let (from, to) = (told.first()?.0.micros(), told.last()?.0.micros());
        Some(Reading { from, to, said: told.iter().flat_map(|(.., one)| said(one)).collect() })
    };
    told.chunk_by(together).filter_map(reading).collect()
}

/// Whether anything is said of one key that is not the same.
fn changes<K: std::hash::Hash + Eq, V: Copy>(
    said: impl Iterator<Item = (K, V)>,
    same: impl Fn(V, V) -> bool,
) -> bool {
    let mut first: HashMap<K, V> = HashMap::new();
    said.into_iter().any(|(key, value)| !same(*first.entry(key).or_insert(value), value))
}

/// The reading nearest to this time.
fn nearest<T>(readings: &[Reading<T>], at: Timestamp) -> Option<(usize, &T)> {
    let at = at.micros();
    let far = |one: &Reading<T>| one.from.saturating_sub(at).max(at.saturating_sub(one.to)).max(0);
    let found = readings.iter().enumerate().min_by_key(|(_, one)| far(one));
    found.map(|(number, one)| (number, &one.said))
}

impl<'a> Numbers<'a> {
    /// Reads them out of what the device told of its interfaces and of its bridge's ports, both
    /// ascending in time.
    pub(super) fn read(interfaces: &[Told<'a, Fact>], ports: &[Told<'a, Rows>]) -> Self {
        let mut numbers = Self::default();
        if changes(interfaces.iter().filter_map(|(.., fact)| called(fact)), same) {
            numbers.interfaces =
                readings(interfaces, |fact| called(fact).into_iter().collect::<Vec<_>>());
        }
        if changes(ports.iter().flat_map(|(.., rows)| bridge::base_ports(rows)), |a, b| a == b) {
            numbers.ports = readings(ports, |rows| bridge::base_ports(rows).collect());
        }
        numbers
    }

    /// The ifIndex that a port of the bridge had then; none if nothing else is known than now.
    pub(super) fn index_then(&self, base_port: u32, at: Timestamp) -> Option<u32> {
        nearest(&self.ports, at)?.1.get(&base_port).copied()
    }

    /// The ifIndex that the interface has now which had this one then; none if its number was given on
    /// and it has no other.
    pub(super) fn index_now(&self, index: u32, at: Timestamp) -> Option<u32> {
        let Some((last, now)) = self.interfaces.split_last().map(|(now, then)| (then.len(), now))
        else {
            return Some(index);
        };
        let then = nearest(&self.interfaces, at).filter(|(number, _)| *number != last);
        let then = then.and_then(|(_, then)| then.get(&index).copied());
        let Some(then) = then else { return Some(index) };
        let here = now.said.get(&index).copied();
        if here.is_some_and(|here| same(here, then)) {
            return Some(index);
        }
        let mut there = now.said.iter().filter(|(_, called)| same(**called, then));
        match (there.next(), there.next()) {
            (Some((moved, _)), None) => Some(*moved),
            // It is gone, and nobody else has its number.
            (None, _) if here.is_none() => Some(index),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(from: i64, said: &[(u32, &'static str)]) -> Reading<BTreeMap<u32, Called<'static>>> {
        let said = said.iter().map(|(index, name)| (*index, (*name, ""))).collect();
        Reading { from, to: from + 10, said }
    }

    #[test]
    fn a_number_means_the_port_that_had_it_when_it_was_read() {
        let interfaces = vec![
            reading(0, &[(1, "p1"), (2, "p2"), (3, "p3"), (4, "p4")]),
            reading(1_000, &[(1, "p1"), (2, "p3"), (3, "p2"), (5, "p4"), (6, "p9")]),
        ];
        let numbers = Numbers { interfaces, ports: Vec::new() };
        let at = |index, at| numbers.index_now(index, Timestamp::from_micros(at));
        assert_eq!((at(1, 5), at(2, 5), at(3, 5)), (Some(1), Some(3), Some(2)));
        assert_eq!(at(4, 5), Some(5), "p4 moved");
        assert_eq!((at(2, 1_005), at(2, 900)), (Some(2), Some(2)), "read after it was given on");
        assert_eq!(at(7, 5), Some(7), "nobody told of it");
        let interfaces = vec![reading(0, &[(1, "p1"), (2, "p2")]), reading(1_000, &[(1, "p7")])];
        let numbers = Numbers { interfaces, ports: Vec::new() };
        let at = |index, at| numbers.index_now(index, Timestamp::from_micros(at));
        assert_eq!(at(1, 5), None, "p1 is no more, and its number another's");
        assert_eq!(at(2, 5), Some(2), "p2 is no more, but its number nobody's");
    }

    #[test]
    fn a_name_that_was_read_only_once_is_compared_by_the_description() {
        assert!(same(("", "GigabitEthernet0/1"), ("Gi0/1", "GigabitEthernet0/1")));
        assert!(!same(("Gi0/1", "port"), ("Gi0/2", "port")));
    }
}
