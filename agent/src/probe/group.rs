//! Questions to a group: everybody on a link hears them, and many answer.
//!
//! Some devices hear the group alone: wsdd and `MiniDLNA` answer WS-Discovery and SSDP only so. Where the
//! engine lets everybody be asked, each such question goes out twice, because what goes to a group may get
//! lost, and answers are taken from any port of their senders until the time is over. Costs two datagrams
//! a question, one of WS-Discovery and one of SSDP, and one for each endpoint of WS-Discovery that did not
//! say where it is; and a few answers of each device that has something to say. Nothing is subscribed to. The caller ignores facts about addresses outside the network that it
//! scans, and asks what follows from an answer of its sender only.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use daicho_common::observation::{Fact, Method};
use daicho_common::time::Tick;

use super::Ask;
use super::inquiry::Inquiry;
use crate::engine::Outlet;

/// The group of SSDP (`UPnP` Device Architecture 1.1 §1.3.2) and of WS-Discovery (April 2005, §2.4).
pub const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);

/// Most hosts that are listened to on one link.
pub const MAX_HOSTS: usize = 4096;

/// Most facts that are taken of one host.
pub const MOST_FACTS: usize = 16;

/// How often a question is sent.
const ROUNDS: u8 = 2;

/// A series of questions to everybody on a link.
pub trait GroupQuestion: Send {
    /// How its facts are learned.
    fn method(&self) -> Method;

    /// The group that is asked.
    fn group(&self) -> Ipv4Addr;

    /// The socket by which answers come in.
    fn outlet(&self) -> Outlet;

    /// The next question to send to the group at the port it names, if one is wanted now. It counts
    /// as sent at `now`.
    fn poll_transmit(&mut self, now: Tick) -> Option<Ask>;

    /// When answers are given up and the next `poll_transmit` moves on; `None` before the first
    /// question, while another is waiting to be sent, and once finished.
    fn poll_timeout(&self) -> Option<Tick>;

    /// A datagram from a host. Returns whether it answered what was asked; one that did not changes
    /// nothing.
    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], now: Tick) -> bool;

    /// What was learned and who said it; comes once the questions are finished.
    fn poll_fact(&mut self) -> Option<(IpAddr, Fact)>;

    /// Whether nothing more will be asked. Facts may still be waiting.
    fn is_finished(&self) -> bool;
}

/// An [`Inquiry`] put to [`GROUP`].
#[derive(Debug)]
pub struct Call<I> {
    inquiry: I,
    port: u16,
    wait: Duration,
    /// The only host whose answers count, where it is about one.
    about: Option<IpAddr>,
    rounds: u8,
    until: Option<Tick>,
    finished: bool,
    hosts: BTreeMap<IpAddr, Vec<Fact>>,
    facts: VecDeque<(IpAddr, Fact)>,
}

impl<I: Inquiry> Call<I> {
    /// Asks the group at this port, and waits for answers each time.
    pub const fn new(port: u16, wait: Duration, inquiry: I) -> Self {
        Self {
            inquiry,
            port,
            wait,
            about: None,
            rounds: 0,
            until: None,
            finished: false,
            hosts: BTreeMap::new(),
            facts: VecDeque::new(),
        }
    }

    /// Takes answers of this host only.
    #[must_use]
    pub fn about(mut self, host: IpAddr) -> Self {
        self.about = Some(host);
        self
    }
}

impl<I: Inquiry> GroupQuestion for Call<I> {
    fn method(&self) -> Method {
        self.inquiry.method()
    }

    fn group(&self) -> Ipv4Addr {
        GROUP
    }

    fn outlet(&self) -> Outlet {
        Outlet::Udp
    }

    fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        if self.finished || self.until.is_some_and(|until| now < until) {
            return None;
        }
        if self.rounds == ROUNDS {
            (self.finished, self.until) = (true, None);
            for (host, facts) in std::mem::take(&mut self.hosts) {
                self.facts.extend(facts.into_iter().map(|fact| (host, fact)));
            }
            return None;
        }
        self.rounds += 1;
        self.until = Some(now.after(self.wait));
        let (kind, octets) = (self.inquiry.kind(), self.inquiry.question());
        Some(Ask { outlet: Outlet::Udp, port: self.port, kind, octets })
    }

    fn poll_timeout(&self) -> Option<Tick> {
        self.until
    }

    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], _now: Tick) -> bool {
        let room = self.hosts.len() < MAX_HOSTS || self.hosts.contains_key(&from.ip());
        let meant = self.about.is_none_or(|host| host == from.ip());
        if self.until.is_none() || !room || !meant {
            return false;
        }
        let Some(answer) = self.inquiry.hear(octets) else { return false };
        let known = self.hosts.entry(from.ip()).or_default();
        for fact in answer.facts {
            if known.len() < MOST_FACTS && !known.contains(&fact) {
                known.push(fact);
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
