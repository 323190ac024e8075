use super::super::fresh::store;
use super::super::{Imported, NewBook};
use super::*;
use crate::ledger::edit::Named;
use crate::ledger::rebase::Prefer;
use crate::ledger::{Field, Place};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn book(text: &str) -> NewBook {
    NewBook {
        name: "台帳.csv".into(),
        octets: text.as_bytes().to_vec(),
        ledger: crate::book::read("台帳.csv", text.as_bytes()).unwrap(),
        at: at(10),
        by: "田中".into(),
    }
}

const FIRST: &str = "管理番号,機器名,設置場所,状態\nA-1,PC,1階,\nA-2,NAS,1階,使用中\n";

fn place(row: u32) -> Place {
    Place { book: "台帳.csv".into(), sheet: "".into(), row }
}

fn wish(wish: Wish) -> Edit {
    Edit { wish, by: By::here("佐藤".into(), at(20)), why: "移設".into() }
}

fn moved(to: &str) -> Edit {
    let column = Named::Field(Field::Location);
    wish(Wish::Set { place: place(2), column, value: to.into() })
}

#[test]
fn importing_and_editing_leave_who_when_why_before_and_after() {
    let (_folder, store) = store();
    store.import_for(book(FIRST), "初回".into(), None).unwrap();
    assert_eq!(store.edit(moved("2階")).unwrap().len(), 1);
    assert_eq!(store.edit(moved("2階")).unwrap(), []);
    let column = Named::Field(Field::AssetNumber);
    let add = Wish::Add {
        book: "台帳.csv".into(),
        sheet: String::new(),
        values: vec![(column, "A-3".into())],
    };
    store.edit(wish(add)).unwrap();
    store.edit(wish(Wish::Retire { place: place(3), was: None })).unwrap();
    let ledger = store.ledger().unwrap();
    let rows: Vec<(&str, &str)> =
        ledger.entries.iter().map(|e| (e.asset_number.as_str(), e.location.as_str())).collect();
    assert_eq!(rows, [("A-1", "2階"), ("A-2", "1階"), ("A-3", "")]);
    assert_eq!(ledger.entries[1].cells[3], "廃棄");
    let of_one = store.history(Some("A-1")).unwrap();
    assert_eq!(of_one.len(), 2);
    assert_eq!(of_one, store.history(Some("asset_number=A-1")).unwrap());
    let Change { cause, step, at: when, by, why, .. } = &of_one[1];
    assert_eq!((*cause, *when, by.as_str(), why.as_str()), (Cause::Edit, at(20), "佐藤", "移設"));
    let Step::Cell { before, after, heading, .. } = step else { panic!("{step:?}") };
    assert_eq!((before.as_str(), after.as_str(), heading.as_str()), ("1階", "2階", "設置場所"));
    assert_eq!((of_one[0].cause, of_one[0].why.as_str()), (Cause::Import, "初回"));
    assert_eq!(store.history(None).unwrap().len(), 5);
}

#[test]
fn edits_survive_the_next_import_unless_the_book_says_otherwise_and_then_both_sides_are_shown() {
    let (_folder, store) = store();
    store.import(book(FIRST)).unwrap();
    store.edit(moved("2階")).unwrap();
    let renamed = FIRST.replace("NAS", "NAS2");
    let preview =
        store.preview("台帳.csv", renamed.as_bytes(), &book(&renamed).ledger, None).unwrap();
    assert_eq!((preview.diff.rows.len(), preview.rebased.carried.len()), (1, 1));
    assert_eq!(store.history(None).unwrap().len(), 3);
    let done = store.import_for(book(&renamed), "棚卸".into(), None).unwrap();
    assert_eq!(done.diff, preview.diff);
    assert_eq!(store.ledger().unwrap().entries[0].location, "2階");
    let carried: Vec<Change> = store.history(Some("A-1")).unwrap();
    assert_eq!(carried.last().map(|c| (c.cause, c.by.as_str())), Some((Cause::Carried, "佐藤")));

    let other = renamed.replace("PC,1階", "PC,9階");
    let before = store.ledger().unwrap();
    let refused = store.import_for(book(&other), String::new(), None);
    let Err(StoreError::Conflicts { conflicts, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((conflicts[0].edited.as_str(), conflicts[0].book.as_deref()), ("2階", Some("9階")));
    assert_eq!(store.ledger().unwrap(), before);
    store.import_for(book(&other), String::new(), Some(Prefer::Edits)).unwrap();
    assert_eq!(store.ledger().unwrap().entries[0].location, "2階");
    let again = other.replace("9階", "8階");
    store.import_for(book(&again), String::new(), Some(Prefer::Book)).unwrap();
    assert_eq!(store.ledger().unwrap().entries[0].location, "8階");
    let last = store.history(Some("A-1")).unwrap().pop().unwrap();
    let Step::Cell { before, after, .. } = last.step else { panic!() };
    assert_eq!((before.as_str(), after.as_str()), ("2階", "8階"));
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let (_folder, store) = store();
    store.import(book(FIRST)).unwrap();
    let revision = store.revision().unwrap();
    let column = Named::Heading("無い列".into());
    let bad = Wish::Set { place: place(2), column, value: "x".into() };
    assert!(matches!(store.edit(wish(bad)), Err(StoreError::Edit(_))));
    let nobody = Wish::Retire { place: Place { book: "別.csv".into(), ..place(2) }, was: None };
    assert!(matches!(store.edit(wish(nobody)), Err(StoreError::Edit(_))));
    assert_eq!(store.revision().unwrap(), revision);
    assert_eq!(store.history(None).unwrap().len(), 2);
}

#[test]
fn what_a_person_said_of_headings_is_kept_and_the_newest_word_holds() {
    let (_folder, store) = store();
    let profile = |field: &str| {
        let text = format!(
            "[[profile]]\nname = \"ME\"\ncolumns = [{{ heading = \"呼び名\", field = \"{field}\" }}]"
        );
        crate::ledger::profile::parse(&text).unwrap()
    };
    let by = || ("田中".to_owned(), at(1));
    assert_eq!(store.keep_profiles(profile("name"), by(), String::new()).unwrap(), 1);
    assert_eq!(store.keep_profiles(profile("name"), by(), String::new()).unwrap(), 0);
    assert_eq!(store.keep_profiles(profile("host_name"), by(), String::new()).unwrap(), 1);
    assert_eq!(store.profiles().unwrap(), profile("host_name"));
    let text = "呼び名,x\nPC-1,y\n";
    let read = crate::book::read_as("台帳.csv", text.as_bytes(), &store.profiles().unwrap());
    let _ = read.unwrap_err();
    let text = "呼び名\nPC-1\n";
    let read = crate::book::read_as("台帳.csv", text.as_bytes(), &store.profiles().unwrap());
    assert_eq!(read.unwrap().entries[0].host_name, "PC-1");
}

#[test]
fn the_same_file_read_by_another_profile_is_another_ledger() {
    let (_folder, store) = store();
    assert_eq!(store.import(book(FIRST)).unwrap(), Imported::New);
    assert_eq!(store.import(book(FIRST)).unwrap(), Imported::AlreadyKnown);
    let mut read = book(FIRST);
    read.ledger.entries[0].name = "別の読み".into();
    assert_eq!(store.import(read).unwrap(), Imported::Replaced);
}
