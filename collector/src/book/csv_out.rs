//! One sheet of a ledger into CSV (RFC 4180), for Excel: UTF-8 with a byte order mark, or CP932.
//!
//! A cell that Excel would take for a formula gets an apostrophe before it, which reading takes off
//! again; so a device that calls itself `=cmd|…` runs nothing on the clerk's PC.

use std::borrow::Cow;
use std::io::Write;

use encoding_rs::SHIFT_JIS;

use super::WriteError;
use super::layout::{Line, lines};
use crate::ledger::Ledger;

/// How the text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 with a byte order mark, by which Excel knows it.
    Utf8Bom,
    /// Windows code page 932.
    Cp932,
}

/// A character that the encoding does not have; 〓 stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Row, from 1.
    pub row: u32,
    /// Column, from 0.
    pub column: usize,
    /// The character.
    pub character: char,
}

/// Writes the sheet of this index, and tells which characters were lost.
///
/// # Errors
/// If the writer fails or there is no such sheet.
pub fn write_csv(
    ledger: &Ledger,
    sheet: usize,
    encoding: Encoding,
    mut out: impl Write,
) -> Result<Vec<Lost>, WriteError> {
    let page = ledger.sheets.get(sheet).ok_or(WriteError::NoSuchSheet(sheet))?;
    let mut lost = Vec::new();
    if encoding == Encoding::Utf8Bom {
        out.write_all(b"\xef\xbb\xbf")?;
    }
    let mut next: u32 = 1;
    for line in lines(ledger, sheet, page) {
        for _ in next..line.number {
            out.write_all(b"\r\n")?;
        }
        next = line.number.saturating_add(1);
        write_line(&line, encoding, &mut out, &mut lost)?;
    }
    out.flush()?;
    Ok(lost)
}

fn write_line(
    Line { number, cells, .. }: &Line<'_>,
    encoding: Encoding,
    out: &mut impl Write,
    lost: &mut Vec<Lost>,
) -> Result<(), WriteError> {
    if cells.iter().all(|cell| cell.is_empty()) {
        out.write_all(b"\r\n")?;
        return Ok(());
    }
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(&mut *out);
    for (column, cell) in cells.iter().enumerate() {
        let guarded = guard(cell);
        let octets = match encoding {
            Encoding::Utf8Bom => Cow::Borrowed(guarded.as_bytes()),
            Encoding::Cp932 => cp932(&guarded, |character| {
                lost.push(Lost { row: *number, column, character });
            }),
        };
        writer.write_field(octets).map_err(std::io::Error::from)?;
    }
    writer.write_record(None::<&[u8]>).map_err(std::io::Error::from)?;
    writer.flush()?;
    Ok(())
}

/// Encodes as CP932. Unicode has two characters for some of JIS's; the one that CP932 does not know
/// is written as its twin.
pub fn cp932(text: &str, mut lose: impl FnMut(char)) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut buffer = [0u8; 4];
    for c in text.chars() {
        let c = match c {
            '〜' => '～',
            '—' => '―',
            '‖' => '∥',
            '−' => '－',
            '¢' => '￠',
            '£' => '￡',
            '¬' => '￢',
            // WHATWG's encoder would write these two as \ and ~.
            '¥' => '￥',
            '‾' => '￣',
            c => c,
        };
        let (encoded, _, unmappable) = SHIFT_JIS.encode(c.encode_utf8(&mut buffer));
        if unmappable {
            lose(c);
            // 〓, by which Japanese typesetters mark a missing letter.
            octets.extend_from_slice(&[0x81, 0xac]);
        } else {
            octets.extend_from_slice(&encoded);
        }
    }
    Cow::Owned(octets)
}

/// Whether Excel would take the cell, apostrophes before it set aside, for a formula. Full-width
/// signs count: a Japanese Excel takes them too. Dashes alone and plain numbers do not.
fn is_formula(cell: &str) -> bool {
    let bare = cell.trim_start_matches('\'');
    let begins = bare.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t']);
    begins && !bare.chars().all(|c| matches!(c, '-' | '－')) && !is_negative_number(bare)
}

fn is_negative_number(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|digits| {
        digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

/// The cell as it is written: an apostrophe before what Excel would run.
pub fn guard(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell as it was before it was guarded.
pub(super) fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(bare) if is_formula(bare) => bare,
        Some(_) | None => cell,
    }
}
