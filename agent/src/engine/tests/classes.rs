use super::interviews::interviewer;
use super::net::talker;
use super::*;

/// A maker of nurse-call gear.
const CARECOM: [u8; 3] = [0x00, 0x26, 0x67];

fn master_station() -> Host {
    let [a, b, c] = CARECOM;
    Host { macs: vec![Mac::new([a, b, c, 0, 0, 7])], talks: vec![161, 5353], ..Host::default() }
}

fn net() -> Net {
    Net::new([(ip("10.20.0.7"), master_station()), (ip("10.20.0.9"), talker())])
}

fn classed(cidrs: &[&str]) -> Plan {
    Plan { sighting: BTreeSet::from([CARECOM]), ..plan(cidrs) }
}

/// Everything but frames that went to the nurse-call gear.
fn questions(net: &Net) -> Vec<&Packet> {
    let to = |packet: &Packet| governor::subject(packet).map(|(to, _)| to);
    let all = net.record.iter().map(|(_, packet)| packet);
    all.filter(|p| to(p) == Some(ip("10.20.0.7")) && !matches!(p, Packet::Frame { .. })).collect()
}

#[test]
fn nurse_call_gear_is_sighted_and_not_questioned() {
    let mut net = net();
    let outcome = net.run(classed(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer());
    assert_eq!(questions(&net), Vec::<&Packet>::new());
    assert!(coverage(&outcome, Method::Arp).answered.contains(ip("10.20.0.7")));
    for method in [Method::Snmp, Method::Mdns] {
        let coverage = coverage(&outcome, method);
        let policy = coverage.not_asked.iter().find(|not| not.why == Why::Policy).unwrap();
        assert_eq!(policy.addresses.iter().collect::<Vec<_>>(), [ip("10.20.0.7")], "{method:?}");
        assert!(coverage.asked.contains(ip("10.20.0.9")), "{method:?}");
    }
    assert_eq!((outcome.progress.found, outcome.progress.questioned), (2, 2));
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn a_network_that_says_so_asks_nurse_call_gear_like_the_rest() {
    let mut plan = classed(&["10.20.0.0/24"]);
    plan.networks[0].medical = Medical::Ask;
    let outcome = net().run(plan, &means("10.20.0.1/24"), interviewer());
    assert!(coverage(&outcome, Method::Snmp).answered.contains(ip("10.20.0.7")));
}

#[test]
fn an_ordinary_user_asks_nobody_before_the_table_says_who_it_is() {
    let mut net = net();
    let outcome = net.run(classed(&["10.20.0.0/24"]), &unprivileged("10.20.0.1/24"), interviewer());
    let nudge = |p: &&Packet| {
        matches!(p, Packet::Connect { .. } | Packet::Datagram { outlet: Outlet::Connected, .. })
    };
    assert!(questions(&net).iter().all(nudge), "{:?}", questions(&net));
    assert!(coverage(&outcome, Method::Snmp).asked.contains(ip("10.20.0.9")));
    assert_partition(&outcome, &[ip("10.20.0.1")]);
    // What the table says before the scan counts from the first packet.
    let mut known = self::net();
    known.table.insert(ip("10.20.0.7"), master_station().macs[0]);
    known.run(classed(&["10.20.0.0/24"]), &unprivileged("10.20.0.1/24"), interviewer());
    assert_eq!(questions(&known), Vec::<&Packet>::new());
}

#[test]
fn a_link_with_nurse_call_gear_is_not_asked_by_multicast() {
    let browses = |net: &Net| {
        let group = IpAddr::from(crate::probe::mdns::GROUP);
        net.record.iter().any(|(_, p)| governor::subject(p).is_some_and(|(to, _)| to == group))
    };
    let mut with = net();
    with.run(classed(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer());
    assert!(!browses(&with));
    let mut without = net();
    without.hosts.remove(&ip("10.20.0.7"));
    without.run(classed(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer());
    assert!(browses(&without));
}
