use daicho_collector::book;
use daicho_collector::fingerprint::Rows;
use daicho_collector::picture::{Picture, of_scan};

use super::*;
use crate::demo::check;
use crate::sim::Ground;
use crate::sim::book::{csv, workbook};

const CALM: Weather = Weather { seed: 3, lost: 0, delay: Duration::from_millis(30) };

fn hospital() -> Hospital {
    Hospital::furnish(2026, Ground::Wire)
}

fn picture(
    hospital: &Hospital,
    scanned: &Scanned,
) -> (Picture, Vec<daicho_collector::ledger::Place>) {
    let (octets, places) = workbook(hospital, "台帳.xlsx").unwrap();
    let ledger = book::read("台帳.xlsx", &octets).unwrap();
    assert_eq!(ledger.defects, [], "every row of the sample ledger can be read");
    assert_eq!(ledger.entries.len(), hospital.rows.len());
    let rows = Rows::builtin().unwrap();
    (of_scan(&scanned.observations, &scanned.account.coverage, &ledger, &rows), places)
}

fn differences(hospital: &Hospital, scanned: &Scanned) -> Vec<String> {
    let (picture, places) = picture(hospital, scanned);
    let matches = serde_json::to_value(&picture.matches).unwrap();
    let devices = serde_json::to_value(&picture.devices).unwrap();
    check::against_truth(hospital, &places, &matches, &devices).unwrap()
}

#[test]
fn what_is_planted_in_the_hospital_is_found_and_nothing_else() {
    let hospital = hospital();
    let scanned = scan(&hospital, plan(&hospital), CALM).unwrap();
    assert_eq!(differences(&hospital, &scanned), Vec::<String>::new());
    assert_eq!(scanned.forbidden, 0, "nothing went to a printing port");
}

#[test]
fn a_tenth_of_all_answers_lost_invents_no_device() {
    let hospital = hospital();
    let weather = Weather { lost: 100, ..CALM };
    let scanned = scan(&hospital, plan(&hospital), weather).unwrap();
    let (picture, _) = picture(&hospital, &scanned);
    let known: Vec<IpAddr> =
        hospital.everything().flat_map(|device| &device.nics).map(|nic| nic.ip.into()).collect();
    for device in &picture.devices {
        assert!(device.addresses.iter().all(|address| known.contains(&address.ip)), "{device:?}");
    }
}

#[test]
fn both_spellings_of_the_ledger_say_the_same() {
    let hospital = hospital();
    let (xlsx, _) = workbook(&hospital, "a.xlsx").unwrap();
    let (list, places) = csv(&hospital, "a.csv");
    let (xlsx, list) = (book::read("a.xlsx", &xlsx).unwrap(), book::read("a.csv", &list).unwrap());
    assert_eq!(list.defects, []);
    assert_eq!(list.entries.iter().map(|entry| entry.place.clone()).collect::<Vec<_>>(), places);
    assert_eq!(xlsx.entries.len(), list.entries.len());
    for (one, other) in xlsx.entries.iter().zip(&list.entries) {
        let told = |e: &daicho_collector::ledger::Entry| {
            (e.asset_number.clone(), e.ips.clone(), e.macs.clone(), e.dhcp, e.host_name.clone())
        };
        assert_eq!(told(one), told(other));
    }
    for (entry, row) in list.entries.iter().zip(&hospital.rows) {
        assert_eq!(
            (&entry.macs, entry.offline),
            (&row.macs, row.plant == crate::sim::Plant::Offline)
        );
        assert_eq!(entry.ips, row.ips.iter().map(|ip| IpAddr::V4(*ip)).collect::<Vec<_>>());
    }
}

#[test]
fn the_check_against_the_truth_notices_a_missed_device_and_a_wrong_verdict() {
    let hospital = hospital();
    let scanned = scan(&hospital, plan(&hospital), CALM).unwrap();
    let (mut picture, places) = picture(&hospital, &scanned);
    let devices = serde_json::to_value(&picture.devices).unwrap();
    let stranger = picture.matches.pop().unwrap();
    let first = picture.matches[0].clone();
    picture.matches[0].verdict = stranger.verdict.clone();
    picture.matches[0].entry = None;
    let matches = serde_json::to_value(&picture.matches).unwrap();
    let said = check::against_truth(&hospital, &places, &matches, &devices).unwrap();
    assert_eq!(said.len(), 3, "a row without verdict, a wrong stranger, a missed one: {said:?}");
    assert!(
        said.iter().any(|line| line.contains(first.device.clone().unwrap().0.as_str())),
        "{said:?}"
    );
}
