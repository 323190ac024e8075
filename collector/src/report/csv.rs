//! Comma-separated values as Excel opens them: UTF-8 with a byte order mark, CRLF, and no cell that
//! a spreadsheet would run as a formula.

use std::io::{self, Write};

use super::table::Table;

/// Writes the tables, one after the other with an empty line between.
pub fn write(out: &mut impl Write, tables: &[Table]) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    for (number, table) in tables.iter().enumerate() {
        if number > 0 {
            out.write_all(b"\r\n")?;
        }
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut *out);
        writer.write_record(table.headings.iter().map(|cell| guarded(cell)))?;
        for row in &table.rows {
            writer.write_record(row.iter().map(|cell| guarded(cell)))?;
        }
        writer.flush()?;
    }
    Ok(())
}

/// The cell, behind an apostrophe if it could be run as a formula. A sign before a plain number is
/// no formula.
pub(super) fn guarded(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if risky && cell.parse::<f64>().is_err() && cell != "-" {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_a_spreadsheet_would_run_are_made_harmless() {
        for cell in ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "-2+3", "＝1"] {
            assert_eq!(guarded(cell), format!("'{cell}"));
        }
        for cell in ["-5", "+81.5", "10.20.0.1", "a=b", "-", ""] {
            assert_eq!(guarded(cell), cell);
        }
    }

    #[test]
    fn excel_is_told_the_encoding_and_cells_with_breaks_are_quoted() {
        let table = Table {
            name: String::new(),
            headings: vec!["機器名".into(), "備考".into()],
            rows: vec![vec!["複合機,3F".into(), "一\n二".into()]],
        };
        let mut out = Vec::new();
        write(&mut out, &[table.clone(), table]).unwrap();
        let text = String::from_utf8(out).unwrap();
        let block = "機器名,備考\r\n\"複合機,3F\",\"一\n二\"\r\n";
        assert_eq!(text, format!("\u{feff}{block}\r\n{block}"));
    }
}
