//! Questions to everybody on the link, where [`crate::engine::reach::Reach::browses`].

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use daicho_common::observation::{Fact, Method};
use daicho_common::time::Now;

use super::{Area, Notes, Source};
use crate::engine::governor::{Governor, Request, Verdict};
use crate::engine::order::mix;
use crate::engine::reach::Reach;
use crate::engine::scope::Place;
use crate::engine::sweep::Sweep;
use crate::engine::{Outlet, Packet};
use crate::plan::Network;
use crate::probe::group::{Call, GroupQuestion};
use crate::probe::mdns::Browse;
use crate::probe::ssdp::{self, Search};
use crate::probe::wsd::{self, Wsd};

/// Whether mDNS did not say this of this host before, be it in the browse or in the interview; from
/// now on it did.
pub(super) fn is_news(said: &mut (RandomState, HashSet<u64>), host: u32, fact: &Fact) -> bool {
    said.1.insert(said.0.hash_one((host, fact)))
}

/// What everybody on the link is asked: nothing, where not everybody may be.
pub(super) fn questions(
    network: &Network,
    reach: &Reach,
    timeout: Duration,
    seed: u64,
) -> Vec<Box<dyn GroupQuestion>> {
    let mut all: Vec<Box<dyn GroupQuestion>> = Vec::new();
    if !reach.browses {
        return all;
    }
    let number = mix(seed);
    let [a, b, ..] = number.to_be_bytes();
    all.push(Box::new(Browse::new(timeout, u16::from_be_bytes([a, b]))));
    let (search, probe) = (Search::of_group(), Wsd::probe(mix(number), wsd::PORT));
    let wait = search.wait() + timeout;
    if network.questions.allows(Method::Wsd) {
        all.push(Box::new(Call::new(wsd::PORT, wait, probe)));
    }
    if network.questions.allows(Method::SsdpSearch) {
        all.push(Box::new(Call::new(ssdp::PORT, wait, search)));
    }
    all
}

/// Most endpoints of WS-Discovery whose place is asked of the group in one network.
const MOST_RESOLVED: usize = 256;

/// Longest address of an endpoint that is asked about, in octets.
const MOST_ADDRESS: usize = 256;

/// The address of an endpoint of WS-Discovery that did not say where it is.
pub(super) fn without_place(method: Method, fact: &Fact) -> Option<&str> {
    let Fact::Said(said) = fact else { return None };
    let lacks = method == Method::Wsd && said.get("xaddrs").is_none();
    said.get("address").filter(|address| lacks && address.len() <= MOST_ADDRESS)
}

/// Whether the interview of a host and a question to everybody may hear this alike.
pub(super) fn is_asked_of_groups(method: Method, fact: &Fact) -> bool {
    let answers = matches!(method, Method::Wsd | Method::SsdpSearch);
    method == Method::Mdns || answers && !matches!(fact, Fact::Asked { .. } | Fact::Answered(_))
}

impl Area {
    /// The turn of the questions to everybody.
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
                self.groups.clear();
                return None;
            }
        }
        let group = Place { network: self.number, host: self.size };
        let opens = governor.asking_opens(group, now);
        if opens > now.tick {
            self.agenda.put(Source::Browse, opens);
            return None;
        }
        let mut asks = self.groups.iter_mut();
        let ask = asks.find_map(|it| Some((it.group(), it.poll_transmit(now.tick)?)));
        self.tell_of_groups(governor, notes, now);
        let Some((address, ask)) = ask else {
            // Who awaits nothing has just been put, and has its first question to ask.
            let turns = self.groups.iter().map(|it| it.poll_timeout().unwrap_or(now.tick));
            if let Some(until) = turns.min() {
                self.agenda.put(Source::Browse, until);
            }
            return None;
        };
        // Many answer a question to a group, so none is awaited before the next: the pace of the
        // group, as of one target, is what spaces them.
        let request = Request {
            packet: Packet::Datagram {
                outlet: ask.outlet,
                interface: self.reach.interface.clone(),
                to: SocketAddr::from((address, ask.port)),
                octets: ask.octets,
            },
            kind: ask.kind,
            answer_by: now.tick,
        };
        let verdict = governor.clear(request, now);
        self.agenda.put(Source::Browse, governor.target_opens(group).max(now.tick));
        Some(verdict)
    }

    /// A datagram that no interview knows. Returns whether it answers a question to a group.
    pub(super) fn hear_group(
        &mut self,
        (outlet, from, octets): (Outlet, SocketAddr, &[u8]),
        now: Now,
    ) -> bool {
        let mut asked = self.groups.iter_mut().filter(|it| it.outlet() == outlet);
        let heard = asked.any(|it| it.handle_datagram(from, octets, now.tick));
        if heard {
            self.agenda.hasten(Source::Browse, now.tick);
        }
        heard
    }

    /// What the questions that are over brought, of hosts that lie in this network. Who answered is
    /// there, and gets an interview.
    fn tell_of_groups(&mut self, governor: &Governor, notes: &mut Notes, now: Now) {
        while let Some(at) = self.groups.iter().position(|it| it.is_finished()) {
            let mut over = self.groups.remove(at);
            while let Some((ip, fact)) = over.poll_fact() {
                let IpAddr::V4(v4) = ip else { continue };
                let Some(host) =
                    u32::from(v4).checked_sub(self.first).filter(|host| *host < self.size)
                else {
                    continue;
                };
                if is_news(&mut self.said, host, &fact) {
                    let said = (self.speaker(host), fact.clone());
                    self.observe(notes, now, over.method(), said);
                    self.live(host, governor, now);
                    self.resolve(host, over.method(), &fact);
                    self.lead_on(host, (over.method(), fact), governor, now);
                } else {
                    self.live(host, governor, now);
                }
            }
        }
    }

    /// Asks the group where the endpoint of this host is, if it did not say: it may hear nothing else.
    fn resolve(&mut self, host: u32, method: Method, fact: &Fact) {
        let Some(address) = without_place(method, fact) else { return };
        if self.resolved >= MOST_RESOLVED {
            return;
        }
        self.resolved += 1;
        let number = mix(self.seed ^ u64::from(host));
        let question = Wsd::resolve(number, address, wsd::PORT);
        let wait = Search::of_group().wait() + self.timeout;
        let call = Call::new(wsd::PORT, wait, question).about(self.ip(host).into());
        self.groups.push(Box::new(call));
    }
}
