//! Who hangs on whom: network devices as a forest, from the root of the network outwards. A cable that
//! would close a ring hangs on neither tree; it is told beside ([`Graph::across`]).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::ById;
use super::seat::Seating;
use crate::resolve::{Device, DeviceId};
use crate::topology::{End, Link, Topology};

/// A network device: by its id, or by its name if it is only spoken of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Vertex {
    Known(DeviceId),
    SpokenOf(String),
}

impl Vertex {
    pub(super) fn known(id: &str) -> Self {
        Self::Known(DeviceId(id.into()))
    }

    fn of(end: &End) -> Self {
        match &end.device {
            Some(id) => Self::Known(id.clone()),
            None => Self::SpokenOf(end.name.clone()),
        }
    }

    /// What folds and addresses call it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Known(id) => super::key(&[&id.0]),
            Self::SpokenOf(name) => super::key(&["?", name]),
        }
    }
}

/// Who hangs on whom.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) devices: ById<'a>,
    pub(super) seating: Seating<'a>,
    /// What hangs directly below each, and by which cable.
    pub(super) below: BTreeMap<Vertex, Vec<(Vertex, &'a Link)>>,
    /// Cables beside the tree, at either end.
    pub(super) across: BTreeMap<Vertex, Vec<&'a Link>>,
    pub(super) roots: Vec<Vertex>,
    /// How many network devices and how many other devices are below each, itself not counted.
    pub(super) loads: BTreeMap<Vertex, (usize, usize)>,
}

impl<'a> Graph<'a> {
    pub(super) fn of(devices: &'a [Device], topology: &'a Topology) -> Self {
        let ends = topology.links.iter().flat_map(|link| [&link.near, &link.far]);
        let linked: BTreeSet<&DeviceId> = ends.filter_map(|end| end.device.as_ref()).collect();
        let on = devices.iter().flat_map(|device| &device.attached);
        let holding: BTreeSet<&DeviceId> = on.map(|attached| &attached.value.switch).collect();
        // One that others hang on is its own tree, if nobody knows what it hangs on itself.
        let alone = |device: &Device| device.attached.is_empty() && holding.contains(&device.id);
        let seating = Seating::find(
            (devices, topology),
            |device| linked.contains(&device.id) || alone(device),
            &far_ends(topology),
        );
        let mut graph = Self {
            devices: ById::of(devices),
            seating,
            below: BTreeMap::new(),
            across: BTreeMap::new(),
            roots: Vec::new(),
            loads: BTreeMap::new(),
        };
        graph.grow(topology);
        graph.weigh();
        graph
    }

    /// Roots first: what nothing is above, then one of each ring that is left. Cables in use go before
    /// those in reserve, and those that nothing contradicts before those in doubt.
    fn grow(&mut self, topology: &'a Topology) {
        let mut down: BTreeMap<Vertex, Vec<&'a Link>> = BTreeMap::new();
        let mut above: BTreeSet<Vertex> = BTreeSet::new();
        let mut all: BTreeSet<Vertex> = self.seating.held.keys().cloned().collect();
        for link in &topology.links {
            let (near, far) = (Vertex::of(&link.near), Vertex::of(&link.far));
            above.insert(far.clone());
            all.extend([near.clone(), far]);
            down.entry(near).or_default().push(link);
        }
        let (first, second): (Vec<_>, Vec<_>) = all.into_iter().partition(|v| !above.contains(v));
        let mut done: BTreeSet<Vertex> = BTreeSet::new();
        for root in first.into_iter().chain(second) {
            if !done.insert(root.clone()) {
                continue;
            }
            self.roots.push(root.clone());
            let mut queue = VecDeque::from([root]);
            while let Some(vertex) = queue.pop_front() {
                let mut links = down.get(&vertex).cloned().unwrap_or_default();
                links.sort_by_key(|link| (!link.active, !link.against.is_empty()));
                for link in links {
                    let far = Vertex::of(&link.far);
                    if done.insert(far.clone()) {
                        self.below.entry(vertex.clone()).or_default().push((far.clone(), link));
                        queue.push_back(far);
                    } else {
                        self.across.entry(vertex.clone()).or_default().push(link);
                        self.across.entry(far).or_default().push(link);
                    }
                }
            }
        }
        for below in self.below.values_mut() {
            below.sort_by(|(_, a), (_, b)| {
                let port = |link: &Link| super::seat::Port(link.near.port.clone());
                port(a).cmp(&port(b))
            });
        }
    }

    fn weigh(&mut self) {
        // Breadth first; backwards, what hangs on something comes before it.
        let mut order = self.roots.clone();
        let mut at = 0;
        while let Some(vertex) = order.get(at).cloned() {
            order.extend(self.below.get(&vertex).into_iter().flatten().map(|(far, _)| far.clone()));
            at += 1;
        }
        for vertex in order.iter().rev() {
            let held = self.seating.held.get(vertex);
            let mut load = (0, 0);
            if let Some(held) = held {
                let behind: usize = held.hubs.values().map(|hub| hub.devices.len()).sum();
                load = (held.hubs.len(), held.direct().len() + behind);
            }
            for (far, _) in self.below.get(vertex).into_iter().flatten() {
                let (network, others) = self.loads.get(far).copied().unwrap_or_default();
                load = (load.0 + network + 1, load.1 + others);
            }
            self.loads.insert(vertex.clone(), load);
        }
    }

    pub(super) fn device(&self, vertex: &Vertex) -> Option<&'a Device> {
        match vertex {
            Vertex::Known(id) => self.devices.get(id),
            Vertex::SpokenOf(_) => None,
        }
    }
}

/// Who is at the other end of a port, by device and port.
fn far_ends(topology: &Topology) -> BTreeMap<(&str, &str), Vertex> {
    let mut ends = BTreeMap::new();
    let sure = |link: &&Link| link.against.is_empty();
    let links = topology.links.iter();
    for link in links.clone().filter(sure).chain(links.filter(|link| !sure(link))) {
        for (near, far) in [(&link.near, &link.far), (&link.far, &link.near)] {
            if let Some(device) = &near.device {
                ends.entry((device.0.as_str(), near.port.as_str()))
                    .or_insert_with(|| Vertex::of(far));
            }
        }
    }
    ends
}
