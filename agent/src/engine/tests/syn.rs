use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use daicho_common::coverage::PacketKind;

use super::net::hosts;
use super::sweeps::{found, why};
use super::*;

fn full(cidr: &str) -> Plan {
    let mut plan = plan(&[cidr]);
    plan.networks[0].policy = Policy::Full;
    plan
}

fn raw() -> Means {
    Means { syn: true, timestamp: false, ..means("10.20.0.1/24") }
}

fn by_kind(outcome: &Outcome) -> BTreeMap<PacketKind, (u64, u64)> {
    let mut packets = BTreeMap::<_, (u64, u64)>::new();
    for sent in &outcome.account.sent {
        let (count, octets) = packets.entry(sent.kind).or_default();
        (*count, *octets) = (*count + sent.packets, *octets + sent.octets);
    }
    packets
}

/// When a SYN left, to whom, and its sequence number.
fn syns(net: &Net) -> Vec<(Tick, SocketAddrV4, u32)> {
    let syn = |(at, packet): &(Tick, Packet)| {
        let Packet::Syn { to, sequence } = packet else { return None };
        Some((*at, *to, *sequence))
    };
    net.record.iter().filter_map(syn).collect()
}

/// One with an open port, one who refuses, and nobody else.
fn street() -> Net {
    let open = Host { open: vec![443], ..Host::default() };
    let refusing = Host { refuses: true, ..Host::default() };
    Net::new([(ip("10.30.0.5"), open), (ip("10.30.0.6"), refusing)])
}

#[test]
fn ports_are_tried_by_syn_alone_and_only_the_silent_are_asked_again() {
    let mut net = street();
    let outcome = net.run(full("10.30.0.0/28"), &raw(), nobody());
    assert!(!net.record.iter().any(|(_, packet)| matches!(packet, Packet::Connect { .. })));
    assert_eq!(found(&outcome, Method::TcpSyn), ["10.30.0.5", "10.30.0.6"].map(ip));
    let replies: Vec<_> = outcome.facts().into_iter().map(|(_, fact)| fact).collect();
    assert_eq!(replies.len(), 3);
    for reply in [Reply::TcpRefused(22), Reply::TcpRefused(443), Reply::TcpOpen(443)] {
        assert!(replies.contains(&Fact::Answered(reply)), "{reply:?}");
    }
    let mut times = BTreeMap::<_, Vec<_>>::new();
    for (_, to, sequence) in syns(&net) {
        times.entry(to).or_default().push(sequence);
    }
    let asked = |address: &str, port| {
        times.get(&SocketAddrV4::new(address.parse().unwrap(), port)).map(Vec::len)
    };
    assert_eq!((asked("10.30.0.5", 443), asked("10.30.0.9", 443)), (Some(1), Some(3)));
    for (to, sequences) in &times {
        assert!(sequences.iter().all(|it| it == &sequences[0]), "{to} is asked the same");
    }
    let numbers: BTreeSet<u32> = times.values().map(|sequences| sequences[0]).collect();
    assert_eq!(numbers.len(), times.len(), "no two share a number");
    assert_partition(&outcome, &[]);
}

#[test]
fn the_reset_that_the_system_sends_counts_and_the_pace_begins_anew_with_it() {
    let mut net = street();
    net.hosts.get_mut(&ip("10.30.0.5")).unwrap().open.push(22);
    let outcome = net.run(full("10.30.0.0/28"), &raw(), nobody());
    let kinds = by_kind(&outcome);
    let (syns, resets) = (syns(&net).len() as u64, net.resets.len() as u64);
    assert_eq!(resets, 2);
    assert_eq!(kinds[&PacketKind::TcpSyn], (syns, 44 * syns));
    assert_eq!(kinds[&PacketKind::TcpReset], (resets, 40 * resets));
    assert_eq!(outcome.progress.packets, (net.record.len() + net.resets.len()) as u64);
    let to_it = |from: IpAddr| {
        let sent = net.record.iter().filter(move |(_, p)| governor::subject(p).unwrap().0 == from);
        sent.map(|(at, _)| *at)
    };
    for &(at, from) in &net.resets {
        let then = to_it(from).find(|then| *then > at);
        assert!(then.is_none_or(|then| then.since(at) >= Duration::from_millis(10)), "{from}");
    }
}

#[test]
fn a_lying_acknowledgment_is_nobodys_answer() {
    for lie in [1, u32::MAX, 0x8000_0000] {
        let mut net = street();
        net.lie = lie;
        let outcome = net.run(full("10.30.0.0/28"), &raw(), nobody());
        assert_eq!(outcome.observations, []);
        assert!(outcome.account.strays.unasked > 0);
        assert_eq!(found(&outcome, Method::TcpSyn), Vec::<IpAddr>::new());
        assert!(!by_kind(&outcome).contains_key(&PacketKind::TcpReset));
    }
}

#[test]
fn another_scan_has_other_numbers() {
    let numbers = |seed| {
        let mut net = Net::new([]);
        net.run(Plan { seed, ..full("10.30.0.0/28") }, &raw(), nobody());
        syns(&net).into_iter().map(|(_, _, sequence)| sequence).collect::<BTreeSet<_>>()
    };
    assert!(numbers(1).is_disjoint(&numbers(2)));
}

#[test]
fn a_million_answers_to_no_syn_are_a_number_and_nothing_else() {
    let now = Now { tick: Tick::from_micros(1), wall: Timestamp::from_micros(0) };
    let mut engine = Engine::new(full("10.30.0.0/24"), &raw(), nobody(), now);
    for n in 0..1_000_000_u32 {
        let [a, b, c, d] = n.wrapping_mul(0x9e37_79b9).to_be_bytes();
        let from =
            SocketAddrV4::new(Ipv4Addr::new(10, 30, 0, d), [22, 443, 80][usize::from(c % 3)]);
        let acknowledges = u32::from_be_bytes([d, c, b, a]);
        let input = match n % 2 {
            0 => Input::SynAck { from, acknowledges },
            _ => Input::Reset { from, acknowledges },
        };
        engine.handle(input, now);
    }
    assert_eq!(engine.strays().unasked, 1_000_000);
    assert_eq!(engine.poll_observation(), None);
    assert_eq!(engine.progress().packets, 0);
}

#[test]
fn a_budget_is_kept_with_the_resets() {
    for budget in 1..60 {
        let open = Host { open: vec![22, 443], ..Host::default() };
        let all = (1..15).map(|n| (IpAddr::from([10, 30, 0, n]), open.clone()));
        let mut net = Net::new(all);
        let mut plan = full("10.30.0.0/28");
        plan.pace.budget = budget;
        let outcome = net.run(plan, &Means { echo: false, ..raw() }, nobody());
        assert!((net.record.len() + net.resets.len()) as u64 <= budget, "{budget}");
        assert_partition(&outcome, &[]);
    }
}

#[test]
fn on_a_link_live_hosts_are_asked_by_syn_one_port_after_the_other() {
    let mut net = Net::new(hosts([(0, 5), (0, 6)]));
    net.hosts.get_mut(&ip("10.20.0.5")).unwrap().open.push(443);
    let outcome = net.run(full("10.20.0.0/28"), &raw(), nobody());
    let asked = syns(&net);
    assert_eq!(asked.len(), 4, "two ports of two hosts, once each: {asked:?}");
    assert_eq!(found(&outcome, Method::TcpSyn), [ip("10.20.0.5")]);
    assert!(outcome.facts().contains(&(Method::TcpSyn, Fact::Answered(Reply::TcpOpen(443)))));
    assert_eq!(by_kind(&outcome)[&PacketKind::TcpReset].0, 1);
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn forbidden_ports_stay_forbidden() {
    let mut plan = full("10.30.0.0/28");
    plan.networks[0].tcp_ports = vec![9100, 443, 515];
    let host = Host { open: vec![443, 515, 9100], ..Host::default() };
    let mut net = Net::new([(ip("10.30.0.5"), host)]);
    let outcome = net.run(plan, &raw(), nobody());
    assert!(syns(&net).iter().all(|(_, to, _)| to.port() == 443));
    assert_eq!(why(&outcome, Method::TcpSyn, "10.30.0.6"), Some(Why::ForbiddenPort));
}

#[test]
fn a_syn_needs_the_means_and_a_policy_that_allows_everything() {
    for (policy, syn, cidr) in [
        (Policy::Gentle, true, "10.30.0.0/28"),
        (Policy::Full, false, "10.30.0.0/28"),
        (Policy::Full, true, "127.0.1.0/28"),
    ] {
        let mut plan = full(cidr);
        plan.networks[0].policy = policy;
        let means = Means { syn, echo: false, ..raw() };
        let mut net = Net::new([]);
        net.run(plan, &means, nobody());
        assert_eq!(syns(&net), [], "{cidr}");
        assert!(net.record.iter().any(|(_, p)| matches!(p, Packet::Connect { .. })), "{cidr}");
    }
}

#[test]
fn where_syns_are_sent_a_connection_is_nobodys_answer() {
    let now = Now { tick: Tick::from_micros(1), wall: Timestamp::from_micros(0) };
    let mut engine = Engine::new(full("10.30.0.0/28"), &raw(), nobody(), now);
    while engine.poll_transmit(now).is_some() {}
    engine.handle(Input::Connected { to: (ip("10.30.0.5"), 443).into() }, now);
    assert_eq!((engine.strays().unasked, engine.poll_observation()), (1, None));
}

#[test]
fn a_syn_that_did_not_leave_is_neither_counted_nor_covered() {
    let mut net = Net::new([]);
    net.unsendable.push(ip("10.30.0.8"));
    let outcome = net.run(full("10.30.0.0/28"), &raw(), nobody());
    assert_eq!(why(&outcome, Method::TcpSyn, "10.30.0.8"), Some(Why::Unreachable));
    assert!(outcome.account.sent.iter().all(|sent| sent.target != ip("10.30.0.8")));
    assert_partition(&outcome, &[]);
}

#[test]
fn what_gentle_scans_may_not_talk_to_is_found_by_a_syn_alone() {
    for (cidr, link) in [("10.20.0.0/24", "10.20.0.1/24"), ("10.30.0.0/24", "10.20.0.1/24")] {
        let host = |open: &[u16]| Host {
            open: open.to_vec(),
            refuses: true,
            echoes: true,
            ..Host::with_mac(5)
        };
        let ips = [5, 6].map(|last| ip(&cidr.replace(".0/24", &format!(".{last}"))));
        let mut net = Net::new([(ips[0], host(&[23, 443])), (ips[1], host(&[]))]);
        let mut plan = plan(&[cidr]);
        plan.networks[0].questions.presence = vec![21, 23];
        let outcome = net.run(plan.clone(), &Means { syn: true, ..means(link) }, super::nobody());
        let syns: Vec<u16> = net.record.iter().filter_map(|(_, packet)| syn_port(packet)).collect();
        assert_eq!(syns.iter().filter(|port| **port == 23).count(), 2, "{cidr}: {syns:?}");
        assert!(syns.iter().all(|port| [21, 23].contains(port)), "{cidr}: {syns:?}");
        let open = (Method::TcpSyn, Fact::Answered(Reply::TcpOpen(23)));
        assert!(outcome.facts().contains(&open), "{cidr}");
        assert!(!net.record.iter().any(|(_, packet)| matches!(packet, Packet::Connect { .. })));
        net.record.clear();
        net.run(plan, &means(link), super::nobody());
        let tcp = |(_, packet): &(Tick, Packet)| {
            matches!(packet, Packet::Connect { .. } | Packet::Syn { .. } | Packet::Open { .. })
        };
        assert!(!net.record.iter().any(tcp), "{cidr}: without raw sockets there is no such way");
    }
}

fn syn_port(packet: &Packet) -> Option<u16> {
    if let Packet::Syn { to, .. } = packet { Some(to.port()) } else { None }
}
