//! Identifiers that a device carries from card to card, and those that were cloned; cards and addresses
//! that several devices have in turn.

use daicho_common::observation::table::{Cell, Row, Rows as Table};

use super::*;

const DOCK: &str = "00:1a:2b:00:00:dd";
const OTHER_RANDOM: &str = "da:66:77:88:99:aa";
const GUIDS: [&str; 2] =
    ["9c1f52d0-0f5e-4a39-8d07-6d3b2c1a0e11", "4b7de2a1-5c60-4f0b-9a3e-70c1d2e3f455"];

fn smb(case: Case, address: &str, host: &str, guid: &str) -> Case {
    case.serves(address, Method::Smb, &[("host", host), ("guid", guid)])
}

fn chassis(serial: &str) -> Fact {
    let cells = [
        ("entPhysicalClass".to_owned(), Cell::Integer(3)),
        ("entPhysicalSerialNum".to_owned(), Cell::Text(serial.into())),
    ];
    let rows = vec![Row { index: vec![1], cells: cells.into() }];
    Fact::Rows(Box::new(Table {
        table: "entPhysicalTable".to_owned(),
        context: String::new(),
        rows,
    }))
}

fn upnp(case: Case, address: &str, serial: &str) -> Case {
    case.serves(address, Method::Upnp, &[("serial", serial), ("model", "Sample 5")])
}

#[test]
fn a_replaced_card_leaves_one_device_when_it_says_the_same_serial_number() {
    let case = Case::new()
        .arp("10.0.0.1", A)
        .tells("10.0.0.1", chassis("QX4820917"))
        .day(9)
        .arp("10.0.0.1", B)
        .tells("10.0.0.1", chassis("QX4820917"));
    assert_eq!(case.ids(), [ID_A]);
    let joins = device(&case, ID_A).joins;
    let kind = IdentifierKind::Serial;
    let reason = JoinReason::SameIdentifier { kind, value: "QX4820917".into() };
    let join = joins.iter().find(|join| join.reason == reason).unwrap();
    assert_eq!(join.sources.len(), 2, "where it was said first and last");
}

#[test]
fn a_successor_with_the_name_and_the_address_of_the_one_before_is_another_device() {
    let case = smb(Case::new().arp("10.0.0.1", A), "10.0.0.1", "UKETSUKE-1", GUIDS[0]);
    let case = smb(case.day(9).arp("10.0.0.1", B), "10.0.0.1", "UKETSUKE-1", GUIDS[1]);
    assert_eq!(case.ids(), [ID_A, ID_B]);
}

#[test]
fn two_cards_that_say_one_serial_number_are_one_device_and_a_serial_number_that_many_say_joins_none()
 {
    let two = upnp(
        upnp(Case::new().arp("10.0.0.1", A).arp("10.0.0.2", B), "10.0.0.1", "QX4820917"),
        "10.0.0.2",
        "QX4820917",
    );
    let two = upnp(two.day(1).arp("10.0.0.1", A), "10.0.0.1", "QX4820917");
    assert_eq!(two.ids(), [ID_A]);
    let mut many = Case::new();
    for day in 0..2 {
        many = many.day(day);
        for (address, card) in [("10.0.0.1", A), ("10.0.0.2", B), ("10.0.0.3", C)] {
            many = upnp(many.arp(address, card), address, "QX4820917");
        }
    }
    assert_eq!(many.ids().len(), 3);
}

#[test]
fn a_serial_number_that_the_maker_left_in_place_joins_nothing() {
    for serial in ["123456789", "0", "To be filled by O.E.M.", "SN00000001", "4711"] {
        let case = upnp(Case::new().arp("10.0.0.1", A), "10.0.0.1", serial);
        let case = upnp(case.day(3).arp("10.0.0.2", B), "10.0.0.2", serial);
        assert_eq!(case.ids(), [ID_A, ID_B], "{serial}");
    }
}

#[test]
fn computers_from_one_image_stay_apart_because_their_names_differ() {
    let mut case = Case::new();
    for day in 0..3 {
        case = smb(case.day(day).arp("10.0.0.1", A), "10.0.0.1", "PC-1", GUIDS[0]);
        case = smb(case.arp("10.0.0.2", B), "10.0.0.2", "PC-2", GUIDS[0]);
    }
    assert_eq!(case.ids(), [ID_A, ID_B]);
}

#[test]
fn a_dock_in_which_laptops_take_turns_makes_no_two_laptops_one() {
    let mut case = Case::new();
    for day in 0..4 {
        let (host, guid) = if day % 2 == 0 { ("NOTE-1", GUIDS[0]) } else { ("NOTE-2", GUIDS[1]) };
        case = smb(case.day(day).arp("10.0.0.9", DOCK), "10.0.0.9", host, guid);
    }
    // One of them is known by its own card too.
    let case = smb(case.day(5).arp("10.0.0.1", A), "10.0.0.1", "NOTE-1", GUIDS[0]);
    let devices = case.devices();
    assert_eq!(devices.len(), 2);
    let own = device(&case, ID_A);
    assert_eq!(names(&own), ["NOTE-1"]);
    assert_eq!(ips(&own), [ip("10.0.0.1"), ip("10.0.0.9")], "at home and in the dock");
    assert_eq!(names(devices.iter().find(|it| it.id.0 != ID_A).unwrap()), ["NOTE-2"]);
}

#[test]
fn a_computer_that_was_named_anew_and_installed_anew_is_no_dock() {
    let case = smb(Case::new().arp("10.0.0.1", A), "10.0.0.1", "OLD-1", GUIDS[0]);
    let case = smb(case.day(9).arp("10.0.0.1", A), "10.0.0.1", "NEW-1", GUIDS[1]);
    assert_eq!(case.ids(), [ID_A]);
    assert_eq!(names(&device(&case, ID_A))[0], "NEW-1");
}

#[test]
fn what_hangs_behind_a_wireless_bridge_is_not_the_bridge() {
    let mut case = Case::new();
    for day in 0..2 {
        case = case.day(day);
        for (address, name) in
            [("10.0.0.1", "bridge"), ("10.0.0.2", "cart-1"), ("10.0.0.3", "cart-2")]
        {
            case = case.arp(address, A).system(address, name);
        }
    }
    let devices = case.devices();
    assert_eq!(devices.len(), 3);
    for device in &devices {
        assert_eq!((device.names.len(), device.addresses.len()), (1, 1), "{}", device.id.0);
    }
}

#[test]
fn two_private_telephones_that_had_one_address_in_turn_stay_two() {
    let case = Case::new().arp("10.0.0.7", RANDOM).echo("10.0.0.7");
    let case = case.day(30).arp("10.0.0.7", OTHER_RANDOM).echo("10.0.0.7");
    assert_eq!(case.ids().len(), 2);
}

#[test]
fn a_made_up_mac_address_that_is_made_up_anew_is_followed_by_the_serial_number_alone() {
    let case = upnp(Case::new().arp("10.0.0.7", RANDOM), "10.0.0.7", "QX4820917");
    let case = upnp(case.day(30).arp("10.0.0.9", OTHER_RANDOM), "10.0.0.9", "QX4820917");
    assert_eq!(case.ids(), ["ip-ward-10.0.0.7-da1122334455"]);
}

#[test]
fn an_address_behind_a_router_is_of_who_says_which_card_it_has() {
    let status = |case: Case, name: &str, unit: &str| {
        let fields = [("name_00", name), ("unit_id", unit)];
        case.serves("10.9.0.1", Method::NodeStatus, &fields)
    };
    let case = status(Case::new(), "PC-1", A);
    let case = status(case.day(9), "PC-2", B);
    assert_eq!(case.ids(), [ID_A, ID_B]);
    assert_eq!(names(&device(&case, ID_B)), ["PC-2"]);
}

#[test]
fn a_pc_with_many_leases_over_a_year_in_a_routers_table_is_no_crowd() {
    let row = |last: u32| {
        let cells = [("ipNetToMediaPhysAddress".to_owned(), Cell::Octets("001a2b00000a".into()))];
        let rows = vec![Row { index: vec![1, 10, 9, 0, last], cells: cells.into() }];
        let table = "ipNetToMediaTable".to_owned();
        Fact::Rows(Box::new(Table { table, context: String::new(), rows }))
    };
    let mut case = Case::new();
    for day in 1..=12 {
        let address = format!("10.9.0.{day}");
        case = case.day(day.into()).tells("10.0.0.254", row(day)).echo(&address);
    }
    let devices = case.devices();
    assert_eq!(devices.iter().filter(|it| it.id.0 == ID_A).count(), 1);
    assert_eq!(device(&case, ID_A).addresses.len(), 12);
}

#[test]
fn neither_shuffling_nor_repeating_changes_what_is_joined_or_parted() {
    let mut case = Case::new();
    for day in 0..4 {
        let (host, guid) = if day % 2 == 0 { ("NOTE-1", GUIDS[0]) } else { ("NOTE-2", GUIDS[1]) };
        case = smb(case.day(day).arp("10.0.0.9", DOCK), "10.0.0.9", host, guid);
        case = smb(case.arp("10.0.0.1", A), "10.0.0.1", "NOTE-1", GUIDS[0]);
    }
    let one = case.devices();
    case.seen.reverse();
    let again: Vec<_> = case.seen.iter().step_by(3).cloned().collect();
    case.seen.extend(again);
    assert_eq!(case.devices(), one);
}
