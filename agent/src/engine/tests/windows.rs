use super::interviews::interviewer;
use super::net::hosts;
use super::*;
use crate::plan::window::Windows;
use daicho_common::span::Span;

/// A fast scan of a /25 in the hour from 01:00 UTC. The net's wall clock begins at 08:00:01, so that
/// the window opens 17 hours later.
fn windowed() -> Plan {
    let mut plan = plan(&["10.20.0.0/25"]);
    let spans = vec![Span { days: 0x7f, from: 60, to: 120 }];
    plan.networks[0].windows = Windows { spans, offset: 0 };
    plan
}

/// Whether the window is open.
fn is_open(wall: Timestamp) -> bool {
    (3600..7200).contains(&(wall.micros() / 1_000_000).rem_euclid(86_400))
}

#[test]
fn nothing_leaves_outside_the_window_and_all_within_it() {
    let mut net = Net::new(hosts((2..40).map(|n| (0, n))));
    let outcome = net.run(windowed(), &means("10.20.0.1/24"), interviewer());
    assert!(!net.record.is_empty());
    assert!(net.record.iter().all(|(at, _)| is_open((net.wall)(*at))));
    assert_eq!(coverage(&outcome, Method::Arp).answered.len(), 38);
    assert_eq!(coverage(&outcome, Method::Snmp).asked.len(), 38);
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn a_scan_that_does_not_wait_says_that_the_window_was_closed() {
    let mut plan = windowed();
    plan.pace.waits = false;
    let mut net = Net::new(hosts((2..40).map(|n| (0, n))));
    let outcome = net.run(plan, &means("10.20.0.1/24"), interviewer());
    assert!(net.record.is_empty());
    let arp = coverage(&outcome, Method::Arp);
    assert_eq!(
        arp.not_asked.iter().find(|not| not.why == Why::Window).unwrap().addresses.len(),
        125
    );
    assert!(outcome.ended < Tick::from_micros(5_000_000));
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn a_window_that_closes_in_mid_scan_is_kept_and_the_rest_waits_for_the_next() {
    let mut slow = windowed();
    slow.pace.packets_per_second = 20;
    let mut net = Net::new(hosts((2..40).map(|n| (0, n))));
    // Ten seconds before it closes.
    net.wall = |tick| Timestamp::from_micros((7190 - 1) * 1_000_000 + tick.micros().cast_signed());
    let outcome = net.run(slow.clone(), &means("10.20.0.1/24"), interviewer());
    let (first, later): (Vec<Tick>, Vec<Tick>) =
        net.record.iter().map(|(at, _)| *at).partition(|at| *at < Tick::from_micros(11_000_000));
    assert!((150..=210).contains(&first.len()) && !later.is_empty(), "{}", first.len());
    assert!(net.record.iter().all(|(at, _)| is_open((net.wall)(*at))));
    assert_eq!(coverage(&outcome, Method::Snmp).asked.len(), 38);
    slow.pace.waits = false;
    let mut net = Net::new(hosts((2..40).map(|n| (0, n))));
    net.wall = |tick| Timestamp::from_micros((7190 - 1) * 1_000_000 + tick.micros().cast_signed());
    let outcome = net.run(slow, &means("10.20.0.1/24"), interviewer());
    assert!(net.record.iter().all(|(at, _)| is_open((net.wall)(*at))));
    let arp = coverage(&outcome, Method::Arp);
    assert!(arp.not_asked.iter().any(|not| not.why == Why::Window) && !arp.answered.is_empty());
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn a_wall_clock_that_steps_lets_nothing_out_and_is_followed_within_a_minute() {
    let mut net = Net::new(hosts((2..40).map(|n| (0, n))));
    // It is set from 08:00 to 01:30 after five minutes, and back again a second later.
    net.wall = |tick| {
        let second = i64::try_from(tick.micros() / 1_000_000).unwrap();
        let hour = if (300..301).contains(&second) || second >= 900 { 5400 } else { 28_800 };
        Timestamp::from_micros((hour + second) * 1_000_000)
    };
    let outcome = net.run(windowed(), &means("10.20.0.1/24"), interviewer());
    assert!(net.record.iter().all(|(at, _)| is_open((net.wall)(*at))));
    assert_eq!(coverage(&outcome, Method::Snmp).asked.len(), 38);
    assert!(outcome.ended < Tick::from_micros(1_000_000_000), "{:?}", outcome.ended);
}
