use std::collections::BTreeMap;

use daicho_common::observation::table::{Cell, Row, Rows as Told, TableRead};
use daicho_common::observation::{Fact, Method, Observation, Outcome};

use super::*;
use crate::evidence::Grade;
use crate::fingerprint::{Class, Rows};
use crate::ledger::Ledger;
use crate::picture::{Picture, of_scan};
use crate::resolve::case::{Case, ip, mac};
use crate::resolve::{Device, Through};

mod said;
mod shared;

/// Switches at 10.0.0.1 and 10.0.0.2, with MAC addresses that end so.
fn switch(case: Case, number: u8, name: &str) -> Case {
    let (address, own) = (format!("10.0.0.{number}"), format!("00:1a:eb:00:00:{number:02x}"));
    case.arp(&address, &own).system(&address, name)
}

fn row(index: Vec<u32>, cells: Vec<(&str, Cell)>) -> Row {
    let cells: BTreeMap<String, Cell> =
        cells.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect();
    Row { index, cells }
}

fn told(case: Case, number: u8, table: &str, rows: Vec<Row>) -> Case {
    let rows = Told { table: table.into(), context: String::new(), rows };
    case.tells(&format!("10.0.0.{number}"), Fact::Rows(Box::new(rows)))
}

/// The switch heard these stations (last octet) on these ports.
fn hears(case: Case, number: u8, heard: &[(&str, i32)]) -> Case {
    let one = |(station, port): &(&str, i32)| {
        let index = mac(station).octets().map(u32::from).to_vec();
        row(index, vec![("dot1dTpFdbPort", Cell::Integer(*port))])
    };
    told(case, number, "dot1dTpFdbTable", heard.iter().map(one).collect())
}

/// On its port the switch has switch `other`, which says that this is its port `far`.
fn beside(case: Case, number: u8, port: u32, (other, far): (u8, &str)) -> Case {
    let chassis = mac(&format!("00:1a:eb:00:00:{other:02x}"));
    let cells = vec![
        ("lldpRemChassisIdSubtype", Cell::Integer(4)),
        ("lldpRemChassisId", Cell::from_octets(&chassis.octets())),
        ("lldpRemPortIdSubtype", Cell::Integer(7)),
        ("lldpRemPortId", Cell::from_octets(far.as_bytes())),
        ("lldpRemSysCapEnabled", Cell::from_octets(&[0x20, 0])),
    ];
    told(case, number, "lldpRemTable", vec![row(vec![0, port, 1], cells)])
}

fn ports(case: Case, number: u8, count: u32) -> Case {
    (1..=count).fold(case, |case, index| {
        let fact = Fact::Interface {
            index,
            name: format!("p{index}").as_str().into(),
            description: "".into(),
            alias: "".into(),
            kind: 6,
            mac: None,
            up: true,
        };
        case.tells(&format!("10.0.0.{number}"), fact)
    })
}

fn picture(seen: &[Observation]) -> Picture {
    of_scan(seen, &[], &Ledger::default(), &Rows::builtin().unwrap())
}

const A: &str = "00:0b:5d:00:00:0a";
const B: &str = "00:0b:5d:00:00:1b";
const C: &str = "00:0b:5d:00:00:2c";
const D: &str = "00:0b:5d:00:00:3d";

/// Two switches on one cable (p8 to p1); A hangs on the second's p3.
fn two() -> Case {
    let case = ports(ports(switch(switch(Case::new(), 1, "up"), 2, "down"), 1, 8), 2, 8);
    let case = beside(beside(case, 1, 8, (2, "p1")), 2, 1, (1, "p8"));
    hears(hears(case, 1, &[(A, 8)]), 2, &[(A, 3)])
}

#[test]
fn a_station_hangs_on_the_switch_behind_which_there_is_none() {
    let picture = picture(&two().seen);
    let station = picture.devices.iter().find(|d| d.macs[0].value == mac(A)).unwrap();
    let [attached] = station.attached.as_slice() else { panic!("{:?}", station.attached) };
    assert_eq!((attached.value.switch_name.as_str(), attached.value.port.as_str()), ("down", "p3"));
    assert_eq!(attached.sources.len(), 2, "both switches say so");
    let [link] = picture.topology.links.as_slice() else { panic!("{:?}", picture.topology.links) };
    assert_eq!(
        (link.said, link.near.port.as_str(), link.far.port.as_str()),
        (Said::Both, "p8", "p1")
    );
    assert!(link.against.is_empty());
    // What hangs on the lower one is carried by both.
    for switch in ["mac-001aeb000001", "mac-001aeb000002"] {
        let carried = picture.topology.carried_by(&DeviceId(switch.into()));
        assert!(carried.iter().any(|one| one.device == station.id), "{switch}");
    }
}

#[test]
fn ends_that_contradict_each_other_are_both_kept() {
    let case = switch(Case::new(), 3, "third");
    let case = ports(ports(ports(switch(switch(case, 1, "up"), 2, "down"), 1, 8), 2, 8), 3, 8);
    // The first says that the second is on p8; the second says that its p1 leads to the third.
    let case = beside(beside(case, 1, 8, (2, "p1")), 2, 1, (3, "p5"));
    let links = picture(&case.seen).topology.links;
    assert_eq!(links.len(), 2);
    let doubted =
        links.iter().find(|link| link.near.name == "up" || link.far.name == "up").unwrap();
    assert_eq!(doubted.said, Said::One);
    assert_eq!(doubted.against.len(), 1, "{doubted:?}");
}

#[test]
fn a_switch_that_does_not_show_the_station_leaves_it_beyond() {
    let case = ports(ports(switch(switch(Case::new(), 1, "up"), 2, "down"), 1, 8), 2, 8);
    let case = beside(beside(case, 1, 8, (2, "p1")), 2, 1, (1, "p8"));
    let case = hears(hears(case, 1, &[(A, 8)]), 2, &[(B, 3)]);
    let picture = picture(&case.seen);
    let station = picture.devices.iter().find(|d| d.macs[0].value == mac(A)).unwrap();
    let attached = &station.attached[0].value;
    assert_eq!((attached.switch_name.as_str(), attached.port.as_str()), ("up", "p8"));
    assert_eq!(attached.through, Some(Through::Beyond("mac-001aeb000002".into())));
}

#[test]
fn rows_that_contradict_each_other_without_a_third_place_nobody() {
    let case = ports(ports(switch(switch(Case::new(), 1, "up"), 2, "down"), 1, 8), 2, 8);
    let case = beside(beside(case, 1, 8, (2, "p1")), 2, 1, (1, "p8"));
    let case = hears(hears(case, 1, &[(A, 5)]), 2, &[(A, 3)]);
    let picture = picture(&case.seen);
    assert!(picture.devices.iter().all(|device| device.attached.is_empty()));
    let [doubt] = picture.topology.contradictions.as_slice() else { panic!("no contradiction") };
    assert_eq!((doubt.mac, doubt.ports.len()), (mac(A), 2));
    let told = picture.findings.iter().find(|it| it.id.starts_with("duplicate_mac:")).unwrap();
    assert_eq!(*told.detail, [A, "up p5", "down p3"]);
    assert_eq!(told.evidence.len(), doubt.sources.len());
    assert!(told.evidence.len() >= 2, "{told:?}");
}

#[test]
fn three_stations_on_a_port_are_a_hub_and_two_once_are_only_possible() {
    let of = |heard: &[(&str, i32)]| {
        let case = ports(switch(Case::new(), 1, "up"), 1, 8);
        let shared = picture(&hears(case, 1, heard).seen).topology.shared;
        shared.iter().map(|one| (one.cause, one.confidence)).collect::<Vec<_>>()
    };
    assert_eq!(of(&[(A, 3), (B, 3), (C, 3)]), [(Cause::Hub, Confidence::Likely)]);
    assert_eq!(of(&[(A, 3), (B, 3)]), [(Cause::Hub, Confidence::Possible)]);
    assert_eq!(of(&[(A, 3), (B, 4)]), []);
    let machines = [("00:50:56:00:00:01", 3), ("00:50:56:00:00:09", 3), (A, 3)];
    assert_eq!(of(&machines), [(Cause::VirtualMachines, Confidence::Likely)]);
}

#[test]
fn two_stations_heard_again_a_day_later_are_a_hub() {
    let case = ports(switch(Case::new(), 1, "up"), 1, 8);
    let case = hears(hears(case, 1, &[(A, 3), (B, 3)]).day(1), 1, &[(A, 3), (B, 3)]);
    let shared = picture(&case.seen).topology.shared;
    assert_eq!((shared[0].cause, shared[0].confidence), (Cause::Hub, Confidence::Likely));
    assert!(shared[0].reasons.contains(&Reason::Again { readings: 2 }));
}

#[test]
fn whose_gear_stands_in_tables_alone_is_told_by_its_mac_address() {
    // The block is that of a maker of nurse call, and nothing else of it.
    let nurse_call = "00:0b:aa:00:00:07";
    let cells = vec![("ipNetToMediaPhysAddress", Cell::from_octets(&mac(nurse_call).octets()))];
    let rows = vec![row(vec![2, 10, 9, 0, 7], cells)];
    let case = told(switch(Case::new(), 1, "router"), 1, "ipNetToMediaTable", rows);
    let seen = picture(&case.seen);
    let found = seen.devices.iter().find(|d| d.macs[0].value == mac(nurse_call)).unwrap();
    let class = found.class.clone().unwrap();
    assert_eq!((class.value, class.grade), (Class::NurseCall, Grade::Inferred));
}

#[test]
fn a_router_makes_known_who_is_in_networks_that_nobody_touched() {
    let case = switch(Case::new(), 1, "router");
    let cells = vec![("ipNetToMediaPhysAddress", Cell::from_octets(&mac(A).octets()))];
    let shared = vec![("ipNetToMediaPhysAddress", Cell::from_octets(&[0, 0, 0x5e, 0, 1, 1]))];
    let rows = vec![row(vec![2, 10, 9, 0, 7], cells), row(vec![2, 10, 9, 0, 1], shared)];
    let case = told(case, 1, "ipNetToMediaTable", rows);
    let seen = picture(&case.seen);
    assert_eq!(seen.devices.len(), 2, "{:?}", seen.devices);
    let found = seen.devices.iter().find(|d| d.macs[0].value == mac(A)).unwrap();
    assert_eq!(found.macs[0].grade, Grade::Reported);
    assert_eq!(found.addresses[0].ip, ip("10.9.0.7"));
    // Somebody behind the router who answered at that address is the same device.
    let answered = picture(&case.echo("10.9.0.7").seen);
    assert_eq!(answered.devices.len(), 2);
    assert!(answered.devices.iter().any(|d| d.id == found.id && !d.joins.is_empty()));
}

#[test]
fn a_table_does_not_move_an_address_that_was_seen_directly() {
    let case = switch(Case::new(), 1, "router").arp("10.0.0.7", B);
    let cells = vec![("ipNetToMediaPhysAddress", Cell::from_octets(&mac(A).octets()))];
    let case = told(case, 1, "ipNetToMediaTable", vec![row(vec![2, 10, 0, 0, 7], cells)]);
    let devices = picture(&case.seen).devices;
    let of = |text: &str| devices.iter().find(|d| d.macs[0].value == mac(text)).unwrap();
    assert!(of(A).addresses.is_empty(), "the row is out of date");
    assert_eq!(of(B).addresses[0].ip, ip("10.0.0.7"));
}

#[test]
fn order_and_repetition_change_nothing() {
    let case = hears(hears(two(), 2, &[(B, 4), (C, 4)]).day(1), 2, &[(A, 5), (B, 4), (C, 4)]);
    let want = picture(&case.seen);
    assert!(!want.topology.shared.is_empty());
    let mut seen = case.seen;
    seen.reverse();
    seen.push(seen[0].clone());
    assert_eq!(picture(&seen), want);
    let middle = seen.len() / 2;
    seen.rotate_left(middle);
    assert_eq!(picture(&seen), want);
}

/// What two laptops call their SMB servers.
const GUIDS: [&str; 2] =
    ["9c1f52d0-0f5e-4a39-8d07-6d3b2c1a0e11", "4b7de2a1-5c60-4f0b-9a3e-70c1d2e3f455"];

/// A dock on the second switch's p3, in which two laptops take turns by days.
fn docked(days: std::ops::Range<i64>, mut case: Case) -> Case {
    for day in days {
        let (host, guid) = if day % 2 == 0 { ("NOTE-1", GUIDS[0]) } else { ("NOTE-2", GUIDS[1]) };
        case = case.day(day).arp("10.0.0.9", C);
        case = case.serves("10.0.0.9", Method::Smb, &[("host", host), ("guid", guid)]);
    }
    case
}

#[test]
fn a_docks_port_is_the_place_of_the_laptop_that_was_in_it_when_the_switch_was_read() {
    let case = ports(ports(switch(switch(Case::new(), 1, "up"), 2, "down"), 1, 8), 2, 8);
    let wired = beside(beside(case, 1, 8, (2, "p1")), 2, 1, (1, "p8"));
    let case = hears(docked(0..4, wired), 2, &[(C, 3)]);
    // The other one comes back later; the switch is not read again. It is known by its own card too.
    let case = docked(4..5, case).day(5).arp("10.0.0.7", A);
    let own = [("host", "NOTE-1"), ("guid", GUIDS[0])];
    let case = case.serves("10.0.0.7", Method::Smb, &own);
    let picture = picture(&case.seen);
    let at = |name: &str| {
        let device = picture.devices.iter().find(|device| device.called() == name).unwrap();
        device.attached.iter().map(|at| at.value.port.clone()).collect::<Vec<_>>()
    };
    assert_eq!((at("NOTE-2"), at("NOTE-1")), (vec!["p3".to_owned()], vec![]));
}
