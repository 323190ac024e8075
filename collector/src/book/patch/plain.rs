//! A CSV file with some cells in other words: the octets of every other cell, the delimiter, the
//! encoding, the mark at the beginning, the quotes and the line ends stay as they are.
//!
//! The file is cut where RFC 4180 cuts it, on code units and without decoding: no trail octet of
//! CP932 (0x40 and above), and none of UTF-8's, is a delimiter, a quote or a line end.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::csv_out::{Lost, cp932, guard, unguard};
use super::super::text::{Charset, Shape};
use super::sheet::{RowPatch, Rows};
use crate::ledger::Ledger;

/// Delimiters that are tried, the usual one first.
const DELIMITERS: [u8; 3] = [b',', b'\t', b';'];
/// Rows of the ledger that tell which delimiter was meant.
const WITNESSES: usize = 200;
/// What old programs write behind the last line.
const END_OF_FILE: u8 = 0x1a;

/// The file with the changes, and the characters that its encoding does not have.
pub(super) fn patch(octets: &[u8], base: &Ledger, rows: &Rows) -> (Vec<u8>, Vec<Lost>) {
    let shape = Shape::of(octets);
    let delimiter = delimiter(octets, shape, base);
    let lines = cut(octets, shape, delimiter);
    let mut out = Writer { shape, delimiter, out: Vec::with_capacity(octets.len()), lost: vec![] };
    let mut left: BTreeMap<u32, &RowPatch> =
        rows.iter().filter(|(_, row)| !row.cells.is_empty()).map(|(n, row)| (*n, row)).collect();
    let mut copied = 0;
    for line in &lines {
        let Some(row) = left.remove(&line.number) else { continue };
        out.copy(octets, copied..line.text.start);
        out.record(octets, line, row);
        copied = line.text.end;
    }
    let end = octets.len() - trailer(octets, shape);
    out.copy(octets, copied..end);
    out.append(octets, &lines, &left);
    out.copy(octets, end..octets.len());
    (out.out, out.lost)
}

/// One cell where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    /// Its octets, quotes included.
    at: Range<usize>,
    quoted: bool,
}

/// One row where it stands; a blank one has no cells.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    /// As a spreadsheet numbers it, from 1.
    number: u32,
    /// Its octets without the line end.
    text: Range<usize>,
    /// The octets of its line end; empty behind the last row of a file that has none there.
    end: Range<usize>,
    cells: Vec<Cell>,
}

/// The octets behind the last line that are no line: marks of the end of the file, and half a code
/// unit.
fn trailer(octets: &[u8], shape: Shape) -> usize {
    let width = shape.charset.width();
    let body = octets.len().saturating_sub(shape.mark);
    let mut trailer = body % width;
    while let Some(from) = body.checked_sub(trailer + width) {
        let unit = unit(octets, shape, shape.mark + from);
        if unit != Some(u16::from(END_OF_FILE)) {
            break;
        }
        trailer += width;
    }
    trailer
}

/// The code unit at an octet.
fn unit(octets: &[u8], shape: Shape, at: usize) -> Option<u16> {
    let first = *octets.get(at)?;
    match shape.charset {
        Charset::Utf8 | Charset::Cp932 => Some(first.into()),
        Charset::Utf16Le => Some(u16::from_le_bytes([first, *octets.get(at + 1)?])),
        Charset::Utf16Be => Some(u16::from_be_bytes([first, *octets.get(at + 1)?])),
    }
}

/// Where the reader is in a cell; as the csv crate reads, so that both cut alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Begin,
    Bare,
    Quoted,
    /// Behind a quote inside quotes: the end of them, or one half of a doubled quote.
    Quote,
}

/// Cuts a file into its rows and cells.
fn cut(octets: &[u8], shape: Shape, delimiter: u8) -> Vec<Line> {
    const QUOTE: u16 = b'"' as u16;
    const CR: u16 = b'\r' as u16;
    const LF: u16 = b'\n' as u16;
    let width = shape.charset.width();
    let end = octets.len() - trailer(octets, shape);
    let mut lines: Vec<Line> = Vec::new();
    let mut cells: Vec<Cell> = Vec::new();
    let (mut at, mut begin, mut cell) = (shape.mark, shape.mark, shape.mark);
    let (mut state, mut quoted, mut number) = (At::Begin, false, 1_u32);
    while at < end {
        let Some(one) = unit(octets, shape, at) else { break };
        let inside = state == At::Quoted;
        if !inside && one == u16::from(delimiter) {
            cells.push(Cell { at: cell..at, quoted });
            (cell, state, quoted) = (at + width, At::Begin, false);
        } else if !inside && matches!(one, CR | LF) {
            let both = one == CR && unit(octets, shape, at + width) == Some(LF) && at + width < end;
            let after = at + width * if both { 2 } else { 1 };
            if at > begin {
                cells.push(Cell { at: cell..at, quoted });
            }
            let cells = std::mem::take(&mut cells);
            lines.push(Line { number, text: begin..at, end: at..after, cells });
            number = number.saturating_add(1);
            (at, begin, cell, state, quoted) = (after, after, after, At::Begin, false);
            continue;
        } else {
            state = match (state, one) {
                (At::Begin, QUOTE) => {
                    quoted = true;
                    At::Quoted
                }
                (At::Quoted, QUOTE) => At::Quote,
                (At::Quoted, _) | (At::Quote, QUOTE) => At::Quoted,
                (At::Begin | At::Bare | At::Quote, _) => At::Bare,
            };
        }
        at += width;
    }
    if end > begin {
        cells.push(Cell { at: cell..end, quoted });
        lines.push(Line { number, text: begin..end, end: end..end, cells });
    }
    lines
}

/// The text of a cell, as the reader gives it.
fn read(octets: &[u8], shape: Shape, cell: &Cell) -> String {
    let text = shape.charset.decode(octets.get(cell.at.clone()).unwrap_or_default());
    let Some(rest) = text.strip_prefix('"').filter(|_| cell.quoted) else {
        return unguard(&text).to_owned();
    };
    let mut bare = String::with_capacity(rest.len());
    let mut chars = rest.chars().peekable();
    let mut inside = true;
    while let Some(c) = chars.next() {
        if inside && c == '"' {
            if chars.next_if_eq(&'"').is_some() {
                bare.push('"');
            } else {
                inside = false;
            }
        } else {
            bare.push(c);
        }
    }
    unguard(&bare).to_owned()
}

/// The delimiter under which the file says what was read from it.
fn delimiter(octets: &[u8], shape: Shape, base: &Ledger) -> u8 {
    let alike = |delimiter: u8| {
        let lines = cut(octets, shape, delimiter);
        let witnesses = base.rows_of(0).take(WITNESSES);
        let cells = witnesses.map(|row| {
            let found = lines.binary_search_by_key(&row.place.row, |line| line.number);
            let Some(line) = found.ok().and_then(|at| lines.get(at)) else { return 0 };
            let pairs = line.cells.iter().zip(row.cells);
            pairs
                .filter(|(cell, said)| !said.is_empty() && read(octets, shape, cell) == **said)
                .count()
        });
        cells.sum::<usize>()
    };
    let mut best = (b',', 0);
    for delimiter in DELIMITERS {
        let found = alike(delimiter);
        if found > best.1 {
            best = (delimiter, found);
        }
    }
    if best.1 == 0 { by_header(octets, shape, base) } else { best.0 }
}

/// A list without a readable row is known by its header alone.
fn by_header(octets: &[u8], shape: Shape, base: &Ledger) -> u8 {
    let wanted = base.sheets.first().map_or(0, |sheet| sheet.columns.len());
    let has = |delimiter: &u8| {
        cut(octets, shape, *delimiter).iter().any(|line| line.cells.len() == wanted)
    };
    DELIMITERS.into_iter().find(has).unwrap_or(b',')
}

struct Writer {
    shape: Shape,
    delimiter: u8,
    out: Vec<u8>,
    lost: Vec<Lost>,
}

impl Writer {
    fn copy(&mut self, octets: &[u8], range: Range<usize>) {
        self.out.extend_from_slice(octets.get(range).unwrap_or_default());
    }

    /// Writes what is ASCII.
    fn sign(&mut self, sign: u8) {
        match self.shape.charset {
            Charset::Utf8 | Charset::Cp932 => self.out.push(sign),
            Charset::Utf16Le => self.out.extend_from_slice(&[sign, 0]),
            Charset::Utf16Be => self.out.extend_from_slice(&[0, sign]),
        }
    }

    fn record(&mut self, octets: &[u8], line: &Line, row: &RowPatch) {
        let last = row.cells.keys().next_back().map_or(0, |last| last + 1);
        for column in 0..line.cells.len().max(last) {
            if column > 0 {
                self.sign(self.delimiter);
            }
            let was = line.cells.get(column);
            match (row.cells.get(&column), was) {
                (Some(text), was) => {
                    let quoted = was.is_some_and(|was| was.quoted);
                    self.cell((line.number, column), text, quoted);
                }
                (None, Some(was)) => self.copy(octets, was.at.clone()),
                (None, None) => {}
            }
        }
    }

    fn cell(&mut self, (row, column): (u32, usize), text: &str, quoted: bool) {
        let text = guard(text);
        let needs = |c: char| matches!(c, '"' | '\r' | '\n') || c == char::from(self.delimiter);
        let text = if quoted || text.contains(needs) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.into_owned()
        };
        match self.shape.charset {
            Charset::Utf8 => self.out.extend_from_slice(text.as_bytes()),
            Charset::Cp932 => {
                let told = &mut self.lost;
                let encoded = cp932(&text, |character| told.push(Lost { row, column, character }));
                self.out.extend_from_slice(&encoded);
            }
            Charset::Utf16Le => self.out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Charset::Utf16Be => self.out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
        }
    }

    /// Writes rows that stand below the last, in the manner of the rows above: their line ends, and
    /// quotes around every cell where the last row has them.
    fn append(&mut self, octets: &[u8], lines: &[Line], rows: &BTreeMap<u32, &RowPatch>) {
        let first = lines.first().map(|line| octets.get(line.end.clone()).unwrap_or_default());
        let end = match first {
            Some(end) if !end.is_empty() => end.to_vec(),
            Some(_) | None => self.line_end(),
        };
        let last = lines.iter().rev().find(|line| !line.cells.is_empty());
        let quoted = last.is_some_and(|line| line.cells.iter().all(|cell| cell.quoted));
        let width = last.map_or(0, |line| line.cells.len());
        let ended = lines.last().is_none_or(|line| !line.end.is_empty());
        let mut number = lines.last().map_or(0, |line| line.number);
        if !ended && !rows.is_empty() {
            self.out.extend_from_slice(&end);
        }
        for (wanted, row) in rows {
            for _ in number.saturating_add(1)..*wanted {
                self.out.extend_from_slice(&end);
            }
            number = *wanted;
            let last = row.cells.keys().next_back().map_or(0, |last| last + 1);
            for column in 0..width.max(last) {
                if column > 0 {
                    self.sign(self.delimiter);
                }
                let text = row.cells.get(&column).map_or("", String::as_str);
                self.cell((number, column), text, quoted);
            }
            self.out.extend_from_slice(&end);
        }
        if !ended && !rows.is_empty() {
            self.out.truncate(self.out.len().saturating_sub(end.len()));
        }
    }

    fn line_end(&self) -> Vec<u8> {
        let mut end = Self { shape: self.shape, delimiter: b',', out: vec![], lost: vec![] };
        end.sign(b'\r');
        end.sign(b'\n');
        end.out
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::SHIFT_JIS;
    use proptest::prelude::*;

    use super::*;

    fn rows(changes: &[(u32, usize, &str)]) -> Rows {
        let mut rows = Rows::new();
        for (row, column, text) in changes {
            rows.entry(*row).or_default().cells.insert(*column, (*text).to_owned());
        }
        rows
    }

    fn ledger(octets: &[u8]) -> Ledger {
        crate::book::read("台帳.csv", octets).unwrap()
    }

    fn patched(octets: &[u8], changes: &[(u32, usize, &str)]) -> Vec<u8> {
        let (out, lost) = patch(octets, &ledger(octets), &rows(changes));
        assert_eq!(lost, []);
        out
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        let units = format!("\u{feff}{text}");
        let octets = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        units.encode_utf16().flat_map(octets).collect()
    }

    const BEFORE: &str =
        "題\n管理番号;\"機器名\";IPアドレス\n\n1;\"端末\"\"甲\"\"\";10.0.0.1\n2; NAS ;\"\"\n";
    const AFTER: &str = "題\n管理番号;\"機器名\";IPアドレス\n\n1;\"端末;\"\"乙\"\"\";10.0.0.1\n2; NAS ;\"10.0.0.9\"\n3;新;\n";
    const CHANGES: [(u32, usize, &str); 4] =
        [(4, 1, "端末;\"乙\""), (5, 2, "10.0.0.9"), (6, 0, "3"), (6, 1, "新")];

    #[test]
    fn semicolons_line_feeds_and_quotes_stay_in_every_encoding() {
        assert_eq!(patched(BEFORE.as_bytes(), &CHANGES), AFTER.as_bytes());
        let marked = |text: &str| format!("\u{feff}{text}").into_bytes();
        assert_eq!(patched(&marked(BEFORE), &CHANGES), marked(AFTER));
        let cp932 = |text: &str| SHIFT_JIS.encode(text).0.into_owned();
        assert_eq!(patched(&cp932(BEFORE), &CHANGES), cp932(AFTER));
        for little in [true, false] {
            assert_eq!(patched(&utf16(BEFORE, little), &CHANGES), utf16(AFTER, little));
        }
    }

    #[test]
    fn tabs_and_a_file_without_a_last_line_end_or_with_the_old_mark_of_its_end_stay_so() {
        let before = "管理番号\t機器名\r\n1\tPC,甲";
        assert_eq!(
            patched(before.as_bytes(), &[(3, 0, "2"), (3, 1, "a\tb")]),
            "管理番号\t機器名\r\n1\tPC,甲\r\n2\t\"a\tb\"".as_bytes()
        );
        let before = "管理番号,機器名\r\n1,PC\r\n\u{1a}";
        assert_eq!(
            patched(before.as_bytes(), &[(3, 0, "2"), (4, 0, "3")]),
            "管理番号,機器名\r\n1,PC\r\n2,\r\n3,\r\n\u{1a}".as_bytes()
        );
    }

    #[test]
    fn octets_that_no_encoding_knows_stay_where_they_are() {
        let mut octets = SHIFT_JIS.encode("管理番号,機器名,備考\r\n1,端末①,").0.into_owned();
        octets.extend_from_slice(b"\x85\x40\xfa\x40\r\n2,PC,\r\n");
        let filler = SHIFT_JIS
            .encode("3,とても普通の端末の名前がここに続きます,ふつうの備考の文章が続きます\r\n")
            .0;
        octets.extend_from_slice(&filler.repeat(4));
        let mut expected = octets.clone();
        let at = expected.windows(2).position(|two| two == b"PC").unwrap();
        expected.splice(at..at + 2, *b"NAS");
        assert_eq!(patched(&octets, &[(3, 1, "NAS")]), expected);
    }

    #[test]
    fn a_short_row_grows_and_a_new_text_that_would_run_is_guarded() {
        let before = "管理番号,機器名,備考\n1,PC\n";
        assert_eq!(
            patched(before.as_bytes(), &[(2, 2, "=1+1")]),
            "管理番号,機器名,備考\n1,PC,'=1+1\n".as_bytes()
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        /// Both readers have to cut alike, or a change would go into the wrong cell.
        #[test]
        fn files_are_cut_as_the_reader_cuts_them(text in "(a|b|,|;|\"|\r|\n|\r\n|漢|'=){0,40}", semicolon in any::<bool>()) {
            let delimiter = if semicolon { b';' } else { b',' };
            let mut reader = csv::ReaderBuilder::new()
                .delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(|cell| unguard(cell).to_owned()).collect())
                .collect();
            let octets = utf16(&text, true);
            for octets in [text.as_bytes(), &octets] {
                let shape = Shape::of(octets);
                let lines = cut(octets, shape, delimiter);
                let cells = lines.iter().filter(|line| !line.cells.is_empty());
                let found: Vec<Vec<String>> = cells
                    .map(|line| line.cells.iter().map(|cell| read(octets, shape, cell)).collect())
                    .collect();
                prop_assert_eq!(&found, &expected);
                let whole: usize = lines.iter().map(|line| line.text.len() + line.end.len()).sum();
                prop_assert_eq!(whole + shape.mark, octets.len(), "every octet belongs to a line");
            }
        }
    }
}
