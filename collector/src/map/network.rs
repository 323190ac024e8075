//! How networks lead into each other and out of the hospital: outside, gateways and firewalls, networks
//! with their VLANs and how many of what is in them, as a tree from outside inwards. A network or
//! gateway that is reached twice stands where it is nearest to the outside, and tells of the other ways.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::net::IpAddr;

use super::crowd::Pen;
use super::seat::once;
use super::{ById, Edge, Kind, Known, Map, Node, To, Wish, key, line};
use crate::duty::{self, Duty};
use crate::fingerprint::Class;
use crate::register::Way;
use crate::resolve::{Device, DeviceId};
use crate::words::{Word, phrase};

/// VLANs that a network's box names.
const VLANS: usize = 3;
/// Ways beside the tree that a box names.
const OTHERS: usize = 3;

/// Draws it.
pub fn map(known: &Known<'_>, wish: &Wish) -> Map {
    let plan = Plan::of(known);
    let mut pen = Pen::new(known, wish);
    let mut drawer =
        Drawer { plan: &plan, pen: &mut pen, done: BTreeSet::new(), ways: BTreeMap::new() };
    let roots = drawer.roots();
    Map { roots, cut: pen.cut }
}

/// What is drawn: a network by its name, or a device that leads from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spot<'a> {
    Gateway(&'a DeviceId),
    Network(&'a str),
}

/// Networks, who is in them, and who leads where.
struct Plan<'a> {
    devices: ById<'a>,
    networks: BTreeMap<&'a str, Vec<&'a Device>>,
    /// The addresses at which a gateway stands in a network.
    legs: BTreeMap<&'a DeviceId, BTreeMap<&'a str, BTreeSet<IpAddr>>>,
    /// Gateways that only stand by in a network: another member of their virtual routers forwards.
    waiting: BTreeSet<(&'a DeviceId, &'a str)>,
    /// Gateways that lead out of the hospital; of the others it is not known.
    out: BTreeMap<&'a DeviceId, Out>,
    /// Declared remote maintenance: the device, the way in and through what.
    remote: Vec<(&'a Device, String)>,
}

/// Why something is held to lead out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Out {
    /// It has this address, which is not of a private network.
    Address(IpAddr),
    /// It is a firewall, which stands at the border as a rule.
    Firewall,
}

impl<'a> Plan<'a> {
    fn of(known: &Known<'a>) -> Self {
        let picture = known.picture;
        let devices = ById::of(&picture.devices);
        let mut plan = Self {
            remote: remote(known, &devices),
            devices,
            networks: known.networks.iter().map(|(name, _)| (name.as_str(), vec![])).collect(),
            legs: BTreeMap::new(),
            waiting: waiting(&picture.duties),
            out: BTreeMap::new(),
        };
        for device in &picture.devices {
            for at in &device.addresses {
                let within = plan.networks.entry(&at.network).or_default();
                if within.last().is_none_or(|last| last.id != device.id) {
                    within.push(device);
                }
            }
        }
        for duty in picture.duties.iter().filter(|duty| duty.kind == duty::Kind::Gateway) {
            for id in &duty.devices {
                let leg = plan.legs.entry(id).or_default().entry(&duty.network).or_default();
                leg.extend(&duty.addresses);
            }
        }
        // Whoever leads out of one network has a leg in each in which it has an address.
        let ids: Vec<&DeviceId> = plan.legs.keys().copied().collect();
        for id in ids {
            let Some(device) = plan.devices.get(id) else { continue };
            for at in &device.addresses {
                let legs = plan.legs.entry(id).or_default();
                legs.entry(&at.network).or_default().insert(at.ip);
            }
            let public = device.addresses.iter().map(|at| at.ip).find(|ip| is_public(*ip));
            let firewall = device.class.as_ref().is_some_and(|it| it.value == Class::Firewall);
            let out = public.map(Out::Address).or_else(|| firewall.then_some(Out::Firewall));
            plan.out.extend(out.map(|out| (id, out)));
        }
        plan
    }

    /// What is next to a spot.
    fn beside(&self, spot: Spot<'a>) -> Vec<Spot<'a>> {
        match spot {
            Spot::Gateway(id) => {
                let legs = self.legs.get(id).into_iter().flatten();
                legs.map(|(network, _)| Spot::Network(network)).collect()
            }
            Spot::Network(name) => {
                // Who forwards comes first, so that what is behind hangs on it.
                let there = self.legs.iter().filter(|(_, legs)| legs.contains_key(name));
                let ids = there.map(|(id, _)| *id);
                let (wait, lead): (Vec<_>, Vec<_>) =
                    ids.partition(|id| self.waiting.contains(&(*id, name)));
                lead.into_iter().chain(wait).map(Spot::Gateway).collect()
            }
        }
    }

    /// Gateways in the order in which they become roots: those that lead out, then by how many networks
    /// they lead into, then by how few of them they only stand by in.
    fn gateways(&self) -> Vec<&'a DeviceId> {
        let mut ids: Vec<&DeviceId> = self.legs.keys().copied().collect();
        ids.sort_by_key(|id| {
            let legs = self.legs.get(id).map_or(0, BTreeMap::len);
            let waits = self.waiting.iter().filter(|(of, _)| of == id).count();
            (!self.out.contains_key(id), std::cmp::Reverse(legs), waits, *id)
        });
        ids
    }
}

/// Who only stands by in a network: in each virtual router there of which it is a member.
fn waiting(duties: &[Duty]) -> BTreeSet<(&DeviceId, &str)> {
    let gateways = || duties.iter().filter(|duty| duty.kind == duty::Kind::Gateway);
    let lead = |duty: &Duty, id: &DeviceId| duty.devices.contains(id) && !duty.waiting.contains(id);
    let all = gateways().flat_map(|duty| duty.waiting.iter().map(|id| (id, duty.network.as_str())));
    all.filter(|(id, network)| !gateways().any(|it| it.network == *network && lead(it, id)))
        .collect()
}

/// Whether an address is given to one holder in the whole world (RFC 6890), so that whoever has it is
/// reached from outside.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let benchmark = a == 198 && (18..20).contains(&b);
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_documentation()
                || ip.is_multicast()
                || ip.is_broadcast()
                || a == 0
                || a >= 240
                || shared
                || benchmark)
        }
        // 2000::/3, without what is for documentation (RFC 3849).
        IpAddr::V6(ip) => match ip.segments() {
            [0x2001, 0xdb8, ..] => false,
            [first, ..] => first & 0xe000 == 0x2000,
        },
    }
}

/// Devices that are maintained from outside, as the register declares it.
fn remote<'a>(known: &Known<'a>, devices: &ById<'a>) -> Vec<(&'a Device, String)> {
    let done = || known.register.remote.iter().filter(|remote| remote.done);
    // Of a large ledger few rows are maintained from outside.
    let wanted: HashSet<&str> = done().map(|remote| remote.asset_number.as_str()).collect();
    let rows = known.ledger.entries.iter().filter(|entry| !entry.asset_number.is_empty());
    let rows = rows.filter(|entry| wanted.contains(entry.asset_number.as_str()));
    let numbers: HashMap<_, &str> =
        rows.map(|entry| (&entry.place, entry.asset_number.as_str())).collect();
    let mut of_number: HashMap<&str, &Device> = HashMap::new();
    for found in known.picture.matches.iter().filter(|_| !numbers.is_empty()) {
        let number = found.entry.as_ref().and_then(|place| numbers.get(place)).copied();
        let device = found.device.as_ref().filter(|_| number.is_some());
        of_number.extend(number.zip(device.and_then(|id| devices.get(id))));
    }
    let told = done().filter_map(|remote| {
        let device = of_number.get(remote.asset_number.as_str())?;
        let way = match remote.way {
            Some(Way::VpnDevice) => Word::MapWayVpn,
            Some(Way::Line) => Word::MapWayLine,
            Some(Way::Tool) => Word::MapWayTool,
            None => Word::MapWayUnknown,
        };
        let way = known.lang.say(way);
        Some((*device, line(format!("{way} {}", remote.through).trim_end())))
    });
    told.collect()
}

struct Drawer<'d, 'k, 'a> {
    plan: &'d Plan<'a>,
    pen: &'d mut Pen<'k, 'a>,
    done: BTreeSet<Spot<'a>>,
    /// Who stands above whom in the tree.
    ways: BTreeMap<Spot<'a>, Vec<Spot<'a>>>,
}

impl<'a> Drawer<'_, '_, 'a> {
    fn roots(&mut self) -> Vec<Node> {
        let plan = self.plan;
        let gateways = plan.gateways();
        let (out, inside): (Vec<_>, Vec<_>) =
            gateways.into_iter().partition(|id| plan.out.contains_key(*id));
        let mut starts: Vec<Spot<'a>> = out.iter().map(|id| Spot::Gateway(id)).collect();
        self.done.extend(&starts);
        self.spread(&starts);
        let alone = inside.into_iter().map(Spot::Gateway);
        let mut others = Vec::new();
        for spot in alone.chain(plan.networks.keys().map(|name| Spot::Network(name))) {
            if self.done.insert(spot) {
                others.push(spot);
                self.spread(&[spot]);
            }
        }
        let mut roots = Vec::new();
        if !starts.is_empty() || !plan.remote.is_empty() {
            roots.push(self.outside(&std::mem::take(&mut starts)));
        }
        roots.extend(others.into_iter().filter_map(|spot| self.spot(spot, Edge::default())));
        roots
    }

    /// Hangs everything that these lead to below them, the nearest first.
    fn spread(&mut self, starts: &[Spot<'a>]) {
        let mut queue: VecDeque<Spot<'a>> = starts.iter().copied().collect();
        while let Some(spot) = queue.pop_front() {
            for next in self.plan.beside(spot) {
                if self.done.insert(next) {
                    self.ways.entry(spot).or_default().push(next);
                    queue.push_back(next);
                }
            }
        }
    }

    fn outside(&mut self, starts: &[Spot<'a>]) -> Node {
        let mut node = Node {
            kind: Kind::Outside,
            lines: vec![self.pen.say(Word::MapOutside).to_owned()],
            notes: vec![self.pen.say(Word::MapOutsideNote).to_owned()],
            ..Node::default()
        };
        for spot in starts {
            let Spot::Gateway(id) = spot else { continue };
            let edge = match self.plan.out.get(*id) {
                Some(Out::Address(ip)) => Edge { text: ip.to_string(), ..Edge::default() },
                Some(Out::Firewall) | None => Edge {
                    text: self.pen.say(Word::MapBorder).to_owned(),
                    note: self.pen.say(Word::MapInferred).to_owned(),
                    dashed: true,
                    doubtful: false,
                },
            };
            node.children.extend(self.spot(*spot, edge));
        }
        for (device, way) in &self.plan.remote {
            if !self.pen.take() {
                break;
            }
            let edge = Edge {
                text: way.clone(),
                note: self.pen.say(Word::MapDeclared).to_owned(),
                dashed: true,
                doubtful: false,
            };
            let mut child = self.pen.device(device, edge);
            let networks: BTreeSet<&str> =
                device.addresses.iter().map(|at| at.network.as_str()).collect();
            let networks: Vec<&str> = networks.into_iter().collect();
            child.lines.extend((!networks.is_empty()).then(|| line(&networks.join(" / "))));
            node.children.push(child);
        }
        node
    }

    fn spot(&mut self, spot: Spot<'a>, edge: Edge) -> Option<Node> {
        if !self.pen.take() {
            return None;
        }
        let mut node = match spot {
            Spot::Gateway(id) => self.gateway(id),
            Spot::Network(name) => self.network(name),
        };
        node.edge = edge;
        let next = self.ways.get(&spot).cloned().unwrap_or_default();
        for below in next {
            let edge = Edge { text: self.leg(spot, below), ..Edge::default() };
            node.children.extend(self.spot(below, edge));
        }
        let mut others = self.other_ways(spot);
        node.notes.extend(others.split_off(others.len().min(OTHERS)));
        node.lines.extend(others);
        Some(node)
    }

    /// The address at which a gateway stands in a network.
    fn leg(&self, one: Spot<'a>, other: Spot<'a>) -> String {
        let (Spot::Gateway(id), Spot::Network(name)) = (one.min(other), one.max(other)) else {
            return String::new();
        };
        let addresses = self.plan.legs.get(id).and_then(|legs| legs.get(name));
        let first = addresses.and_then(BTreeSet::first).map(ToString::to_string);
        let waits = self.plan.waiting.contains(&(id, name));
        let waits = waits.then(|| self.pen.say(Word::MapWaiting).to_owned());
        first.into_iter().chain(waits).collect::<Vec<_>>().join(" ")
    }

    /// Ways that the tree does not show: a network with two gateways, a gateway in two networks above.
    fn other_ways(&self, spot: Spot<'a>) -> Vec<String> {
        let hangs = |on: &Spot<'a>, what: &Spot<'a>| {
            self.ways.get(on).is_some_and(|below| below.contains(what))
        };
        let all = self.plan.beside(spot).into_iter();
        let others = all.filter(|other| !hangs(&spot, other) && !hangs(other, &spot));
        others
            .map(|other| {
                let called = match other {
                    Spot::Gateway(id) => {
                        self.plan.devices.get(id).map_or_else(|| id.0.to_string(), Device::called)
                    }
                    Spot::Network(name) => name.to_owned(),
                };
                line(&format!("⇄ {called} {}", self.leg(spot, other)))
            })
            .collect()
    }

    fn gateway(&self, id: &'a DeviceId) -> Node {
        let Some(device) = self.plan.devices.get(id) else { return Node::default() };
        Node { kind: Kind::Network, ..self.pen.device(device, Edge::default()) }
    }

    fn network(&mut self, name: &'a str) -> Node {
        let plan = self.plan;
        let all = plan.networks.get(name).map(Vec::as_slice).unwrap_or_default();
        let devices = once(all.iter().copied());
        let pen = &mut *self.pen;
        let called = if name.is_empty() { pen.say(Word::CommonUnknown) } else { name };
        let mut lines = vec![line(called)];
        let ranges = pen.known.networks.iter().filter(|(of, _)| of == name);
        lines.extend(ranges.map(|(_, range)| line(range)));
        lines.extend(vlans(pen, &devices, name));
        let inside = devices.iter().copied().filter(|it| !plan.legs.contains_key(&it.id));
        let inside: Vec<&'a Device> = inside.collect();
        let mut node = Node {
            kind: Kind::Range,
            lines,
            to: To::Range(name.to_owned()),
            fold: pen.fold(key(&["net", name]), inside.len()),
            ..Node::default()
        };
        if node.fold.as_ref().is_some_and(|fold| fold.open) {
            node.children = pen.listed(&inside);
            return node;
        }
        let (lines, undocumented) = pen.classes(&inside);
        node.lines.extend(lines);
        node.undocumented = undocumented;
        for device in pen.singles(&inside) {
            if pen.take() {
                node.children.push(pen.device(device, Edge::default()));
            }
        }
        node
    }
}

/// The VLANs of a network, where switches tell: those of a fifth of its devices and more.
fn vlans(pen: &Pen<'_, '_>, devices: &[&Device], network: &str) -> Option<String> {
    let mut counts: BTreeMap<u16, (usize, &str)> = BTreeMap::new();
    let mut told = 0;
    // A device that is in other networks too would tell of their VLANs.
    let only = |device: &&&Device| device.addresses.iter().all(|at| at.network == network);
    for device in devices.iter().filter(only) {
        for at in device.attached.iter().map(|attached| &attached.value) {
            let Some(vlan) = at.vlan else { continue };
            told += 1;
            let (count, name) = counts.entry(vlan).or_insert((0, ""));
            *count += 1;
            if name.is_empty() {
                *name = &at.vlan_name;
            }
        }
    }
    let mut of: Vec<(u16, usize, &str)> = (counts.into_iter())
        .filter(|(_, (count, _))| count * 5 >= told)
        .map(|(vlan, (count, name))| (vlan, count, name))
        .collect();
    of.sort_by_key(|(vlan, count, _)| (std::cmp::Reverse(*count), *vlan));
    let lang = pen.known.lang;
    let texts: Vec<String> = of
        .iter()
        .take(VLANS)
        .map(|(vlan, _, name)| phrase::wiring::vlan(lang, *vlan, name))
        .collect();
    (!texts.is_empty()).then(|| line(&texts.join(" / ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_whole_world_lead_out() {
        for (ip, public) in [
            ("8.8.8.8", true),
            ("10.1.2.3", false),
            ("172.20.0.1", false),
            ("100.64.0.1", false),
            ("127.20.0.1", false),
            ("169.254.1.1", false),
            ("192.0.2.7", false),
            ("2400:4050::1", true),
            ("fd00::1", false),
            ("fe80::1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_public(ip.parse().unwrap()), public, "{ip}");
        }
    }
}
