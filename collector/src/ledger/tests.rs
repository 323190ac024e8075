use super::columns::Columns;
use super::grid::Grid;
use super::*;

fn book(name: &str, numbers: &[&str]) -> Ledger {
    let mut grid = Grid::new("機器");
    grid.push(1, vec!["管理番号".to_owned(), "機器名".to_owned()]);
    for (row, number) in (2u32..).zip(numbers) {
        grid.push(row, vec![(*number).to_owned(), "PC".to_owned()]);
    }
    assemble::assemble(name, vec![grid], &Columns::released().unwrap())
}

#[test]
fn books_are_joined_with_their_sheets_and_a_name_that_is_taken_gets_a_number() {
    let mut ledger = book("台帳.xlsx", &["A1"]);
    ledger.append(book("別.xlsx", &["B1"]));
    ledger.append(book("台帳.xlsx", &["C1", "C1"]));
    ledger.append(book("台帳.xlsx", &["D1"]));
    let places: Vec<(&str, usize)> =
        ledger.entries.iter().map(|entry| (entry.place.book.as_str(), entry.sheet)).collect();
    assert_eq!(
        places,
        [
            ("台帳.xlsx", 0),
            ("別.xlsx", 1),
            ("台帳.xlsx (2)", 2),
            ("台帳.xlsx (2)", 2),
            ("台帳.xlsx (3)", 3)
        ]
    );
    let first = Place { book: "台帳.xlsx (2)".into(), sheet: "機器".into(), row: 2 };
    assert_eq!(ledger.defects.len(), 1);
    assert_eq!(ledger.defects[0].reason, Reason::DuplicateNumber { first });
    assert_eq!(ledger.defects[0].place.book, "台帳.xlsx (2)");
    let mut places: Vec<&Place> = ledger.entries.iter().map(|entry| &entry.place).collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), ledger.entries.len());
}

fn sheet(name: &str, rows: &[&[&str]]) -> Grid {
    let mut grid = Grid::new(name);
    for (number, row) in (1u32..).zip(rows) {
        grid.push(number, row.iter().map(|cell| (*cell).to_owned()).collect());
    }
    grid
}

fn read(name: &str, grids: Vec<Grid>) -> Ledger {
    assemble::assemble(name, grids, &Columns::released().unwrap())
}

const DEVICES: &[&[&str]] = &[
    &["管理番号", "機器名", "メーカー", "型番", "シリアル番号", "設置場所", "状態"],
    &["A-1", "生化学分析装置", "甲社", "BX-1", "S1", "検査室", "使用中"],
    &["A-2", "電子カルテ端末", "乙社", "PC-9", "S2", "3階", ""],
    &["A-3", "心電計", "丙社", "E-1", "S3", "生理検査", ""],
];
const ADDRESSES: &[&[&str]] = &[
    &["管理番号", "ホスト名", "IPアドレス", "MACアドレス", "状態"],
    &["A-1", "BX1", "10.0.0.1", "00:1a:2b:00:00:01", ""],
    &["A-2", "PC2", "DHCP", "00:1a:2b:00:00:02", "廃棄"],
    &["A-9", "X", "10.0.0.9", "", ""],
];

#[test]
fn a_list_of_devices_and_a_list_of_addresses_in_two_books_become_one_entry_a_thing() {
    let mut ledger = read("機器.xlsx", vec![sheet("機器", DEVICES)]);
    ledger.append(read("IP.xlsx", vec![sheet("IP", ADDRESSES)]));
    assert_eq!(ledger.entries.len(), 6);
    join::join(&mut ledger);
    let numbers: Vec<&str> = ledger.entries.iter().map(|e| e.asset_number.as_str()).collect();
    assert_eq!(numbers, ["A-1", "A-2", "A-3", "A-9"]);
    let first = &ledger.entries[0];
    assert_eq!((first.serial.as_str(), first.host_name.as_str()), ("S1", "BX1"));
    assert_eq!(first.ips, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
    assert_eq!(first.cells[1], "生化学分析装置");
    assert_eq!(first.parts.len(), 1);
    assert_eq!(first.parts[0].place.book, "IP.xlsx");
    assert_eq!(first.parts[0].cells[2], "10.0.0.1");
    assert_eq!(ledger.entries[1].state, State::Retired);
    assert!(ledger.entries[1].dhcp);
    let once = ledger.clone();
    join::join(&mut ledger);
    assert_eq!(ledger, once);
}

#[test]
fn two_sheets_of_one_book_complete_each_other_and_their_number_is_no_duplicate() {
    let mut ledger = read("台帳.xlsx", vec![sheet("機器", DEVICES), sheet("IP", ADDRESSES)]);
    assert_eq!(ledger.defects.len(), 2);
    join::join(&mut ledger);
    assert_eq!((ledger.entries.len(), ledger.defects.len()), (4, 0), "{:?}", ledger.defects);
}

#[test]
fn a_number_twice_in_one_list_or_on_two_sheets_of_one_shape_stays_a_duplicate() {
    let twice: &[&[&str]] = &[
        &["管理番号", "ホスト名", "IPアドレス"],
        &["A-1", "BX1", "10.0.0.1"],
        &["A-1", "BX1", "10.0.0.2"],
    ];
    let mut ledger = read("台帳.xlsx", vec![sheet("機器", DEVICES), sheet("IP", twice)]);
    join::join(&mut ledger);
    assert_eq!((ledger.entries.len(), ledger.defects.len()), (5, 2));
    let mut ledger = read("台帳.xlsx", vec![sheet("本館", DEVICES), sheet("別館", DEVICES)]);
    join::join(&mut ledger);
    assert_eq!((ledger.entries.len(), ledger.defects.len()), (6, 3));
}

#[test]
fn rows_that_contradict_each_other_are_not_of_one_thing() {
    let other: &[&[&str]] = &[
        &["管理番号", "製造番号", "IPアドレス"],
        &["A-1", "S-other", "10.0.0.1"],
        &["A-3", "s3", "10.0.0.3"],
    ];
    let mut ledger = read("機器.xlsx", vec![sheet("機器", DEVICES)]);
    ledger.append(read("IP.xlsx", vec![sheet("IP", other)]));
    join::join(&mut ledger);
    assert_eq!(ledger.entries.len(), 4);
    assert!(ledger.entries[0].ips.is_empty() && !ledger.entries[2].ips.is_empty());
}

#[test]
fn numbers_of_a_row_counter_join_nothing() {
    let counted: &[&[&str]] = &[&["No.", "ホスト名", "IPアドレス"], &["1", "X", "10.0.0.1"]];
    let devices: &[&[&str]] = &[&["No.", "機器名", "型番"], &["1", "CT", "Z"]];
    let mut ledger = read("機器.xlsx", vec![sheet("機器", devices), sheet("IP", counted)]);
    join::join(&mut ledger);
    assert_eq!(ledger.entries.len(), 2);
}

#[test]
fn dates_stand_beside_the_cells_and_what_is_no_day_is_told() {
    let rows: &[&[&str]] = &[
        &["管理番号", "機器名", "購入日", "保守契約", "サポート終了日", "利用者", "OS"],
        &["1", "PC", "H30/3", "有", "R6.4.1～R7.3.31", "放射線科", "Windows 10"],
        &["2", "PC", "2025/2/30", "契約中", "不明", "", ""],
        &["3", "PC", "45748", "", "", "", ""],
    ];
    let ledger = read("台帳.xlsx", vec![sheet("機器", rows)]);
    let shown = |date: Option<date::PartialDate>| date.map(|date| date.to_string());
    let first = &ledger.entries[0];
    assert_eq!(shown(first.purchased).as_deref(), Some("2018-03"));
    assert_eq!(shown(first.support_end).as_deref(), Some("2025-03-31"));
    assert_eq!((first.user.as_str(), first.os.as_str()), ("放射線科", "Windows 10"));
    assert_eq!(shown(ledger.entries[2].purchased).as_deref(), Some("2025-04-01"));
    assert_eq!(first.cells[2], "H30/3");
    assert_eq!(ledger.defects.len(), 1, "{:?}", ledger.defects);
    assert_eq!(ledger.defects[0].reason, Reason::NotADate);
}

#[test]
fn an_entry_whose_cells_were_changed_is_read_as_its_sheet_reads_it() {
    let ledger = read("IP.xlsx", vec![sheet("IP", ADDRESSES)]);
    let columns = Columns::released().unwrap();
    for entry in &ledger.entries {
        assert_eq!(assemble::reread(entry, &ledger.sheets[0], &columns).0, *entry);
    }
    let mut entry = ledger.entries[0].clone();
    entry.cells[2] = "10.0.0.77".into();
    entry.struck = true;
    let (read, defects) = assemble::reread(&entry, &ledger.sheets[0], &columns);
    assert_eq!(read.ips, ["10.0.0.77".parse::<IpAddr>().unwrap()]);
    assert_eq!((read.state, defects.len()), (State::Retired, 0));
}
