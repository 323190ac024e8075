//! Questions to everybody on the link, where [`crate::engine::reach::Reach::browses`].

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};

use daicho_common::observation::{Fact, Method};
use daicho_common::time::Now;

use super::{Area, Notes, Source};
use crate::engine::Packet;
use crate::engine::governor::{Governor, Request, Verdict};
use crate::engine::scope::Place;
use crate::engine::sweep::Sweep;
use crate::probe::mdns::GROUP;

/// Whether mDNS did not say this of this host before, be it in the browse or in the interview; from
/// now on it did.
pub(super) fn is_news(said: &mut (RandomState, HashSet<u64>), host: u32, fact: &Fact) -> bool {
    said.1.insert(said.0.hash_one((host, fact)))
}

impl Area {
    /// The turn of the browse.
    pub(super) fn browse(
        &mut self,
        governor: &mut Governor,
        notes: &mut Notes,
        now: Now,
    ) -> Option<Verdict> {
        // A question to the group reaches everybody on the link, so it is first found out who is.
        if self.classes {
            if !self.sweeps.iter().all(Sweep::is_done) {
                self.agenda.put(Source::Browse, now.tick.after(self.timeout));
                return None;
            }
            if governor.has_quiet(self.number) {
                self.browse = None;
                return None;
            }
        }
        let group = Place { network: self.number, host: self.size };
        let opens = governor.asking_opens(group, now);
        if opens > now.tick {
            self.agenda.put(Source::Browse, opens);
            return None;
        }
        let browse = self.browse.as_mut()?;
        let Some(ask) = browse.poll_transmit(now.tick) else {
            if browse.is_finished() {
                self.tell_of_browse(governor, notes, now);
            } else if let Some(until) = browse.poll_timeout() {
                self.agenda.put(Source::Browse, until);
            }
            return None;
        };
        // Many answer a question to a group, so none is awaited before the next: the pace of the
        // group, as of one target, is what spaces them.
        let request = Request {
            packet: Packet::Datagram {
                outlet: ask.outlet,
                interface: browse.interface().to_owned(),
                to: SocketAddr::from((GROUP, ask.port)),
                octets: ask.octets,
            },
            kind: ask.kind,
            answer_by: now.tick,
        };
        let verdict = governor.clear(request, now);
        self.agenda.put(Source::Browse, governor.target_opens(group).max(now.tick));
        Some(verdict)
    }

    /// A datagram that no interview knows. Returns whether it answers the browse.
    pub(super) fn hear_browse(&mut self, from: SocketAddr, octets: &[u8], now: Now) -> bool {
        let heard =
            self.browse.as_mut().is_some_and(|open| open.handle_datagram(from, octets, now.tick));
        if heard {
            self.agenda.hasten(Source::Browse, now.tick);
        }
        heard
    }

    /// The browse is over: what its hosts said, of those that lie in this network. Who answered is
    /// there, and gets an interview.
    fn tell_of_browse(&mut self, governor: &Governor, notes: &mut Notes, now: Now) {
        let Some(mut browse) = self.browse.take() else { return };
        while let Some((ip, fact)) = browse.poll_fact() {
            let IpAddr::V4(v4) = ip else { continue };
            let Some(host) = u32::from(v4).checked_sub(self.first).filter(|host| *host < self.size)
            else {
                continue;
            };
            if is_news(&mut self.said, host, &fact) {
                let said = (self.speaker(host), fact);
                self.observe(notes, now, Method::Mdns, said);
            }
            self.live(host, governor, now);
        }
    }
}
