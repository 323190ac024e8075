use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use daicho_collector::book;
use daicho_collector::fingerprint::Rows;
use daicho_collector::inventory::storage::Keeps;
use daicho_collector::picture::{Picture, of_scan};
use daicho_common::time::Timestamp;

use super::*;
use crate::demo::check;
use crate::sim::book::workbook;
use crate::sim::furnish::AGENT_MAC;
use crate::sim::kept::lists_disk;
use crate::sim::memory::{Scanned, Weather, plan, scan};
use crate::sim::wiring::{DAY, Score};
use crate::sim::{Hospital, kept};

const CALM: Weather = Weather { seed: 5, lost: 0, delay: Duration::from_millis(30) };

struct Looked {
    hospital: Hospital,
    scanned: Scanned,
    picture: Picture,
    /// What differs from the truth.
    said: Vec<String>,
}

/// Looks at the hospital once, on its second day.
fn look() -> Looked {
    look_at(Hospital::furnish(2026, Ground::Wire), CALM)
}

fn look_at(hospital: Hospital, weather: Weather) -> Looked {
    let scanned = scan(&hospital, plan(&hospital), weather).unwrap();
    Looked::at(hospital, scanned)
}

/// Looks at it on both days.
fn look_twice() -> Looked {
    let Looked { hospital, mut scanned, .. } = look();
    let before = Hospital::furnish_on(2026, Ground::Wire, 0);
    let earlier = scan(&before, plan(&before), CALM).unwrap().observations;
    scanned.observations.extend(earlier.into_iter().map(|mut said| {
        said.at = Timestamp::from_micros(said.at.micros() - DAY);
        said
    }));
    Looked::at(hospital, scanned)
}

impl Looked {
    fn at(hospital: Hospital, scanned: Scanned) -> Self {
        let (octets, places) = workbook(&hospital, "台帳.xlsx").unwrap();
        let ledger = book::read("台帳.xlsx", &octets).unwrap();
        let rows = Rows::builtin().unwrap();
        let picture = of_scan(&scanned.observations, &scanned.account.coverage, &ledger, &rows);
        let matches = serde_json::to_value(&picture.matches).unwrap();
        let devices = serde_json::to_value(&picture.devices).unwrap();
        let said = check::against_truth(&hospital, &places, &matches, &devices).unwrap();
        Self { hospital, scanned, picture, said }
    }
}

#[test]
fn the_cables_found_by_asking_every_switch_are_the_cables_laid() {
    let Looked { hospital, picture, said, .. } = look_twice();
    assert_eq!(said, Vec::<String>::new());
    let score = hospital.wiring.judge(&picture);
    println!("{score:#?}");
    assert_eq!(score.hubs.right + score.hubs.missing, HUBS.len(), "every hub shows");
    let hubs = hospital.wiring.stations.iter().filter(|one| one.between == Between::Hub);
    assert_eq!(hubs.count(), HUBS.iter().map(|keys| keys.len()).sum::<usize>(), "every key is one");
    assert!(hospital.wiring.stations.len() > 300);
    assert!(score.links.found() >= 0.99 && score.links.wrong == 0, "{:?}", score.links);
    assert!(score.places.found() >= 0.99 && score.places.wrong == 0, "{:?}", score.places);
    assert!(score.hubs.found() >= 0.95 && score.hubs.false_part() < 0.02, "{:?}", score.hubs);
    assert_eq!(score.vlans.wrong, 0, "{:?}", score.vlans);
    assert_eq!(picture.topology.stacks.values().collect::<Vec<_>>(), [&2], "the core");
}

/// What was said, but is not so; VLANs left out.
fn invented(score: &Score) -> usize {
    score.links.wrong + score.places.wrong + score.hubs.wrong
}

#[test]
fn one_look_leaves_some_places_open_and_gets_none_wrong() {
    for seed in [2026, 7, 8] {
        let hospital = Hospital::furnish(seed, Ground::Wire);
        let Looked { hospital, picture, said, .. } = look_at(hospital, CALM);
        assert_eq!(said, Vec::<String>::new());
        let score = hospital.wiring.judge(&picture);
        assert!(score.places.missing > 0, "rows that have aged out show: {score:?}");
        assert_eq!(score.partly, score.places.missing, "of each the port before is told");
        assert_eq!(invented(&score) + score.vlans.wrong, 0, "{score:?}");
    }
}

#[test]
fn a_tenth_of_all_answers_lost_puts_nobody_at_a_wrong_port() {
    let hospital = Hospital::furnish(2026, Ground::Wire);
    let Looked { hospital, picture, .. } = look_at(hospital, Weather { lost: 100, ..CALM });
    let score = hospital.wiring.judge(&picture);
    // VLANs are not looked at: where the table that numbers them is lost, the databases' own numbers
    // are taken for them.
    assert_eq!(invented(&score), 0, "{score:?}");
    assert!(score.places.found() > 0.9, "{score:?}");
}

#[test]
fn on_loopback_only_those_stand_in_tables_who_tell_their_own_address() {
    let hospital = Hospital::furnish(2026, Ground::Loopback);
    let heard = |device: &Device| hospital.is_tabled(device);
    let (tabled, rest): (Vec<&Device>, Vec<&Device>) =
        hospital.devices.iter().partition(|d| heard(d));
    assert!(
        tabled.len() > 100
            && rest.iter().all(|device| device.answers.snmp.is_none() || is_managed(device))
    );
    assert!(hospital.wiring.stations.iter().all(|station| station.mac != AGENT_MAC));
}

#[test]
fn devices_where_nobody_may_look_are_known_and_no_packet_went_to_them() {
    let Looked { hospital, scanned, picture, said } = look();
    assert_eq!(said, Vec::<String>::new());
    let there = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => hospital.is_untouchable(ip),
        IpAddr::V6(_) => false,
    };
    let sent: Vec<_> = scanned.targets.iter().filter(|(ip, _)| there(**ip)).collect();
    assert_eq!(sent, []);
    assert!(scanned.targets.len() > 1000, "the count counts: {}", scanned.targets.len());
    let known: BTreeSet<IpAddr> = picture
        .devices
        .iter()
        .flat_map(|device| &device.addresses)
        .map(|address| address.ip)
        .filter(|ip| there(*ip))
        .collect();
    let standing: BTreeSet<IpAddr> = hospital
        .devices
        .iter()
        .flat_map(|device| &device.nics)
        .map(|nic| IpAddr::V4(nic.ip))
        .filter(|ip| there(*ip))
        .collect();
    assert_eq!(known, standing);
    assert_eq!(known.len(), 53, "24 medical devices, 24 telephones, 3 strangers, the router's two");
}

/// Of the simulated models those that leave the factory with a disk only.
const SOLD_WITH_A_DISK: [&str; 3] = ["IM C3000", "iR-ADV C3530", "bizhub C300i"];

#[test]
fn serial_numbers_and_whether_printers_keep_documents_come_out_as_they_were_furnished() {
    let Looked { hospital, picture, .. } = look();
    let by_mac: BTreeMap<_, _> = picture
        .devices
        .iter()
        .flat_map(|device| device.macs.iter().map(move |mac| (mac.value, device)))
        .collect();
    let mut verdicts = BTreeMap::new();
    for device in &hospital.devices {
        let found = by_mac.get(&device.nics[0].mac);
        let printer = matches!(device.kind, Kind::Mfp | Kind::Printer);
        if printer || is_managed(device) {
            let serial = found.unwrap().serial.as_ref().map(|serial| serial.value.as_str());
            assert_eq!(serial, Some(device.serial.as_str()), "{}", device.key);
        }
        if !printer {
            continue;
        }
        let keeps = found.unwrap().storage.as_ref().map(|storage| storage.value.keeps);
        let model = found.unwrap().model.as_ref().unwrap();
        let sold_with_one = SOLD_WITH_A_DISK.contains(&model.value.as_str());
        let want = match (device.kind, kept::lists_disk(device)) {
            (_, Some(true)) => Keeps::Yes,
            (Kind::Mfp, _) if sold_with_one => Keeps::Yes,
            (Kind::Printer, Some(false)) => Keeps::No,
            _ => Keeps::Unknown,
        };
        assert_eq!(keeps, Some(want), "{} {:?}", device.key, lists_disk(device));
        *verdicts.entry(want).or_insert(0) += 1;
    }
    assert_eq!(verdicts, [(Keeps::Yes, 12), (Keeps::No, 2), (Keeps::Unknown, 2)].into());
}
