//! What was sent, to whom, of which kind: the count that everything that leaves goes through.

use std::net::{IpAddr, Ipv4Addr};

use daicho_common::coverage::{PacketKind, Sent};
use daicho_common::time::{Now, Timestamp};

use super::{Governor, Ground, Request, Target, is_group, subject};
use crate::engine::Packet;
use crate::engine::scope::{Place, address};
use crate::probe::{group, mdns, wsd};

/// Octets of a SYN: the headers of IPv4 and TCP, and one option.
const SYN_OCTETS: usize = 44;
/// Octets of a reset, which has no option.
const RESET_OCTETS: u32 = 40;

/// What was sent to one target, of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
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

/// The group that is asked by packets of this kind.
fn group_of(kind: PacketKind) -> Ipv4Addr {
    if kind == PacketKind::Mdns { mdns::GROUP } else { group::GROUP }
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
    pub(super) fn count(&mut self, place: Place, request: &Request, now: Now) {
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
    pub(in crate::engine) fn reset(&mut self, place: Place, now: Now) {
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
    pub(in crate::engine) fn not_sent(&mut self, packet: &Packet, kind: PacketKind) {
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
    pub(in crate::engine) fn take_back_browse(&mut self, packet: &Packet) -> bool {
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
    pub(in crate::engine) fn account(&self) -> Vec<Sent> {
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
    pub(in crate::engine) fn take_account(&mut self, most: usize) -> Vec<Sent> {
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
