//! Comma-separated values as Excel opens them (RFC 4180): UTF-8 with a byte order mark, or CP932; CRLF;
//! no cell that a spreadsheet would run. Drawings are left out: CSV has none.

use std::io::{self, Write};

use super::{Paper, Table};
use crate::book::{Encoding, cp932, guard};

/// Writes the paper, and tells which characters the encoding does not have; 〓 stands in their place.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut impl Write, paper: &Paper, encoding: Encoding) -> io::Result<Vec<char>> {
    let mut text = Vec::new();
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(&mut text);
    let empty = [""];
    writer.write_record([paper.title.as_str()])?;
    for (label, said) in &paper.head {
        writer.write_record([label.as_str(), &guard(said)])?;
    }
    for table in paper.tables() {
        writer.write_record(empty)?;
        table_rows(&mut writer, table)?;
    }
    if !paper.notes.is_empty() {
        writer.write_record(empty)?;
    }
    for note in &paper.notes {
        writer.write_record([&*guard(note)])?;
    }
    writer.write_record(empty)?;
    for role in &paper.boxes {
        writer.write_record([role.as_str(), &paper.signing])?;
    }
    writer.write_record([paper.foot.as_str()])?;
    drop(writer);
    encode(out, &text, encoding)
}

fn table_rows<W: Write>(writer: &mut csv::Writer<W>, table: &Table) -> io::Result<()> {
    if !table.title.is_empty() {
        writer.write_record([table.title.as_str()])?;
    }
    writer.write_record(table.columns.iter().map(|column| column.heading.as_str()))?;
    for row in &table.rows {
        writer.write_record(row.iter().map(|cell| guard(cell).into_owned()))?;
    }
    if table.rows.is_empty() {
        writer.write_record([table.nothing.as_str()])?;
    }
    Ok(())
}

fn encode(out: &mut impl Write, text: &[u8], encoding: Encoding) -> io::Result<Vec<char>> {
    let mut lost = Vec::new();
    match encoding {
        Encoding::Utf8Bom => {
            out.write_all("\u{feff}".as_bytes())?;
            out.write_all(text)?;
        }
        Encoding::Cp932 => {
            let text = std::str::from_utf8(text).map_err(io::Error::other)?;
            out.write_all(&cp932(text, |c| lost.push(c)))?;
        }
    }
    lost.sort_unstable();
    lost.dedup();
    Ok(lost)
}
