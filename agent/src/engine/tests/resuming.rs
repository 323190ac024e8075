use std::collections::HashSet;

use super::interviews::interviewer;
use super::net::hosts;
use super::*;
use daicho_common::observation::Speaker;

fn slow() -> Plan {
    let mut plan = plan(&["10.20.0.0/24"]);
    plan.pace.packets_per_second = 100;
    plan
}

fn answering() -> Net {
    let talking = |(ip, host)| (ip, Host { talks: vec![161, 5353], ..host });
    Net::new(hosts((2..60).map(|n| (0, n))).into_iter().map(talking))
}

/// A scan that is stopped at this second, and one that goes on with what it had settled.
fn interrupted(second: u64, whole: bool) -> (Net, Outcome, Net, Outcome) {
    let mut first = answering();
    (first.stop, first.whole) = (Some(Tick::from_micros(second * 1_000_000)), whole);
    let before = first.run(slow(), &means("10.20.0.1/24"), interviewer());
    let mut second = answering();
    let json = serde_json::to_string(&before.checkpoint).unwrap();
    second.earlier = Some(serde_json::from_str(&json).unwrap());
    let after = second.run(slow(), &means("10.20.0.1/24"), interviewer());
    (first, before, second, after)
}

#[test]
fn what_was_settled_is_not_asked_again_and_the_coverage_is_the_union() {
    let whole = answering().run(slow(), &means("10.20.0.1/24"), interviewer());
    for second in [2, 7, 10, 14] {
        let (_, before, net, after) = interrupted(second, true);
        let settled = &before.checkpoint.networks[0].addresses;
        assert!(net.asked().keys().all(|ip| !settled.contains(*ip)), "{second}");
        for method in [Method::Arp, Method::Snmp, Method::Mdns] {
            let (full, union) = (coverage(&whole, method), coverage(&after, method));
            assert_eq!(full.asked, union.asked, "{method:?} after {second} s");
            assert_eq!(full.answered, union.answered, "{method:?} after {second} s");
            assert_eq!(full.not_asked, union.not_asked, "{method:?} after {second} s");
        }
        assert_partition(&after, &[ip("10.20.0.1")]);
        // Each observation of an uninterrupted scan was made in one of the two.
        let all = |outcomes: [&Outcome; 2]| -> HashSet<(Speaker, Fact)> {
            let all = outcomes.into_iter().flat_map(|it| &it.observations);
            all.map(|it| (it.speaker, it.fact.clone())).collect()
        };
        assert_eq!(all([&before, &after]), all([&whole, &whole]), "{second}");
    }
    let (_, before, ..) = interrupted(14, true);
    assert!(before.checkpoint.networks[0].addresses.len() > 20);
}

#[test]
fn after_an_end_that_kept_nothing_whoever_answered_is_asked_again() {
    let (_, before, net, after) = interrupted(14, false);
    let settled = &before.checkpoint.networks[0].addresses;
    assert!(!settled.is_empty());
    assert!(net.hosts.keys().all(|ip| !settled.contains(*ip)));
    let whole = answering().run(slow(), &means("10.20.0.1/24"), interviewer());
    let facts = |outcome: &Outcome| -> HashSet<(Speaker, Fact)> {
        outcome.observations.iter().map(|it| (it.speaker, it.fact.clone())).collect()
    };
    assert_eq!(facts(&after), facts(&whole), "nothing is lost");
    assert_eq!(coverage(&after, Method::Arp).asked, coverage(&whole, Method::Arp).asked);
    assert!(net.record.len() < answering_record());
}

/// How many packets an uninterrupted scan sends.
fn answering_record() -> usize {
    let mut net = answering();
    net.run(slow(), &means("10.20.0.1/24"), interviewer());
    net.record.len()
}

#[test]
fn a_network_that_is_looked_at_otherwise_begins_anew_and_the_budget_goes_on() {
    let (_, before, ..) = interrupted(5, true);
    let mut net = answering();
    net.earlier = Some(before.checkpoint.clone());
    let outcome = net.run(slow(), &unprivileged("10.20.0.1/24"), interviewer());
    assert_eq!(net.asked().keys().filter(|ip| ip.is_ipv4()).count(), 254, "and the group");
    assert_partition(&outcome, &[ip("10.20.0.1")]);
    let mut plan = slow();
    plan.pace.budget = before.checkpoint.sent + 5;
    let mut net = answering();
    net.earlier = Some(before.checkpoint);
    net.run(plan, &means("10.20.0.1/24"), interviewer());
    assert_eq!(net.record.len(), 5);
}
