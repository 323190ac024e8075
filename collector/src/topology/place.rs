//! On which port of which switch each station hangs.
//!
//! A station is heard by every switch on the way of its frames. The port on which it hangs is the one
//! towards which the rows of all the others point: where no other switch is behind it. Rows that are
//! out of date are outvoted; where nothing decides, nothing is said.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use daicho_common::addr::Mac;
use daicho_common::observation::ObservationId;
use daicho_common::time::Timestamp;

use super::known::{Known, Vertex};
use super::link::Found;
use super::node::Node;
use super::path::Paths;
use crate::mib::adjacent::Name;

/// Half a day, in microseconds: rows read this long before the latest of a station count no more.
const SAME_READING: i64 = 43_200_000_000;

/// A port of a switch that heard the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    switch: Vertex,
    port: u32,
    vlan: Option<u16>,
    /// Whether the switch does not tell VLANs apart.
    untagged: bool,
    source: ObservationId,
    at: i64,
    /// Whether the switch was read since and did not show the station.
    outdated: bool,
}

/// Where a station hangs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) switch: Vertex,
    pub(super) port: u32,
    pub(super) vlan: Option<u16>,
    /// Whether the port's own VLAN is the station's, where no table tells.
    pub(super) untagged: bool,
    /// The next network device behind the port, where the station is not on the port itself.
    pub(super) beyond: Option<Vertex>,
    pub(super) sources: BTreeSet<ObservationId>,
    /// How many rows say otherwise.
    pub(super) against: usize,
    /// When it was read last.
    pub(super) at: Timestamp,
    /// When the port last showed it, if its switch was read since and did not.
    pub(super) as_of: Option<Timestamp>,
}

/// Every station's place, and which ports lead to other switches.
pub(super) struct Spots {
    pub(super) of: BTreeMap<Mac, Spot>,
    /// Stations for which the tables contradict each other, with the ports in question.
    pub(super) contested: BTreeMap<Mac, Vec<(Vertex, u32, ObservationId)>>,
    inner: BTreeMap<(Vertex, u32), Vertex>,
}

impl Spots {
    /// Whether the port leads to another switch.
    pub(super) fn is_inner(&self, switch: Vertex, port: u32) -> bool {
        self.inner.contains_key(&(switch, port))
    }

    pub(super) fn find(
        nodes: &BTreeMap<usize, Node>,
        known: &Known,
        (links, paths): (&[Found], &Paths),
    ) -> Self {
        let mut spots = Self {
            of: BTreeMap::new(),
            contested: BTreeMap::new(),
            inner: inner(nodes, links, paths),
        };
        let own: BTreeSet<Mac> = (nodes.values().filter(|node| node.hears()))
            .flat_map(|node| &node.own)
            .copied()
            .collect();
        for (mac, rows) in rows(nodes) {
            let bridge = known.of(mac).and_then(|of| nodes.get(&of)).is_some_and(Node::hears);
            if bridge || own.contains(&mac) || mac.virtual_router().is_some() {
                continue;
            }
            let device = known.of(mac);
            let recent = recent(&rows);
            let mut found = spots.decide(device, &recent, paths);
            if found.as_ref().is_ok_and(|spot| spot.beyond.is_some()) {
                // The row at the last switch may have aged out since an earlier reading, to which
                // nothing that was read later is opposed.
                let earlier = spots.decide(device, &rows, paths);
                let sure = |spot: &Spot| spot.beyond.is_none() && spot.against == 0;
                found = earlier.ok().filter(sure).map_or(found, Ok);
            }
            match found {
                Ok(spot) => drop(spots.of.insert(mac, spot)),
                Err(rivals) => drop(spots.contested.insert(mac, rivals)),
            }
        }
        spots.named(nodes, known, &own);
        spots
    }

    /// Who spoke IEEE 802.1X on a port, was let in or got an address there, or made himself known there to
    /// the switch (LLDP, CDP), hangs
    /// there, if no forwarding table knows of it and no other port does: the row may have aged out,
    /// been left out, or stand where the table broke off. Of rows that contradict each other the one
    /// counts that a neighbour's own word bears out.
    fn named(&mut self, nodes: &BTreeMap<usize, Node>, known: &Known, own: &BTreeSet<Mac>) {
        let mut ports: BTreeMap<Mac, BTreeMap<(Vertex, u32), Named>> = BTreeMap::new();
        for node in nodes.values() {
            for (mac, port, named) in named(node, nodes, known) {
                let place = (node.device, node.whole(port));
                if !self.is_inner(place.0, place.1) && !own.contains(&mac) {
                    let there = ports.entry(mac).or_default().entry(place).or_default();
                    there.sources.extend(named.sources);
                    there.current |= named.current;
                    there.untagged |= named.untagged;
                    there.vlan = there.vlan.or(named.vlan);
                }
            }
        }
        for (mac, mut at) in ports {
            // Who spoke last may have left, and a lease outlasts whoever has it.
            if at.values().any(|named| named.current) {
                at.retain(|_, named| named.current);
            }
            let (Some((&(switch, port), named)), 1) = (at.first_key_value(), at.len()) else {
                continue;
            };
            let sure = self.of.get(&mac).is_some_and(|spot| spot.beyond.is_none());
            let rivals = self.contested.get(&mac);
            let borne_out = rivals.is_none_or(|rivals| {
                named.current && rivals.iter().any(|rival| (rival.0, rival.1) == (switch, port))
            });
            if sure || !borne_out {
                continue;
            }
            let sources = named.sources.clone();
            let (untagged, vlan) = (named.untagged, named.vlan);
            self.contested.remove(&mac);
            // Neighbours' entries lapse within minutes: whoever has the card last said it.
            let at = Timestamp::from_micros(i64::MAX);
            let (beyond, against, as_of) = (None, 0, None);
            let spot = Spot { switch, port, vlan, untagged, beyond, sources, against, at, as_of };
            self.of.insert(mac, spot);
        }
    }

    /// The port that most rows point to, unless two have as much for them.
    fn decide(
        &self,
        device: Option<Vertex>,
        rows: &[Row],
        paths: &Paths,
    ) -> Result<Spot, Vec<(Vertex, u32, ObservationId)>> {
        let ranked = self.ranked(rows, paths);
        let Some((rank, best)) = ranked.first().copied() else { return Err(Vec::new()) };
        // Where a row speaks against it, nothing else may have as little against it; else of equals
        // on the way to one place the one nearest to the root counts.
        let equal = |other: &Rank| {
            other.0 == rank.0
                && (rank.0 > 0
                    || (other.1, other.2) == (rank.1, rank.2) && (!rank.1 || other.3 == rank.3))
        };
        let rivals: Vec<_> = ranked
            .iter()
            .filter(|(other, row)| {
                equal(other) && (row.switch, row.port) != (best.switch, best.port)
            })
            .map(|(_, row)| (row.switch, row.port, row.source))
            .collect();
        // More rows against it than for it: the station is somewhere else.
        if !rivals.is_empty() || rank.0 > rank.2.0 {
            let mut all = vec![(best.switch, best.port, best.source)];
            all.extend(rivals);
            return Err(all);
        }
        let behind = self.inner.get(&(best.switch, best.port)).copied();
        let agreeing = rows.iter().filter(|row| {
            (row.switch, row.port) == (best.switch, best.port)
                || paths.port(row.switch, best.switch) == Some(row.port)
        });
        Ok(Spot {
            switch: best.switch,
            port: best.port,
            vlan: best.vlan,
            untagged: best.untagged,
            beyond: behind.filter(|_| rank.1).filter(|behind| Some(*behind) != device),
            at: Timestamp::from_micros(
                agreeing.clone().map(|row| row.at).max().unwrap_or_default(),
            ),
            sources: agreeing.map(|row| row.source).collect(),
            against: rank.0,
            as_of: best.outdated.then(|| Timestamp::from_micros(best.at)),
        })
    }
}

impl Spots {
    /// The rows as candidates, best first. A port that leads to another switch is one only where no
    /// other has nothing against it.
    fn ranked<'r>(&self, rows: &'r [Row], paths: &Paths) -> Vec<(Rank, &'r Row)> {
        let pairs = rows.iter().map(|row| (row.switch, row.port));
        let votes = paths.behind().votes(pairs, rows.iter().map(|row| row.switch));
        let rank = |row: &'r Row| {
            let votes = votes.get(&row.switch).copied().unwrap_or_default();
            let inner = self.is_inner(row.switch, row.port);
            let depth = if inner { paths.depth(row.switch) } else { 0 };
            ((votes.against, inner, Reverse(votes.with), depth), row)
        };
        let mut ranked: Vec<(Rank, &Row)> = rows.iter().map(rank).collect();
        ranked.sort_unstable();
        if ranked.iter().any(|(rank, _)| rank.0 == 0 && !rank.1) {
            ranked.retain(|(rank, _)| !rank.1);
        }
        ranked
    }
}

/// How a station made itself known on a port.
#[derive(Default)]
struct Named {
    sources: BTreeSet<ObservationId>,
    /// Whether it goes on saying so: a neighbour's entry lapses within minutes (IEEE 802.1AB §9.2.5).
    current: bool,
    /// Whether its frames are in the port's own VLAN; a telephone's are not.
    untagged: bool,
    /// Its VLAN, where the table tells.
    vlan: Option<u16>,
}

/// Who made himself known on which port of the node, bridges and routers left out.
fn named<'n>(
    node: &'n Node,
    nodes: &'n BTreeMap<usize, Node>,
    known: &'n Known,
) -> impl Iterator<Item = (Mac, u32, Named)> + 'n {
    let admitted = node.admitted.iter().map(|(one, source)| {
        let sources = BTreeSet::from([*source]);
        let (current, untagged) = (one.now, one.vlan.is_none());
        (one.mac, one.port, Named { sources, current, untagged, vlan: one.vlan })
    });
    let beside = node.beside.iter().filter_map(|beside| {
        let (adjacent, does) = (&beside.adjacent, beside.adjacent.does);
        let station = does.telephone || does.access_point || !does.bridges && !does.routes;
        let mut macs =
            [&adjacent.port, &adjacent.chassis].into_iter().filter_map(|name| match name {
                Name::Mac(mac) => Some(*mac),
                Name::Address(_) | Name::Words(_) => None,
            });
        let (mac, device) = macs.find_map(|mac| Some((mac, known.of(mac)?)))?;
        let bridge = nodes.get(&device).is_some_and(Node::hears);
        let sources = BTreeSet::from([beside.source]);
        let named = Named { sources, current: true, untagged: !does.telephone, vlan: None };
        (station && !bridge && device != node.device).then_some((mac, beside.port, named))
    });
    admitted.chain(beside)
}

/// Rows against it, whether it leads to another switch, rows for it (most first), how far from the
/// root.
type Rank = (usize, bool, Reverse<usize>, usize);

/// Those of the rows that are of the station's latest reading.
fn recent(rows: &[Row]) -> Vec<Row> {
    let newest = rows.iter().map(|row| row.at).max().unwrap_or_default();
    let recent = rows.iter().filter(|row| newest.saturating_sub(row.at) <= SAME_READING);
    recent.copied().collect()
}

/// The rows about each station, from the latest reading of each switch that heard it.
fn rows(nodes: &BTreeMap<usize, Node>) -> BTreeMap<Mac, Vec<Row>> {
    let mut rows: BTreeMap<Mac, Vec<Row>> = BTreeMap::new();
    for node in nodes.values() {
        let mut newest: BTreeMap<Mac, i64> = BTreeMap::new();
        let last = node.looks.last().map(|look| look.at.micros());
        for look in node.looks.iter().rev() {
            for one in &look.heard {
                let at = *newest.entry(one.mac).or_insert(look.at.micros());
                if at == look.at.micros() {
                    let (port, vlan) = (node.whole(one.port), one.vlan);
                    let (untagged, source) = (!node.by_vlan, one.source);
                    let (switch, outdated) = (node.device, Some(at) != last);
                    let row = Row { switch, port, vlan, untagged, source, at, outdated };
                    rows.entry(one.mac).or_default().push(row);
                }
            }
        }
    }
    for rows in rows.values_mut() {
        rows.sort_unstable();
        // One port is one candidate, however many VLANs: the untagged one is told first.
        let own = |row: &Row| {
            let port = nodes.get(&row.switch).and_then(|node| node.ports.get(&row.port));
            port.is_some_and(|port| port.vlan.is_some() && port.vlan == row.vlan)
        };
        rows.sort_by_key(|row| (row.switch, row.port, !own(row), row.vlan.is_none()));
        rows.dedup_by_key(|row| (row.switch, row.port));
    }
    rows
}

/// Ports that lead to other switches, each with who is next behind it, where that is known.
fn inner(
    nodes: &BTreeMap<usize, Node>,
    links: &[Found],
    paths: &Paths,
) -> BTreeMap<(Vertex, u32), Vertex> {
    let mut inner = BTreeMap::new();
    for from in nodes.values().filter(|node| node.hears()).map(|node| node.device) {
        for to in nodes.values().filter(|node| node.hears()).map(|node| node.device) {
            if let Some(port) = paths.port(from, to).filter(|_| from != to) {
                let next = paths.next(from, to);
                inner.entry((from, port)).or_insert_with(|| next.unwrap_or(to));
            }
        }
    }
    for link in links.iter().filter(|link| !link.doubtful()) {
        for (near, _) in link.ends {
            if let Some((Some(port), far, true)) = link.seen_from(near) {
                inner.insert((near, port), far);
            }
        }
    }
    inner
}
