use std::net::SocketAddr;

use daicho_common::time::Timestamp;

use super::*;
use crate::engine::Outlet;
use crate::engine::tests::network;
use crate::plan::{Link, Pace, Vlan};

fn plan() -> Plan {
    Plan {
        agent: "east".into(),
        networks: ["10.20.0.0/24", "10.30.0.0/24"].map(network).into(),
        deny: DenyList::default(),
        sighting: std::collections::BTreeSet::new(),
        pace: Pace { packets_per_second: 1000, ..Pace::default() },
        seed: 0,
    }
}

fn at(micros: u64) -> Now {
    Now { tick: Tick::from_micros(micros), wall: Timestamp::from_micros(0) }
}

fn datagram(to: &str) -> Request {
    let to: SocketAddr = to.parse().unwrap();
    let (outlet, interface, octets) = (Outlet::Snmp, String::new(), vec![1, 2, 3]);
    request(Packet::Datagram { outlet, interface, to, octets })
}

fn request(packet: Packet) -> Request {
    Request { packet, kind: PacketKind::Snmp, answer_by: Tick::from_micros(900_000) }
}

fn refusal(governor: &mut Governor, request: Request) -> Option<Why> {
    match governor.clear(request, at(60_000_000)) {
        Verdict::Refuse(why) => Some(why),
        Verdict::Go(_) | Verdict::WaitUntil(_) => None,
    }
}

fn arp(operation: Operation, target: [u8; 4]) -> Vec<u8> {
    let mac = Mac::new([0, 0x1a, 0x2b, 0, 0, 1]);
    let mut octets = Vec::new();
    Ethernet { destination: Mac::BROADCAST, source: mac, tag: None, ether_type: EtherType::ARP }
        .encode(&mut octets);
    let (sender_ip, target_ip) = ([10, 20, 0, 1].into(), target.into());
    Arp { operation, sender_mac: mac, sender_ip, target_mac: Mac::ZERO, target_ip }
        .encode(&mut octets);
    octets
}

#[test]
fn what_is_in_no_declared_network_is_refused() {
    let mut governor = Governor::new(plan(), &Means::default());
    for outside in ["10.20.1.1:161", "10.19.255.255:161", "224.0.0.251:5353", "[2001:db8::1]:161"] {
        assert_eq!(refusal(&mut governor, datagram(outside)), Some(Why::Policy), "{outside}");
    }
    assert_eq!(refusal(&mut governor, datagram("10.20.0.9:161")), None);
}

#[test]
fn a_frame_is_judged_by_what_it_says_and_only_arp_requests_pass() {
    let mut governor = Governor::new(plan(), &Means::default());
    let mut frame = |octets: Vec<u8>| {
        refusal(&mut governor, request(Packet::Frame { interface: "eth0".into(), octets }))
    };
    assert_eq!(frame(arp(Operation::REPLY, [10, 20, 0, 9])), Some(Why::Policy));
    assert_eq!(frame(arp(Operation::REQUEST, [10, 21, 0, 9])), Some(Why::Policy));
    assert_eq!(frame(vec![0xff; 60]), Some(Why::Policy));
    assert_eq!(frame(arp(Operation::REQUEST, [10, 20, 0, 9])), None);
}

#[test]
fn a_frame_keeps_to_the_vlan_of_its_network_and_nothing_else_goes_there() {
    let mut trunked = plan();
    let vlan = Vlan { interface: "eth0".into(), id: 20, address: None };
    trunked.networks[0].vlan = Some(vlan);
    let mut governor = Governor::new(trunked, &Means::default());
    let mut frame = |interface: &str, tag: Option<u16>, target: [u8; 4]| {
        let mut octets = arp(Operation::REQUEST, target);
        if let Some(tag) = tag {
            let ([a, b], [c, d]) = (0x8100_u16.to_be_bytes(), tag.to_be_bytes());
            octets.splice(12..12, [a, b, c, d]);
        }
        refusal(&mut governor, request(Packet::Frame { interface: interface.into(), octets }))
    };
    let (tagged, plain) = ([10, 20, 0, 9], [10, 30, 0, 9]);
    for (interface, tag, target) in [
        ("eth0", None, tagged),
        ("eth0", Some(30), tagged),
        ("eth0", Some(0), tagged),
        // Another priority than 0.
        ("eth0", Some(0xe014), tagged),
        ("eth1", Some(20), tagged),
        ("eth0", Some(20), plain),
        ("eth0", Some(0), plain),
    ] {
        assert_eq!(frame(interface, tag, target), Some(Why::Policy), "{interface} {tag:?}");
    }
    assert_eq!(frame("eth0", Some(20), tagged), None);
    assert_eq!(frame("eth0", None, plain), None);
    assert_eq!(refusal(&mut governor, datagram("10.20.0.8:161")), Some(Why::Policy));
    let echo = Packet::Echo { to: [10, 20, 0, 8].into(), sequence: 1, payload: vec![0; 8] };
    assert_eq!(refusal(&mut governor, request(echo)), Some(Why::Policy));
}

#[test]
fn printing_and_hl7_ports_are_refused_over_tcp_and_udp() {
    let mut governor = Governor::new(plan(), &Means::default());
    for port in (9100..=9107).chain([515, 2575]) {
        let to = SocketAddr::from(([10, 20, 0, 9], port));
        assert_eq!(refusal(&mut governor, datagram(&to.to_string())), Some(Why::ForbiddenPort));
        let knock = request(Packet::Connect { to });
        assert_eq!(refusal(&mut governor, knock), Some(Why::ForbiddenPort), "{port}");
    }
    for port in [514, 516, 2574, 2576, 9099, 9108] {
        assert!(!is_forbidden(port), "{port}");
    }
}

#[test]
fn the_deny_list_wins_by_address_mac_oui_and_interface() {
    let mut denying = plan();
    denying.deny = DenyList {
        nets: vec!["10.20.0.64/26".parse().unwrap(), "10.20.0.9/32".parse().unwrap()],
        macs: vec![Mac::new([0, 1, 2, 3, 4, 5])],
        ouis: vec![[0, 0x1a, 0x2b]],
        interfaces: vec!["eth1".into()],
    };
    let link = Link {
        interface: "eth1".into(),
        index: 3,
        mac: None,
        addresses: vec!["10.30.0.1/24".parse().unwrap()],
        frames: false,
        neighbours: false,
        vlans: BTreeSet::new(),
    };
    let means = Means { links: vec![link], ..Means::default() };
    let mut governor = Governor::new(denying, &means);
    let mut learn = |ip: &str, mac: [u8; 6]| {
        let place = governor.place(ip.parse().unwrap()).unwrap();
        governor.learn(place, Mac::new(mac));
    };
    learn("10.20.0.20", [0, 1, 2, 3, 4, 5]);
    learn("10.20.0.21", [0, 0x1a, 0x2b, 9, 9, 9]);
    learn("10.20.0.22", [0, 1, 2, 3, 4, 6]);
    // Another claim to the same address does not make it safe.
    learn("10.20.0.20", [0, 1, 2, 3, 4, 6]);
    for denied in
        ["10.20.0.64", "10.20.0.127", "10.20.0.9", "10.20.0.20", "10.20.0.21", "10.30.0.9"]
    {
        let why = refusal(&mut governor, datagram(&format!("{denied}:161")));
        assert_eq!(why, Some(Why::Denied), "{denied}");
    }
    assert_eq!(refusal(&mut governor, datagram("10.20.0.22:161")), None);
}

#[test]
fn one_target_gets_one_packet_until_its_answer_and_then_at_its_pace() {
    let mut governor = Governor::new(plan(), &Means::default());
    let go = |verdict: Verdict| matches!(verdict, Verdict::Go(_));
    assert!(go(governor.clear(datagram("10.20.0.9:161"), at(0))));
    let wait = |until| Verdict::WaitUntil(Tick::from_micros(until));
    assert_eq!(governor.clear(datagram("10.20.0.9:5353"), at(200_000)), wait(900_000));
    assert!(go(governor.clear(datagram("10.20.0.8:161"), at(300_000))), "another target");
    governor.settle(governor.place("10.20.0.9".parse().unwrap()).unwrap());
    assert_eq!(governor.clear(datagram("10.20.0.9:5353"), at(400_000)), wait(500_000));
    assert!(go(governor.clear(datagram("10.20.0.9:5353"), at(610_000))));
}

#[test]
fn the_count_is_by_target_and_kind_and_leaves_out_what_was_not_sent() {
    let mut governor = Governor::new(plan(), &Means::default());
    let mut now = at(0);
    for to in ["10.20.0.9:161", "10.20.0.9:161", "10.30.0.1:161", "10.20.0.7:161"] {
        now.tick = now.tick.after(Duration::from_secs(1));
        assert!(matches!(governor.clear(datagram(to), now), Verdict::Go(_)), "{to}");
    }
    governor.not_sent(&datagram("10.20.0.7:161").packet, PacketKind::Snmp);
    let rows: Vec<_> = governor
        .account()
        .into_iter()
        .map(|row| (row.network, row.target.to_string(), row.packets, row.octets))
        .collect();
    assert_eq!(
        rows,
        [
            ("10.20.0.0/24".to_owned(), "10.20.0.9".to_owned(), 2, 6),
            ("10.30.0.0/24".to_owned(), "10.30.0.1".to_owned(), 1, 3),
        ]
    );
    let mut taken: Vec<_> = governor.take_account(1).into_iter().map(|row| row.octets).collect();
    assert_eq!(governor.account().len(), 1, "what was taken is in the account no more");
    taken.extend(governor.take_account(9).into_iter().map(|row| row.octets));
    assert_eq!((taken, governor.account()), (vec![3, 6], vec![]));
    assert_eq!(governor.sent(), 3);
}

#[test]
fn a_closed_door_and_a_used_up_budget_let_nothing_pass() {
    let mut short = plan();
    short.pace.budget = 1;
    let mut governor = Governor::new(short, &Means::default());
    assert_eq!(refusal(&mut governor, datagram("10.20.0.9:161")), None);
    assert_eq!(refusal(&mut governor, datagram("10.20.0.8:161")), Some(Why::Budget));
    governor.close(Why::Interrupted);
    assert_eq!(refusal(&mut governor, datagram("10.20.0.8:161")), Some(Why::Interrupted));
}

#[test]
fn what_holds_up_a_whole_burst_brings_no_packet_nearer_to_the_next() {
    // Fast enough for two to leave at once.
    let mut fast = plan();
    fast.pace.packets_per_second = 10_000;
    let mut governor = Governor::new(fast, &Means::default());
    let places = ["10.20.0.9", "10.20.0.8"].map(|ip| governor.place(ip.parse().unwrap()).unwrap());
    for to in ["10.20.0.9:161", "10.20.0.8:161"] {
        assert!(matches!(governor.clear(datagram(to), at(0)), Verdict::Go(_)));
    }
    governor.departed(at(300_000));
    governor.departed(at(400_000));
    for place in places {
        governor.settle(place);
        assert_eq!(governor.target_opens(place), Tick::from_micros(800_000));
    }
}
