use daicho_common::coverage::NotAsked;
use daicho_common::observation::Fact;
use daicho_common::observation::table::{self, Cell};

use super::*;
use crate::ledger::{Entry, State};
use crate::resolve::case::{Case, ip, look, mac, morning};

const A: &str = "00:1a:2b:00:00:0a";
const B: &str = "00:1a:2b:00:00:0b";
const ID_A: &str = "mac-001a2b00000a";
const ID_B: &str = "mac-001a2b00000b";

/// A row with this name of a host, address and MAC address; empty: not declared.
pub(crate) fn row(number: u32, host: &str, address: &str, declared: &str) -> Entry {
    Entry {
        place: Place { book: "book.xlsx".into(), sheet: "1".into(), row: number },
        sheet: 0,
        cells: Vec::new(),
        asset_number: format!("N-{number}"),
        name: String::new(),
        host_name: host.to_owned(),
        kind: String::new(),
        ips: if address.is_empty() { Vec::new() } else { vec![ip(address)] },
        dhcp: false,
        macs: if declared.is_empty() { Vec::new() } else { vec![mac(declared)] },
        vendor: String::new(),
        model: String::new(),
        serial: String::new(),
        location: String::new(),
        version: String::new(),
        maintainer: String::new(),
        remote_maintenance: None,
        state: State::InUse,
        offline: false,
        ..Entry::default()
    }
}

fn held(case: &Case, rows: Vec<Entry>, coverage: &[Coverage]) -> Vec<Match> {
    let ledger = Ledger { entries: rows, ..Ledger::default() };
    reconcile(&case.devices(), &ledger, coverage, (&Absence::default(), &Private::default()))
}

/// The only row's match, and the devices left over.
fn one(case: &Case, row: Entry, coverage: &[Coverage]) -> (Match, Vec<String>) {
    let mut matches = held(case, vec![row], coverage);
    let left = matches.split_off(1).into_iter().map(|m| m.device.unwrap().0.to_string()).collect();
    (matches.remove(0), left)
}

fn fields(verdict: &Verdict) -> Vec<Field> {
    let Verdict::Differs { differences } = verdict else { panic!("{verdict:?}") };
    differences.iter().map(|d| d.field).collect()
}

fn doubts(verdict: &Verdict) -> Vec<Doubt> {
    let Verdict::CannotTell { doubts } = verdict else { panic!("{verdict:?}") };
    doubts.clone()
}

fn ward() -> Coverage {
    look(Method::Arp, "10.0.0.0/24", &["10.0.0.1", "10.0.0.2"])
}

fn seen() -> Case {
    Case::new().arp("10.0.0.1", A).system("10.0.0.1", "pc-01").arp("10.0.0.2", B)
}

#[test]
fn a_row_that_says_what_was_seen_agrees() {
    let (found, left) = one(&seen(), row(2, "PC-01.hospital.local", "10.0.0.1", A), &[ward()]);
    assert_eq!(found.verdict, Verdict::Agreed);
    assert_eq!(found.by, [MatchedBy::Mac, MatchedBy::Ip, MatchedBy::HostName]);
    assert_eq!(left, [ID_B]);
}

#[test]
fn a_mac_seen_at_another_address_is_a_difference_in_the_address() {
    let (found, left) = one(&seen(), row(2, "", "10.0.0.9", A), &[ward()]);
    assert_eq!(fields(&found.verdict), [Field::Ip]);
    assert_eq!(found.device.unwrap().0, ID_A);
    assert_eq!(left, [ID_B]);
    let dhcp = Entry { dhcp: true, ..row(2, "", "10.0.0.9", A) };
    assert_eq!(one(&seen(), dhcp, &[ward()]).0.verdict, Verdict::Agreed);
}

#[test]
fn another_mac_at_the_declared_address_is_one_difference_and_no_unknown_device() {
    let wrong = "00:1a:2b:00:00:ff";
    for host in ["pc-01", ""] {
        let (found, left) = one(&seen(), row(2, host, "10.0.0.1", wrong), &[ward()]);
        assert_eq!(fields(&found.verdict), [Field::Mac], "{host}");
        assert_eq!(left, [ID_B], "{host}");
    }
}

#[test]
fn an_address_held_by_a_device_with_another_name_and_mac_is_another_device() {
    let (found, left) = one(&seen(), row(2, "mri-3", "10.0.0.1", "00:1a:2b:00:00:ff"), &[ward()]);
    let other = Doubt::OtherDeviceAtAddress(crate::resolve::DeviceId(ID_A.into()));
    assert_eq!(doubts(&found.verdict), [other]);
    assert_eq!(left, [ID_A, ID_B]);
}

#[test]
fn a_device_that_another_row_has_by_its_mac_is_not_taken_by_its_address() {
    let rows = vec![row(2, "", "10.0.0.1", "00:1a:2b:00:00:ff"), row(3, "", "10.0.0.7", A)];
    let matches = held(&seen(), rows, &[ward()]);
    let other = Doubt::OtherDeviceAtAddress(crate::resolve::DeviceId(ID_A.into()));
    assert_eq!(doubts(&matches[0].verdict), [other]);
    assert_eq!(fields(&matches[1].verdict), [Field::Ip]);
}

#[test]
fn rows_that_mean_one_device_both_get_it() {
    let rows = vec![row(2, "pc-01", "10.0.0.1", A), row(3, "", "10.0.0.1", "")];
    let matches = held(&seen(), rows, &[ward()]);
    assert_eq!(matches.len(), 3);
    assert_eq!(matches[0].verdict, Verdict::Agreed);
    assert_eq!(matches[1].verdict, Verdict::Agreed);
    assert_eq!(matches[1].device, matches[0].device);
}

#[test]
fn an_address_alone_or_a_name_alone_can_tell_a_device() {
    assert_eq!(one(&seen(), row(2, "", "10.0.0.1", ""), &[]).0.by, [MatchedBy::Ip]);
    let named = one(&seen(), row(2, "pc-01", "", ""), &[]).0;
    assert_eq!((named.by, named.verdict), (vec![MatchedBy::HostName], Verdict::Agreed));
    let moved = one(&seen(), row(2, "pc-01", "10.0.0.9", ""), &[]).0;
    assert_eq!(fields(&moved.verdict), [Field::Ip]);
}

#[test]
fn a_name_that_two_devices_have_tells_neither() {
    let case = seen().system("10.0.0.2", "pc-01");
    let (found, left) = one(&case, row(2, "pc-01", "", ""), &[ward()]);
    assert!(
        matches!(&doubts(&found.verdict)[..], [Doubt::NothingToLookFor, Doubt::Ambiguous(ids)] if ids.len() == 2)
    );
    assert_eq!(left.len(), 2);
}

#[test]
fn the_two_macs_of_one_row_account_for_two_devices() {
    let both = Entry { macs: vec![mac(A), mac(B)], ..row(2, "", "10.0.0.2", "") };
    let (found, left) = one(&seen(), both, &[ward()]);
    assert_eq!(found.verdict, Verdict::Agreed);
    assert_eq!(found.device.unwrap().0, ID_B);
    assert_eq!(left, [] as [&str; 0]);
}

#[test]
fn maker_and_model_differ_only_where_both_sides_say_something() {
    let text = "RICOH MP C3004 1.14 / RICOH Network Printer C model";
    let case = Case::new().arp("10.0.0.1", A).describes("10.0.0.1", "m", "1.3.6.1.4.1.367.1", text);
    let declared = |vendor: &str, model: &str, version: &str| Entry {
        vendor: vendor.to_owned(),
        model: model.to_owned(),
        version: version.to_owned(),
        ..row(2, "", "10.0.0.1", A)
    };
    let verdict = |row| one(&case, row, &[]).0.verdict;
    assert_eq!(verdict(declared("㈱リコー", "ｍｐ　Ｃ３００４", "Ver.1.14")), Verdict::Agreed);
    assert_eq!(verdict(declared("町の文具店", "", "")), Verdict::Agreed);
    let all = [Field::Vendor, Field::Model, Field::Version];
    assert_eq!(fields(&verdict(declared("キヤノン", "iR-ADV C5535", "2.0"))), all);
}

#[test]
fn another_version_than_declared_is_told_even_where_one_begins_like_the_other() {
    let text = "FortiGate-60F v7.0.12,build0523";
    let case =
        Case::new().arp("10.0.0.1", A).describes("10.0.0.1", "m", "1.3.6.1.4.1.12356.1", text);
    let declared =
        |version: &str| Entry { version: version.to_owned(), ..row(2, "", "10.0.0.1", A) };
    let verdict = |version| one(&case, declared(version), &[]).0.verdict;
    assert!(case.devices()[0].version.as_ref().unwrap().value.starts_with("7.0.12"));
    assert_eq!(verdict("Ver７．０．１２"), Verdict::Agreed);
    assert_eq!(fields(&verdict("7.0.1")), [Field::Version]);
}

#[test]
fn a_device_that_says_another_floor_than_the_book_differs_in_its_place() {
    let system = Fact::System {
        description: "".into(),
        object_id: String::new(),
        name: "".into(),
        location: "Bldg. East 4F".into(),
        contact: "".into(),
    };
    let case = Case::new().arp("10.0.0.1", A).tells("10.0.0.1", system);
    let declared = |at: &str| Entry { location: at.to_owned(), ..row(2, "", "10.0.0.1", A) };
    let verdict = |at| one(&case, declared(at), &[]).0.verdict;
    assert_eq!(verdict("東病棟４階"), Verdict::Agreed);
    assert_eq!(verdict("放射線科"), Verdict::Agreed);
    let found = verdict("東病棟３階");
    assert_eq!(fields(&found), [Field::Location]);
    let Verdict::Differs { differences } = found else { panic!() };
    assert_eq!(differences[0].observed, "Bldg. East 4F");
    assert!(!differences[0].sources.is_empty());
}

#[test]
fn a_model_that_was_guessed_from_the_shape_of_words_contradicts_no_book() {
    let text = "ZX-4410 managed something, Firmware Version 4.2.1";
    let case =
        Case::new().arp("10.0.0.1", A).describes("10.0.0.1", "m", "1.3.6.1.4.1.99999.1", text);
    let declared = |model: &str| Entry { model: model.to_owned(), ..row(2, "", "10.0.0.1", A) };
    let device = case.devices().remove(0);
    assert_eq!(device.model.as_ref().unwrap().value, "ZX-4410");
    assert_eq!(one(&case, declared("AB-1"), &[]).0.verdict, Verdict::Agreed);
}

#[test]
fn nobody_at_a_covered_address_is_not_seen() {
    let (found, left) = one(&seen(), row(2, "pc-09", "10.0.0.9", "00:1a:2b:00:00:ff"), &[ward()]);
    let Verdict::NotSeen { looked } = found.verdict else { panic!("{:?}", found.verdict) };
    assert_eq!(looked.len(), 1);
    assert_eq!((looked[0].address(), looked[0].method()), (ip("10.0.0.9"), Method::Arp));
    assert_eq!(left.len(), 2);
}

#[test]
fn silence_without_coverage_is_no_verdict() {
    let silent = || row(2, "", "10.0.0.9", "");
    assert_eq!(doubts(&one(&seen(), silent(), &[]).0.verdict), [Doubt::NotCovered]);
    let elsewhere = [look(Method::Arp, "10.7.0.0/24", &[])];
    assert_eq!(doubts(&one(&seen(), silent(), &elsewhere).0.verdict), [Doubt::NotCovered]);
    let echo = [look(Method::IcmpEcho, "10.0.0.0/24", &[])];
    assert_eq!(doubts(&one(&seen(), silent(), &echo).0.verdict), [Doubt::Inconclusive]);
    let mut denied = ward();
    let addresses = [ip("10.0.0.9")].into_iter().collect();
    denied.asked = [ip("10.0.0.1")].into_iter().collect();
    denied.not_asked = vec![NotAsked { addresses, why: Why::Denied }];
    assert_eq!(
        doubts(&one(&seen(), silent(), &[denied]).0.verdict),
        [Doubt::NotAsked(Why::Denied)]
    );
}

#[test]
fn an_address_that_answered_anything_in_the_same_look_is_not_silent() {
    let looks = [ward(), look(Method::IcmpEcho, "10.0.0.0/24", &["10.0.0.9"])];
    let (found, _) = one(&seen(), row(2, "", "10.0.0.9", ""), &looks);
    assert_eq!(doubts(&found.verdict), [Doubt::Inconclusive]);
}

#[test]
fn every_declared_address_must_be_covered() {
    let two = Entry { ips: vec![ip("10.0.0.9"), ip("10.7.0.9")], ..row(2, "", "", "") };
    assert_eq!(doubts(&one(&seen(), two.clone(), &[ward()]).0.verdict), [Doubt::NotCovered]);
    let looks = [ward(), look(Method::Arp, "10.7.0.0/24", &[])];
    assert!(
        matches!(one(&seen(), two, &looks).0.verdict, Verdict::NotSeen { looked } if looked.len() == 2)
    );
}

#[test]
fn a_row_without_a_fixed_address_may_be_anywhere() {
    let dhcp = Entry { dhcp: true, ..row(2, "", "", "00:1a:2b:00:00:ff") };
    assert_eq!(doubts(&one(&seen(), dhcp, &[ward()]).0.verdict), [Doubt::AddressUnknown]);
    let nothing = row(2, "", "", "");
    assert_eq!(doubts(&one(&seen(), nothing, &[ward()]).0.verdict), [Doubt::NothingToLookFor]);
}

#[test]
fn q3_what_is_declared_off_the_network_is_not_missing_but_may_be_found() {
    let offline = |address| Entry { offline: true, ..row(2, "", address, "") };
    assert_eq!(one(&seen(), offline("10.0.0.9"), &[ward()]).0.verdict, Verdict::NotConnected);
    assert_eq!(fields(&one(&seen(), offline("10.0.0.1"), &[ward()]).0.verdict), [Field::Connected]);
    for state in [State::Spare, State::Stopped, State::Retired] {
        let shelved = Entry { state, ..row(2, "", "10.0.0.9", "") };
        assert_eq!(one(&seen(), shelved, &[ward()]).0.verdict, Verdict::NotConnected);
    }
    let stopped = Entry { state: State::Stopped, ..row(2, "", "10.0.0.1", A) };
    assert_eq!(fields(&one(&seen(), stopped, &[ward()]).0.verdict), [Field::State]);
}

#[test]
fn a_retired_device_is_found_by_its_mac_and_never_by_its_address_alone() {
    let retired = |declared| Entry { state: State::Retired, ..row(2, "", "10.0.0.1", declared) };
    assert_eq!(one(&seen(), retired(A), &[ward()]).0.verdict, Verdict::RetiredButSeen);
    let (found, left) = one(&seen(), retired(""), &[ward()]);
    assert_eq!(found.verdict, Verdict::NotConnected);
    assert_eq!(left, [ID_A, ID_B]);
}

#[test]
fn a_device_that_left_an_address_no_longer_answers_for_it_in_the_book() {
    let case = Case::new().arp("10.0.0.1", A).day(4).arp("10.0.0.5", A);
    let (found, _) = one(&case, row(2, "", "10.0.0.1", A), &[]);
    assert_eq!(fields(&found.verdict), [Field::Ip]);
}

#[test]
fn a_serial_tells_a_device_and_a_placeholder_does_not() {
    let text = |serial| format!("HP ETHERNET MULTI-ENVIRONMENT,SN:{serial},FN:1,PID:HP LaserJet 4");
    let case = |serial| Case::new().describes("10.0.0.1", "", "", &text(serial));
    let declared = |serial: &str| Entry { serial: serial.to_owned(), ..row(2, "", "", "") };
    let found = one(&case("CNB1234"), declared("ｃｎｂ1234"), &[]).0;
    assert_eq!((found.by, found.verdict), (vec![MatchedBy::Serial], Verdict::Agreed));
    let placeholder = one(&case("123456789"), declared("123456789"), &[]).0;
    assert_eq!(doubts(&placeholder.verdict), [Doubt::NothingToLookFor]);
}

/// A switch that answers lists B as heard; somebody echoes from 10.9.0.7 in a routed network.
fn two_sides() -> Case {
    let index = mac(B).octets().map(u32::from).to_vec();
    let cells = [("dot1dTpFdbPort".to_owned(), Cell::Integer(3))].into();
    let rows = vec![table::Row { index, cells }];
    let heard = table::Rows { table: "dot1dTpFdbTable".into(), context: String::new(), rows };
    let case = Case::new().arp("10.0.0.1", A).tells("10.0.0.1", Fact::Rows(Box::new(heard)));
    case.network("medical").echo("10.9.0.7")
}

#[test]
fn a_row_with_both_accounts_for_what_echoes_at_its_address_and_what_a_switch_heard() {
    let (found, left) = one(&two_sides(), row(2, "", "10.9.0.7", B), &[]);
    assert_eq!(found.verdict, Verdict::Agreed);
    assert_eq!(found.by, [MatchedBy::Mac, MatchedBy::Ip]);
    let ids: Vec<&str> = found.devices().map(|id| id.0.as_str()).collect();
    assert_eq!(ids, [ID_B, "ip-medical-10.9.0.7"], "they stay two devices");
    assert_eq!(left, [ID_A]);
}

#[test]
fn what_echoes_at_the_address_of_a_row_is_told_where_anything_speaks_against_it() {
    let left = |case: &Case, row: Entry| one(case, row, &[]).1;
    let echo = "ip-medical-10.9.0.7".to_owned();
    let declared = || row(2, "", "10.9.0.7", B);
    // The machine itself was seen at another address than the row declares.
    let elsewhere = two_sides().network("ward").arp("10.0.0.9", B);
    assert!(left(&elsewhere, declared()).contains(&echo));
    // What answers gives itself another name than the row's.
    let named = two_sides().system("10.9.0.7", "somebody-else");
    assert!(left(&named, row(2, "mri-3", "10.9.0.7", B)).contains(&echo));
    // The same address answers in two networks.
    let twice = two_sides().network("clinic").echo("10.9.0.7");
    assert_eq!(left(&twice, declared()).len(), 3);
    // The row gives no fixed address, or the machine is retired.
    assert!(left(&two_sides(), Entry { dhcp: true, ..declared() }).contains(&echo));
    assert!(left(&two_sides(), Entry { state: State::Retired, ..declared() }).contains(&echo));
    // No row: both are told.
    let all = held(&two_sides(), Vec::new(), &[]);
    assert_eq!(all.len(), 3);
}

fn looks(days: &[i64]) -> Vec<Coverage> {
    let day = |day: &i64| {
        let one = look(Method::Arp, "10.0.0.0/24", &["10.0.0.1"]);
        let (from, to) = (morning(*day), morning(*day).after(std::time::Duration::from_mins(1)));
        Coverage { from, to, ..one }
    };
    days.iter().map(day).collect()
}

#[test]
fn a_portable_xray_is_missing_after_three_scans_over_two_weeks_and_a_switch_after_one() {
    let of = |name: &str, days: &[i64]| {
        let row = Entry { name: name.to_owned(), ..row(5, "", "10.0.0.9", "") };
        one(&Case::new(), row, &looks(days)).0.verdict
    };
    assert!(matches!(of("フロアスイッチ", &[0]), Verdict::NotSeen { .. }));
    let early = |misses: &[i64]| {
        let verdict = of("ポータブルX線", misses);
        let Verdict::CannotTell { doubts } = verdict else { panic!("{verdict:?}") };
        doubts
    };
    let doubt = |so_far, over_days| Doubt::Missed { so_far, over_days, misses: 3, days: 14 };
    assert_eq!(early(&[0]), [doubt(1, 0)]);
    assert_eq!(early(&[0, 1, 2]), [doubt(3, 2)]);
    assert!(matches!(of("ポータブルX線", &[0, 7, 14]), Verdict::NotSeen { .. }));
}

#[test]
fn two_agents_that_look_at_one_time_miss_a_device_once() {
    let row = Entry { name: "ノートPC".to_owned(), ..row(5, "", "10.0.0.9", "") };
    let mut both = looks(&[0]);
    both.extend(looks(&[0]));
    let Verdict::CannotTell { doubts } = one(&Case::new(), row, &both).0.verdict else { panic!() };
    assert_eq!(doubts, [Doubt::Missed { so_far: 1, over_days: 0, misses: 3, days: 7 }]);
}

#[test]
fn what_was_not_seen_for_three_months_may_be_lost() {
    let row = || row(5, "", "10.0.0.9", "");
    let of = |days: &[i64]| one(&Case::new(), row(), &looks(days)).0.verdict;
    assert!(matches!(of(&[0, 89]), Verdict::NotSeen { .. }));
    let Verdict::PossiblyLost { looked, days } = of(&[0, 90]) else { panic!() };
    assert_eq!((looked.len(), days), (1, 90));
}

#[test]
fn a_random_address_is_a_private_device_perhaps_until_a_person_permits_it() {
    use crate::decision::{Decided, Decision, Key, Standing};
    use crate::register::Register;
    let case = Case::new().arp("10.0.0.7", "da:11:22:33:44:55");
    let held = |said: &[Decided], register: Register| {
        let standing = Standing::of(said);
        let private = Private::of(&standing, &register, morning(0));
        let by = (&Absence::default(), &private);
        reconcile(&case.devices(), &Ledger::default(), &[], by).remove(0).verdict
    };
    assert_eq!(held(&[], Register::default()), Verdict::ByodCandidate);
    let key = Key::Mac(mac("da:11:22:33:44:55"));
    let what = Decision::Byod { device: key, permitted: true };
    let (by, why) = ("情報係".to_owned(), "研修医の端末".to_owned());
    let said = [Decided { id: 4, at: morning(0), by, why, what }];
    let permitted = Verdict::PermittedByod { decision: Some(4) };
    assert_eq!(held(&said, Register::default()), permitted);
    let register = |until: &str| {
        let text = format!(
            "[[byod]]\nid = \"a\"\nowner = \"研修医\"\ndevice = \"タブレット\"\nmacs = [\"da:11:22:33:44:55\"]\npurpose = \"研修\"\npermitted_by = \"部長\"\nfrom = \"1950-01\"\nuntil = \"{until}\"\n"
        );
        Register::parse(&text).unwrap()
    };
    let registered = Verdict::PermittedByod { decision: None };
    assert_eq!(held(&[], register("2099-01")), registered);
    assert_eq!(held(&[], register("1950-02")), Verdict::ByodCandidate);
}

/// A dock in which two laptops take turns; one of them was seen with a card of its own too.
fn dock() -> (Case, [String; 2]) {
    const GUIDS: [&str; 2] =
        ["9c1f52d0-0f5e-4a39-8d07-6d3b2c1a0e11", "4b7de2a1-5c60-4f0b-9a3e-70c1d2e3f455"];
    let mut case = Case::new();
    for day in 0..4 {
        let (host, guid) = if day % 2 == 0 { ("NOTE-1", GUIDS[0]) } else { ("NOTE-2", GUIDS[1]) };
        case = case.day(day).arp("10.0.0.9", B);
        case = case.serves("10.0.0.9", Method::Smb, &[("host", host), ("guid", guid)]);
    }
    let case = case.day(5).arp("10.0.0.1", A);
    let first = [("host", "NOTE-1"), ("guid", GUIDS[0])];
    let case = case.serves("10.0.0.1", Method::Smb, &first);
    let devices = case.devices();
    let id = |name: &str| {
        let called = devices.iter().find(|device| device.called() == name);
        called.unwrap_or_else(|| panic!("no {name}")).id.0.to_string()
    };
    let ids = [id("NOTE-1"), id("NOTE-2")];
    (case, ids)
}

#[test]
fn the_row_of_a_dock_does_not_hide_a_laptop_that_has_no_row() {
    let (case, [first, second]) = dock();
    let (found, left) = one(&case, row(1, "", "", B), &[]);
    assert_eq!(found.device, None);
    let ids = [&first, &second].map(|id| DeviceId(id.as_str().into()));
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    assert!(doubts(&found.verdict).contains(&Doubt::Ambiguous(ids)), "{:?}", found.verdict);
    assert_eq!(left.len(), 2, "both are told");
}

#[test]
fn a_row_with_a_docks_card_means_the_laptop_whose_name_or_own_card_it_gives() {
    let (case, [first, second]) = dock();
    let (found, left) = one(&case, row(1, "NOTE-2", "", B), &[]);
    assert_eq!((found.device, left), (Some(DeviceId(second.as_str().into())), vec![first.clone()]));
    let both = Entry { macs: vec![mac(B), mac(A)], ..row(1, "", "", B) };
    let (found, left) = one(&case, both, &[]);
    assert_eq!((found.device, left), (Some(DeviceId(first.into())), vec![second]));
}
