//! Cables between network devices, from what both ends say of each other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use daicho_common::observation::ObservationId;
use serde::Serialize;

use super::known::{Known, Vertex};
use super::node::Node;

/// Who says that a link is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Both ends, of each other.
    Both,
    /// One end; the other does not tell of its neighbours, or does not name this one.
    One,
    /// A bridge says that another speaks for the cable (spanning tree); neighbours say nothing.
    SpanningTree,
    /// Neither, but the forwarding tables leave no other possibility.
    Tables,
    /// An agent heard the device announce itself on the agent's own link.
    Heard,
}

/// One end's word: on my port there is that one.
#[derive(Clone, Debug)]
pub(super) struct Half {
    from: Vertex,
    port: u32,
    pub(super) to: Vertex,
    to_port: Option<u32>,
    /// The far port in the far end's words, for who tells nothing himself.
    words: String,
    bridges: bool,
    source: ObservationId,
}

/// A port at the end of a link.
pub(super) type Place = (Vertex, Option<u32>);

/// A link as it is found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The ends, the smaller vertex first.
    pub(super) ends: [Place; 2],
    /// What the far port is called by the near end, where that is all there is.
    pub(super) words: [String; 2],
    pub(super) said: Said,
    /// Whether each end forwards frames.
    pub(super) bridges: [bool; 2],
    pub(super) sources: BTreeSet<ObservationId>,
    /// Observations that say otherwise.
    pub(super) against: BTreeSet<ObservationId>,
    /// Whether an end hears the other's frames on the very port.
    supported: bool,
    /// Whether the two ends of another cable both say that it is plugged in here.
    outweighed: bool,
    /// Whether frames pass: the spanning tree blocks neither end, and not both hear each other
    /// elsewhere.
    passes: bool,
    /// The cables it is made of, as pairs of own port and observation of either end.
    cables: [BTreeSet<u32>; 2],
}

impl Found {
    /// Whether something speaks against it that has more weight: one end's word may be out of date.
    pub(super) fn doubtful(&self) -> bool {
        let alone = self.outweighed || !self.supported;
        self.said != Said::Both && alone && !self.against.is_empty()
    }

    /// Whether frames go this way.
    pub(super) fn active(&self) -> bool {
        self.passes && !self.doubtful()
    }

    /// Weighs it by where the ends hear each other: (port, observation) of each, and by whether it is
    /// blocked: by the spanning tree, or because neither end learned anything from it.
    pub(super) fn weigh(&mut self, heard: [Option<(u32, ObservationId)>; 2], blocked: bool) {
        let mut elsewhere = 0;
        for ((_, port), heard) in self.ends.into_iter().zip(heard) {
            let Some(((at, source), port)) = heard.zip(port) else { continue };
            self.supported |= at == port;
            if at != port {
                elsewhere += 1;
                if !blocked && self.said != Said::Both {
                    self.against.insert(source);
                }
            }
        }
        self.passes = !blocked && elsewhere < 2;
    }

    /// How many cables it is made of.
    pub(super) fn cables(&self) -> usize {
        self.cables.iter().map(BTreeSet::len).max().unwrap_or(0).max(1)
    }

    /// A link that the forwarding tables show.
    pub(super) fn of_tables(near: Place, far: Place, sources: BTreeSet<ObservationId>) -> Self {
        Self::said_by(Said::Tables, (near, far), sources)
    }

    /// A link between bridges that something else than neighbours' words shows.
    pub(super) fn said_by(
        said: Said,
        (near, far): (Place, Place),
        sources: BTreeSet<ObservationId>,
    ) -> Self {
        let ends = if near.0 <= far.0 { [near, far] } else { [far, near] };
        Self {
            ends,
            words: Default::default(),
            said,
            bridges: [true; 2],
            sources,
            against: BTreeSet::new(),
            supported: false,
            outweighed: false,
            passes: true,
            cables: Default::default(),
        }
    }

    /// The port of `vertex` and the other end, if it is one of the ends.
    pub(super) fn seen_from(&self, vertex: Vertex) -> Option<(Option<u32>, Vertex, bool)> {
        let [(a, at_a), (b, at_b)] = self.ends;
        if a == vertex {
            Some((at_a, b, self.bridges[1]))
        } else {
            (b == vertex).then_some((at_b, a, self.bridges[0]))
        }
    }
}

/// Who is at the other end of each port; of several the one that is not in doubt.
pub(super) fn far_ends(links: &[Found]) -> HashMap<(Vertex, u32), Vertex> {
    let mut ends = HashMap::new();
    let (doubtful, sure): (Vec<&Found>, Vec<&Found>) =
        links.iter().partition(|link| link.doubtful());
    for link in sure.into_iter().chain(doubtful) {
        let [a, b] = link.ends;
        for ((near, port), (far, _)) in [(a, b), (b, a)] {
            if let Some(port) = port {
                ends.entry((near, port)).or_insert(far);
            }
        }
    }
    ends
}

/// Reads what every node says of those beside it, telephones and stations left out, and folds ports
/// that only the far end knows to be bundled.
pub(super) fn halves(nodes: &mut BTreeMap<usize, Node>, known: &mut Known) -> Vec<Half> {
    let mut halves = Vec::new();
    for node in nodes.values() {
        for beside in &node.beside {
            let does = beside.adjacent.does;
            let device = known.device(&beside.adjacent);
            let far = device.and_then(|device| nodes.get(&device));
            let forwards = does.bridges || does.routes || does.access_point;
            if does.telephone || device == Some(node.device) || !forwards && far.is_none() {
                continue;
            }
            halves.push(Half {
                from: node.device,
                port: beside.port,
                to: known.vertex(&beside.adjacent),
                to_port: far.and_then(|far| far.announced(&beside.adjacent)),
                words: words(&beside.adjacent),
                bridges: far.is_some_and(Node::hears) || does.bridges && !does.access_point,
                source: beside.source,
            });
        }
    }
    halves.sort_unstable_by(|a, b| {
        (a.from, a.port, a.to, a.source).cmp(&(b.from, b.port, b.to, b.source))
    });
    bundle(&halves, nodes);
    for half in &mut halves {
        half.port = nodes.get(&half.from).map_or(half.port, |node| node.whole(half.port));
        half.to_port =
            half.to_port.map(|port| nodes.get(&half.to).map_or(port, |node| node.whole(port)));
    }
    halves
}

fn words(adjacent: &crate::mib::adjacent::Adjacent) -> String {
    match &adjacent.port {
        crate::mib::adjacent::Name::Words(words) => words.to_string(),
        crate::mib::adjacent::Name::Mac(_) | crate::mib::adjacent::Name::Address(_) => {
            adjacent.port_description.to_string()
        }
    }
}

/// Ports of one node that lead to one bundle of another are bundled too.
fn bundle(halves: &[Half], nodes: &mut BTreeMap<usize, Node>) {
    let mut toward: BTreeMap<(Vertex, Vertex, u32), BTreeSet<u32>> = BTreeMap::new();
    for half in halves {
        let Some((node, port)) = nodes.get(&half.to).zip(half.to_port) else { continue };
        let whole = node.whole(port);
        if whole != port {
            toward.entry((half.from, half.to, whole)).or_default().insert(half.port);
        }
    }
    for ((from, ..), ports) in toward {
        let (Some(node), Some(first)) = (nodes.get_mut(&from), ports.first().copied()) else {
            continue;
        };
        let alone = ports.iter().all(|port| node.whole(*port) == *port);
        for port in ports.iter().filter(|port| alone && **port != first) {
            node.bundles.insert(*port, first);
        }
    }
}

/// Puts the halves together. What contradicts is kept: both links stand, each with the observations
/// that say otherwise.
pub(super) fn join(halves: &[Half]) -> Vec<Found> {
    let mut found: BTreeMap<[Place; 2], (Found, BTreeSet<Vertex>)> = BTreeMap::new();
    for half in halves {
        let back: Vec<&Half> = halves_of(halves, half.to)
            .filter(|back| back.to == half.from)
            .filter(|back| half.to_port.is_none_or(|port| port == back.port))
            .filter(|back| back.to_port.is_none_or(|port| port == half.port))
            .collect();
        let only = back.first().filter(|one| back.iter().all(|other| other.port == one.port));
        let far = (half.to, half.to_port.or(only.map(|back| back.port)));
        let near = (half.from, Some(half.port));
        let turned = far.0 < near.0;
        let ends = if turned { [far, near] } else { [near, far] };
        let (link, said) = found
            .entry(ends)
            .or_insert_with(|| (Found::of_tables(near, far, BTreeSet::new()), BTreeSet::new()));
        let [near, far] = if turned { [1, 0] } else { [0, 1] };
        if said.is_empty() {
            link.bridges = [false; 2];
        }
        said.insert(half.from);
        link.sources.insert(half.source);
        if let Some(words) = link.words.get_mut(far) {
            half.words.clone_into(words);
        }
        if let Some(bridges) = link.bridges.get_mut(far) {
            *bridges |= half.bridges;
        }
        if let Some(cables) = link.cables.get_mut(near) {
            cables.insert(half.port);
        }
        link.said = if said.len() == 2 { Said::Both } else { Said::One };
        link.against.extend(against(halves, half));
    }
    let mut links: Vec<Found> = found.into_values().map(|(link, _)| link).collect();
    outweigh(&mut links);
    links
}

/// One end's word counts less than what both ends of another cable say of the same port.
fn outweigh(links: &mut [Found]) {
    let both = links.iter().filter(|link| link.said == Said::Both);
    let taken: HashSet<Place> =
        both.flat_map(|link| link.ends).filter(|(_, port)| port.is_some()).collect();
    for link in links.iter_mut().filter(|link| link.said == Said::One) {
        link.outweighed = link.ends.iter().any(|end| taken.contains(end));
    }
}

fn halves_of(halves: &[Half], vertex: Vertex) -> impl Iterator<Item = &Half> {
    let from = halves.partition_point(|half| half.from < vertex);
    halves.get(from..).unwrap_or_default().iter().take_while(move |half| half.from == vertex)
}

/// What says otherwise: the far port names somebody else or another port of this one, or this port
/// names two.
fn against(halves: &[Half], half: &Half) -> BTreeSet<ObservationId> {
    let there = halves_of(halves, half.to).filter(|other| {
        let elsewhere = other.to_port.is_some_and(|port| port != half.port);
        half.to_port == Some(other.port) && (other.to != half.from || elsewhere)
    });
    let here =
        halves_of(halves, half.from).filter(|other| other.port == half.port && other.to != half.to);
    there.chain(here).map(|other| other.source).collect()
}
