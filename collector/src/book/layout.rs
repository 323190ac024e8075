//! Which row of a ledger goes where when it is written: every row to the number it was read from, so
//! that what is read back is the same ledger. Rows that are no entries go back too.

use crate::ledger::{Ledger, Sheet};

/// A row to be written: its number, from 1, and its cells.
pub(super) type Line<'a> = (u32, Vec<&'a str>);

/// The rows of a sheet, ascending by number. An entry whose number is taken or too low, as one that
/// was read from nowhere, goes behind the one before it.
pub(super) fn lines<'a>(ledger: &'a Ledger, index: usize, sheet: &'a Sheet) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    let mut next: u32 = 1;
    for title in &sheet.title_rows {
        lines.push((next, title.iter().map(String::as_str).collect()));
        next = next.saturating_add(1);
    }
    if !sheet.columns.is_empty() {
        lines.push((next, sheet.columns.iter().map(|column| column.heading.as_str()).collect()));
        next = next.saturating_add(1);
    }
    let entries = ledger.entries.iter().filter(|entry| entry.sheet == index);
    let rejected = ledger.defects.iter().filter(|defect| {
        defect.rejected && defect.place.book == sheet.book && defect.place.sheet == sheet.name
    });
    let mut rows: Vec<(u32, &[String])> = entries
        .map(|entry| (entry.place.row, entry.cells.as_slice()))
        .chain(rejected.map(|defect| (defect.place.row, defect.cells.as_slice())))
        .collect();
    rows.sort_by_key(|(number, _)| *number);
    for (number, cells) in rows {
        let number = number.max(next);
        lines.push((number, cells.iter().map(String::as_str).collect()));
        next = number.saturating_add(1);
    }
    lines
}
