//! Rows of text into entries and defects. Every row below the header that is not empty becomes one
//! entry or one defect that rejects it, except repetitions of the header.

use std::collections::HashMap;

use super::columns::Columns;
use super::grid::{Grid, Row, is_blank, quote, rejected};
use super::header::{self, Header};
use super::profile::Profile;
use super::{Column, Defect, Entry, Field, Ledger, Place, Reason, Sheet, State};

mod draft;

use draft::Draft;

/// Makes the ledger of one book. A sheet without a header keeps its rows as title rows, has no
/// columns, and is told by a defect.
pub fn assemble(book: &str, grids: Vec<Grid>, columns: &Columns) -> Ledger {
    assemble_with(book, grids, columns, &[])
}

/// As [`assemble`], where a person has said what the columns of some sheets mean.
pub fn assemble_with(
    book: &str,
    grids: Vec<Grid>,
    columns: &Columns,
    profiles: &[Profile],
) -> Ledger {
    let mut ledger = Ledger::default();
    let mut numbers = Numbers::default();
    for grid in grids {
        match header::find_with(&grid, columns, profiles) {
            Some(header) => {
                let at = Table { book, columns, sheet: ledger.sheets.len() };
                at.read(grid, header, &mut ledger, &mut numbers);
            }
            None => keep_out(book, &grid, &mut ledger),
        }
    }
    ledger
}

/// Where each 管理番号 stood first. A number from a row counter (a weak heading) starts anew on each
/// sheet.
#[derive(Default)]
struct Numbers(HashMap<(Option<usize>, String), Place>);

fn keep_out(book: &str, grid: &Grid, ledger: &mut Ledger) {
    let empty = grid.rows.is_empty();
    let name = grid.name.clone();
    let title_rows = titles(&grid.rows, u32::MAX);
    let (hidden, hidden_columns) = (grid.hidden, grid.hidden_columns.clone());
    if !empty {
        ledger.defects.push(Defect {
            place: Place { book: book.into(), sheet: name.as_str().into(), row: 1 },
            column: String::new(),
            value: String::new(),
            reason: Reason::NoHeader,
            rejected: false,
            cells: Vec::new(),
        });
    }
    ledger.sheets.push(Sheet {
        book: book.to_owned(),
        name,
        title_rows,
        hidden,
        hidden_columns,
        ..Sheet::default()
    });
}

/// Rows numbered below `header`, with the empty ones between.
fn titles(rows: &[Row], header: u32) -> Vec<Vec<String>> {
    let mut titles: Vec<Vec<String>> = Vec::new();
    let mut next = 1;
    for row in rows.iter().take_while(|row| row.number < header) {
        titles.extend((next..row.number).map(|_| Vec::new()));
        titles.push(row.cells.clone());
        next = row.number + 1;
    }
    if header != u32::MAX {
        titles.extend((next..header).map(|_| Vec::new()));
    }
    titles
}

/// What does not change while a sheet is read.
struct Table<'a> {
    book: &'a str,
    columns: &'a Columns,
    sheet: usize,
}

impl Table<'_> {
    fn read(&self, mut grid: Grid, header: Header, ledger: &mut Ledger, numbers: &mut Numbers) {
        let (top, bottom) = header.rows;
        let number_of = |index: usize| grid.rows.get(index).map_or(0, |row: &Row| row.number);
        let title_rows = titles(&grid.rows, number_of(top));
        let below = number_of(bottom);
        let header_rows: Vec<Row> = grid.rows.get(top..=bottom).unwrap_or_default().to_vec();
        grid.spread_down(below);
        let Header { mut columns, mut weak, .. } = header;
        let data = grid.rows.split_off(bottom + 1);
        let width = data.iter().map(|row| row.cells.len()).max().unwrap_or(0).max(columns.len());
        columns.resize(width, Column { heading: String::new(), field: None });
        weak.resize(width, false);
        let sheet = SheetPlan::new((grid.name, grid.cut), (columns, weak), self.columns);
        for row in data {
            if !header_rows.iter().any(|header| repeats(header, &row)) {
                self.read_row(row, &sheet, ledger, numbers);
            }
        }
        ledger.sheets.push(Sheet {
            book: self.book.to_owned(),
            counted: sheet.weak_number(),
            name: sheet.name,
            title_rows,
            columns: sheet.columns,
            hidden: grid.hidden,
            hidden_columns: grid.hidden_columns,
        });
    }

    fn read_row(&self, row: Row, sheet: &SheetPlan, ledger: &mut Ledger, numbers: &mut Numbers) {
        let place =
            Place { book: self.book.into(), sheet: sheet.name.as_str().into(), row: row.number };
        let mut draft = Draft::new(place, self.sheet);
        draft.read(&row, sheet, self.columns);
        for (column, beginning) in sheet.cut_in(row.number) {
            draft.defect(sheet.heading(*column), beginning, Reason::TooLong);
        }
        let counter = sheet.weak_number() && !draft.named_beside_number() && row.filled() == 1;
        if counter || !draft.names_a_device() || is_note(&row, self.columns) {
            let place = draft.entry.place.clone();
            ledger.defects.append(&mut draft.defects);
            ledger.defects.push(rejected(place, row, Reason::NamesNothing));
            return;
        }
        let Draft { mut entry, mut defects } = draft;
        entry.hidden = row.hidden;
        if row.is_struck(&sheet.naming()) {
            strike(&mut entry);
        }
        ledger.defects.append(&mut defects);
        ledger.defects.extend(self.duplicate(&entry, sheet, numbers));
        entry.cells = row.cells;
        entry.cells.resize(sheet.columns.len(), String::new());
        ledger.entries.push(entry);
    }

    fn duplicate(&self, entry: &Entry, sheet: &SheetPlan, numbers: &mut Numbers) -> Option<Defect> {
        if entry.asset_number.is_empty() {
            return None;
        }
        let scope = sheet.weak_number().then_some(self.sheet);
        let key = (scope, entry.asset_number.clone());
        let Some(first) = numbers.0.get(&key) else {
            numbers.0.insert(key, entry.place.clone());
            return None;
        };
        let column = sheet.columns.iter().find(|column| column.field == Some(Field::AssetNumber));
        Some(Defect {
            place: entry.place.clone(),
            column: column.map(|column| column.heading.clone()).unwrap_or_default(),
            value: quote(&entry.asset_number),
            reason: Reason::DuplicateNumber { first: first.clone() },
            rejected: false,
            cells: Vec::new(),
        })
    }
}

/// Reads an entry anew after its cells were changed, as its sheet reads them. What the row is beside
/// its cells (its place, hidden, struck through, its parts) stays.
pub fn reread(entry: &Entry, sheet: &Sheet, columns: &Columns) -> (Entry, Vec<Defect>) {
    let weak = vec![sheet.counted; sheet.columns.len()];
    let head = (sheet.name.clone(), Vec::new());
    let plan = SheetPlan::new(head, (sheet.columns.clone(), weak), columns);
    let mut draft = Draft::new(entry.place.clone(), entry.sheet);
    let row = Row {
        number: entry.place.row,
        cells: entry.cells.clone(),
        spread: Vec::new(),
        struck: Vec::new(),
        hidden: entry.hidden,
    };
    draft.read(&row, &plan, columns);
    let Draft { entry: mut read, defects } = draft;
    read.hidden = entry.hidden;
    read.parts.clone_from(&entry.parts);
    read.cells = row.cells;
    if entry.struck {
        strike(&mut read);
    }
    (read, defects)
}

/// Whether reading would make an entry of a row of these cells: it names a device, and is no note, no
/// sum and not the header again.
pub fn is_entry(read: &Entry, sheet: &Sheet, columns: &Columns) -> bool {
    let row = |cells: Vec<String>| Row {
        number: read.place.row,
        cells,
        spread: Vec::new(),
        struck: Vec::new(),
        hidden: false,
    };
    let mut named = Draft::new(read.place.clone(), read.sheet);
    named.entry = Entry { cells: Vec::new(), ..read.clone() };
    let header = row(sheet.columns.iter().map(|column| column.heading.clone()).collect());
    let here = row(read.cells.clone());
    let counter = sheet.counted && !named.named_beside_number() && here.filled() == 1;
    let left_out = counter || is_note(&here, columns) || repeats(&header, &here);
    named.names_a_device() && !left_out
}

/// Struck through is how hospitals retire a thing in a workbook.
fn strike(entry: &mut Entry) {
    entry.struck = true;
    entry.state = State::Retired;
}

/// A sheet's columns while its rows are read.
struct SheetPlan {
    name: String,
    cut: Vec<(u32, usize, String)>,
    columns: Vec<Column>,
    weak: Vec<bool>,
    /// The state that each heading speaks of (廃棄日).
    headed: Vec<Option<State>>,
}

impl SheetPlan {
    fn new(
        (name, cut): (String, Vec<(u32, usize, String)>),
        (columns, weak): (Vec<Column>, Vec<bool>),
        table: &Columns,
    ) -> Self {
        let headed = columns.iter().map(|column| table.state(&column.heading)).collect();
        Self { name, cut, columns, weak, headed }
    }

    /// The columns that say which device a row is about.
    fn naming(&self) -> Vec<usize> {
        let names = |column: &Column| column.field.is_some_and(Field::names_a_device);
        (0..).zip(&self.columns).filter(|(_, column)| names(column)).map(|(at, _)| at).collect()
    }

    /// The cells of this row that were cut, with their beginnings.
    fn cut_in(&self, number: u32) -> impl Iterator<Item = (&usize, &String)> {
        let first = self.cut.partition_point(|(row, ..)| *row < number);
        let here = self.cut.iter().skip(first).take_while(move |(row, ..)| *row == number);
        here.map(|(_, column, beginning)| (column, beginning))
    }

    fn heading(&self, column: usize) -> &str {
        self.columns.get(column).map_or("", |column| column.heading.as_str())
    }

    /// Whether the 管理番号 comes from a column that may be a mere row counter.
    fn weak_number(&self) -> bool {
        self.columns
            .iter()
            .zip(&self.weak)
            .any(|(column, weak)| column.field == Some(Field::AssetNumber) && *weak)
    }
}

/// Whether the row says the header again, as lists printed page by page do.
fn repeats(header: &Row, row: &Row) -> bool {
    let width = header.cells.len().max(row.cells.len());
    header.filled() > 1 && (0..width).all(|column| header.at(column) == row.at(column))
}

/// A note, a sum, or the heading of a section.
fn is_note(row: &Row, columns: &Columns) -> bool {
    let filled = row.filled();
    if filled > 3 {
        return false;
    }
    let own = row.cells.iter().enumerate().filter(|(column, _)| !row.spread.contains(column));
    let Some((_, first)) = own.into_iter().find(|(_, cell)| !is_blank(cell)) else { return false };
    (filled == 1 && columns.begins_a_note(first))
        || columns.is(&super::normal::word_key(first), super::columns::Sense::Total)
}

/// Of two declarations the one that says more: a date of disposal outweighs 使用中 beside it.
pub(super) fn graver(a: State, b: State) -> State {
    let rank = |state: State| match state {
        State::InUse => 0,
        State::Spare => 1,
        State::Stopped => 2,
        State::Retired => 3,
    };
    if rank(b) > rank(a) { b } else { a }
}
