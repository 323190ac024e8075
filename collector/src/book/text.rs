//! Text into a grid: which encoding, which delimiter, and the csv crate for the rest. Rows are
//! numbered as a spreadsheet numbers them, where a cell may hold line breaks and blank lines count.

use encoding_rs::{SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

use super::csv_out::{Encoding, unguard};
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

/// Decodes by the byte order mark; without one as UTF-8 or, if that reads worse, as CP932 (with the
/// extensions of NEC and IBM, as WHATWG's `Shift_JIS` has them). `None` if it is no text.
fn decode(octets: &[u8]) -> Option<String> {
    let utf8 = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    if let Ok(text) = std::str::from_utf8(utf8) {
        return is_text(text, controls(text)).then(|| text.to_owned());
    }
    let marked = [(b"\xff\xfe", UTF_16LE), (b"\xfe\xff", UTF_16BE)];
    let utf16 = marked.into_iter().find_map(|(mark, encoding)| {
        octets.strip_prefix(mark).map(|rest| encoding.decode_without_bom_handling(rest).0)
    });
    let text = utf16.unwrap_or_else(|| {
        let utf8 = UTF_8.decode_without_bom_handling(utf8).0;
        let cp932 = SHIFT_JIS.decode_without_bom_handling(octets).0;
        if undecoded(&utf8) < undecoded(&cp932) { utf8 } else { cp932 }
    });
    is_text(&text, controls(&text) + undecoded(&text)).then(|| text.into_owned())
}

/// The encoding in which text is given back: CP932 if it came so, else UTF-8.
pub(super) fn encoding(octets: &[u8]) -> Encoding {
    let marked = [&b"\xff\xfe"[..], b"\xfe\xff", b"\xef\xbb\xbf"];
    if std::str::from_utf8(octets).is_ok() || marked.iter().any(|mark| octets.starts_with(mark)) {
        return Encoding::Utf8Bom;
    }
    let utf8 = UTF_8.decode_without_bom_handling(octets).0;
    let cp932 = SHIFT_JIS.decode_without_bom_handling(octets).0;
    if undecoded(&utf8) < undecoded(&cp932) { Encoding::Utf8Bom } else { Encoding::Cp932 }
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
