//! The only door to the wire: scope, deny list, forbidden ports, pace, budget, and the count.
//!
//! Every packet is judged at the moment of sending, by what the packet itself says and not by what
//! its maker says of it. What nobody asked for here (a packet that is no ARP request, an address
//! outside every declared network) is refused, not repaired.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::address_set::AddressSet;
use daicho_common::coverage::{PacketKind, Sent, Why};
use daicho_common::time::{Now, Tick, Timestamp};
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, Operation};
use daicho_common::wire::ethernet::{EtherType, Ethernet, Tag};

use crate::engine::Packet;
use crate::engine::gate::Gate;
use crate::engine::reach::Reach;
use crate::engine::scope::{Place, Scope, address, extent};
use crate::engine::six::question;
use crate::plan::window::Windows;
use crate::plan::{DenyList, Means, Medical, Plan};
use crate::probe::{group, mdns, wsd};

/// IPv6 at the door.
mod six;

#[cfg(test)]
pub(super) use six::MOST as MOST_SIX;
use six::Six;

/// TCP and UDP ports that never get an octet, whatever is configured: printers print what comes to
/// 515 and 9100–9107, and HL7 listens on 2575 (DOMAIN §7.3).
pub const FORBIDDEN_PORTS: [RangeInclusive<u16>; 3] = [515..=515, 2575..=2575, 9100..=9107];

/// Whether this port is one of [`FORBIDDEN_PORTS`].
pub fn is_forbidden(port: u16) -> bool {
    FORBIDDEN_PORTS.iter().any(|ports| ports.contains(&port))
}

/// A packet that the governor let through. Only this module makes one, and `net` sends nothing else.
#[derive(Debug, PartialEq, Eq)]
pub struct Cleared(Packet);

impl Cleared {
    /// The packet.
    pub fn packet(&self) -> &Packet {
        &self.0
    }
}

/// Octets of a SYN: the headers of IPv4 and TCP, and one option.
const SYN_OCTETS: usize = 44;
/// Octets of a reset, which has no option.
const RESET_OCTETS: u32 = 40;

/// Most connections open at once in a whole scan: beside the sockets of knocks and nudges a quarter of
/// the descriptors that a process commonly may have.
const MOST_CONNECTIONS: usize = 256;

/// How often it is looked whether a window has opened.
const GLANCE: Duration = Duration::from_mins(1);

/// What becomes of a packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may leave now, and has been counted.
    Go(Cleared),
    /// Not before this tick.
    WaitUntil(Tick),
    /// Not in this scan.
    Refuse(Why),
}

/// A packet that someone wants to send.
#[derive(Debug)]
pub(super) struct Request {
    /// The packet.
    pub(super) packet: Packet,
    /// What it counts as.
    pub(super) kind: PacketKind,
    /// Until when its answer is awaited; nothing else goes to its target before that, or before
    /// [`Governor::settle`].
    pub(super) answer_by: Tick,
}

/// Pace of one target.
#[derive(Clone, Copy, Debug, Default)]
struct Target {
    /// From when the spacing lets the next packet pass.
    spaced: Tick,
    /// Until when an answer is awaited.
    busy: Tick,
}

/// What was sent to one target, of one kind.
#[derive(Clone, Copy, Debug)]
struct Tally {
    packets: u32,
    octets: u32,
    first: Timestamp,
    last: Timestamp,
}

const NOTHING: Tally = Tally {
    packets: 0,
    octets: 0,
    first: Timestamp::from_micros(i64::MAX),
    last: Timestamp::from_micros(i64::MIN),
};

/// A declared network, as the governor knows it.
#[derive(Debug)]
struct Ground {
    name: String,
    first: u32,
    size: u32,
    gate: Gate,
    windows: Windows,
    /// Whether medical and nurse-call gear may be asked like any other device.
    asks_medical: bool,
    /// The interface and the VLAN into which every packet there goes, tagged; `None`: without a tag.
    vlan: Option<(String, u16)>,
    /// The interface by which a question to a group may leave; empty if none may.
    browses: String,
    /// IPv6 addresses that have a place, after those of IPv4 and the groups.
    six: Vec<Ipv6Addr>,
    targets: Vec<Target>,
    tallies: BTreeMap<PacketKind, Vec<Tally>>,
}

/// The door.
#[derive(Debug)]
pub(super) struct Governor {
    scope: Scope,
    six: Six,
    grounds: Vec<Ground>,
    deny: DenyList,
    denied: AddressSet,
    /// Addresses that a denied link-layer address claimed in this scan.
    claimed: HashSet<Place>,
    sighting: BTreeSet<[u8; 3]>,
    /// Addresses that a link-layer address of `sighting` claimed in this scan.
    quiet: BTreeSet<Place>,
    means: Means,
    gate: Gate,
    spacing: Duration,
    /// Whether a network is waited for outside of its windows.
    waits: bool,
    budget: u64,
    sent: u64,
    /// Resets that the system may have to send yet, one for each SYN: they count towards the budget
    /// from the beginning, so that it is never overrun.
    reserved: u64,
    /// Packets of the scan that this one goes on with.
    earlier: u64,
    /// Whom the packets cleared last reach, until they have left.
    leaving: Vec<Place>,
    closed: Option<Why>,
    /// Connections that were opened and are not over.
    connections: usize,
}

impl Ground {
    /// What was sent to this host, if anything was.
    fn row(&self, kind: PacketKind, host: u32, tally: &Tally) -> Option<Sent> {
        (tally.packets > 0).then(|| Sent {
            network: self.name.clone(),
            target: self.target(kind, host),
            kind,
            packets: tally.packets.into(),
            octets: tally.octets.into(),
            first: tally.first,
            last: tally.last,
        })
    }
}

/// Octets that the agent itself writes: the system writes the headers below.
fn octets(packet: &Packet) -> u32 {
    let length = match packet {
        Packet::Frame { octets, .. }
        | Packet::Datagram { octets, .. }
        | Packet::Say { octets, .. } => octets.len(),
        Packet::Echo { payload, .. } => payload.len() + 8,
        // RFC 792: the header and three times.
        Packet::Timestamp { .. } => 20,
        Packet::Connect { .. } | Packet::Open { .. } => 0,
        Packet::Syn { .. } => SYN_OCTETS,
    };
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Whom the packet reaches, and on which port; `None` for frames that are no ARP request.
pub(super) fn subject(packet: &Packet) -> Option<(IpAddr, Option<u16>)> {
    match packet {
        Packet::Frame { octets, .. } => {
            let (header, payload) = Ethernet::decode(octets).ok()?;
            if header.ether_type == EtherType::IPV6 {
                return question::asks(&header, payload).map(|ip| (ip.into(), None));
            }
            let (arp, _) = Arp::decode(payload).ok()?;
            let question =
                header.ether_type == EtherType::ARP && arp.operation == Operation::REQUEST;
            question.then_some((arp.target_ip.into(), None))
        }
        Packet::Echo { to, .. } => Some((*to, None)),
        Packet::Timestamp { to, .. } => Some(((*to).into(), None)),
        Packet::Syn { to, .. } => Some(((*to.ip()).into(), Some(to.port()))),
        Packet::Datagram { to, .. }
        | Packet::Connect { to }
        | Packet::Open { to }
        | Packet::Say { to, .. } => Some((to.ip(), Some(to.port()))),
    }
}

/// Whether everybody on a link hears what goes to this address.
fn is_group(address: IpAddr) -> bool {
    address == mdns::GROUP || address == group::GROUP
}

/// The group that is asked by packets of this kind.
fn group_of(kind: PacketKind) -> Ipv4Addr {
    if kind == PacketKind::Mdns { mdns::GROUP } else { group::GROUP }
}

impl Ground {
    /// Counts a packet of this kind to this host.
    fn tally(&mut self, (kind, host): (PacketKind, u32), octets: u32, now: Now) {
        let size = self.size as usize + 1 + self.six.len();
        let tallies = self.tallies.entry(kind).or_default();
        if tallies.len() < size {
            tallies.resize(size, NOTHING);
        }
        if let Some(tally) = tallies.get_mut(host as usize) {
            tally.packets = tally.packets.saturating_add(1);
            tally.octets = tally.octets.saturating_add(octets);
            tally.first = tally.first.min(now.wall);
            tally.last = tally.last.max(now.wall);
        }
    }

    /// The target with this number: an address, the group that is asked by this kind after the last,
    /// then IPv6.
    fn target(&self, kind: PacketKind, host: u32) -> IpAddr {
        match host.checked_sub(self.size) {
            None => address(self.first, host).into(),
            Some(after) => after
                .checked_sub(1)
                .and_then(|n| self.six.get(n as usize))
                .map_or_else(|| group_of(kind).into(), |ip| (*ip).into()),
        }
    }
}

impl Governor {
    /// The door for this plan.
    pub(super) fn new(plan: Plan, means: &Means) -> Self {
        let ground = |(n, network): (u64, &crate::plan::Network)| {
            let (first, size) = extent(network.cidr).unwrap_or_default();
            let reach = Reach::new(network, means, &plan.deny, plan.seed);
            Ground {
                name: network.name.clone(),
                first,
                size,
                gate: Gate::new(network.packets_per_second, plan.seed ^ n),
                windows: network.windows.clone(),
                asks_medical: network.medical == Medical::Ask,
                vlan: network.vlan.as_ref().map(|vlan| (vlan.interface.clone(), vlan.id)),
                browses: if reach.browses { reach.interface } else { String::new() },
                six: Vec::new(),
                targets: Vec::new(),
                tallies: BTreeMap::new(),
            }
        };
        let mut denied = AddressSet::new();
        plan.deny.nets.iter().for_each(|net| denied.insert_net(*net));
        Self {
            scope: Scope::new(&plan.networks),
            six: Six::new(&plan.networks, means, &plan.deny),
            grounds: (1..).zip(&plan.networks).map(ground).collect(),
            deny: plan.deny,
            denied,
            claimed: HashSet::new(),
            sighting: plan.sighting,
            quiet: BTreeSet::new(),
            means: means.clone(),
            gate: Gate::new(plan.pace.packets_per_second, plan.seed),
            waits: plan.pace.waits,
            spacing: plan.pace.spacing(),
            budget: if plan.pace.budget == 0 { u64::MAX } else { plan.pace.budget },
            sent: 0,
            reserved: 0,
            earlier: 0,
            leaving: Vec::new(),
            closed: None,
            connections: 0,
        }
    }

    /// Whether one more connection may be opened.
    pub(super) const fn may_connect(&self) -> bool {
        self.connections < MOST_CONNECTIONS
    }

    /// A connection is over.
    pub(super) const fn hung_up(&mut self) {
        self.connections = self.connections.saturating_sub(1);
    }

    /// The place of an address in the declared networks.
    pub(super) fn place(&self, address: IpAddr) -> Option<Place> {
        self.scope.place(address)
    }

    /// Whom a packet reaches: a host, or everybody on a link, who count as one more target after
    /// the network's last address.
    fn place_of(&self, packet: &Packet) -> Option<Place> {
        let (address, _) = subject(packet)?;
        match packet {
            Packet::Datagram { interface, .. } if is_group(address) && !interface.is_empty() => {
                let network =
                    self.grounds.iter().position(|ground| ground.browses == *interface)?;
                self.grounds.get(network).map(|ground| Place { network, host: ground.size })
            }
            Packet::Frame { interface, .. } => match address {
                IpAddr::V6(ip) => self.six.place(interface, ip),
                IpAddr::V4(_) => self.place(address),
            },
            Packet::Datagram { to: SocketAddr::V6(to), .. }
            | Packet::Open { to: SocketAddr::V6(to) }
            | Packet::Say { to: SocketAddr::V6(to), .. } => self.six.place_of_host(*to),
            Packet::Datagram { .. }
            | Packet::Echo { .. }
            | Packet::Timestamp { .. }
            | Packet::Syn { .. }
            | Packet::Connect { .. }
            | Packet::Open { .. }
            | Packet::Say { .. } => self.place(address),
        }
    }

    /// An address was seen to belong to `mac`. If that is denied, or of a class that is only to be
    /// sighted, so is the address until the end of the scan, even if another link-layer address
    /// claims it too.
    pub(super) fn learn(&mut self, place: Place, mac: Mac) {
        if self.deny.macs.contains(&mac) || self.deny.ouis.contains(&mac.oui()) {
            self.claimed.insert(place);
        }
        let asks = self.grounds.get(place.network).is_some_and(|ground| ground.asks_medical);
        if !asks && self.sighting.contains(&mac.oui()) {
            self.quiet.insert(place);
        }
    }

    /// Whether this address belongs to medical or nurse-call gear that is only to be sighted.
    pub(super) fn only_sights(&self, place: Place) -> bool {
        self.quiet.contains(&place)
    }

    /// Whether a network has somebody who is only to be sighted.
    pub(super) fn has_quiet(&self, network: usize) -> bool {
        let (first, last) = (Place { network, host: 0 }, Place { network, host: u32::MAX });
        self.quiet.range(first..=last).next().is_some()
    }

    /// Whether the deny list forbids this address.
    pub(super) fn denies(&self, address: IpAddr) -> bool {
        self.denied.contains(address)
            || self.place(address).is_some_and(|place| self.claimed.contains(&place))
    }

    /// When the pace of the whole scan lets the next packet pass.
    pub(super) const fn opens(&self) -> Tick {
        self.gate.opens()
    }

    /// When the pace of this network lets the next packet pass.
    pub(super) fn network_opens(&self, network: usize) -> Tick {
        self.grounds.get(network).map_or(Tick::ZERO, |ground| ground.gate.opens())
    }

    /// When this target may be asked: its last answer came or was given up, and its pace allows it.
    pub(super) fn target_opens(&self, place: Place) -> Tick {
        self.grounds
            .get(place.network)
            .and_then(|ground| ground.targets.get(place.host as usize))
            .map_or(Tick::ZERO, |target| target.spaced.max(target.busy))
    }

    /// When to look again whether this network may be scanned; `None` if it may be now.
    fn window_opens(&self, network: usize, now: Now) -> Option<Tick> {
        let wait = self.grounds.get(network)?.windows.wait(now.wall);
        // The wall clock may be set meanwhile.
        (!wait.is_zero()).then(|| now.tick.after(wait.min(GLANCE)))
    }

    /// When this target may be asked, its network's windows included.
    pub(super) fn asking_opens(&self, place: Place, now: Now) -> Tick {
        let window = self.window_opens(place.network, now).filter(|_| self.waits);
        self.target_opens(place).max(window.unwrap_or_default())
    }

    /// Packets sent so far.
    pub(super) const fn sent(&self) -> u64 {
        self.sent
    }

    /// An interrupted scan had sent these: they count towards the budget.
    pub(super) fn count_earlier(&mut self, packets: u64) {
        self.earlier = self.earlier.saturating_add(packets);
    }

    /// Packets that count towards the budget.
    pub(super) const fn spent(&self) -> u64 {
        self.sent.saturating_add(self.earlier).saturating_add(self.reserved)
    }

    /// Nothing passes any more.
    pub(super) fn close(&mut self, why: Why) {
        self.closed.get_or_insert(why);
    }

    /// The answer of this target came, or is not awaited any more.
    pub(super) fn settle(&mut self, place: Place) {
        if let Some(target) = self
            .grounds
            .get_mut(place.network)
            .and_then(|ground| ground.targets.get_mut(place.host as usize))
        {
            target.busy = Tick::ZERO;
        }
    }

    /// The packets cleared last have left by now. What held one up between the clearing and the
    /// wire must not bring the next one to its target nearer to it.
    pub(super) fn departed(&mut self, now: Now) {
        let spaced = now.tick.after(self.spacing);
        for place in self.leaving.drain(..) {
            let targets = self.grounds.get_mut(place.network).map(|ground| &mut ground.targets);
            if let Some(target) = targets.and_then(|targets| targets.get_mut(place.host as usize)) {
                target.spaced = target.spaced.max(spaced);
            }
        }
    }

    /// Judges a packet and, if it may go, counts it.
    pub(super) fn clear(&mut self, request: Request, now: Now) -> Verdict {
        let place = match self.judge(&request.packet) {
            Ok(place) => place,
            Err(why) => return Verdict::Refuse(why),
        };
        if let Some(until) = self.window_opens(place.network, now) {
            return if self.waits {
                Verdict::WaitUntil(until)
            } else {
                Verdict::Refuse(Why::Window)
            };
        }
        let opens =
            self.opens().max(self.network_opens(place.network)).max(self.target_opens(place));
        if opens > now.tick {
            return Verdict::WaitUntil(opens);
        }
        self.count(place, &request, now);
        self.connections += usize::from(matches!(request.packet, Packet::Open { .. }));
        Verdict::Go(Cleared(request.packet))
    }

    /// What no waiting changes.
    fn judge(&self, packet: &Packet) -> Result<Place, Why> {
        if let Some(why) = self.closed {
            return Err(why);
        }
        let (address, port) = subject(packet).ok_or(Why::Policy)?;
        let place = self.place_of(packet).ok_or(Why::Policy)?;
        if !self.keeps_to_vlan(place, packet) {
            return Err(Why::Policy);
        }
        if self.denies(address)
            || self.claimed.contains(&place)
            || self.denies_interface(packet, address)
        {
            return Err(Why::Denied);
        }
        if port.is_some_and(is_forbidden) {
            return Err(Why::ForbiddenPort);
        }
        // A frame that got here is an ARP request, which is sighting; all else is more.
        if !matches!(packet, Packet::Frame { .. }) && self.only_sights(place) {
            return Err(Why::Policy);
        }
        let cost = 1 + u64::from(matches!(packet, Packet::Syn { .. }));
        if self.budget.saturating_sub(self.spent()) < cost { Err(Why::Budget) } else { Ok(place) }
    }

    /// Whether the packet goes into the VLAN of its network: tagged so, and where there is none,
    /// without a tag.
    fn keeps_to_vlan(&self, place: Place, packet: &Packet) -> bool {
        let vlan = self.grounds.get(place.network).and_then(|ground| ground.vlan.as_ref());
        let Packet::Frame { interface, octets } = packet else { return vlan.is_none() };
        let tag = Ethernet::decode(octets).ok().and_then(|(header, _)| header.tag);
        match (vlan, tag) {
            (None, None) => true,
            (Some((by, id)), Some(tag)) => by == interface && tag == Tag(*id),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    fn denies_interface(&self, packet: &Packet, address: IpAddr) -> bool {
        if self.deny.interfaces.is_empty() {
            return false;
        }
        let named = match packet {
            Packet::Datagram { to: SocketAddr::V6(to), .. }
            | Packet::Open { to: SocketAddr::V6(to) }
            | Packet::Say { to: SocketAddr::V6(to), .. } => {
                self.six.interface_of_host(*to).unwrap_or_default()
            }
            Packet::Frame { interface, .. } | Packet::Datagram { interface, .. } => interface,
            Packet::Echo { .. }
            | Packet::Timestamp { .. }
            | Packet::Syn { .. }
            | Packet::Connect { .. }
            | Packet::Open { .. }
            | Packet::Say { .. } => "",
        };
        // Every link has the same link-local addresses, so a frame says where it goes.
        let routed = match address {
            IpAddr::V6(_) if !named.is_empty() => named,
            IpAddr::V4(_) | IpAddr::V6(_) => {
                self.means.link_to(address).map_or("", |link| &link.interface)
            }
        };
        self.deny.interfaces.iter().any(|denied| denied == named || denied == routed)
    }

    fn count(&mut self, place: Place, request: &Request, now: Now) {
        self.gate.pass(now.tick);
        self.sent += 1;
        self.reserved += u64::from(request.kind == PacketKind::TcpSyn);
        self.leaving.push(place);
        let Some(ground) = self.grounds.get_mut(place.network) else { return };
        ground.gate.pass(now.tick);
        let size = ground.size as usize + 1 + ground.six.len();
        if ground.targets.len() < size {
            ground.targets.resize(size, Target::default());
        }
        if let Some(target) = ground.targets.get_mut(place.host as usize) {
            *target = Target { spaced: now.tick.after(self.spacing), busy: request.answer_by };
        }
        ground.tally((request.kind, place.host), octets(&request.packet), now);
    }

    /// A SYN-ACK came from this target, to which the system answers with a reset: that is one more
    /// packet, from which the target's pace counts anew.
    pub(super) fn reset(&mut self, place: Place, now: Now) {
        let spaced = now.tick.after(self.spacing);
        let Some(ground) = self.grounds.get_mut(place.network) else { return };
        self.sent += 1;
        self.reserved = self.reserved.saturating_sub(1);
        ground.tally((PacketKind::TcpReset, place.host), RESET_OCTETS, now);
        if let Some(target) = ground.targets.get_mut(place.host as usize) {
            target.spaced = target.spaced.max(spaced);
        }
    }

    /// The system did not send a packet that was cleared as `kind`: it does not count, but keeps
    /// its place in the pace.
    pub(super) fn not_sent(&mut self, packet: &Packet, kind: PacketKind) {
        let Some(place) = self.place_of(packet) else {
            return;
        };
        if matches!(packet, Packet::Open { .. }) {
            self.hung_up();
        }
        self.settle(place);
        let tally = self
            .grounds
            .get_mut(place.network)
            .and_then(|ground| ground.tallies.get_mut(&kind))
            .and_then(|tallies| tallies.get_mut(place.host as usize));
        if let Some(tally) = tally.filter(|tally| tally.packets > 0) {
            tally.packets -= 1;
            tally.octets = tally.octets.saturating_sub(octets(packet));
            self.sent -= 1;
            self.reserved -= u64::from(kind == PacketKind::TcpSyn).min(self.reserved);
        }
    }

    /// Whether this packet, which the system did not send, was a question to everybody on a link;
    /// if so it does not count.
    pub(super) fn take_back_browse(&mut self, packet: &Packet) -> bool {
        let Some((address, port)) = subject(packet).filter(|(address, _)| is_group(*address))
        else {
            return false;
        };
        let kind = match port {
            _ if address == mdns::GROUP => PacketKind::Mdns,
            Some(wsd::PORT) => PacketKind::Wsd,
            _ => PacketKind::Said,
        };
        self.not_sent(packet, kind);
        true
    }

    /// Everything that was sent and was not taken yet, by network, kind and target.
    pub(super) fn account(&self) -> Vec<Sent> {
        let mut rows = Vec::new();
        for ground in &self.grounds {
            for (&kind, tallies) in &ground.tallies {
                let tallies = (0..).zip(tallies);
                rows.extend(tallies.filter_map(|(host, tally)| ground.row(kind, host, tally)));
            }
        }
        rows
    }

    /// Takes at most `most` rows out of the account, from its end.
    pub(super) fn take_account(&mut self, most: usize) -> Vec<Sent> {
        let mut rows = Vec::new();
        for ground in self.grounds.iter_mut().rev() {
            while rows.len() < most
                && let Some((kind, mut tallies)) = ground.tallies.pop_last()
            {
                while rows.len() < most
                    && let Some(tally) = tallies.pop()
                {
                    let host = u32::try_from(tallies.len()).unwrap_or(u32::MAX);
                    rows.extend(ground.row(kind, host, &tally));
                }
                if !tallies.is_empty() {
                    ground.tallies.insert(kind, tallies);
                }
            }
        }
        rows.reverse();
        rows
    }
}

#[cfg(test)]
mod tests;
