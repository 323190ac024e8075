use daicho_common::coverage::{PacketKind, Why};
use daicho_common::text::Text;

use super::net::hosts;
use super::*;

/// A scan of a ward that is only to be sighted and of the servers' network, with a name server there.
fn ward(server: &str) -> Plan {
    let mut plan = sighting(plan(&["10.20.0.0/24", "10.20.1.0/24"]));
    plan.networks[0].questions.name_server = Some(server.parse().unwrap());
    plan
}

fn names(outcome: &Outcome) -> Vec<(IpAddr, Text)> {
    let mut names: Vec<_> = outcome
        .facts()
        .into_iter()
        .filter_map(|(method, fact)| {
            let Fact::Pointer { ip, name } = fact else { return None };
            (method == Method::Dns).then_some((ip, name))
        })
        .collect();
    names.sort();
    names
}

fn net() -> Net {
    Net::new(hosts([(0, 4), (0, 9), (1, 53)]))
}

const LINK: &str = "10.20.0.1/16";

#[test]
fn devices_that_are_only_sighted_are_named_by_the_name_server_and_asked_nothing() {
    let mut net = net();
    net.namer = Some(ip("10.20.1.53"));
    let outcome = net.run(ward("10.20.1.53"), &means(LINK), super::nobody());
    let named = |ip_, name: &str| (ip(ip_), Text::clean(name));
    assert_eq!(
        names(&outcome),
        [named("10.20.0.4", "host-4.example"), named("10.20.0.9", "host-9.example")]
    );
    let beside_arp =
        net.record.iter().filter(|(_, packet)| !matches!(packet, Packet::Frame { .. }));
    let to: BTreeSet<IpAddr> = beside_arp.map(|(_, p)| governor::subject(p).unwrap().0).collect();
    assert_eq!(to, [ip("10.20.1.53")].into());
    let sent = outcome.account.sent.iter().filter(|row| row.kind == PacketKind::Dns);
    assert_eq!(sent.map(|row| row.packets).collect::<Vec<_>>(), [2]);
    let covered = outcome.account.coverage.iter().find(|row| row.method == Method::Dns).unwrap();
    assert!(covered.answered.contains(ip("10.20.0.4")) && covered.answered.len() == 2);
}

#[test]
fn a_name_server_that_is_silent_is_asked_about_three_and_no_more() {
    let mut net = Net::new(hosts((1..=50).map(|d| (0, d)).chain([(1, 53)])));
    let outcome = net.run(ward("10.20.1.53"), &means(LINK), super::nobody());
    let asked = net.record.iter().filter(|(_, p)| matches!(p, Packet::Datagram { .. })).count();
    assert_eq!(asked, 9, "three addresses, three times each");
    assert!(names(&outcome).is_empty());
    let covered = outcome.account.coverage.iter().find(|row| row.method == Method::Dns).unwrap();
    let left = covered.not_asked.iter().find(|gap| gap.why == Why::BackedOff).unwrap();
    assert_eq!((covered.asked.len(), left.addresses.len()), (3, 46));
}

#[test]
fn a_name_server_outside_every_chosen_network_is_never_asked() {
    let mut net = net();
    net.namer = Some(ip("10.99.0.53"));
    net.run(ward("10.99.0.53"), &means(LINK), super::nobody());
    assert!(net.record.iter().all(|(_, packet)| matches!(packet, Packet::Frame { .. })));
}

#[test]
fn a_name_server_that_is_denied_is_never_asked() {
    let mut net = net();
    net.namer = Some(ip("10.20.1.53"));
    let mut plan = ward("10.20.1.53");
    plan.deny.nets = vec!["10.20.1.53/32".parse().unwrap()];
    let outcome = net.run(plan, &means(LINK), super::nobody());
    assert!(net.record.iter().all(|(_, packet)| matches!(packet, Packet::Frame { .. })));
    assert!(names(&outcome).is_empty());
}
