//! Cells against everything at once, and pictures that follow each other against pictures from nothing.

use daicho_common::addr::Mac;
use daicho_common::observation::heard::{Capability, LinkNeighbour};

use super::*;
use crate::archive::{Archive, Seen};
use crate::decision::{Corrected, Decision, Disposition, Key, Scope, Subject};
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
        2 => case.serves(&address, Method::Smb, &[("host", &name), ("os_build", "10.0.19045")]),
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

/// What changes beside what is seen and said of devices.
#[derive(Clone, Debug)]
struct Beside {
    rows: usize,
    renamed: usize,
    registered: bool,
    looked: bool,
    days: i64,
    answer: Option<prop::sample::Index>,
}

fn beside() -> impl Strategy<Value = Beside> {
    let answer = proptest::option::of(any::<prop::sample::Index>());
    (0usize..8, 0usize..12, any::<bool>(), any::<bool>(), 0i64..30_000, answer).prop_map(
        |(rows, renamed, registered, looked, days, answer)| Beside {
            rows,
            renamed,
            registered,
            looked,
            days,
            answer,
        },
    )
}

impl Beside {
    /// The book, in which rows come and go and one may be edited.
    fn ledger(&self) -> Ledger {
        let mut ledger = book();
        ledger.entries.truncate(self.rows);
        if let Some(entry) = ledger.entries.get_mut(self.renamed) {
            entry.host_name = "PC-1".to_owned();
            entry.asset_number = "N-2".to_owned();
            entry.remote_maintenance = Some(false);
        }
        ledger
    }

    fn register(&self) -> Register {
        let text = r#"
[[exception]]
id = "a"
asset_number = "N-2"
reason = "更新不可"
measures = ["separation"]
network = "lab"
decided_by = "部長"
review_on = "2001-01"
[[remote]]
id = "b"
asset_number = "N-4"
done = true
[[byod]]
id = "c"
owner = "研修医"
device = "端末"
macs = ["da:11:22:33:44:55"]
purpose = "研修"
permitted_by = "部長"
from = "1950-01"
until = "1990-01"
"#;
        if self.registered { Register::parse(text).unwrap() } else { Register::default() }
    }
}

/// What a person says of one of the findings, or of the scope of one of the matches.
fn answer(picture: &Picture, index: prop::sample::Index) -> Option<Decision> {
    if picture.findings.is_empty() {
        return None;
    }
    let finding = index.get(&picture.findings);
    let device = finding.device.as_ref();
    let device = device.and_then(|id| picture.devices.iter().find(|device| device.id == *id));
    Some(match device.and_then(|device| device.keys().into_iter().next()) {
        Some(key) if index.index(2) == 0 => {
            Decision::Scope { subject: Subject::Device(key), scope: Scope::Outside }
        }
        _ => Decision::Answer {
            finding: finding.id.clone(),
            facts: finding.facts.to_string(),
            disposition: Some(Disposition::Approved),
            owner: String::new(),
            due: None,
        },
    })
}

/// The picture of everything, resolved at once.
fn whole(basis: &Basis<'_>) -> Picture {
    let standing = Standing::of(basis.decisions);
    let Seen::Plain(observations) = basis.observations else { panic!("packed") };
    let claims = weigh(observations);
    let resolved = resolve_as_told(&claims, &ROWS, &standing);
    let found = Found {
        devices: resolved.devices,
        contested: resolved.contested,
        speakers: resolved.speakers,
        claims,
    };
    let rulings = Rulings { policy: Policy::default(), ..Rulings::default() };
    judge(basis, (&rulings.policy, &rulings.scope), &standing, Shaped::of(found)).0
}

proptest! {
    // How observations are kept has nothing to do with what they say.
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn packed_observations_come_to_the_same_picture(
        events in proptest::collection::vec(event(), 0..30),
        words in proptest::collection::vec(word(), 0..30),
    ) {
        let (seen, ledger) = (seen(&events, &words), book());
        let plain = Basis::seen(&seen, &[], &ledger);
        let packed = Archive::from(seen.clone());
        let packed = Basis { observations: (&packed).into(), ..plain };
        let by = (&*ROWS, &Rulings::default());
        prop_assert_eq!(derive(&packed, by), derive(&plain, by));
    }
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
                beside(),
            ),
            1..6,
        ),
    ) {
        let rulings = Rulings::default();
        let (mut live, mut picture) = (Live::default(), Picture::default());
        let (mut all, mut said, mut coverage) = (Vec::new(), Vec::new(), Vec::new());
        for (events, words, decisions, beside) in steps {
            all.extend(seen(&events, &words));
            said.extend(decisions);
            said.extend(beside.answer.and_then(|index| answer(&picture, index)));
            if beside.looked {
                coverage.push(look(Method::Arp, "10.0.0.0/29", &["10.0.0.1"]));
            }
            let (said, ledger, register) =
                (decided(said.clone()), beside.ledger(), beside.register());
            let basis = Basis {
                decisions: &said,
                register: &register,
                ..Basis::seen(&all, &coverage, &ledger)
            };
            // Something may fall due because time passes, and for no other reason.
            let later = basis.as_of.micros() + beside.days * 86_400_000_000;
            for as_of in [basis.as_of, Timestamp::from_micros(later)] {
                let basis = Basis { as_of, ..basis };
                picture = live.next(picture, &basis, (&ROWS, &rulings));
                let fresh = derive(&basis, (&ROWS, &rulings));
                prop_assert_eq!(
                    serde_json::to_string(&picture).unwrap(),
                    serde_json::to_string(&fresh).unwrap()
                );
            }
        }
    }
}
