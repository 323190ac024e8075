//! The only door to the wire: scope, deny list, forbidden ports, pace, budget, and the count.
//!
//! Every packet is judged at the moment of sending, by what the packet itself says and not by what
//! its maker says of it. What nobody asked for here (a packet that is no ARP request, an address
//! outside every declared network) is refused, not repaired.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::address_set::AddressSet;
use daicho_common::coverage::{PacketKind, Why};
use daicho_common::time::{Now, Tick};
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, Operation};
use daicho_common::wire::ethernet::{EtherType, Ethernet};

use crate::engine::Packet;
use crate::engine::gate::Gate;
use crate::engine::reach::Reach;
use crate::engine::scope::{Place, Scope, extent};
use crate::engine::six::question;
use crate::plan::window::Windows;
use crate::plan::{DenyList, Means, Medical, Plan};
use crate::probe::{group, mdns};

/// What no waiting changes.
mod judge;
/// IPv6 at the door.
mod six;
/// What was sent, to whom.
mod tally;

#[cfg(test)]
pub(super) use six::MOST as MOST_SIX;
use six::Six;
use tally::Tally;

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
}

#[cfg(test)]
mod tests;
