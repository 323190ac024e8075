use std::net::Ipv4Addr;

use daicho_common::wire::arp::Operation;

use super::net::{arp_says, hosts};
use super::*;
use crate::plan::Vlan;

const OWN: [u8; 6] = [2, 0, 0, 0, 0, 1];
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 5);

/// 10.20.0.0/28 in VLAN 20 of eth0, asked from this address.
fn tagged(address: Option<Ipv4Addr>) -> Plan {
    let mut plan = plan(&["10.20.0.0/28"]);
    plan.networks[0].vlan = Some(Vlan { interface: "eth0".into(), id: 20, address });
    plan
}

/// An interface on a trunk with VLAN 20, which has an address in another network.
fn trunk() -> Means {
    let mut means = means("10.9.0.1/24");
    means.links[0].vlans.insert(20);
    means
}

/// A frame as it is in this VLAN.
fn in_vlan(vlan: Option<u16>, untagged: &[u8]) -> Vec<u8> {
    let (header, payload) = Ethernet::decode(untagged).unwrap();
    let mut octets = Vec::new();
    Ethernet { tag: vlan.map(Tag), ..header }.encode(&mut octets);
    octets.extend_from_slice(payload);
    octets
}

/// Every ARP request that was sent, as tag, sender and target.
fn requests(net: &Net) -> Vec<(Tick, Option<Tag>, Ipv4Addr, Ipv4Addr)> {
    let frames = net.record.iter().map(|(at, packet)| {
        let Packet::Frame { interface, octets } = packet else { panic!("{packet:?}") };
        assert_eq!(interface, "eth0");
        let (header, payload) = Ethernet::decode(octets).unwrap();
        let (arp, rest) = Arp::decode(payload).unwrap();
        assert_eq!((header.source, arp.sender_mac), (Mac::new(OWN), Mac::new(OWN)));
        assert!(rest.is_empty() && arp.operation == Operation::REQUEST);
        (*at, header.tag, arp.sender_ip, arp.target_ip)
    });
    frames.collect()
}

fn whys(outcome: &Outcome) -> Vec<(Method, Vec<Why>)> {
    let of = |it: &Coverage| (it.method, it.not_asked.iter().map(|not| not.why).collect());
    outcome.account.coverage.iter().map(of).collect()
}

#[test]
fn a_vlan_is_swept_by_tagged_requests_from_nobodys_address() {
    let mut net = Net::new(hosts([(0, 3), (0, 9)]));
    let outcome = net.run(tagged(None), &trunk(), nobody());
    let requests = requests(&net);
    assert!(
        requests.iter().all(|(_, tag, from, _)| *tag == Some(Tag(20)) && from.is_unspecified())
    );
    // Two answer at once; the twelve silent ones are asked three times.
    assert_eq!(requests.len(), 2 + 12 * 3);
    let arp = coverage(&outcome, Method::Arp);
    assert_eq!((arp.asked.len(), arp.answered.len()), (14, 2));
    assert!(arp.shows_absence(ip("10.20.0.4")) && !arp.shows_absence(ip("10.20.0.9")));
    let mac = Mac::new([0, 0x1a, 0x2b, 0, 0, 9]);
    let nine = outcome.observations.iter().filter(|it| it.speaker.mac == Some(mac));
    let nine: Vec<_> = nine.map(|it| (it.method, it.fact.clone())).collect();
    let expected = [
        (Method::FrameHeader, Fact::VlanTag { vlan: 20 }),
        (Method::Arp, Fact::Arp { ip: [10, 20, 0, 9].into(), mac }),
    ];
    assert_eq!(nine, expected);
    assert!(outcome.observations.iter().all(|it| it.vantage.interface == "eth0"));
    assert_eq!(outcome.account.strays, Strays::default());
}

#[test]
fn nothing_above_the_link_is_asked_in_a_vlan_and_the_coverage_says_why() {
    let mut full = tagged(None);
    full.networks[0].policy = Policy::Full;
    full.networks[0].medical = Medical::Ask;
    let mut declared = network("2001:db8::/64");
    declared.vlan.clone_from(&full.networks[0].vlan);
    full.networks.push(declared);
    let mut net = Net::new(hosts([(0, 3)]));
    let outcome = net.run(full, &trunk(), nobody());
    assert!(net.record.iter().all(|(_, packet)| matches!(packet, Packet::Frame { .. })));
    let (none, only) = (Vec::new(), vec![Why::TaggedOnly]);
    let above = [Method::IcmpEcho, Method::TcpConnect, Method::Snmp, Method::Mdns];
    let six = [Method::Ndp, Method::IcmpEcho];
    let unused = above.iter().chain(&six).map(|it| (*it, only.clone()));
    let expected: Vec<_> = [(Method::Arp, none)].into_iter().chain(unused).collect();
    assert_eq!(whys(&outcome), expected);
    assert_eq!(outcome.progress.questioned, 1);
    let sighted = Net::new([]).run(sighting(tagged(None)), &trunk(), nobody());
    assert_eq!(
        whys(&sighted)[1..],
        above.iter().map(|it| (*it, vec![Why::Policy])).collect::<Vec<_>>()
    );
}

#[test]
fn an_answer_with_another_tag_or_none_is_a_stray() {
    let start = Now { tick: Tick::from_micros(1_000_000), wall: Timestamp::from_micros(0) };
    let mut both = tagged(None);
    both.networks.push(network("10.9.0.0/24"));
    let mut engine = Engine::new(both, &trunk(), nobody(), start);
    let mac = Mac::new([0, 0x1a, 0x2b, 0, 0, 9]);
    let said = arp_says(mac, [10, 20, 0, 9].into(), Operation::REPLY);
    let native = arp_says(mac, [10, 9, 0, 9].into(), Operation::REPLY);
    let frames = [
        ("eth0", in_vlan(Some(30), &said)),
        ("eth0", in_vlan(None, &said)),
        // Priority only: as good as untagged.
        ("eth0", in_vlan(Some(0xa000), &said)),
        ("eth1", in_vlan(Some(20), &said)),
        ("eth0", in_vlan(Some(20), &native)),
    ];
    for (n, (interface, octets)) in (1..).zip(&frames) {
        engine.handle(Input::Frame { interface, octets }, start);
        assert_eq!(engine.strays().unasked, n, "{interface} {octets:02x?}");
        assert_eq!(engine.poll_observation(), None);
    }
    // Priority and drop eligibility are the switch's business.
    for octets in [in_vlan(Some(0xf014), &said), in_vlan(Some(0x6000), &native)] {
        engine.handle(Input::Frame { interface: "eth0", octets: &octets }, start);
    }
    assert_eq!(engine.strays(), Strays { unasked: 5, ..Strays::default() });
    let arp =
        std::iter::from_fn(|| engine.poll_observation()).filter(|it| it.method == Method::Arp);
    let networks: Vec<_> = arp.map(|it| it.vantage.network.clone()).collect();
    assert_eq!(networks, ["10.20.0.0/28", "10.9.0.0/24"]);
}

#[test]
fn ipv6_in_a_tagged_frame_is_not_taken_for_the_link_s_own() {
    let start = Now { tick: Tick::from_micros(1_000_000), wall: Timestamp::from_micros(0) };
    let mut engine = Engine::new(tagged(None), &trunk(), nobody(), start);
    let mut octets = Vec::new();
    let source = Mac::new([0, 0x1a, 0x2b, 0, 0, 9]);
    let header = Ethernet {
        destination: Mac::new(OWN),
        source,
        tag: Some(Tag(20)),
        ether_type: EtherType::IPV6,
    };
    header.encode(&mut octets);
    engine.handle(Input::Frame { interface: "eth0", octets: &octets }, start);
    assert_eq!(engine.strays(), Strays { unasked: 1, ..Strays::default() });
}

#[test]
fn lost_questions_are_asked_again_in_a_vlan_as_anywhere() {
    let mut net = Net::new(hosts((1..15).map(|d| (0, d))));
    net.loss = 30;
    let outcome = net.run(tagged(None), &trunk(), nobody());
    let found = coverage(&outcome, Method::Arp).answered.len();
    assert!((10..=14).contains(&found), "{found}");
    assert!(net.asked().values().any(|&times| times > 1));
    assert!(net.asked().values().all(|&times| times <= 6));
}

#[test]
fn the_sender_is_probed_before_it_is_used_and_is_not_itself_looked_for() {
    let mut net = Net::new(hosts([(0, 3)]));
    let outcome = net.run(tagged(Some(ADDRESS)), &trunk(), nobody());
    let requests = requests(&net);
    let (probes, rest) = requests.split_at(3);
    assert!(probes.iter().all(|(_, _, from, to)| from.is_unspecified() && *to == ADDRESS));
    assert!(rest.iter().all(|(_, _, from, to)| *from == ADDRESS && *to != ADDRESS));
    assert!(requests.iter().all(|(_, tag, ..)| *tag == Some(Tag(20))));
    let times: Vec<_> = requests.iter().take(4).map(|(at, ..)| at.micros()).collect();
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps, [1_500_000, 1_500_000, 2_000_000]);
    assert_eq!(whys(&outcome)[0], (Method::Arp, vec![Why::Own]));
    assert_eq!(coverage(&outcome, Method::Arp).answered.len(), 1);
}

#[test]
fn a_sender_that_somebody_has_is_not_used_and_nothing_is_asked() {
    let mut net = Net::new(hosts([(0, 3), (0, 5)]));
    let outcome = net.run(tagged(Some(ADDRESS)), &trunk(), nobody());
    assert_eq!(net.record.len(), 1, "{:?}", net.record);
    let arp = coverage(&outcome, Method::Arp);
    assert!(arp.asked.is_empty() && !arp.shows_absence(ip("10.20.0.4")));
    let whys: Vec<_> = arp.not_asked.iter().map(|not| (not.why, not.addresses.len())).collect();
    assert_eq!(whys, [(Why::SenderTaken, 13), (Why::Own, 1)]);
    // Who has it is told.
    let mac = Mac::new([0, 0x1a, 0x2b, 0, 0, 5]);
    assert!(outcome.facts().contains(&(Method::Arp, Fact::Arp { ip: ADDRESS, mac })));
}

/// A scan from [`ADDRESS`] until `packets` have left.
fn under_way(packets: usize) -> (Engine, Now) {
    let mut now = Now { tick: Tick::from_micros(1_000_000), wall: Timestamp::from_micros(0) };
    let mut engine = Engine::new(tagged(Some(ADDRESS)), &trunk(), nobody(), now);
    let mut left = packets;
    while left > 0 {
        if engine.wants_neighbours() {
            engine.handle(Input::NeighboursRead, now);
        }
        while left > 0 && engine.poll_transmit(now).is_some() {
            left -= 1;
        }
        if left > 0 {
            now.tick = now.tick.max(engine.poll_timeout().unwrap());
        }
    }
    (engine, now)
}

/// How many more packets leave.
fn rest(engine: &mut Engine, mut now: Now) -> usize {
    let mut packets = 0;
    while !engine.is_finished() {
        while engine.poll_transmit(now).is_some() {
            packets += 1;
        }
        if let Some(next) = engine.poll_timeout() {
            now.tick = now.tick.max(next);
        }
    }
    packets
}

#[test]
fn who_claims_the_sender_later_has_it_and_the_agent_falls_silent() {
    let said = arp_says(Mac::new([0, 0x1a, 0x2b, 0, 0, 7]), ADDRESS, Operation::REQUEST);
    let claim = in_vlan(Some(20), &said);
    for packets in [1, 2, 3, 4, 10] {
        let (mut engine, now) = under_way(packets);
        engine.handle(Input::Frame { interface: "eth0", octets: &claim }, now);
        assert_eq!(rest(&mut engine, now), 0, "after {packets}");
        let account = engine.finish(now);
        let arp = &account.coverage[0];
        let why = |why| arp.not_asked.iter().any(|not| not.why == why);
        assert!(why(Why::SenderTaken), "after {packets}: {:?}", arp.not_asked);
    }
    // In another VLAN it is another's business.
    let (mut engine, now) = under_way(10);
    engine.handle(Input::Frame { interface: "eth0", octets: &in_vlan(Some(30), &said) }, now);
    assert!(rest(&mut engine, now) > 10);
}

#[test]
fn who_probes_the_same_address_at_the_same_time_gets_it() {
    let probe = |mac: [u8; 6], operation| {
        let mut octets = Vec::new();
        let (source, tag) = (Mac::new(mac), Some(Tag(20)));
        Ethernet { destination: Mac::BROADCAST, source, tag, ether_type: EtherType::ARP }
            .encode(&mut octets);
        let (sender_ip, target_mac) = (Ipv4Addr::UNSPECIFIED, Mac::ZERO);
        Arp { operation, sender_mac: source, sender_ip, target_mac, target_ip: ADDRESS }
            .encode(&mut octets);
        octets
    };
    let other = probe([0, 0x1a, 0x2b, 0, 0, 7], Operation::REQUEST);
    let (mut engine, now) = under_way(2);
    // Its own probe, that a loop brought back, and a reply to somebody else's.
    for octets in [probe(OWN, Operation::REQUEST), probe([0, 1, 2, 3, 4, 5], Operation::REPLY)] {
        engine.handle(Input::Frame { interface: "eth0", octets: &octets }, now);
    }
    assert_eq!(engine.strays().unasked, 2);
    engine.handle(Input::Frame { interface: "eth0", octets: &other }, now);
    assert_eq!(rest(&mut engine, now), 0);
    // Once the address is the agent's, whoever asks for it is not answered, and takes nothing away.
    let (mut engine, now) = under_way(5);
    engine.handle(Input::Frame { interface: "eth0", octets: &other }, now);
    assert!(rest(&mut engine, now) > 10);
}

#[test]
fn a_probe_that_cannot_be_sent_ends_in_silence_and_not_in_use() {
    let mut net = Net::new(hosts([(0, 3)]));
    net.unsendable.push(ADDRESS.into());
    let outcome = net.run(tagged(Some(ADDRESS)), &trunk(), nobody());
    assert_eq!(net.record.len(), 3);
    assert_eq!(whys(&outcome)[0], (Method::Arp, vec![Why::Unreachable, Why::Own]));
    assert_eq!(outcome.account.sent, []);
}

#[test]
fn what_is_missing_for_a_vlan_is_told_apart() {
    let arp = |plan: Plan, means: &Means| {
        let mut net = Net::new(hosts([(0, 3)]));
        let outcome = net.run(plan, means, nobody());
        assert!(net.record.is_empty());
        coverage(&outcome, Method::Arp).not_asked.iter().map(|not| not.why).collect::<Vec<_>>()
    };
    let (mut absent, mut unnumbered) = (trunk(), trunk());
    absent.links[0].interface = "eth7".into();
    unnumbered.links[0].mac = None;
    assert_eq!(arp(tagged(None), &absent), [Why::Unreachable]);
    assert_eq!(arp(tagged(None), &unnumbered), [Why::Unreachable]);
    assert_eq!(arp(tagged(None), &means("10.9.0.1/24")), [Why::NoPrivilege]);
    let mut denied = tagged(None);
    denied.deny.interfaces.push("eth0".into());
    assert_eq!(arp(denied, &trunk()), [Why::Denied]);
    let mut denied = tagged(None);
    denied.deny.nets.push("10.20.0.0/28".parse().unwrap());
    assert_eq!(arp(denied, &trunk()), [Why::Denied]);
}

#[test]
fn a_checkpoint_of_another_vlan_settles_nothing() {
    let mut net = Net::new(hosts([(0, 3)]));
    let outcome = net.run(tagged(None), &trunk(), nobody());
    let now = Now { tick: Tick::from_micros(1_000_000), wall: Timestamp::from_micros(0) };
    let mut means = trunk();
    means.links[0].vlans.insert(30);
    let mut other = tagged(None);
    other.networks[0].vlan.as_mut().unwrap().id = 30;
    let settled = |plan| Engine::new(plan, &means, nobody(), now).resume(&outcome.checkpoint);
    assert_eq!((settled(tagged(None)), settled(other)), (13, 0));
}

#[test]
fn frames_lost_in_one_vlan_are_not_made_good_in_another() {
    let (mut engine, now) = under_way(3);
    let missed = |vlan| Input::Missed { interface: "eth0", vlan, frames: 1 };
    engine.handle(missed(Some(30)), now);
    engine.handle(missed(None), now);
    let all = rest(&mut engine, now);
    let (mut engine, mut now) = under_way(3 + all);
    now.tick = now.tick.after(Duration::from_millis(1));
    engine.handle(missed(Some(20)), now);
    assert_eq!(rest(&mut engine, now), 13);
    assert_eq!(all, 13 * 3);
}

#[test]
fn a_port_without_an_address_bears_a_vlan_until_it_goes_down() {
    let bare = || {
        let mut links = trunk().links;
        links[0].addresses.clear();
        links
    };
    let mut net = Net::new(hosts([(0, 3), (0, 9)]));
    net.links.extend((0..20).map(|n| (Tick::from_micros(1_000_000 + n * 100_000), bare())));
    let outcome = net.run(tagged(Some(ADDRESS)), &trunk(), nobody());
    assert!(requests(&net).iter().all(|(.., from, _)| from.is_unspecified() || *from == ADDRESS));
    assert_eq!(coverage(&outcome, Method::Arp).answered.len(), 2);
    assert_eq!(outcome.account.strays.outages, 0);

    let mut net = Net::new(hosts([(0, 3), (0, 9)]));
    net.links.insert(Tick::from_micros(1_100_000), Vec::new());
    let outcome = net.run(tagged(None), &trunk(), nobody());
    assert_eq!(outcome.account.strays.outages, 1);
    assert!(!coverage(&outcome, Method::Arp).shows_absence(ip("10.20.0.4")));
}
