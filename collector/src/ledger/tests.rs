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
    let first = Place { book: "台帳.xlsx (2)".to_owned(), sheet: "機器".to_owned(), row: 2 };
    assert_eq!(ledger.defects.len(), 1);
    assert_eq!(ledger.defects[0].reason, Reason::DuplicateNumber { first });
    assert_eq!(ledger.defects[0].place.book, "台帳.xlsx (2)");
    let mut places: Vec<&Place> = ledger.entries.iter().map(|entry| &entry.place).collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), ledger.entries.len());
}
