//! IPP: the attributes of a printer (RFC 8011 §4.2.5), over HTTP/1.1 (RFC 8010 §4).
//!
//! Sends one POST with Get-Printer-Attributes for a short list of attributes, and the same for at most
//! two more paths if nobody is found under the first. Costs the printer an answer of a few kilobytes;
//! some leave their energy saving for a moment. Never sends another operation, a document, a user name
//! or a credential, so nothing can be printed, queued or changed. What changes with every look (state,
//! supplies, uptime) is not asked for.
//!
//! Fields: the attributes by their IPP names, several values as several fields; `server`, the header
//! field of HTTP.

use std::net::IpAddr;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::http::literal;
use daicho_common::wire::ipp::{Message, PRINTER, Value};

use super::response::Response;
use super::talk::{Conversation, Cut, Next, told};

/// The attributes that are asked for, in the order in which they are told: what names the device comes
/// first (RFC 8011 §5.4; PWG 5100.13, 5100.11 for job storage).
const REQUESTED: &[&str] = &[
    "printer-make-and-model",
    "printer-device-id",
    "printer-uuid",
    "printer-name",
    "printer-info",
    "printer-dns-sd-name",
    "printer-location",
    "printer-kind",
    "printer-firmware-name",
    "printer-firmware-string-version",
    "printer-firmware-patches",
    "color-supported",
    "sides-supported",
    "job-password-supported",
    "job-storage-supported",
    "job-storage-access-supported",
    "job-storage-disposition-supported",
    "job-hold-until-supported",
    "ipp-versions-supported",
    "ipp-features-supported",
    "document-format-supported",
];

/// Where printers are found: as IPP Everywhere says (PWG 5100.14 §4.2.2), as some do, as old ones do.
const PATHS: &[&str] = &["/ipp/print", "/ipp/printer", "/"];

/// Most paths that are tried.
const MOST_PATHS: usize = 3;

/// Most values that are told of one attribute.
const MOST_VALUES: usize = 10;

/// Nobody is there (RFC 8011 §B.1.4.7).
const NOT_FOUND: u16 = 0x0406;

/// Get-Printer-Attributes at one port.
#[derive(Debug)]
pub struct Ipp {
    host: IpAddr,
    paths: Vec<String>,
    request_id: u32,
    response: Response,
    said: Said,
}

/// What a whole response amounts to.
enum Read {
    /// The printer is not under this path.
    Elsewhere,
    End(Outcome),
}

impl Ipp {
    /// Asks `host` at `port`. `path` is where DNS-SD said that the printer is (TXT `rp`), tried first;
    /// one that is no plain path is not tried. Request identifiers count up from `first_id`.
    pub fn new(host: IpAddr, port: u16, path: Option<&str>, first_id: u32) -> Self {
        let told = path.map(|path| format!("/{}", path.trim_start_matches('/')));
        let told = told.filter(|path| is_plain(path) && !PATHS.contains(&path.as_str()));
        let mut paths: Vec<String> = told.into_iter().collect();
        paths.extend(PATHS.iter().map(|path| (*path).to_owned()));
        paths.truncate(MOST_PATHS);
        paths.reverse();
        let (response, said) = (Response::new(), Said::at(port));
        // From 1 to what a signed integer holds (RFC 8010 §3.4.2).
        Self { host, paths, request_id: first_id & 0x3fff_ffff, response, said }
    }

    /// Asks under the next path.
    fn ask(&mut self) -> Option<Vec<u8>> {
        let path = self.paths.pop()?;
        self.request_id += 1;
        self.response = Response::new();
        let host = format!("{}:{}", literal(self.host), self.said.port);
        let uri = format!("ipp://{host}{path}");
        let body = Message::get_printer_attributes(self.request_id, &uri, REQUESTED).encode();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Some([head.as_bytes(), &body].concat())
    }

    /// Reads a response that came whole.
    fn read(&mut self) -> Read {
        if let Some(server) =
            self.response.field("server").filter(|_| self.said.get("server").is_none())
        {
            self.said.add("server", Text::from_wire(server));
        }
        match self.response.status() {
            200 => {}
            404 => return Read::Elsewhere,
            _ => return Read::End(Outcome::Refused),
        }
        let Ok(message) = Message::decode(self.response.body()) else {
            return Read::End(Outcome::Malformed);
        };
        if message.request_id != self.request_id {
            return Read::End(Outcome::Malformed);
        }
        if message.code == NOT_FOUND {
            return Read::Elsewhere;
        }
        self.tell(&message);
        Read::End(if message.code < 0x0100 { Outcome::Complete } else { Outcome::Refused })
    }

    fn tell(&mut self, message: &Message) {
        for name in REQUESTED {
            let Some(attribute) = message.attribute(PRINTER, name) else { continue };
            for value in attribute.values.iter().take(MOST_VALUES) {
                self.said.add(name, written(value));
            }
        }
    }
}

/// Whether this can stand in a request line and a URI as it is.
fn is_plain(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~%:".contains(c);
    path.len() <= 128 && path.chars().all(plain)
}

/// A value as text; empty for one that says nothing (RFC 8010 §3.5.2, out-of-band) or is read by nobody.
fn written(value: &Value) -> Text {
    if let Some(text) = value.text() {
        return Text::from_wire(text);
    }
    let number = value.number().map(|number| number.to_string());
    let boolean = || value.boolean().map(|is| is.to_string());
    let range = || value.range().map(|(low, high)| format!("{low}-{high}"));
    number.or_else(boolean).or_else(range).map(|text| Text::clean(&text)).unwrap_or_default()
}

impl Conversation for Ipp {
    fn method(&self) -> Method {
        Method::Ipp
    }

    fn begin(&mut self) -> Next {
        self.ask().map_or(Next::End(Outcome::Malformed), Next::Say)
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        if let Some(next) = self.response.hear(octets) {
            return next;
        }
        let goes_on = self.response.goes_on();
        match self.read() {
            Read::End(outcome) => Next::End(outcome),
            Read::Elsewhere if !goes_on => Next::End(Outcome::Refused),
            Read::Elsewhere => self.ask().map_or(Next::End(Outcome::Refused), Next::Say),
        }
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        self.response.cut(cut).unwrap_or_else(|| match self.read() {
            Read::End(outcome) => outcome,
            Read::Elsewhere => Outcome::Refused,
        })
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        told(Method::Ipp, &mut self.said)
    }
}

#[cfg(test)]
mod tests;
