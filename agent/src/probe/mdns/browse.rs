//! Questions to everybody on a link, and the answers of many hosts.
//!
//! Few packets in all: twice the question for service types, then once each type that anybody named,
//! [`MAX_TYPES`] at most. What a host did not send along is left for the interview of that host.
//! The caller ignores facts about addresses outside the network that it scans.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use daicho_common::observation::{Fact, Method};
use daicho_common::time::Tick;
use daicho_common::wire::dns::{Kind, Message, Name};

use super::heard::Heard;
use super::{GROUP, PORT, ask, question};
use crate::engine::Outlet;
use crate::probe::Ask;
use crate::probe::group::GroupQuestion;

/// Most service types that are asked for on one link.
pub const MAX_TYPES: usize = 32;

/// Most hosts that are listened to on one link.
pub const MAX_HOSTS: usize = 4096;

/// How often the question for service types is sent: what goes to a group may get lost, above all
/// over the air.
const ROUNDS: u8 = 2;

/// A browse of one link: what to send to [`GROUP`], and what its hosts answered.
#[derive(Debug)]
pub struct Browse {
    timeout: Duration,
    next_id: u16,
    rounds: u8,
    waiting: VecDeque<Name>,
    types: BTreeMap<Name, Name>,
    /// Questions sent, by identifier.
    asked: BTreeMap<u16, Message>,
    until: Option<Tick>,
    finished: bool,
    hosts: BTreeMap<IpAddr, Heard>,
    facts: VecDeque<(IpAddr, Fact)>,
}

impl Browse {
    /// A browse of a link that waits `timeout` for answers after each round of questions; message
    /// identifiers count up from `first_id`.
    pub fn new(timeout: Duration, first_id: u16) -> Self {
        Self {
            timeout,
            next_id: first_id.max(1),
            rounds: 0,
            waiting: VecDeque::new(),
            types: BTreeMap::new(),
            asked: BTreeMap::new(),
            until: None,
            finished: false,
            hosts: BTreeMap::new(),
            facts: VecDeque::new(),
        }
    }

    fn send(&mut self, name: Name, now: Tick) -> Ask {
        // Unicast answers spare the link and come to an ephemeral port in any case.
        let message = Message::question(self.next_id, question(name, Kind::Ptr));
        self.until = Some(now.after(self.timeout));
        let asked = ask(&message);
        self.asked.insert(self.next_id, message);
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        asked
    }

    fn finish(&mut self) {
        self.finished = true;
        self.until = None;
        for (address, heard) in std::mem::take(&mut self.hosts) {
            self.facts.extend(heard.into_facts().into_iter().map(|fact| (address, fact)));
        }
    }
}

impl GroupQuestion for Browse {
    fn method(&self) -> Method {
        Method::Mdns
    }

    fn group(&self) -> Ipv4Addr {
        GROUP
    }

    fn outlet(&self) -> Outlet {
        Outlet::Mdns
    }

    fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        if self.finished {
            return None;
        }
        if let Some(name) = self.waiting.pop_front() {
            return Some(self.send(name, now));
        }
        if self.until.is_some_and(|until| now < until) {
            return None;
        }
        if self.rounds < ROUNDS {
            self.rounds += 1;
            return Some(self.send(Name::services(), now));
        }
        self.finish();
        None
    }

    fn poll_timeout(&self) -> Option<Tick> {
        self.until.filter(|_| self.waiting.is_empty())
    }

    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], _now: Tick) -> bool {
        let address = from.ip();
        let room = self.hosts.len() < MAX_HOSTS || self.hosts.contains_key(&address);
        if self.finished || from.port() != PORT || !room {
            return false;
        }
        let Ok(message) = Message::decode(octets) else { return false };
        if !self.asked.values().any(|asked| super::answers(&message, asked)) {
            return false;
        }
        let records: Vec<_> = message.records().collect();
        let new_types = self.hosts.entry(address).or_default().take(address, &records);
        for name in new_types {
            if self.types.len() < MAX_TYPES && !self.types.contains_key(&name.folded()) {
                self.types.insert(name.folded(), name.clone());
                self.waiting.push_back(name);
            }
        }
        true
    }

    fn poll_fact(&mut self) -> Option<(IpAddr, Fact)> {
        self.facts.pop_front()
    }

    fn is_finished(&self) -> bool {
        self.finished
    }
}

#[cfg(test)]
mod tests;
