//! Workbooks: a sheet a table. Every cell is written as text, so no value is run as a formula and
//! no number loses its leading zeros.

use std::collections::BTreeSet;
use std::io::{self, Write};

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::table::Table;

/// Longest name of a sheet, in UTF-16 units (Excel's limit).
const MAX_NAME: usize = 31;
/// Longest cell, in characters (Excel's limit).
const MAX_CELL: usize = 32_767;

/// Writes a workbook.
pub fn write(out: &mut impl Write, tables: &[Table]) -> io::Result<()> {
    let octets = workbook(tables).map_err(io::Error::other)?;
    out.write_all(&octets)
}

/// Writes a workbook of one sheet whose rows are not in memory as a whole.
pub fn write_rows(
    out: &mut impl Write,
    (name, headings): (&str, &[String]),
    rows: impl Iterator<Item = Vec<String>>,
) -> io::Result<()> {
    let mut book = Workbook::new();
    let name = sheet_name(name, &mut BTreeSet::new());
    add(&mut book, (name, headings), rows).map_err(io::Error::other)?;
    let octets = book.save_to_buffer().map_err(io::Error::other)?;
    out.write_all(&octets)
}

fn workbook(tables: &[Table]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let mut names = BTreeSet::new();
    for table in tables {
        let name = sheet_name(&table.name, &mut names);
        add(&mut book, (name, &table.headings), table.rows.iter())?;
    }
    if tables.is_empty() {
        book.add_worksheet();
    }
    book.save_to_buffer()
}

fn add<R: AsRef<[String]>>(
    book: &mut Workbook,
    (name, headings): (String, &[String]),
    rows: impl Iterator<Item = R>,
) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, heading) in (0u16..).zip(headings) {
        sheet.set_column_width(column, 18)?;
        sheet.write_string_with_format(0, column, cut(heading), &bold)?;
    }
    for (row, cells) in (1u32..).zip(rows) {
        for (column, cell) in (0u16..).zip(cells.as_ref()) {
            if !cell.is_empty() {
                sheet.write_string(row, column, cut(cell))?;
            }
        }
    }
    Ok(())
}

/// A cell as long as Excel takes it.
fn cut(cell: &str) -> &str {
    let end = cell.char_indices().nth(MAX_CELL).map_or(cell.len(), |(at, _)| at);
    cell.get(..end).unwrap_or_default()
}

/// The name as Excel allows it, and different from those given before.
pub(super) fn sheet_name(wanted: &str, given: &mut BTreeSet<String>) -> String {
    let kept = wanted.chars().map(|c| if "[]:*?/\\'".contains(c) { '_' } else { c });
    let kept: String = kept.collect();
    let named = |suffix: &str| {
        let mut name = String::new();
        for c in kept.chars() {
            if (name.encode_utf16().count() + c.len_utf16() + suffix.len()) > MAX_NAME {
                break;
            }
            name.push(c);
        }
        if name.is_empty() { format!("Sheet{suffix}") } else { name + suffix }
    };
    let mut name = named("");
    for number in 2.. {
        if given.insert(name.to_lowercase()) {
            break;
        }
        name = named(&format!(" ({number})"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_made_to_fit_and_to_differ() {
        let mut given = BTreeSet::new();
        assert_eq!(sheet_name("本館/1F", &mut given), "本館_1F");
        assert_eq!(sheet_name("本館:1F", &mut given), "本館_1F (2)");
        let long = "長".repeat(40);
        assert_eq!(sheet_name(&long, &mut given).chars().count(), 31);
        assert_eq!(sheet_name(&long, &mut given).chars().count(), 31);
        assert_eq!(sheet_name("", &mut given), "Sheet");
    }

    #[test]
    fn what_looks_like_a_formula_or_a_number_stays_text() {
        use calamine::{Data, Reader, Xlsx};
        let table = Table {
            name: "機器".into(),
            headings: vec!["番号".into()],
            rows: vec![vec!["=1+1".into()], vec!["0012".into()]],
        };
        let mut out = Vec::new();
        write(&mut out, &[table]).unwrap();
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(out)).unwrap();
        let range = book.worksheet_range("機器").unwrap();
        let cells: Vec<&Data> = range.cells().map(|(_, _, cell)| cell).collect();
        let expected = ["番号", "=1+1", "0012"].map(|text| Data::String(text.into()));
        assert_eq!(cells, expected.iter().collect::<Vec<_>>());
    }
}
