use super::super::Field;
use super::super::diff::tests::book;
use super::super::diff::{Kind, diff};
use super::super::edit::{Named, Wish, plan};
use super::*;

const HEAD: &[&str] = &["管理番号", "機器名", "設置場所"];

fn base() -> Ledger {
    book(&[("1", &[HEAD, &["A-1", "PC", "1階"], &["A-2", "NAS", "1階"], &["A-3", "CT", "1階"]])])
}

fn place(row: u32) -> Place {
    Place { book: "台帳.xlsx".into(), sheet: "1".into(), row }
}

/// A-1 to 2階, A-2 to 3階, A-3 struck through, and A-4 registered.
fn steps(columns: &Columns) -> Vec<Step> {
    let mut ledger = base();
    let mut all = Vec::new();
    let set = |row, value: &str| Wish::Set {
        place: place(row),
        column: Named::Field(Field::Location),
        value: value.into(),
    };
    let values = vec![(Named::Field(Field::AssetNumber), "A-4".to_owned())];
    let add = Wish::Add { book: "台帳.xlsx".into(), sheet: "1".into(), values };
    for wish in [set(2, "2階"), set(3, "3階"), Wish::Retire { place: place(4), was: None }, add] {
        let steps = plan(&ledger, &wish, columns).unwrap();
        apply(&mut ledger, &steps, columns);
        all.extend(steps);
    }
    all
}

fn carried(new: &Ledger, prefer: Option<Prefer>) -> (Rebased, Ledger) {
    let columns = Columns::released().unwrap();
    let rebased = rebase(&base(), &steps(&columns), (new, &columns), prefer);
    let mut after = new.clone();
    let steps: Vec<Step> = rebased.carried.iter().map(|(step, _)| step.clone()).collect();
    assert_eq!(apply(&mut after, &steps, &columns), []);
    (rebased, after)
}

#[test]
fn changes_that_the_book_does_not_know_are_carried_over_to_where_the_rows_stand_now() {
    let new = book(&[(
        "1",
        &[
            HEAD,
            &["A-0", "UPS", ""],
            &["A-1", "PC", "1階"],
            &["A-2", "NAS", "1階"],
            &["A-3", "CT", "1階"],
        ],
    )]);
    let (rebased, after) = carried(&new, None);
    assert_eq!((rebased.settled, rebased.conflicts.len(), rebased.carried.len()), (0, 0, 4));
    assert_eq!(after.entries[1].location, "2階");
    assert!(after.entries[3].struck);
    assert_eq!((after.entries[4].asset_number.as_str(), after.entries[4].place.row), ("A-4", 6));
}

#[test]
fn a_book_that_has_taken_the_changes_up_settles_them() {
    let mut new = base();
    let columns = Columns::released().unwrap();
    apply(&mut new, &steps(&columns), &columns);
    let (rebased, after) = carried(&new, None);
    assert_eq!((rebased.carried.len(), rebased.conflicts.len(), rebased.settled), (0, 0, 4));
    assert_eq!(diff(&new, &after).rows, []);
}

#[test]
fn what_both_sides_changed_is_told_with_both_and_the_preferred_one_holds() {
    let new = book(&[("1", &[HEAD, &["A-1", "PC", "9階"], &["A-3", "CT", "1階"]])]);
    let (rebased, _) = carried(&new, None);
    assert_eq!(
        rebased.conflicts[0],
        Conflict {
            place: place(2),
            heading: "設置場所".into(),
            base: "1階".into(),
            edited: "2階".into(),
            book: Some("9階".into())
        }
    );
    assert_eq!(rebased.conflicts[1].book, None);
    assert_eq!(rebased.conflicts[1].edited, "A-2 | NAS | 3階");
    assert_eq!(rebased.conflicts.len(), 2);
    let (_, book_holds) = carried(&new, Some(Prefer::Book));
    assert_eq!(book_holds.entries[0].location, "9階");
    assert_eq!(book_holds.entries.len(), 3);
    let (_, edits_hold) = carried(&new, Some(Prefer::Edits));
    assert_eq!(edits_hold.entries[0].location, "2階");
    assert_eq!(edits_hold.entries.len(), 4);
    assert_eq!(diff(&new, &edits_hold).count(Kind::Added), 2);
}
