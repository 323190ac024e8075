//! mDNS and DNS-SD (RFC 6762, RFC 6763): one host asked by unicast, or everybody on a link.
//!
//! One question to a message, because an answer to a port other than 5353 has to fit into 512 octets
//! (RFC 6762 §6.7). Takes an answer only from the address asked, port 5353, and only if it fits the
//! question on its way; anything else changes nothing. Whether the target is on the agent's own link,
//! without which mDNS is not asked, is for the engine to know. Costs a host one small answer for each
//! question, of which there are a few for each service that it has and a bounded number in all; it
//! writes nothing down, and one that sleeps is not woken.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use daicho_common::coverage::PacketKind;
use daicho_common::observation::{Fact, Method, Outcome, Question as Topic};
use daicho_common::time::Tick;
use daicho_common::wire::dns::{Kind, Message, Name, Question};

use crate::engine::Outlet;
use crate::probe::{Ask, Dialogue};

/// Questions to everybody on a link.
pub mod browse;
mod heard;

pub use browse::Browse;
pub(crate) use heard::Heard;

/// The port of mDNS (RFC 6762 §3).
pub const PORT: u16 = 5353;

/// The group that every responder on a link listens to (RFC 6762 §3).
pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

/// After so many questions in a row without an answer the host is left in peace.
const MOST_SILENT: u8 = 2;

/// An interview of one host by unicast.
#[derive(Debug)]
pub struct Mdns {
    target: IpAddr,
    timeout: Duration,
    tries: u8,
    next_id: u16,
    step: Step,
    waiting: VecDeque<Question>,
    in_flight: Option<InFlight>,
    answered: bool,
    silent_in_a_row: u8,
    flawed: bool,
    heard: Heard,
    facts: VecDeque<Fact>,
}

/// What the questions waiting are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Service types, and the instances of each.
    Browse,
    /// Where the instances are, as far as that did not come along.
    Resolve,
    /// The name of the address.
    Name,
    /// Nothing more.
    Finished,
}

/// A question on its way.
#[derive(Debug)]
struct InFlight {
    message: Message,
    sent: u8,
    until: Tick,
}

/// A question for a pointer or a record, to be answered by unicast.
fn question(name: Name, kind: Kind) -> Question {
    Question { name, kind, unicast: true }
}

/// Whether `answer` answers `asked`: the identifier fits (zero is what a responder says that takes
/// the question for one to the group), and the question comes back or a record answers it.
fn answers(answer: &Message, asked: &Message) -> bool {
    let about = |question: &Question| {
        asked.questions.iter().any(|q| q.name.matches(&question.name) && q.kind == question.kind)
    };
    let told = asked.questions.iter().any(|q| answer.records().any(|r| r.name.matches(&q.name)));
    answer.response
        && (answer.id == asked.id || answer.id == 0)
        && (told || answer.questions.iter().any(about))
}

fn ask(message: &Message) -> Ask {
    Ask { outlet: Outlet::Mdns, port: PORT, kind: PacketKind::Mdns, octets: message.encode() }
}

impl Mdns {
    /// An interview of the responder at `target`, port 5353. Each question is asked at most `tries`
    /// times (at least once), `timeout` apart; message identifiers count up from `first_id`.
    pub fn new(target: IpAddr, timeout: Duration, tries: u8, first_id: u16) -> Self {
        Self {
            target,
            timeout,
            tries,
            next_id: first_id.max(1),
            step: Step::Browse,
            waiting: VecDeque::from([question(Name::services(), Kind::Ptr)]),
            in_flight: None,
            answered: false,
            silent_in_a_row: 0,
            flawed: false,
            heard: Heard::default(),
            facts: VecDeque::new(),
        }
    }

    /// Puts the questions of the next step into the queue.
    fn advance(&mut self) {
        self.step = match self.step {
            Step::Browse => {
                let location = self.heard.without_location().map(|name| (name, Kind::Srv));
                let pairs = self.heard.without_pairs().map(|name| (name, Kind::Txt));
                let questions = location.chain(pairs);
                self.waiting.extend(questions.map(|(name, kind)| question(name.clone(), kind)));
                Step::Resolve
            }
            Step::Resolve => {
                self.waiting.push_back(question(Name::reverse(self.target), Kind::Ptr));
                Step::Name
            }
            Step::Name | Step::Finished => {
                self.finish(Outcome::Complete);
                Step::Finished
            }
        };
    }

    /// Tells what was learned and asks nothing more.
    fn finish(&mut self, outcome: Outcome) {
        if self.step == Step::Finished {
            return;
        }
        self.step = Step::Finished;
        self.waiting.clear();
        self.in_flight = None;
        let flawed = self.flawed || self.heard.left_out();
        let outcome = if self.answered && (flawed || outcome != Outcome::Complete) {
            Outcome::Partial
        } else {
            outcome
        };
        self.facts.extend(std::mem::take(&mut self.heard).into_facts());
        self.facts.push_back(Fact::Asked { question: Topic::MdnsServices, outcome });
    }

    /// Every try of a question stayed silent.
    fn silent(&mut self) {
        self.in_flight = None;
        self.silent_in_a_row += 1;
        if !self.answered {
            self.finish(Outcome::Silent);
            return;
        }
        // Many responders have no reverse record; that takes nothing from the services.
        self.flawed |= self.step != Step::Name;
        if self.silent_in_a_row >= MOST_SILENT {
            self.finish(Outcome::Partial);
        }
    }

    /// Sends the first question in the queue that is still worth asking.
    fn send_next(&mut self, until: Tick) -> Option<Ask> {
        let wanted = loop {
            match self.waiting.pop_front() {
                Some(question) if self.is_known(&question) => {}
                Some(question) => break question,
                None if self.is_finished() => return None,
                None => self.advance(),
            }
        };
        let message = Message::question(self.next_id, wanted);
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        let asked = ask(&message);
        self.in_flight = Some(InFlight { message, sent: 1, until });
        Some(asked)
    }

    /// Whether the answer to this question came along with another.
    fn is_known(&self, question: &Question) -> bool {
        let open = |name: &Name| name.matches(&question.name);
        match (self.step, question.kind) {
            (Step::Resolve, Kind::Srv) => !self.heard.without_location().any(open),
            (Step::Resolve, Kind::Txt) => !self.heard.without_pairs().any(open),
            _ => false,
        }
    }
}

impl Dialogue for Mdns {
    fn method(&self) -> Method {
        Method::Mdns
    }

    fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        let until = now.after(self.timeout);
        if let Some(flight) = &mut self.in_flight {
            if now < flight.until {
                return None;
            }
            if flight.sent < self.tries {
                flight.sent += 1;
                flight.until = until;
                return Some(ask(&flight.message));
            }
            self.silent();
        }
        self.send_next(until)
    }

    fn poll_timeout(&self) -> Option<Tick> {
        self.in_flight.as_ref().map(|flight| flight.until)
    }

    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], _now: Tick) -> bool {
        let Some(flight) = &self.in_flight else { return false };
        if (from.ip(), from.port()) != (self.target, PORT) {
            return false;
        }
        let Ok(message) = Message::decode(octets) else { return false };
        if !answers(&message, &flight.message) {
            return false;
        }
        self.in_flight = None;
        self.answered = true;
        self.silent_in_a_row = 0;
        self.flawed |= message.truncated;
        let records: Vec<_> = message.records().collect();
        let new_types = self.heard.take(self.target, &records);
        self.waiting.extend(new_types.into_iter().map(|name| question(name, Kind::Ptr)));
        true
    }

    fn handle_unreachable(&mut self, _now: Tick) {
        if self.in_flight.is_some() {
            self.finish(Outcome::Refused);
        }
    }

    fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }

    fn is_finished(&self) -> bool {
        self.step == Step::Finished
    }
}

#[cfg(test)]
mod tests;
