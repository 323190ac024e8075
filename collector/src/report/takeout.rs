//! Findings to take along to other programs: the tables for NetBox and the inventories for GLPI as one
//! archive, or as lines. The same content is the same octets.

use std::io::{self, Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::table::Table;
use super::{Shown, csv, glpi, netbox};

/// The tables for NetBox, an archive.
///
/// # Errors
/// What the writer says.
pub fn netbox(out: &mut dyn Write, shown: &Shown<'_>, site: &str) -> io::Result<()> {
    let tables = netbox::tables(shown, site);
    let files = tables.iter().map(|(name, table)| {
        let mut octets = Vec::new();
        plain_csv(&mut octets, table)?;
        Ok(((*name).to_owned(), octets))
    });
    archive(out, files)
}

/// The inventories for GLPI, an archive.
///
/// # Errors
/// What the writer says.
pub fn glpi(out: &mut dyn Write, shown: &Shown<'_>) -> io::Result<()> {
    let documents = glpi::documents(shown);
    let files = documents.iter().map(|(name, document)| {
        let mut octets = serde_json::to_vec_pretty(document)?;
        octets.push(b'\n');
        Ok((name.clone(), octets))
    });
    archive(out, files)
}

/// The inventories for GLPI, one a line.
///
/// # Errors
/// What the writer says.
pub fn glpi_lines(out: &mut dyn Write, shown: &Shown<'_>) -> io::Result<()> {
    for (_, document) in glpi::documents(shown) {
        serde_json::to_writer(&mut *out, &document)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// As a program reads it, without a byte order mark; but for the case that somebody opens it in a
/// spreadsheet no cell is a formula.
fn plain_csv(out: &mut impl Write, table: &Table) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(&table.headings)?;
    for row in &table.rows {
        writer.write_record(row.iter().map(|cell| csv::guarded(cell)))?;
    }
    writer.flush()
}

fn archive(
    out: &mut dyn Write,
    files: impl Iterator<Item = io::Result<(String, Vec<u8>)>>,
) -> io::Result<()> {
    // Put together in memory first, for its index is written once all is known.
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // No time of its making: the same content is the same octets.
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for file in files {
        let (name, octets) = file?;
        archive.start_file(name, options).map_err(io::Error::other)?;
        archive.write_all(&octets)?;
    }
    let whole = archive.finish().map_err(io::Error::other)?.into_inner();
    out.write_all(&whole)
}

#[cfg(test)]
mod tests;
