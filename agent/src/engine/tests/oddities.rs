use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use daicho_common::wire::arp::Operation;

use super::net::{arp_says, hosts};
use super::*;

fn mac(number: u8) -> Mac {
    Mac::new([0, 0x1a, 0x2b, 0, 0, number])
}

/// What ARP said: who has which address, and who sent the frame.
fn said(outcome: &Outcome) -> Vec<(Ipv4Addr, Mac, Option<Mac>)> {
    let said = outcome.observations.iter().filter_map(|o| {
        if let Fact::Arp { ip, mac } = o.fact { Some((ip, mac, o.speaker.mac)) } else { None }
    });
    said.collect()
}

#[test]
fn one_mac_that_answers_for_every_address_is_observed_at_each() {
    let mut everybody = hosts((2..=254).map(|n| (0, n)));
    for (_, host) in &mut everybody {
        host.macs = vec![mac(1)];
    }
    let mut net = Net::new(everybody);
    let outcome = net.run(sighting(plan(&["10.20.0.0/24"])), &means("10.20.0.1/24"), nobody());
    let said = said(&outcome);
    let addresses: BTreeSet<_> = said.iter().map(|(ip, ..)| *ip).collect();
    assert_eq!((said.len(), addresses.len()), (253, 253), "each address once");
    assert!(said.iter().all(|(_, of, from)| *of == mac(1) && *from == Some(mac(1))));
    assert_eq!(net.record.len(), 253, "who answered is not asked again");
}

#[test]
fn a_second_claim_to_an_address_is_observed_even_long_after_the_first() {
    let at = |millis: u64| Now {
        tick: Tick::from_micros(millis * 1000),
        wall: Timestamp::from_micros((millis * 1000).cast_signed()),
    };
    let plan = sighting(plan(&["10.20.0.0/24"]));
    let mut engine = Engine::new(plan, &means("10.20.0.1/24"), nobody(), at(0));
    let claim = |number| arp_says(mac(number), [10, 20, 0, 9].into(), Operation::REPLY);
    for (millis, number) in [(1, 1), (2, 1), (400, 2), (401, 1), (402, 2)] {
        while engine.poll_transmit(at(millis)).is_some() {}
        engine.handle(Input::Frame { interface: "eth0", octets: &claim(number) }, at(millis));
    }
    let seen: Vec<_> = std::iter::from_fn(|| engine.poll_observation())
        .map(|o| (o.at.micros(), o.speaker.mac))
        .collect();
    assert_eq!(seen, [(1000, Some(mac(1))), (400_000, Some(mac(2)))]);
}

#[test]
fn who_answers_for_another_is_observed_beside_the_one_it_names() {
    let now = Now { tick: Tick::ZERO, wall: Timestamp::from_micros(0) };
    let plan = sighting(plan(&["10.20.0.0/24"]));
    let mut engine = Engine::new(plan, &means("10.20.0.1/24"), nobody(), now);
    // The frame comes from one link-layer address, the ARP packet in it names another.
    let mut octets = arp_says(mac(1), [10, 20, 0, 9].into(), Operation::REPLY);
    octets[6..12].copy_from_slice(&mac(2).octets());
    engine.handle(Input::Frame { interface: "eth0", octets: &octets }, now);
    let seen = engine.poll_observation().unwrap();
    assert_eq!(seen.fact, Fact::Arp { ip: [10, 20, 0, 9].into(), mac: mac(1) });
    assert_eq!(seen.speaker.mac, Some(mac(2)));
}
