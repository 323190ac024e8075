//! How the network is cabled: network devices from the root outwards, hubs that must be there, and the
//! end devices of each, folded by class until a fold is opened.

use std::collections::{BTreeMap, VecDeque};

use super::crowd::Pen;
use super::graph::{Graph, Vertex};
use super::seat::{Held, Hub, Port, Seat, Seats};
use super::{DEPTH, Edge, Kind, Known, Map, Node, To, Wish, key, line};
use crate::resolve::{Device, DeviceId};
use crate::topology::{Cause, Confidence, Link, Said};
use crate::words::{Word, phrase};

/// More devices than this on one port are folded there too.
const FEW: usize = 12;
/// Cables beside the tree that a box names.
const ACROSS: usize = 3;

/// Draws it.
pub fn map(known: &Known<'_>, wish: &Wish) -> Map {
    let graph = Graph::of(&known.picture.devices, &known.picture.topology);
    let mut pen = Pen::new(known, wish);
    let (roots, whole) = match wish.at.as_deref().and_then(|at| start(&graph, at)) {
        Some(vertex) => (vec![vertex], false),
        None => (graph.roots.clone(), true),
    };
    let mut drawer =
        Drawer { shown: shown(&graph, &roots, wish.most), graph: &graph, pen: &mut pen };
    let count = drawer.shown.len();
    let mut nodes: Vec<Node> =
        roots.iter().take(count).map(|root| drawer.vertex(root, Edge::default())).collect();
    nodes.extend(drawer.rest(To::Nothing, roots.iter().skip(count)));
    if whole {
        nodes.extend(drawer.nowhere());
    }
    let cut = pen.cut;
    Map { roots: nodes, cut }
}

/// Where to begin for a device: at itself, or at what it hangs on.
fn start(graph: &Graph<'_>, at: &str) -> Option<Vertex> {
    let own = Vertex::known(at);
    if graph.loads.contains_key(&own) {
        return Some(own);
    }
    let spoken_of = graph.loads.keys().find(|vertex| vertex.text() == at);
    let device = graph.devices.get(&DeviceId(at.into()));
    let switch = device.and_then(|device| device.attached.first());
    spoken_of.cloned().or_else(|| switch.map(|on| Vertex::Known(on.value.switch.clone())))
}

/// What is drawn of the forest, and of how many of those below each, nearest to the roots first.
fn shown(graph: &Graph<'_>, roots: &[Vertex], most: usize) -> BTreeMap<Vertex, usize> {
    let mut shown = BTreeMap::new();
    let mut left = most.max(1);
    let mut queue = VecDeque::new();
    for root in roots.iter().take(left) {
        left -= 1;
        queue.push_back((root.clone(), 1));
    }
    while let Some((vertex, depth)) = queue.pop_front() {
        let below = graph.below.get(&vertex).map(Vec::as_slice).unwrap_or_default();
        let room = if depth < DEPTH { left } else { 0 };
        let taken = below.len().min(room);
        left -= taken;
        queue.extend(below.iter().take(taken).map(|(far, _)| (far.clone(), depth + 1)));
        shown.insert(vertex, taken);
    }
    shown
}

struct Drawer<'d, 'k, 'a> {
    graph: &'d Graph<'a>,
    shown: BTreeMap<Vertex, usize>,
    pen: &'d mut Pen<'k, 'a>,
}

impl<'a> Drawer<'_, '_, 'a> {
    fn vertex(&mut self, vertex: &Vertex, edge: Edge) -> Node {
        let graph = self.graph;
        let nothing = Held::default();
        let held = graph.seating.held.get(vertex).unwrap_or(&nothing);
        let mut node = Node { edge, ..self.face(vertex) };
        let direct = held.direct();
        node.fold = self.pen.fold(vertex.text(), direct.len());
        let open = self.is_open(vertex, &node);
        if let Some(fold) = &mut node.fold {
            fold.open = open;
        }
        let below = graph.below.get(vertex).map(Vec::as_slice).unwrap_or_default();
        let taken = self.shown.get(vertex).copied().unwrap_or(0);
        let mut children: Vec<(Port, Node)> = Vec::new();
        for (far, link) in below.iter().take(taken) {
            let edge = self.cable(link);
            children.push((Port(link.near.port.clone()), self.vertex(far, edge)));
        }
        for (port, hub) in &held.hubs {
            children.push((port.clone(), self.hub(vertex, port, hub)));
        }
        if open {
            for (port, seats) in &held.ports {
                children.extend(self.port(vertex, port, seats).map(|node| (port.clone(), node)));
            }
        } else {
            let (lines, undocumented) = self.pen.classes(&direct);
            node.lines.extend(lines);
            node.undocumented |= undocumented;
            children.extend(self.singles(held, &direct));
        }
        children.sort_by(|(a, _), (b, _)| a.cmp(b));
        node.children = children.into_iter().map(|(_, node)| node).collect();
        let to = To::Below(match vertex {
            Vertex::Known(id) => id.0.to_string(),
            Vertex::SpokenOf(_) => vertex.text(),
        });
        node.children.extend(self.rest(to, below.iter().skip(taken).map(|(far, _)| far)));
        node
    }

    /// Whether its fold is open: it was wished, or the map was asked for because of a device on it.
    fn is_open(&self, vertex: &Vertex, node: &Node) -> bool {
        let wished = node.fold.as_ref().is_some_and(|fold| fold.open);
        let of = self.pen.wish.at.as_ref().map(|at| DeviceId(at.as_str().into()));
        let device = of.and_then(|of| self.graph.devices.get(&of));
        let for_device = device.is_some_and(|device| {
            let switch = device.attached.first().map(|on| &on.value.switch);
            switch.is_some_and(|switch| Vertex::Known(switch.clone()) == *vertex)
                && !self.graph.loads.contains_key(&Vertex::Known(device.id.clone()))
        });
        wished || for_device && node.fold.is_some()
    }

    /// What a network device's box says of itself.
    fn face(&self, vertex: &Vertex) -> Node {
        let pen = &*self.pen;
        let mut node = match (self.graph.device(vertex), vertex) {
            (Some(device), _) => {
                let mut lines = pen.lines(device);
                lines.extend(device.location.iter().map(|place| line(&place.value)));
                let chassis = pen.known.picture.topology.stacks.get(&device.id);
                lines.extend(chassis.map(|chassis| pen.fill(Word::MapStack, chassis)));
                Node { lines, ..pen.device(device, Edge::default()) }
            }
            (None, vertex) => {
                let name = match vertex {
                    Vertex::Known(DeviceId(name)) => name.as_str(),
                    Vertex::SpokenOf(name) => name,
                };
                let name = if name.is_empty() { pen.say(Word::CommonUnknown) } else { name };
                Node {
                    lines: vec![line(name), pen.say(Word::PaperSpokenOf).into()],
                    ..Node::default()
                }
            }
        };
        node.kind = if node.to == To::Nothing { Kind::SpokenOf } else { Kind::Network };
        let across = self.graph.across.get(vertex).map(Vec::as_slice).unwrap_or_default();
        let told = across.iter().map(|link| self.across(vertex, link));
        node.lines.extend(told.clone().take(ACROSS));
        node.notes.extend(told.skip(ACROSS));
        node
    }

    /// A cable that closes a ring, as seen from one end.
    fn across(&self, vertex: &Vertex, link: &Link) -> String {
        let from_near = link.near.device.as_ref().map(|id| Vertex::Known(id.clone()));
        let (near, far) = if from_near.as_ref() == Some(vertex) {
            (&link.near, &link.far)
        } else {
            (&link.far, &link.near)
        };
        let Edge { note, .. } = self.cable(link);
        let text = format!("⇄ {} – {} {} {note}", near.port, phrase::wiring::end(far), far.port);
        line(text.trim_end())
    }

    fn cable(&self, link: &Link) -> Edge {
        let pen = &*self.pen;
        let mut notes = Vec::new();
        if link.cables > 1 {
            notes.push(pen.fill(Word::MapCables, &link.cables));
        }
        if !link.active {
            notes.push(pen.say(Word::MapReserve).to_owned());
        }
        if link.said == Said::Tables {
            notes.push(pen.say(Word::MapInferred).to_owned());
        }
        if link.confidence == Confidence::Possible {
            notes.push(pen.say(Word::WiringPossible).to_owned());
        }
        if !link.against.is_empty() {
            notes.push(pen.say(Word::MapContradicted).to_owned());
        }
        let ports = match (link.near.port.as_str(), link.far.port.as_str()) {
            (only, "") | ("", only) => line(only),
            (near, far) => line(&format!("{near} – {far}")),
        };
        Edge {
            text: ports,
            note: notes.join(pen.say(Word::CommonListJoin)),
            dashed: !link.active || link.said == Said::Tables,
            doubtful: !link.against.is_empty(),
        }
    }

    /// Undocumented devices of a closed fold, one by one.
    fn singles(&mut self, held: &Held<'a>, direct: &[&'a Device]) -> Vec<(Port, Node)> {
        let singles = self.pen.singles(direct);
        let mut nodes = Vec::new();
        for (port, seat) in
            held.ports.iter().flat_map(|(port, seats)| seats.0.iter().map(move |seat| (port, seat)))
        {
            if singles.iter().any(|one| one.id == seat.device.id) && self.pen.take() {
                nodes.push((port.clone(), self.seat(seat)));
            }
        }
        nodes
    }

    fn hub(&mut self, vertex: &Vertex, port: &Port, hub: &Hub<'a>) -> Node {
        let pen = &mut *self.pen;
        let sure = pen.say(phrase::wiring::confidence(hub.shared.confidence));
        let unknown = hub.shared.cause == Cause::UnknownSwitch;
        let cause = pen.say(if unknown { Word::MapUnknownSwitch } else { Word::MapHub });
        let mut node = Node {
            kind: Kind::Inferred,
            lines: vec![cause.to_owned(), pen.fill(Word::MapInferredHow, &sure)],
            notes: vec![phrase::wiring::reasons(pen.known.lang, hub.shared)],
            edge: Edge {
                text: self.at_port(port, &hub.shared.at.alias),
                dashed: true,
                ..Edge::default()
            },
            ..Node::default()
        };
        let pen = &mut *self.pen;
        node.fold = pen.fold(key(&["hub", &vertex.text(), &port.0]), hub.devices.len());
        if node.fold.as_ref().is_some_and(|fold| fold.open) {
            node.children = pen.listed(&hub.devices);
            return node;
        }
        let (lines, undocumented) = pen.classes(&hub.devices);
        node.lines.extend(lines);
        node.undocumented = undocumented;
        for device in pen.singles(&hub.devices) {
            if pen.take() {
                node.children.push(pen.device(device, Edge::default()));
            }
        }
        node
    }

    /// What hangs on one port; nothing if there is no room.
    fn port(&mut self, vertex: &Vertex, port: &Port, seats: &Seats<'a>) -> Option<Node> {
        if !self.pen.take() {
            return None;
        }
        let (first, rest) = seats.0.split_first()?;
        if rest.is_empty() {
            return Some(self.seat(first));
        }
        let mut others: Vec<&'a Device> = seats.0.iter().map(|seat| seat.device).collect();
        let borne = seats.0.iter().any(Seat::is_carried);
        let carrier = seats.0.iter().find(|seat| borne && !seat.is_carried());
        let mut node = if let Some(carrier) = carrier {
            others.retain(|device| device.id != carrier.device.id);
            self.seat(carrier)
        } else {
            let wireless = matches!(first.at.through, Some(crate::resolve::Through::AccessPoint));
            let word = if wireless { Word::MapWireless } else { Word::MapSamePort };
            let edge = Edge { text: self.at_port(port, &first.at.alias), ..Edge::default() };
            Node { lines: vec![self.pen.say(word).to_owned()], edge, ..Node::default() }
        };
        if carrier.is_none() {
            node.kind = Kind::Group;
        }
        let many = others.len() > FEW;
        node.fold = self.pen.fold(key(&[&vertex.text(), &port.0]), others.len()).filter(|_| many);
        if node.fold.as_ref().is_none_or(|fold| fold.open) {
            node.children = self.pen.listed(&others);
        } else {
            let (lines, undocumented) = self.pen.classes(&others);
            node.lines.extend(lines);
            node.undocumented |= undocumented;
        }
        Some(node)
    }

    /// A device at its port.
    fn seat(&self, seat: &Seat<'a>) -> Node {
        let lang = self.pen.known.lang;
        let vlan = seat.at.vlan.map(|vlan| self.pen.fill(Word::WiringVlan, &vlan));
        let edge = Edge {
            text: self.at_port(&Port(seat.at.port.clone()), &seat.at.alias),
            note: vlan.unwrap_or_default(),
            dashed: seat.at.through.is_some(),
            doubtful: false,
        };
        let mut node = self.pen.device(seat.device, edge);
        let through = phrase::wiring::through(lang, seat.at);
        node.notes.extend((!through.is_empty()).then_some(line(&through)));
        node
    }

    fn at_port(&self, port: &Port, alias: &str) -> String {
        let port = if port.0.is_empty() { self.pen.say(Word::MapUnknownPort) } else { &port.0 };
        // Some write the port's own name into its note.
        if alias.contains(port) { line(alias) } else { line(format!("{port} {alias}").trim_end()) }
    }

    /// Network devices that are not drawn, and where they would be.
    fn rest<'v>(&mut self, to: To, rest: impl Iterator<Item = &'v Vertex>) -> Option<Node> {
        let loads = rest.map(|far| self.graph.loads.get(far).copied().unwrap_or_default());
        let (network, others) =
            loads.fold((0, 0), |sum, load| (sum.0 + load.0 + 1, sum.1 + load.1));
        if network == 0 {
            return None;
        }
        self.pen.cut = true;
        let text = self.pen.known.lang.fill(Word::MapMoreNetwork, &[&network, &others]);
        Some(Node { to, ..self.pen.rest(text) })
    }

    /// Devices of which nobody says where they hang, by network.
    fn nowhere(&mut self) -> Vec<Node> {
        let graph = self.graph;
        let mut nodes = Vec::new();
        for (network, devices) in &graph.seating.nowhere {
            let pen = &mut *self.pen;
            let mut node = Node {
                kind: Kind::Group,
                lines: vec![pen.say(Word::MapNowhere).to_owned(), line(network)],
                to: To::Range((*network).to_owned()),
                fold: pen.fold(key(&["nowhere", network]), devices.len()),
                ..Node::default()
            };
            if node.fold.as_ref().is_some_and(|fold| fold.open) {
                node.children = pen.listed(devices);
            } else {
                let (lines, undocumented) = pen.classes(devices);
                node.lines.extend(lines);
                node.undocumented = undocumented;
            }
            nodes.push(node);
        }
        nodes
    }
}
