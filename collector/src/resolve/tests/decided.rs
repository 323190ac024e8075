//! What a person said stands against every later scan, and gives both histories back when it is
//! withdrawn.

use std::collections::BTreeSet;

use daicho_common::time::Timestamp;

use super::*;
use crate::decision::{Corrected, Decided, Decision, Key, Standing};
use crate::evidence::weigh;

fn key(text: &str) -> Key {
    Key::Mac(mac(text))
}

fn decided(id: u64, what: Decision) -> Decided {
    let (by, why) = ("情報係".to_owned(), "現物確認".to_owned());
    Decided { id, at: Timestamp::from_micros(0), by, why, what }
}

fn told(case: &Case, said: &[Decided]) -> Vec<Device> {
    resolve_as_told(&weigh(&case.seen), &Rows::builtin().unwrap(), &Standing::of(said)).devices
}

fn ids(devices: &[Device]) -> Vec<&str> {
    devices.iter().map(|device| device.id.0.as_str()).collect()
}

#[test]
fn what_a_person_pins_is_one_device_in_every_later_scan_and_says_who_and_why() {
    let case = Case::new().arp("10.0.0.1", A).arp("10.0.0.2", B).system("10.0.0.2", "ana");
    let pin = [decided(7, Decision::Join { a: key(B), b: key(A) })];
    let later = Case::new().arp("10.0.0.1", A).arp("10.0.0.2", B).day(9).arp("10.0.0.2", B);
    assert_eq!(ids(&told(&later, &pin)), [ID_A]);
    let devices = told(&case, &pin);
    assert_eq!(ids(&devices), [ID_A]);
    assert_eq!(names(&devices[0]), ["ana"]);
    let (by, why) = ("情報係".to_owned(), "現物確認".to_owned());
    let reason = JoinReason::Person(Box::new(Pinned { decision: 7, by, why }));
    let join = devices[0].joins.iter().find(|join| join.reason == reason).unwrap();
    assert_eq!(join.sources, []);
}

#[test]
fn what_a_person_splits_stays_two_devices_whatever_ties_them_and_withdrawing_restores_both() {
    let case = Case::new()
        .arp("10.0.0.1", A)
        .arp("10.0.0.2", B)
        .system("10.0.0.2", "ana")
        .lists("10.0.0.1", &[A, B], &["10.0.0.1", "10.0.0.2"])
        .lists("10.0.0.2", &[A, B], &["10.0.0.1", "10.0.0.2"]);
    let whole = told(&case, &[]);
    assert_eq!(ids(&whole), [ID_A]);
    let mut said = vec![decided(1, Decision::Split { a: key(A), b: key(B) })];
    let parted = told(&case, &said);
    assert_eq!(ids(&parted), [ID_A, ID_B]);
    assert_eq!(names(&parted[0]), [] as [&str; 0]);
    assert_eq!(names(&parted[1]), ["ana"]);
    assert_eq!(ips(&parted[0]), [ip("10.0.0.1")]);
    said.push(decided(2, Decision::Withdraw { decision: 1 }));
    assert_eq!(told(&case, &said), whole);
}

#[test]
fn withdrawing_a_pin_restores_both_histories() {
    let case = Case::new().arp("10.0.0.1", A).system("10.0.0.1", "one").arp("10.0.0.2", B);
    let before = told(&case, &[]);
    let mut said = vec![decided(1, Decision::Join { a: key(A), b: key(B) })];
    assert_eq!(told(&case, &said).len(), 1);
    said.push(decided(2, Decision::Withdraw { decision: 1 }));
    assert_eq!(told(&case, &said), before);
}

#[test]
fn a_split_holds_when_a_third_card_ties_both() {
    let case = Case::new()
        .arp("10.0.0.1", A)
        .arp("10.0.0.2", B)
        .arp("10.0.0.3", C)
        .lists("10.0.0.1", &[A, B, C], &["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        .lists("10.0.0.2", &[A, B, C], &["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        .lists("10.0.0.3", &[A, B, C], &["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    let said = [decided(1, Decision::Split { a: key(A), b: key(B) })];
    let devices = told(&case, &said);
    let holds = |device: &Device, text: &str| device.macs.iter().any(|it| it.value == mac(text));
    assert_eq!(devices.len(), 2);
    assert!(!devices.iter().any(|device| holds(device, A) && holds(device, B)));
}

#[test]
fn two_serial_numbers_on_one_card_become_two_devices_when_a_person_says_so() {
    let upnp = |case: Case, serial: &str| {
        case.serves("10.0.0.1", Method::Upnp, &[("serial", serial), ("model", "Sample 5")])
    };
    let case = upnp(upnp(Case::new().arp("10.0.0.1", A), "QX4820917").day(9), "QX4820771");
    assert_eq!(told(&case, &[]).len(), 1);
    let [a, b] = ["QX4820917", "QX4820771"].map(|serial| Key::Serial(serial.to_owned()));
    let devices = told(&case, &[decided(1, Decision::Split { a, b })]);
    let serials: BTreeSet<String> = devices
        .iter()
        .filter_map(|device| Some(device.serial.as_ref()?.value.to_string()))
        .collect();
    assert_eq!(serials, BTreeSet::from(["QX4820917".to_owned(), "QX4820771".to_owned()]));
}

#[test]
fn a_corrected_field_is_a_persons_word_and_stands_against_what_is_seen_later() {
    let case = Case::new().arp("10.0.0.1", A).describes(
        "10.0.0.1",
        "fw",
        "1.3.6.1.4.1.12356.101",
        "FortiGate-60F v7.0.12,build0523",
    );
    let correct = |id, field, value: &str| {
        decided(id, Decision::Correct { device: key(A), field, value: value.to_owned() })
    };
    let said = [
        correct(1, Corrected::Class, "router"),
        correct(2, Corrected::Vendor, "見本製作所"),
        correct(3, Corrected::Name, "会計ルータ"),
        correct(4, Corrected::Class, "no such class"),
        decided(5, Decision::Withdraw { decision: 4 }),
    ];
    let device = told(&case, &said).remove(0);
    let class = device.class.unwrap();
    assert_eq!((class.value, class.grade), (Class::Router, Grade::Asserted));
    let vendor = device.vendor.unwrap();
    assert_eq!((vendor.value.as_str(), vendor.grade), ("見本製作所", Grade::Asserted));
    assert_eq!(device.names[0].value, "会計ルータ");
    assert_eq!(device.names[1].value, "fw", "what it calls itself is kept");
}

#[test]
fn the_order_of_decisions_changes_nothing() {
    let case = Case::new().arp("10.0.0.1", A).arp("10.0.0.2", B).arp("10.0.0.3", C);
    let mut said = vec![
        decided(1, Decision::Join { a: key(A), b: key(B) }),
        decided(2, Decision::Join { a: key(B), b: key(C) }),
        decided(3, Decision::Split { a: key(A), b: key(C) }),
    ];
    let one = told(&case, &said);
    assert_eq!(one.len(), 2);
    said.reverse();
    assert_eq!(told(&case, &said), one);
}
