use super::conversations::{Parrot, echoing, words};
use super::*;
use crate::engine::tests::interviews::interviewer;
use crate::probe::{group, mdns, ssdp, wsd};
use daicho_common::coverage::PacketKind;

const LISTENER: &str = "10.20.0.4";

/// A plan that allows both questions.
fn curious(cidrs: &[&str]) -> Plan {
    let mut plan = plan(cidrs);
    for network in &mut plan.networks {
        network.questions.asked.insert(Method::Wsd, vec![wsd::PORT]);
        network.questions.asked.insert(Method::SsdpSearch, vec![ssdp::PORT]);
    }
    plan
}

/// A host that answers a search of the group alone, and a service that a lead points to.
fn listener() -> Net {
    let mut net = Net::new([(ip(LISTENER), echoing(&[70]))]);
    net.root_device = Some(ip(LISTENER));
    net.leads = Some(Box::new(|_, _, (method, _)| {
        let search = method == Method::SsdpSearch;
        if search { vec![Parrot::boxed(70, &["led"])] } else { Vec::new() }
    }));
    net
}

/// How often each group was asked at each port.
fn asked(net: &Net) -> Vec<(IpAddr, u16)> {
    let groups = [IpAddr::from(mdns::GROUP), group::GROUP.into()];
    let subjects = net.record.iter().filter_map(|(_, packet)| governor::subject(packet));
    let mut asked: Vec<_> = subjects.filter_map(|(to, port)| Some((to, port?))).collect();
    asked.retain(|(to, _)| groups.contains(to));
    asked.sort_unstable();
    asked
}

#[test]
fn who_hears_the_group_alone_is_told_and_followed_up_after_its_interview() {
    let mut net = listener();
    // Its interview is over long before the answers are counted.
    let outcome = net.run(curious(&["10.20.0.0/24"]), &means("10.20.0.1/24"), nobody());
    let searched = (IpAddr::from(group::GROUP), ssdp::PORT);
    assert_eq!(asked(&net).iter().filter(|to| **to == searched).count(), 2);
    let facts = outcome.facts();
    let told = facts.iter().filter(|(method, _)| *method == Method::SsdpSearch).count();
    assert_eq!((told, words(&outcome)), (1, vec!["led".to_owned()]));
    assert_eq!((outcome.progress.found, outcome.progress.questioned), (1, 1));
}

#[test]
fn an_endpoint_that_does_not_say_where_it_is_is_asked_through_the_group() {
    let mut net = listener();
    net.leads = Some(Box::new(|_, _, (method, fact)| {
        let Fact::Said(said) = fact else { return Vec::new() };
        let place = method == Method::Wsd && said.get("xaddrs").is_some();
        if place { vec![Parrot::boxed(70, &["metadata"])] } else { Vec::new() }
    }));
    let outcome = net.run(curious(&["10.20.0.0/24"]), &means("10.20.0.1/24"), nobody());
    let asked = asked(&net).into_iter().filter(|(_, port)| *port == wsd::PORT);
    assert_eq!((asked.count(), words(&outcome)), (4, vec!["metadata".to_owned()]));
    let told = outcome.facts().into_iter().filter(|(method, _)| *method == Method::Wsd);
    assert_eq!(told.count(), 2);
    assert_eq!(outcome.progress.questioned, 1);
}

#[test]
fn an_answer_is_followed_up_in_the_interview_that_is_still_open() {
    let mut net = listener();
    let host = Host { echoing: vec![70, 7], ..echoing(&[7]) };
    net.hosts.insert(ip(LISTENER), host);
    net.delay = Duration::from_millis(400);
    let long: Interviewer = Box::new(|_, _| {
        vec![Parrot::boxed(7, &["1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c"])]
    });
    let outcome = net.run(curious(&["10.20.0.0/24"]), &means("10.20.0.1/24"), long);
    assert_eq!(words(&outcome).last().map(String::as_str), Some("led"), "{:?}", words(&outcome));
    assert_eq!(words(&outcome).iter().filter(|word| *word == "led").count(), 1);
}

#[test]
fn every_packet_to_a_group_is_in_the_account() {
    let mut net = listener();
    let outcome = net.run(curious(&["10.20.0.0/24"]), &means("10.20.0.1/24"), nobody());
    let sent = |kind, to: std::net::Ipv4Addr| {
        let rows = outcome.account.sent.iter();
        let rows = rows.filter(|row| row.kind == kind && row.target == IpAddr::from(to));
        rows.map(|row| row.packets).sum::<u64>()
    };
    assert_eq!(sent(PacketKind::Wsd, group::GROUP), 4);
    assert_eq!(sent(PacketKind::Said, group::GROUP), 2);
    assert_eq!(sent(PacketKind::Mdns, mdns::GROUP), 2);
    assert_eq!(asked(&net).len(), 8);
    let mut unsendable = listener();
    unsendable.unsendable_datagrams = vec![group::GROUP.into()];
    let outcome = unsendable.run(curious(&["10.20.0.0/24"]), &means("10.20.0.1/24"), nobody());
    let rows = outcome.account.sent.iter();
    assert_eq!(rows.filter(|row| row.target == IpAddr::from(group::GROUP)).count(), 0);
}

#[test]
fn where_not_everybody_may_be_asked_no_group_is() {
    let asks = |plan: Plan, means: &Means| {
        let mut net = listener();
        let nurse_call = Mac::new([0x00, 0x26, 0x67, 0, 0, 7]);
        net.hosts.insert(ip("10.20.0.7"), Host { macs: vec![nurse_call], ..Host::default() });
        net.run(plan, means, interviewer());
        asked(&net)
    };
    let (whole, link) = (["10.20.0.0/24"], means("10.20.0.1/24"));
    assert_eq!(asks(curious(&whole), &link).len(), 8);
    // Part of the link only; a denied host on it; sighting; another network; nurse-call gear.
    assert_eq!(asks(curious(&["10.20.0.0/25"]), &link), []);
    let mut denying = curious(&whole);
    denying.deny.macs = vec![Mac::new([0, 0x1a, 0x2b, 0, 0, 9])];
    assert_eq!(asks(denying, &link), []);
    assert_eq!(asks(sighting(curious(&whole)), &link), []);
    assert_eq!(asks(curious(&whole), &means("10.30.0.1/24")), []);
    let classed = Plan { sighting: BTreeSet::from([[0x00, 0x26, 0x67]]), ..curious(&whole) };
    assert_eq!(asks(classed, &link), []);
    // Each question only where it is allowed.
    assert_eq!(asks(plan(&whole), &link), [(IpAddr::from(mdns::GROUP), mdns::PORT); 2]);
}
