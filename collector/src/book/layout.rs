//! Which row of a ledger goes where when it is written: every row to the number it was read from, so
//! that what is read back is the same ledger. Rows that are no entries go back too.

use crate::ledger::{Ledger, Sheet};

/// A row to be written.
pub(super) struct Line<'a> {
    /// Its number, from 1.
    pub(super) number: u32,
    /// Its cells.
    pub(super) cells: Vec<&'a str>,
    /// Whether it is hidden, and whether it is struck through.
    pub(super) marks: (bool, bool),
}

impl<'a> Line<'a> {
    fn plain(number: u32, cells: impl Iterator<Item = &'a String>) -> Self {
        Self { number, cells: cells.map(String::as_str).collect(), marks: (false, false) }
    }
}

/// The rows of a sheet, ascending by number. An entry whose number is taken or too low, as one that
/// was read from nowhere, goes behind the one before it.
pub(super) fn lines<'a>(ledger: &'a Ledger, index: usize, sheet: &'a Sheet) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    let mut next: u32 = 1;
    for title in &sheet.title_rows {
        lines.push(Line::plain(next, title.iter()));
        next = next.saturating_add(1);
    }
    if !sheet.columns.is_empty() {
        lines.push(Line::plain(next, sheet.columns.iter().map(|column| &column.heading)));
        next = next.saturating_add(1);
    }
    let rejected = ledger.defects.iter().filter(|defect| {
        defect.rejected && defect.place.book == sheet.book && defect.place.sheet == sheet.name
    });
    let mut rows: Vec<(u32, &[String], (bool, bool))> = ledger
        .rows_of(index)
        .map(|row| (row.place.row, row.cells, (row.hidden, row.struck)))
        .chain(rejected.map(|defect| (defect.place.row, defect.cells.as_slice(), (false, false))))
        .collect();
    rows.sort_by_key(|(number, ..)| *number);
    for (number, cells, marks) in rows {
        let number = number.max(next);
        lines.push(Line { number, cells: cells.iter().map(String::as_str).collect(), marks });
        next = number.saturating_add(1);
    }
    lines
}
