use std::collections::BTreeMap;
use std::net::{Ipv6Addr, SocketAddr};

use daicho_common::wire::icmp6::{self, Echo};
use daicho_common::wire::ipv6::Ipv6;
use daicho_common::wire::ndp::{Body, Ndp, NdpOption};
use proptest::prelude::*;

use super::*;
use crate::engine::governor::subject;
use crate::engine::six::ground::{ALL_NODES, solicited_node};

const AGENT: &str = "fe80::1";

mod announced;
/// Asking hosts more than whether they are there.
mod talks;

/// A host: its link-layer address, its addresses, and whether it answers questions to all nodes.
#[derive(Clone, Debug)]
struct Node {
    mac: Mac,
    ips: Vec<Ipv6Addr>,
    sociable: bool,
    /// Whether it answers questions above the link.
    talks: bool,
}

fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn node(number: u8, ips: &[&str]) -> Node {
    let mac = Mac::new([0, 0x1a, 0x2b, 0, 0, number]);
    Node { mac, ips: ips.iter().map(|ip| v6(ip)).collect(), sociable: false, talks: true }
}

fn frame(mac: Mac, ends: (Ipv6Addr, Ipv6Addr), hop_limit: u8, message: Vec<u8>) -> Vec<u8> {
    let mut octets = Vec::new();
    let destination = Mac::new([2, 0, 0, 0, 0, 1]);
    Ethernet { destination, source: mac, tag: None, ether_type: EtherType::IPV6 }
        .encode(&mut octets);
    icmp6::packet(ends, hop_limit, message).encode(&mut octets);
    octets
}

fn advertisement(mac: Mac, target: Ipv6Addr) -> Vec<u8> {
    let options = vec![NdpOption { kind: 2, value: mac.octets().to_vec() }];
    let body = Body::NeighbourAdvertisement { flags: 0x6000_0000, target };
    let mut message = Vec::new();
    Ndp { checksum: 0, body, options }.encode(&mut message);
    frame(mac, (target, v6(AGENT)), 255, message)
}

/// What a node says to a frame.
fn reply(node: &Node, octets: &[u8]) -> Vec<Vec<u8>> {
    let (_, payload) = Ethernet::decode(octets).unwrap();
    let (packet, _) = Ipv6::decode(payload).unwrap();
    let message = icmp6::message(&packet).unwrap();
    let own = node.ips[0];
    match message[0] {
        128 if node.sociable => {
            let echo = Echo { reply: true, ..Echo::decode(message).unwrap() };
            vec![frame(node.mac, (own, packet.source), 64, echo.message())]
        }
        130 if node.sociable => {
            let group = solicited_node(own);
            let report = [&[143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0][..], &group.octets()].concat();
            vec![frame(node.mac, (own, v6("ff02::16")), 1, report)]
        }
        135 => {
            let (Ndp { body: Body::NeighbourSolicitation { target, .. }, .. }, _) =
                Ndp::decode(message).unwrap()
            else {
                panic!("no solicitation")
            };
            let mine = node.ips.contains(&target);
            mine.then(|| advertisement(node.mac, target)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A scan of a link with these nodes; `said` is heard first. Returns also what left.
fn run(
    plan: Plan,
    means: &Means,
    (nodes, said): (&[Node], &[Vec<u8>]),
) -> (Outcome, Vec<(Tick, Packet)>) {
    run_asking(plan, means, (nodes, said), nobody())
}

/// Something on its way to the agent.
enum Coming {
    Frame(Vec<u8>),
    Datagram(Outlet, SocketAddr, Vec<u8>),
}

/// What comes of a packet that left.
fn answers(nodes: &[Node], packet: &Packet) -> Vec<Coming> {
    match packet {
        Packet::Frame { octets, .. } if octets[12..14] == [0x86, 0xdd] => {
            nodes.iter().flat_map(|node| reply(node, octets)).map(Coming::Frame).collect()
        }
        Packet::Datagram { outlet, to, octets, .. } => {
            let IpAddr::V6(ip) = to.ip() else { return Vec::new() };
            let talks = nodes.iter().any(|node| node.talks && node.ips.contains(&ip));
            let octets = octets.iter().enumerate();
            let answer = octets.map(|(n, octet)| if n == 2 { 0x84 } else { *octet }).collect();
            talks.then_some(Coming::Datagram(*outlet, *to, answer)).into_iter().collect()
        }
        Packet::Frame { .. }
        | Packet::Echo { .. }
        | Packet::Timestamp { .. }
        | Packet::Syn { .. }
        | Packet::Connect { .. }
        | Packet::Open { .. }
        | Packet::Say { .. } => Vec::new(),
    }
}

/// The same with these questions to hosts.
fn run_asking(
    plan: Plan,
    means: &Means,
    (nodes, said): (&[Node], &[Vec<u8>]),
    interviewer: Interviewer,
) -> (Outcome, Vec<(Tick, Packet)>) {
    let at = |tick| Now { tick, wall: Timestamp::from_micros(tick.micros().cast_signed()) };
    let mut now = at(Tick::from_micros(1_000_000));
    let mut engine = Engine::new(plan, means, interviewer, now);
    let (mut record, mut observations) = (Vec::new(), Vec::new());
    let mut coming: BTreeMap<(Tick, usize), Coming> = BTreeMap::new();
    for octets in said {
        engine.handle(Input::Frame { interface: "eth0", octets }, now);
    }
    loop {
        while let Some(cleared) = engine.poll_transmit(now) {
            let packet = cleared.packet().clone();
            for answer in answers(nodes, &packet) {
                let order = coming.len() + record.len() * 64;
                coming.insert((now.tick.after(Duration::from_millis(2)), order), answer);
            }
            record.push((now.tick, packet));
        }
        observations.extend(std::iter::from_fn(|| engine.poll_observation()));
        if engine.is_finished() {
            break;
        }
        if engine.wants_neighbours() {
            engine.handle(Input::NeighboursRead, now);
            continue;
        }
        let arrival = coming.keys().next().map(|(tick, _)| *tick);
        let next = [engine.poll_timeout(), arrival].into_iter().flatten().min().unwrap();
        now = at(next.max(now.tick));
        while let Some(entry) = coming.first_entry().filter(|e| e.key().0 <= now.tick) {
            let come = entry.remove();
            let input = match &come {
                Coming::Frame(octets) => Input::Frame { interface: "eth0", octets },
                Coming::Datagram(outlet, from, octets) => {
                    Input::Datagram { outlet: *outlet, from: *from, octets }
                }
            };
            engine.handle(input, now);
        }
    }
    let progress = engine.progress();
    let checkpoint = engine.checkpoint(false, now);
    let account = engine.finish(now);
    (Outcome { account, observations, progress, ended: now.tick, checkpoint }, record)
}

fn six(mut plan: Plan) -> Plan {
    // Questions to everybody on a link reach medical gear too, if there is some.
    for network in &mut plan.networks {
        (network.ipv6, network.medical) = (true, Medical::Ask);
    }
    plan
}

/// A link with IPv6 and IPv4.
fn dual(addresses: &[&str]) -> Means {
    let mut means = means("10.20.0.1/24");
    let own = addresses.iter().map(|net| net.parse::<IpNet>().unwrap());
    means.links[0].addresses.extend(own);
    means
}

fn asked_of(record: &[(Tick, Packet)]) -> BTreeMap<Ipv6Addr, usize> {
    let mut asked = BTreeMap::new();
    for (_, packet) in record {
        if let Some((IpAddr::V6(ip), _)) = subject(packet) {
            *asked.entry(ip).or_default() += 1;
        }
    }
    asked
}

fn ndp<'a>(outcome: &'a Outcome, cidr: &str) -> &'a Coverage {
    let cidr: IpNet = cidr.parse().unwrap();
    let mut all = outcome.account.coverage.iter();
    all.find(|it| it.method == Method::Ndp && it.cidr == cidr).unwrap()
}

/// The addresses that neighbour discovery found, with their link-layer addresses.
fn neighbours(outcome: &Outcome) -> BTreeMap<IpAddr, Mac> {
    let told = outcome.observations.iter().filter(|o| o.method == Method::Ndp).map(|o| {
        let Fact::Neighbour { ip, mac } = o.fact else { panic!("{:?}", o.fact) };
        (ip, mac)
    });
    told.collect()
}

#[test]
fn who_answers_all_nodes_is_solicited_and_found_with_its_mac() {
    let social = Node { sociable: true, ..node(5, &["fe80::5"]) };
    let hidden = node(6, &["fe80::6"]);
    let plan = six(plan(&["10.20.0.0/24"]));
    let (outcome, record) = run(plan, &dual(&["fe80::1/64"]), (&[social.clone(), hidden], &[]));
    assert_eq!(neighbours(&outcome), BTreeMap::from([(ip("fe80::5"), social.mac)]));
    let echo = (Method::IcmpEcho, Fact::Answered(Reply::Echo));
    assert_eq!(outcome.facts().iter().filter(|fact| **fact == echo).count(), 1);
    // One echo request and one listener query, and the neighbour and its derived address.
    assert_eq!(asked_of(&record)[&ALL_NODES], 2);
    assert_eq!(asked_of(&record)[&v6("fe80::5")], 1);
    let derived = v6("fe80::21a:2bff:fe00:5");
    assert_eq!(asked_of(&record)[&derived], 3, "silent, so every try");
    let coverage = ndp(&outcome, "fe80::/64");
    assert_eq!(coverage.answered.iter().collect::<Vec<_>>(), [ip("fe80::5")]);
    assert!(coverage.shows_absence(derived.into()));
    assert!(!coverage.shows_absence(ip("fe80::6")), "nobody asked for it");
}

#[test]
fn a_mac_seen_by_arp_leads_to_the_addresses_that_it_would_have() {
    let derived = ["fe80::21a:2bff:fe00:9", "2001:db8:20::21a:2bff:fe00:9"];
    let host = node(9, &derived);
    let heard =
        net::arp_says(host.mac, [10, 20, 0, 9].into(), daicho_common::wire::arp::Operation::REPLY);
    let plan = sighting(six(plan(&["10.20.0.0/24", "2001:db8:20::/64"])));
    let means = dual(&["fe80::1/64", "2001:db8:20::1/64"]);
    let (outcome, record) = run(plan, &means, (std::slice::from_ref(&host), &[heard]));
    let found = neighbours(&outcome);
    assert_eq!(found, derived.map(|text| (ip(text), host.mac)).into());
    assert!(!asked_of(&record).contains_key(&ALL_NODES), "no group under sighting");
    let coverage = ndp(&outcome, "2001:db8:20::/64");
    assert_eq!(coverage.vantage.network, "2001:db8:20::/64");
    assert_eq!(coverage.answered.iter().collect::<Vec<_>>(), [ip(derived[1])]);
    let own = coverage.not_asked.iter().find(|not| not.why == Why::Own).unwrap();
    assert_eq!(own.addresses.iter().collect::<Vec<_>>(), [ip("2001:db8:20::1")]);
    let rest = coverage.not_asked.iter().map(|not| not.addresses.len()).sum::<u128>();
    assert_eq!(rest + coverage.asked.len(), 1 << 64);
    let solicited: u64 =
        outcome.account.sent.iter().filter(|row| row.target.is_ipv6()).map(|row| row.packets).sum();
    assert_eq!(solicited, 2);
}

#[test]
fn who_stands_in_the_systems_table_is_asked_for_where_that_was_declared() {
    let now = Now { tick: Tick::from_micros(1_000_000), wall: Timestamp::from_micros(1_000_000) };
    let plan = sighting(six(plan(&["2001:db8:20::/64"])));
    let means = dual(&["fe80::1/64", "2001:db8:20::1/64"]);
    let mut engine = Engine::new(plan, &means, nobody(), now);
    assert!(engine.wants_neighbours());
    for text in ["2001:db8:20::9", "2001:db8:99::9"] {
        let row = Input::Neighbour { interface: "eth0", ip: ip(text), mac: node(9, &[]).mac };
        engine.handle(row, now);
    }
    engine.handle(Input::NeighboursRead, now);
    let asked = engine.poll_transmit(now).and_then(|cleared| subject(cleared.packet()));
    assert_eq!(asked, Some((ip("2001:db8:20::9"), None)));
    assert_eq!(engine.poll_transmit(now), None, "and nobody else");
}

#[test]
fn an_address_outside_of_what_was_declared_is_left_alone() {
    let stranger = node(7, &["2001:db8:99::7"]);
    let said = advertisement(stranger.mac, v6("2001:db8:99::7"));
    let plan = sighting(six(plan(&["2001:db8:20::/64"])));
    let means = dual(&["fe80::1/64", "2001:db8:20::1/64", "2001:db8:99::1/64"]);
    let (outcome, record) = run(plan, &means, (&[stranger], &[said]));
    assert_eq!((neighbours(&outcome), record), (BTreeMap::new(), Vec::new()));
    assert_eq!(outcome.account.strays.unasked, 1);
}

#[test]
fn where_somebody_is_denied_nobody_is_asked_as_a_group_and_he_not_at_all() {
    let social = Node { sociable: true, ..node(5, &["fe80::5"]) };
    let denied = node(6, &["fe80::6"]);
    let mut plan = six(plan(&["10.20.0.0/24"]));
    plan.deny.macs = vec![denied.mac];
    let said = [advertisement(denied.mac, v6("fe80::6")), advertisement(social.mac, v6("fe80::7"))];
    let (outcome, record) = run(plan, &dual(&["fe80::1/64"]), (&[social, denied], &said));
    let asked: Vec<_> = asked_of(&record).into_keys().collect();
    assert_eq!(asked, [v6("fe80::21a:2bff:fe00:5")]);
    let left = ndp(&outcome, "fe80::/64").not_asked.iter().find(|not| not.why == Why::Denied);
    let left = &left.unwrap().addresses;
    assert!(left.contains(ip("fe80::6")) && left.contains(ip("fe80::21a:2bff:fe00:6")));
}

#[test]
fn one_network_for_sighting_on_the_link_keeps_all_from_asking_the_group() {
    let mut plan = plan(&["10.20.0.0/24", "2001:db8:20::/64"]);
    plan.networks[0].policy = Policy::Sighting;
    let means = dual(&["fe80::1/64", "2001:db8:20::1/64"]);
    let (outcome, record) = run(plan, &means, (&[], &[]));
    assert_eq!(asked_of(&record), BTreeMap::new());
    let mut echo = outcome.account.coverage.iter();
    let echo = echo.find(|it| it.method == Method::IcmpEcho && it.cidr.addr().is_ipv6());
    assert_eq!(echo.unwrap().not_asked[0].why, Why::Policy);
}

#[test]
fn without_frames_a_link_or_an_own_address_the_coverage_says_why() {
    let declared = || plan(&["2001:db8:20::/64"]);
    let on_link = ["fe80::1/64", "2001:db8:20::1/64"];
    let mut unprivileged = dual(&on_link);
    unprivileged.links[0].frames = false;
    let mut denied = declared();
    denied.deny.interfaces = vec!["eth0".to_owned()];
    for (plan, means, why) in [
        (declared(), unprivileged, Why::NoPrivilege),
        (declared(), dual(&[]), Why::NotOnLink),
        (declared(), dual(&["2001:db8:20::1/64"]), Why::Unreachable),
        (denied, dual(&on_link), Why::Denied),
    ] {
        let (outcome, record) = run(plan, &means, (&[], &[]));
        assert_eq!(record, [], "{why:?}");
        let coverage = ndp(&outcome, "2001:db8:20::/64");
        assert_eq!(coverage.not_asked[0].why, why);
        assert_eq!(coverage.not_asked[0].addresses.len(), 1 << 64);
    }
}

#[test]
fn damaged_forged_and_unasked_frames_change_nothing() {
    let mac = node(5, &[]).mac;
    let sound = advertisement(mac, v6("fe80::5"));
    let mut damaged = sound.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let far = {
        let (_, payload) = Ethernet::decode(&sound).unwrap();
        let (packet, _) = Ipv6::decode(payload).unwrap();
        frame(mac, (packet.source, packet.destination), 254, packet.payload)
    };
    let echo = Echo { reply: true, identifier: 1, sequence: 1, payload: vec![0; 8] };
    let unasked = frame(mac, (v6("fe80::5"), v6(AGENT)), 64, echo.message());
    let own = advertisement(mac, v6(AGENT));
    let plan = sighting(six(plan(&["10.20.0.0/24"])));
    let said = [damaged, far, unasked, own];
    let (outcome, record) = run(plan, &dual(&["fe80::1/64"]), (&[], &said));
    assert_eq!((neighbours(&outcome), asked_of(&record)), (BTreeMap::new(), BTreeMap::new()));
    assert_eq!((outcome.account.strays.malformed, outcome.account.strays.unasked), (2, 2));
}

#[test]
fn a_flood_of_neighbours_is_bounded() {
    let now = Now { tick: Tick::ZERO, wall: Timestamp::from_micros(0) };
    let plan = sighting(six(plan(&["10.20.0.0/30"])));
    let mut engine = Engine::new(plan, &dual(&["fe80::1/64"]), nobody(), now);
    for n in 0..40_000_u32 {
        let [_, b, c, d] = n.to_be_bytes();
        let target = Ipv6Addr::from(u128::from(v6("fe80::1:0:0")) | u128::from(n));
        let octets = advertisement(Mac::new([0, 0x1a, 0x2b, b, c, d]), target);
        engine.handle(Input::Frame { interface: "eth0", octets: &octets }, now);
        while engine.poll_observation().is_some() {}
    }
    assert!(engine.progress().planned <= governor::MOST_SIX as u64 + 4);
    assert!(engine.strays().overflow > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_ipv6_plan_makes_the_engine_do_harm(
        nodes in prop::collection::btree_map(2u8..40, any::<[bool; 3]>(), 0..12),
        denied in prop::option::of(2u8..40),
        by_net in any::<bool>(),
        (rate, target_rate, tries) in (1u32..60, 1u32..6, 1u8..4),
    ) {
        let nodes: Vec<Node> = nodes
            .into_iter()
            .map(|(n, [sociable, global, talks])| {
                let second = format!("2001:db8:20::{n:x}");
                let local = format!("fe80::{n:x}");
                let ips = if global { vec![local.as_str(), &second] } else { vec![local.as_str()] };
                Node { sociable, talks, ..node(n, &ips) }
            })
            .collect();
        let said: Vec<_> = nodes
            .iter()
            .flat_map(|node| node.ips.iter().map(|ip| advertisement(node.mac, *ip)))
            .collect();
        let mut plan = six(plan(&["2001:db8:20::/64"]));
        plan.pace.packets_per_second = rate;
        plan.pace.target_packets_per_second = target_rate;
        plan.pace.tries = tries;
        let shut: Option<IpNet> = denied.map(|n| format!("fe80::{n:x}/128").parse().unwrap());
        if by_net {
            plan.deny.nets.extend(shut);
        } else if let Some(n) = denied {
            plan.deny.macs.push(node(n, &[]).mac);
        }
        let means = dual(&["fe80::1/64", "2001:db8:20::1/64"]);
        let interviewer = super::interviews::interviewer();
        let (outcome, record) = run_asking(plan, &means, (&nodes, &said), interviewer);
        let mut last: BTreeMap<Ipv6Addr, Tick> = BTreeMap::new();
        let mut by: BTreeMap<Mac, Ipv6Addr> = BTreeMap::new();
        for (n, (at, packet)) in record.iter().enumerate() {
            let Some((IpAddr::V6(to), port)) = subject(packet) else { panic!("{packet:?}") };
            if let Packet::Datagram { to: SocketAddr::V6(seat), .. } = packet {
                prop_assert!(port.is_some() && to != ALL_NODES && !(by_net && denied.is_some()));
                prop_assert_eq!(seat.scope_id(), if to.is_unicast_link_local() { 2 } else { 0 });
                let he = nodes.iter().find(|it| it.ips.contains(&to)).unwrap();
                prop_assert_eq!(*by.entry(he.mac).or_insert(to), to, "asked twice");
            } else {
                prop_assert_eq!(port, None);
            }
            prop_assert!(to == ALL_NODES || to.is_unicast_link_local() || to.segments()[2] == 0x20);
            prop_assert!(to != v6(AGENT) && to != v6("2001:db8:20::1"));
            if to == ALL_NODES {
                prop_assert!(denied.is_none(), "a group with somebody denied in it");
            }
            if by_net {
                prop_assert!(!shut.is_some_and(|net| net.contains(&IpAddr::V6(to))));
            } else if let Some(n) = denied {
                // He says so himself, before anything is sent.
                let he = nodes.iter().find(|it| it.mac == node(n, &[]).mac);
                prop_assert!(!he.is_some_and(|it| it.ips.contains(&to)));
            }
            if let Some(before) = last.insert(to, *at) {
                let spacing = Duration::from_micros(1_000_000 / u64::from(target_rate));
                prop_assert!(at.since(before) >= spacing, "{to}");
            }
            if n > 0 && rate < 100 {
                const BURST: Duration = Duration::from_millis(10);
                let gap = Duration::from_micros(1_000_000 / u64::from(rate));
                // Ten milliseconds' worth may leave ahead of its time (see `gate`).
                prop_assert!(at.since(record[n - 1].0) + BURST >= gap);
            }
        }
        let counted: u64 = outcome.account.sent.iter().map(|row| row.packets).sum();
        prop_assert_eq!(counted, record.len() as u64);
    }
}
