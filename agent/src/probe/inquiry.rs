//! One question by datagram and its answer, without a socket or a clock.
//!
//! A protocol implements [`Inquiry`] and sees neither ports nor ticks; [`Single`] asks again as often as
//! it may and takes an answer only from the address and the port that were asked, or, where the protocol says so, from
//! any port of the address. Costs: a datagram a try.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use daicho_common::coverage::PacketKind;
use daicho_common::observation::{Fact, Method, Outcome, Question};
use daicho_common::time::Tick;

use super::{Ask, Dialogue};
use crate::engine::Outlet;

/// What an answer says, and how complete it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What is learned, oldest first.
    pub facts: Vec<Fact>,
    /// How the question ends.
    pub outcome: Outcome,
}

/// A protocol that asks one question by one datagram.
pub trait Inquiry: Send {
    /// How its facts are learned.
    fn method(&self) -> Method;

    /// What the governor counts the question as.
    fn kind(&self) -> PacketKind;

    /// The question; the same octets each time.
    fn question(&self) -> Vec<u8>;

    /// Whether an answer may come from another port of the target than was asked; then it must be told
    /// by what it holds.
    fn takes_any_port(&self) -> bool {
        false
    }

    /// What a datagram from the target says; `None` if it answers something else, or answers not yet.
    fn hear(&self, octets: &[u8]) -> Option<Answer>;
}

#[derive(Debug)]
enum State {
    /// Sent so many times; the answer is awaited until then.
    Waiting(u8, Tick),
    /// Not sent yet.
    Fresh,
    /// Nothing more will be asked.
    Finished,
}

/// An [`Inquiry`] as a [`Dialogue`].
#[derive(Debug)]
pub struct Single<I> {
    inquiry: I,
    target: SocketAddr,
    timeout: Duration,
    tries: u8,
    state: State,
    facts: VecDeque<Fact>,
}

impl<I: Inquiry> Single<I> {
    /// Asks `target` at most `tries` times (at least once), `timeout` apart.
    pub const fn new(target: SocketAddr, timeout: Duration, tries: u8, inquiry: I) -> Self {
        Self { inquiry, target, timeout, tries, state: State::Fresh, facts: VecDeque::new() }
    }

    fn finish(&mut self, answer: Answer) {
        self.state = State::Finished;
        self.facts.extend(answer.facts);
        let question = Question::Service { port: self.target.port() };
        self.facts.push_back(Fact::Asked { question, outcome: answer.outcome });
    }

    fn end(&mut self, outcome: Outcome) {
        self.finish(Answer { facts: Vec::new(), outcome });
    }
}

impl<I: Inquiry> Dialogue for Single<I> {
    fn method(&self) -> Method {
        self.inquiry.method()
    }

    fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        let sent = match self.state {
            State::Fresh => 0,
            State::Waiting(sent, until) if until <= now => sent,
            State::Waiting(..) | State::Finished => return None,
        };
        if sent > 0 && sent >= self.tries {
            self.end(Outcome::Silent);
            return None;
        }
        self.state = State::Waiting(sent + 1, now.after(self.timeout));
        Some(Ask {
            outlet: Outlet::Udp,
            port: self.target.port(),
            kind: self.inquiry.kind(),
            octets: self.inquiry.question(),
        })
    }

    fn poll_timeout(&self) -> Option<Tick> {
        match self.state {
            State::Waiting(_, until) => Some(until),
            State::Fresh | State::Finished => None,
        }
    }

    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], _now: Tick) -> bool {
        let from_target = from.ip() == self.target.ip()
            && (from.port() == self.target.port() || self.inquiry.takes_any_port());
        if !matches!(self.state, State::Waiting(..)) || !from_target {
            return false;
        }
        let answer = self.inquiry.hear(octets);
        let answered = answer.is_some();
        if let Some(answer) = answer {
            self.finish(answer);
        }
        answered
    }

    fn handle_unreachable(&mut self, _now: Tick) {
        if matches!(self.state, State::Waiting(..)) {
            self.end(Outcome::Refused);
        }
    }

    fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }

    fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Marco;

    impl Inquiry for Marco {
        fn method(&self) -> Method {
            Method::Ntp
        }

        fn kind(&self) -> PacketKind {
            PacketKind::Ntp
        }

        fn question(&self) -> Vec<u8> {
            b"marco".to_vec()
        }

        fn hear(&self, octets: &[u8]) -> Option<Answer> {
            (octets == b"polo").then(|| Answer { facts: Vec::new(), outcome: Outcome::Complete })
        }
    }

    const TARGET: &str = "10.20.0.9:123";

    fn single(tries: u8) -> Single<Marco> {
        Single::new(TARGET.parse().unwrap(), Duration::from_secs(1), tries, Marco)
    }

    fn outcome(single: &mut Single<Marco>) -> Option<Outcome> {
        let fact = single.poll_fact()?;
        let Fact::Asked { question: Question::Service { port: 123 }, outcome } = fact else {
            panic!("{fact:?}")
        };
        Some(outcome)
    }

    const fn seconds(n: u64) -> Tick {
        Tick::from_micros(n * 1_000_000)
    }

    #[test]
    fn it_asks_as_often_as_it_may_and_then_says_that_all_was_silent() {
        let mut single = single(2);
        assert_eq!(single.poll_transmit(seconds(0)).unwrap().octets, b"marco");
        assert_eq!(single.poll_timeout(), Some(seconds(1)));
        assert_eq!(single.poll_transmit(seconds(0)), None, "one question at a time");
        assert_eq!(single.poll_transmit(seconds(1)).unwrap().octets, b"marco");
        assert_eq!(single.poll_transmit(seconds(2)), None);
        assert!(single.is_finished());
        assert_eq!(outcome(&mut single), Some(Outcome::Silent));
        assert_eq!(outcome(&mut single), None);
    }

    #[test]
    fn only_the_answer_from_where_it_was_asked_counts_and_only_once() {
        let mut single = single(0);
        let from = TARGET.parse().unwrap();
        assert!(!single.handle_datagram(from, b"polo", seconds(0)), "nothing was asked yet");
        assert!(single.poll_transmit(seconds(0)).is_some());
        for (other, said) in [("10.20.0.8:123", "polo"), ("10.20.0.9:124", "polo"), (TARGET, "x")] {
            assert!(!single.handle_datagram(other.parse().unwrap(), said.as_bytes(), seconds(0)));
        }
        assert!(single.handle_datagram(from, b"polo", seconds(0)));
        assert!(!single.handle_datagram(from, b"polo", seconds(0)));
        single.handle_unreachable(seconds(0));
        assert_eq!(outcome(&mut single), Some(Outcome::Complete));
        assert_eq!(outcome(&mut single), None);
    }

    #[test]
    fn an_unreachable_port_is_a_refusal() {
        let mut single = single(3);
        single.handle_unreachable(seconds(0));
        assert!(!single.is_finished());
        assert!(single.poll_transmit(seconds(0)).is_some());
        single.handle_unreachable(seconds(0));
        assert_eq!(outcome(&mut single), Some(Outcome::Refused));
    }
}
