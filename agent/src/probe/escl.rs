//! eSCL: the capabilities of a scanner (Mopria eSCL 2.x, `ScannerCapabilities`), found by DNS-SD.
//!
//! One GET over one connection. No scan job is made, no status or document fetched, nothing is set.
//! Redirects are not followed. Costs the scanner an answer of a few kilobytes; it may leave its energy
//! saving for a moment.
//!
//! Fields: `make_and_model`, `manufacturer`, `serial`, `uuid`, `version` (of eSCL), `adf` and `platen`
//! (`yes` or `no`).

use std::net::IpAddr;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::http::{Authority, Get, Uri, literal};
use roxmltree::Node;

use super::response::Response;
use super::talk::{Conversation, Cut, Next, told};
use super::xml;

/// Where scanners are unless DNS-SD says something else.
const ROOT: &str = "eSCL";

/// Elements of the capabilities, and the names of their fields.
const ELEMENTS: [(&str, &str); 5] = [
    ("MakeAndModel", "make_and_model"),
    ("Manufacturer", "manufacturer"),
    ("SerialNumber", "serial"),
    ("UUID", "uuid"),
    ("Version", "version"),
];

/// The capabilities of one scanner.
#[derive(Debug)]
pub struct Escl {
    get: Get,
    response: Response,
    said: Said,
}

impl Escl {
    /// Asks `host` at `port`; `root` is the path that DNS-SD told (TXT `rs`), taken if it can stand in
    /// a request.
    pub fn new(host: IpAddr, port: u16, root: Option<&str>) -> Self {
        let host = literal(host);
        let at = Uri { authority: Authority { secure: false, host, port }, path: "/".into() };
        let told = root.map(|root| root.trim().trim_matches('/')).filter(|root| is_plain(root));
        let target = format!("/{}/ScannerCapabilities", told.unwrap_or(ROOT));
        let get = Get {
            target: at.join(&target).map_or(target, |at| at.path),
            host: at.authority.to_string(),
            accept: "text/xml".into(),
            close: true,
        };
        Self { get, response: Response::new(), said: Said::at(port) }
    }

    /// Reads a response that came whole.
    fn read(&mut self) -> Outcome {
        if self.response.status() != 200 {
            return Outcome::Refused;
        }
        match xml::read(self.response.body(), capabilities) {
            Some(fields) => {
                for (name, value) in fields {
                    self.said.add(name, value);
                }
                Outcome::Complete
            }
            None => Outcome::Malformed,
        }
    }
}

/// Whether this can stand in a path as it is.
fn is_plain(root: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    (1..=128).contains(&root.len()) && root.chars().all(plain)
}

/// The fields of capabilities; `None` if the document says something else.
fn capabilities(root: Node<'_, '_>) -> Option<Vec<(&'static str, Text)>> {
    if root.tag_name().name() != "ScannerCapabilities" {
        return None;
    }
    let of = |(element, name)| (name, Text::clean(xml::text(root, element)));
    let mut fields = ELEMENTS.map(of).to_vec();
    for (element, name) in [("Adf", "adf"), ("Platen", "platen")] {
        let there = xml::all(root, element).next().is_some();
        fields.push((name, Text::clean(if there { "yes" } else { "no" })));
    }
    Some(fields)
}

impl Conversation for Escl {
    fn method(&self) -> Method {
        Method::Escl
    }

    fn begin(&mut self) -> Next {
        Next::Say(self.get.encode())
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        self.response.hear(octets).unwrap_or_else(|| Next::End(self.read()))
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        self.response.cut(cut).unwrap_or_else(|| self.read())
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        told(Method::Escl, &mut self.said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::rehearsal::{Held, rehearse};

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 0, 9));

    fn held(answers: &[&[u8]], end: Cut) -> Held {
        rehearse(|| Escl::new(HOST, 8080, None), answers, end)
    }

    fn http(status: &str, body: &str) -> Vec<u8> {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    fn scanner(name: &str, more: &str) -> String {
        format!(
            "<?xml version='1.0'?><s:ScannerCapabilities xmlns:s='urn:s' xmlns:p='urn:p'>\
             <p:Version>2.63</p:Version><p:MakeAndModel>{name}</p:MakeAndModel>\
             <p:SerialNumber>SN-9</p:SerialNumber>{more}</s:ScannerCapabilities>"
        )
    }

    #[test]
    fn a_scanner_says_what_it_is_and_has() {
        let body = scanner("Made Up\u{202e} 9", "<s:Platen><s:PlatenInputCaps/></s:Platen>");
        let held = held(&[&http("200 OK", &body)], Cut::Silent);
        assert_eq!(held.outcome, Outcome::Complete);
        let said = held.said();
        assert_eq!(said.get("make_and_model"), Some("Made Up\u{fffd} 9"));
        assert_eq!((said.get("version"), said.get("serial")), (Some("2.63"), Some("SN-9")));
        assert_eq!((said.get("adf"), said.get("platen")), (Some("no"), Some("yes")));
        let [asked] = held.asked.as_slice() else { panic!() };
        assert!(
            asked
                .starts_with(b"GET /eSCL/ScannerCapabilities HTTP/1.1\r\nHost: 10.20.0.9:8080\r\n")
        );
    }

    #[test]
    fn the_path_that_dns_sd_told_is_taken_unless_it_could_break_the_request() {
        let target = |root| Escl::new(HOST, 80, Some(root)).get.target;
        assert_eq!(target("/scan/one/"), "/scan/one/ScannerCapabilities");
        let long = "a".repeat(500);
        for bad in ["", "/", "a b", "a\r\nX: y", "a?b", long.as_str()] {
            assert_eq!(target(bad), "/eSCL/ScannerCapabilities", "{bad}");
        }
        assert_eq!(target("../.."), "/ScannerCapabilities");
    }

    #[test]
    fn refusals_nonsense_and_floods_are_told_apart() {
        let outcome = |octets: &[u8], end| held(&[octets], end).outcome;
        assert_eq!(outcome(&http("503 Busy", ""), Cut::Closed), Outcome::Refused);
        assert_eq!(outcome(&http("200 OK", "<html/>"), Cut::Closed), Outcome::Malformed);
        let entity = "<!DOCTYPE a [<!ENTITY e 'x'>]><ScannerCapabilities>&e;</ScannerCapabilities>";
        assert_eq!(outcome(&http("200 OK", entity), Cut::Closed), Outcome::Malformed);
        assert_eq!(outcome(b"220 hello\r\n", Cut::Closed), Outcome::Malformed);
        assert_eq!(outcome(b"HTTP/1.1 200 OK\r\n", Cut::Silent), Outcome::Partial);
        assert_eq!(outcome(b"", Cut::Silent), Outcome::Silent);
        assert_eq!(outcome(b"", Cut::Flooded), Outcome::Malformed);
        let long = scanner(&"x".repeat(50_000), "");
        let said = held(&[&http("200 OK", &long)], Cut::Closed).said();
        assert_eq!(said.get("make_and_model").map(str::len), Some(daicho_common::text::MAX_CHARS));
    }
}
