//! Cells against everything at once, and pictures that follow each other against pictures from nothing.

use daicho_common::addr::Mac;
use daicho_common::observation::heard::{Capability, LinkNeighbour};

use super::*;
use crate::decision::{Corrected, Decision, Key};
use crate::evidence::weigh;
use crate::policy::Policy;
use crate::resolve::resolve_as_told;

/// One more thing that happens: what is said by which devices are known, and what is said of others.
#[derive(Clone, Debug)]
struct Word {
    day: i64,
    host: u8,
    mac: usize,
    other: u8,
    what: u8,
}

fn word() -> impl Strategy<Value = Word> {
    (0i64..3, 1u8..14, 0..MACS.len(), 1u8..14, 0u8..9)
        .prop_map(|(day, host, mac, other, what)| Word { day, host, mac, other, what })
}

fn says(word: &Word) -> Case {
    let case =
        Case::new().day(word.day).network(if word.host.is_multiple_of(2) { "ward" } else { "lab" });
    let address = format!("10.0.0.{}", word.host);
    let name = format!("PC-{}", word.other % 4);
    let serial = format!("SN98765{}", word.other % 3);
    let mac: Mac = MACS[word.mac].parse().unwrap();
    match word.what {
        0 => case.serves(&address, Method::Upnp, &[("serial", &serial)]),
        1 => case.serves(&address, Method::NodeStatus, &[("unit_id", MACS[word.mac])]),
        2 => case.serves(&address, Method::Smb, &[("host", &name)]),
        3 => case.system(&address, &name),
        4 => {
            let ip = format!("10.0.0.{}", word.other).parse().unwrap();
            case.tells(&address, Fact::Pointer { ip, name: "named.example".into() })
        }
        5 => {
            let index = [1, 10, 0, 0, u32::from(word.other)].to_vec();
            case.tells(&address, tables(("ipNetToMediaTable", index), MACS[word.mac]))
        }
        6 => {
            let index = mac.octets().map(u32::from).to_vec();
            case.tells(&address, tables(("dot1dTpFdbTable", index), MACS[word.mac]))
        }
        7 => {
            let neighbour = LinkNeighbour {
                name: name.as_str().into(),
                capabilities: vec![Capability::Bridge],
                ttl_secs: 120,
                ..LinkNeighbour::default()
            };
            case.hears(MACS[word.mac], Method::Lldp, Fact::LinkNeighbour(Box::new(neighbour)))
        }
        _ => case.hears(MACS[word.mac], Method::FrameHeader, Fact::VlanTag { vlan: 7 }),
    }
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        (0..MACS.len()).prop_map(|mac| Key::Mac(MACS[mac].parse().unwrap())),
        (0u8..3).prop_map(|n| Key::Serial(format!("SN98765{n}"))),
        (1u8..14, any::<bool>()).prop_map(|(host, ward)| Key::Address {
            network: if ward { "ward" } else { "lab" }.to_owned(),
            ip: [10, 0, 0, host].into(),
        }),
    ]
}

fn decision() -> impl Strategy<Value = Decision> {
    prop_oneof![
        (key(), key()).prop_map(|(a, b)| Decision::Join { a, b }),
        (key(), key()).prop_map(|(a, b)| Decision::Split { a, b }),
        key().prop_map(|device| Decision::Correct {
            device,
            field: Corrected::Model,
            value: "corrected".to_owned(),
        }),
        key().prop_map(|device| Decision::Byod { device, permitted: true }),
        (1u64..6).prop_map(|decision| Decision::Withdraw { decision }),
    ]
}

fn decided(said: Vec<Decision>) -> Vec<Decided> {
    let decided = |(id, what)| Decided {
        id,
        at: Timestamp::from_micros(0),
        by: "情報係".to_owned(),
        why: "現物確認".to_owned(),
        what,
    };
    (1..).zip(said).map(decided).collect()
}

fn seen(events: &[Event], words: &[Word]) -> Vec<Observation> {
    let mut seen = hospital(events).seen;
    seen.extend(words.iter().flat_map(|word| says(word).seen));
    seen
}

/// The picture of everything, resolved at once.
fn whole(basis: &Basis<'_>) -> Picture {
    let standing = Standing::of(basis.decisions);
    let claims = weigh(basis.observations);
    let resolved = resolve_as_told(&claims, &ROWS, &standing);
    let found = Found {
        devices: resolved.devices,
        contested: resolved.contested,
        speakers: resolved.speakers,
        claims,
    };
    let rulings = Rulings { policy: Policy::default(), ..Rulings::default() };
    judge(basis, (&rulings.policy, &rulings.scope), &standing, found).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn cells_by_themselves_come_to_what_everything_comes_to_at_once(
        events in proptest::collection::vec(event(), 0..30),
        words in proptest::collection::vec(word(), 0..30),
        said in proptest::collection::vec(decision(), 0..5),
    ) {
        let (seen, ledger, said) = (seen(&events, &words), book(), decided(said));
        let basis = Basis { decisions: &said, ..Basis::seen(&seen, &[], &ledger) };
        prop_assert_eq!(derive(&basis, (&ROWS, &Rulings::default())), whole(&basis));
    }

    #[test]
    fn a_picture_that_follows_is_the_picture_from_nothing(
        steps in proptest::collection::vec(
            (
                proptest::collection::vec(event(), 0..12),
                proptest::collection::vec(word(), 0..12),
                proptest::collection::vec(decision(), 0..3),
                0usize..8,
                any::<bool>(),
            ),
            1..6,
        ),
    ) {
        let rulings = Rulings::default();
        let (mut live, mut picture) = (Live::default(), Picture::default());
        let (mut all, mut said, mut coverage) = (Vec::new(), Vec::new(), Vec::new());
        for (events, words, decisions, rows, looked) in steps {
            all.extend(seen(&events, &words));
            said.extend(decisions);
            if looked {
                coverage.push(look(Method::Arp, "10.0.0.0/29", &["10.0.0.1"]));
            }
            let (said, mut ledger) = (decided(said.clone()), book());
            ledger.entries.truncate(rows);
            let basis = Basis { decisions: &said, ..Basis::seen(&all, &coverage, &ledger) };
            picture = live.next(picture, &basis, (&ROWS, &rulings));
            let fresh = derive(&basis, (&ROWS, &rulings));
            prop_assert_eq!(
                serde_json::to_string(&picture).unwrap(),
                serde_json::to_string(&fresh).unwrap()
            );
        }
    }
}
