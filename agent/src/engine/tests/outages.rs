use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::net::hosts;
use super::*;

pub(super) const ME: &str = "10.20.0.1/24";

pub(super) const fn second(n: u64) -> Tick {
    Tick::from_micros(n * 1_000_000)
}

/// 254 addresses in 5 s and two tries each, from the first second on.
pub(super) fn slow() -> Plan {
    let mut plan = sighting(plan(&["10.20.0.0/24"]));
    (plan.pace.packets_per_second, plan.pace.tries) = (50, 2);
    plan.pace.link_wait = Duration::from_secs(4);
    plan
}

/// Sixty hosts.
pub(super) fn ward() -> Net {
    Net::new(hosts((2..240).step_by(4).map(|n| (0, n))))
}

/// The interface with this address, a tenth of a second after each of these.
fn told(net: &mut Net, at: impl IntoIterator<Item = (Tick, Option<&'static str>)>) {
    let late = Duration::from_millis(100);
    let links = |address: &str| means(address).links;
    net.links.extend(
        at.into_iter()
            .map(|(at, address)| (at.after(late), address.map(links).unwrap_or_default())),
    );
}

/// Whom the coverage calls absent though it is there.
fn wronged(net: &Net, outcome: &Outcome) -> Vec<IpAddr> {
    let all = net.hosts.keys().filter(|ip| coverage(outcome, Method::Arp).shows_absence(**ip));
    all.copied().collect()
}

fn answered(outcome: &Outcome) -> u128 {
    coverage(outcome, Method::Arp).answered.len()
}

#[test]
fn whoever_was_asked_when_the_interface_fell_is_asked_again_when_it_is_back() {
    let mut plain = ward();
    let whole = plain.run(slow(), &means(ME), nobody());
    for from in 1..12 {
        let mut net = ward();
        net.outage = Some((second(from), second(from + 3)));
        told(&mut net, [(second(from), None), (second(from + 3), Some(ME))]);
        let outcome = net.run(slow(), &means(ME), nobody());
        assert_eq!(wronged(&net, &outcome), [] as [IpAddr; 0], "{from}");
        let (full, this) = (coverage(&whole, Method::Arp), coverage(&outcome, Method::Arp));
        assert_eq!((&full.asked, &full.answered), (&this.asked, &this.answered), "{from}");
        assert_partition(&outcome, &[ip("10.20.0.1")]);
        let (down, up) = (second(from).after(Duration::from_millis(101)), second(from + 3));
        assert!(net.record.iter().all(|(at, _)| *at < down || *at > up), "asked while down");
        // What is asked once more is what was under way: half a second's worth, and a tenth.
        assert!(net.record.len() <= plain.record.len() + 31, "{}", net.record.len());
    }
}

#[test]
fn an_interface_that_stays_down_ends_the_scan_in_time_and_shows_nobody_absent() {
    for from in [1, 3, 8] {
        for user in [means(ME), unprivileged(ME)] {
            let mut net = ward();
            net.outage = Some((second(from), second(9_999)));
            told(&mut net, [(second(from), None)]);
            let mut plan = slow();
            plan.networks[0].policy = Policy::Gentle;
            let outcome = net.run(plan, &user, nobody());
            let silent = |it: &&Coverage| net.hosts.keys().any(|ip| it.shows_absence(*ip));
            assert_eq!(outcome.account.coverage.iter().find(silent), None);
            let left = outcome.account.coverage.iter().flat_map(|it| &it.not_asked);
            assert!(left.clone().any(|it| it.why == Why::Unreachable && it.addresses.len() > 20));
            assert!(left.clone().all(|it| it.why != Why::Interrupted));
            assert!(outcome.ended <= second(from + 5), "{:?}", outcome.ended);
            assert_eq!(outcome.account.strays.outages, 1);
            assert_partition(&outcome, &[ip("10.20.0.1")]);
        }
    }
}

#[test]
fn an_interface_without_a_cable_from_the_beginning_shows_nobody_absent() {
    let mut net = ward();
    net.outage = Some((Tick::ZERO, second(9_999)));
    net.links.insert(Tick::ZERO, Vec::new());
    let outcome = net.run(slow(), &means(ME), nobody());
    assert_eq!(coverage(&outcome, Method::Arp).asked.len(), 0);
    assert_eq!(why(&outcome), [(Why::Unreachable, 253), (Why::Own, 1)].into());
}

fn why(outcome: &Outcome) -> BTreeSet<(Why, u128)> {
    let left = &coverage(outcome, Method::Arp).not_asked;
    left.iter().map(|it| (it.why, it.addresses.len())).collect()
}

#[test]
fn one_that_falls_again_and_again_is_given_up_and_nobody_is_absent() {
    let mut net = ward();
    net.outage = Some((second(2), second(9_999)));
    told(&mut net, (4..400).map(|n| (Tick::from_micros(n * 500_000), (n % 2 == 1).then_some(ME))));
    let outcome = net.run(slow(), &means(ME), nobody());
    assert_eq!(wronged(&net, &outcome), [] as [IpAddr; 0]);
    assert!(outcome.ended < second(30), "{:?}", outcome.ended);
    assert!(coverage(&outcome, Method::Arp).asked.len() < 100);
}

#[test]
fn what_a_dead_interface_refused_does_not_count_and_goes_out_when_it_is_back() {
    let at = |tick: u64| Now {
        tick: Tick::from_micros(tick * 1000),
        wall: Timestamp::from_micros(tick.cast_signed() * 1000),
    };
    let mut plan = slow();
    plan.pace.packets_per_second = 1_000_000;
    plan.networks[0].cidr = "10.20.0.0/28".parse().unwrap();
    let mut engine = Engine::new(plan, &means(ME), nobody(), at(0));
    let mut refused = Vec::new();
    engine.poll_frames(at(1), 4, &mut refused);
    for cleared in &refused {
        let packet = cleared.packet();
        engine.handle(Input::NotSent { packet, unreachable: true }, at(1));
    }
    engine.handle(Input::LinkLost { interface: "eth0", gone: false }, at(1));
    assert_eq!((refused.len(), engine.progress().packets), (4, 0));
    assert_eq!(engine.poll_transmit(at(2)), None);
    engine.handle(Input::Links(&means(ME).links), at(1000));
    let mut again = BTreeSet::new();
    let mut tick = 1000;
    while !engine.is_finished() {
        while let Some(cleared) = engine.poll_transmit(at(tick)) {
            again.insert(governor::subject(cleared.packet()).unwrap().0);
        }
        tick += 10;
    }
    let account = engine.finish(at(tick));
    let arp = account.coverage.iter().find(|it| it.method == Method::Arp).unwrap();
    assert_eq!((again.len(), arp.asked.len()), (13, 13));
    assert!(arp.not_asked.iter().all(|it| it.why == Why::Own), "{:?}", arp.not_asked);
}

#[test]
fn an_interface_that_was_taken_away_is_not_waited_for() {
    let now = |n| Now { tick: second(n), wall: Timestamp::from_micros(0) };
    let mut engine = Engine::new(slow(), &means(ME), nobody(), now(1));
    assert!(engine.poll_transmit(now(1)).is_some());
    engine.handle(Input::LinkLost { interface: "eth1", gone: true }, now(1));
    assert!(!engine.is_finished());
    engine.handle(Input::LinkLost { interface: "eth0", gone: true }, now(2));
    engine.handle(Input::Links(&means(ME).links), now(2));
    assert_eq!(engine.poll_transmit(now(2)), None);
    assert!(engine.is_finished());
    let account = engine.finish(now(3));
    let arp = account.coverage.iter().find(|it| it.method == Method::Arp).unwrap();
    assert_eq!(arp.asked.len(), 0);
}

/// The sender's addresses of ARP requests that left in this time.
fn senders(net: &Net, from: Tick, to: Tick) -> BTreeSet<(Mac, Ipv4Addr)> {
    let sent = net.record.iter().filter(|(at, _)| from <= *at && *at < to);
    let frames = sent.filter_map(|(_, packet)| match packet {
        Packet::Frame { octets, .. } => Some(octets),
        Packet::Echo { .. }
        | Packet::Timestamp { .. }
        | Packet::Syn { .. }
        | Packet::Datagram { .. }
        | Packet::Connect { .. }
        | Packet::Open { .. }
        | Packet::Say { .. } => None,
    });
    frames
        .map(|octets| {
            let (header, payload) = Ethernet::decode(octets).unwrap();
            let (arp, _) = Arp::decode(payload).unwrap();
            assert_eq!(header.source, arp.sender_mac);
            (arp.sender_mac, arp.sender_ip)
        })
        .collect()
}

#[test]
fn questions_say_the_address_that_the_interface_has_now_and_do_not_ask_for_it() {
    let mut net = ward();
    told(&mut net, [(second(3), Some("10.20.0.201/24"))]);
    let mut links = means("10.20.0.201/24").links;
    links[0].mac = Some(Mac::new([2, 0, 0, 0, 0, 7]));
    net.links.insert(second(6), links);
    let outcome = net.run(slow(), &means(ME), nobody());
    let [one, other] = [1, 7].map(|n| Mac::new([2, 0, 0, 0, 0, n]));
    let told = second(3).after(Duration::from_millis(100));
    let new = "10.20.0.201".parse().unwrap();
    assert_eq!(senders(&net, second(0), told), [(one, "10.20.0.1".parse().unwrap())].into());
    assert_eq!(senders(&net, told, second(6)), [(one, new)].into());
    assert_eq!(senders(&net, second(6), second(99)), [(other, new)].into());
    assert_eq!(wronged(&net, &outcome), [] as [IpAddr; 0]);
    assert_eq!((answered(&outcome), why(&outcome)), (60, [(Why::Own, 2)].into()));
    let late = net.record.iter().filter(|(at, _)| *at >= told);
    assert!(late.clone().count() > 100);
    assert!(
        late.clone().all(|(_, packet)| governor::subject(packet).unwrap().0 != IpAddr::V4(new))
    );
    assert_partition(&outcome, &[ip("10.20.0.1"), ip("10.20.0.201")]);
}

#[test]
fn an_interface_that_lost_its_address_asks_nothing_until_it_has_one_again() {
    let mut net = ward();
    told(&mut net, [(second(3), Some("192.0.2.7/24")), (second(5), Some("10.20.0.1/24"))]);
    let outcome = net.run(slow(), &means(ME), nobody());
    let (from, to) = (second(3).after(Duration::from_millis(101)), second(5));
    assert_eq!(senders(&net, from, to), BTreeSet::new());
    assert_eq!((answered(&outcome), why(&outcome)), (60, [(Why::Own, 1)].into()));
    let mut net = ward();
    told(&mut net, [(second(3), Some("192.0.2.7/24"))]);
    let outcome = net.run(slow(), &means(ME), nobody());
    assert_eq!(wronged(&net, &outcome), [] as [IpAddr; 0]);
    assert!(outcome.ended <= second(8));
    assert!(why(&outcome).iter().any(|(why, many)| *why == Why::Unreachable && *many > 100));
}
