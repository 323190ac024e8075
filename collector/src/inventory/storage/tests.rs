use std::collections::BTreeSet;

use daicho_common::observation::ObservationId;
use daicho_common::observation::table::{Cell, Rows};

use super::super::tests::{id, row, said, table, told};
use super::{Keeps, Storage, signs, verdict};

fn listing(devices: &[(&str, &str)], storages: &[(&str, &str)]) -> [Rows; 2] {
    let device = |(n, (kind, text)): (usize, &(&str, &str))| {
        row(
            &[u32::try_from(n).unwrap() + 1],
            &[("hrDeviceType", id(kind)), ("hrDeviceDescr", said(text))],
        )
    };
    let storage = |(n, (kind, text)): (usize, &(&str, &str))| {
        row(
            &[u32::try_from(n).unwrap() + 1],
            &[("hrStorageType", id(kind)), ("hrStorageDescr", said(text))],
        )
    };
    [
        table("hrDeviceTable", "", devices.iter().enumerate().map(device).collect()),
        table("hrStorageTable", "", storages.iter().enumerate().map(storage).collect()),
    ]
}

const PRINTER: &str = "1.3.6.1.2.1.25.3.1.5";
const DISK: &str = "1.3.6.1.2.1.25.3.1.6";
const RAM: &str = "1.3.6.1.2.1.25.2.1.2";
const FLASH: &str = "1.3.6.1.2.1.25.2.1.9";
const FIXED: &str = "1.3.6.1.2.1.25.2.1.4";

#[test]
fn a_fixed_disk_in_a_list_is_a_yes_with_its_reason_in_both_languages() {
    let tables = listing(&[(PRINTER, "MFP"), (DISK, "HDD")], &[(RAM, "RAM")]);
    let (storage, sources) = verdict(&told(&tables), &BTreeSet::new(), true).unwrap();
    assert_eq!(storage.keeps, Keeps::Yes);
    assert!(
        storage.reasons.iter().any(|it| it.ja.contains("固定ディスク") && it.en.contains("HDD"))
    );
    assert_eq!(sources, [ObservationId::new([0; 16])]);
}

#[test]
fn no_needs_both_lists_to_their_ends_and_a_plain_printer() {
    let tables = listing(&[(PRINTER, "LBP1")], &[(RAM, "RAM")]);
    let whole: BTreeSet<&str> = ["hrDeviceTable", "hrStorageTable"].into();
    let keeps = |whole: &BTreeSet<&str>, mfp| verdict(&told(&tables), whole, mfp).unwrap().0.keeps;
    assert_eq!(keeps(&whole, false), Keeps::No);
    assert_eq!(keeps(&whole, true), Keeps::Unknown);
    assert_eq!(keeps(&["hrDeviceTable"].into(), false), Keeps::Unknown);
    let nothing = verdict(&[], &whole, false).unwrap();
    assert_eq!((nothing.0.keeps, nothing.1.len()), (Keeps::Unknown, 0));
}

const LISTED: [&str; 2] = ["hrDeviceTable", "hrStorageTable"];

fn of_printer(tables: &[Rows]) -> Storage {
    verdict(&told(tables), &LISTED.into(), false).unwrap().0
}

/// A row of prtStorageRefTable or prtDeviceRefTable: this one is of the printer with hrDeviceIndex 1.
fn refers(name: &str, number: u32) -> Rows {
    let column =
        if name == "prtStorageRefTable" { "prtStorageRefIndex" } else { "prtDeviceRefIndex" };
    table(name, "", vec![row(&[number, 1], &[(column, Cell::Integer(1))])])
}

fn alert(group: i32, number: i32, text: &str) -> Rows {
    let cells = [
        ("prtAlertGroup", Cell::Integer(group)),
        ("prtAlertGroupIndex", Cell::Integer(number)),
        ("prtAlertDescription", said(text)),
    ];
    table("prtAlertTable", "", vec![row(&[1, 20], &cells)])
}

fn plain() -> Vec<Rows> {
    listing(&[(PRINTER, "LBP1")], &[(RAM, "RAM")]).into()
}

#[test]
fn every_sign_shipped_proves_its_examples() {
    let signs = signs::shipped().unwrap();
    assert!(signs.shows.len() >= 6 && signs.doubts.len() == 1 && signs.references.len() == 4);
}

#[test]
fn a_sign_with_a_pattern_that_does_not_prove_itself_is_refused() {
    let bad = |rest: &str| {
        let shipped = include_str!("../../../../config/inventory/storage.toml");
        let sign = format!("[[sign]]\ntable = 't'\ncolumn = 'c'\nja = ''\nen = ''\n{rest}\n");
        signs::parse(&format!("{sign}{shipped}")).err().unwrap_or_default()
    };
    assert_eq!(bad(""), "");
    assert_eq!(bad("regex = 'HDD'"), "HDD: no example");
    assert_eq!(bad("regex = 'HDD'\nexample = ['HDD', 'SSD']"), "HDD: SSD");
    assert_eq!(bad("regex = 'HDD'\nexample = ['HDD']\nunlike = ['no HDD']"), "HDD: no HDD");
    assert_eq!(bad("regex = 'HDD'\nunless = 'no'\nexample = ['HDD']\nunlike = ['no HDD']"), "");
}

#[test]
fn a_disk_that_printer_mib_counts_as_the_printers_own_has_that_as_one_reason_more() {
    let mut tables: Vec<Rows> =
        listing(&[(PRINTER, "MFP"), (DISK, "HDD")], &[(RAM, "RAM"), (FIXED, "/data")]).into();
    let before = of_printer(&tables).reasons.len();
    tables.extend([refers("prtStorageRefTable", 2), refers("prtDeviceRefTable", 2)]);
    let (storage, sources) = verdict(&told(&tables), &BTreeSet::new(), true).unwrap();
    assert_eq!((storage.keeps, storage.reasons.len()), (Keeps::Yes, before + 2));
    let says = |words: &str| storage.reasons.iter().any(|it| it.en.contains(words));
    assert!(says("(prtStorageRefTable: /data)") && says("(prtDeviceRefTable: HDD)"));
    assert_eq!(sources.len(), 4);
    // Memory is the printer's own too, and is no disk.
    tables.truncate(2);
    tables.extend([refers("prtStorageRefTable", 1), refers("prtDeviceRefTable", 1)]);
    assert_eq!(of_printer(&tables).reasons.len(), before);
}

#[test]
fn lists_that_lack_what_printer_mib_refers_to_prove_no_absence() {
    assert_eq!(of_printer(&plain()).keeps, Keeps::No);
    let with = |more: Rows| of_printer(&[plain(), vec![more]].concat());
    for more in [
        refers("prtStorageRefTable", 2),
        refers("prtDeviceRefTable", 7),
        alert(3, 2, ""),
        alert(4, 7, "Subunit unavailable"),
    ] {
        let storage = with(more);
        assert_eq!(storage.keeps, Keeps::Unknown);
        assert!(storage.reasons[0].en.contains("not whole"), "{storage:?}");
    }
    for more in [
        refers("prtStorageRefTable", 1),
        refers("prtDeviceRefTable", 1),
        alert(4, -1, "Ready"),
        alert(8, 2, "Tray 2 is full"),
    ] {
        assert_eq!(with(more).keeps, Keeps::No);
    }
}

#[test]
fn an_alert_about_storage_shows_a_disk_only_by_what_a_disk_that_is_there_can_have() {
    let with = |group, text| of_printer(&[plain(), vec![alert(group, 1, text)]].concat());
    let storage = with(3, "ハードディスクの空き容量がありません");
    assert_eq!(storage.keeps, Keeps::Yes);
    assert!(storage.reasons[0].ja.contains("空き容量"), "{storage:?}");
    assert_eq!(with(4, "Hard disk is almost full").keeps, Keeps::Yes);
    // What is not fitted is reported too: that proves neither.
    let storage = with(3, "Hard disk not installed");
    assert_eq!(storage.keeps, Keeps::Unknown);
    assert!(storage.reasons[0].en.contains("names a disk"), "{storage:?}");
    // Of other subunits nothing is concluded.
    assert_eq!(with(8, "HDD full").keeps, Keeps::No);
}

#[test]
fn storage_that_is_no_memory_may_keep_documents_where_it_is_large() {
    let with = |kind: &str, size: Option<(i32, i32)>| {
        let mut row =
            row(&[2], &[("hrStorageType", id(kind)), ("hrStorageDescr", said("STORAGE"))]);
        if let Some((units, size)) = size {
            row.cells.insert("hrStorageAllocationUnits".to_owned(), Cell::Integer(units));
            row.cells.insert("hrStorageSize".to_owned(), Cell::Integer(size));
        }
        of_printer(&[plain(), vec![table("hrStorageTable", "", vec![row])]].concat())
    };
    let storage = with(FLASH, Some((1024, 4_194_304)));
    assert_eq!(storage.keeps, Keeps::Unknown);
    assert!(storage.reasons[0].en.contains("(STORAGE)"), "{storage:?}");
    assert_eq!(with(FLASH, Some((1024, 131_072))).keeps, Keeps::No);
    assert_eq!(with(RAM, Some((1024, 4_194_304))).keeps, Keeps::No);
    // What does not tell how much it holds may hold as much; a negative size has run over.
    assert_eq!(with(FLASH, None).keeps, Keeps::Unknown);
    assert_eq!(with(FLASH, Some((1, -1))).keeps, Keeps::Unknown);
}
