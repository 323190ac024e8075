//! WS-Discovery (April 2005; UDP 3702) and the Devices Profile: what computers, printers and scanners
//! say they are.
//!
//! Sends one Probe for devices by unicast and again where nothing comes back; where the answer does
//! not say where the metadata is, one Resolve; and where it is on the same host, one Get over HTTP
//! ([`metadata`]). It subscribes to nothing and calls no service. Costs the host two or three small
//! answers. A device may answer from another port
//! than 3702: an answer counts that relates to our message. One that hears the group alone, as wsdd
//! does, is silent to this, and answers [`super::group`].
//!
//! Fields: `address` (of the endpoint, commonly `urn:uuid:…`), `types` (without prefixes), `scopes` and
//! `xaddrs`, one field each.

use daicho_common::coverage::PacketKind;
use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use roxmltree::Node;

use super::inquiry::{Answer, Inquiry};
use super::xml;

/// What is asked.
pub mod envelope;
/// What a device is.
pub mod metadata;

use envelope::Question;

/// The port of WS-Discovery.
pub const PORT: u16 = 3702;

/// Most endpoints that are read of one answer.
const MOST_MATCHES: usize = 4;

/// Most scopes and addresses that are told of an endpoint.
const MOST_VALUES: usize = 8;

/// The question to one host.
#[derive(Clone, Debug)]
pub struct Wsd {
    question: Question,
    message_id: String,
    port: u16,
}

impl Wsd {
    /// Which devices are there. `number` is one that nobody can foresee, for the message's name.
    pub fn probe(number: u64, port: u16) -> Self {
        Self { question: Question::Probe, message_id: envelope::message_id(number), port }
    }

    /// Where the device of this address is.
    pub fn resolve(number: u64, address: &str, port: u16) -> Self {
        let question = Question::Resolve(address.to_owned());
        Self { question, message_id: envelope::message_id(!number), port }
    }

    /// What an envelope says; `None` if it answers something else.
    fn read(&self, root: Node<'_, '_>) -> Option<Answer> {
        if xml::text(root, "RelatesTo") != self.message_id {
            return None;
        }
        let name = match self.question {
            Question::Probe => "ProbeMatch",
            Question::Resolve(_) | Question::Get(_) => "ResolveMatch",
        };
        let mut said = Said::at(self.port);
        for endpoint in xml::all(root, name).take(MOST_MATCHES) {
            describe(endpoint, &mut said);
        }
        // Who was asked where it is and does not say it has said nothing new.
        let new = self.question == Question::Probe || said.get("xaddrs").is_some();
        let outcome = if new { Outcome::Complete } else { Outcome::Partial };
        let told = new && !said.fields.is_empty();
        let facts = told.then(|| Fact::Said(Box::new(said))).into_iter().collect();
        Some(Answer { facts, outcome })
    }
}

fn describe(endpoint: Node<'_, '_>, said: &mut Said) {
    said.add("address", Text::clean(xml::text(endpoint, "Address")));
    let types = xml::text(endpoint, "Types").split_whitespace();
    // A prefix means nothing outside of its document.
    let types = types.map(|name| name.rsplit(':').next().unwrap_or(name));
    said.add("types", Text::clean(&types.collect::<Vec<_>>().join(" ")));
    for (element, name) in [("Scopes", "scopes"), ("XAddrs", "xaddrs")] {
        for value in xml::text(endpoint, element).split_whitespace().take(MOST_VALUES) {
            said.add(name, Text::clean(value));
        }
    }
}

impl Inquiry for Wsd {
    fn method(&self) -> Method {
        Method::Wsd
    }

    fn kind(&self) -> PacketKind {
        PacketKind::Wsd
    }

    fn question(&self) -> Vec<u8> {
        self.question.encode(&self.message_id)
    }

    fn takes_any_port(&self) -> bool {
        true
    }

    fn hear(&self, octets: &[u8]) -> Option<Answer> {
        xml::read(octets, |root| self.read(root))
    }
}

#[cfg(test)]
mod tests;
