use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::heard::Capability;
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, Operation};
use daicho_common::wire::dhcp::{Dhcp, DhcpOption};
use daicho_common::wire::lldp::{self, Capabilities, ChassisId, Lldp, PortId, Tlv};
use daicho_common::wire::ndp::{Body, Ndp, NdpOption};
use daicho_common::wire::stp::{Bpdu, BridgeId, Config};
use daicho_common::wire::{ipv4::Ipv4, tcp::Tcp, udp::Udp};
use proptest::prelude::*;

use super::*;
use crate::capture::LinkType;

mod conversations;

const SWITCH: Mac = Mac::new([0x00, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e]);

fn place() -> Place {
    Place {
        interface: "eth0".to_owned(),
        networks: vec![("ward".to_owned(), "10.20.0.0/24".parse().unwrap())],
        on_link: vec!["10.20.0.0/24".parse().unwrap()],
        only_these: true,
    }
}

fn frame(octets: Vec<u8>) -> Frame {
    let wire_length = u32::try_from(octets.len()).unwrap();
    Frame { at: Timestamp::from_micros(7), link: LinkType::Ethernet, octets, wire_length }
}

/// An Ethernet header from the switch, with these octets for type and tags, and a payload.
fn ethernet(to: [u8; 6], kind: &[u8], payload: &[u8]) -> Frame {
    frame([&to[..], &SWITCH.octets(), kind, payload].concat())
}

fn encoded(value: &impl Wire) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

fn datagram(ports: (u16, u16), from: [u8; 4], to: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let udp = Udp { source: ports.0, destination: ports.1, payload: payload.to_vec() };
    let mut octets = Vec::new();
    udp.encode(from.into(), to.into(), &mut octets);
    encoded(&Ipv4::new(17, from.into(), to.into(), octets))
}

fn hear(frame: &Frame) -> (Vec<Observation>, Counts) {
    let mut listener = Listener::new("agent");
    let told = listener.hear(&place(), frame);
    (told, listener.counts())
}

fn arp(sender_ip: [u8; 4], sender_mac: Mac) -> Vec<u8> {
    encoded(&Arp {
        operation: Operation::REQUEST,
        sender_mac,
        sender_ip: sender_ip.into(),
        target_mac: Mac::ZERO,
        target_ip: [10, 20, 0, 1].into(),
    })
}

#[test]
fn a_tagged_arp_request_tells_its_vlan_and_who_has_the_address() {
    let kind = [0x81, 0x00, 0x60, 0x14, 0x08, 0x06];
    let (told, counts) = hear(&ethernet([0xff; 6], &kind, &arp([10, 20, 0, 7], SWITCH)));
    let facts: Vec<_> = told.iter().map(|it| (it.method, it.fact.clone())).collect();
    assert_eq!(
        facts,
        [
            (Method::FrameHeader, Fact::VlanTag { vlan: 20 }),
            (Method::ArpHeard, Fact::Arp { ip: [10, 20, 0, 7].into(), mac: SWITCH }),
        ]
    );
    assert_eq!(told[1].speaker.ip, Some([10, 20, 0, 7].into()));
    assert_eq!((told[1].vantage.network.as_str(), counts.told), ("ward", 2));
}

#[test]
fn what_an_arp_packet_says_of_another_is_told_under_the_name_of_its_sender() {
    let other = Mac::new([0x00, 0x1a, 0x2b, 0x00, 0x00, 0x77]);
    let (told, _) = hear(&ethernet([0xff; 6], &[8, 6], &arp([10, 20, 0, 7], other)));
    assert_eq!(told[0].fact, Fact::Arp { ip: [10, 20, 0, 7].into(), mac: other });
    assert_eq!(told[0].speaker, Speaker { ip: Some([10, 20, 0, 7].into()), mac: Some(SWITCH) });
}

#[test]
fn a_group_report_is_of_the_link_whatever_its_group_and_network() {
    let group = [239, 255, 255, 250];
    let mut report = vec![0x16, 0, 0xfa, 0x04];
    report.extend(group);
    let packet = |ttl| {
        let to = group.into();
        let packet = Ipv4 { ttl, ..Ipv4::new(2, [192, 168, 9, 9].into(), to, report.clone()) };
        ethernet([0x01, 0, 0x5e, 0x7f, 0xff, 0xfa], &[8, 0], &encoded(&packet))
    };
    let (told, _) = hear(&packet(1));
    assert_eq!(told[0].fact, Fact::GroupMember { group: IpAddr::from(group) });
    assert_eq!(told[0].speaker.mac, Some(SWITCH));
    let (told, counts) = hear(&packet(2));
    assert_eq!((told.len(), counts.outside), (0, 1), "a router may have passed it on");
}

#[test]
fn a_probe_for_a_duplicate_claims_nothing_and_a_group_sender_is_malformed() {
    let (told, counts) = hear(&ethernet([0xff; 6], &[8, 6], &arp([0; 4], SWITCH)));
    assert_eq!((told.len(), counts.malformed.len()), (0, 0));
    let (told, counts) = hear(&ethernet([0xff; 6], &[8, 6], &arp([10, 20, 0, 7], Mac::BROADCAST)));
    assert_eq!(told.len(), 0);
    assert_eq!(counts.malformed, [(Layer::Protocol(Method::ArpHeard), 1)].into());
}

#[test]
fn a_fact_is_told_once_a_session() {
    let mut listener = Listener::new("agent");
    let frame = ethernet([0xff; 6], &[8, 6], &arp([10, 20, 0, 7], SWITCH));
    assert_eq!(listener.hear(&place(), &frame).len(), 1);
    assert_eq!(listener.hear(&place(), &frame).len(), 0);
    assert_eq!(listener.counts().repeated, 1);
}

#[test]
fn a_neighbour_says_its_name_capabilities_and_inventory() {
    let med = |subtype, value: &[u8]| Tlv::Organisation {
        oui: lldp::OUI_MED,
        subtype,
        value: value.into(),
    };
    let lldp = Lldp {
        chassis: ChassisId { subtype: 4, id: SWITCH.octets().as_slice().into() },
        port: PortId { subtype: 5, id: b"ge-0/0/7".as_slice().into() },
        ttl_secs: 120,
        tlvs: vec![
            Tlv::SystemName("病棟スイッチ".as_bytes().into()),
            Tlv::Capabilities(Capabilities { system: 0x14, enabled: 0x04 }),
            med(8, b"FX12"),
            med(10, b"GS108"),
        ],
    };
    let (told, _) = hear(&ethernet([1, 0x80, 0xc2, 0, 0, 0x0e], &[0x88, 0xcc], &encoded(&lldp)));
    let [Observation { method: Method::Lldp, speaker, fact: Fact::LinkNeighbour(it), .. }] =
        told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!(speaker.mac, Some(SWITCH));
    assert_eq!(
        (it.mac, it.name.as_str(), it.port.as_str()),
        (Some(SWITCH), "病棟スイッチ", "ge-0/0/7")
    );
    assert_eq!(it.capabilities, [Capability::Bridge]);
    let inventory = it.inventory.as_ref().unwrap();
    assert_eq!((inventory.serial.as_str(), inventory.model.as_str()), ("FX12", "GS108"));
}

#[test]
fn a_discover_gives_the_fingerprint_of_its_client() {
    let mut hardware = [0; 16];
    hardware[..6].copy_from_slice(&SWITCH.octets());
    let option = |code, value: &[u8]| DhcpOption { code, value: value.to_vec() };
    let dhcp = Dhcp {
        op: 1,
        htype: 1,
        hlen: 6,
        hops: 0,
        xid: 1,
        secs: 0,
        flags: 0,
        ciaddr: [0; 4].into(),
        yiaddr: [0; 4].into(),
        siaddr: [0; 4].into(),
        giaddr: [0; 4].into(),
        chaddr: hardware,
        sname: [0; 64],
        file: [0; 128],
        cookie: true,
        options: vec![
            option(53, &[1]),
            option(12, b"nurse-pc-07"),
            option(55, &[1, 3, 6, 15]),
            option(60, b"MSFT 5.0"),
        ],
    };
    let packet = datagram((68, 67), [0; 4], [255; 4], &encoded(&dhcp));
    let (told, _) = hear(&ethernet([0xff; 6], &[8, 0], &packet));
    let [Observation { speaker, fact: Fact::Dhcp(it), .. }] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((speaker.ip, speaker.mac, it.client), (None, Some(SWITCH), Some(SWITCH)));
    assert_eq!((it.message, it.from_server, it.host_name.as_str()), (1, false, "nurse-pc-07"));
    assert_eq!(
        (it.requested_options.as_slice(), it.vendor_class.as_str()),
        (&[1, 3, 6, 15][..], "MSFT 5.0")
    );
}

#[test]
fn spanning_tree_is_heard_in_both_wrappings() {
    let id = |priority| BridgeId { priority, mac: SWITCH };
    let config = Config {
        flags: 0,
        root: id(4096),
        root_cost: 4,
        bridge: id(32768),
        port: 0x8001,
        message_age: 0,
        max_age: 5120,
        hello_time: 512,
        forward_delay: 3840,
    };
    let plain = encoded(&Bpdu::Configuration { version: 0, config });
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0x0c, 1, 0x0b][..], &plain[3..]].concat();
    for llc in [plain, snap] {
        let length = u16::try_from(llc.len()).unwrap().to_be_bytes();
        let padded = [&llc[..], &[0; 20]].concat();
        let (told, _) = hear(&ethernet([1, 0x80, 0xc2, 0, 0, 0], &length, &padded));
        let [Observation { fact: Fact::SpanningTree(tree), .. }] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!((tree.root.priority, tree.bridge.mac, tree.root_cost), (4096, SWITCH, 4));
    }
}

#[test]
fn neighbour_discovery_that_a_router_passed_on_is_a_forgery() {
    let advertisement = Ndp {
        checksum: 0,
        body: Body::NeighbourAdvertisement { flags: 0, target: "fe80::7".parse().unwrap() },
        options: vec![NdpOption { kind: 2, value: SWITCH.octets().to_vec() }],
    };
    let packet = |hops| {
        let body = encoded(&advertisement);
        let mut packet = vec![0x60, 0, 0, 0, 0, u8::try_from(body.len()).unwrap(), 58, hops];
        packet.extend("fe80::7".parse::<std::net::Ipv6Addr>().unwrap().octets());
        packet.extend("ff02::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
        packet.extend(body);
        packet
    };
    let (told, _) = hear(&ethernet([0x33, 0x33, 0, 0, 0, 1], &[0x86, 0xdd], &packet(255)));
    let ip = "fe80::7".parse().unwrap();
    assert_eq!(told[0].fact, Fact::Neighbour { ip, mac: SWITCH });
    let (told, counts) = hear(&ethernet([0x33, 0x33, 0, 0, 0, 1], &[0x86, 0xdd], &packet(64)));
    assert_eq!(told, []);
    assert_eq!(counts.malformed, [(Layer::Protocol(Method::NdpHeard), 1)].into());
}

#[test]
fn a_routers_address_never_stands_for_what_is_behind_it() {
    let notify = b"NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\nSERVER: a/1\r\n\r\n";
    let group = [239, 255, 255, 250];
    let heard = |from, only_these| {
        let packet = datagram((1900, 1900), from, group, notify);
        let frame = ethernet([1, 0, 0x5e, 0x7f, 0xff, 0xfa], &[8, 0], &packet);
        let mut listener = Listener::new("agent");
        let told = listener.hear(&Place { only_these, ..place() }, &frame);
        (told.into_iter().map(|it| it.speaker.mac).collect::<Vec<_>>(), listener.counts().outside)
    };
    assert_eq!(heard([10, 20, 0, 7], true), (vec![Some(SWITCH)], 0));
    assert_eq!(heard([10, 99, 0, 7], true), (vec![], 1));
    assert_eq!(heard([10, 99, 0, 7], false), (vec![None], 0));
}

#[test]
fn what_the_capture_cut_is_not_the_devices_fault() {
    let mut frame = ethernet([0xff; 6], &[8, 6], &arp([10, 20, 0, 7], SWITCH));
    frame.octets.truncate(30);
    let (_, counts) = hear(&frame);
    assert_eq!((counts.cut, counts.malformed.len()), (1, 0));
    frame.wire_length = 30;
    let (_, counts) = hear(&frame);
    assert_eq!((counts.cut, counts.malformed.len()), (0, 1));
}

#[test]
fn later_fragments_and_endless_headers_are_not_read() {
    let mut packet = datagram((1900, 1900), [10, 20, 0, 7], [10, 20, 0, 8], b"x");
    packet[7] = 1;
    let (_, counts) = hear(&ethernet([0xff; 6], &[8, 0], &packet));
    assert_eq!((counts.not_read, counts.malformed.len()), (1, 0));
    let mut packet = vec![0x60, 0, 0, 0, 0, 200, 0, 64];
    packet.extend([0; 32]);
    packet.extend([0; 200]);
    let (_, counts) = hear(&ethernet([0xff; 6], &[0x86, 0xdd], &packet));
    assert_eq!(counts.malformed, [(Layer::Internet, 1)].into());
}

proptest! {
    #[test]
    fn nothing_panics_whatever_a_frame_holds(
        link in 0u8..5,
        kind in prop::sample::select(vec![0x0800u16, 0x86dd, 0x0806, 0x88cc, 0x8100, 60]),
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        flip in (0usize..300, any::<u8>()),
    ) {
        let link = [LinkType::Ethernet, LinkType::LinuxSll, LinkType::LinuxSll2, LinkType::Raw, LinkType::Null]
            [usize::from(link)];
        let mut listener = Listener::new("agent");
        let mut noise = ethernet([0xff; 6], &kind.to_be_bytes(), &payload);
        noise.link = link;
        listener.hear(&place(), &noise);
        let mut frame = ethernet([0xff; 6], &[8, 0], &datagram((68, 67), [0; 4], [255; 4], &payload));
        if let Some(octet) = frame.octets.get_mut(flip.0) {
            *octet ^= flip.1;
        }
        listener.hear(&place(), &frame);
        prop_assert_eq!(listener.counts().frames, 2);
    }
}
