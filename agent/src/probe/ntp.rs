//! NTP (RFC 5905; UDP 123): whether a host serves the time, and from how far away.
//!
//! Sends one client's question (mode 3) of 48 octets that tells nothing of the agent's clock; its
//! transmit timestamp is a number that nobody can foresee, and an answer has to repeat it. Costs the
//! host one answer of the same length. Modes 6 and 7 are never sent: they control a server, and their
//! long answers serve attacks by amplification, so `readvar`, which would tell the software, is not
//! asked.
//!
//! Fields: `version` (of the answer), `stratum`, and of a primary server `reference` (what sets its
//! clock, such as `GPS`). Times, delays and the references of secondary servers change with every look
//! and are left out. A server that refuses by a kiss code (§7.4) is [`Outcome::Refused`] with `kiss`.

use daicho_common::coverage::PacketKind;
use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::ntp::{Packet, SERVER};

use super::inquiry::{Answer, Inquiry};

/// The port of NTP (RFC 5905 §7.2).
pub const PORT: u16 = 123;

/// The question to one host.
#[derive(Clone, Copy, Debug)]
pub struct Ntp {
    transmit: u64,
    port: u16,
}

impl Ntp {
    /// With this number as its transmit timestamp, at this port.
    pub fn new(number: u64, port: u16) -> Self {
        Self { transmit: number.max(1), port }
    }
}

impl Inquiry for Ntp {
    fn method(&self) -> Method {
        Method::Ntp
    }

    fn kind(&self) -> PacketKind {
        PacketKind::Ntp
    }

    fn question(&self) -> Vec<u8> {
        Packet::question(self.transmit).encode()
    }

    fn hear(&self, octets: &[u8]) -> Option<Answer> {
        let answer = Packet::decode(octets).ok()?;
        if answer.mode != SERVER || answer.origin != self.transmit {
            return None;
        }
        let mut said = Said::at(self.port);
        said.add("version", Text::clean(&answer.version.to_string()));
        if answer.stratum == 0 {
            said.add("kiss", Text::from_wire(&answer.reference));
        } else {
            said.add("stratum", Text::clean(&answer.stratum.to_string()));
        }
        if answer.stratum == 1 {
            said.add("reference", Text::from_wire(&answer.reference));
        }
        let outcome = if answer.stratum == 0 { Outcome::Refused } else { Outcome::Complete };
        Some(Answer { facts: vec![Fact::Said(Box::new(said))], outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(packet: Packet) -> Option<(Said, Outcome)> {
        let answer = Ntp::new(77, PORT).hear(&packet.encode())?;
        match answer.facts.as_slice() {
            [Fact::Said(said)] => Some((said.as_ref().clone(), answer.outcome)),
            other => panic!("{other:?}"),
        }
    }

    fn answer(stratum: u8, reference: [u8; 4]) -> Packet {
        Packet { version: 4, mode: SERVER, stratum, reference, origin: 77, ..Packet::default() }
    }

    #[test]
    fn a_primary_server_says_what_sets_its_clock_and_a_secondary_one_does_not() {
        let (primary, outcome) = said(answer(1, *b"GPS\0")).unwrap();
        assert_eq!(outcome, Outcome::Complete);
        assert_eq!((primary.get("stratum"), primary.get("reference")), (Some("1"), Some("GPS")));
        let (secondary, _) = said(answer(3, [10, 20, 0, 1])).unwrap();
        assert_eq!((secondary.get("version"), secondary.get("stratum")), (Some("4"), Some("3")));
        assert_eq!(secondary.get("reference"), None);
    }

    #[test]
    fn a_kiss_of_death_is_a_refusal() {
        let (kiss, outcome) = said(answer(0, *b"DENY")).unwrap();
        assert_eq!((outcome, kiss.get("kiss")), (Outcome::Refused, Some("DENY")));
    }

    #[test]
    fn an_answer_to_somebody_else_a_question_and_a_cut_one_are_no_answers() {
        assert_eq!(said(Packet { origin: 78, ..answer(1, *b"GPS\0") }), None);
        assert_eq!(said(Packet { mode: 3, ..answer(1, *b"GPS\0") }), None);
        let octets = answer(1, *b"GPS\0").encode();
        for end in 0..octets.len() {
            assert_eq!(Ntp::new(77, PORT).hear(&octets[..end]), None);
        }
    }

    #[test]
    fn the_question_is_a_clients_and_never_of_mode_6_or_7() {
        assert_eq!(Packet::decode(&Ntp::new(0, PORT).question()).unwrap(), Packet::question(1));
        assert_eq!(Ntp::new(9, PORT).question()[0] & 7, 3);
    }
}
