use super::interviews::{Chat, interviewer};
use super::net::{hosts, talker};
use super::sweeps::why;
use super::*;

/// Everything above the link, by whom it went to.
fn questions(net: &Net) -> Vec<(Tick, IpAddr)> {
    let asked = net.record.iter().filter(|(_, p)| matches!(p, Packet::Datagram { .. }));
    asked.map(|(at, packet)| (*at, governor::subject(packet).unwrap().0)).collect()
}

/// Answers to SNMP and mDNS.
fn well() -> Host {
    Host { talks: vec![161, 5353], ..Host::with_mac(9) }
}

#[test]
fn the_first_interview_runs_alone_to_its_end() {
    let mut net = Net::new((2..40).map(|n| ([10, 20, 0, n].into(), well())));
    let outcome = net.run(plan(&["10.20.0.0/25"]), &means("10.20.0.1/24"), interviewer());
    let questions = questions(&net);
    let first = questions[0].1;
    let last = questions.iter().rposition(|(_, to)| *to == first).unwrap();
    assert!(questions[..last].iter().all(|(_, to)| *to == first));
    assert_eq!(coverage(&outcome, Method::Snmp).answered.len(), 38);
    assert_eq!(outcome.progress.backed_off, 0);
    // Without it they run side by side.
    let mut plan = plan(&["10.20.0.0/25"]);
    plan.pace.canary = false;
    let mut net = Net::new((2..40).map(|n| ([10, 20, 0, n].into(), well())));
    net.run(plan, &means("10.20.0.1/24"), interviewer());
    let questions = self::questions(&net);
    let last = questions.iter().rposition(|(_, to)| *to == questions[0].1).unwrap();
    assert!(questions[..last].iter().any(|(_, to)| *to != questions[0].1));
}

#[test]
fn a_canary_that_goes_silent_keeps_the_others_from_being_asked() {
    let mut net = Net::new(hosts((2..40).map(|n| (0, n))));
    net.falls_when_asked = true;
    let outcome = net.run(plan(&["10.20.0.0/25"]), &means("10.20.0.1/24"), interviewer());
    let questions = questions(&net);
    assert!(!questions.is_empty());
    assert!(questions.iter().all(|(_, to)| *to == questions[0].1), "nobody but the canary");
    let snmp = coverage(&outcome, Method::Snmp);
    assert_eq!(snmp.asked.iter().collect::<Vec<_>>(), [questions[0].1]);
    let held = snmp.not_asked.iter().find(|not| not.why == Why::BackedOff).unwrap();
    assert_eq!(held.addresses.len(), 37);
    assert_eq!(outcome.progress.backed_off, 37);
    assert_eq!(coverage(&outcome, Method::Arp).asked.len(), 125, "sighting goes on");
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn a_canary_that_has_nothing_to_say_but_is_there_holds_nobody_back() {
    for (cidr, own) in [("10.20.0.0/25", "10.20.0.1/24"), ("10.20.0.0/25", "10.30.0.1/24")] {
        let echoing = |n| Host { echoes: true, ..Host::with_mac(n) };
        let mut net = Net::new((2..40).map(|n| ([10, 20, 0, n].into(), echoing(n))));
        let outcome = net.run(plan(&[cidr]), &means(own), interviewer());
        assert_eq!(coverage(&outcome, Method::Snmp).asked.len(), 38, "{own}");
        assert_eq!(outcome.progress.backed_off, 0);
    }
}

#[test]
fn a_host_that_falls_silent_in_its_interview_gets_room_and_then_peace() {
    let mut net = Net::new([(ip("10.20.0.9"), well())]);
    net.mute_after = Some(4);
    let long: Interviewer = Box::new(|_, _| {
        vec![Chat::patient(Method::Snmp, 161, 20, 9), Chat::boxed(Method::Mdns, 5353, 1)]
    });
    let outcome = net.run(plan(&["10.20.0.8/29"]), &means("10.20.0.1/24"), long);
    let questions = questions(&net);
    assert_eq!(questions.len(), 4 + 3, "three silences after the fourth answer");
    let gaps: Vec<_> =
        questions.windows(2).map(|pair| pair[1].0.since(pair[0].0).as_millis()).collect();
    assert!(gaps[..4].iter().all(|gap| *gap < 50), "{gaps:?}");
    for method in [Method::Snmp, Method::Mdns] {
        assert_eq!(why(&outcome, method, "10.20.0.9"), Some(Why::BackedOff), "{method:?}");
    }
    assert_eq!(outcome.progress.backed_off, 1);
    assert!(outcome.facts().iter().all(|(method, _)| *method == Method::Arp), "no false silence");
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn a_host_that_grows_slow_is_asked_at_twice_the_spacing() {
    let mut net = Net::new([(ip("10.20.0.9"), well())]);
    net.slow_after = Some(6);
    let mut plan = plan(&["10.20.0.8/29"]);
    plan.pace.target_packets_per_second = 2;
    let long: Interviewer = Box::new(|_, _| vec![Chat::boxed(Method::Snmp, 161, 8)]);
    let outcome = net.run(plan, &means("10.20.0.1/24"), long);
    let questions = questions(&net);
    let gaps: Vec<_> =
        questions.windows(2).map(|pair| pair[1].0.since(pair[0].0).as_millis()).collect();
    assert!(gaps[..5].iter().all(|gap| (500..600).contains(gap)), "{gaps:?}");
    assert!(gaps[6] >= 1000, "{gaps:?}");
    assert!(coverage(&outcome, Method::Snmp).answered.contains(ip("10.20.0.9")));
}

#[test]
fn a_host_that_talks_only_of_one_thing_is_not_taken_for_one_that_suffers() {
    let mut net = Net::new([(ip("10.20.0.9"), talker())]);
    let outcome = net.run(plan(&["10.20.0.8/29"]), &means("10.20.0.1/24"), interviewer());
    assert!(coverage(&outcome, Method::Snmp).asked.contains(ip("10.20.0.9")));
    assert!(coverage(&outcome, Method::Mdns).answered.contains(ip("10.20.0.9")));
}
