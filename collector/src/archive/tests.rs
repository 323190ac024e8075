use std::sync::Arc;

use daicho_common::observation::Reply;
use proptest::prelude::*;

use super::*;

fn observation(host: u32, at: i64) -> Observation {
    let vantage = Vantage { agent: "east".into(), interface: "e".into(), network: "3F".into() };
    Observation {
        at: Timestamp::from_micros(at),
        vantage: Arc::new(vantage),
        method: Method::IcmpEcho,
        speaker: Speaker { ip: Some((0x0a14_0000 + host).to_be_bytes().into()), mac: None },
        fact: Fact::Answered(Reply::Echo),
    }
}

#[test]
fn what_is_put_in_comes_out_by_its_number_and_by_its_id() {
    let many: Vec<Observation> = (0..1500).map(|n| observation(n % 700, i64::from(n))).collect();
    let archive = Archive::from(many.clone());
    assert!(archive.iter().eq(many.iter().cloned()));
    let mut hand = Seen::from(&archive).hand();
    for number in [1499_u32, 0, 700, 255, 256, 1023] {
        let one = &many[number as usize];
        assert_eq!(hand.take(number).as_deref(), Some(one));
        assert_eq!(archive.find(one.id()).as_ref(), Some(one));
        assert_eq!(archive.when(one.id()), Some(one.at));
    }
    let those = archive.those([9, 3, 9999].map(|n| observation(n, i64::from(n)).id()));
    assert_eq!(those, [many[3].clone(), many[9].clone()]);
    assert_eq!(archive.when(observation(9999, 1).id()), None);
    assert_eq!(hand.take(1500), None);
    assert_eq!(archive.find(observation(9999, 1).id()), None);
    let parts: Vec<_> = Seen::from(&archive).stretch(3..1490).flatten().collect();
    assert!(parts.iter().map(|one| &**one).eq(&many[3..1490]));
}

#[test]
fn the_id_of_a_text_and_a_time_is_that_of_the_observation() {
    let full = Observation {
        speaker: Speaker {
            ip: Some("2001:db8::1".parse().unwrap()),
            mac: Some("00:1a:2b:00:00:07".parse().unwrap()),
        },
        fact: Fact::HostName { name: "診察室\u{2028}\"PC\"".into() },
        ..observation(7, -5)
    };
    for one in [observation(7, 0), observation(8, 1_775_003_400_000_000), full] {
        assert_eq!(Content::id(Content::text(&one).as_bytes(), one.at), one.id());
    }
}

#[test]
fn a_fact_that_is_seen_again_takes_a_few_octets_and_no_more() {
    let mut archive = Archive::from((0..600).map(|n| observation(n, 0)).collect::<Vec<_>>());
    let octets = |of: &Archive| of.blocks.iter().map(|block| block.octets.len()).sum::<usize>();
    let before = octets(&archive);
    assert!(before < 600 * 30, "{before} for 600 facts of some 150 octets");
    let again: Vec<_> = (0..600).map(|n| (n, Timestamp::from_micros(7))).collect();
    archive.saw(&again).unwrap();
    assert_eq!((archive.len(), octets(&archive)), (1200, before));
    assert_eq!(archive.find(observation(599, 7).id()), Some(observation(599, 7)));
}

#[test]
fn what_is_no_observation_is_refused_and_what_says_nothing_known_too() {
    let mut archive = Archive::default();
    let mut packing = archive.packing();
    packing.add(3, "{\"fact\":1}".into()).unwrap();
    assert_eq!(packing.end(), Err(Broken));
    let mut archive = Archive::from(vec![observation(1, 1)]);
    assert_eq!(archive.saw(&[(1, Timestamp::from_micros(1))]), Err(Broken));
}

proptest! {
    /// Deliveries of any size, with keys that have gaps, one after the other.
    #[test]
    fn it_grows_by_parts_as_it_would_at_once(
        parts in prop::collection::vec((1_usize..400, 1_i64..4), 1..6),
    ) {
        let (mut archive, mut all, mut key) = (Archive::default(), Vec::new(), 0);
        for (count, gap) in parts {
            key += gap;
            let (first, from) = (key, all.len());
            let mut packing = archive.packing();
            for host in (0_u32..).take(count) {
                let one = observation(host, key);
                packing.add(key, Content::text(&one)).unwrap();
                all.push(one);
                key += 1;
            }
            packing.end().unwrap();
            prop_assert_eq!(archive.last_key(), Some(key - 1));
            let seen: Vec<_> = (first..).zip(&all[from..]).map(|(key, one)| (key, one.at)).collect();
            archive.saw(&seen).unwrap();
            all[from..].sort_by_key(|one| (one.at, one.id()));
        }
        prop_assert!(archive.iter().eq(all.iter().cloned()));
        for one in all.iter().step_by(97) {
            prop_assert_eq!(archive.find(one.id()), Some(one.clone()));
        }
    }
}
