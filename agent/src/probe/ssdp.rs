//! SSDP by unicast (`UPnP` Device Architecture 1.1 §1.3.2): one search of root devices, and one of
//! everything if that stayed silent.
//!
//! Costs a datagram or two, and as many answers as the host has devices; nothing is subscribed to, and
//! nobody but the host hears it. Answers are taken from any port of the host, because many answer from
//! another, until the time to answer is over; at most [`MOST_ANSWERS`], each thing once. Dates and the
//! numbers of boots are left out.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use daicho_common::coverage::PacketKind;
use daicho_common::observation::{Fact, Method, Outcome, Question, heard};
use daicho_common::text::Text;
use daicho_common::time::Tick;
use daicho_common::wire::ssdp::{self, Kind};

use super::group::GROUP;
use super::inquiry::{Answer, Inquiry};
use super::{Ask, Dialogue};
use crate::engine::Outlet;

/// Most answers that are taken of one host.
pub const MOST_ANSWERS: usize = 32;

/// Seconds within which the host may answer, as the search says.
const SECONDS: u8 = 1;

/// What is searched for, try after try.
const TARGETS: [&str; 2] = ["upnp:rootdevice", "ssdp:all"];

/// The port of SSDP.
pub const PORT: u16 = 1900;

/// Seconds within which everybody may answer.
const SECONDS_OF_GROUP: u8 = 2;

/// What an answer to a search says; `None` if it is none.
fn read(octets: &[u8]) -> Option<heard::Ssdp> {
    let message = ssdp::Ssdp::decode(octets).ok()?;
    let text = |octets: Option<&[u8]>| Text::from_wire(octets.unwrap_or_default());
    (message.kind == Kind::Response).then(|| heard::Ssdp {
        target: text(message.target()),
        name: text(message.field("USN")),
        server: text(message.field("SERVER")),
        location: text(message.field("LOCATION")),
        gone: false,
    })
}

/// A search of root devices for everybody on a link.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    seconds: u8,
}

impl Search {
    /// The search that goes to the group.
    pub const fn of_group() -> Self {
        Self { seconds: SECONDS_OF_GROUP }
    }

    /// How long answers may take.
    pub const fn wait(self) -> Duration {
        Duration::from_secs(self.seconds as u64)
    }
}

impl Inquiry for Search {
    fn method(&self) -> Method {
        Method::SsdpSearch
    }

    fn kind(&self) -> PacketKind {
        PacketKind::Said
    }

    fn question(&self) -> Vec<u8> {
        ssdp::search(GROUP.into(), "upnp:rootdevice", self.seconds)
    }

    fn takes_any_port(&self) -> bool {
        true
    }

    fn hear(&self, octets: &[u8]) -> Option<Answer> {
        let facts = vec![Fact::Ssdp(Box::new(read(octets)?))];
        Some(Answer { facts, outcome: Outcome::Complete })
    }
}

/// A search of one host.
#[derive(Debug)]
pub struct Ssdp {
    host: IpAddr,
    port: u16,
    wait: Duration,
    tries: u8,
    sent: u8,
    until: Option<Tick>,
    answers: usize,
    seen: Vec<heard::Ssdp>,
    facts: VecDeque<Fact>,
    finished: bool,
}

impl Ssdp {
    /// A search of the host at this UDP port. Answers are awaited for `timeout` beyond the second that the
    /// search gives, at most `tries` times and at least once.
    pub fn new((host, port): (IpAddr, u16), timeout: Duration, tries: u8) -> Self {
        Self {
            host,
            port,
            wait: Duration::from_secs(u64::from(SECONDS)) + timeout,
            tries: tries.max(1),
            sent: 0,
            until: None,
            answers: 0,
            seen: Vec::new(),
            facts: VecDeque::new(),
            finished: false,
        }
    }

    fn finish(&mut self, outcome: Outcome) {
        if self.finished {
            return;
        }
        (self.finished, self.until) = (true, None);
        let seen = std::mem::take(&mut self.seen).into_iter();
        self.facts.extend(seen.map(|answer| Fact::Ssdp(Box::new(answer))));
        let question = Question::Service { port: self.port };
        self.facts.push_back(Fact::Asked { question, outcome });
    }
}

impl Dialogue for Ssdp {
    fn method(&self) -> Method {
        Method::SsdpSearch
    }

    fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        if self.finished || self.until.is_some_and(|until| until > now) {
            return None;
        }
        if !self.seen.is_empty() || self.sent == self.tries {
            let silent = self.seen.is_empty();
            self.finish(if silent { Outcome::Silent } else { Outcome::Complete });
            return None;
        }
        let target = TARGETS.get(usize::from(self.sent)).or(TARGETS.last())?;
        self.sent += 1;
        self.until = Some(now.after(self.wait));
        let octets = ssdp::search(self.host, target, SECONDS);
        Some(Ask { outlet: Outlet::Udp, port: self.port, kind: PacketKind::Said, octets })
    }

    fn poll_timeout(&self) -> Option<Tick> {
        self.until
    }

    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], _now: Tick) -> bool {
        if from.ip() != self.host || self.until.is_none() {
            return false;
        }
        let Some(answer) = read(octets) else { return false };
        self.answers += 1;
        if !self.seen.contains(&answer) {
            self.seen.push(answer);
        }
        if self.answers >= MOST_ANSWERS {
            self.finish(Outcome::Partial);
        }
        true
    }

    fn handle_unreachable(&mut self, _now: Tick) {
        if self.until.is_some() && self.seen.is_empty() {
            self.finish(Outcome::Refused);
        }
    }

    fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }

    fn is_finished(&self) -> bool {
        self.finished
    }
}

#[cfg(test)]
mod tests;
