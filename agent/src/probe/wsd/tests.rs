use std::time::Duration;

use daicho_common::time::Tick;

use super::metadata::Metadata;
use super::*;
use crate::probe::Dialogue;
use crate::probe::inquiry::Single;
use crate::probe::rehearsal::{Held, rehearse};
use crate::probe::talk::Cut;

const NUMBER: u64 = 0x1234_5678_9abc_def0;
const ADDRESS: &str = "urn:uuid:0a1b2c3d-0000-4000-8000-00000000000a";

/// An answer to this message with this in its body.
fn answer(to: &str, body: &str) -> Vec<u8> {
    format!(
        "<?xml version='1.0'?><s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' \
         xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing' \
         xmlns:d='http://schemas.xmlsoap.org/ws/2005/04/discovery' xmlns:p='urn:p'><s:Header>\
         <a:RelatesTo>{to}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
    .into_bytes()
}

fn endpoint(more: &str) -> String {
    format!("<a:EndpointReference><a:Address>{ADDRESS}</a:Address></a:EndpointReference>{more}")
}

fn heard(wsd: &Wsd, octets: &[u8]) -> Option<(Said, Outcome)> {
    let answer = wsd.hear(octets)?;
    let said = match answer.facts.as_slice() {
        [] => Said::default(),
        [Fact::Said(said)] => (**said).clone(),
        other => panic!("{other:?}"),
    };
    Some((said, answer.outcome))
}

#[test]
fn a_probe_asks_for_devices_and_every_message_has_a_name_of_its_own() {
    let asked = String::from_utf8(Wsd::probe(NUMBER, PORT).question()).unwrap();
    assert!(asked.contains("<wsd:Probe><wsd:Types>wsdp:Device</wsd:Types></wsd:Probe>"));
    let probe = Wsd::probe(NUMBER, PORT).message_id;
    assert!(asked.contains(&format!("<wsa:MessageID>{probe}</wsa:MessageID>")));
    assert!(roxmltree::Document::parse(&asked).is_ok());
    let shape: Vec<usize> =
        probe.split(':').next_back().unwrap().split('-').map(str::len).collect();
    assert_eq!(shape, [8, 4, 4, 4, 12]);
    assert_eq!(&probe[23..24], "4", "a version: {probe}");
    assert!("89ab".contains(&probe[28..29]), "a variant: {probe}");
    assert_ne!(probe, Wsd::resolve(NUMBER, ADDRESS, PORT).message_id);
    let hostile = Wsd::resolve(NUMBER, "</a>&<b>", PORT).question();
    let hostile = String::from_utf8(hostile).unwrap();
    let document = roxmltree::Document::parse(&hostile).unwrap();
    let address = xml::all(document.root_element(), "EndpointReference").next().unwrap();
    assert_eq!(xml::text(address, "Address"), "</a>&<b>");
}

#[test]
fn a_match_tells_types_scopes_and_addresses() {
    let probe = Wsd::probe(NUMBER, PORT);
    let more = "<d:Types>p:Device\n q:Computer</d:Types><d:Scopes>urn:one urn:two</d:Scopes>\
                <d:XAddrs>http://10.20.0.9:5357/x http://[fe80::9]:5357/x</d:XAddrs>";
    let body =
        format!("<d:ProbeMatches><d:ProbeMatch>{}</d:ProbeMatch></d:ProbeMatches>", endpoint(more));
    let (said, outcome) = heard(&probe, &answer(&probe.message_id, &body)).unwrap();
    assert_eq!(outcome, Outcome::Complete);
    assert_eq!((said.port, said.get("address")), (PORT, Some(ADDRESS)));
    assert_eq!(said.get("types"), Some("Device Computer"));
    assert!(said.all("scopes").eq(["urn:one", "urn:two"]));
    assert!(said.all("xaddrs").eq(["http://10.20.0.9:5357/x", "http://[fe80::9]:5357/x"]));
}

#[test]
fn an_answer_to_somebody_else_is_not_taken() {
    let probe = Wsd::probe(NUMBER, PORT);
    let body = format!("<d:ProbeMatch>{}</d:ProbeMatch>", endpoint(""));
    let other = Wsd::probe(NUMBER + 1, PORT).message_id;
    for octets in [
        answer(&other, &body),
        answer("", &body),
        probe.question(),
        b"\x00\xff<".to_vec(),
        [b"<!DOCTYPE a [<!ENTITY e 'x'>]>", answer(&probe.message_id, "&e;").as_slice()].concat(),
    ] {
        assert_eq!(heard(&probe, &octets), None);
    }
}

#[test]
fn an_answer_may_come_from_another_port_of_the_host_but_from_no_other_host() {
    let probe = Wsd::probe(NUMBER, PORT);
    let octets =
        answer(&probe.message_id, &format!("<d:ProbeMatch>{}</d:ProbeMatch>", endpoint("")));
    let target = "10.20.0.9:3702".parse().unwrap();
    let mut single = Single::new(target, Duration::from_secs(1), 2, probe);
    assert!(single.poll_transmit(Tick::ZERO).is_some());
    assert!(!single.handle_datagram("10.20.0.8:3702".parse().unwrap(), &octets, Tick::ZERO));
    assert!(single.handle_datagram("10.20.0.9:49152".parse().unwrap(), &octets, Tick::ZERO));
    assert!(single.is_finished());
}

#[test]
fn who_does_not_say_where_it_is_says_nothing_new() {
    let resolve = Wsd::resolve(NUMBER, ADDRESS, PORT);
    let at = |more: &str| {
        let body = format!("<d:ResolveMatch>{}</d:ResolveMatch>", endpoint(more));
        heard(&resolve, &answer(&resolve.message_id, &body)).unwrap()
    };
    assert_eq!(at(""), (Said::default(), Outcome::Partial));
    let (said, outcome) = at("<d:XAddrs>http://10.20.0.9:5357/x</d:XAddrs>");
    assert_eq!((said.get("address"), outcome), (Some(ADDRESS), Outcome::Complete));
}

#[test]
fn a_thousand_matches_and_long_names_with_escapes_are_bounded() {
    let probe = Wsd::probe(NUMBER, PORT);
    let scopes = format!("<d:Scopes>{}</d:Scopes>", "urn:x\u{202e} ".repeat(100));
    let one = format!("<d:ProbeMatch>{}</d:ProbeMatch>", endpoint(&scopes));
    let (said, _) = heard(&probe, &answer(&probe.message_id, &one.repeat(100))).unwrap();
    assert_eq!(said.all("address").count(), MOST_MATCHES);
    assert_eq!(said.all("scopes").count(), MOST_MATCHES * MOST_VALUES);
    assert!(said.all("scopes").all(|scope| !scope.contains('\u{202e}')));
}

fn fetched(answers: &[&[u8]], end: Cut) -> Held {
    let make = || Metadata::new([10, 20, 0, 9].into(), (5357, "/x"), ADDRESS, NUMBER);
    rehearse(make, answers, end)
}

fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn metadata_says_what_a_device_is_and_to_which_domain_it_belongs() {
    let body = "<p:ThisDevice><p:FriendlyName>受付 \u{7f}PC</p:FriendlyName><p:FirmwareVersion>2.1\
                </p:FirmwareVersion><p:SerialNumber>SN-1</p:SerialNumber></p:ThisDevice><p:ThisModel>\
                <p:Manufacturer>Made Up</p:Manufacturer><p:ModelName>Box</p:ModelName></p:ThisModel>\
                <p:Host><p:Types>q:Computer</p:Types><p:Computer>UKETSUKE-1/Domain:byoin</p:Computer>\
                </p:Host>";
    let held = fetched(&[&http("200 OK", &answer("urn:x", body))], Cut::Closed);
    assert_eq!(held.outcome, Outcome::Complete);
    let said = held.said();
    assert_eq!(said.get("friendly_name"), Some("受付 \u{fffd}PC"));
    assert_eq!((said.get("manufacturer"), said.get("model")), (Some("Made Up"), Some("Box")));
    assert_eq!((said.get("firmware"), said.get("serial")), (Some("2.1"), Some("SN-1")));
    assert_eq!(said.get("computer"), Some("UKETSUKE-1/Domain:byoin"));
    let [asked] = held.asked.as_slice() else { panic!() };
    let asked = String::from_utf8(asked.clone()).unwrap();
    let (start, envelope) = asked.split_once("\r\n\r\n").unwrap();
    assert!(start.starts_with("POST /x HTTP/1.1\r\nHost: 10.20.0.9:5357\r\n"), "{start}");
    assert!(start.contains(&format!("Content-Length: {}\r\n", envelope.len())));
    assert!(envelope.contains(&format!("<wsa:To>{ADDRESS}</wsa:To>")));
}

#[test]
fn metadata_that_is_refused_missing_or_nonsense_is_told_apart() {
    let outcome = |octets: &[u8], end| fetched(&[octets], end).outcome;
    assert_eq!(outcome(&http("404 Not Found", b""), Cut::Closed), Outcome::Refused);
    assert_eq!(outcome(&http("200 OK", b"<html>"), Cut::Closed), Outcome::Malformed);
    assert_eq!(outcome(&http("200 OK", b"<html/>"), Cut::Closed), Outcome::Malformed);
    assert_eq!(outcome(b"220 hello\r\n", Cut::Closed), Outcome::Malformed);
    assert_eq!(outcome(b"HTTP/1.1 200 OK\r\n", Cut::Closed), Outcome::Partial);
    assert_eq!(outcome(b"", Cut::Silent), Outcome::Silent);
    assert_eq!(outcome(b"", Cut::Flooded), Outcome::Malformed);
}
