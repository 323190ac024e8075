use std::net::Ipv4Addr;

use daicho_common::coverage::PacketKind;
use daicho_common::wire::dns::{Data, Record};
use proptest::prelude::*;

use super::*;
use crate::engine::Outlet;

const TIMEOUT: Duration = Duration::from_secs(1);

fn name(text: &str) -> Name {
    Name::dotted(text).unwrap()
}

fn host(number: u8) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::new(10, 20, 0, number).into(), PORT)
}

/// What host number so-and-so says of its service `_ipp._tcp`, asked with this message.
fn answer(number: u8, octets: &[u8]) -> Vec<u8> {
    let asked = Message::decode(octets).unwrap();
    let service = name("_ipp._tcp.local");
    let printer = name(&format!("printer-{number}._ipp._tcp.local"));
    let target = name(&format!("mfp-{number}.local"));
    let (answers, additional) = if asked.questions[0].name == Name::services() {
        (vec![Record::new(Name::services(), Data::Ptr(service))], vec![])
    } else {
        let location = Data::Srv { priority: 0, weight: 0, port: 631, target: target.clone() };
        (
            vec![Record::new(service, Data::Ptr(printer.clone()))],
            vec![
                Record::new(printer, location),
                Record::new(target, Data::A(Ipv4Addr::new(10, 20, 0, number))),
            ],
        )
    };
    Message::answer(&asked, answers, additional).encode()
}

/// Runs the browse to its end; returns facts, packets sent and the time that it took.
fn run(browse: &mut Browse, hosts: &[u8]) -> (Vec<(IpAddr, Fact)>, usize, Duration) {
    let (mut now, mut sent) = (Tick::ZERO, 0);
    while !browse.is_finished() {
        while let Some(ask) = browse.poll_transmit(now) {
            sent += 1;
            assert_eq!((ask.port, ask.kind, ask.outlet), (PORT, PacketKind::Mdns, Outlet::Mdns));
            for number in hosts {
                let reply = answer(*number, &ask.octets);
                assert!(browse.handle_datagram(host(*number), &reply, now));
            }
        }
        now = browse.poll_timeout().unwrap_or(now);
    }
    assert_eq!((browse.poll_transmit(now), browse.poll_timeout()), (None, None));
    (std::iter::from_fn(|| browse.poll_fact()).collect(), sent, now.since(Tick::ZERO))
}

#[test]
fn every_host_on_the_link_is_heard_with_few_packets() {
    let mut browse = Browse::new(TIMEOUT, 1);
    let (facts, sent, took) = run(&mut browse, &[7, 8]);
    assert_eq!(sent, 3, "the types twice, the one type once");
    assert_eq!(took, TIMEOUT * 2);
    let service = |number: u8| Fact::Service {
        service: "_ipp._tcp".into(),
        instance: format!("printer-{number}").as_str().into(),
        host: format!("mfp-{number}.local").as_str().into(),
        port: 631,
        txt: vec![],
    };
    let named = |number: u8| Fact::HostName { name: format!("mfp-{number}.local").as_str().into() };
    let want = [
        (host(7).ip(), service(7)),
        (host(7).ip(), named(7)),
        (host(8).ip(), service(8)),
        (host(8).ip(), named(8)),
    ];
    assert_eq!(facts, want);
}

#[test]
fn a_silent_link_costs_two_packets() {
    let mut browse = Browse::new(TIMEOUT, 1);
    assert_eq!(run(&mut browse, &[]), (vec![], 2, TIMEOUT * 2));
}

#[test]
fn types_that_hosts_make_up_without_end_are_bounded() {
    let mut browse = Browse::new(TIMEOUT, 1);
    let asked = Message::decode(&browse.poll_transmit(Tick::ZERO).unwrap().octets).unwrap();
    for number in 0..10u8 {
        let types = (0..20).map(|i| name(&format!("_s{number}-{i}._udp.local")));
        let answers = types.map(|t| Record::new(Name::services(), Data::Ptr(t))).collect();
        let reply = Message::answer(&asked, answers, vec![]).encode();
        assert!(browse.handle_datagram(host(number), &reply, Tick::ZERO));
    }
    let sent = std::iter::from_fn(|| browse.poll_transmit(Tick::ZERO)).count();
    assert_eq!(sent, MAX_TYPES);
}

#[test]
fn what_is_no_answer_to_a_question_changes_nothing() {
    let mut browse = Browse::new(TIMEOUT, 1);
    let ask = browse.poll_transmit(Tick::ZERO).unwrap();
    let reply = answer(7, &ask.octets);
    let before = format!("{browse:?}");
    assert!(!browse.handle_datagram(SocketAddr::new(host(7).ip(), 53), &reply, Tick::ZERO));
    assert!(!browse.handle_datagram(host(7), &ask.octets, Tick::ZERO));
    let mut other_id = reply.clone();
    other_id[0] ^= 0x40;
    assert!(!browse.handle_datagram(host(7), &other_id, Tick::ZERO));
    assert_eq!(format!("{browse:?}"), before);
    assert!(browse.handle_datagram(host(7), &reply, Tick::ZERO));
}

proptest! {
    #[test]
    fn random_octets_change_nothing(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut browse = Browse::new(TIMEOUT, 1);
        browse.poll_transmit(Tick::ZERO).unwrap();
        let before = format!("{browse:?}");
        prop_assert!(!browse.handle_datagram(host(7), &octets, Tick::ZERO));
        prop_assert_eq!(format!("{browse:?}"), before);
    }
}
