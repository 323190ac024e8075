//! LLMNR (RFC 4795; UDP 5355): the name that a host has for its own address.
//!
//! Sends one question for the pointer of the address to the address itself by datagram, and again where
//! nothing comes back; then once over a connection. RFC 4795 §2.4 wants the latter and lets a responder
//! pass over the former, as systemd-resolved does; others have no port for connections. Nothing is asked
//! of the group, and nobody else's name. Costs the host an answer, or a connection and an answer.
//!
//! Facts: [`Fact::HostName`]. An answer that comes back without a name is complete and says nothing.

use std::collections::VecDeque;
use std::net::IpAddr;

use daicho_common::coverage::PacketKind;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::wire::dns::{Data, Kind, Message, Name, Question};
use daicho_common::wire::take;

use super::inquiry::{Answer, Inquiry};
use super::talk::{Conversation, Cut, Next};

/// The port of LLMNR (RFC 4795 §2).
pub const PORT: u16 = 5355;

/// Most names that are told of one answer.
const MOST_NAMES: usize = 8;

/// The question to one host.
#[derive(Clone, Debug)]
pub struct Llmnr {
    asked: Message,
}

impl Llmnr {
    /// What `host` calls itself, with this identifier.
    pub fn new(host: IpAddr, id: u16) -> Self {
        let question = Question { name: Name::reverse(host), kind: Kind::Ptr, unicast: false };
        Self { asked: Message::question(id, question) }
    }
}

impl Inquiry for Llmnr {
    fn method(&self) -> Method {
        Method::LlmnrQuery
    }

    fn kind(&self) -> PacketKind {
        PacketKind::Llmnr
    }

    fn question(&self) -> Vec<u8> {
        self.asked.encode()
    }

    fn hear(&self, octets: &[u8]) -> Option<Answer> {
        let answer = Message::decode(octets).ok()?;
        let about = |name: &Name| self.asked.questions.iter().any(|q| q.name.matches(name));
        let repeated = answer.questions.iter().any(|question| about(&question.name));
        if !answer.response || answer.id != self.asked.id || !repeated {
            return None;
        }
        let mut facts: Vec<Fact> = Vec::new();
        for record in answer.answers.iter().filter(|record| about(&record.name)) {
            let Data::Ptr(name) = &record.data else { continue };
            let fact = Fact::HostName { name: name.text() };
            if !name.text().is_empty() && !facts.contains(&fact) && facts.len() < MOST_NAMES {
                facts.push(fact);
            }
        }
        Some(Answer { facts, outcome: Outcome::Complete })
    }
}

/// The same question over a connection: message after message, each behind its length in two octets
/// (RFC 1035 §4.2.2).
#[derive(Clone, Debug)]
pub struct Connected {
    inquiry: Llmnr,
    heard: Vec<u8>,
    facts: VecDeque<Fact>,
}

impl Connected {
    /// Asks this.
    pub const fn new(inquiry: Llmnr) -> Self {
        Self { inquiry, heard: Vec::new(), facts: VecDeque::new() }
    }
}

impl Conversation for Connected {
    fn method(&self) -> Method {
        Method::LlmnrQuery
    }

    fn begin(&mut self) -> Next {
        let question = self.inquiry.question();
        let length = u16::try_from(question.len()).unwrap_or_default().to_be_bytes();
        Next::Say([length.as_slice(), &question].concat())
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        self.heard.extend_from_slice(octets);
        let Ok((length, rest)) = take::<2>(&self.heard) else { return Next::Wait };
        let Some(message) = rest.get(..u16::from_be_bytes(length).into()) else {
            return Next::Wait;
        };
        Next::End(match self.inquiry.hear(message) {
            Some(answer) => {
                self.facts.extend(answer.facts);
                answer.outcome
            }
            None => Outcome::Malformed,
        })
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        match cut {
            _ if !self.heard.is_empty() => Outcome::Malformed,
            Cut::Closed => Outcome::Refused,
            Cut::Silent | Cut::Flooded => Outcome::Silent,
        }
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        Some((Method::LlmnrQuery, self.facts.pop_front()?))
    }
}

#[cfg(test)]
mod tests {
    use daicho_common::wire::dns::Record;

    use super::*;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 0, 9));

    fn pointer(of: IpAddr, to: &str) -> Record {
        Record::new(Name::reverse(of), Data::Ptr(Name::dotted(to).unwrap()))
    }

    fn answered(asked: &Llmnr, records: Vec<Record>) -> Option<Answer> {
        asked.hear(&Message::answer(&asked.asked, records, Vec::new()).encode())
    }

    #[test]
    fn a_host_says_what_it_calls_itself_each_name_once() {
        let asked = Llmnr::new(HOST, 0x4d2);
        let records = vec![pointer(HOST, "nurse-07"), pointer(HOST, "nurse-07")];
        let answer = answered(&asked, records).unwrap();
        assert_eq!(answer.facts, [Fact::HostName { name: "nurse-07".into() }]);
        assert_eq!(answer.outcome, Outcome::Complete);
        assert_eq!(answered(&asked, Vec::new()).unwrap().facts, []);
    }

    #[test]
    fn the_question_wants_no_recursion_and_asks_the_pointer_of_the_address() {
        let octets = Llmnr::new(HOST, 7).question();
        assert_eq!(octets[..12], [0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert!(octets.ends_with(b"\x019\x010\x0220\x0210\x07in-addr\x04arpa\0\0\x0c\0\x01"));
    }

    #[test]
    fn names_of_other_addresses_other_questions_and_questions_are_not_believed() {
        let asked = Llmnr::new(HOST, 7);
        let other = IpAddr::from([10, 20, 0, 8]);
        assert_eq!(answered(&asked, vec![pointer(other, "x")]).unwrap().facts, []);
        assert_eq!(asked.hear(&asked.question()), None);
        let foreign = Llmnr::new(HOST, 8);
        assert!(answered(&foreign, vec![pointer(HOST, "x")]).is_some());
        let octets = Message::answer(&foreign.asked, vec![pointer(HOST, "x")], vec![]).encode();
        assert_eq!(asked.hear(&octets), None);
        for end in 0..octets.len() {
            assert_eq!(foreign.hear(&octets[..end]), None, "{end}");
        }
    }

    #[test]
    fn names_without_end_are_bounded() {
        let asked = Llmnr::new(HOST, 7);
        let records = (0..100).map(|n| pointer(HOST, &format!("host-{n}"))).collect();
        assert_eq!(answered(&asked, records).unwrap().facts.len(), MOST_NAMES);
    }

    #[test]
    fn a_connection_brings_the_same_however_the_octets_are_cut() {
        let asked = Llmnr::new(HOST, 7);
        let answer =
            Message::answer(&asked.asked, vec![pointer(HOST, "nurse-07")], vec![]).encode();
        let octets = [&u16::try_from(answer.len()).unwrap().to_be_bytes(), &answer[..]].concat();
        for piece in 1..=octets.len() {
            let mut connected = Connected::new(asked.clone());
            let Next::Say(question) = connected.begin() else { panic!() };
            assert_eq!(question[2..], asked.question());
            assert_eq!(usize::from(question[1]), question.len() - 2);
            let last = octets.chunks(piece).map(|piece| connected.hear(piece)).last();
            assert_eq!(last, Some(Next::End(Outcome::Complete)));
            let name = Fact::HostName { name: "nurse-07".into() };
            assert_eq!(connected.poll_fact(), Some((Method::LlmnrQuery, name)));
            assert_eq!(connected.poll_fact(), None);
        }
    }

    #[test]
    fn what_makes_no_sense_over_a_connection_ends_it() {
        let mut connected = Connected::new(Llmnr::new(HOST, 7));
        assert_eq!(connected.cut(Cut::Closed), Outcome::Refused);
        assert_eq!(connected.hear(b"\0\x05hello"), Next::End(Outcome::Malformed));
        assert_eq!(connected.cut(Cut::Silent), Outcome::Malformed);
    }
}
