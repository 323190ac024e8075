//! SNMP v2c: the system group, interfaces and own addresses of one device.
//!
//! Asks by GET, GETBULK and GETNEXT only, with the communities it was given and no other. Takes an
//! answer only from the address and port asked, in the same version, with the same community and
//! the identifier of the question on its way; anything else changes nothing.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use daicho_common::coverage::PacketKind;
use daicho_common::observation::{Fact, Method, Outcome, Question};
use daicho_common::time::Tick;

use crate::engine::Outlet;
use crate::plan::Community;
use crate::probe::{Ask, Dialogue};

mod message;
mod system;
mod tables;
mod walk;

use message::{Reply, Request};
use system::System;
use tables::{TOPICS, Table, Topic};
use walk::{Rows, Walk};

/// An interview of one device by SNMP v2c.
#[derive(Debug)]
pub struct Snmp {
    target: SocketAddr,
    /// The one in use first, then those still to be tried.
    communities: VecDeque<Community>,
    timeout: Duration,
    tries: u8,
    next_request_id: i32,
    in_flight: Option<InFlight>,
    stage: Stage,
    facts: VecDeque<Fact>,
}

/// A question on its way.
#[derive(Debug)]
struct InFlight {
    request_id: i32,
    octets: Vec<u8>,
    sent: u8,
    until: Tick,
}

#[derive(Debug)]
enum Stage {
    System(System),
    Table { topic: usize, done: Vec<(Outcome, Rows)>, walk: Walk },
    Finished,
}

impl Snmp {
    /// An interview of the agent at `target` with these communities, tried in this order: the next
    /// one only after every try with the one before stayed silent. Each question is asked at most
    /// `tries` times (at least once), `timeout` apart. Without a community nothing is asked.
    pub fn new(
        target: SocketAddr,
        communities: Vec<Community>,
        timeout: Duration,
        tries: u8,
        first_request_id: i32,
    ) -> Self {
        let stage =
            if communities.is_empty() { Stage::Finished } else { Stage::System(System::new()) };
        Self {
            target,
            communities: communities.into(),
            timeout,
            tries,
            next_request_id: first_request_id,
            in_flight: None,
            stage,
            facts: VecDeque::new(),
        }
    }

    /// The octets of the next question of this stage. `Ok(None)` once the stage has ended; `Err` if
    /// the question cannot be written.
    fn next_question(&mut self) -> Result<Option<Vec<u8>>, ()> {
        let Some(community) = self.communities.front() else { return Ok(None) };
        let id = self.next_request_id;
        let ask = |request: &Request<'_>| message::encode(community, id, request);
        let asked = match &mut self.stage {
            Stage::System(system) => system.question(ask),
            Stage::Table { walk, .. } => walk.question(ask),
            Stage::Finished => None,
        };
        asked.map_or(Ok(None), |octets| octets.map(Some).ok_or(()))
    }

    /// Ends the stage with this outcome, unless something had already come, and asks for none of
    /// the tables left in its topic.
    fn break_off(&mut self, outcome: Outcome) {
        self.in_flight = None;
        match &mut self.stage {
            Stage::System(system) => {
                system.break_off(outcome);
                self.move_on();
            }
            Stage::Table { topic, done, walk } => {
                walk.break_off(outcome);
                done.extend(walk.ended());
                let (topic, done) = (*topic, std::mem::take(done));
                self.finish_topic(topic, done);
                self.stage = Stage::topic(topic + 1);
            }
            Stage::Finished => {}
        }
    }

    /// Every try stayed silent: with v2c a wrong community looks like this, so the next one is tried
    /// as long as none was answered.
    fn silent(&mut self) {
        let unknown = matches!(&self.stage, Stage::System(system) if system.is_unanswered());
        if unknown && self.communities.len() > 1 {
            self.in_flight = None;
            self.communities.pop_front();
        } else {
            self.break_off(Outcome::Silent);
        }
    }

    /// Moves on from a stage that has ended, and tells what it brought. A device that is silent or
    /// says no to the system group is asked nothing else.
    fn move_on(&mut self) {
        match &mut self.stage {
            Stage::System(system) => {
                let Some((outcome, fact)) = system.ended() else { return };
                self.facts.extend(fact);
                self.tell(Question::SnmpSystem, outcome);
                self.stage = match outcome {
                    Outcome::Complete | Outcome::Partial => Stage::topic(0),
                    Outcome::Refused | Outcome::Silent | Outcome::Malformed => Stage::Finished,
                };
            }
            Stage::Table { topic, done, walk } => {
                let Some(ended) = walk.ended() else { return };
                done.push(ended);
                let (topic, done) = (*topic, std::mem::take(done));
                self.after_table(topic, done);
            }
            Stage::Finished => {}
        }
    }

    /// Goes to the next table of the topic if it is wanted, else ends the topic.
    fn after_table(&mut self, number: usize, done: Vec<(Outcome, Rows)>) {
        let Some(topic) = TOPICS.get(number) else { return };
        let rows: Vec<&Rows> = done.iter().map(|(_, rows)| rows).collect();
        let next = topic.tables.get(done.len()).filter(|_| !(topic.enough)(&rows));
        if let Some(table) = next {
            let walk = Walk::new(table.entry, table.columns);
            self.stage = Stage::Table { topic: number, done, walk };
        } else {
            self.finish_topic(number, done);
            self.stage = Stage::topic(number + 1);
        }
    }

    /// Tells what the tables of a topic brought.
    fn finish_topic(&mut self, number: usize, done: Vec<(Outcome, Rows)>) {
        let Some(topic) = TOPICS.get(number) else { return };
        let (outcomes, rows): (Vec<Outcome>, Vec<Rows>) = done.into_iter().unzip();
        let facts = (topic.facts)(&rows.iter().collect::<Vec<_>>());
        let outcome = outcome_of(topic, &outcomes, !facts.is_empty());
        self.facts.extend(facts);
        self.tell(topic.question, outcome);
    }

    fn tell(&mut self, question: Question, outcome: Outcome) {
        self.facts.push_back(Fact::Asked { question, outcome });
    }

    fn ask(&self, octets: Vec<u8>) -> Ask {
        Ask { outlet: Outlet::Snmp, port: self.target.port(), kind: PacketKind::Snmp, octets }
    }

    fn answer(&mut self, reply: Reply) {
        self.in_flight = None;
        match &mut self.stage {
            Stage::System(system) => system.answer(reply),
            Stage::Table { walk, .. } => walk.answer(reply),
            Stage::Finished => {}
        }
        self.move_on();
    }
}

impl Stage {
    /// The first table of this topic, or the end after the last.
    fn topic(number: usize) -> Self {
        match TOPICS.get(number).and_then(|topic| topic.tables.first()) {
            Some(Table { entry, columns, .. }) => {
                Self::Table { topic: number, done: Vec::new(), walk: Walk::new(entry, columns) }
            }
            None => Self::Finished,
        }
    }
}

/// How a question ended whose tables ended like this.
fn outcome_of(topic: &Topic, outcomes: &[Outcome], any_facts: bool) -> Outcome {
    let tables = topic.tables.iter().zip(outcomes);
    let fine = |(table, outcome): (&Table, &Outcome)| {
        *outcome == Outcome::Complete || *outcome == Outcome::Refused && table.optional
    };
    let worst = outcomes.iter().find(|outcome| **outcome != Outcome::Complete);
    match worst {
        None => Outcome::Complete,
        Some(_) if outcomes.contains(&Outcome::Complete) && tables.clone().all(fine) => {
            Outcome::Complete
        }
        Some(_) if any_facts => Outcome::Partial,
        Some(worst) => *worst,
    }
}

impl Dialogue for Snmp {
    fn method(&self) -> Method {
        Method::Snmp
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
                let octets = flight.octets.clone();
                return Some(self.ask(octets));
            }
            self.silent();
        }
        // Ends: every round sends a question or moves on to a later stage.
        while !self.is_finished() {
            self.move_on();
            match self.next_question() {
                Ok(Some(octets)) => {
                    let request_id = self.next_request_id;
                    self.next_request_id = request_id.checked_add(1).unwrap_or(1);
                    let flight = InFlight { request_id, octets: octets.clone(), sent: 1, until };
                    self.in_flight = Some(flight);
                    return Some(self.ask(octets));
                }
                Ok(None) => {}
                Err(()) => self.break_off(Outcome::Malformed),
            }
        }
        None
    }

    fn poll_timeout(&self) -> Option<Tick> {
        self.in_flight.as_ref().map(|flight| flight.until)
    }

    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], _now: Tick) -> bool {
        let Some(asked) = self.in_flight.as_ref().map(|flight| flight.request_id) else {
            return false;
        };
        if (from.ip(), from.port()) != (self.target.ip(), self.target.port()) {
            return false;
        }
        let reply = self.communities.front().and_then(|used| message::decode(octets, used));
        match reply.filter(|reply| reply.request_id == asked) {
            Some(reply) => {
                self.answer(reply);
                true
            }
            None => false,
        }
    }

    fn handle_unreachable(&mut self, _now: Tick) {
        if self.in_flight.is_none() {
            return;
        }
        self.break_off(Outcome::Refused);
        // Nobody listens there any more, so nothing more is asked.
        self.stage = Stage::Finished;
    }

    fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }

    fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Finished)
    }
}

#[cfg(test)]
mod tests;
