use std::collections::VecDeque;

use super::*;
use crate::probe::talk::MOST_CONNECTIONS;

/// A server of our own making.
struct Server {
    banner: Vec<u8>,
    kex: &'static [&'static str],
    keys: &'static [&'static str],
    guesses: bool,
    /// The octets of a group that is asked for.
    group: usize,
}

const SERVER: Server = Server {
    banner: Vec::new(),
    kex: &["mlkem768x25519-sha256", "curve25519-sha256"],
    keys: &["rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-ed25519"],
    guesses: false,
    group: 256,
};

fn string(value: &[u8]) -> Vec<u8> {
    [&u32::try_from(value.len()).unwrap().to_be_bytes()[..], value].concat()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn key(format: &str) -> HostKey {
    let mut blob = string(format.as_bytes());
    if format == "ssh-rsa" {
        blob.extend(string(&[1, 0, 1]));
        blob.extend(string(&[vec![0, 0xc0], vec![3; 127]].concat()));
    } else {
        blob.extend(string(&[7; 32]));
    }
    HostKey { format: format.to_owned(), blob }
}

impl Server {
    fn first(&self) -> Vec<u8> {
        let others = ["aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256", "none", "none"];
        let mut lists = <[Vec<String>; 8]>::default();
        for (list, name) in lists.iter_mut().zip(others) {
            *list = owned(&[name, "other"]);
        }
        let (kex, host_keys) = (owned(self.kex), owned(self.keys));
        let offer =
            KexInit { cookie: [1; 16], kex, host_keys, others: lists, guesses: self.guesses };
        let mut message = Vec::new();
        offer.encode(&mut message);
        let banner =
            if self.banner.is_empty() { b"SSH-2.0-Muster_9.9\r\n" } else { self.banner.as_slice() };
        let mut out = [banner, &ssh::packet(&[2, 0, 0, 0, 0]), &ssh::packet(&message)].concat();
        if self.guesses {
            out.extend(ssh::packet(&ssh::public(31, b"a guess")));
        }
        out
    }

    /// What it answers to this message, having agreed on this algorithm.
    fn answer(&self, message: &[u8], algorithm: &str) -> Vec<u8> {
        let format = if algorithm.starts_with("rsa-") { "ssh-rsa" } else { algorithm };
        match message[0] {
            ssh::KEX_INIT => {
                let reply = key(format).encode(ssh::KEX_REPLY, &[9; 32], b"signature");
                [ssh::packet(&reply), ssh::packet(&[21])].concat()
            }
            ssh::GEX_REQUEST => {
                let group = [vec![0], vec![0xff; self.group]].concat();
                let message = [vec![ssh::GEX_GROUP], string(&group), string(&[2])].concat();
                ssh::packet(&message)
            }
            ssh::GEX_INIT => ssh::packet(&key(format).encode(ssh::GEX_REPLY, &[9], b"signature")),
            _ => Vec::new(),
        }
    }
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    connections: Vec<Vec<u8>>,
    outcome: Outcome,
    said: Option<Said>,
}

/// Every message that was said over a connection.
fn messages(mut octets: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    if let Ok(Some((_, rest))) = Identification::decode(octets) {
        octets = rest;
        while let Some((message, rest)) = ssh::message(octets).unwrap() {
            messages.push(message.to_vec());
            octets = rest;
        }
        assert_eq!(octets, b"", "whole messages only");
    }
    messages
}

/// Holds the conversation with a server whose answers come in pieces of this length, the first of them
/// shortened to `at`.
fn hold(server: &Server, piece: usize, at: usize) -> Held {
    let mut it = Ssh::new(PORT, [5; 32]);
    let mut connections = Vec::new();
    loop {
        let (mut asked, mut answered, mut algorithm) = (Vec::new(), 0, String::new());
        let mut pieces: VecDeque<u8> = server.first().into();
        assert_eq!(it.begin(), Next::Wait);
        let mut ended = None;
        let mut length = at;
        while !pieces.is_empty() && ended.is_none() {
            let octets: Vec<u8> = pieces.drain(..length.min(pieces.len())).collect();
            length = piece;
            match it.hear(&octets) {
                Next::Say(octets) => asked.extend(octets),
                Next::End(outcome) => ended = Some(outcome),
                Next::Wait => {}
                Next::Anew => panic!("it waits for the end of the connection"),
            }
            let said = messages(&asked);
            for message in said.iter().skip(answered) {
                if message[0] == ssh::KEXINIT {
                    let (offer, _) = KexInit::decode(message).unwrap();
                    algorithm = offer.host_keys[0].clone();
                }
                pieces.extend(server.answer(message, &algorithm));
            }
            answered = said.len();
        }
        connections.push(asked);
        assert!(connections.len() <= usize::from(MOST_CONNECTIONS));
        if ended.is_none() && it.resumes(Cut::Closed) {
            continue;
        }
        let outcome = ended.unwrap_or_else(|| it.cut(Cut::Closed));
        let said = it.poll_fact().and_then(|(method, fact)| {
            assert_eq!(method, Method::Ssh);
            if let Fact::Said(said) = fact { Some(*said) } else { None }
        });
        return Held { connections, outcome, said };
    }
}

/// The same, however the answers are cut.
fn held(server: &Server) -> Held {
    let whole = hold(server, usize::MAX, usize::MAX);
    assert_eq!(hold(server, 1, 1), whole, "octet by octet");
    for at in 1..server.first().len() {
        assert_eq!(hold(server, usize::MAX, at), whole, "cut at {at}");
    }
    whole
}

fn names(said: &Said) -> Vec<&str> {
    said.fields.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn each_key_has_a_connection_of_its_own_that_ends_in_a_farewell() {
    let held = held(&SERVER);
    assert_eq!((held.outcome, held.connections.len()), (Outcome::Complete, 3));
    for (octets, algorithms) in held.connections.iter().zip([
        &["ssh-ed25519"][..],
        &["rsa-sha2-512", "rsa-sha2-256"],
        &["ecdsa-sha2-nistp256"],
    ]) {
        assert!(octets.starts_with(b"SSH-2.0-Daicho\r\n"));
        let messages = messages(octets);
        let numbers: Vec<u8> = messages.iter().map(|message| message[0]).collect();
        assert_eq!(numbers, [ssh::KEXINIT, ssh::KEX_INIT, ssh::DISCONNECT]);
        let (offer, _) = KexInit::decode(&messages[0]).unwrap();
        assert_eq!(offer.kex, ["curve25519-sha256"]);
        assert_eq!(offer.host_keys, algorithms);
        assert_eq!(offer.others[0], ["aes128-ctr"]);
        assert_eq!(messages[1], ssh::public(ssh::KEX_INIT, &U));
    }
    let said = held.said.unwrap();
    let expected = [
        "protocol",
        "banner",
        "server_host_key_algorithms",
        "hostkey_ssh-ed25519",
        "hostkey_ssh-rsa",
        "hostkey_bits",
        "hostkey_ecdsa-sha2-nistp256",
    ];
    assert_eq!(names(&said), expected);
    assert_eq!(said.get("banner"), Some("Muster_9.9"));
    assert_eq!(said.get("hostkey_bits"), Some("1024"));
    let print = said.get("hostkey_ssh-ed25519").unwrap();
    assert_eq!((print.len(), &print[..7], print.contains('=')), (50, "SHA256:", false));
}

#[test]
fn old_and_hardened_servers_are_met_with_what_they_have() {
    for (kex, numbers, value) in [
        ("ecdh-sha2-nistp256", &[20, 30, 1][..], G.to_vec()),
        ("diffie-hellman-group1-sha1", &[20, 30, 1], vec![DIGIT; 127]),
        ("diffie-hellman-group14-sha1", &[20, 30, 1], vec![DIGIT; 255]),
        ("diffie-hellman-group16-sha512", &[20, 30, 1], vec![DIGIT; 511]),
        ("diffie-hellman-group-exchange-sha1", &[20, 34, 32, 1], vec![DIGIT; 255]),
    ] {
        let kex: &'static [&'static str] = vec![kex].leak();
        let held = held(&Server { kex, keys: &["ssh-dss"], ..SERVER });
        let messages = messages(&held.connections[0]);
        let sent: Vec<u8> = messages.iter().map(|message| message[0]).collect();
        assert_eq!(sent, numbers, "{kex:?}");
        let public = &messages[messages.len() - 2];
        assert_eq!(public[5..], value, "{kex:?}");
        assert_eq!((held.outcome, held.connections.len()), (Outcome::Complete, 1));
        assert!(held.said.unwrap().get("hostkey_ssh-dss").is_some());
    }
}

#[test]
fn a_wrong_guess_of_the_server_is_passed_over_and_a_right_one_is_not() {
    let wrong = held(&Server { guesses: true, ..SERVER });
    assert_eq!((wrong.outcome, wrong.connections.len()), (Outcome::Complete, 3));
    let right = Server { guesses: true, kex: &["curve25519-sha256"], keys: &["ssh-rsa"], ..SERVER };
    // What it guessed is no key, which ends it before anything is said.
    let right = hold(&right, usize::MAX, usize::MAX);
    assert_eq!((right.outcome, right.connections), (Outcome::Partial, vec![Vec::new()]));
}

#[test]
fn a_server_without_anything_in_common_is_bid_farewell() {
    for server in [
        Server { kex: &["sntrup761x25519-sha512"], ..SERVER },
        Server { keys: &["ssh-ed448", "x509v3-ssh-rsa"], ..SERVER },
        Server { kex: &[], keys: &[], ..SERVER },
        Server { kex: &["diffie-hellman-group-exchange-sha256"], group: 8000, ..SERVER },
        Server { kex: &["diffie-hellman-group-exchange-sha256"], group: 4, ..SERVER },
    ] {
        let held = held(&server);
        assert_eq!((held.outcome, held.connections.len()), (Outcome::Partial, 1));
        assert_eq!(held.said.unwrap().get("banner"), Some("Muster_9.9"));
    }
}

#[test]
fn ssh_1_is_told_nothing_and_others_are_malformed() {
    let old = held(&Server { banner: b"SSH-1.5-Cisco-1.25\n".to_vec(), ..SERVER });
    assert_eq!((old.outcome, old.connections), (Outcome::Complete, vec![Vec::new()]));
    assert_eq!(old.said.unwrap().get("banner"), Some("Cisco-1.25"));
    for banner in [vec![b'x'; 1 << 20], b"\x1b[2J<script>\n".repeat(9999), b"SSH-\n".to_vec()] {
        let held = hold(&Server { banner, ..SERVER }, 1460, 1460);
        assert_eq!((held.outcome, held.said), (Outcome::Malformed, None));
    }
}

/// What comes of these octets, in pieces of this length.
fn heard(octets: &[u8], end: Cut) -> (Outcome, Option<Said>, usize) {
    let mut it = Ssh::new(PORT, [5; 32]);
    it.begin();
    let mut most = 0;
    let ended = octets.chunks(1460).find_map(|piece| {
        let next = it.hear(piece);
        most = most.max(it.heard.len());
        if let Next::End(outcome) = next { Some(outcome) } else { None }
    });
    assert!(!it.resumes(end));
    let outcome = ended.unwrap_or_else(|| it.cut(end));
    let said = it.poll_fact().map(|(_, fact)| {
        let Fact::Said(said) = fact else { panic!("{fact:?}") };
        *said
    });
    (outcome, said, most)
}

#[test]
fn whatever_follows_the_banner_the_banner_is_told() {
    let giant = vec!["a".repeat(60); 500].join(",");
    let lists = [vec![ssh::KEXINIT], vec![0; 16], string(giant.as_bytes())].concat();
    for after in [
        vec![],
        vec![0xff; 1 << 20],
        [vec![0, 0, 0x80, 0], vec![0; 1 << 20]].concat(),
        ssh::packet(&lists),
        ssh::packet(&[ssh::KEXINIT]),
        ssh::packet(&[1, 0, 0, 0, 2]),
        ssh::packet(&[]).repeat(9999),
        b"Protocol mismatch.\n".to_vec(),
    ] {
        let octets = [b"SSH-2.0-Box_1 \x1b[2J\r\n".to_vec(), after].concat();
        let (outcome, said, most) = heard(&octets, Cut::Closed);
        assert_eq!(outcome, Outcome::Partial);
        assert_eq!(said.unwrap().get("banner"), Some("Box_1 \u{fffd}[2J"));
        assert!(most < 40_000, "{most}");
    }
}

#[test]
fn giant_lists_are_answered_by_short_ones() {
    let (kex, host_keys) = (owned(&["curve25519-sha256"]), owned(&["ssh-rsa"]));
    let mut others = <[Vec<String>; 8]>::default();
    others[0] = vec!["b".repeat(20_000), "aes128-ctr".to_owned()];
    others[1] = vec!["c".repeat(9000)];
    let mut message = Vec::new();
    KexInit { kex, host_keys, others, ..KexInit::default() }.encode(&mut message);
    let mut it = Ssh::new(PORT, [5; 32]);
    it.begin();
    let Next::Say(said) = it.hear(&[b"SSH-2.0-x\n", ssh::packet(&message).as_slice()].concat())
    else {
        panic!("nothing said")
    };
    assert!(said.len() < 300, "{}", said.len());
    let (own, _) = KexInit::decode(&messages(&said)[0]).unwrap();
    assert_eq!((&own.others[0][..], own.others[1].len()), (&["aes128-ctr".to_owned()][..], 0));
}

#[test]
fn another_key_than_the_one_asked_for_is_not_believed() {
    let mut it = Ssh::new(PORT, [5; 32]);
    it.begin();
    it.hear(&Server { keys: &["ssh-ed25519"], ..SERVER }.first());
    let reply = key("ssh-dss").encode(ssh::KEX_REPLY, &[9; 32], b"");
    assert_eq!(it.hear(&ssh::packet(&reply)), Next::End(Outcome::Partial));
    let Some((_, Fact::Said(said))) = it.poll_fact() else { panic!("nothing said") };
    assert_eq!(names(&said), ["protocol", "banner", "server_host_key_algorithms"]);
}

#[test]
fn silence_and_refusal_are_told_apart() {
    assert_eq!(heard(b"", Cut::Silent).0, Outcome::Silent);
    assert_eq!(heard(b"", Cut::Closed).0, Outcome::Refused);
    assert_eq!(heard(b"220 ftp\r\n", Cut::Silent).0, Outcome::Malformed);
    assert_eq!(heard(b"SSH-2.0-cu", Cut::Silent).0, Outcome::Malformed);
}
