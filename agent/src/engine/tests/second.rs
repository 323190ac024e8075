use std::collections::BTreeMap;

use daicho_common::coverage::PacketKind;

use super::sweeps::{found, why};
use super::*;

/// Full scan of a routed network, without interviews.
fn full() -> Plan {
    let mut plan = plan(&["10.30.0.0/28"]);
    plan.networks[0].policy = Policy::Full;
    plan
}

fn by_kind(outcome: &Outcome) -> BTreeMap<PacketKind, u64> {
    let mut packets = BTreeMap::new();
    for sent in &outcome.account.sent {
        *packets.entry(sent.kind).or_default() += sent.packets;
    }
    packets
}

#[test]
fn who_drops_echo_and_answers_timestamps_is_found_by_one_packet() {
    let stamps = Host { stamps: true, ..Host::default() };
    let echoes = Host { echoes: true, stamps: true, ..Host::default() };
    let opens = Host { open: vec![443], stamps: true, ..Host::default() };
    let mut net =
        Net::new([(ip("10.30.0.5"), stamps), (ip("10.30.0.6"), echoes), (ip("10.30.0.7"), opens)]);
    let outcome = net.run(full(), &means("10.20.0.1/24"), nobody());
    assert_eq!(found(&outcome, Method::IcmpTimestamp), [ip("10.30.0.5")]);
    assert!(outcome.facts().contains(&(Method::IcmpTimestamp, Fact::Answered(Reply::Timestamp))));
    for answered in ["10.30.0.6", "10.30.0.7"] {
        assert_eq!(why(&outcome, Method::IcmpTimestamp, answered), Some(Why::NotNeeded));
    }
    let stamped: Vec<_> = net
        .record
        .iter()
        .filter(|(_, packet)| matches!(packet, Packet::Timestamp { .. }))
        .map(|(at, packet)| (*at, governor::subject(packet).unwrap().0))
        .collect();
    let targets: BTreeSet<_> = stamped.iter().map(|(_, to)| *to).collect();
    assert_eq!((stamped.len(), targets.len()), (12, 12), "one packet to each who was silent");
    let last_echo = net.record.iter().rev().find(|(_, p)| matches!(p, Packet::Echo { .. }));
    assert!(stamped.iter().all(|(at, _)| *at > last_echo.unwrap().0));
    let row = coverage(&outcome, Method::IcmpTimestamp);
    assert_eq!((row.tries, row.asked.len()), (1, 12));
    assert!(!row.shows_absence(ip("10.30.0.9")), "its silence proves nothing");
    assert_eq!(by_kind(&outcome)[&PacketKind::Timestamp], 12);
    assert_eq!(outcome.progress.done, outcome.progress.planned);
    assert_partition(&outcome, &[]);
}

#[test]
fn whoever_answered_has_no_reason_in_other_methods_for_not_being_given_a_second_chance() {
    let echoes = Host { echoes: true, ..Host::default() };
    let mut net = Net::new([(ip("10.30.0.6"), echoes)]);
    let outcome = net.run(full(), &means("10.20.0.1/24"), nobody());
    assert_eq!(why(&outcome, Method::Mdns, "10.30.0.6"), Some(Why::Policy));
    assert_eq!(why(&outcome, Method::Mdns, "10.30.0.9"), Some(Why::NoSignOfLife));
}

#[test]
fn timestamps_are_asked_only_where_everything_may_be() {
    for (policy, timestamp, reason) in [
        (Policy::Sighting, true, Why::Policy),
        (Policy::Gentle, true, Why::Policy),
        (Policy::Full, false, Why::NoPrivilege),
    ] {
        let mut plan = full();
        plan.networks[0].policy = policy;
        let means = Means { timestamp, ..means("10.20.0.1/24") };
        let mut net = Net::new([]);
        let outcome = net.run(plan, &means, nobody());
        assert!(!net.record.iter().any(|(_, p)| matches!(p, Packet::Timestamp { .. })));
        assert_eq!(why(&outcome, Method::IcmpTimestamp, "10.30.0.5"), Some(reason));
        assert_partition(&outcome, &[]);
    }
}

#[test]
fn a_timestamp_that_was_not_asked_for_changes_nothing() {
    let now = Now { tick: Tick::from_micros(1), wall: Timestamp::from_micros(0) };
    let mut engine = Engine::new(full(), &means("10.20.0.1/24"), nobody(), now);
    for sequence in 0..1000 {
        let from = ip("10.30.0.5");
        engine.handle(Input::TimestampReply { from, sequence, originate: 1 << 31 }, now);
    }
    assert_eq!(engine.poll_observation(), None);
    assert_eq!(engine.strays().unasked, 1000);
}

#[test]
fn an_interrupted_scan_does_not_ask_again_whom_it_spared() {
    let echoes = Host { echoes: true, ..Host::default() };
    let mut net = Net::new([(ip("10.30.0.6"), echoes)]);
    net.whole = true;
    let outcome = net.run(full(), &means("10.20.0.1/24"), nobody());
    let earlier = outcome.checkpoint;
    assert_eq!(earlier.networks[0].addresses.len(), 14);
    let mut again = Net::new([]);
    again.earlier = Some(earlier);
    let resumed = again.run(full(), &means("10.20.0.1/24"), nobody());
    assert!(again.record.is_empty());
    assert_eq!(why(&resumed, Method::IcmpTimestamp, "10.30.0.6"), Some(Why::NotNeeded));
    assert_eq!(coverage(&resumed, Method::IcmpTimestamp).asked.len(), 13);
    assert_partition(&resumed, &[]);
}

#[test]
fn a_timestamp_that_did_not_leave_is_neither_counted_nor_covered() {
    let mut net = Net::new([]);
    net.unsendable.push(ip("10.30.0.8"));
    let outcome = net.run(full(), &means("10.20.0.1/24"), nobody());
    assert_eq!(why(&outcome, Method::IcmpTimestamp, "10.30.0.8"), Some(Why::Unreachable));
    assert!(outcome.account.sent.iter().all(|sent| sent.target != ip("10.30.0.8")));
}
