//! The XML of one sheet (ECMA-376 part 1, 18.3.1.99 `worksheet`) with some rows changed; what is not
//! changed is copied as it stands.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use quick_xml::Reader;
use quick_xml::events::BytesStart;

use super::super::Refusal;
use super::super::parts::{self, Tag, at, tag, tags};

/// What changes in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RowPatch {
    /// New texts by column, from 0; an empty one clears the cell.
    pub(super) cells: BTreeMap<usize, String>,
    /// Whether the row is struck through from now on.
    pub(super) struck: bool,
}

/// Rows by number, from 1.
pub(super) type Rows = BTreeMap<u32, RowPatch>;

/// A sheet as changed.
pub(super) struct Patched {
    pub(super) xml: String,
    /// Whether a cell that changed held a formula.
    pub(super) formula_gone: bool,
}

/// A region of merged cells: rows from 1, columns from 0, all inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Region {
    rows: (u32, u32),
    columns: (usize, usize),
}

impl Region {
    fn parse(reference: &str) -> Option<Self> {
        let (first, last) = reference.split_once(':').unwrap_or((reference, reference));
        let ((left, top), (right, bottom)) = (position(first)?, position(last)?);
        Some(Self { rows: (top, bottom), columns: (left, right) })
    }

    /// Whether a change is made where the region stands in its way: anywhere but in its first cell,
    /// or there while it covers other rows, which keep what they said.
    fn is_touched(&self, rows: &Rows) -> bool {
        rows.range(self.rows.0..=self.rows.1).any(|(row, patch)| {
            patch.cells.keys().any(|column| {
                let inside = (self.columns.0..=self.columns.1).contains(column);
                let first = *row == self.rows.0 && *column == self.columns.0;
                inside && (!first || self.rows.0 != self.rows.1)
            })
        })
    }
}

/// Column, from 0, and row, from 1, of a reference such as `AB12`.
fn position(reference: &str) -> Option<(usize, u32)> {
    let end = reference.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = reference.split_at(end);
    let mut column = 0_usize;
    for letter in letters.bytes() {
        let value = letter.to_ascii_uppercase().checked_sub(b'A').filter(|value| *value < 26)?;
        column = column.checked_mul(26)?.checked_add(usize::from(value) + 1)?;
    }
    Some((column.checked_sub(1)?, digits.parse().ok()?))
}

fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        let value = u8::try_from((left - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + value));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// Where changes fall into merged regions, every row of the region gets the text that it has now, so
/// that the region can be taken apart.
pub(super) fn unmerge(
    xml: &str,
    rows: &mut Rows,
    text_at: impl Fn(u32, usize) -> Option<String>,
) -> Result<(), Refusal> {
    let mut reader = tags(xml);
    let mut touched = Vec::new();
    loop {
        match tag(&mut reader)?.1 {
            Tag::Open(element) | Tag::Empty(element) => {
                if element.local_name().as_ref() == "mergeCell" {
                    let region = parts::value(&element, "ref").and_then(|r| Region::parse(&r));
                    touched.extend(region.filter(|region| region.is_touched(rows)));
                }
            }
            Tag::Close(_) => {}
            Tag::Eof => break,
        }
    }
    for region in touched {
        let column = region.columns.0;
        for row in region.rows.0..=region.rows.1 {
            if let Some(text) = text_at(row, column) {
                rows.entry(row).or_default().cells.entry(column).or_insert(text);
            }
        }
    }
    Ok(())
}

/// The styles of the cells of rows that are to be struck through.
pub(super) fn styles_of_struck(xml: &str, rows: &Rows) -> Result<BTreeSet<u32>, Refusal> {
    let mut used = BTreeSet::new();
    if !rows.values().any(|row| row.struck) {
        return Ok(used);
    }
    used.insert(0);
    let (mut reader, mut number) = (tags(xml), 0);
    loop {
        match tag(&mut reader)?.1 {
            Tag::Open(element) | Tag::Empty(element) => match element.local_name().as_ref() {
                "row" => number = row_number(&element, number),
                "c" if rows.get(&number).is_some_and(|row| row.struck) => {
                    used.insert(style(&element));
                }
                _ => {}
            },
            Tag::Close(_) => {}
            Tag::Eof => return Ok(used),
        }
    }
}

fn row_number(element: &BytesStart<'_>, before: u32) -> u32 {
    let said = parts::value(element, "r").and_then(|row| row.parse().ok());
    said.unwrap_or_else(|| before.saturating_add(1))
}

fn style(element: &BytesStart<'_>) -> u32 {
    parts::value(element, "s").and_then(|style| style.parse().ok()).unwrap_or_default()
}

/// Writes the changes into the sheet. `struck` gives for each style the same one struck through.
pub(super) fn patch(
    xml: &str,
    rows: &Rows,
    struck: &HashMap<u32, u32>,
) -> Result<Patched, Refusal> {
    let mut work = Work {
        xml,
        rows,
        struck,
        out: String::with_capacity(xml.len() + 4096),
        copied: 0,
        number: 0,
        column: 0,
        waiting: BTreeMap::new(),
        left: rows.keys().copied().collect(),
        formula_gone: false,
    };
    work.run()?;
    Ok(Patched { xml: work.out, formula_gone: work.formula_gone })
}

struct Work<'a> {
    xml: &'a str,
    rows: &'a Rows,
    struck: &'a HashMap<u32, u32>,
    out: String,
    /// How much of the text has been copied or left out.
    copied: usize,
    /// The row that is read.
    number: u32,
    /// The column behind the last cell of the row.
    column: usize,
    /// Cells of the row that are still to be written.
    waiting: BTreeMap<usize, &'a str>,
    /// Rows that are still to be written.
    left: BTreeSet<u32>,
    formula_gone: bool,
}

impl<'a> Work<'a> {
    fn run(&mut self) -> Result<(), Refusal> {
        let mut reader = tags(self.xml);
        loop {
            let (from, tag) = tag(&mut reader)?;
            match tag {
                Tag::Open(element) => match element.local_name().as_ref() {
                    "row" => self.row(&element, (from, at(&reader)), false),
                    "c" => self.cell(&mut reader, &element, from, false)?,
                    "mergeCells" => self.merged(&mut reader, from)?,
                    _ => {}
                },
                Tag::Empty(element) => match element.local_name().as_ref() {
                    "row" => self.row(&element, (from, at(&reader)), true),
                    "c" => self.cell(&mut reader, &element, from, true)?,
                    _ => {}
                },
                Tag::Close(element) => match element.local_name().as_ref() {
                    "row" => self.cells_before(usize::MAX, from),
                    "sheetData" => self.rows_before(u32::MAX, from),
                    _ => {}
                },
                Tag::Eof => break,
            }
        }
        self.copy(self.xml.len());
        if self.left.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Damaged("the sheet has no place for its rows".to_owned()))
        }
    }

    fn copy(&mut self, to: usize) {
        self.out.push_str(self.xml.get(self.copied..to).unwrap_or_default());
        self.copied = to;
    }

    /// New rows that stand before this one.
    fn rows_before(&mut self, number: u32, from: usize) {
        self.copy(from);
        while let Some(row) = self.left.first().copied().filter(|row| *row < number) {
            self.left.remove(&row);
            self.begin(row);
            if self.waiting.is_empty() {
                continue;
            }
            let _ = write!(self.out, "<row r=\"{row}\">");
            self.cells_before(usize::MAX, from);
            self.out.push_str("</row>");
        }
    }

    fn begin(&mut self, row: u32) {
        self.number = row;
        self.column = 0;
        let patch = self.rows.get(&row);
        let cells = patch.into_iter().flat_map(|patch| &patch.cells);
        self.waiting = cells.map(|(column, text)| (*column, text.as_str())).collect();
    }

    fn row(&mut self, element: &BytesStart<'_>, (from, to): (usize, usize), empty: bool) {
        let number = row_number(element, self.number);
        self.rows_before(number, from);
        self.left.remove(&number);
        self.begin(number);
        if self.waiting.is_empty() {
            return;
        }
        // The span of columns is a hint that would be wrong now (18.3.1.73).
        let tag = self.xml.get(from..to).unwrap_or_default();
        let tag = without_attribute(tag, "spans");
        self.copied = to;
        if empty {
            let open = tag.trim_end_matches('>').trim_end_matches('/').trim_end();
            let _ = write!(self.out, "{open}>");
            self.cells_before(usize::MAX, to);
            self.out.push_str("</row>");
        } else {
            self.out.push_str(&tag);
        }
    }

    /// New cells that stand before this column.
    fn cells_before(&mut self, column: usize, from: usize) {
        self.copy(from);
        while let Some((at, text)) = self.waiting.first_key_value().map(|(at, text)| (*at, *text)) {
            if at >= column {
                break;
            }
            self.waiting.remove(&at);
            let style = self.style_now(0);
            self.write(at, text, style);
        }
    }

    /// The style of a cell of this row that had `style`.
    fn style_now(&self, style: u32) -> u32 {
        let row = self.rows.get(&self.number).is_some_and(|row| row.struck);
        if row { self.struck.get(&style).copied().unwrap_or(style) } else { style }
    }

    fn write(&mut self, column: usize, text: &str, style: u32) {
        let (letters, row) = (letters(column), self.number);
        let _ = write!(self.out, "<c r=\"{letters}{row}\"");
        if style != 0 {
            let _ = write!(self.out, " s=\"{style}\"");
        }
        if text.is_empty() {
            self.out.push_str("/>");
            return;
        }
        let text = unescapable(text);
        let text = quick_xml::escape::escape(text.as_ref());
        let _ =
            write!(self.out, " t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>");
    }

    fn cell(
        &mut self,
        reader: &mut Reader<&'a [u8]>,
        element: &BytesStart<'_>,
        from: usize,
        empty: bool,
    ) -> Result<(), Refusal> {
        let said = parts::value(element, "r").and_then(|reference| position(&reference));
        let column = said.map_or(self.column, |(column, _)| column);
        self.column = column.saturating_add(1);
        let (old, now) = (style(element), self.style_now(style(element)));
        if self.waiting.is_empty() && old == now {
            return Ok(());
        }
        self.cells_before(column, from);
        if let Some(text) = self.waiting.remove(&column) {
            if !empty {
                self.skip(reader)?;
            }
            self.copied = at(reader);
            self.write(column, text, now);
        } else if old != now {
            let tag = self.xml.get(from..at(reader)).unwrap_or_default();
            let bare = without_attribute(tag, "s");
            let rest = bare.strip_prefix("<c").unwrap_or_default();
            let _ = write!(self.out, "<c s=\"{now}\"{rest}");
            self.copied = at(reader);
        }
        Ok(())
    }

    /// Leaves the rest of a cell out. A formula that other cells share cannot go.
    fn skip(&mut self, reader: &mut Reader<&'a [u8]>) -> Result<(), Refusal> {
        loop {
            match tag(reader)?.1 {
                Tag::Open(element) | Tag::Empty(element) => {
                    if element.local_name().as_ref() == "f" {
                        self.formula_gone = true;
                        if parts::value(&element, "ref").is_some() {
                            return Err(Refusal::Damaged("its formula is shared".to_owned()));
                        }
                    }
                }
                Tag::Close(element) => {
                    if element.local_name().as_ref() == "c" {
                        return Ok(());
                    }
                }
                Tag::Eof => return Err(Refusal::Damaged("a cell has no end".to_owned())),
            }
        }
    }

    /// The merged regions without those that changes fall into.
    fn merged(&mut self, reader: &mut Reader<&'a [u8]>, from: usize) -> Result<(), Refusal> {
        self.copy(from);
        let mut kept: Vec<String> = Vec::new();
        loop {
            match tag(reader)?.1 {
                Tag::Open(element) | Tag::Empty(element) => {
                    if element.local_name().as_ref() == "mergeCell" {
                        let reference = parts::value(&element, "ref").unwrap_or_default();
                        let region = Region::parse(&reference);
                        if !region.is_some_and(|region| region.is_touched(self.rows)) {
                            kept.push(reference);
                        }
                    }
                }
                Tag::Close(element) => {
                    if element.local_name().as_ref() == "mergeCells" {
                        break;
                    }
                }
                Tag::Eof => return Err(Refusal::Damaged("mergeCells has no end".to_owned())),
            }
        }
        self.copied = at(reader);
        if !kept.is_empty() {
            let _ = write!(self.out, "<mergeCells count=\"{}\">", kept.len());
            for reference in kept {
                let _ = write!(self.out, "<mergeCell ref=\"{reference}\"/>");
            }
            self.out.push_str("</mergeCells>");
        }
        Ok(())
    }
}

/// Spreadsheets read `_x0041_` as A (ECMA-376 part 1, 22.4.2.4 `bstr`), so its first sign is written
/// as such a code itself where a text holds one.
fn unescapable(text: &str) -> Cow<'_, str> {
    let is_code = |rest: &str| {
        rest.get(..7).is_some_and(|code| {
            let digits = code.strip_prefix("_x").and_then(|code| code.strip_suffix('_'));
            digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        })
    };
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        if c == '_' && text.get(at..).is_some_and(is_code) {
            out.push_str("_x005F_");
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// A tag without one of its attributes.
fn without_attribute(tag: &str, name: &str) -> String {
    let begin = format!(" {name}=");
    let Some((before, after)) = tag.split_once(&begin) else { return tag.to_owned() };
    let mut chars = after.chars();
    let Some(quote) = chars.next() else { return tag.to_owned() };
    let rest = chars.as_str();
    match rest.split_once(quote) {
        Some((_, rest)) => format!("{before}{rest}"),
        None => tag.to_owned(),
    }
}
