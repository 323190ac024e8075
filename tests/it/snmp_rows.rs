//! What `config/snmp` promises: well-formed rows of data, nothing secret, little asked of a device
//! that has little; and a device told through it becomes fields.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use daicho_collector::fingerprint::{Class, Rows as Fingerprints};
use daicho_collector::ledger::Ledger;
use daicho_collector::{inventory::storage::Keeps, picture, resolve::Device};
use daicho_tests::measure::corpus::observations;
use daicho_tests::tables::{self, Recording, Table, Value, oid};

fn tables() -> Vec<Table> {
    tables::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

#[test]
fn every_table_is_named_once_has_columns_once_and_says_where_it_is_written() {
    let mut names = BTreeSet::new();
    for table in tables() {
        assert!(names.insert(table.name.clone()), "{} is there twice", table.name);
        assert!(!table.source.is_empty() && !table.columns.is_empty(), "{}", table.name);
        let ids: BTreeSet<u32> = table.columns.iter().map(|column| column.id).collect();
        let columns: BTreeSet<&str> = table.columns.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(ids.len(), table.columns.len(), "{}", table.name);
        assert_eq!(columns.len(), table.columns.len(), "{}", table.name);
        let harmful = table.name.starts_with("hrSW");
        assert_eq!(table.harm.is_some(), harmful, "{}", table.name);
    }
    assert!(names.len() > 120, "{}", names.len());
}

#[test]
fn no_column_holds_a_community_a_password_or_a_users_name() {
    for table in tables() {
        for column in table.columns {
            let name = column.name.to_lowercase();
            let secret = ["community", "passw", "secret", "username", "parameters"];
            let hit = secret.iter().any(|word| name.contains(word));
            assert!(!hit || column.name == "hrSystemInitialLoadParameters", "{}", column.name);
        }
    }
}

#[test]
fn a_computer_of_an_unknown_maker_is_asked_few_tables_that_it_does_not_have() {
    let computer = oid("1.3.6.1.4.1.99999.1").unwrap();
    let has = ["system", "ip", "hr", "if", "vrrpOperations"];
    let asked: Vec<String> = tables()
        .into_iter()
        .filter(|table| table.is_for(&computer))
        .filter(|table| table.after.is_none())
        .map(|table| table.name)
        .filter(|name| !has.iter().any(|begin| name.starts_with(begin)))
        .collect();
    // A question about which of them it has holds sixteen tables.
    assert!(asked.len() <= 12, "{asked:?}");
}

#[test]
fn forwarding_tables_are_read_a_vlan_and_only_of_bridges() {
    let all: BTreeMap<String, Table> = tables().into_iter().map(|t| (t.name.clone(), t)).collect();
    assert!(all["dot1dTpFdbTable"].per_vlan && all["dot1dBasePortTable"].per_vlan);
    for name in ["dot1dTpFdbTable", "dot1qTpFdbTable", "dot1dStp", "pethPsePortTable"] {
        assert_eq!(all[name].after.as_deref(), Some("dot1dBasePortTable"), "{name}");
    }
}

fn told(objects: &[(&str, Value)]) -> Device {
    let recording: Recording =
        objects.iter().map(|(id, value)| (oid(id).unwrap(), value.clone())).collect();
    let read = tables::select(&tables(), &recording);
    let seen = observations("10.1.1.1".parse().unwrap(), read);
    let fingerprints = Fingerprints::builtin().unwrap();
    picture::of_scan(&seen, &[], &Ledger::default(), &fingerprints).devices.remove(0)
}

fn text(said: &str) -> Value {
    Value::Octets(said.as_bytes().to_vec())
}

fn id(text: &str) -> Value {
    Value::ObjectId(oid(text).unwrap())
}

#[test]
fn a_multifunction_printer_with_a_disk_becomes_fields_with_their_sources() {
    let device = told(&[
        ("1.3.6.1.2.1.1.1.0", text("RICOH MP C9999 1.14 / RICOH Network Printer C model")),
        ("1.3.6.1.2.1.1.2.0", id("1.3.6.1.4.1.367.1.1")),
        ("1.3.6.1.2.1.43.5.1.1.17.1", text("T000X900001")),
        ("1.3.6.1.2.1.43.10.2.1.3.1.1", Value::Integer(7)),
        ("1.3.6.1.2.1.43.10.2.1.4.1.1", Value::Unsigned(120_345)),
        ("1.3.6.1.2.1.25.3.2.1.2.1", id("1.3.6.1.2.1.25.3.1.5")),
        ("1.3.6.1.2.1.25.3.2.1.3.1", text("RICOH MP C9999")),
        ("1.3.6.1.2.1.25.3.2.1.2.2", id("1.3.6.1.2.1.25.3.1.6")),
        ("1.3.6.1.2.1.25.3.2.1.3.2", text("HDD 320GB")),
    ]);
    assert_eq!(device.class.as_ref().unwrap().value, Class::Mfp);
    let serial = device.serial.unwrap();
    assert_eq!((serial.value.as_str(), serial.sources.len()), ("T000X900001", 1));
    assert_eq!(device.pages.unwrap().value, 120_345);
    let storage = device.storage.unwrap();
    assert_eq!(storage.value.keeps, Keeps::Yes);
    assert!(storage.value.reasons[0].ja.contains("HDD 320GB"), "{storage:?}");
}

#[test]
fn what_printer_mib_refers_to_and_no_list_has_leaves_the_storage_verdict_open() {
    let plain = [
        ("1.3.6.1.2.1.1.1.0", text("Canon LBP9999")),
        ("1.3.6.1.2.1.1.2.0", id("1.3.6.1.4.1.1602.4.7")),
        ("1.3.6.1.2.1.43.5.1.1.17.1", text("T000X900002")),
        ("1.3.6.1.2.1.25.3.2.1.2.1", id("1.3.6.1.2.1.25.3.1.5")),
        ("1.3.6.1.2.1.25.3.2.1.3.1", text("Canon LBP9999")),
        ("1.3.6.1.2.1.25.2.3.1.2.1", id("1.3.6.1.2.1.25.2.1.2")),
        ("1.3.6.1.2.1.25.2.3.1.3.1", text("RAM")),
    ];
    let keeps = |more: &[(&str, Value)]| {
        let device = told(&[&plain[..], more].concat());
        assert_eq!(device.class.unwrap().value, Class::Printer);
        device.storage.unwrap().value.keeps
    };
    assert_eq!(keeps(&[("1.3.6.1.2.1.43.5.2.1.2.1.1", Value::Integer(1))]), Keeps::No);
    assert_eq!(keeps(&[("1.3.6.1.2.1.43.5.2.1.2.2.1", Value::Integer(1))]), Keeps::Unknown);
    assert_eq!(keeps(&[("1.3.6.1.2.1.43.5.3.1.2.9.1", Value::Integer(1))]), Keeps::Unknown);
    let alert = [
        ("1.3.6.1.2.1.43.18.1.1.4.1.7", Value::Integer(3)),
        ("1.3.6.1.2.1.43.18.1.1.5.1.7", Value::Integer(1)),
        ("1.3.6.1.2.1.43.18.1.1.8.1.7", text("HDD full")),
    ];
    assert_eq!(keeps(&alert), Keeps::Yes);
}

#[test]
fn a_makers_own_table_counts_more_than_the_description_and_is_asked_of_that_maker_only() {
    let firmware = ("1.3.6.1.4.1.12356.101.4.1.1.0", text("v7.4.3,build2573 (GA)"));
    let described = |maker: &str| {
        told(&[
            ("1.3.6.1.2.1.1.1.0", text("FortiGate-60F v7.0.12,build0523,230606 (GA)")),
            ("1.3.6.1.2.1.1.2.0", id(maker)),
            firmware.clone(),
            ("1.3.6.1.4.1.12356.100.1.1.1.0", text("FGT60FTEST00001")),
        ])
    };
    let device = described("1.3.6.1.4.1.12356.101.1.1");
    assert_eq!(device.version.unwrap().value, "v7.4.3,build2573 (GA)");
    assert_eq!(device.serial.unwrap().value, "FGT60FTEST00001");
    let other = described("1.3.6.1.4.1.99999.1");
    assert_eq!(other.version.unwrap().value, "7.0.12");
    assert_eq!(other.serial, None);
}

/// What a device says of itself, and of the parts that it lists.
struct Said {
    description: &'static str,
    object_id: &'static str,
    more: &'static [(&'static str, &'static str)],
    /// Maker, model, firmware, serial number.
    is: [&'static str; 4],
    class: Class,
}

/// Of the first entity of ENTITY-MIB: that it is a chassis(3), and these columns.
const SERIAL: &str = "1.3.6.1.2.1.47.1.1.1.1.11.1";
const SOFTWARE: &str = "1.3.6.1.2.1.47.1.1.1.1.10.1";
/// prtGeneralSerialNumber, and XEROX-GENERAL-MIB's.
const PRINTER_SERIAL: &str = "1.3.6.1.2.1.43.5.1.1.17.1";
const XCM_SERIAL: &str = "1.3.6.1.4.1.253.8.53.3.2.1.3.1";

/// Devices of makers that put little into tables of their own.
const SAID: [Said; 7] = [
    Said {
        description: "RTX1210 Rev.14.01.16 (Wed Jul 13 12:00:00 2016)",
        object_id: "1.3.6.1.4.1.1182.1.99",
        more: &[],
        is: ["Yamaha", "RTX1210", "14.01.16", ""],
        class: Class::Router,
    },
    Said {
        description: "SWX3220-16MT Rev.4.02.10 (Mon Jun 13 12:00:00 2022)",
        object_id: "1.3.6.1.4.1.1182.3.99",
        more: &[(SERIAL, "Z9X900001")],
        is: ["Yamaha", "SWX3220-16MT", "4.02.10", "Z9X900001"],
        class: Class::Switch,
    },
    Said {
        description: "ALAXALA AX3640S AX-3640-24T2XW-L [AX3640S-24T2XW] Switching software Ver. 11.7 [OS-L3A]",
        object_id: "1.3.6.1.4.1.21839.1.2.11",
        more: &[(SERIAL, "TEST900002")],
        is: ["ALAXALA", "AX3640S-24T2XW", "11.7", "TEST900002"],
        class: Class::Switch,
    },
    Said {
        description: "ApresiaNP2500-24T4X Gigabit Ethernet Switch",
        object_id: "1.3.6.1.4.1.278.1.999",
        more: &[(SERIAL, "TEST900003"), (SOFTWARE, "1.08.02")],
        is: ["APRESIA", "ApresiaNP2500-24T4X", "1.08.02", "TEST900003"],
        class: Class::Switch,
    },
    Said {
        description: "NEC Portable Internetwork Core Operating System Software, IX Series IX2215 (magellan-sec) Software, Version 10.2.16, RELEASE SOFTWARE",
        object_id: "1.3.6.1.4.1.119.1.84.999",
        more: &[],
        is: ["NEC", "IX2215", "10.2.16", ""],
        class: Class::Router,
    },
    Said {
        description: "FUJI XEROX ApeosPort-VII C3373 ;ESS1.5.7,IOT 61.8.0,FIN C6.12.0,ADF 7.9.0",
        object_id: "1.3.6.1.4.1.297.1.11.93.1.999",
        more: &[(PRINTER_SERIAL, "900004")],
        is: ["FUJIFILM Business Innovation", "ApeosPort-VII C3373", "1.5.7", "900004"],
        class: Class::Mfp,
    },
    Said {
        description: "FUJIFILM Apeos C3570; ESS1.3.2,IOT 11.2.0,BOOT 1.0.9",
        object_id: "1.3.6.1.4.1.297.1.11.93.1.998",
        more: &[(XCM_SERIAL, "900005")],
        is: ["FUJIFILM Business Innovation", "Apeos C3570", "1.3.2", "900005"],
        class: Class::Mfp,
    },
];

#[test]
fn devices_of_makers_without_tables_of_their_own_become_fields_by_what_all_devices_say() {
    for said in SAID {
        let mut objects = vec![
            ("1.3.6.1.2.1.1.1.0", text(said.description)),
            ("1.3.6.1.2.1.1.2.0", id(said.object_id)),
        ];
        if said.more.iter().any(|(object, _)| *object == SERIAL) {
            objects.push(("1.3.6.1.2.1.47.1.1.1.1.5.1", Value::Integer(3)));
        }
        objects.extend(said.more.iter().map(|(object, words)| (*object, text(words))));
        let device = told(&objects);
        let fields = [&device.vendor, &device.model, &device.version, &device.serial];
        let found = fields.map(|field| field.as_ref().map_or("", |field| field.value.as_str()));
        assert_eq!(found, said.is, "{}", said.description);
        assert_eq!(device.class.unwrap().value, said.class, "{}", said.description);
    }
}
