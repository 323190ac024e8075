use super::super::State;
use super::super::diff::tests::book;
use super::*;

const HEAD: &[&str] = &["管理番号", "機器名", "IPアドレス", "独自"];

fn ledger() -> Ledger {
    book(&[
        ("1", &[HEAD, &["A-1", "PC", "10.0.0.1", "x"], &["A-2", "NAS", "10.0.0.300", ""]]),
        ("2", &[&["管理番号", "機器名", "状態"], &["B-1", "CT", "使用中"], &["※注"]]),
    ])
}

fn place(sheet: &str, row: u32) -> Place {
    Place { book: "台帳.xlsx".into(), sheet: sheet.into(), row }
}

fn edited(wish: &Wish) -> Result<Ledger, BadEdit> {
    let columns = Columns::released().unwrap();
    let mut ledger = ledger();
    let steps = plan(&ledger, wish, &columns)?;
    assert_eq!(apply(&mut ledger, &steps, &columns), []);
    Ok(ledger)
}

#[test]
fn a_cell_is_set_by_its_meaning_or_its_heading_and_the_row_is_read_anew() {
    let column = Named::Field(Field::Ip);
    let wish = Wish::Set { place: place("1", 3), column, value: "10.0.0.30".into() };
    let after = edited(&wish).unwrap();
    assert_eq!(after.entries[1].ips, ["10.0.0.30".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!((ledger().defects.len(), after.defects.len()), (2, 1));
    let column = Named::Heading("独 自".into());
    let wish = Wish::Set { place: place("1", 2), column, value: " ".into() };
    assert_eq!(edited(&wish).unwrap().entries[0].cells[3], "");
    let column = Named::Field(Field::AssetNumber);
    let wish = Wish::Set { place: place("1", 3), column, value: "B-1".into() };
    let twice = edited(&wish).unwrap();
    assert!(twice.defects.iter().any(|d| matches!(d.reason, Reason::DuplicateNumber { .. })));
}

#[test]
fn a_found_device_is_registered_at_the_end_of_its_sheet() {
    let values = vec![
        (Named::Field(Field::Name), "見つかったPC".to_owned()),
        (Named::Field(Field::AssetNumber), "B-2".to_owned()),
    ];
    let wish = Wish::Add { book: "台帳.xlsx".into(), sheet: "2".into(), values };
    let after = edited(&wish).unwrap();
    let last = after.entries.last().unwrap();
    assert_eq!((last.place.row, last.name.as_str(), last.sheet), (4, "見つかったPC", 1));
    assert_eq!(last.cells, ["B-2", "見つかったPC", ""]);
}

#[test]
fn a_thing_is_retired_in_its_column_of_states_or_struck_through() {
    let in_column = edited(&Wish::Retire { place: place("2", 2), was: None }).unwrap();
    assert_eq!(in_column.entries[2].cells[2], "廃棄");
    assert_eq!(in_column.entries[2].state, State::Retired);
    let struck = edited(&Wish::Retire { place: place("1", 2), was: None }).unwrap();
    assert!(struck.entries[0].struck && struck.entries[0].state == State::Retired);
}

#[test]
fn what_cannot_be_is_refused() {
    let set = |row, column, value: &str| {
        edited(&Wish::Set { place: place("1", row), column, value: value.into() }).unwrap_err()
    };
    let ip = || Named::Field(Field::Ip);
    assert_eq!(set(9, ip(), "x"), BadEdit::NoSuchRow(place("1", 9)));
    let mac = Named::Field(Field::Mac);
    assert_eq!(set(2, mac.clone(), "x"), BadEdit::NoSuchColumn(mac));
    assert_eq!(set(2, ip(), "a\u{1}"), BadEdit::NotACell(ip()));
    assert_eq!(set(2, ip(), &"x".repeat(40_000)), BadEdit::NotACell(ip()));
    let nothing = Wish::Add { book: "台帳.xlsx".into(), sheet: "1".into(), values: vec![] };
    assert_eq!(edited(&nothing), Err(BadEdit::NamesNothing));
    let nowhere = Wish::Add { book: "別.xlsx".into(), sheet: "1".into(), values: vec![] };
    assert!(matches!(edited(&nowhere), Err(BadEdit::NoSuchSheet(..))));
    let mut csv = ledger();
    csv.sheets[0].name.clear();
    csv.entries.iter_mut().for_each(|entry| entry.place.sheet = "".into());
    let columns = Columns::released().unwrap();
    let wish = Wish::Retire { place: place("", 3), was: None };
    assert_eq!(plan(&csv, &wish, &columns), Err(BadEdit::NoState("台帳.xlsx".into())));
}

#[test]
fn a_step_that_no_longer_fits_is_told_and_changes_nothing() {
    let columns = Columns::released().unwrap();
    let mut changed = ledger();
    let step = Step::Cell {
        place: place("1", 2),
        column: Some(1),
        heading: "機器名".into(),
        before: "他".into(),
        after: "新".into(),
    };
    assert_eq!(apply(&mut changed, &[step], &columns), [BadEdit::NotAsBefore(place("1", 2))]);
    assert_eq!(changed.entries, ledger().entries);
}

#[test]
fn cells_of_a_row_are_set_together_and_only_as_they_were_read() {
    let wish = |cells: &[(usize, &str, &str)]| Wish::Row {
        place: place("1", 2),
        cells: cells.iter().map(|(at, was, is)| (*at, (*was).into(), (*is).into())).collect(),
    };
    let after = edited(&wish(&[(1, "PC", ""), (0, "A-1", "A-9"), (3, "x ", "y")])).unwrap();
    assert_eq!(after.entries[0].cells, ["A-9", "", "10.0.0.1", "y"]);
    let stale = edited(&wish(&[(0, "A-1", "A-9"), (3, "z", "y")]));
    assert_eq!(stale.unwrap_err(), BadEdit::NotAsBefore(place("1", 2)), "all or nothing");
    assert!(matches!(edited(&wish(&[(7, "", "y")])), Err(BadEdit::NoSuchColumn(_))));
    let columns = Columns::released().unwrap();
    assert!(plan(&ledger(), &wish(&[(0, "A-1", "A-1")]), &columns).unwrap().is_empty());
}
