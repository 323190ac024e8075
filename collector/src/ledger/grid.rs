//! A sheet as rows of text, before anything is understood: what [`crate::book`] makes of octets and
//! [`super::assemble`] makes a ledger of.

use super::{Defect, Place, Reason};

/// Longest cell, in UTF-16 units: Excel's own limit ("Total number of characters that a cell can
/// contain"), so that a ledger read from CSV can be written as a workbook.
pub const MAX_CELL: usize = 32_767;

/// Characters of a cell that a defect quotes.
const QUOTED: usize = 200;

/// A row that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Number as the spreadsheet shows it, from 1.
    pub number: u32,
    /// Cells from the first column to the last that is not blank.
    pub cells: Vec<String>,
    /// Columns whose text came from a merged region above, ascending.
    pub spread: Vec<usize>,
    /// Columns whose text is struck through, ascending.
    pub struck: Vec<usize>,
    /// Whether the workbook hides the row.
    pub hidden: bool,
}

/// A merged region; its text stands in the cell of the first row and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// First and last row, from 1, both inside.
    pub rows: (u32, u32),
    /// First and last column, from 0, both inside.
    pub columns: (usize, usize),
}

/// A sheet as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// The sheet's name; empty for CSV.
    pub name: String,
    /// Rows that are not empty, ascending by number.
    pub rows: Vec<Row>,
    /// Merged regions.
    pub merged: Vec<Merged>,
    /// Where a cell was longer than [`MAX_CELL`] and was cut: row, column, its beginning.
    pub cut: Vec<(u32, usize, String)>,
    /// Whether the workbook hides the sheet.
    pub hidden: bool,
    /// Columns that the workbook hides, ascending.
    pub hidden_columns: Vec<usize>,
}

impl Grid {
    /// An empty sheet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Adds a row at the end, made clean; an empty one is dropped.
    pub fn push(&mut self, number: u32, cells: Vec<String>) {
        let mut cells: Vec<String> = cells;
        while cells.last().is_some_and(|cell| is_blank(cell)) {
            cells.pop();
        }
        if cells.is_empty() {
            return;
        }
        for (column, cell) in cells.iter_mut().enumerate() {
            if let Some(clean) = cleaned(cell) {
                *cell = clean;
            }
            if let Some(end) = too_long(cell) {
                self.cut.push((number, column, quote(cell)));
                cell.truncate(end);
            }
        }
        self.rows.push(Row {
            number,
            cells,
            spread: Vec::new(),
            struck: Vec::new(),
            hidden: false,
        });
    }

    /// Fills merged regions downwards, first column only: the place that covers ten rows is the
    /// place of each. Rows that have nothing of their own stay away.
    pub fn spread_down(&mut self, below: u32) {
        for merged in &self.merged {
            let (column, _) = merged.columns;
            let (top, bottom) = merged.rows;
            if top <= below || top == bottom {
                continue;
            }
            let first = self.rows.partition_point(|row| row.number < top);
            let Some(row) = self.rows.get(first).filter(|row| row.number == top) else { continue };
            let Some(text) = row.cells.get(column).filter(|cell| !is_blank(cell)).cloned() else {
                continue;
            };
            let under = self.rows.iter_mut().skip(first + 1);
            for row in under.take_while(|row| row.number <= bottom) {
                if row.cells.len() <= column {
                    row.cells.resize(column + 1, String::new());
                }
                if let Some(cell) = row.cells.get_mut(column).filter(|cell| is_blank(cell)) {
                    cell.clone_from(&text);
                    row.spread.push(column);
                }
            }
        }
    }
}

impl Row {
    /// The cell of this column, ends trimmed; empty beyond the last.
    pub fn at(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }

    /// How many cells of its own are not blank.
    pub fn filled(&self) -> usize {
        self.cells.iter().filter(|cell| !is_blank(cell)).count().saturating_sub(self.spread.len())
    }

    /// Whether the row as a whole is struck through: every cell of its own that is not blank, or
    /// every one of them under these columns.
    pub fn is_struck(&self, naming: &[usize]) -> bool {
        if self.struck.is_empty() {
            return false;
        }
        let own = |column: &usize| !self.at(*column).is_empty() && !self.spread.contains(column);
        let all = |columns: &[usize]| {
            let mut filled = columns.iter().filter(|column| own(column)).peekable();
            filled.peek().is_some() && filled.all(|column| self.struck.contains(column))
        };
        all(naming) || all(&(0..self.cells.len()).collect::<Vec<_>>())
    }

    /// The row without what came from merged regions above.
    #[must_use]
    pub fn own(mut self) -> Self {
        for column in self.spread.drain(..) {
            if let Some(cell) = self.cells.get_mut(column) {
                cell.clear();
            }
        }
        while self.cells.last().is_some_and(|cell| is_blank(cell)) {
            self.cells.pop();
        }
        self
    }
}

/// Whether nobody would see anything in the cell.
pub fn is_blank(cell: &str) -> bool {
    cell.chars().all(char::is_whitespace)
}

/// The beginning of a cell, as a defect quotes it.
pub fn quote(cell: &str) -> String {
    cell.chars().take(QUOTED).collect()
}

/// A row left out of the entries; the defect keeps what the row has of its own.
pub fn rejected(place: Place, row: Row, reason: Reason) -> Defect {
    let row = row.own();
    let value = quote(
        &row.cells
            .iter()
            .filter(|cell| !is_blank(cell))
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" | "),
    );
    Defect { place, column: String::new(), value, reason, rejected: true, cells: row.cells }
}

/// Line breaks become `\n`, control characters that no spreadsheet can hold become U+FFFD; `None`
/// if there is nothing to change.
fn cleaned(cell: &str) -> Option<String> {
    let unclean =
        |c: char| c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{fffe}' | '\u{ffff}');
    // Only these octets begin an unclean character in UTF-8.
    let suspect = |octet: u8| octet < 0x20 || matches!(octet, 0x7f | 0xc2 | 0xef);
    if !cell.bytes().any(suspect) || !cell.chars().any(unclean) {
        return None;
    }
    let lines = cell.replace("\r\n", "\n").replace('\r', "\n");
    Some(lines.chars().map(|c| if unclean(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

/// Where to cut a cell that is too long, in octets.
fn too_long(cell: &str) -> Option<usize> {
    if cell.len() <= MAX_CELL {
        return None;
    }
    let mut units = 0;
    cell.char_indices()
        .find(|(_, c)| {
            units += c.len_utf16();
            units > MAX_CELL
        })
        .map(|(at, _)| at)
}
