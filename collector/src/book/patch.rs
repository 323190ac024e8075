//! The hospital's own workbook given back with what people changed: only the cells, rows and strike-
//! throughs that changed are written into the file that was imported. Everything else of it stays,
//! octet for octet where no part is touched: columns and their order, title rows, formats, formulas,
//! pictures, macros.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Cursor, Read, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::kind::{self, Kind};
use super::text::Shape;
use super::{Lost, Refusal, WriteError, parts, write_xlsx};
use crate::ledger::{Ledger, Place, Row};

/// CSV files.
mod plain;
mod sheet;
mod style;

use sheet::RowPatch;

/// How a book was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// As it was imported: nobody changed anything.
    Untouched,
    /// The file that was imported, with the changes in it.
    Patched,
    /// Written anew, because its format cannot be patched: cells, columns, sheets and marks are the
    /// same, colours and formulas are not.
    Rewritten,
}

/// A book to be given back.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The file.
    pub octets: Vec<u8>,
    /// How it came about.
    pub how: How,
    /// The ending of the file's name, where it is another than that of the file imported.
    pub ending: Option<&'static str>,
    /// Characters that the file's encoding does not have.
    pub lost: Vec<Lost>,
}

/// Changes of a book by sheet and row.
type Patches = BTreeMap<String, BTreeMap<u32, RowPatch>>;

/// Gives a book back with what changed since it was imported. `base` is what was read from the
/// octets, `now` the same ledger with the changes; both of this one book, not joined.
///
/// # Errors
/// If it cannot be written.
pub fn export(octets: &[u8], base: &Ledger, now: &Ledger) -> Result<Exported, WriteError> {
    let patches = patches(base, now);
    if patches.is_empty() {
        let octets = octets.to_vec();
        return Ok(Exported { octets, how: How::Untouched, ending: None, lost: Vec::new() });
    }
    match kind::of(octets) {
        Kind::Text => Ok(as_text(octets, base, patches)),
        Kind::Xlsx => match patched(octets, patches, now) {
            Ok(octets) => {
                Ok(Exported { octets, how: How::Patched, ending: None, lost: Vec::new() })
            }
            Err(_) => rewritten(now),
        },
        Kind::Xls | Kind::Other(_) => rewritten(now),
    }
}

fn rewritten(now: &Ledger) -> Result<Exported, WriteError> {
    let mut octets = Vec::new();
    write_xlsx(now, &mut octets)?;
    Ok(Exported { octets, how: How::Rewritten, ending: Some("xlsx"), lost: Vec::new() })
}

/// The file that was imported with the changes in it; in UTF-8 where they do not fit into its
/// encoding, or where nothing would tell that they are UTF-8.
fn as_text(octets: &[u8], base: &Ledger, mut patches: Patches) -> Exported {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let rows = patches.pop_first().map(|(_, rows)| rows).unwrap_or_default();
    let (mut written, mut lost) = plain::patch(octets, base, &rows);
    let unmarked = octets.is_ascii() && !written.is_ascii();
    if !lost.is_empty() || unmarked {
        let text = Shape::of(octets).decode(octets);
        let utf8 = [MARK, text.as_bytes()].concat();
        (written, lost) = plain::patch(&utf8, base, &rows);
    }
    Exported { octets: written, how: How::Patched, ending: None, lost }
}

/// What differs, by sheet and row.
fn patches(base: &Ledger, now: &Ledger) -> Patches {
    let mut before: HashMap<&Place, Row<'_>> = HashMap::new();
    for sheet in 0..base.sheets.len() {
        before.extend(base.rows_of(sheet).map(|row| (row.place, row)));
    }
    let mut patches = Patches::new();
    for sheet in 0..now.sheets.len() {
        for row in now.rows_of(sheet) {
            let patch = patch_of(before.get(row.place), &row);
            if patch != RowPatch::default() {
                let rows = patches.entry(row.place.sheet.to_string()).or_default();
                rows.insert(row.place.row, patch);
            }
        }
    }
    patches
}

fn patch_of(before: Option<&Row<'_>>, now: &Row<'_>) -> RowPatch {
    let was = |column: usize| {
        before.and_then(|before| before.cells.get(column)).map_or("", String::as_str)
    };
    let cells = now.cells.iter().enumerate().filter(|(column, cell)| *cell != was(*column));
    RowPatch {
        cells: cells.map(|(column, cell)| (column, cell.clone())).collect(),
        struck: now.struck && !before.is_some_and(|before| before.struck),
    }
}

fn damaged(error: &impl ToString) -> Refusal {
    Refusal::Damaged(error.to_string())
}

fn patched(octets: &[u8], mut patches: Patches, now: &Ledger) -> Result<Vec<u8>, Refusal> {
    const STYLES: &str = "xl/styles.xml";
    let mut changed: BTreeMap<String, String> = BTreeMap::new();
    let mut styles: Option<(String, style::Struck)> = None;
    let mut formulas = false;
    for part in parts::sheets(octets)? {
        let Some(mut rows) = patches.remove(&part.name) else { continue };
        let path = read_name(octets, &part.path)?;
        let xml = read(octets, &path)?;
        sheet::unmerge(&xml, &mut rows, |row, column| text_at(now, (&part.name, row), column))?;
        let used = sheet::styles_of_struck(&xml, &rows)?;
        if !used.is_empty() {
            let name = read_name(octets, STYLES)?;
            let (text, known) = match styles.take() {
                Some(before) => before,
                None => (read(octets, &name)?, style::Struck::default()),
            };
            styles = Some(style::strike(&text, known, &used)?);
        }
        let struck = styles.as_ref().map(|(_, struck)| struck.0.clone()).unwrap_or_default();
        let done = sheet::patch(&xml, &rows, &struck)?;
        formulas |= done.formula_gone;
        changed.insert(path, done.xml);
    }
    if let Some((text, _)) = styles {
        changed.insert(read_name(octets, STYLES)?, text);
    }
    if !patches.is_empty() {
        return Err(Refusal::Damaged("a sheet has no part".to_owned()));
    }
    repack(octets, &mut changed, formulas)
}

/// The text of a cell of an entry, as it is now.
fn text_at(now: &Ledger, (sheet, row): (&str, u32), column: usize) -> Option<String> {
    let at = |place: &Place| place.sheet == sheet && place.row == row;
    let entry = now.entries.iter().find(|entry| at(&entry.place))?;
    entry.cells.get(column).cloned()
}

fn read_name(octets: &[u8], name: &str) -> Result<String, Refusal> {
    let archive = parts::archive(octets)?;
    parts::found(&archive, name).ok_or_else(|| Refusal::Damaged(format!("no {name}")))
}

fn read(octets: &[u8], name: &str) -> Result<String, Refusal> {
    let mut archive = parts::archive(octets)?;
    let mut part = archive.by_name(name).map_err(|error| damaged(&error))?;
    let mut text = String::new();
    part.read_to_string(&mut text).map_err(|error| damaged(&error))?;
    Ok(text)
}

/// The archive with some parts in other words. Where a formula went, the chain of calculation, which
/// would name it, goes too; Excel makes it anew.
fn repack(
    octets: &[u8],
    changed: &mut BTreeMap<String, String>,
    formulas: bool,
) -> Result<Vec<u8>, Refusal> {
    const CHAIN: &str = "calcChain";
    let mut archive = parts::archive(octets)?;
    let names: BTreeSet<String> = archive.file_names().flatten().map(Into::into).collect();
    if formulas && names.iter().any(|name| name.contains(CHAIN)) {
        for name in ["[Content_Types].xml", "xl/_rels/workbook.xml.rels"] {
            let name = read_name(octets, name)?;
            let text = read(octets, &name)?;
            changed.insert(name, without(&text, CHAIN));
        }
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|error| damaged(&error))?;
        let name = part.name().map_err(|error| damaged(&error))?.into_owned();
        if formulas && name.contains(CHAIN) {
            continue;
        }
        if let Some(text) = changed.get(&name) {
            writer
                .start_file(name, SimpleFileOptions::default())
                .map_err(|error| damaged(&error))?;
            writer.write_all(text.as_bytes()).map_err(|error| damaged(&error))?;
        } else {
            writer.raw_copy_file(part).map_err(|error| damaged(&error))?;
        }
    }
    Ok(writer.finish().map_err(|error| damaged(&error))?.into_inner())
}

/// The text without the empty elements that hold the word.
fn without(xml: &str, word: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        let (tag, after) = tag.split_at(end);
        if !(tag.contains(word) && tag.ends_with("/>")) {
            out.push_str(tag);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
