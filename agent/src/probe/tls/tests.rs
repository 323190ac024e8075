use std::time::Duration;

use daicho_common::observation::Question;
use daicho_common::time::Tick;
use daicho_common::wire::http::Get;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::*;
use crate::probe::talk::Talk;
use crate::probe::{Dialogue, Stream};

const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 0, 9));
const EC: &[u8] = include_bytes!("fixtures/ec.der");
const EC_KEY: &[u8] = include_bytes!("fixtures/ec.key.der");
const OLD: &[u8] = include_bytes!("fixtures/old.der");

fn server() -> ServerConnection {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(EC)], PrivateKeyDer::try_from(EC_KEY).unwrap())
        .unwrap();
    ServerConnection::new(Arc::new(config)).unwrap()
}

/// What is heard of a server after its connection was opened (no octets), or something was said to it;
/// `None` if it closes.
type Serve<'s> = dyn FnMut(&[u8]) -> Option<Vec<u8>> + 's;

/// What came of an interview: connections, how it ended, and what was said by which method.
struct Visit {
    connections: usize,
    outcome: Outcome,
    tls: Option<Said>,
    http: Option<Said>,
}

fn visit(names: &[String], piece: usize, serve: &mut Serve<'_>) -> Visit {
    let tls = Tls::new(HOST, (443, "/"), names, [7; 32]);
    let (mut talk, mut now) = (Talk::new(443, Duration::from_secs(1), tls), Tick::ZERO);
    let mut visit = Visit { connections: 0, outcome: Outcome::Silent, tls: None, http: None };
    for turns in 0.. {
        assert!(turns < 200, "endless");
        let Some(ask) = talk.poll_transmit(now) else {
            match talk.poll_timeout() {
                Some(at) => now = now.max(at),
                None => break,
            }
            continue;
        };
        if ask.octets.is_empty() {
            visit.connections += 1;
            talk.handle_stream(Stream::Opened, now);
        }
        match serve(&ask.octets) {
            Some(answer) => {
                for piece in answer.chunks(piece) {
                    talk.handle_stream(Stream::Octets(piece), now);
                }
            }
            None => {
                talk.handle_stream(Stream::Closed, now);
            }
        }
    }
    while let Some((method, Fact::Said(said))) = talk.poll_aside() {
        assert_eq!(method, Method::Http);
        visit.http = Some(*said);
    }
    for fact in std::iter::from_fn(|| talk.poll_fact()) {
        if let Fact::Said(said) = fact {
            assert!(visit.tls.replace(*said).is_none(), "once");
        } else if let Fact::Asked { question: Question::Service { port: 443 }, outcome } = fact {
            visit.outcome = outcome;
        }
    }
    visit
}

/// A web server over TLS; the requests that it got are kept.
fn web(piece: usize, names: &[String]) -> (Visit, Vec<Get>, Option<String>) {
    let (mut tls, mut asked, mut meant) = (server(), Vec::new(), None);
    let mut serve = |octets: &[u8]| {
        if octets.is_empty() {
            tls = server();
        }
        let mut rest = octets;
        let mut plain = Vec::new();
        while !rest.is_empty() {
            tls.read_tls(&mut rest).unwrap();
            tls.process_new_packets().unwrap();
            let _ = tls.reader().read_to_end(&mut plain);
        }
        if let Ok(get) = Get::decode(&plain) {
            meant = tls.server_name().map(str::to_owned);
            let body = if get.target == "/" { "<title>Safe</title>" } else { "icon" };
            asked.push(get);
            let length = body.len();
            let answer =
                format!("HTTP/1.1 200 OK\r\nServer: S\r\nContent-Length: {length}\r\n\r\n{body}");
            tls.writer().write_all(answer.as_bytes()).unwrap();
        }
        let mut out = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut out).unwrap();
        }
        Some(out)
    };
    let visit = visit(names, piece, &mut serve);
    (visit, asked, meant)
}

#[test]
fn a_server_shows_its_certificate_and_its_page_over_one_connection() {
    let (visit, asked, named) = web(4096, &[]);
    assert_eq!((visit.connections, visit.outcome), (1, Outcome::Complete));
    let (tls, http) = (visit.tls.unwrap(), visit.http.unwrap());
    for (name, value) in [
        ("version", "TLS 1.3"),
        ("subject", "CN=nas.example,O=例\\, 病院,C=JP"),
        ("self_signed", "yes"),
        ("key", "EC P-256"),
        ("signature", "ecdsa-with-SHA256"),
        ("serial", "1f2e"),
        ("chain", "1"),
    ] {
        assert_eq!(tls.get(name), Some(value));
    }
    assert_eq!(tls.all("san").collect::<Vec<_>>(), ["DNS:nas.example", "IP:10.20.0.9"]);
    assert_eq!((tls.get("issuer"), tls.get("legacy")), (tls.get("subject"), None));
    assert!(tls.get("cipher").unwrap().starts_with("TLS_"));
    assert_eq!((http.get("title"), http.get("server")), (Some("Safe"), Some("S")));
    assert!(http.get("favicon_sha256").is_some());
    assert_eq!(asked.iter().map(|get| get.host.as_str()).collect::<Vec<_>>(), ["10.20.0.9"; 2]);
    assert_eq!(named, None, "nobody is named who has no name");
}

#[test]
fn the_name_that_a_host_gave_itself_is_said_to_be_meant() {
    let (visit, _, named) = web(4096, &["nas.example".to_owned()]);
    assert_eq!((visit.outcome, named.as_deref()), (Outcome::Complete, Some("nas.example")));
}

#[test]
fn an_answer_cut_into_pieces_says_the_same() {
    let (whole, ..) = web(1 << 20, &[]);
    for piece in [1, 2, 3, 5, 7, 64, 333] {
        let (cut, ..) = web(piece, &[]);
        assert_eq!(
            (cut.tls, cut.http, cut.outcome),
            (whole.tls.clone(), whole.http.clone(), whole.outcome)
        );
    }
}

/// A record of TLS 1.0.
fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[kind, 3, 1, high, low], content].concat()
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], length.as_slice(), body].concat()
}

/// What a server of TLS 1.0 with 3DES says first.
fn old_flight() -> Vec<u8> {
    let hello = [&[3, 1], [1; 32].as_slice(), &[0, 0, 0x0a, 0]].concat();
    let [_, length @ ..] = u32::try_from(OLD.len()).unwrap().to_be_bytes();
    let [_, total @ ..] = u32::try_from(OLD.len() + 3).unwrap().to_be_bytes();
    let chain = [total.as_slice(), &length, OLD].concat();
    record(22, &[handshake(2, &hello), handshake(11, &chain), handshake(14, &[])].concat())
}

fn old_server(piece: usize, first: Option<&[u8]>) -> Visit {
    let mut goodbye = Vec::new();
    let mut serve = |octets: &[u8]| match octets {
        [] => Some(Vec::new()),
        [22, ..] if ClientHello::decode(octets).is_ok() => Some(old_flight()),
        [22, ..] => first.map(<[u8]>::to_vec),
        _ => {
            goodbye = octets.to_vec();
            None
        }
    };
    let visit = visit(&[], piece, &mut serve);
    assert_eq!(goodbye, tls::goodbye(0x0301));
    visit
}

#[test]
fn a_device_that_knows_only_tls_1_0_shows_its_certificate_in_the_clear() {
    let refusal = record(21, &[2, 70]);
    for first in [Some(refusal.as_slice()), None, Some(&[])] {
        for piece in [1, 100, 4096] {
            let visit = old_server(piece, first);
            assert_eq!((visit.connections, visit.outcome), (2, Outcome::Complete));
            assert_eq!(visit.http, None, "its page is not read");
            let said = visit.tls.unwrap();
            for (name, value) in [
                ("version", "TLS 1.0"),
                ("cipher", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
                ("legacy", "yes"),
                ("subject", "CN=old.example,O=株式会社レガシー,C=JP"),
                ("key", "RSA 1024"),
                ("signature", "sha1WithRSAEncryption"),
            ] {
                assert_eq!(said.get(name), Some(value));
            }
        }
    }
}

#[test]
fn a_device_that_answers_a_new_hello_with_an_old_version_is_asked_again() {
    let mut hellos = 0;
    let mut serve = |octets: &[u8]| match octets {
        [22, ..] => {
            hellos += 1;
            Some(old_flight())
        }
        [] => Some(Vec::new()),
        _ => None,
    };
    let visit = visit(&[], 4096, &mut serve);
    assert_eq!((visit.outcome, visit.connections, hellos), (Outcome::Complete, 2, 2));
    assert_eq!(visit.tls.unwrap().get("legacy"), Some("yes"));
}

#[test]
fn who_refuses_every_version_is_told_as_such() {
    let mut serve =
        |octets: &[u8]| Some(if octets.is_empty() { Vec::new() } else { record(21, &[2, 70]) });
    let visit = visit(&[], 4096, &mut serve);
    assert_eq!((visit.outcome, visit.connections), (Outcome::Refused, 2));
    assert_eq!(visit.tls.unwrap().get("alert"), Some("protocol_version"));
}

#[test]
fn another_protocol_is_malformed_after_one_connection() {
    let mut serve = |octets: &[u8]| {
        let plain = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        Some(if octets.is_empty() { Vec::new() } else { plain.to_vec() })
    };
    let visit = visit(&[], 4096, &mut serve);
    assert_eq!((visit.outcome, visit.connections), (Outcome::Malformed, 1));
    assert!(visit.tls.is_none() && visit.http.is_none());
}

#[test]
fn who_floods_or_drips_or_says_nothing_costs_little() {
    let mut mute = |_: &[u8]| Some(Vec::new());
    let silent = visit(&[], 1, &mut mute);
    assert_eq!((silent.outcome, silent.connections), (Outcome::Silent, 2));
    // Ten megabytes of certificates are announced, and a megabyte comes.
    let mut flood = |octets: &[u8]| {
        let first = record(22, &[11, 0x98, 0x96, 0x80]);
        let more = record(22, &[0; 16_000]).repeat(64);
        Some(if octets.is_empty() { Vec::new() } else { [first, more].concat() })
    };
    let flooded = visit(&[], 16 << 10, &mut flood);
    assert!(flooded.connections <= 2 && flooded.tls.is_none());
}
