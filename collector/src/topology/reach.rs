//! Which switches lie behind each port, as runs of one order of all switches, so that rows of many
//! switches about one station are counted by where the runs begin and end, never pair by pair.
//!
//! The order goes down each branch before the next, so that what is behind a port is mostly one run.

use std::collections::{BTreeMap, HashMap};

use super::known::Vertex;
use super::node::Node;
use super::path::Paths;

/// A run: from this place, and before that one.
type Run = (usize, usize);

/// Rows that point to a switch, and rows that could.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Votes {
    pub(super) with: usize,
    pub(super) against: usize,
}

/// Every hearing switch's view of the others.
#[derive(Default)]
pub(super) struct Reach {
    place: HashMap<Vertex, usize>,
    behind: HashMap<(Vertex, u32), Vec<Run>>,
    /// Those to which it is known which port leads.
    known: HashMap<Vertex, Vec<Run>>,
}

/// Places, ascending, as runs.
fn runs(places: &[usize]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for &place in places {
        match runs.last_mut() {
            Some((_, end)) if *end == place => *end += 1,
            _ => runs.push((place, place + 1)),
        }
    }
    runs
}

/// The hearing switches, each branch from the root down in one piece.
fn order(nodes: &BTreeMap<usize, Node>, paths: &Paths) -> Vec<Vertex> {
    let mut below: BTreeMap<Vertex, Vec<Vertex>> = BTreeMap::new();
    let mut roots = Vec::new();
    for &vertex in nodes.keys() {
        // A vertex without tables on the way up is passed over to keep its branch together.
        let (mut at, mut parent) = (vertex, None);
        while let Some((_, next)) = paths.up(at) {
            at = next;
            if nodes.contains_key(&next) {
                parent = Some(next);
                break;
            }
        }
        match parent {
            Some(parent) => below.entry(parent).or_default().push(vertex),
            None => roots.push(vertex),
        }
    }
    let mut order = Vec::with_capacity(nodes.len());
    roots.reverse();
    while let Some(vertex) = roots.pop() {
        if nodes.get(&vertex).is_some_and(Node::hears) {
            order.push(vertex);
        }
        roots.extend(below.remove(&vertex).into_iter().flatten().rev());
    }
    order
}

impl Reach {
    pub(super) fn of(nodes: &BTreeMap<usize, Node>, paths: &Paths) -> Self {
        let order = order(nodes, paths);
        let mut reach = Self {
            place: order.iter().enumerate().map(|(place, vertex)| (*vertex, place)).collect(),
            ..Self::default()
        };
        for &from in &order {
            let mut ports: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
            let mut known = Vec::new();
            for (place, &to) in order.iter().enumerate().filter(|(_, to)| **to != from) {
                if let Some(port) = paths.port(from, to) {
                    ports.entry(port).or_default().push(place);
                    known.push(place);
                }
            }
            let behind = ports.iter().map(|(port, places)| ((from, *port), runs(places)));
            reach.behind.extend(behind);
            reach.known.insert(from, runs(&known));
        }
        reach
    }

    /// For each of these switches how many of the rows, as (switch, port), point to it, and how many
    /// point elsewhere although it is known by which port they would. A switch's own rows are not
    /// counted for it.
    pub(super) fn votes(
        &self,
        rows: impl Iterator<Item = (Vertex, u32)>,
        of: impl Iterator<Item = Vertex>,
    ) -> HashMap<Vertex, Votes> {
        // By place: how many more rows point there from here on, and how many more could.
        let mut steps: Vec<(usize, i64, i64)> = Vec::new();
        let runs = |runs: Option<&Vec<Run>>| runs.cloned().unwrap_or_default();
        for (switch, port) in rows {
            for (from, to) in runs(self.behind.get(&(switch, port))) {
                steps.extend([(from, 1, 0), (to, -1, 0)]);
            }
            for (from, to) in runs(self.known.get(&switch)) {
                steps.extend([(from, 0, 1), (to, 0, -1)]);
            }
        }
        steps.sort_unstable();
        let mut places: Vec<(usize, Vertex)> =
            of.filter_map(|vertex| Some((*self.place.get(&vertex)?, vertex))).collect();
        places.sort_unstable();
        places.dedup();
        let (mut with, mut could, mut steps) = (0, 0, steps.into_iter().peekable());
        let count = |number: i64| usize::try_from(number).unwrap_or_default();
        places
            .into_iter()
            .map(|(place, vertex)| {
                while let Some((_, more, known)) = steps.next_if(|step| step.0 <= place) {
                    with += more;
                    could += known;
                }
                (vertex, Votes { with: count(with), against: count(could - with) })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_for_the_switches_behind_their_ports() {
        // Three switches in a row, 5 – 6 – 7; port 1 leads up, port 2 down.
        let reach = Reach {
            place: [(5, 0), (6, 1), (7, 2)].into(),
            behind: [
                ((5, 2), vec![(1, 3)]),
                ((6, 1), vec![(0, 1)]),
                ((6, 2), vec![(2, 3)]),
                ((7, 1), vec![(0, 2)]),
            ]
            .into(),
            known: [(5, vec![(1, 3)]), (6, vec![(0, 1), (2, 3)]), (7, vec![(0, 2)])].into(),
        };
        let votes = reach.votes([(5, 2), (6, 2), (7, 9)].into_iter(), [5, 6, 7].into_iter());
        assert_eq!(votes[&7], Votes { with: 2, against: 0 });
        // The row of 6 is its own; that of 7 points to none of the others.
        assert_eq!(votes[&6], Votes { with: 1, against: 1 });
        assert_eq!(votes[&5], Votes { with: 0, against: 2 });
        assert_eq!(runs(&[0, 1, 2, 5, 7, 8]), [(0, 3), (5, 6), (7, 9)]);
    }
}
