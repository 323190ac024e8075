//! SNMP: the system group, interfaces and own addresses of one device, and the tables that it keeps of
//! others.
//!
//! Asks by GET, GETNEXT and GETBULK only, as those that it was given and nobody else. Takes an answer
//! only from the address and port asked, in the same version, under the same community or user, and
//! with the number of the question on its way; anything else changes nothing. Costs the agent the time
//! of its processor for each answer, most for tables, which are read as slowly as it answers; it writes
//! nothing down but, where a credential is wrong, perhaps a trap of a failed authentication;
//! that is why it is remembered what a target refused.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use daicho_common::coverage::PacketKind;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::time::Tick;

use crate::engine::Outlet;
use crate::probe::{Ask, Dialogue};

mod catalog;
mod course;
mod enterprise;
mod group;
mod memory;
mod message;
mod repetitions;
mod row;
mod session;
mod survey;
mod system;
mod tables;
mod trees;
mod usm;
mod walk;

pub use catalog::{Catalog, Flaw};
pub use memory::{Kept, Memory};
pub use session::Keyring;

use course::Course;
use message::{Reply, Request, Status};
use session::{Context, Session};
use usm::Heard;

/// Longest time that an answer of a slow device is waited for, if the plan does not say more.
const PATIENCE: Duration = Duration::from_secs(10);

/// What all targets of a network have in common.
#[derive(Clone, Debug)]
pub struct Terms {
    /// As whom they are asked.
    pub keyring: Arc<Keyring>,
    /// Which tables are read beside the system group, interfaces and addresses.
    pub catalog: Arc<Catalog>,
    /// Whether tables are read that may cost a device something.
    pub harm: bool,
}

/// An interview of one device.
#[derive(Debug)]
pub struct Snmp {
    target: SocketAddr,
    session: Session,
    course: Course,
    timeout: Duration,
    tries: u8,
    /// The longest that an answer took.
    slowest: Duration,
    next_request_id: i32,
    /// The question to be answered, whether or not it is on its way.
    question: Option<(Request, Context)>,
    in_flight: Option<InFlight>,
    /// Whether a credential was refused in words.
    refused: bool,
}

/// A question on its way.
#[derive(Debug)]
struct InFlight {
    request_id: i32,
    sent: u8,
    since: Tick,
    until: Tick,
}

impl Snmp {
    /// An interview of the agent at `target` on these terms. A credential is tried only after every
    /// try with the one before stayed silent or was refused. Each question is asked at most `tries`
    /// times (at least once), `timeout` apart; the last try is waited for three times as long, and a
    /// device that proved slow is given the time it needs. Without a credential nothing is asked.
    pub fn new(
        target: SocketAddr,
        terms: &Terms,
        timeout: Duration,
        tries: u8,
        first_request_id: i32,
    ) -> Self {
        let session = Session::new(target, Arc::clone(&terms.keyring));
        let mut course = Course::new(Arc::clone(&terms.catalog), terms.harm);
        course.ask_with(session.manner(), session.contexts());
        if !session.has_any() {
            course.finish();
        }
        Self {
            target,
            session,
            course,
            timeout,
            tries,
            slowest: Duration::ZERO,
            next_request_id: first_request_id,
            question: None,
            in_flight: None,
            refused: false,
        }
    }

    /// How long the answer to a question that was sent so many times is waited for.
    fn patience(&self, sent: u8) -> Duration {
        let slow = (self.slowest * 3 / 2).min(PATIENCE.max(self.timeout));
        let last = sent > 1 && sent >= self.tries;
        slow.max(self.timeout) * if last { 3 } else { 1 }
    }

    /// Sends the question, for the first time or once more; `None` if it cannot be written.
    fn send(&mut self, now: Tick) -> Option<Ask> {
        let (request, context) = self.question.as_ref()?;
        let (id, sent, since) = match &self.in_flight {
            Some(flight) => (flight.request_id, flight.sent.saturating_add(1), flight.since),
            None => (self.next_request_id, 1, now),
        };
        let octets = self.session.encode((id, context), request, now)?;
        if sent == 1 {
            self.next_request_id = id.checked_add(1).unwrap_or(1);
        }
        let until = now.after(self.patience(sent));
        self.in_flight = Some(InFlight { request_id: id, sent, since, until });
        let (outlet, port) = (Outlet::Snmp, self.target.port());
        Some(Ask { outlet, port, kind: PacketKind::Snmp, octets })
    }

    /// The question came to nothing: with another credential it may be answered, as long as none
    /// was. With a wrong community, or a wrong password for privacy, a device is silent.
    fn give_up(&mut self, outcome: Outcome) {
        (self.in_flight, self.question) = (None, None);
        if !self.course.is_unanswered() {
            let gentle = self.course.is_gentle();
            self.course.break_off(outcome);
            if !gentle && self.course.is_gentle() {
                self.session.overwhelmed();
            }
            return;
        }
        if outcome == Outcome::Refused {
            self.session.refuse();
        }
        self.refused |= outcome == Outcome::Refused || self.session.leaves_some_out();
        if self.session.try_next() {
            return self.course.ask_with(self.session.manner(), self.session.contexts());
        }
        self.course.break_off(if self.refused { Outcome::Refused } else { outcome });
    }

    fn answer(&mut self, reply: Reply) {
        if reply.status == Status::Refused && self.course.is_unanswered() {
            return self.give_up(Outcome::Refused);
        }
        (self.in_flight, self.question) = (None, None);
        self.session.keep();
        self.course.answer(reply);
    }
}

impl Dialogue for Snmp {
    fn method(&self) -> Method {
        Method::Snmp
    }

    fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        if let Some(flight) = &self.in_flight {
            if now < flight.until {
                return None;
            }
            if flight.sent < self.tries {
                if let Some((request, _)) = &mut self.question {
                    self.course.lessen(request);
                }
                if let Some(ask) = self.send(now) {
                    return Some(ask);
                }
            }
            self.give_up(Outcome::Silent);
        }
        // Ends: every round sends a question or moves on to a later credential or stage.
        while !self.course.is_finished() {
            if self.question.is_none() {
                self.question = self.course.question();
                continue;
            }
            if let Some(ask) = self.send(now) {
                return Some(ask);
            }
            self.give_up(Outcome::Malformed);
        }
        None
    }

    fn poll_timeout(&self) -> Option<Tick> {
        self.in_flight.as_ref().map(|flight| flight.until)
    }

    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], now: Tick) -> bool {
        let (Some(flight), Some((_, context))) = (&self.in_flight, &self.question) else {
            return false;
        };
        if (from.ip(), from.port()) != (self.target.ip(), self.target.port()) {
            return false;
        }
        let id = flight.request_id;
        let Some(heard) = self.session.decode((id, context), octets, now) else { return false };
        self.slowest = self.slowest.max(now.since(flight.since));
        match heard {
            Heard::Reply(reply) => self.answer(reply),
            Heard::Learned => self.in_flight = None,
            Heard::Refused => self.give_up(Outcome::Refused),
        }
        true
    }

    fn handle_unreachable(&mut self, _now: Tick) {
        if self.in_flight.is_none() {
            return;
        }
        (self.in_flight, self.question) = (None, None);
        self.course.break_off(Outcome::Refused);
        // Nobody listens there any more, so nothing more is asked.
        self.course.finish();
    }

    fn poll_fact(&mut self) -> Option<Fact> {
        self.course.poll_fact()
    }

    fn is_finished(&self) -> bool {
        self.course.is_finished()
    }
}

#[cfg(test)]
mod tests;
