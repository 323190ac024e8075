//! What the reader of workbooks does not tell: which part of the archive is which sheet, and which
//! rows and columns it hides (ECMA-376 part 1, 18.2.19, 18.3.1.13 `col`, 18.3.1.73 `row`).

use std::io::{BufReader, Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesEnd, BytesStart, Event};
use zip::ZipArchive;

use super::{MAX_COLUMNS, Refusal};
use crate::ledger::grid::Grid;

/// Longest part that lists sheets, in octets.
const MAX_LIST: u64 = 16 << 20;

/// A sheet and its part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The sheet's name.
    pub(super) name: String,
    /// The part's name in the archive.
    pub(super) path: String,
}

pub(super) fn archive(octets: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, Refusal> {
    ZipArchive::new(Cursor::new(octets)).map_err(|error| Refusal::Damaged(error.to_string()))
}

fn damaged(error: &impl ToString) -> Refusal {
    Refusal::Damaged(error.to_string())
}

/// The sheets of a workbook with their parts, in the workbook's order.
pub(super) fn sheets(octets: &[u8]) -> Result<Vec<Part>, Refusal> {
    let mut archive = archive(octets)?;
    let relations = text(&mut archive, "xl/_rels/workbook.xml.rels")?;
    let targets = elements(&relations, "Relationship", &["Id", "Target"])?;
    let workbook = text(&mut archive, "xl/workbook.xml")?;
    let sheets = elements(&workbook, "sheet", &["name", "id"])?;
    let parts = sheets.into_iter().filter_map(|[name, id]| {
        let [_, target] = targets.iter().find(|[known, _]| *known == id)?;
        let path = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
        Some(Part { name, path })
    });
    Ok(parts.collect())
}

/// A part of the archive as text; its name may be written in other case.
fn text(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<String, Refusal> {
    let found = found(archive, name).ok_or_else(|| Refusal::Damaged(format!("no {name}")))?;
    let part = archive.by_name(&found).map_err(|error| damaged(&error))?;
    let mut text = String::new();
    part.take(MAX_LIST).read_to_string(&mut text).map_err(|error| damaged(&error))?;
    Ok(text)
}

/// The name by which the archive knows a part.
pub(super) fn found(archive: &ZipArchive<Cursor<&[u8]>>, name: &str) -> Option<String> {
    let mut names = archive.file_names().flatten();
    names.find(|known| known.eq_ignore_ascii_case(name)).map(Into::into)
}

/// A tag of an XML text. What stands between tags says nothing here.
pub(super) enum Tag<'a> {
    Open(BytesStart<'a>),
    Empty(BytesStart<'a>),
    Close(BytesEnd<'a>),
    Eof,
}

/// The next tag, and where it begins.
pub(super) fn tag<'a>(reader: &mut Reader<&'a [u8]>) -> Result<(usize, Tag<'a>), Refusal> {
    loop {
        let from = at(reader);
        #[expect(clippy::wildcard_enum_match_arm, reason = "everything else is no tag")]
        match reader.read_event().map_err(|error| damaged(&error))? {
            Event::Start(element) => return Ok((from, Tag::Open(element))),
            Event::Empty(element) => return Ok((from, Tag::Empty(element))),
            Event::End(element) => return Ok((from, Tag::Close(element))),
            Event::Eof => return Ok((from, Tag::Eof)),
            _ => {}
        }
    }
}

/// A reader of tags that does not look whether they pair; the reader of workbooks has.
pub(super) fn tags(xml: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    reader
}

/// Where the reader stands, in octets.
pub(super) fn at(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// The values of two attributes of every element of this name; empty where one is missing.
fn elements(xml: &str, name: &str, wanted: &[&str; 2]) -> Result<Vec<[String; 2]>, Refusal> {
    let mut reader = tags(xml);
    let mut found = Vec::new();
    loop {
        match tag(&mut reader)?.1 {
            Tag::Open(element) | Tag::Empty(element) => {
                if element.local_name().as_ref() == name {
                    let values = wanted.map(|name| value(&element, name).unwrap_or_default());
                    found.push(values);
                }
            }
            Tag::Close(_) => {}
            Tag::Eof => return Ok(found),
        }
    }
}

/// The value of an attribute, whatever its prefix.
pub(super) fn value(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let mut attributes = attributes.with_checks(false).flatten();
    let found = attributes.find(|attribute| attribute.key.local_name().as_ref() == name)?;
    quick_xml::escape::unescape(&found.value).ok().map(std::borrow::Cow::into_owned)
}

fn is_hidden(element: &BytesStart<'_>) -> bool {
    value(element, "hidden").is_some_and(|value| value == "1" || value == "true")
}

/// Marks the rows and columns that the sheet hides.
pub(super) fn mark(octets: &[u8], path: &str, grid: &mut Grid) -> Result<(), Refusal> {
    let mut archive = archive(octets)?;
    let Some(found) = found(&archive, path) else { return Ok(()) };
    let part = archive.by_name(&found).map_err(|error| damaged(&error))?;
    let mut reader = Reader::from_reader(BufReader::new(part));
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    let (mut number, mut at): (u32, usize) = (0, 0);
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| damaged(&error))?;
        let (Event::Start(element) | Event::Empty(element)) = event else {
            if matches!(event, Event::Eof) {
                return Ok(());
            }
            continue;
        };
        match element.local_name().as_ref() {
            "row" => {
                let said = value(&element, "r").and_then(|row| row.parse().ok());
                number = said.unwrap_or_else(|| number.saturating_add(1));
                if is_hidden(&element) {
                    while grid.rows.get(at).is_some_and(|row| row.number < number) {
                        at += 1;
                    }
                    if let Some(row) = grid.rows.get_mut(at).filter(|row| row.number == number) {
                        row.hidden = true;
                    }
                }
            }
            "col" if is_hidden(&element) => hide_columns(&element, grid),
            _ => {}
        }
    }
}

/// `min` and `max` count columns from 1, both inside.
fn hide_columns(element: &BytesStart<'_>, grid: &mut Grid) {
    let number = |name| value(element, name).and_then(|text| text.parse::<usize>().ok());
    let (Some(min), Some(max)) = (number("min"), number("max")) else { return };
    // What is beyond the last column that is read hides nothing that was read.
    for column in min..=max.min(MAX_COLUMNS) {
        if let Some(column) = column.checked_sub(1) {
            grid.hidden_columns.push(column);
        }
    }
}
