use daicho_common::wire::arp::Operation;

use super::interviews::interviewer;
use super::net::arp_says;
use super::*;

#[test]
fn a_million_answers_that_nobody_asked_for_are_a_number_and_nothing_else() {
    let now = Now { tick: Tick::from_micros(1), wall: Timestamp::from_micros(0) };
    let plan = plan(&["10.20.0.0/24"]);
    let mut engine = Engine::new(plan, &means("10.20.0.1/24"), interviewer(), now);
    let mut noted = 0;
    for n in 0..1_000_000_u32 {
        let [_, a, b, c] = n.to_be_bytes();
        let from = IpAddr::from([10, 20, 0, c]);
        let input = match n % 4 {
            0 => Input::EchoReply { from, sequence: 0, payload: &[1; 8] },
            1 => Input::Connected { to: (from, 443).into() },
            2 => Input::Datagram {
                outlet: Outlet::Snmp,
                from: (from, 161).into(),
                octets: &[0x30, a, b],
            },
            _ => {
                // Each from another link-layer address, so that no two claims are the same.
                let mac = Mac::new([0, 0x1a, 0x2b, a, b, c]);
                let octets = arp_says(mac, [10, 20, 0, c].into(), Operation::REPLY);
                engine.handle(Input::Frame { interface: "eth0", octets: &octets }, now);
                continue;
            }
        };
        engine.handle(input, now);
    }
    while engine.poll_observation().is_some() {
        noted += 1;
    }
    let strays = engine.strays();
    assert_eq!(strays.unasked, 750_000);
    // Eight claims an address are noted, of the 64 that are claimed here.
    assert_eq!((noted, strays.overflow), (64 * 8, 250_000 - 64 * 8));
    assert_eq!(engine.progress().packets, 0);
}

#[test]
fn one_that_answers_for_every_address_is_told_as_it_is_and_the_scan_ends() {
    let proxy = Host { macs: vec![Mac::new([0, 0x1a, 0x2b, 0, 0, 9])], ..Host::default() };
    let all = (0..1024_u32).map(|n| (IpAddr::from((0x0a14_0000 + n).to_be_bytes()), proxy.clone()));
    let mut net = Net::new(all);
    let outcome = net.run(plan(&["10.20.0.0/22"]), &means("10.20.0.1/22"), interviewer());
    let says_so = |o: &&Observation| matches!(o.fact, Fact::Arp { .. });
    assert_eq!(outcome.observations.iter().filter(says_so).count(), 1022 - 1);
    assert_eq!(outcome.progress.found, outcome.progress.questioned);
    assert_eq!(outcome.account.strays.overflow, 0);
}
