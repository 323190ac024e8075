//! NetBIOS node status (RFC 1002 §4.2.17): which names a Windows or Samba host has, and its adapter.
//!
//! Sends one datagram of 50 octets to UDP port 137 and again where nothing comes back. Costs the host one
//! small answer; it writes nothing down and nobody logs in. Asks for the names that the host has registered for itself, never
//! for anybody else's, and never registers, releases or resolves one.
//!
//! Facts: [`Fact::NetbiosName`] for each name, and a [`Fact::Said`] with `name_XX` for each, `XX` being
//! its suffix in hexadecimal digits, and `unit_id`, the MAC address of the adapter unless it is zero (as
//! Samba has it).

use daicho_common::addr::Mac;
use daicho_common::coverage::PacketKind;
use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::nbns::{self, Name, Packet};

use super::inquiry::{Answer, Inquiry};

/// The port of the name service (RFC 1002 §4.2).
pub const PORT: u16 = 137;

/// The question to one host.
#[derive(Clone, Copy, Debug)]
pub struct NodeStatus {
    transaction: u16,
    port: u16,
}

impl NodeStatus {
    /// With this transaction ID, at this port.
    pub const fn new(transaction: u16, port: u16) -> Self {
        Self { transaction, port }
    }

    fn facts(self, names: &[(Name, bool)], unit: Mac) -> Vec<Fact> {
        let mut said = Said::at(self.port);
        let mut facts = Vec::new();
        for (name, group) in names {
            let (suffix, group) = (name.suffix, *group);
            let name = Text::from_wire(name.trimmed());
            said.add(&format!("name_{suffix:02x}"), name.clone());
            facts.push(Fact::NetbiosName { name, suffix, group });
        }
        if unit != Mac::new([0; 6]) {
            said.add("unit_id", Text::clean(&unit.to_string()));
        }
        if !said.fields.is_empty() {
            facts.push(Fact::Said(Box::new(said)));
        }
        facts
    }
}

impl Inquiry for NodeStatus {
    fn method(&self) -> Method {
        Method::NodeStatus
    }

    fn kind(&self) -> PacketKind {
        PacketKind::NodeStatus
    }

    fn question(&self) -> Vec<u8> {
        nbns::status_request(self.transaction)
    }

    fn hear(&self, octets: &[u8]) -> Option<Answer> {
        let (transaction, packet) = nbns::decode(octets).ok()?;
        match packet {
            Packet::Status { names, unit } if transaction == self.transaction => {
                Some(Answer { facts: self.facts(&names, unit), outcome: Outcome::Complete })
            }
            Packet::Status { .. }
            | Packet::Query { .. }
            | Packet::Registration { .. }
            | Packet::Found { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(transaction: u16, names: &[(&[u8; 15], u8, bool)], unit: [u8; 6]) -> Vec<u8> {
        let names = names
            .iter()
            .map(|(octets, suffix, group)| (Name { octets: **octets, suffix: *suffix }, *group))
            .collect::<Vec<_>>();
        nbns::status_response(transaction, &names, Mac::new(unit))
    }

    #[test]
    fn names_are_told_with_suffix_and_group_and_the_adapter() {
        let asked = NodeStatus::new(0x4d2, PORT);
        assert_eq!(asked.question().len(), 50);
        let names: &[(&[u8; 15], u8, bool)] = &[
            (b"NURSE-07       ", 0x00, false),
            (b"WARD3F         ", 0x00, true),
            (b"\x8e\xf3\x95t           ", 0x20, false),
        ];
        let answer = asked.hear(&reply(0x4d2, names, [0, 0x1b, 0x2c, 1, 2, 3])).unwrap();
        assert_eq!(answer.outcome, Outcome::Complete);
        let [.., Fact::Said(said)] = answer.facts.as_slice() else { panic!() };
        assert_eq!(said.port, 137);
        assert_eq!(said.all("name_00").collect::<Vec<_>>(), ["NURSE-07", "WARD3F"]);
        assert_eq!(said.get("name_20"), Some("受付"));
        assert_eq!(said.get("unit_id"), Some("00:1b:2c:01:02:03"));
        let group = Fact::NetbiosName { name: "WARD3F".into(), suffix: 0, group: true };
        assert_eq!(answer.facts[1], group);
        assert_eq!(answer.facts.len(), 4);
    }

    #[test]
    fn a_unit_of_zeros_is_left_out_and_an_empty_answer_says_nothing() {
        let asked = NodeStatus::new(7, PORT);
        let answer = asked.hear(&reply(7, &[(b"SAMBA          ", 0, false)], [0; 6])).unwrap();
        let Some(Fact::Said(said)) = answer.facts.last() else { panic!() };
        assert_eq!(said.get("unit_id"), None);
        assert_eq!(asked.hear(&reply(7, &[], [0; 6])).unwrap().facts, []);
    }

    #[test]
    fn another_transaction_a_question_and_a_cut_answer_are_no_answers() {
        let asked = NodeStatus::new(7, PORT);
        let good = reply(7, &[(b"SAMBA          ", 0, false)], [0; 6]);
        assert!(asked.hear(&good).is_some());
        assert_eq!(asked.hear(&reply(8, &[], [0; 6])), None);
        assert_eq!(asked.hear(&asked.question()), None);
        // Statistics that are missing at the end are not missed.
        for end in 0..good.len() - 40 {
            assert_eq!(asked.hear(&good[..end]), None);
        }
    }

    #[test]
    fn names_that_would_drive_a_terminal_are_made_safe_and_their_number_is_bounded() {
        let many: Vec<(&[u8; 15], u8, bool)> = vec![(b"\x1b[31m<script>\r\0", 0, false); 255];
        let answer = NodeStatus::new(7, PORT).hear(&reply(7, &many, [1; 6])).unwrap();
        assert!(answer.facts.len() <= 65, "{}", answer.facts.len());
        for fact in answer.facts {
            if let Fact::NetbiosName { name, .. } = fact {
                assert!(!name.as_str().contains('\x1b'));
            }
        }
    }
}
