//! Reverse DNS (RFC 1035 §3.5): the network's own name server is asked for the names of addresses that
//! gave a sign of life. Nothing is sent to those addresses themselves, so names of devices that are
//! only to be sighted come to light too.
//!
//! Costs: one question of some 45 octets to the name server for each live address, one at a time and at
//! the pace of any other target. A server that stays silent three times in a row is asked no more.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use daicho_common::coverage::PacketKind;
use daicho_common::text::Text;
use daicho_common::time::Tick;
use daicho_common::wire::dns::{Data, Kind, Message, Name, Question};

use super::Ask;
use crate::engine::Outlet;

/// The port of name servers (RFC 1035 §4.2).
pub const PORT: u16 = 53;

/// Silences in a row after which the server is asked no more.
const PATIENCE: u8 = 3;

/// What became of the question for the name of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has these names; none if the server knows of none.
    Names(Vec<Text>),
    /// The server stayed silent.
    Silent,
    /// It was not asked any more, for the server had fallen silent.
    GivenUp,
}

/// A question on its way.
#[derive(Debug)]
struct Flight {
    about: Ipv4Addr,
    id: u16,
    sent: u8,
    until: Tick,
}

/// The questions to one name server.
#[derive(Debug)]
pub struct Names {
    server: Ipv4Addr,
    timeout: Duration,
    tries: u8,
    next_id: u16,
    silences: u8,
    waiting: VecDeque<Ipv4Addr>,
    flight: Option<Flight>,
    answers: VecDeque<(Ipv4Addr, Answer)>,
}

fn message(about: Ipv4Addr, id: u16) -> Message {
    let name = Name::reverse(IpAddr::V4(about));
    let question = Question { name, kind: Kind::Ptr, unicast: false };
    Message { recursion_desired: true, ..Message::question(id, question) }
}

impl Names {
    /// Nobody is asked for yet. Each question is sent at most `tries` times (at least once), `timeout`
    /// apart; identifiers count up from `first_id`, which nobody can foresee.
    pub fn new(server: Ipv4Addr, timeout: Duration, tries: u8, first_id: u16) -> Self {
        Self {
            server,
            timeout,
            tries,
            next_id: first_id,
            silences: 0,
            waiting: VecDeque::new(),
            flight: None,
            answers: VecDeque::new(),
        }
    }

    /// The server.
    pub const fn server(&self) -> Ipv4Addr {
        self.server
    }

    /// The name of this address is wanted.
    pub fn want(&mut self, about: Ipv4Addr) {
        if self.silences < PATIENCE {
            self.waiting.push_back(about);
        } else {
            self.answers.push_back((about, Answer::GivenUp));
        }
    }

    /// The next question, if one is wanted now. It counts as sent at `now`.
    pub fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        if let Some(flight) = &mut self.flight {
            if flight.until > now {
                return None;
            }
            if flight.sent < self.tries {
                flight.sent += 1;
                flight.until = now.after(self.timeout);
                let (about, id) = (flight.about, flight.id);
                return Some(ask(about, id));
            }
            self.silent();
        }
        let about = self.waiting.pop_front()?;
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.flight = Some(Flight { about, id, sent: 1, until: now.after(self.timeout) });
        Some(ask(about, id))
    }

    fn silent(&mut self) {
        let Some(flight) = self.flight.take() else { return };
        self.answers.push_back((flight.about, Answer::Silent));
        self.silences += 1;
        if self.silences >= PATIENCE {
            self.give_up();
        }
    }

    /// Nothing more is asked.
    pub fn give_up(&mut self) {
        self.silences = PATIENCE;
        let left = self.flight.take().map(|flight| flight.about).into_iter();
        let left = left.chain(self.waiting.drain(..)).map(|about| (about, Answer::GivenUp));
        self.answers.extend(left);
    }

    /// When the answer awaited is given up; `None` if none is.
    pub fn poll_timeout(&self) -> Option<Tick> {
        self.flight.as_ref().map(|flight| flight.until)
    }

    /// Whether nothing is wanted and nothing awaited.
    pub fn is_idle(&self) -> bool {
        self.flight.is_none() && self.waiting.is_empty()
    }

    /// A datagram came from the server. Returns whether it answered what was asked.
    pub fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8]) -> bool {
        let Some(flight) = &self.flight else { return false };
        if from != SocketAddr::from((self.server, PORT)) {
            return false;
        }
        let Ok(answer) = Message::decode(octets) else { return false };
        let asked = Name::reverse(IpAddr::V4(flight.about));
        let about =
            |question: &Question| question.name.matches(&asked) && question.kind == Kind::Ptr;
        if !answer.response || answer.id != flight.id || !answer.questions.iter().any(about) {
            return false;
        }
        let names = answer.answers.iter().filter_map(|record| match &record.data {
            // Where a zone is delegated piece by piece (RFC 2317) the pointer has another name.
            Data::Ptr(name) => Some(name.text()),
            Data::A(_) | Data::Aaaa(_) | Data::Srv { .. } | Data::Txt(_) => None,
        });
        let names: Vec<Text> = names.filter(|name| !name.is_empty()).take(MOST_NAMES).collect();
        self.answers.push_back((flight.about, Answer::Names(names)));
        (self.flight, self.silences) = (None, 0);
        true
    }

    /// What became of a question, oldest first.
    pub fn poll_answer(&mut self) -> Option<(Ipv4Addr, Answer)> {
        self.answers.pop_front()
    }
}

/// Most names of one address that are told.
const MOST_NAMES: usize = 4;

fn ask(about: Ipv4Addr, id: u16) -> Ask {
    let octets = message(about, id).encode();
    Ask { outlet: Outlet::Udp, port: PORT, kind: PacketKind::Dns, octets }
}

#[cfg(test)]
mod tests {
    use daicho_common::wire::dns::Record;

    use super::*;

    const SERVER: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 53);

    const fn ms(millis: u64) -> Tick {
        Tick::from_micros(millis * 1000)
    }

    fn names() -> Names {
        let mut names = Names::new(SERVER, Duration::from_secs(1), 2, 65_535);
        (7..12).for_each(|n| names.want(Ipv4Addr::new(10, 20, 0, n)));
        names
    }

    fn reply(ask: &Ask, to: &[&str]) -> Vec<u8> {
        let asked = Message::decode(&ask.octets).unwrap();
        let name = asked.questions[0].name.clone();
        let record = |to: &&str| Record::new(name.clone(), Data::Ptr(Name::dotted(to).unwrap()));
        Message::answer(&asked, to.iter().map(record).collect(), Vec::new()).encode()
    }

    #[test]
    fn names_are_asked_for_one_by_one_and_told() {
        let mut names = names();
        let from = (SERVER, PORT).into();
        let first = names.poll_transmit(ms(0)).unwrap();
        assert_eq!(names.poll_transmit(ms(1)), None, "two questions in flight");
        assert!(Message::decode(&first.octets).unwrap().recursion_desired);
        assert!(names.handle_datagram(from, &reply(&first, &["ct-1.hospital.example"])));
        assert!(!names.handle_datagram(from, &reply(&first, &["twice.example"])));
        let second = names.poll_transmit(ms(2)).unwrap();
        assert!(names.handle_datagram(from, &reply(&second, &[])));
        let told: Vec<_> = std::iter::from_fn(|| names.poll_answer()).map(|(_, it)| it).collect();
        let name = Text::clean("ct-1.hospital.example");
        assert_eq!(told, [Answer::Names(vec![name]), Answer::Names(Vec::new())]);
    }

    #[test]
    fn answers_of_others_to_others_or_of_noise_change_nothing() {
        let mut names = names();
        let ask = names.poll_transmit(ms(0)).unwrap();
        let answer = reply(&ask, &["a.example"]);
        let mut other_id = answer.clone();
        other_id[0] ^= 1;
        let from = SocketAddr::from((SERVER, PORT));
        for (from, octets) in [
            (SocketAddr::from((SERVER, 54)), &answer),
            (SocketAddr::from(([10, 20, 0, 54], PORT)), &answer),
            (from, &other_id),
            (from, &ask.octets),
            (from, &vec![0xff; 512]),
        ] {
            assert!(!names.handle_datagram(from, octets));
        }
        for cut in 0..answer.len() {
            assert!(!names.handle_datagram(from, &answer[..cut]), "{cut}");
        }
        assert!(names.handle_datagram(from, &answer));
    }

    #[test]
    fn a_silent_server_is_given_up_and_what_is_wanted_later_is_not_asked() {
        let (mut names, mut now, mut sent) = (names(), ms(0), 0);
        while !names.is_idle() {
            sent += usize::from(names.poll_transmit(now).is_some());
            now = names.poll_timeout().unwrap_or(now);
        }
        names.want(SERVER);
        assert_eq!(sent, 6, "three addresses, twice each");
        assert!(names.is_idle() && names.poll_transmit(now).is_none());
        let told: Vec<_> = std::iter::from_fn(|| names.poll_answer()).map(|(_, it)| it).collect();
        assert_eq!(told[..3], [const { Answer::Silent }; 3]);
        assert_eq!(told[3..], [const { Answer::GivenUp }; 3]);
    }
}
