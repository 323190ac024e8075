//! A conversation over a TCP connection: one thing said at a time, bounded in octets and in time, and
//! closed when it is over. One that needs another connection gets it after the first is closed.
//!
//! A protocol implements [`Conversation`] and sees neither ports nor ticks. What it is kept from: more
//! than [`MOST_OCTETS`], silence longer than the patience, and answers that drip in for longer than
//! [`LONGEST`]. Costs: a connection (three segments and its end), and what it says.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome, Question, Reply};
use daicho_common::time::Tick;

use super::{Ask, Dialogue, Stream};

/// Most octets that are read of one conversation; whoever says more is not heard to the end.
pub const MOST_OCTETS: usize = 256 << 10;

/// Longest time that an answer may take to come in, from the question on.
pub const LONGEST: Duration = Duration::from_secs(10);

/// Most connections of one conversation, one after the other.
pub const MOST_CONNECTIONS: u8 = 5;

/// What a conversation does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It waits for more.
    Wait,
    /// It says this, and waits for what comes back.
    Say(Vec<u8>),
    /// It hangs up and begins again over another connection to the same port, if there may be one more.
    Anew,
    /// It is over.
    End(Outcome),
}

/// Why a conversation ends before it said so itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The other side closed the connection.
    Closed,
    /// The other side said nothing for too long, or took too long to say it.
    Silent,
    /// The other side said too much.
    Flooded,
}

/// A protocol over a connection that stands.
pub trait Conversation: Send {
    /// How its facts are learned.
    fn method(&self) -> Method;

    /// As [`Dialogue::subject`].
    #[expect(clippy::unnecessary_literal_bound, reason = "others return what they hold")]
    fn subject(&self) -> &str {
        ""
    }

    /// What is said first: [`Next::Wait`] where the other side begins.
    fn begin(&mut self) -> Next;

    /// Octets came in: a piece of the answer, cut anywhere.
    fn hear(&mut self, octets: &[u8]) -> Next;

    /// The connection was cut short: whether it begins again over another, if there may be one more.
    /// Otherwise [`Self::cut`] follows.
    fn resumes(&mut self, _cut: Cut) -> bool {
        false
    }

    /// It was cut short. Returns how it ended: what ends with the connection may be complete, and who
    /// said nothing at all is [`Outcome::Silent`].
    fn cut(&mut self, cut: Cut) -> Outcome;

    /// What was learned, oldest first; asked for when the conversation is over.
    fn poll_fact(&mut self) -> Option<(Method, Fact)>;
}

#[derive(Debug)]
enum State {
    /// Not asked yet.
    Fresh,
    /// Another connection is wanted.
    Again,
    /// The connection is being made, until then.
    Opening(Tick),
    /// This is to be said.
    ToSay(Vec<u8>),
    /// An answer is awaited: a piece of it until the first, all of it until the second.
    Waiting(Tick, Tick),
    /// Nothing more will be asked.
    Finished,
}

/// A [`Conversation`] as a [`Dialogue`].
pub struct Talk<C> {
    conversation: C,
    port: u16,
    timeout: Duration,
    patience: Duration,
    heard: usize,
    connections: u8,
    state: State,
    facts: VecDeque<Fact>,
    asides: VecDeque<(Method, Fact)>,
}

impl<C: Conversation> Talk<C> {
    /// A conversation at this TCP port. The connection is awaited for `timeout`, an answer for three
    /// times that: small devices take long to encrypt and to make pages.
    pub fn new(port: u16, timeout: Duration, conversation: C) -> Self {
        Self {
            conversation,
            port,
            timeout,
            patience: timeout * 3,
            heard: 0,
            connections: 0,
            state: State::Fresh,
            facts: VecDeque::new(),
            asides: VecDeque::new(),
        }
    }

    fn go_on(&mut self, next: Next, now: Tick) {
        match next {
            Next::Wait => {
                let by = match self.state {
                    State::Waiting(_, by) => by,
                    State::Fresh
                    | State::Again
                    | State::Opening(_)
                    | State::ToSay(_)
                    | State::Finished => now.after(LONGEST),
                };
                self.state = State::Waiting(now.after(self.patience), by);
            }
            Next::Say(octets) => self.state = State::ToSay(octets),
            Next::Anew if self.connections < MOST_CONNECTIONS => self.state = State::Again,
            Next::Anew => {
                let outcome = self.conversation.cut(Cut::Closed);
                self.finish(outcome);
            }
            Next::End(outcome) => self.finish(outcome),
        }
    }

    /// The connection is over, or did not come about.
    fn cut(&mut self, cut: Cut) {
        // It is asked even where there is no more: it may have been the end of an answer.
        if self.conversation.resumes(cut) && self.connections < MOST_CONNECTIONS {
            self.state = State::Again;
        } else {
            let outcome = self.conversation.cut(cut);
            self.finish(outcome);
        }
    }

    /// There is no connection. If there was one before, what it brought still counts.
    fn unconnected(&mut self, outcome: Outcome) {
        let earlier = self.connections > 1;
        let outcome = if earlier { self.conversation.cut(Cut::Closed) } else { outcome };
        self.finish(outcome);
    }

    fn finish(&mut self, outcome: Outcome) {
        self.state = State::Finished;
        while let Some((method, fact)) = self.conversation.poll_fact() {
            if method == self.conversation.method() {
                self.facts.push_back(fact);
            } else {
                self.asides.push_back((method, fact));
            }
        }
        let question = Question::Service { port: self.port };
        self.facts.push_back(Fact::Asked { question, outcome });
    }

    fn hear(&mut self, octets: &[u8], now: Tick) -> bool {
        // What comes before anything was asked, or while the next thing waits to be said, is part of
        // the answer all the same.
        let speaks = matches!(self.state, State::ToSay(_) | State::Waiting(..));
        if !speaks {
            return false;
        }
        self.heard = self.heard.saturating_add(octets.len());
        if self.heard > MOST_OCTETS {
            let outcome = self.conversation.cut(Cut::Flooded);
            self.finish(outcome);
            return true;
        }
        let unsaid = match &mut self.state {
            State::ToSay(unsaid) => Some(mem::take(unsaid)),
            State::Fresh
            | State::Opening(_)
            | State::Waiting(..)
            | State::Again
            | State::Finished => None,
        };
        match (self.conversation.hear(octets), unsaid) {
            (Next::Wait, Some(unsaid)) => self.state = State::ToSay(unsaid),
            (Next::Say(more), Some(unsaid)) => self.state = State::ToSay([unsaid, more].concat()),
            (next, _) => self.go_on(next, now),
        }
        true
    }
}

impl<C: Conversation> Dialogue for Talk<C> {
    fn method(&self) -> Method {
        self.conversation.method()
    }

    fn port(&self) -> Option<u16> {
        Some(self.port)
    }

    fn subject(&self) -> &str {
        self.conversation.subject()
    }

    fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        match &mut self.state {
            State::Fresh | State::Again => {
                self.connections += 1;
                self.state = State::Opening(now.after(self.timeout));
                Some(Ask::open(self.port))
            }
            State::ToSay(octets) => {
                let octets = mem::take(octets);
                self.state = State::Waiting(now.after(self.patience), now.after(LONGEST));
                Some(Ask::say(self.port, octets))
            }
            State::Opening(until) if *until <= now => {
                self.unconnected(Outcome::Silent);
                None
            }
            State::Waiting(until, by) if (*until).min(*by) <= now => {
                self.cut(Cut::Silent);
                let again = matches!(self.state, State::Again);
                again.then(|| self.poll_transmit(now)).flatten()
            }
            State::Opening(_) | State::Waiting(..) | State::Finished => None,
        }
    }

    fn poll_timeout(&self) -> Option<Tick> {
        match self.state {
            State::Opening(until) => Some(until),
            State::Waiting(until, by) => Some(until.min(by)),
            // What is to be said is wanted at once.
            State::ToSay(_) | State::Again => Some(Tick::ZERO),
            State::Fresh | State::Finished => None,
        }
    }

    fn handle_datagram(&mut self, _: std::net::SocketAddr, _: &[u8], _: Tick) -> bool {
        false
    }

    fn handle_unreachable(&mut self, _: Tick) {}

    fn handle_stream(&mut self, event: Stream<'_>, now: Tick) -> bool {
        match event {
            Stream::Opened if matches!(self.state, State::Opening(_)) => {
                self.facts.push_back(Fact::Answered(Reply::TcpOpen(self.port)));
                let next = self.conversation.begin();
                self.go_on(next, now);
                true
            }
            Stream::Refused if matches!(self.state, State::Opening(_)) => {
                self.unconnected(Outcome::Refused);
                true
            }
            Stream::Octets(octets) => self.hear(octets, now),
            Stream::Closed => match self.state {
                State::Opening(_) => {
                    self.unconnected(Outcome::Silent);
                    true
                }
                State::ToSay(_) | State::Waiting(..) => {
                    self.cut(Cut::Closed);
                    true
                }
                State::Fresh | State::Again | State::Finished => false,
            },
            Stream::Opened | Stream::Refused => false,
        }
    }

    fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }

    fn poll_aside(&mut self) -> Option<(Method, Fact)> {
        self.asides.pop_front()
    }

    fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }
}

/// What was said, once; nothing if nothing was.
pub(super) fn told(method: Method, said: &mut Said) -> Option<(Method, Fact)> {
    let nothing = Said::at(said.port);
    let said = mem::replace(said, nothing);
    (!said.fields.is_empty()).then(|| (method, Fact::Said(Box::new(said))))
}

#[cfg(test)]
mod tests;
