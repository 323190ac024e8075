//! The metadata of a device (Devices Profile §5), fetched from where WS-Discovery said.
//!
//! One POST of a Get of WS-Transfer, which reads and changes nothing. Fields: `manufacturer`, `model`,
//! `model_number`, `firmware`, `serial`, `friendly_name`, `presentation_url`, and `computer`: name and
//! domain or workgroup as Windows writes them.

use std::net::IpAddr;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::http::{USER_AGENT, literal};

use super::envelope::{self, Question};
use crate::probe::response::Response;
use crate::probe::talk::{Conversation, Cut, Next, told};
use crate::probe::xml;

/// Elements of the metadata, and the names of their fields.
const ELEMENTS: [(&str, &str); 8] = [
    ("Manufacturer", "manufacturer"),
    ("ModelName", "model"),
    ("ModelNumber", "model_number"),
    ("FirmwareVersion", "firmware"),
    ("SerialNumber", "serial"),
    ("FriendlyName", "friendly_name"),
    ("PresentationUrl", "presentation_url"),
    ("Computer", "computer"),
];

/// The metadata of one endpoint.
#[derive(Debug)]
pub struct Metadata {
    host: String,
    path: String,
    envelope: Vec<u8>,
    response: Response,
    said: Said,
}

impl Metadata {
    /// Of the endpoint of this address, at this TCP port and path of `host`. The path is visible ASCII
    /// as a [`daicho_common::wire::http::Uri`] has it; `number` is one that nobody can foresee.
    pub fn new(host: IpAddr, (port, path): (u16, &str), address: &str, number: u64) -> Self {
        let id = envelope::message_id(number.rotate_left(17));
        let envelope = Question::Get(address.to_owned()).encode(&id);
        let path = path.chars().filter(char::is_ascii_graphic).collect();
        Self {
            host: literal(host),
            path,
            envelope,
            response: Response::new(),
            said: Said::at(port),
        }
    }

    /// Reads a response that came whole.
    fn read(&mut self) -> Outcome {
        if self.response.status() != 200 {
            return Outcome::Refused;
        }
        let fields = xml::read(self.response.body(), |root| {
            Some(ELEMENTS.map(|(element, name)| (name, Text::clean(xml::text(root, element)))))
        });
        let Some(fields) = fields else { return Outcome::Malformed };
        for (name, value) in fields {
            self.said.add(name, value);
        }
        if self.said.fields.is_empty() { Outcome::Malformed } else { Outcome::Complete }
    }
}

impl Conversation for Metadata {
    fn method(&self) -> Method {
        Method::Wsd
    }

    fn begin(&mut self) -> Next {
        let Self { host, path, envelope, said, .. } = self;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}:{}\r\nUser-Agent: {USER_AGENT}\r\n\
             Content-Type: application/soap+xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            said.port,
            envelope.len()
        );
        Next::Say([head.as_bytes(), envelope].concat())
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        self.response.hear(octets).unwrap_or_else(|| Next::End(self.read()))
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        self.response.cut(cut).unwrap_or_else(|| self.read())
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        told(Method::Wsd, &mut self.said)
    }
}
