//! LLMNR (RFC 4795; UDP 5355): the name that a host has for its own address.
//!
//! Sends one question for the pointer of the address to the address itself, and again where nothing
//! comes back. RFC 4795 §2.4 wants such questions over TCP and lets a responder pass over those by
//! datagram, so silence says nothing; responders that take datagrams only are reached so. Nothing is
//! asked of the group, and nobody else's name. Costs the host one answer.
//!
//! Facts: [`Fact::HostName`]. An answer that comes back without a name is complete and says nothing.

use std::net::IpAddr;

use daicho_common::coverage::PacketKind;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::wire::dns::{Data, Kind, Message, Name, Question};

use super::inquiry::{Answer, Inquiry};

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
}
