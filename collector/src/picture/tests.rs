mod live;

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::ledger::Entry;
use crate::reconcile::tests::row;
use crate::resolve::case::{Case, look};
use daicho_common::observation::table::{self, Cell, Row};
use daicho_common::observation::{Fact, Method};

static ROWS: LazyLock<Rows> = LazyLock::new(|| Rows::builtin().unwrap());

/// MAC addresses of a small hospital: burned in, shared by routers, random.
const MACS: [&str; 7] = [
    "00:1a:2b:00:00:01",
    "00:1a:2b:00:00:02",
    "00:1a:2b:00:00:03",
    "00:1a:2b:00:00:04",
    "00:00:5e:00:01:0a",
    "da:11:22:33:44:55",
    "00:00:0c:07:ac:01",
];

/// One thing that happens in the hospital.
#[derive(Clone, Debug)]
struct Event {
    day: i64,
    network: bool,
    agent: bool,
    host: u8,
    mac: usize,
    other: usize,
    what: u8,
}

fn event() -> impl Strategy<Value = Event> {
    (0i64..3, any::<bool>(), any::<bool>(), 1u8..14, 0..MACS.len(), 0..MACS.len(), 0u8..11)
        .prop_map(|(day, network, agent, host, mac, other, what)| Event {
            day,
            network,
            agent,
            host,
            mac,
            other,
            what,
        })
}

/// One row of a neighbour table or a forwarding table.
fn tables((table, index): (&str, Vec<u32>), mac: &str) -> Fact {
    let mac: daicho_common::addr::Mac = mac.parse().unwrap();
    let port = i32::from(mac.octets()[5] % 2) + 1;
    let cells = [
        ("ipNetToMediaPhysAddress".to_owned(), Cell::from_octets(&mac.octets())),
        ("dot1dTpFdbPort".to_owned(), Cell::Integer(port)),
    ];
    let row = Row { index, cells: cells.into_iter().collect() };
    let rows = table::Rows { table: table.into(), context: String::new(), rows: vec![row] };
    Fact::Rows(Box::new(rows))
}

/// What is seen of the events; few keys, so that leases move, tables clash and addresses collide.
fn hospital(events: &[Event]) -> Case {
    let mut case = Case::new();
    for event in events {
        let address = format!("10.0.0.{}", event.host);
        let next = format!("10.0.0.{}", event.host % 13 + 1);
        let (mac, other) = (MACS[event.mac], MACS[event.other]);
        case = case
            .day(event.day)
            .network(if event.network { "ward" } else { "lab" })
            .agent(if event.agent { "a1" } else { "a2" });
        case = match event.what {
            0..=2 => case.arp(&address, mac),
            3 => case.arp(&address, mac).lists(&address, &[mac, other], &[&address, &next]),
            4 => case.lists(&address, &[mac, other], &[&next]),
            5 => case.arp(&address, mac).describes(
                &address,
                other,
                ["1.3.6.1.4.1.367.1", "1.3.6.1.4.1.12356.1"][event.other % 2],
                ["RICOH MP C3004 1.14", "FortiGate-60F v7.0.12,build0523"][event.mac % 2],
            ),
            6 => case.service(&address, "_ipp._tcp", "printer.local"),
            7 => (1..=9).fold(case, |case, n| case.arp(&format!("10.0.0.{n}"), mac)),
            8 => case.echo(&address),
            9 => case.tells(&address, tables(("ipNetToMediaTable", vec![1, 10, 0, 0, 7]), mac)),
            _ => {
                let index = mac.parse::<daicho_common::addr::Mac>().unwrap().octets();
                let fdb = ("dot1dTpFdbTable", index.map(u32::from).to_vec());
                case.tells(&address, tables(fdb, mac))
            }
        };
    }
    case
}

fn book() -> Ledger {
    let mut entries: Vec<Entry> = (0..7u8)
        .map(|n| {
            let mac = MACS[usize::from(n) % 4];
            row(
                u32::from(n) + 2,
                "printer",
                &format!("10.0.0.{n}"),
                if n % 2 == 0 { mac } else { "" },
            )
        })
        .collect();
    entries[3].dhcp = true;
    Ledger { entries, ..Ledger::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn shuffling_and_repeating_what_was_seen_changes_nothing(
        events in proptest::collection::vec(event(), 0..40),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..400),
        twice in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut seen = hospital(&events).seen;
        let mut coverage = vec![
            look(Method::Arp, "10.0.0.0/30", &["10.0.0.1"]),
            look(Method::IcmpEcho, "10.0.0.0/24", &["10.0.0.2"]),
            look(Method::NeighbourTable, "10.0.0.0/29", &[]),
        ];
        let picture = of_scan(&seen, &coverage, &book(), &ROWS);
        if !seen.is_empty() {
            for (to, from) in order.iter().enumerate() {
                let (to, from) = (to % seen.len(), from.index(seen.len()));
                seen.swap(to, from);
            }
            for index in &twice {
                seen.push(seen[index.index(seen.len())].clone());
            }
        }
        coverage.reverse();
        coverage.push(coverage[0].clone());
        prop_assert_eq!(of_scan(&seen, &coverage, &book(), &ROWS), picture);
    }

    #[test]
    fn every_device_is_named_once_and_every_field_has_its_sources(
        events in proptest::collection::vec(event(), 0..40),
    ) {
        let case = hospital(&events);
        let picture = of_scan(&case.seen, &[], &book(), &ROWS);
        let known: std::collections::HashSet<_> = case.seen.iter().map(Observation::id).collect();
        prop_assert!(picture.devices.windows(2).all(|pair| pair[0].id < pair[1].id));
        let mut owner = std::collections::HashMap::new();
        for device in &picture.devices {
            for mac in &device.macs {
                prop_assert!(!mac.sources.is_empty() && mac.sources.iter().all(|id| known.contains(id)));
                // What several devices had in turn (a dock, a bridge) names none of them.
                if mac.value.names_a_device() && owner.insert(mac.value, &device.id).is_some() {
                    let plain = format!("mac-{}", mac.value.to_string().replace(':', ""));
                    let named = picture.devices.iter().any(|device| device.id.0 == plain);
                    prop_assert!(!named, "{}", mac.value);
                }
            }
            let sources = device.addresses.iter().map(|a| &a.sources)
                .chain(device.names.iter().map(|n| &n.sources))
                .chain(device.joins.iter().map(|j| &j.sources))
                .chain(device.oddities.iter().map(|o| &o.sources))
                .chain(device.class.iter().map(|c| &c.sources))
                .chain(device.attached.iter().map(|a| &a.sources));
            for ids in sources {
                prop_assert!(!ids.is_empty() && ids.iter().all(|id| known.contains(id)));
            }
        }
        // Every device is accounted for or told.
        let told: std::collections::HashSet<_> =
            picture.matches.iter().flat_map(|m| m.devices().cloned()).collect();
        prop_assert_eq!(told.len(), picture.devices.len());
    }
}

#[test]
fn nothing_seen_and_nothing_declared_is_an_empty_picture() {
    assert_eq!(of_scan(&[], &[], &Ledger::default(), &ROWS), Picture::default());
}
