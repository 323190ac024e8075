//! What came in, by method. Each returns whether it answered something that was asked, or is worth
//! keeping all the same; what does not changes nothing.

use std::net::{IpAddr, SocketAddr, SocketAddrV4};

use daicho_common::addr::Mac;
use daicho_common::coverage::Why;
use daicho_common::observation::{Fact, Method, Reply, Speaker};
use daicho_common::time::Now;
use daicho_common::wire::arp::Arp;

use super::canary::Canary;
use super::{Area, CLAIMS, Notes, Source};
use crate::engine::governor::{Governor, subject};
use crate::engine::interview::End;
use crate::engine::question::{
    Knock, MDNS, Technique, answers_echo, answers_nudge, answers_timestamp,
};
use crate::engine::{Outlet, Packet};
use crate::plan::Policy;
use crate::probe::Stream;

/// What an area needs to take something in.
pub(in crate::engine) struct Desk<'a> {
    pub(in crate::engine) governor: &'a mut Governor,
    pub(in crate::engine) notes: &'a mut Notes,
    pub(in crate::engine) now: Now,
}

/// A technique without what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Sign {
    Arp,
    Nudge,
    Echo,
    Timestamp,
    Tcp,
}

impl Sign {
    const fn of(technique: &Technique) -> Self {
        match technique {
            Technique::Arp { .. } => Self::Arp,
            Technique::Nudge => Self::Nudge,
            Technique::Echo => Self::Echo,
            Technique::Timestamp => Self::Timestamp,
            Technique::Tcp(..) => Self::Tcp,
        }
    }
}

impl Area {
    fn position(&self, sign: Sign) -> Option<usize> {
        self.sweeps.iter().position(|sweep| Sign::of(&sweep.technique) == sign)
    }

    /// Whether a sweep by this technique asked this address.
    fn has_asked(&self, sign: Sign, host: u32) -> bool {
        self.position(sign)
            .and_then(|n| self.sweeps.get(n))
            .is_some_and(|sweep| sweep.has_begun(host))
    }

    /// Something came back to a sweep. Returns whether it was the first from this slot.
    fn heard(&mut self, sign: Sign, at: (u16, u32), alive: bool, now: Now) -> bool {
        let Some(n) = self.position(sign) else { return false };
        let Some(sweep) = self.sweeps.get_mut(n) else { return false };
        let first = sweep.hear(at.0, at.1, alive, now);
        if sweep.is_ending() {
            self.agenda.hasten(Source::Sweep(n), now.tick);
        }
        first
    }

    fn answered(&mut self, method: Method, host: u32) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.method == method) {
            row.answered.set(host);
        }
    }

    /// Somebody has this address: there is someone to question, if it may be.
    pub(super) fn live(&mut self, host: u32, governor: &Governor, now: Now) {
        if !self.hosts.get(host) {
            return;
        }
        let first = self.live.set(host);
        if first {
            self.want_name(host, now);
        }
        let new = first || self.nameless.put(host, false);
        if !new || self.network.policy == Policy::Sighting {
            return;
        }
        if self.classes && !self.claims.contains_key(&host) {
            self.nameless.set(host);
        } else if governor.denies(self.ip(host).into()) {
            self.leave_alone(host, Why::Denied, now);
        } else if governor.only_sights(self.place(host)) {
            self.leave_alone(host, Why::Policy, now);
        } else if self.canary == Canary::Fell {
            self.leave_alone(host, Why::BackedOff, now);
        } else {
            self.waiting.push_back(host);
            self.admit(now.tick);
        }
    }

    /// A live host gets no interview.
    pub(super) fn leave_alone(&mut self, host: u32, why: Why, now: Now) {
        self.questioned += 1;
        self.through.set(host);
        self.backed_off += u32::from(why == Why::BackedOff);
        let size = self.size;
        // Its name is asked of somebody else.
        for row in self.rows.iter_mut().filter(|row| row.method != Method::Dns) {
            row.end(host, End::NotAsked(why), now, size);
        }
    }

    /// An ARP packet said that `arp.sender_mac` has this address, in a frame from `source`.
    pub(in crate::engine) fn hear_arp(
        &mut self,
        host: u32,
        (source, arp): (Mac, &Arp),
        desk: &mut Desk<'_>,
    ) -> bool {
        if self.position(Sign::Arp).is_none() {
            return false;
        }
        let place = self.place(host);
        desk.governor.learn(place, source);
        desk.governor.learn(place, arp.sender_mac);
        self.canary_spoke(host, desk.governor, desk.now);
        self.sender_claimed(host, arp.sender_mac);
        if !self.claim(host, (source, arp.sender_mac), desk.notes) {
            return true;
        }
        self.tell_vlan(source, desk);
        let speaker = Speaker { ip: Some(arp.sender_ip.into()), mac: Some(source) };
        let fact = Fact::Arp { ip: arp.sender_ip, mac: arp.sender_mac };
        self.observe(desk.notes, desk.now, Method::Arp, (speaker, fact));
        let asked = self.has_asked(Sign::Arp, host);
        if self.hosts.get(host) && (asked || !desk.governor.denies(arp.sender_ip.into())) {
            self.heard(Sign::Arp, (0, host), true, desk.now);
            self.answered(Method::Arp, host);
            desk.governor.settle(place);
        }
        self.live(host, desk.governor, desk.now);
        true
    }

    /// A frame from `source` came with the tag of this network's VLAN.
    fn tell_vlan(&self, source: Mac, desk: &mut Desk<'_>) {
        if let Some(vlan) = self.vlan() {
            let speaker = Speaker { ip: None, mac: Some(source) };
            let said = (speaker, Fact::VlanTag { vlan });
            self.observe(desk.notes, desk.now, Method::FrameHeader, said);
        }
    }

    /// Notes who claims an address. Returns whether that is new and to be told.
    fn claim(&mut self, host: u32, who: (Mac, Mac), notes: &mut Notes) -> bool {
        let claims = self.claims.entry(host).or_default();
        if claims.contains(&who) {
            return false;
        }
        if claims.len() >= CLAIMS {
            notes.strays.overflow += 1;
            return false;
        }
        claims.push(who);
        true
    }

    /// The system's table says that `mac` has this address.
    pub(in crate::engine) fn hear_neighbour(&mut self, host: u32, mac: Mac, desk: &mut Desk<'_>) {
        desk.governor.learn(self.place(host), mac);
        let asked = self.has_asked(Sign::Nudge, host);
        let tells = self.rows.iter().any(|row| row.method == Method::NeighbourTable);
        if !tells || !(asked || self.reach.overhears) || !self.claim(host, (mac, mac), desk.notes) {
            return;
        }
        let ip = IpAddr::V4(self.ip(host));
        let fact = Fact::Neighbour { ip, mac };
        self.observe(
            desk.notes,
            desk.now,
            Method::NeighbourTable,
            (Speaker { ip: Some(ip), mac: None }, fact),
        );
        if asked {
            self.heard(Sign::Nudge, (0, host), true, desk.now);
            self.answered(Method::NeighbourTable, host);
        }
        self.live(host, desk.governor, desk.now);
    }

    /// An echo reply.
    pub(in crate::engine) fn hear_echo(
        &mut self,
        host: u32,
        (sequence, payload): (u16, &[u8]),
        desk: &mut Desk<'_>,
    ) -> bool {
        let ip = IpAddr::V4(self.ip(host));
        if !self.has_asked(Sign::Echo, host) || !answers_echo(ip, sequence, payload, self.seed) {
            return false;
        }
        desk.governor.settle(self.place(host));
        self.canary_spoke(host, desk.governor, desk.now);
        if self.heard(Sign::Echo, (0, host), true, desk.now) {
            self.alive(host, (Method::IcmpEcho, Reply::Echo), desk.notes, desk.now);
        }
        self.live(host, desk.governor, desk.now);
        true
    }

    /// A timestamp reply.
    pub(in crate::engine) fn hear_timestamp(
        &mut self,
        host: u32,
        (sequence, originate): (u16, u32),
        desk: &mut Desk<'_>,
    ) -> bool {
        let ip = IpAddr::V4(self.ip(host));
        let asked = self.has_asked(Sign::Timestamp, host);
        if !asked || !answers_timestamp(ip, sequence, originate, self.seed) {
            return false;
        }
        desk.governor.settle(self.place(host));
        self.canary_spoke(host, desk.governor, desk.now);
        if self.heard(Sign::Timestamp, (0, host), true, desk.now) {
            self.alive(host, (Method::IcmpTimestamp, Reply::Timestamp), desk.notes, desk.now);
        }
        self.live(host, desk.governor, desk.now);
        true
    }

    /// Tells of a sign of life.
    fn alive(&mut self, host: u32, (method, reply): (Method, Reply), notes: &mut Notes, now: Now) {
        let speaker = self.speaker(host);
        self.observe(notes, now, method, (speaker, Fact::Answered(reply)));
        self.answered(method, host);
    }

    /// A SYN-ACK (`open`) or a reset came from this port.
    pub(in crate::engine) fn hear_segment(
        &mut self,
        host: u32,
        (from, open, acknowledges): (SocketAddrV4, bool, u32),
        desk: &mut Desk<'_>,
    ) -> bool {
        if !self.reach.knock.is_answered(from, acknowledges) {
            return false;
        }
        // One that comes twice, or too late to tell anything, is answered by the system too.
        if open {
            desk.governor.reset(self.place(host), desk.now);
        }
        self.hear_port(host, (from.port(), open), desk)
    }

    /// A connection to this port was accepted (`open`) or refused.
    pub(in crate::engine) fn hear_connect(
        &mut self,
        host: u32,
        said: (u16, bool),
        desk: &mut Desk<'_>,
    ) -> bool {
        self.reach.knock == Knock::Connect && self.hear_port(host, said, desk)
    }

    /// This port is open, or not.
    fn hear_port(&mut self, host: u32, (port, open): (u16, bool), desk: &mut Desk<'_>) -> bool {
        let reply = if open { Reply::TcpOpen(port) } else { Reply::TcpRefused(port) };
        if self.open.get_mut(&host).is_some_and(|interview| interview.hear_connect(reply, port)) {
            self.resume(host, desk);
            return true;
        }
        let Some(n) = self.position(Sign::Tcp) else { return false };
        let Some(slot) = self.sweeps.get(n).and_then(|sweep| sweep.technique.slot_of(port)) else {
            return false;
        };
        if !self.has_asked(Sign::Tcp, host) {
            return false;
        }
        desk.governor.settle(self.place(host));
        let life = open || self.reach.refusal_is_life;
        self.canary_spoke(host, desk.governor, desk.now);
        if self.heard(Sign::Tcp, (slot, host), life, desk.now) && life {
            self.alive(host, (self.reach.knock.method(), reply), desk.notes, desk.now);
        }
        if life {
            self.live(host, desk.governor, desk.now);
        }
        true
    }

    /// A datagram came from this address.
    pub(in crate::engine) fn hear_datagram(
        &mut self,
        host: u32,
        (outlet, from, octets): (Outlet, SocketAddr, &[u8]),
        desk: &mut Desk<'_>,
    ) -> bool {
        if outlet == Outlet::Connected {
            let asked = self.has_asked(Sign::Nudge, host) && from.port() == MDNS;
            if !asked || !answers_nudge(from.ip(), octets, self.seed) {
                return false;
            }
            desk.governor.settle(self.place(host));
            self.canary_spoke(host, desk.governor, desk.now);
            self.heard(Sign::Nudge, (0, host), true, desk.now);
            self.answered(Method::Udp, host);
            self.live(host, desk.governor, desk.now);
            return true;
        }
        let interview = self.open.get_mut(&host);
        if interview.is_some_and(|open| open.hear(outlet, from, octets, desk.now.tick)) {
            self.resume(host, desk);
            return true;
        }
        self.hear_group((outlet, from, octets), desk.now)
    }

    /// Something happened to a connection to this address.
    pub(in crate::engine) fn hear_stream(
        &mut self,
        host: u32,
        (port, event): (u16, Stream<'_>),
        desk: &mut Desk<'_>,
    ) -> bool {
        let Some(interview) = self.open.get_mut(&host) else { return false };
        let heard = interview.hear_stream(port, event, desk.now.tick);
        if heard {
            self.resume(host, desk);
        }
        heard
    }

    /// A datagram to this address came back.
    pub(in crate::engine) fn hear_unreachable(
        &mut self,
        host: u32,
        (outlet, port): (Outlet, u16),
        desk: &mut Desk<'_>,
    ) -> bool {
        if outlet == Outlet::Connected {
            if !self.has_asked(Sign::Nudge, host) || port != MDNS {
                return false;
            }
            desk.governor.settle(self.place(host));
            let life = self.reach.refusal_is_life;
            self.canary_spoke(host, desk.governor, desk.now);
            self.heard(Sign::Nudge, (0, host), life, desk.now);
            let new =
                self.rows.iter().any(|row| row.method == Method::Udp && !row.answered.get(host));
            if life && new {
                self.alive(host, (Method::Udp, Reply::UdpUnreachable(port)), desk.notes, desk.now);
                self.live(host, desk.governor, desk.now);
            }
            return true;
        }
        let Some(interview) = self.open.get_mut(&host) else { return false };
        let heard = interview.hear_unreachable(outlet, desk.now.tick);
        if heard {
            self.resume(host, desk);
        }
        heard
    }

    /// The host of an interview answered: it may go on.
    fn resume(&mut self, host: u32, desk: &mut Desk<'_>) {
        desk.governor.settle(self.place(host));
        self.agenda.put(Source::Host(host), desk.now.tick);
        self.collect(host, desk.notes, desk.now);
    }

    /// The system did not send a packet to this address.
    pub(in crate::engine) fn not_sent(
        &mut self,
        host: u32,
        (packet, why): (&Packet, Why),
        desk: &mut Desk<'_>,
    ) -> bool {
        if self.probe_not_sent(host, (packet, why), desk) {
            return true;
        }
        let port = subject(packet).and_then(|(_, port)| port).unwrap_or_default();
        let (sign, slot) = match packet {
            Packet::Frame { .. } => (Sign::Arp, Some(0)),
            Packet::Echo { .. } => (Sign::Echo, Some(0)),
            Packet::Timestamp { .. } => (Sign::Timestamp, Some(0)),
            Packet::Datagram { outlet: Outlet::Connected, .. } => (Sign::Nudge, Some(0)),
            Packet::Connect { .. } | Packet::Syn { .. } => {
                let sweep = self.position(Sign::Tcp).and_then(|n| self.sweeps.get(n));
                (Sign::Tcp, sweep.and_then(|sweep| sweep.technique.slot_of(port)))
            }
            Packet::Datagram {
                outlet: Outlet::Snmp | Outlet::Mdns | Outlet::Udp | Outlet::Stream,
                ..
            }
            | Packet::Open { .. }
            | Packet::Say { .. } => (Sign::Tcp, None),
        };
        let sweep = self.position(sign).and_then(|n| self.sweeps.get_mut(n));
        if let (Some(slot), Some(sweep)) = (slot, sweep) {
            if sweep.not_sent(slot, host, why) {
                desk.governor.not_sent(packet, sweep.technique.kind());
                return true;
            }
            let kind = sweep.technique.kind();
            let watched = self.watch_not_sent(host);
            if watched {
                desk.governor.not_sent(packet, kind);
            }
            return watched;
        }
        let Some(kind) = self.open.get_mut(&host).and_then(|open| open.not_sent(why)) else {
            return false;
        };
        desk.governor.not_sent(packet, kind);
        self.resume(host, desk);
        true
    }
}
