//! Which port of a switch leads to which other switch.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use daicho_common::addr::Mac;
use daicho_common::observation::ObservationId;

use super::known::{Known, Vertex};
use super::link::Found;
use super::node::Node;
use super::reach::Reach;

/// The ways between network devices.
#[derive(Default)]
pub(super) struct Paths {
    /// Own port and next vertex, from the first to the second, along links.
    linked: HashMap<(Vertex, Vertex), (Option<u32>, Vertex)>,
    /// The port on which the first heard the second's own MAC addresses, and who says so.
    heard: HashMap<(Vertex, Vertex), (u32, ObservationId)>,
    /// From each vertex the next towards the root of its part of the network, and the own port.
    up: HashMap<Vertex, (Option<u32>, Vertex)>,
    depth: HashMap<Vertex, usize>,
    reach: Reach,
}

/// Both ends of each link, by the near vertex.
type Edges = BTreeMap<Vertex, Vec<(Option<u32>, Vertex)>>;

fn edges(links: &[Found]) -> Edges {
    let mut edges = Edges::new();
    for [(a, at_a), (b, at_b)] in links.iter().filter(|link| link.active()).map(|link| link.ends) {
        edges.entry(a).or_default().push((at_a, b));
        edges.entry(b).or_default().push((at_b, a));
    }
    edges
}

/// Everything that can be reached from `start`: by which port of `start` and which vertex next to
/// it, by which vertex before, and how far it is.
type Reached = BTreeMap<Vertex, (Option<u32>, Vertex, Vertex, usize)>;

fn reach(edges: &Edges, start: Vertex) -> Reached {
    let mut reached = Reached::new();
    let mut queue = VecDeque::from([(start, None, start, 0)]);
    while let Some((at, port, next, far)) = queue.pop_front() {
        for &(own, to) in edges.get(&at).map(Vec::as_slice).unwrap_or_default() {
            if to == start || reached.contains_key(&to) {
                continue;
            }
            let (port, next) = if at == start { (own, to) } else { (port, next) };
            reached.insert(to, (port, next, at, far + 1));
            queue.push_back((to, port, next, far + 1));
        }
    }
    reached
}

impl Paths {
    /// Reads the ways out of links and tables, and adds links that only the tables show.
    pub(super) fn read(
        nodes: &BTreeMap<usize, Node>,
        known: &Known,
        links: &mut Vec<Found>,
    ) -> Self {
        let mut paths = Self { heard: heard(nodes, known), ..Self::default() };
        let learned: HashSet<(Vertex, u32)> = nodes
            .values()
            .flat_map(|node| node.last().iter().map(|row| (node.device, node.whole(row.port))))
            .collect();
        for link in links.iter_mut() {
            let [(a, at_a), (b, at_b)] = link.ends;
            let blocks = |vertex: Vertex, port: Option<u32>| {
                let node = nodes.get(&vertex).zip(port);
                node.is_some_and(|(node, port)| node.blocked.contains(&port))
            };
            let heard = [(a, b), (b, a)].map(|key| paths.heard.get(&key).copied());
            let idle = |vertex: Vertex, port: Option<u32>| {
                let tells = nodes.get(&vertex).is_some_and(Node::hears);
                tells && port.is_some_and(|port| !learned.contains(&(vertex, port)))
            };
            let idle = idle(a, at_a) && idle(b, at_b);
            link.weigh(heard, idle || blocks(a, at_a) || blocks(b, at_b));
        }
        paths.follow(nodes, links);
        let more = paths.silent(nodes, links);
        if !more.is_empty() {
            links.extend(more);
            paths.follow(nodes, links);
        }
        paths.reach = Reach::of(nodes, &paths);
        paths
    }

    /// Which switches lie behind each port.
    pub(super) fn behind(&self) -> &Reach {
        &self.reach
    }

    fn follow(&mut self, nodes: &BTreeMap<usize, Node>, links: &[Found]) {
        let edges = edges(links);
        self.linked.clear();
        self.up.clear();
        self.depth.clear();
        for &from in nodes.keys() {
            for (to, (port, next, ..)) in reach(&edges, from) {
                self.linked.insert((from, to), (port, next));
            }
        }
        // A router that lists its neighbours is nearest to the outside; else who has most links.
        let rank = |vertex: &Vertex| {
            let listed = nodes.get(vertex).map_or(0, |node| node.neighbours.len());
            (listed, edges.get(vertex).map_or(0, Vec::len), std::cmp::Reverse(*vertex))
        };
        let mut roots: Vec<Vertex> = edges.keys().copied().collect();
        roots.sort_unstable_by_key(|vertex| std::cmp::Reverse(rank(vertex)));
        for root in roots {
            if self.depth.contains_key(&root) {
                continue;
            }
            self.depth.insert(root, 0);
            for (to, (.., before, far)) in reach(&edges, root) {
                let back = edges.get(&to).into_iter().flatten().find(|(_, next)| *next == before);
                self.up.insert(to, (back.and_then(|(port, _)| *port), before));
                self.depth.insert(to, far);
            }
        }
    }

    /// The port of `from` that leads to `to`: where frames came from, else where the links lead.
    pub(super) fn port(&self, from: Vertex, to: Vertex) -> Option<u32> {
        let heard = self.heard.get(&(from, to)).map(|(port, _)| *port);
        heard.or_else(|| self.linked.get(&(from, to)).and_then(|(port, _)| *port))
    }

    /// The vertex next to `from` on the way to `to`, along links.
    pub(super) fn next(&self, from: Vertex, to: Vertex) -> Option<Vertex> {
        self.linked.get(&(from, to)).map(|(_, next)| *next)
    }

    /// The next vertex towards the root, and the own port.
    pub(super) fn up(&self, from: Vertex) -> Option<(Option<u32>, Vertex)> {
        self.up.get(&from).copied()
    }

    /// How many links from the root; far where it is not known.
    pub(super) fn depth(&self, vertex: Vertex) -> usize {
        self.depth.get(&vertex).copied().unwrap_or(usize::MAX)
    }

    /// Whether `between` stands on the way from `from` to `to`: in a tree it does if it sees them on
    /// different ports.
    fn separates(&self, between: Vertex, from: Vertex, to: Vertex) -> bool {
        let both = self.port(between, to).zip(self.port(between, from));
        both.is_some_and(|(a, b)| a != b)
    }

    /// Links to switches that do not speak with their neighbours: the nearest switch by the tables.
    fn silent(&self, nodes: &BTreeMap<usize, Node>, links: &[Found]) -> Vec<Found> {
        let linked: HashSet<(Vertex, Vertex)> = links
            .iter()
            .filter(|link| !link.doubtful())
            .flat_map(|link| {
                let [(a, _), (b, _)] = link.ends;
                [(a, b), (b, a)]
            })
            .collect();
        let hearing: Vec<Vertex> =
            nodes.values().filter(|node| node.hears()).map(|node| node.device).collect();
        let mut found: Vec<Found> = Vec::new();
        for &silent in &hearing {
            let outside =
                |other: &Vertex| *other != silent && !self.linked.contains_key(&(*other, silent));
            // Who sees it and is seen by it; of these the one that no other separates from it.
            let mutual = |other: &Vertex| {
                self.heard.contains_key(&(*other, silent)) && self.port(silent, *other).is_some()
            };
            let mut sees: Vec<Vertex> =
                hearing.iter().copied().filter(outside).filter(mutual).collect();
            sees.sort_unstable_by_key(|other| (self.depth(*other), *other));
            let Some(start) = sees.first().copied() else { continue };
            let Some(own) = self.port(silent, start) else { continue };
            let nearest = self.nearest(&hearing, start, silent);
            let (Some((port, source)), true) =
                (self.heard.get(&(nearest, silent)), outside(&nearest))
            else {
                continue;
            };
            let back = self.heard.get(&(silent, start)).map(|(_, source)| *source);
            let sources: BTreeSet<_> = [*source].into_iter().chain(back).collect();
            let far = (silent, Some(own));
            let between = self.between((nearest, *port), silent, links);
            // Seen from the other end the same switch is in between: that end tells of it.
            if between.is_none() && self.between((silent, own), nearest, links).is_some() {
                continue;
            }
            let near = between.as_ref().map_or(nearest, |(between, _)| *between);
            let link = match between {
                None => Found::of_tables((nearest, Some(*port)), far, sources),
                Some(between) => hidden(nodes, links, (between, far), sources),
            };
            let new = !linked.contains(&(near, silent));
            if new && found.iter().all(|known| known.ends != link.ends) {
                found.push(link);
            }
        }
        found
    }

    /// Another switch that is plugged in at the very port on which `silent` was heard, and whose own
    /// table does not show `silent`, because it broke off or cannot be read: `silent` hangs on that
    /// one, nobody knows on which port, or farther on. With the observations that show the cable.
    fn between(
        &self,
        (nearest, port): (Vertex, u32),
        silent: Vertex,
        links: &[Found],
    ) -> Option<(Vertex, BTreeSet<ObservationId>)> {
        links.iter().filter(|link| link.active()).find_map(|link| {
            let (at, far, bridges) = link.seen_from(nearest)?;
            let hides = at == Some(port)
                && bridges
                && far != silent
                && !self.heard.contains_key(&(far, silent));
            hides.then(|| (far, link.sources.clone()))
        })
    }

    /// The last switch on the way from `start` to `to`.
    fn nearest(&self, hearing: &[Vertex], start: Vertex, to: Vertex) -> Vertex {
        let mut at = start;
        let mut passed = BTreeSet::from([at]);
        while let Some(closer) = hearing
            .iter()
            .copied()
            .find(|other| *other != to && !passed.contains(other) && self.separates(*other, at, to))
        {
            passed.insert(closer);
            at = closer;
        }
        at
    }
}

/// The link to a switch that hangs somewhere behind `between`, of which the table of that one shows
/// nothing: on the port that stations show, else in doubt.
fn hidden(
    nodes: &BTreeMap<usize, Node>,
    links: &[Found],
    ((between, against), far): ((Vertex, BTreeSet<ObservationId>), (Vertex, Option<u32>)),
    mut sources: BTreeSet<ObservationId>,
) -> Found {
    let ends = nodes.get(&between).zip(nodes.get(&far.0)).zip(far.1);
    let shown = ends.and_then(|((above, below), own)| toward(above, (below, own)));
    let taken = |port: u32| {
        links.iter().filter(|link| link.active()).any(|link| {
            let end = link.seen_from(between);
            end.is_some_and(|(at, _, bridges)| bridges && at == Some(port))
        })
    };
    if let Some((port, rows)) = shown.filter(|(port, _)| !taken(*port)) {
        sources.extend(rows);
        Found::of_tables((between, Some(port)), far, sources)
    } else {
        let mut link = Found::of_tables((between, None), far, sources);
        link.against = against;
        link
    }
}

/// The port of `above` behind which `below` is, by the stations that both heard: in a tree those that
/// are on several ports of `below`, its `own` towards the root left out, are behind one and the same
/// port of every switch above it. Rows that are out of date are outvoted.
fn toward(above: &Node, (below, own): (&Node, u32)) -> Option<(u32, BTreeSet<ObservationId>)> {
    let rows = below.last().iter().map(|row| (row.mac, below.whole(row.port)));
    let behind: HashMap<Mac, u32> = rows.filter(|(_, port)| *port != own).collect();
    let mut votes: BTreeMap<u32, BTreeMap<Mac, (u32, ObservationId)>> = BTreeMap::new();
    for row in above.last() {
        if let Some(port) = behind.get(&row.mac) {
            let heard = votes.entry(above.whole(row.port)).or_default();
            heard.insert(row.mac, (*port, row.source));
        }
    }
    let all: usize = votes.values().map(BTreeMap::len).sum();
    let (port, heard) = votes.into_iter().max_by_key(|(_, heard)| heard.len())?;
    let ports: BTreeSet<u32> = heard.values().map(|(port, _)| *port).collect();
    let sources = heard.values().map(|(_, source)| *source).collect();
    (ports.len() > 1 && heard.len() * 2 > all).then_some((port, sources))
}

/// Where each switch heard the MAC addresses of the others; of several ports the one with most.
fn heard(
    nodes: &BTreeMap<usize, Node>,
    known: &Known,
) -> HashMap<(Vertex, Vertex), (u32, ObservationId)> {
    let mut heard = HashMap::new();
    for node in nodes.values() {
        let mut votes: BTreeMap<(Vertex, u32), (usize, ObservationId)> = BTreeMap::new();
        for row in node.last() {
            let other = known.of(row.mac).filter(|other| *other != node.device);
            let Some(other) = other.filter(|other| nodes.contains_key(other)) else { continue };
            let vote = votes.entry((other, node.whole(row.port))).or_insert((0, row.source));
            vote.0 += 1;
        }
        let mut best: BTreeMap<Vertex, (usize, u32, ObservationId)> = BTreeMap::new();
        for ((other, port), (votes, source)) in votes {
            let leads = best.get(&other).is_none_or(|(most, ..)| votes > *most);
            if leads {
                best.insert(other, (votes, port, source));
            }
        }
        heard.extend(
            best.into_iter()
                .map(|(other, (_, port, source))| ((node.device, other), (port, source))),
        );
    }
    heard
}
