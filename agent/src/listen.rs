//! What frames say of the devices that sent them, without asking: frame → observations.
//!
//! One protocol a file, each a pure function from the octets of one message to facts. Nothing is
//! put together from several frames; the only memory is of what was told already, and it is
//! bounded. Frames come from a capture file and from a live link by the same way. Nothing here
//! judges who is right: lies that are well formed are told as what they are, words of a speaker.

use std::collections::BTreeMap;
use std::net::IpAddr;

use daicho_common::observation::{Fact, Method, Observation, Speaker, Vantage};
use daicho_common::time::Timestamp;
use daicho_common::wire::Malformed;
use ipnet::IpNet;

use crate::capture::Frame;

mod arp;
mod browser;
mod cdp;
mod dhcp;
mod dhcp6;
/// Which protocol a frame is of.
pub mod dispatch;
mod edp;
/// Frames by their link type.
pub mod frame;
mod group;
mod hl7;
mod hsrp;
mod lldp;
mod llmnr;
mod mdns;
mod nbns;
mod ndp;
/// IPv4, IPv6, UDP and TCP.
pub mod packet;
mod quota;
mod sonmp;
mod ssdp;
mod stp;
mod tcp;
mod told;
mod vrrp;

use dispatch::{Found, Message};
use quota::Quota;
use told::Told;

/// Facts remembered as told: 16 octets each, and as many again in the old generation.
const REMEMBERED: usize = 65_536;
/// Most facts told in an hour of one host's conversations: a firewall that accepts every connection in
/// the place of others shows every port open.
const OF_A_HOST: u16 = 64;
/// Hosts whose conversations are counted at a time.
const COUNTED: usize = 16_384;

/// Where frames are heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the interface; empty for a capture file.
    pub interface: String,
    /// The networks that count, by name. Frames without an address belong to the first.
    pub networks: Vec<(String, IpNet)>,
    /// Networks whose hosts speak here with their own link-layer address, because the interface has
    /// an address in them; empty where that is not known.
    pub on_link: Vec<IpNet>,
    /// Whether only packets from these networks count. Frames that no router can have passed on
    /// always do.
    pub only_these: bool,
}

/// Where reading a frame ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// In the header of the link type.
    Link,
    /// In IPv4 or IPv6.
    Internet,
    /// In UDP or TCP.
    Datagram,
    /// In the protocol itself.
    Protocol(Method),
}

/// What became of the frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames handed in.
    pub frames: u64,
    /// Frames of a protocol that is listened to, by protocol.
    pub heard: BTreeMap<Method, u64>,
    /// Observations told.
    pub told: u64,
    /// Speakers that were not heard before, or not for hours.
    pub speakers: u64,
    /// Facts that had been told before.
    pub repeated: u64,
    /// Facts forgotten for want of memory; they may be told again.
    pub forgotten: u64,
    /// Facts left out because their host had shown so many in the hour.
    pub left_out: u64,
    /// Frames from addresses outside the networks that count.
    pub outside: u64,
    /// Frames of protocols, versions or kinds that are not read.
    pub not_read: u64,
    /// Frames that end too early because the capture kept only their beginning.
    pub cut: u64,
    /// Frames that contradict their protocol.
    pub malformed: BTreeMap<Layer, u64>,
}

/// A listening session.
#[derive(Debug)]
pub struct Listener {
    agent: String,
    told: Told,
    met: Told,
    quota: Quota,
    counts: Counts,
}

impl Listener {
    /// A session of the agent with this name.
    pub fn new(agent: &str) -> Self {
        let (told, met) = (Told::new(REMEMBERED), Told::new(REMEMBERED));
        let (agent, quota) = (agent.to_owned(), Quota::new(OF_A_HOST, COUNTED));
        Self { agent, told, met, quota, counts: Counts::default() }
    }

    /// What became of the frames so far.
    pub fn counts(&self) -> Counts {
        Counts { forgotten: self.told.crowded_out(), ..self.counts.clone() }
    }

    /// How many speakers were heard so far that had not been heard before.
    pub fn speakers(&self) -> u64 {
        self.counts.speakers
    }

    /// Reads a frame. Returns what it says that was not told before.
    pub fn hear(&mut self, place: &Place, frame: &Frame) -> Vec<Observation> {
        self.counts.frames += 1;
        let found = match dispatch::find(frame.link, &frame.octets) {
            Ok(Some(found)) => found,
            Ok(None) => {
                self.counts.not_read += 1;
                return Vec::new();
            }
            Err((layer, malformed)) => {
                self.fault(layer, malformed, frame);
                return Vec::new();
            }
        };
        let mut observations = self.tags(place, frame, &found);
        let Some(message) = &found.message else {
            self.counts.not_read += 1;
            return observations;
        };
        *self.counts.heard.entry(message.method).or_default() += 1;
        let facts = match message.facts() {
            Ok(facts) => facts,
            Err(malformed) => {
                self.fault(Layer::Protocol(message.method), malformed, frame);
                return observations;
            }
        };
        let Some(network) = network(place, message) else {
            self.counts.outside += 1;
            return observations;
        };
        let speaker = speaker(place, message, &facts);
        for fact in facts {
            let host = (network, message.method, speaker);
            if message.is_of_a_conversation() && self.quota.is_used_up(frame.at, host) {
                self.counts.left_out += 1;
                continue;
            }
            let told = self.tell(
                frame.at,
                vantage(&self.agent, place, network),
                (message.method, speaker, fact),
            );
            if message.is_of_a_conversation() && told.is_some() {
                self.quota.count(host);
            }
            observations.extend(told);
        }
        observations
    }

    /// The VLAN tags of a frame, whatever it carries.
    fn tags(&mut self, place: &Place, frame: &Frame, found: &Found<'_>) -> Vec<Observation> {
        let Some(mac) = found.source else { return Vec::new() };
        let speaker = Speaker { ip: None, mac: Some(mac) };
        let vlans = found.vlans.iter().filter(|vlan| (1..=4094).contains(*vlan));
        vlans
            .filter_map(|vlan| {
                let said = (Method::FrameHeader, speaker, Fact::VlanTag { vlan: *vlan });
                self.tell(frame.at, vantage(&self.agent, place, home(place)), said)
            })
            .collect()
    }

    fn tell(
        &mut self,
        at: Timestamp,
        vantage: Vantage,
        (method, speaker, fact): (Method, Speaker, Fact),
    ) -> Option<Observation> {
        if !self.told.is_new(at, (&vantage.network, method, &speaker, &fact)) {
            self.counts.repeated += 1;
            return None;
        }
        self.counts.told += 1;
        self.counts.speakers += u64::from(self.met.is_new(at, (&vantage.network, &speaker)));
        Some(Observation { at, vantage: vantage.into(), method, speaker, fact })
    }

    fn fault(&mut self, layer: Layer, malformed: Malformed, frame: &Frame) {
        let was_cut = (frame.octets.len() as u64) < u64::from(frame.wire_length);
        match malformed {
            Malformed::Unsupported { .. } => self.counts.not_read += 1,
            Malformed::Truncated { .. } if was_cut => self.counts.cut += 1,
            Malformed::Truncated { .. } | Malformed::Inconsistent { .. } | Malformed::Checksum => {
                *self.counts.malformed.entry(layer).or_default() += 1;
            }
        }
    }
}

fn vantage(agent: &str, place: &Place, network: &str) -> Vantage {
    Vantage {
        agent: agent.to_owned(),
        interface: place.interface.clone(),
        network: network.to_owned(),
    }
}

/// The network of what has no address.
fn home(place: &Place) -> &str {
    place.networks.first().map_or("", |(name, _)| name.as_str())
}

/// The network that a message belongs to; `None` if it is none of those that count.
fn network<'a>(place: &'a Place, message: &Message<'_>) -> Option<&'a str> {
    let Some(ip) = message.speaker() else { return Some(home(place)) };
    let declared = place.networks.iter().find(|(_, net)| net.contains(&ip));
    match declared {
        Some((name, _)) => Some(name.as_str()),
        // Who is talked with may be anywhere: a website that somebody visits is no device of the house.
        None if message.is_of_a_conversation() => {
            let counts = !place.only_these && is_private(ip);
            counts.then(|| home(place))
        }
        // An address that does not belong on this link, but speaks on it, is worth knowing.
        None if message.on_link || !place.only_these => Some(home(place)),
        None => None,
    }
}

/// Whether no host of the Internet can have this address (RFC 1918 §3, RFC 3927 §2.1, RFC 4193 §3.1,
/// RFC 4291 §2.5.6).
const fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Who said it. The frame's address counts only where no router can stand between.
fn speaker(place: &Place, message: &Message<'_>, facts: &[Fact]) -> Speaker {
    let near = message.on_link
        || message.speaker().is_some_and(|ip| place.on_link.iter().any(|net| net.contains(&ip)));
    // What ARP or NDP says is about the address it names; that need not be who sent the frame.
    match facts.iter().find_map(Fact::binding) {
        Some((ip, _)) => Speaker { ip: Some(ip), mac: message.mac },
        None => Speaker { ip: message.speaker(), mac: message.mac.filter(|_| near) },
    }
}

#[cfg(test)]
mod tests;
