//! What IPv6 frames say: neighbour discovery, replies to the echo request, listener reports, and that
//! their senders announce something.

use std::net::Ipv6Addr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Method, Reply};
use daicho_common::wire::icmp6::{self, Echo};
use daicho_common::wire::igmp::{self, Membership};
use daicho_common::wire::ipv6::Ipv6;
use daicho_common::wire::ndp::{Body, Ndp};
use daicho_common::wire::{Malformed, Wire};

use super::announced::is_announced;
use super::{Job, Six, ground, question};
use crate::engine::area::Desk;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Heard {
    /// It told something.
    Told,
    /// It is well-formed and of no use.
    Unasked,
    /// It cannot be what it looks like.
    Malformed,
}

impl Six {
    /// An IPv6 packet came in a frame from `source`.
    pub(in crate::engine) fn hear(
        &mut self,
        interface: &str,
        (source, payload): (Mac, &[u8]),
        desk: &mut Desk<'_>,
    ) -> Heard {
        let Some(street) = self.ground.on(interface) else { return Heard::Unasked };
        let Ok((packet, _)) = Ipv6::decode(payload) else { return Heard::Malformed };
        let told = match is_announced(&packet) {
            Ok(true) => Ok(self.notice(street, (packet.source, source), desk).is_some()),
            Ok(false) => self.hear_message(street, (source, &packet), desk),
            Err(malformed) => Err(malformed),
        };
        match told {
            Ok(true) => {
                self.derive(interface, source, desk);
                Heard::Told
            }
            Ok(false) => Heard::Unasked,
            Err(_) => Heard::Malformed,
        }
    }

    /// An ICMPv6 message came. Returns whether it told something.
    fn hear_message(
        &mut self,
        street: usize,
        (source, packet): (Mac, &Ipv6),
        desk: &mut Desk<'_>,
    ) -> Result<bool, Malformed> {
        let message = icmp6::message(packet)?;
        Ok(match message.first() {
            Some(129) => self.hear_echo(street, (source, packet), &Echo::decode(message)?, desk),
            Some(131 | 132 | 143) => match igmp::decode_v6(message)? {
                Membership::Report { .. } | Membership::Leave { .. } => {
                    self.notice(street, (packet.source, source), desk).is_some()
                }
                Membership::Query { .. } => false,
            },
            Some(133..=137) => {
                let (ndp, _) = Ndp::decode(message)?;
                if packet.hop_limit != question::NEIGHBOUR {
                    return Err(Malformed::Inconsistent { field: "Hop Limit" });
                }
                self.hear_ndp(street, (source, packet.source), &ndp, desk)
            }
            _ => false,
        })
    }

    fn hear_echo(
        &mut self,
        street: usize,
        (source, packet): (Mac, &Ipv6),
        echo: &Echo,
        desk: &mut Desk<'_>,
    ) -> bool {
        let Some(of) = self.ground.streets.get(street) else { return false };
        let ours = packet.destination == of.source && question::answers_echo(of, self.seed, echo);
        let called = self.ground.part_of(street, ground::ALL_NODES).map(|(n, _)| n);
        let called = called.and_then(|n| self.parts.get(n)).is_some_and(|it| it.called.is_some());
        if !ours || !called {
            return false;
        }
        let who = (packet.source, source);
        let Some(n) = self.notice(street, who, desk) else { return false };
        let Some(part) = self.parts.get_mut(n) else { return false };
        part.pass(desk.now.wall);
        if part.echoed.insert(packet.source) {
            self.observe((n, Method::IcmpEcho), who, Fact::Answered(Reply::Echo), desk);
        }
        true
    }

    /// Who sends its own link-layer address with a message has the address that it sends from; an
    /// advertisement is about its target.
    fn hear_ndp(
        &mut self,
        street: usize,
        (source, from): (Mac, Ipv6Addr),
        ndp: &Ndp,
        desk: &mut Desk<'_>,
    ) -> bool {
        let said = match ndp.body {
            Body::NeighbourAdvertisement { target, .. } => {
                Some((target, ndp.target_mac().unwrap_or(source)))
            }
            Body::NeighbourSolicitation { .. }
            | Body::RouterSolicitation { .. }
            | Body::RouterAdvertisement { .. } => ndp.source_mac().map(|mac| (from, mac)),
            Body::Redirect { .. } => None,
        };
        let Some((ip, mac)) = said.filter(|(_, mac)| !mac.is_group() && *mac != Mac::ZERO) else {
            return false;
        };
        let Some(n) = self.notice(street, (ip, source), desk) else { return false };
        self.notice(street, (ip, mac), desk);
        let Some(part) = self.parts.get_mut(n) else { return false };
        if part.claim(ip, (source, mac), desk.notes) {
            let fact = Fact::Neighbour { ip: ip.into(), mac };
            self.observe((n, Method::Ndp), (from, source), fact, desk);
        }
        let Some(part) = self.parts.get_mut(n) else { return false };
        part.pass(desk.now.wall);
        let known = part.known.get_mut(&ip).filter(|it| it.refused.is_none());
        let met = known.is_some();
        if let Some(neighbour) = known {
            neighbour.answered = true;
            part.agenda.drop(Job::Solicit(ip));
        }
        if met {
            self.meet(street, (ip, mac), desk.now.tick);
            self.spoke(street, ip, desk.now.tick);
        }
        if let Some(place) = desk.governor.enrol(street, ip) {
            desk.governor.settle(place);
        }
        true
    }
}
