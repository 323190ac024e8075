//! Text into a grid: which encoding, which delimiter, and the csv crate for the rest. Rows are
//! numbered as a spreadsheet numbers them, where a cell may hold line breaks and blank lines count.

use std::borrow::Cow;

use encoding_rs::{SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

use super::csv_out::unguard;
use super::{Budget, Refusal};
use crate::ledger::columns::Columns;
use crate::ledger::grid::Grid;
use crate::ledger::header;
use crate::ledger::profile::Profile;

/// The delimiter is tried on this much of the text, in octets.
const SAMPLE: usize = 64 << 10;
/// One unreadable character in this many is a typing error; more, and it is no text.
const UNREADABLE: usize = 50;

/// What headings mean: the released words, and what people said.
type Meanings<'a> = (&'a Columns, &'a [Profile]);

/// Reads the text as one sheet without a name.
pub(super) fn grids(octets: &[u8], columns: Meanings<'_>) -> Result<Vec<Grid>, Refusal> {
    let text = decode(octets).ok_or(Refusal::NotText)?;
    let text = text.trim_end_matches('\u{1a}');
    let delimiter = delimiter(text, columns);
    let mut budget = Budget::default();
    let grid = rows(text, delimiter, &mut budget)?;
    budget.sheet(&grid)?;
    Ok(vec![grid])
}

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// With the extensions of NEC and IBM, as WHATWG's `Shift_JIS` has them.
    Cp932,
}

impl Charset {
    /// Octets of a code unit.
    pub(super) const fn width(self) -> usize {
        match self {
            Self::Utf8 | Self::Cp932 => 1,
            Self::Utf16Le | Self::Utf16Be => 2,
        }
    }

    /// The text of octets without a byte order mark.
    pub(super) fn decode(self, octets: &[u8]) -> Cow<'_, str> {
        let encoding = match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Cp932 => SHIFT_JIS,
        };
        encoding.decode_without_bom_handling(octets).0
    }
}

/// How text is kept in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) charset: Charset,
    /// Octets of the byte order mark; 0 without one.
    pub(super) mark: usize,
}

impl Shape {
    /// By the byte order mark; without one UTF-8 or, if that reads worse, CP932.
    pub(super) fn of(octets: &[u8]) -> Self {
        let utf8 = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
        let shape = |charset, mark| Self { charset, mark };
        let as_utf8 = shape(Charset::Utf8, octets.len() - utf8.len());
        if std::str::from_utf8(utf8).is_ok() {
            return as_utf8;
        }
        if octets.starts_with(b"\xff\xfe") {
            return shape(Charset::Utf16Le, 2);
        }
        if octets.starts_with(b"\xfe\xff") {
            return shape(Charset::Utf16Be, 2);
        }
        let in_cp932 = undecoded(&Charset::Cp932.decode(octets));
        if undecoded(&Charset::Utf8.decode(utf8)) < in_cp932 {
            as_utf8
        } else {
            shape(Charset::Cp932, 0)
        }
    }

    /// The text of octets of this shape.
    pub(super) fn decode(self, octets: &[u8]) -> Cow<'_, str> {
        self.charset.decode(octets.get(self.mark..).unwrap_or_default())
    }
}

/// The text; `None` if it is none.
fn decode(octets: &[u8]) -> Option<Cow<'_, str>> {
    let text = Shape::of(octets).decode(octets);
    // Characters of private use that were written as UTF-8 are somebody's own, and no sign of damage.
    let damaged = if matches!(text, Cow::Borrowed(_)) { 0 } else { undecoded(&text) };
    is_text(&text, controls(&text) + damaged).then_some(text)
}

fn is_text(text: &str, unreadable: usize) -> bool {
    unreadable * UNREADABLE <= text.chars().count()
}

fn controls(text: &str) -> usize {
    let visible = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{1a}');
    text.chars().filter(|c| !visible(*c)).count()
}

/// Characters that show wrong decoding: those of private use are what CP932 makes of octets that no
/// standard gives a character.
fn undecoded(text: &str) -> usize {
    let undecoded = |c: &char| matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}');
    text.chars().filter(undecoded).count()
}

/// The delimiter under which the header has the most headings.
fn delimiter(text: &str, (columns, profiles): Meanings<'_>) -> u8 {
    let mut end = text.len().min(SAMPLE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let sample = text.get(..end).unwrap_or_default();
    let mut best = (b',', 0);
    for delimiter in [b',', b'\t', b';'] {
        let found = rows(sample, delimiter, &mut Budget::default())
            .ok()
            .and_then(|grid| header::find_with(&grid, columns, profiles))
            .map_or(0, |header| {
                header.columns.iter().filter(|column| column.field.is_some()).count()
            });
        if found > best.1 {
            best = (delimiter, found);
        }
    }
    best.0
}

fn rows(text: &str, delimiter: u8, budget: &mut Budget) -> Result<Grid, Refusal> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut grid = Grid::new("");
    let mut record = csv::StringRecord::new();
    let mut number: u32 = 0;
    loop {
        let start = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        if !reader.read_record(&mut record).map_err(|error| Refusal::Damaged(error.to_string()))? {
            return Ok(grid);
        }
        number = number.saturating_add(1).saturating_add(blank_lines(text, start));
        Budget::place(number, record.len().saturating_sub(1))?;
        budget.text(record.as_slice().len())?;
        budget.row(record.len())?;
        grid.push(number, record.iter().map(|cell| unguard(cell).to_owned()).collect());
    }
}

/// How many blank lines stand before the record that is read from `start` on. The reader stops
/// between the two characters of a CRLF, so a line feed left over from the record before is none.
fn blank_lines(text: &str, start: usize) -> u32 {
    let before = start.checked_sub(1).and_then(|at| text.as_bytes().get(at));
    let mut rest = text.as_bytes().get(start..).unwrap_or_default();
    if before == Some(&b'\r') {
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    let mut lines = 0;
    loop {
        rest = match rest {
            [b'\r', b'\n', rest @ ..] | [b'\r' | b'\n', rest @ ..] => rest,
            _ => return lines,
        };
        lines += 1;
    }
}
