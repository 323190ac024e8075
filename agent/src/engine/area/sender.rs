//! The agent's own address in a VLAN, where it was given one: before it is used, everybody there is
//! asked whether it is somebody's, and whenever somebody turns out to have it, the agent gives way
//! and asks nothing more there (RFC 5227 §2.1.1, §2.4). It is never announced, for nobody needs to
//! reach the agent by it.

use std::net::Ipv4Addr;
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::coverage::{PacketKind, Why};
use daicho_common::time::{Now, Tick};
use daicho_common::wire::arp::{Arp, Operation};

use super::{Area, Desk, Source};
use crate::engine::Packet;
use crate::engine::governor::{Governor, Request, Verdict};
use crate::engine::question::Technique;

/// How often everybody is asked (`PROBE_NUM` of RFC 5227 §1.1).
const PROBES: u8 = 3;
/// Time between two probes (within `PROBE_MIN` and `PROBE_MAX` of RFC 5227 §1.1).
const BETWEEN: Duration = Duration::from_millis(1_500);
/// How long nobody must have answered after the last (`ANNOUNCE_WAIT` of RFC 5227 §1.1).
const QUIET: Duration = Duration::from_secs(2);
/// Most probes that the system may not send before the network is given up.
const FAILURES: u8 = 3;

/// Whether questions may come from the address that they are meant to come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// They may.
    Fit,
    /// It is not known yet.
    Checking {
        /// The address, by its number.
        host: u32,
        /// Probes still to be sent.
        left: u8,
        /// Probes that the system did not send.
        failed: u8,
    },
    /// They may not, and none is put.
    Unfit(Why),
}

impl Sender {
    /// Nobody was asked yet.
    pub(super) const fn checking(host: u32) -> Self {
        Self::Checking { host, left: PROBES, failed: 0 }
    }

    /// What was asked so far may have been lost: everybody is asked anew.
    pub(super) const fn ask_again(&mut self) {
        if let Self::Checking { left, .. } = self {
            *left = PROBES;
        }
    }

    /// Why no question may be put, if none may.
    pub(super) const fn unfit(self) -> Option<Why> {
        match self {
            Self::Unfit(why) => Some(why),
            Self::Fit | Self::Checking { .. } => None,
        }
    }
}

impl Area {
    /// The address, by its number, that must be nobody's before it is asked from.
    pub(super) fn sender_to_check(&self) -> Option<u32> {
        let address = self.network.vlan.as_ref()?.address?;
        let number = u32::from(address).checked_sub(self.first).filter(|host| *host < self.size);
        number.filter(|_| !self.sweeps.is_empty())
    }

    /// A probe: the question of the sweep, from nobody's address.
    fn probe(&self, host: u32) -> Option<Packet> {
        let mut technique = self.sweeps.first()?.technique.clone();
        if let Technique::Arp { ip, .. } = &mut technique {
            *ip = Ipv4Addr::UNSPECIFIED;
        }
        Some(technique.packet((0, 0), self.ip(host), self.seed))
    }

    /// The turn of the check.
    pub(super) fn check_sender(&mut self, governor: &mut Governor, now: Now) -> Option<Verdict> {
        let Sender::Checking { host, left, failed } = self.sender else { return None };
        if left == 0 {
            self.sender = Sender::Fit;
            self.begin_sweeps(now.tick);
            return None;
        }
        let packet = self.probe(host)?;
        let next = now.tick.after(if left == 1 { QUIET } else { BETWEEN });
        let kind = PacketKind::ArpRequest;
        let verdict = governor.clear(Request { packet, kind, answer_by: now.tick }, now);
        match &verdict {
            Verdict::Go(_) => {
                self.sender = Sender::Checking { host, left: left - 1, failed };
                self.agenda.put(Source::Sender, next);
            }
            Verdict::WaitUntil(until) => self.agenda.put(Source::Sender, *until),
            Verdict::Refuse(Why::Budget) => {}
            Verdict::Refuse(why) => self.give_way(*why),
        }
        Some(verdict)
    }

    /// Nothing more is asked here.
    fn give_way(&mut self, why: Why) {
        self.sender = Sender::Unfit(why);
        self.agenda.drop(Source::Sender);
        (0..self.sweeps.len()).for_each(|n| self.agenda.drop(Source::Sweep(n)));
    }

    /// The link-layer address that questions come from.
    fn own_mac(&self) -> Option<Mac> {
        self.sweeps.iter().find_map(|sweep| match &sweep.technique {
            Technique::Arp { mac, .. } => Some(*mac),
            Technique::Nudge | Technique::Echo | Technique::Timestamp | Technique::Tcp(..) => None,
        })
    }

    /// Somebody said that `mac` has this address: if it is the agent's own, the agent gives way.
    pub(super) fn sender_claimed(&mut self, host: u32, mac: Mac) {
        let own = self.sender_to_check() == Some(host);
        if own && self.own_mac() != Some(mac) {
            self.give_way(Why::SenderTaken);
        }
    }

    /// Somebody else asks whether this address is somebody's, and means to take it (RFC 5227 §2.1.1:
    /// who asks at the same time gives way). Returns whether it is the one that is being checked.
    pub(in crate::engine) fn hear_probe(&mut self, host: u32, arp: &Arp) -> bool {
        let checking = matches!(self.sender, Sender::Checking { host: it, .. } if it == host);
        let taken = checking
            && arp.operation == Operation::REQUEST
            && self.own_mac() != Some(arp.sender_mac);
        if taken {
            self.give_way(Why::SenderTaken);
        }
        taken
    }

    /// The system did not send a probe for this address. Returns whether one was on its way.
    pub(super) fn probe_not_sent(
        &mut self,
        host: u32,
        (packet, why): (&Packet, Why),
        desk: &mut Desk<'_>,
    ) -> bool {
        let Sender::Checking { host: own, left, failed } = self.sender else { return false };
        if own != host || self.probe(host).as_ref() != Some(packet) || left == PROBES {
            return false;
        }
        desk.governor.not_sent(packet, PacketKind::ArpRequest);
        if failed + 1 >= FAILURES {
            self.give_way(why);
        } else {
            self.sender = Sender::Checking { host, left: left + 1, failed: failed + 1 };
            self.agenda.put(Source::Sender, after(desk.now));
        }
        true
    }
}

/// When a probe that could not be sent is tried again.
fn after(now: Now) -> Tick {
    now.tick.after(BETWEEN)
}
