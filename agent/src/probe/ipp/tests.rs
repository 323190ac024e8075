use daicho_common::wire::ipp::{Attribute, Group, OPERATION};

use super::*;
use crate::probe::rehearsal::{Held, rehearse};

const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 0, 9));

fn attribute(name: &str, tag: u8, values: &[&[u8]]) -> Attribute {
    let values = values.iter().map(|octets| Value::new(tag, octets)).collect();
    Attribute { name: name.as_bytes().to_vec(), values }
}

fn message(code: u16, request_id: u32, attributes: Vec<Attribute>) -> Vec<u8> {
    let groups = vec![
        Group {
            tag: OPERATION,
            attributes: vec![attribute("attributes-charset", 0x47, &[b"utf-8"])],
        },
        Group { tag: PRINTER, attributes },
    ];
    Message { version: (1, 1), code, request_id, groups }.encode()
}

fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status}\r\nServer: Made/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn printer() -> Vec<Attribute> {
    vec![
        attribute("printer-state", 0x23, &[&[0, 0, 0, 3]]),
        attribute("document-format-supported", 0x49, &[&b"application/pdf"[..]; 40]),
        attribute("color-supported", 0x22, &[&[1]]),
        attribute("job-password-supported", 0x21, &[&[0, 0, 0, 8]]),
        attribute("printer-location", 0x35, &["\0\x02ja\0\x0f3階西病棟".as_bytes()]),
        attribute("printer-info", 0x13, &[b""]),
        attribute("printer-make-and-model", 0x41, &[b"Maker \x1b[1mLaser 9"]),
    ]
}

fn held(answers: &[&[u8]], end: Cut) -> Held {
    rehearse(|| Ipp::new(HOST, 631, None, 6), answers, end)
}

#[test]
fn what_was_asked_for_is_told_in_our_order_cleaned_and_bounded() {
    let held = held(&[&http("200 OK", &message(0, 7, printer()))], Cut::Closed);
    assert_eq!(held.outcome, Outcome::Complete);
    let said = held.said();
    assert_eq!(said.port, 631);
    assert_eq!(said.fields[1].0.as_str(), "printer-make-and-model");
    assert_eq!(said.get("printer-make-and-model"), Some("Maker \u{fffd}[1mLaser 9"));
    assert_eq!(said.get("server"), Some("Made/1.0"));
    assert_eq!(said.get("color-supported"), Some("true"));
    assert_eq!(said.get("job-password-supported"), Some("8"));
    assert_eq!(said.get("printer-info"), None);
    assert_eq!(said.get("printer-state"), None, "not asked for, and changes with every look");
    assert_eq!(said.all("document-format-supported").count(), MOST_VALUES);
}

#[test]
fn one_request_asks_for_attributes_and_nothing_that_prints() {
    let held = held(&[&http("200 OK", &message(0, 7, printer()))], Cut::Closed);
    assert_eq!(held.asked.len(), 1);
    let asked = &held.asked[0];
    let at = asked.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let header = std::str::from_utf8(&asked[..at]).unwrap();
    assert!(header.starts_with("POST /ipp/print HTTP/1.1\r\nHost: 10.20.0.9:631\r\n"), "{header}");
    assert!(header.contains(&format!("Content-Length: {}\r\n", asked.len() - at)));
    let message = Message::decode(&asked[at..]).unwrap();
    assert_eq!(message.code, 0x000b);
    assert_eq!(message.encode().len(), asked.len() - at, "no document follows");
    let requested = message.attribute(OPERATION, "requested-attributes").unwrap();
    assert_eq!(requested.values.len(), REQUESTED.len());
}

#[test]
fn a_printer_elsewhere_is_found_at_the_third_path_and_never_looked_for_at_a_fourth() {
    let none = [http("404 Not Found", b""), http("200 OK", &message(NOT_FOUND, 8, Vec::new()))];
    let there = http("200 OK", &message(0, 9, printer()));
    let found = held(&[&none[0], &none[1], &there], Cut::Closed);
    assert_eq!((found.outcome, found.asked.len()), (Outcome::Complete, 3));
    assert!(found.asked[2].starts_with(b"POST / HTTP/1.1"));
    let nobody = http("404 Not Found", b"");
    let lost = held(&[&none[0], &none[1], &nobody], Cut::Closed);
    assert_eq!((lost.outcome, lost.asked.len()), (Outcome::Refused, 3));
    let closing = http("404 Not Found", b"").replace(b"Server: Made/1.0", b"Connection: close");
    assert_eq!(
        held(&[&closing], Cut::Closed).asked.len(),
        1,
        "a closed connection is not opened again"
    );
}

trait Replace {
    fn replace(&self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl Replace for Vec<u8> {
    fn replace(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let at = self.windows(from.len()).position(|w| w == from).unwrap();
        [&self[..at], to, &self[at + from.len()..]].concat()
    }
}

#[test]
fn the_path_that_dns_sd_told_comes_first_unless_it_could_break_the_request() {
    let first = |path: &str| {
        let Next::Say(asked) = Ipp::new(HOST, 631, Some(path), 1).begin() else { panic!() };
        String::from_utf8_lossy(asked.split(|b| *b == b'\r').next().unwrap()).into_owned()
    };
    assert_eq!(first("printers/laser"), "POST /printers/laser HTTP/1.1");
    assert_eq!(first("ipp/print"), "POST /ipp/print HTTP/1.1");
    assert_eq!(first("a HTTP/1.1\r\nX: y"), "POST /ipp/print HTTP/1.1");
    assert_eq!(first(&"a".repeat(500)), "POST /ipp/print HTTP/1.1");
}

#[test]
fn who_refuses_breaks_off_or_talks_nonsense_is_told_apart() {
    let outcome = |answers: &[&[u8]], end| held(answers, end).outcome;
    assert_eq!(outcome(&[&http("401 Unauthorized", b"")], Cut::Closed), Outcome::Refused);
    assert_eq!(
        outcome(&[&http("200 OK", &message(0x0403, 7, Vec::new()))], Cut::Closed),
        Outcome::Refused
    );
    assert_eq!(outcome(&[&http("200 OK", b"<html>")], Cut::Closed), Outcome::Malformed);
    assert_eq!(
        outcome(&[&http("200 OK", &message(0, 99, printer()))], Cut::Closed),
        Outcome::Malformed
    );
    assert_eq!(outcome(&[b"220 ftp\r\n"], Cut::Closed), Outcome::Malformed);
    assert_eq!(outcome(&[b"HTTP/1.1 200 OK\r\n"], Cut::Closed), Outcome::Partial);
    assert_eq!(outcome(&[], Cut::Silent), Outcome::Silent);
    assert_eq!(outcome(&[], Cut::Flooded), Outcome::Malformed);
    assert_eq!(held(&[], Cut::Silent).facts, []);
}

#[test]
fn a_thousand_attributes_crowd_out_nothing_that_was_asked_for() {
    let mut many: Vec<Attribute> =
        (0..1000).map(|n| attribute(&format!("x-{n}"), 0x41, &[&b"xxxxxxxxx"[..]; 3])).collect();
    many.extend(printer());
    let held = held(&[&http("200 OK", &message(0, 7, many))], Cut::Closed);
    assert_eq!(held.said().get("printer-make-and-model"), Some("Maker \u{fffd}[1mLaser 9"));
    assert!(held.said().fields.len() < 20);
}
