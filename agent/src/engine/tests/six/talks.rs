use daicho_common::observation::{Outcome as End, Question, Speaker};

use super::super::interviews::{Chat, interviewer};
use super::*;

/// Whom datagrams above the link went to, and at which ports.
fn talked(record: &[(Tick, Packet)]) -> Vec<SocketAddr> {
    let to = record.iter().filter_map(|(_, packet)| match packet {
        Packet::Datagram { to, .. } => Some(*to),
        Packet::Frame { .. }
        | Packet::Echo { .. }
        | Packet::Timestamp { .. }
        | Packet::Syn { .. }
        | Packet::Connect { .. }
        | Packet::Open { .. }
        | Packet::Say { .. } => None,
    });
    let all: std::collections::BTreeSet<SocketAddr> = to.collect();
    all.into_iter().collect()
}

fn told(node: &Node) -> Vec<Vec<u8>> {
    node.ips.iter().map(|ip| advertisement(node.mac, *ip)).collect()
}

fn completed(outcome: &Outcome) -> Vec<&Observation> {
    let complete = Fact::Asked { question: Question::SnmpSystem, outcome: End::Complete };
    outcome.observations.iter().filter(|seen| seen.fact == complete).collect()
}

fn method<'a>(outcome: &'a Outcome, cidr: &str, method: Method) -> &'a Coverage {
    let cidr: IpNet = cidr.parse().unwrap();
    let mut all = outcome.account.coverage.iter();
    all.find(|it| it.method == method && it.cidr == cidr).unwrap()
}

/// Why this address was not asked by SNMP.
fn why(outcome: &Outcome, cidr: &str, address: &str) -> Option<Why> {
    let coverage = method(outcome, cidr, Method::Snmp);
    let not = coverage.not_asked.iter().find(|not| not.addresses.contains(ip(address)));
    not.map(|not| not.why)
}

const NET: &str = "2001:db8:20::/64";

fn declared() -> (Plan, Means) {
    (six(plan(&[NET])), dual(&["fe80::1/64", "2001:db8:20::1/64"]))
}

#[test]
fn a_host_known_by_ipv6_only_is_asked_once_by_its_lasting_address() {
    let ips = ["fe80::5", "2001:db8:20::a1", "2001:db8:20::21a:2bff:fe00:5"];
    let host = node(5, &ips);
    let (plan, means) = declared();
    let hosts = std::slice::from_ref(&host);
    let (outcome, record) = run_asking(plan, &means, (hosts, &told(&host)), interviewer());
    let seats: Vec<SocketAddr> = [161, 5353].map(|port| SocketAddr::new(ip(ips[2]), port)).into();
    assert_eq!(talked(&record), seats);
    let said = completed(&outcome);
    assert_eq!(
        said.iter().map(|seen| seen.method).collect::<Vec<_>>(),
        [Method::Snmp, Method::Mdns]
    );
    for seen in said {
        assert_eq!(seen.speaker, Speaker { ip: Some(ip(ips[2])), mac: Some(host.mac) });
        assert_eq!(seen.vantage.network, NET);
    }
    let coverage = method(&outcome, NET, Method::Snmp);
    assert_eq!(coverage.asked.iter().collect::<Vec<_>>(), [ip(ips[2])]);
    assert_eq!(coverage.answered, coverage.asked);
    assert_eq!(why(&outcome, NET, ips[1]), Some(Why::NotNeeded));
    assert_eq!(why(&outcome, NET, "2001:db8:20::77"), Some(Why::NoSignOfLife));
    let all = coverage.not_asked.iter().map(|not| not.addresses.len()).sum::<u128>();
    assert_eq!(all + coverage.asked.len(), 1 << 64);
}

#[test]
fn a_link_local_address_heard_on_a_declared_link_is_asked_on_that_link() {
    let host = node(5, &["fe80::5"]);
    let plan = six(plan(&["10.20.0.0/24"]));
    let means = dual(&["fe80::1/64"]);
    let hosts = std::slice::from_ref(&host);
    let (outcome, record) = run_asking(plan, &means, (hosts, &told(&host)), interviewer());
    let seats = talked(&record);
    let seats = seats.iter().filter_map(|seat| match seat {
        SocketAddr::V6(seat) => Some(*seat),
        SocketAddr::V4(_) => None,
    });
    let seat = seats.min().unwrap();
    assert_eq!(
        (*seat.ip(), seat.scope_id(), seat.port()),
        (v6("fe80::5"), means.links[0].index, 161)
    );
    assert_eq!(completed(&outcome).len(), 2);
}

#[test]
fn a_device_with_both_families_is_not_asked_by_ipv6() {
    let host = node(5, &["fe80::5", "2001:db8:20::5"]);
    let arp = daicho_common::wire::arp::Operation::REPLY;
    let mut said = vec![net::arp_says(host.mac, [10, 20, 0, 9].into(), arp)];
    said.extend(told(&host));
    let plan = six(plan(&["10.20.0.0/24", NET]));
    let means = dual(&["fe80::1/64", "2001:db8:20::1/64"]);
    let (outcome, record) = run_asking(plan, &means, (&[host], &said), interviewer());
    let asked: Vec<IpAddr> = talked(&record).iter().map(SocketAddr::ip).collect();
    assert!(asked.contains(&ip("10.20.0.9")) && asked.iter().all(IpAddr::is_ipv4), "{asked:?}");
    assert_eq!(why(&outcome, NET, "2001:db8:20::5"), Some(Why::NotNeeded));
}

#[test]
fn nobody_is_asked_by_ipv6_who_is_denied_out_of_scope_or_only_to_be_sighted() {
    let ips = ["fe80::5", "2001:db8:20::5", "2001:db8:99::5"];
    let host = node(5, &ips);
    let refused = |change: &dyn Fn(&mut Plan)| {
        let (mut plan, means) = declared();
        change(&mut plan);
        let hosts = std::slice::from_ref(&host);
        let (outcome, record) = run_asking(plan, &means, (hosts, &told(&host)), interviewer());
        assert_eq!(talked(&record), []);
        outcome
    };
    let here = |outcome: &Outcome| why(outcome, NET, ips[1]);
    let by_mac = refused(&|plan| plan.deny.macs = vec![node(5, &[]).mac]);
    assert!(ndp(&by_mac, NET).answered.is_empty());
    // Another address of it is denied.
    let by_net = refused(&|plan| plan.deny.nets = vec!["fe80::5/128".parse().unwrap()]);
    assert_eq!(here(&by_net), Some(Why::Denied));
    // Whoever has that address of IPv4 may have this one too.
    let by_four = refused(&|plan| plan.deny.nets = vec!["10.20.0.77/32".parse().unwrap()]);
    assert_eq!(here(&by_four), Some(Why::Denied));
    let sighting = refused(&|plan| plan.networks[0].policy = Policy::Sighting);
    assert_eq!(here(&sighting), Some(Why::Policy));
    let medical = refused(&|plan| {
        plan.networks[0].medical = Medical::Sighting;
        plan.sighting = [node(5, &[]).mac.oui()].into();
    });
    assert_eq!(here(&medical), Some(Why::Policy));
    let (plan, means) = declared();
    let stranger = node(7, &["2001:db8:99::7"]);
    let said = told(&stranger);
    let (_, record) = run_asking(plan, &means, (&[stranger], &said), interviewer());
    assert_eq!(talked(&record), []);
}

#[test]
fn a_network_for_sighting_on_the_link_keeps_link_local_addresses_from_being_asked() {
    let host = node(5, &["fe80::5"]);
    let mut plan = six(plan(&["10.20.0.0/24", NET]));
    plan.networks[0].policy = Policy::Sighting;
    let means = dual(&["fe80::1/64", "2001:db8:20::1/64"]);
    let hosts = std::slice::from_ref(&host);
    let (_, record) = run_asking(plan, &means, (hosts, &told(&host)), interviewer());
    assert_eq!(talked(&record), []);
}

#[test]
fn a_port_that_is_forbidden_gets_nothing_by_ipv6_either() {
    let host = node(5, &["2001:db8:20::5"]);
    let (plan, means) = declared();
    let printing: Interviewer = Box::new(|_, _| vec![Chat::boxed(Method::Snmp, 9100, 1)]);
    let hosts = std::slice::from_ref(&host);
    let (outcome, record) = run_asking(plan, &means, (hosts, &told(&host)), printing);
    assert_eq!(talked(&record), []);
    assert_eq!(why(&outcome, NET, "2001:db8:20::5"), Some(Why::ForbiddenPort));
}

#[test]
fn where_the_first_host_falls_silent_for_good_nobody_else_is_asked() {
    let frail = Node { talks: false, ..node(2, &["2001:db8:20::2"]) };
    let others: Vec<Node> = (5..8).map(|n| node(n, &[&format!("2001:db8:20::{n:x}")])).collect();
    let mut said: Vec<_> = others.iter().flat_map(told).collect();
    // It is heard of, and gone when it is asked.
    said.extend(told(&frail));
    let (plan, means) = declared();
    let (outcome, record) = run_asking(plan, &means, (&others, &said), interviewer());
    let asked: Vec<IpAddr> = talked(&record).iter().map(SocketAddr::ip).collect();
    assert!(asked.iter().all(|it| *it == ip("2001:db8:20::2")), "{asked:?}");
    assert_eq!(why(&outcome, NET, "2001:db8:20::5"), Some(Why::BackedOff));
    // One that is only silent is asked whether it is there, and the others go on.
    let quiet = [std::slice::from_ref(&frail), &others].concat();
    let (plan, means) = declared();
    let (outcome, record) = run_asking(plan, &means, (&quiet, &said), interviewer());
    assert_eq!(talked(&record).len(), 8);
    assert_eq!(completed(&outcome).len(), 6);
}
