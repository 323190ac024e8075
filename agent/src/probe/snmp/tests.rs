#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at what it is about")]

use std::net::{IpAddr, Ipv4Addr};

use async_snmp::{Oid as WireOid, PduType, Value as Wire, VarBind};
use daicho_common::observation::Question;
use daicho_common::text::Text;
use proptest::prelude::*;

use super::*;
use crate::plan::credential::{Community, Credential};
use device::{Device, Quirk, oid, parse, response};

mod authority;
mod bounds;
mod device;
mod read;
mod zoo;

const TARGET: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 20, 0, 1)), 161);
const TIMEOUT: Duration = Duration::from_secs(1);

fn octets(text: &[u8]) -> Wire {
    Wire::OctetString(text.to_vec().into())
}

fn pointer(text: &str) -> Wire {
    Wire::ObjectIdentifier(WireOid::from(oid(text)))
}

/// A switch with two ports, an IPv4 and an IPv6 address, and a description in CP932.
fn switch() -> Device {
    let prefix = "1.3.6.1.2.1.4.32.1.5.2.1.4.10.20.0.0.24";
    Device::new(&[
        ("1.3.6.1.2.1.1.1.0", octets(b"\x89\xef\x8b\x63\x8e\xba SW")),
        ("1.3.6.1.2.1.1.2.0", pointer("1.3.6.1.4.1.278.1")),
        ("1.3.6.1.2.1.1.3.0", Wire::TimeTicks(5)),
        ("1.3.6.1.2.1.1.4.0", octets("情報係".as_bytes())),
        ("1.3.6.1.2.1.1.5.0", octets(b"sw-3f")),
        ("1.3.6.1.2.1.1.6.0", octets(b"EPS 3F")),
        ("1.3.6.1.2.1.2.2.1.2.1", octets(b"lo")),
        ("1.3.6.1.2.1.2.2.1.2.2", octets(b"port 1")),
        ("1.3.6.1.2.1.2.2.1.3.1", Wire::Integer(24)),
        ("1.3.6.1.2.1.2.2.1.3.2", Wire::Integer(6)),
        ("1.3.6.1.2.1.2.2.1.6.1", octets(b"")),
        ("1.3.6.1.2.1.2.2.1.6.2", octets(&[0, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e])),
        ("1.3.6.1.2.1.2.2.1.8.1", Wire::Integer(1)),
        ("1.3.6.1.2.1.2.2.1.8.2", Wire::Integer(2)),
        ("1.3.6.1.2.1.4.34.1.3.1.4.10.20.0.1", Wire::Integer(2)),
        ("1.3.6.1.2.1.4.34.1.3.1.4.10.20.0.255", Wire::Integer(2)),
        ("1.3.6.1.2.1.4.34.1.3.4.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.2", Wire::Integer(2)),
        ("1.3.6.1.2.1.4.34.1.4.1.4.10.20.0.1", Wire::Integer(1)),
        ("1.3.6.1.2.1.4.34.1.4.1.4.10.20.0.255", Wire::Integer(3)),
        ("1.3.6.1.2.1.4.34.1.5.1.4.10.20.0.1", pointer(prefix)),
        ("1.3.6.1.2.1.4.34.1.5.1.4.10.20.0.255", pointer("0.0")),
        ("1.3.6.1.2.1.31.1.1.1.1.2", octets(b"ge0/1")),
        ("1.3.6.1.2.1.31.1.1.1.18.2", octets("薬局".as_bytes())),
        ("1.3.6.1.6.3.1.1.6.1.0", Wire::Integer(0)),
    ])
}

fn system() -> Fact {
    Fact::System {
        description: "会議室 SW".into(),
        object_id: "1.3.6.1.4.1.278.1".into(),
        name: "sw-3f".into(),
        location: "EPS 3F".into(),
        contact: "情報係".into(),
    }
}

fn interfaces() -> Vec<Fact> {
    vec![
        Fact::Interface {
            index: 1,
            name: Text::default(),
            description: "lo".into(),
            alias: Text::default(),
            kind: 24,
            mac: None,
            up: true,
        },
        Fact::Interface {
            index: 2,
            name: "ge0/1".into(),
            description: "port 1".into(),
            alias: "薬局".into(),
            kind: 6,
            mac: "00:1a:2b:3c:4d:5e".parse().ok(),
            up: false,
        },
    ]
}

fn addresses() -> Vec<Fact> {
    vec![
        Fact::InterfaceAddress { index: 2, ip: TARGET.ip(), prefix: Some(24) },
        Fact::InterfaceAddress { index: 2, ip: "fe80::1".parse().unwrap(), prefix: None },
    ]
}

fn asked(question: Question, outcome: Outcome) -> Fact {
    Fact::Asked { question, outcome }
}

/// Everything that the switch tells when all goes well.
fn everything() -> Vec<Fact> {
    let mut facts = vec![system(), asked(Question::SnmpSystem, Outcome::Complete)];
    facts.extend(interfaces());
    facts.push(asked(Question::SnmpInterfaces, Outcome::Complete));
    facts.extend(addresses());
    facts.push(asked(Question::SnmpAddresses, Outcome::Complete));
    facts
}

fn interview(communities: &[&str]) -> Snmp {
    let credentials: Vec<_> =
        communities.iter().map(|secret| Credential::V2c(Community::new(*secret))).collect();
    Snmp::new(TARGET, &terms(&credentials, ""), TIMEOUT, 2, 7)
}

/// These credentials, and these tables.
fn terms(credentials: &[Credential], tables: &str) -> Terms {
    Terms {
        keyring: Arc::new(Keyring::new(credentials, 1, None)),
        catalog: Arc::new(Catalog::of([("tables.toml", tables)].into_iter()).unwrap()),
        harm: false,
    }
}

/// Runs the interview to its end; `answer` gets each packet. Returns facts and packets sent.
fn run(snmp: &mut Snmp, mut answer: impl FnMut(&[u8]) -> Option<Vec<u8>>) -> (Vec<Fact>, usize) {
    let (mut now, mut sent) = (Tick::ZERO, 0);
    while !snmp.is_finished() {
        while let Some(ask) = snmp.poll_transmit(now) {
            sent += 1;
            assert_eq!((ask.port, ask.kind, ask.outlet), (161, PacketKind::Snmp, Outlet::Snmp));
            assert!(snmp.poll_transmit(now).is_none(), "two questions in flight");
            match answer(&ask.octets) {
                Some(reply) => assert!(snmp.handle_datagram(TARGET, &reply, now)),
                None => break,
            }
        }
        now = snmp.poll_timeout().unwrap_or(now);
    }
    assert!(snmp.poll_transmit(now).is_none());
    (std::iter::from_fn(|| snmp.poll_fact()).collect(), sent)
}

fn run_against(device: &mut Device) -> (Vec<Fact>, usize) {
    run(&mut interview(&["public"]), |octets| device.answer(octets))
}

fn outcomes(facts: &[Fact]) -> Vec<(Question, Outcome)> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Asked { question, outcome } => Some((*question, *outcome)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_device_is_interviewed_in_full() {
    let mut device = switch();
    let (facts, sent) = run_against(&mut device);
    assert_eq!(facts, everything());
    assert_eq!(sent, 4, "one packet a table: {:?}", device.asked);
}

#[test]
fn the_same_is_learned_whatever_fits_into_an_answer() {
    for quirk in [
        Quirk::TooBig(1),
        Quirk::TooBig(3),
        Quirk::TooBig(7),
        Quirk::TooBig(40),
        Quirk::CutShort(1),
        Quirk::CutShort(5),
        Quirk::NoBulk,
        Quirk::FirstVersion,
    ] {
        let mut device = Device { quirk, ..switch() };
        // A GET is never cut short: leave the system group alone there.
        let (facts, sent) = run(&mut interview(&["public"]), |octets| {
            let get = parse(octets).1.pdu_type() == PduType::GetRequest;
            device.quirk = match quirk {
                Quirk::CutShort(_) if get => Quirk::None,
                _ => quirk,
            };
            device.answer(octets)
        });
        assert_eq!(facts, everything(), "{quirk:?}");
        assert!(sent < 60, "{quirk:?}: {sent}");
    }
}

#[test]
fn repetitions_halve_until_the_answer_fits_and_then_become_getnext() {
    let mut device = Device { quirk: Quirk::NoBulk, ..switch() };
    run_against(&mut device);
    let bulk =
        |kinds: &[PduType]| kinds.iter().take_while(|k| **k == PduType::GetBulkRequest).count();
    assert_eq!(device.asked[0], PduType::GetRequest);
    assert_eq!(bulk(&device.asked[1..]), 4, "10, 5, 2, 1");
    assert_eq!(device.asked[5], PduType::GetNextRequest);
}

#[test]
fn a_silent_device_is_asked_once_a_try_and_community_and_no_more() {
    let (facts, sent) = run(&mut interview(&["one", "two"]), |_| None);
    assert_eq!(facts, [asked(Question::SnmpSystem, Outcome::Silent)]);
    assert_eq!(sent, 4);
    let mut nobody = interview(&[]);
    assert!(nobody.is_finished());
    assert_eq!(nobody.poll_fact(), None);
}

#[test]
fn the_second_community_is_tried_after_the_first_stayed_silent() {
    let mut device = switch();
    let mut heard = Vec::new();
    let (facts, _) = run(&mut interview(&["wrong", "public", "never"]), |octets| {
        heard.push(parse(octets).0);
        device.answer(octets)
    });
    assert_eq!(facts, everything());
    assert_eq!(heard[..3], [b"wrong".to_vec(), b"wrong".to_vec(), b"public".to_vec()]);
    assert!(heard[2..].iter().all(|community| community == b"public"));
}

#[test]
fn a_try_that_gets_lost_is_asked_again_with_the_same_identifier() {
    let mut device = switch();
    let mut count = 0;
    let mut ids = Vec::new();
    let (facts, _) = run(&mut interview(&["public"]), |octets| {
        count += 1;
        ids.push(parse(octets).1.request_id());
        if count % 2 == 1 { None } else { device.answer(octets) }
    });
    assert_eq!(facts, everything());
    assert_eq!(ids, [7, 7, 8, 8, 9, 9, 10, 10]);
}

#[test]
fn a_device_that_falls_silent_in_a_walk_leaves_a_partial_answer() {
    let mut device = Device { quirk: Quirk::CutShort(4), ..switch() };
    let (mut walked, mut sent) = (0, 0);
    let (facts, _) = run(&mut interview(&["public"]), |octets| {
        sent += 1;
        if parse(octets).1.pdu_type() == PduType::GetRequest {
            return Device { quirk: Quirk::None, ..switch() }.answer(octets);
        }
        walked += 1;
        if walked == 1 { device.answer(octets) } else { None }
    });
    assert_eq!(
        outcomes(&facts),
        [
            (Question::SnmpSystem, Outcome::Complete),
            (Question::SnmpInterfaces, Outcome::Partial),
            (Question::SnmpAddresses, Outcome::Silent),
        ]
    );
    assert_eq!(sent, 6);
}

#[test]
fn replies_from_elsewhere_with_other_ids_or_communities_change_nothing() {
    let mut snmp = interview(&["public"]);
    let ask = snmp.poll_transmit(Tick::ZERO).unwrap();
    let mut device = switch();
    let reply = device.answer(&ask.octets).unwrap();
    let (_, pdu) = parse(&reply);
    let with = |community: &[u8], id| response(community, id, (0, 0), pdu.varbinds().to_vec());
    let before = format!("{snmp:?}");
    let elsewhere = SocketAddr::new([10, 20, 0, 2].into(), 161);
    assert!(!snmp.handle_datagram(elsewhere, &reply, Tick::ZERO));
    assert!(!snmp.handle_datagram(SocketAddr::new(TARGET.ip(), 162), &reply, Tick::ZERO));
    assert!(!snmp.handle_datagram(TARGET, &with(b"public", 8), Tick::ZERO));
    assert!(!snmp.handle_datagram(TARGET, &with(b"private", 7), Tick::ZERO));
    assert!(!snmp.handle_datagram(TARGET, &ask.octets, Tick::ZERO), "the question itself");
    let mut first_version = reply.clone();
    assert_eq!(first_version[4], 1);
    first_version[4] = 0;
    assert!(!snmp.handle_datagram(TARGET, &first_version, Tick::ZERO));
    assert_eq!(format!("{snmp:?}"), before);
    assert!(snmp.handle_datagram(TARGET, &reply, Tick::ZERO));
    assert!(!snmp.handle_datagram(TARGET, &reply, Tick::ZERO), "a second time");
}

#[test]
fn a_late_answer_to_a_question_given_up_is_not_taken_for_the_next() {
    let mut snmp = interview(&["public"]);
    let mut device = switch();
    let mut now = Tick::ZERO;
    let ask = snmp.poll_transmit(now).unwrap();
    assert!(snmp.handle_datagram(TARGET, &device.answer(&ask.octets).unwrap(), now));
    let walk = snmp.poll_transmit(now).unwrap();
    for _ in 0..2 {
        now = snmp.poll_timeout().unwrap();
        assert!(snmp.poll_transmit(now).is_some());
    }
    assert!(!snmp.handle_datagram(TARGET, &device.answer(&walk.octets).unwrap(), now));
}

#[test]
fn a_refusal_is_told_apart_from_silence_and_nonsense() {
    let refused = run_against(&mut Device { quirk: Quirk::Unauthorised, ..switch() });
    assert_eq!(refused, (vec![asked(Question::SnmpSystem, Outcome::Refused)], 1));
    let nonsense = run_against(&mut Device { quirk: Quirk::OtherObjects, ..switch() });
    assert_eq!(nonsense, (vec![asked(Question::SnmpSystem, Outcome::Malformed)], 1));
    let (nothing, _) = run_against(&mut Device::new(&[("1.3.6.1.6.1", Wire::Integer(0))]));
    assert_eq!(nothing, [asked(Question::SnmpSystem, Outcome::Refused)]);
}

#[test]
fn an_unreachable_port_ends_the_interview() {
    let mut snmp = interview(&["one", "two"]);
    snmp.poll_transmit(Tick::ZERO).unwrap();
    snmp.handle_unreachable(Tick::ZERO);
    assert!(snmp.is_finished());
    assert_eq!(snmp.poll_fact(), Some(asked(Question::SnmpSystem, Outcome::Refused)));
    assert_eq!(snmp.poll_fact(), None);

    let mut snmp = interview(&["public"]);
    let ask = snmp.poll_transmit(Tick::ZERO).unwrap();
    snmp.handle_datagram(TARGET, &switch().answer(&ask.octets).unwrap(), Tick::ZERO);
    snmp.poll_transmit(Tick::ZERO).unwrap();
    snmp.handle_unreachable(Tick::ZERO);
    assert!(snmp.is_finished() && snmp.poll_transmit(Tick::ZERO).is_none());
    let facts: Vec<_> = std::iter::from_fn(|| snmp.poll_fact()).collect();
    assert_eq!(facts.last(), Some(&asked(Question::SnmpInterfaces, Outcome::Refused)));
}

#[test]
fn the_older_table_is_read_where_the_newer_has_no_ipv4() {
    let mut device = switch();
    device.objects.retain(|name, _| !name.starts_with(&oid("1.3.6.1.2.1.4.34.1")));
    for (name, value) in [
        ("1.3.6.1.2.1.4.20.1.2.10.20.0.1", Wire::Integer(2)),
        ("1.3.6.1.2.1.4.20.1.2.10.21.0.1", Wire::Integer(3)),
        ("1.3.6.1.2.1.4.20.1.3.10.20.0.1", Wire::IpAddress([255, 255, 252, 0])),
        ("1.3.6.1.2.1.4.20.1.3.10.21.0.1", Wire::IpAddress([255, 0, 255, 0])),
    ] {
        device.objects.insert(oid(name), value);
    }
    let (facts, _) = run_against(&mut device);
    let want = [
        Fact::InterfaceAddress { index: 2, ip: TARGET.ip(), prefix: Some(22) },
        Fact::InterfaceAddress { index: 3, ip: [10, 21, 0, 1].into(), prefix: None },
        asked(Question::SnmpAddresses, Outcome::Complete),
    ];
    assert_eq!(facts[facts.len() - 3..], want);
}

#[test]
fn cells_of_the_wrong_type_are_empty() {
    let mut device = switch();
    for value in device.objects.values_mut() {
        *value = Wire::Counter64(u64::MAX);
    }
    let (facts, _) = run_against(&mut device);
    let empty = Fact::System {
        description: Text::default(),
        object_id: String::new(),
        name: Text::default(),
        location: Text::default(),
        contact: Text::default(),
    };
    assert_eq!(facts.first(), Some(&empty));
    let blank = |index| Fact::Interface {
        index,
        name: Text::default(),
        description: Text::default(),
        alias: Text::default(),
        kind: 0,
        mac: None,
        up: false,
    };
    assert_eq!(facts[2..4], [blank(1), blank(2)]);
    assert!(!facts.iter().any(|fact| matches!(fact, Fact::InterfaceAddress { .. })));
}

#[test]
fn a_community_never_prints() {
    assert!(!format!("{:?}", interview(&["s3cret"])).contains("s3cret"));
}

/// A value of any type, in an object of any name under the tables or not.
fn any_object() -> impl Strategy<Value = VarBind> {
    let value = prop_oneof![
        any::<i32>().prop_map(Wire::Integer),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|o| Wire::OctetString(o.into())),
        any::<[u8; 4]>().prop_map(Wire::IpAddress),
        any::<u32>().prop_map(Wire::Gauge32),
        Just(Wire::Null),
        Just(Wire::NoSuchObject),
        Just(Wire::EndOfMibView),
        Just(pointer("1.3.6.1.2.1.4.32.1.5.1.1.4.0.0.0.0.99")),
    ];
    let table = prop::sample::select(vec!["2.2.1", "31.1.1.1", "4.34.1", "4.20.1", "1", "99"]);
    let index = prop::collection::vec(prop_oneof![0u32..5, any::<u32>()], 0..8);
    (table, 0u32..10, index, value).prop_map(|(table, column, index, value)| {
        let name = [oid(&format!("1.3.6.1.2.1.{table}")), vec![column], index].concat();
        VarBind::new(WireOid::from(name), value)
    })
}

proptest! {
    #[test]
    fn random_octets_change_nothing(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut snmp = interview(&["public"]);
        snmp.poll_transmit(Tick::ZERO).unwrap();
        let before = format!("{snmp:?}");
        prop_assert!(!snmp.handle_datagram(TARGET, &octets, Tick::ZERO));
        prop_assert_eq!(format!("{snmp:?}"), before);
    }

    #[test]
    fn whatever_an_agent_answers_the_interview_ends(
        answers in prop::collection::vec(
            (prop_oneof![Just(0), 0i32..=18], prop::collection::vec(any_object(), 0..45)), 1..30),
        after in any::<bool>(),
    ) {
        let mut device = switch();
        let mut answers = answers.into_iter();
        let mut snmp = interview(&["public"]);
        let mut first = after;
        run(&mut snmp, |octets| {
            if std::mem::take(&mut first) {
                return device.answer(octets);
            }
            let (status, objects) = answers.next()?;
            let id = parse(octets).1.request_id();
            let objects = if status == 1 { vec![] } else { objects };
            let index = i32::from(!matches!(status, 0 | 1 | 15 | 16));
            let (status, index) = if index == 1 && objects.is_empty() { (0, 0) } else { (status, index) };
            Some(response(b"public", id, (status, index), objects))
        });
        prop_assert!(snmp.is_finished());
    }
}
