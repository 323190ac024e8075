use std::net::Ipv4Addr;

use daicho_common::wire::arp::Operation;

use super::net::{arp_says, hosts, talker};
use super::*;

pub(super) fn found(outcome: &Outcome, method: Method) -> Vec<IpAddr> {
    coverage(outcome, method).answered.iter().collect()
}

pub(super) fn why(outcome: &Outcome, method: Method, address: &str) -> Option<Why> {
    let coverage = coverage(outcome, method);
    coverage.not_asked.iter().find(|not| not.addresses.contains(ip(address))).map(|not| not.why)
}

#[test]
fn every_host_of_a_link_is_found_and_only_the_silent_are_asked_again() {
    let there: Vec<(u8, u8)> = (2..=254).filter(|n| n % 3 == 0).map(|n| (0, n)).collect();
    let mut net = Net::new(hosts(there.clone()));
    let outcome = net.run(sighting(plan(&["10.20.0.0/24"])), &means("10.20.0.1/24"), nobody());
    let wanted: Vec<IpAddr> =
        there.iter().map(|(c, d)| Ipv4Addr::new(10, 20, *c, *d).into()).collect();
    assert_eq!(found(&outcome, Method::Arp), wanted);
    assert_eq!(outcome.observations.len(), wanted.len());
    for (address, times) in net.asked() {
        assert_eq!(times, if wanted.contains(&address) { 1 } else { 3 }, "{address}");
    }
    for unasked in ["10.20.0.0", "10.20.0.1", "10.20.0.255"] {
        assert!(!net.asked().contains_key(&ip(unasked)), "{unasked}");
    }
    assert_partition(&outcome, &[ip("10.20.0.1")]);
    assert_eq!(outcome.progress.planned, 253);
    assert_eq!((outcome.progress.done, outcome.progress.found), (253, wanted.len() as u64));
    let counted: u64 = outcome.account.sent.iter().map(|sent| sent.packets).sum();
    assert_eq!(counted, net.record.len() as u64);
    assert!(outcome.account.sent.iter().all(|sent| sent.octets == sent.packets * 42));
}

#[test]
fn with_a_tenth_of_the_packets_lost_passes_are_added_until_almost_nobody_is_missed() {
    let there = (16..48).flat_map(|a| (0..=255).filter(|n| n % 5 == 0).map(move |n| (a, n)));
    let mut net = Net::new(hosts(there));
    let of = net.hosts.len();
    // In each direction: one exchange fails with 0.19, two with 0.036.
    net.loss = 10;
    let mut plan = sighting(plan(&["10.20.0.0/18"]));
    plan.pace.tries = 2;
    let outcome = net.run(plan, &means("10.20.0.1/18"), nobody());
    let found = found(&outcome, Method::Arp).len();
    assert!(found * 1000 >= of * 999, "{found} of {of}");
    assert_eq!(coverage(&outcome, Method::Arp).tries, 5);
}

#[test]
fn where_nothing_is_lost_no_pass_is_added() {
    let mut net = Net::new(hosts((2..=251).step_by(5).map(|n| (0, n))));
    let outcome = net.run(sighting(plan(&["10.20.0.0/24"])), &means("10.20.0.1/24"), nobody());
    assert_eq!(coverage(&outcome, Method::Arp).tries, 3);
    assert!(net.asked().values().all(|asked| *asked <= 3));
}

#[test]
fn the_tries_of_a_silent_address_are_a_timeout_apart_or_more() {
    let mut net = Net::new([]);
    let outcome = net.run(sighting(plan(&["10.20.0.0/29"])), &means("10.20.0.1/24"), nobody());
    let mut tries = std::collections::BTreeMap::<_, Vec<Tick>>::new();
    for (at, packet) in &net.record {
        tries.entry(governor::subject(packet).unwrap().0).or_default().push(*at);
    }
    assert_eq!(tries.len(), 5);
    for (address, at) in tries {
        assert_eq!(at.len(), 3, "{address}");
        assert!(at.windows(2).all(|w| w[1].since(w[0]) >= Duration::from_millis(500)), "{address}");
    }
    assert!(coverage(&outcome, Method::Arp).shows_absence(ip("10.20.0.4")));
    assert!(outcome.ended < Tick::from_micros(1_600_000));
}

#[test]
fn sixty_five_thousand_addresses_are_swept_to_the_last() {
    let mut plan = sighting(plan(&["10.20.0.0/16"]));
    plan.pace.tries = 2;
    let mut net = Net::new(hosts((0..=255).map(|n| (n, 77))));
    let outcome = net.run(plan, &means("10.20.0.1/16"), nobody());
    assert_eq!(coverage(&outcome, Method::Arp).answered.len(), 256);
    assert_eq!(net.record.len(), (65_533 - 256) * 2 + 256);
    assert!(outcome.ended <= Tick::from_micros(14_000_000), "{:?}", outcome.ended);
}

#[test]
fn two_devices_with_one_address_are_both_observed() {
    let mut twice = Host::with_mac(1);
    twice.macs.push(Mac::new([0, 0x1a, 0x2b, 0, 0, 2]));
    let mut net = Net::new([(ip("10.20.0.9"), twice)]);
    let outcome = net.run(sighting(plan(&["10.20.0.0/28"])), &means("10.20.0.1/24"), nobody());
    let mut macs: Vec<_> = outcome.observations.iter().map(|o| o.speaker.mac.unwrap()).collect();
    macs.sort();
    assert_eq!(macs.iter().map(|mac| mac.octets()[5]).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_flood_of_claims_for_one_address_is_bounded() {
    let now = Now { tick: Tick::ZERO, wall: Timestamp::from_micros(0) };
    let mut engine =
        Engine::new(sighting(plan(&["10.20.0.0/28"])), &means("10.20.0.1/24"), nobody(), now);
    for n in 0..200 {
        let octets = arp_says(
            Mac::new([0, 0x1a, 0x2b, 1, 1, n]),
            Ipv4Addr::new(10, 20, 0, 9),
            Operation::REQUEST,
        );
        engine.handle(Input::Frame { interface: "eth0", octets: &octets }, now);
        engine.handle(Input::Frame { interface: "eth1", octets: &octets }, now);
    }
    assert_eq!(std::iter::from_fn(|| engine.poll_observation()).count(), 8);
    assert_eq!((engine.strays().overflow, engine.strays().unasked), (192, 200));
}

#[test]
fn without_privilege_the_neighbour_table_tells_who_is_there() {
    let refusing = Host { refuses: true, ..Host::with_mac(5) };
    let silent = Host::with_mac(6);
    let mut net = Net::new([
        (ip("10.20.0.5"), refusing),
        (ip("10.20.0.6"), silent),
        (ip("10.20.0.7"), talker()),
    ]);
    let outcome = net.run(plan(&["10.20.0.0/24"]), &unprivileged("10.20.0.1/24"), nobody());
    let all = ["10.20.0.5", "10.20.0.6", "10.20.0.7"].map(ip);
    assert_eq!(found(&outcome, Method::NeighbourTable), all);
    assert_eq!(found(&outcome, Method::Udp), [ip("10.20.0.5"), ip("10.20.0.7")]);
    assert_eq!(found(&outcome, Method::TcpConnect), [ip("10.20.0.5")]);
    assert_eq!(why(&outcome, Method::Arp, "10.20.0.200"), Some(Why::NoPrivilege));
    assert!(coverage(&outcome, Method::NeighbourTable).shows_absence(ip("10.20.0.200")));
    let facts = outcome.facts();
    let neighbour = Fact::Neighbour { ip: all[1], mac: Mac::new([0, 0x1a, 0x2b, 0, 0, 6]) };
    assert!(facts.contains(&(Method::NeighbourTable, neighbour)));
    assert!(facts.contains(&(Method::Udp, Fact::Answered(Reply::UdpUnreachable(5353)))));
    assert!(facts.contains(&(Method::TcpConnect, Fact::Answered(Reply::TcpRefused(443)))));
    assert!(outcome.observations.iter().all(|o| o.speaker.mac.is_none()));
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn a_neighbour_table_that_cannot_be_read_shows_no_absence() {
    let at = Tick::from_micros;
    let scan = |unreadable| {
        let mut net = Net::new(hosts([(0, 5), (0, 6)]));
        net.unreadable = unreadable;
        net.run(plan(&["10.20.0.0/24"]), &unprivileged("10.20.0.1/24"), nobody())
    };
    let lost = scan((at(1_900_000), at(u64::MAX)));
    assert_eq!(why(&lost, Method::NeighbourTable, "10.20.0.200"), Some(Why::NotRead));
    assert!(!coverage(&lost, Method::NeighbourTable).shows_absence(ip("10.20.0.200")));
    assert!(!lost.checkpoint.networks[0].addresses.contains(ip("10.20.0.200")));
    assert_partition(&lost, &[ip("10.20.0.1")]);
    // What was read again before the system could forget it was not lost.
    let hiccup = scan((at(1_900_000), at(3_000_000)));
    assert!(coverage(&hiccup, Method::NeighbourTable).shows_absence(ip("10.20.0.200")));
    assert_eq!(found(&hiccup, Method::NeighbourTable), ["10.20.0.5", "10.20.0.6"].map(ip));
}

#[test]
fn denied_devices_are_waited_for_only_as_long_as_their_table_may_be_read() {
    let mut denying = plan(&["10.20.0.0/28"]);
    denying.deny.macs = vec![Mac::new([0, 0x1a, 0x2b, 0, 0, 9])];
    let mut net = Net::new(hosts([(0, 5)]));
    net.unreadable = (Tick::ZERO, Tick::from_micros(u64::MAX));
    let outcome = net.run(denying, &unprivileged("10.20.0.1/24"), nobody());
    assert!(net.record.first().unwrap().0 >= Tick::from_micros(2_800_000));
    assert!(found(&outcome, Method::NeighbourTable).is_empty());
}

#[test]
fn under_sighting_an_ordinary_user_only_reads_the_table() {
    let mut net = Net::new(hosts([(0, 5)]));
    net.table.insert(ip("10.20.0.9"), Mac::new([0, 0x1a, 0x2b, 0, 0, 9]));
    let plan = sighting(plan(&["10.20.0.0/24"]));
    let outcome = net.run(plan, &unprivileged("10.20.0.1/24"), nobody());
    assert!(net.record.is_empty());
    assert_eq!(outcome.observations.len(), 1);
    assert_eq!(why(&outcome, Method::NeighbourTable, "10.20.0.9"), Some(Why::Policy));
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn behind_a_router_echo_is_asked_and_arp_is_not() {
    let echoing = Host { echoes: true, ..Host::default() };
    let mut net = Net::new([(ip("10.30.0.5"), echoing)]);
    let outcome = net.run(plan(&["10.30.0.0/24"]), &means("10.20.0.1/24"), nobody());
    assert_eq!(outcome.facts(), [(Method::IcmpEcho, Fact::Answered(Reply::Echo))]);
    assert_eq!(found(&outcome, Method::IcmpEcho), [ip("10.30.0.5")]);
    assert_eq!(why(&outcome, Method::Arp, "10.30.0.5"), Some(Why::NotOnLink));
    assert_eq!(why(&outcome, Method::TcpConnect, "10.30.0.5"), Some(Why::Policy));
    assert_eq!(why(&outcome, Method::Mdns, "10.30.0.6"), Some(Why::NoSignOfLife));
    assert!(net.record.iter().all(|(_, packet)| matches!(packet, Packet::Echo { .. })));
    assert_partition(&outcome, &[]);
}

#[test]
fn behind_a_router_without_echo_connections_take_its_place() {
    let host = Host { open: vec![443], ..Host::default() };
    let mut net = Net::new([(ip("10.30.0.5"), host)]);
    let means = Means { echo: false, ..means("10.20.0.1/24") };
    let outcome = net.run(plan(&["10.30.0.0/24"]), &means, nobody());
    assert_eq!(outcome.facts(), [(Method::TcpConnect, Fact::Answered(Reply::TcpOpen(443)))]);
    assert_eq!(why(&outcome, Method::IcmpEcho, "10.30.0.5"), Some(Why::NoPrivilege));
    // The one that answered was asked once by port, the silent ones three times by port.
    let asked = net.asked();
    assert_eq!((asked[&ip("10.30.0.5")], asked[&ip("10.30.0.6")]), (2, 6));
    let mut net = Net::new([]);
    let outcome = net.run(sighting(plan(&["10.30.0.0/24"])), &means, nobody());
    assert!(net.record.is_empty() && outcome.progress.planned == 0);
    assert_partition(&outcome, &[]);
}

#[test]
fn a_forbidden_port_among_the_configured_is_never_tried_and_leaves_its_mark() {
    let mut plan = plan(&["10.30.0.0/28"]);
    plan.networks[0].tcp_ports = vec![9100, 443, 515];
    let host = Host { open: vec![443, 515, 9100], ..Host::default() };
    let mut net = Net::new([(ip("10.30.0.5"), host)]);
    let means = Means { echo: false, ..means("10.20.0.1/24") };
    let outcome = net.run(plan, &means, nobody());
    let only_https = |p: &Packet| matches!(p, Packet::Connect { to } if to.port() == 443);
    assert!(net.record.iter().all(|(_, packet)| only_https(packet)));
    assert_eq!(found(&outcome, Method::TcpConnect), [ip("10.30.0.5")]);
    assert_eq!(why(&outcome, Method::TcpConnect, "10.30.0.6"), Some(Why::ForbiddenPort));
    assert_partition(&outcome, &[]);
}

#[test]
fn on_loopback_a_refusal_is_no_sign_of_life() {
    let refusing = Host { refuses: true, ..Host::default() };
    let mut net = Net::new((1..=254).map(|n| (IpAddr::from([127, 0, 1, n]), refusing.clone())));
    net.hosts.get_mut(&ip("127.0.1.7")).unwrap().open.push(443);
    net.hosts.get_mut(&ip("127.0.1.8")).unwrap().talks.push(5353);
    let outcome = net.run(plan(&["127.0.1.0/24"]), &unprivileged("127.0.0.1/8"), nobody());
    assert_eq!(found(&outcome, Method::TcpConnect), [ip("127.0.1.7")]);
    assert_eq!(found(&outcome, Method::Udp), [ip("127.0.1.8")]);
    assert_eq!(outcome.facts(), [(Method::TcpConnect, Fact::Answered(Reply::TcpOpen(443)))]);
    assert_eq!(coverage(&outcome, Method::TcpConnect).asked.len(), 254);
    assert_eq!(net.asked()[&ip("127.0.1.9")], 3, "who refuses is not asked again");
    assert_partition(&outcome, &[]);
}

#[test]
fn random_octets_for_every_answer_change_nothing_but_a_counter() {
    for (cidr, means) in [
        ("10.20.0.0/24", means("10.20.0.1/24")),
        ("10.30.0.0/24", means("10.20.0.1/24")),
        ("127.0.1.0/24", unprivileged("127.0.0.1/8")),
    ] {
        let chatty = Host { echoes: true, talks: vec![5353], ..Host::with_mac(3) };
        let net: IpNet = cidr.parse().unwrap();
        let hosts = net.hosts().take(100).map(|ip| (ip, chatty.clone()));
        let mut scrambled = Net::new(hosts);
        scrambled.noise = true;
        let noise = scrambled.run(plan(&[cidr]), &means, nobody());
        let silence = Net::new([]).run(plan(&[cidr]), &means, nobody());
        assert!(noise.account.strays.malformed + noise.account.strays.unasked >= 99, "{cidr}");
        assert_eq!(silence.account.strays, Strays::default());
        let quiet = Account { strays: Strays::default(), ..noise.account };
        assert_eq!(quiet, silence.account, "{cidr}");
        assert_eq!(noise.observations, []);
    }
}

#[test]
fn a_wall_clock_that_jumps_disturbs_nothing() {
    let scan = |wall: Option<fn(Tick) -> Timestamp>| {
        let mut net = Net::new(hosts((2..100).map(|n| (0, n))));
        net.wall = wall.unwrap_or(net.wall);
        let outcome = net.run(plan(&["10.20.0.0/24"]), &means("10.20.0.1/24"), nobody());
        assert_partition(&outcome, &[ip("10.20.0.1")]);
        (net.record, outcome.facts(), outcome.ended)
    };
    let jumping = |tick: Tick| {
        let day = if (tick.micros() / 1000).is_multiple_of(2) { 86_400_000_000 } else { 0 };
        Timestamp::from_micros(tick.micros().cast_signed() - day)
    };
    assert_eq!(scan(None), scan(Some(jumping)));
}

#[test]
fn after_a_stop_nothing_leaves_and_the_rest_counts_as_interrupted() {
    let mut slow = plan(&["10.20.0.0/24", "10.30.0.0/24"]);
    slow.pace.packets_per_second = 100;
    let mut net = Net::new(hosts((2..=254).map(|n| (0, n))));
    let stop = Tick::from_micros(2_000_000);
    net.stop = Some(stop);
    let outcome = net.run(slow, &means("10.20.0.1/24"), nobody());
    assert!(net.record.iter().all(|(at, _)| *at < stop));
    let arp = coverage(&outcome, Method::Arp);
    assert!((40..60).contains(&arp.answered.len()), "{}", arp.answered.len());
    assert_eq!(arp.asked, arp.answered);
    let interrupted = arp.not_asked.iter().find(|not| not.why == Why::Interrupted).unwrap();
    assert_eq!(interrupted.addresses.len() + arp.asked.len(), 253);
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn a_budget_is_kept_and_its_last_answer_is_awaited() {
    let mut short = sighting(plan(&["10.20.0.0/24"]));
    short.pace.budget = 40;
    let mut net = Net::new(hosts((2..=254).map(|n| (0, n))));
    let outcome = net.run(short, &means("10.20.0.1/24"), nobody());
    assert_eq!(net.record.len(), 40);
    let arp = coverage(&outcome, Method::Arp);
    assert_eq!(arp.answered.len(), 40);
    assert_eq!(
        arp.not_asked.iter().find(|not| not.why == Why::Budget).unwrap().addresses.len(),
        213
    );
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn what_the_system_did_not_send_is_neither_counted_nor_covered() {
    let mut net = Net::new(hosts([(0, 9)]));
    net.unsendable.push(ip("10.20.0.8"));
    let outcome = net.run(sighting(plan(&["10.20.0.0/28"])), &means("10.20.0.1/24"), nobody());
    assert_eq!(why(&outcome, Method::Arp, "10.20.0.8"), Some(Why::Unreachable));
    assert!(outcome.account.sent.iter().all(|sent| sent.target != ip("10.20.0.8")));
    assert_eq!(found(&outcome, Method::Arp), [ip("10.20.0.9")]);
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn where_answers_were_lost_the_silent_are_asked_again_but_not_without_end() {
    let mut plan = sighting(plan(&["10.20.0.0/29"]));
    plan.pace.tries = 1;
    let wall = Timestamp::from_micros(0);
    let mut now = Now { tick: Tick::from_micros(1), wall };
    let mut engine = Engine::new(plan, &means("10.20.0.1/24"), nobody(), now);
    let mut asked = std::collections::BTreeMap::<IpAddr, usize>::new();
    while !engine.is_finished() {
        let mut cleared = Vec::new();
        engine.poll_frames(now, 64, &mut cleared);
        for target in cleared.iter().map(|it| governor::subject(it.packet()).unwrap().0) {
            *asked.entry(target).or_default() += 1;
        }
        let there = Ipv4Addr::new(10, 20, 0, 2);
        let octets = &arp_says(Mac::new([0, 1, 2, 3, 4, 5]), there, Operation::REPLY);
        engine.handle(Input::Frame { interface: "eth0", octets }, now);
        engine.handle(Input::Missed { interface: "eth1", vlan: None, frames: 1 }, now);
        engine.handle(Input::Missed { interface: "eth0", vlan: None, frames: 7 }, now);
        now.tick = engine.poll_timeout().unwrap_or(now.tick).max(now.tick);
    }
    assert_eq!(asked.remove(&ip("10.20.0.2")), Some(1));
    assert!(asked.len() == 4 && asked.values().all(|times| *times == 4), "{asked:?}");
    assert!(engine.finish(now).strays.dropped >= 8);
}

#[test]
fn frames_leave_many_at_a_time_and_no_faster() {
    let now = |micros| Now { tick: Tick::from_micros(micros), wall: Timestamp::from_micros(0) };
    let plan = sighting(plan(&["10.20.0.0/22"]));
    let mut engine = Engine::new(plan, &means("10.20.0.1/22"), nobody(), now(0));
    let mut at = |micros, most| {
        let mut cleared = Vec::new();
        engine.poll_frames(now(micros), most, &mut cleared);
        cleared.len()
    };
    // 10,000 a second: after a pause 10 ms worth at once, then one every 100 µs.
    assert_eq!([at(0, 64), at(0, 64), at(0, 64)], [64, 36, 0]);
    assert_eq!([at(99, 64), at(100, 64), at(500, 3), at(500, 3)], [0, 1, 3, 1]);
}
