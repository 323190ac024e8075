//! Ledgers into workbooks: every sheet in the hospital's own order of columns, title rows and
//! unknown columns with it. Every cell is written as text, so no cell becomes a formula.

use std::io::Write;

use rust_xlsxwriter::{Format, FormatAlign, Workbook};

use super::layout::{Line, lines};
use super::{MAX_COLUMNS, WriteError};
use crate::ledger::{Ledger, Sheet};

/// Longest name of a sheet, in UTF-16 units (Excel's limit).
const LONGEST_NAME: usize = 31;

/// Writes the ledger as one workbook.
///
/// # Errors
/// If the writer fails, or a sheet is larger than a workbook's may be.
pub fn write_xlsx(ledger: &Ledger, mut out: impl Write) -> Result<(), WriteError> {
    let mut book = Workbook::new();
    let heading = Format::new().set_bold().set_align(FormatAlign::Top).set_text_wrap();
    let struck = Format::new().set_font_strikethrough();
    let names = sheet_names(&ledger.sheets);
    for (index, (sheet, name)) in ledger.sheets.iter().zip(&names).enumerate() {
        let page = book.add_worksheet();
        page.set_name(name)?;
        let header = u32::try_from(sheet.title_rows.len()).unwrap_or(u32::MAX).saturating_add(1);
        for Line { number, cells, marks: (row_hidden, row_struck) } in lines(ledger, index, sheet) {
            if row_hidden {
                page.set_row_hidden(number - 1)?;
            }
            for (column, cell) in (0u16..).zip(cells.iter().take(MAX_COLUMNS)) {
                if cell.is_empty() {
                    continue;
                }
                if row_struck {
                    page.write_string_with_format(number - 1, column, *cell, &struck)?;
                } else if number == header && !sheet.columns.is_empty() {
                    page.write_string_with_format(number - 1, column, *cell, &heading)?;
                } else {
                    page.write_string(number - 1, column, *cell)?;
                }
            }
        }
        for column in &sheet.hidden_columns {
            page.set_column_hidden(u16::try_from(*column).unwrap_or(u16::MAX))?;
        }
        // Excel opens no workbook of which every sheet is hidden.
        if sheet.hidden && ledger.sheets.iter().any(|sheet| !sheet.hidden) {
            page.set_hidden(true);
        }
        if !sheet.columns.is_empty() {
            page.set_freeze_panes(header, 0)?;
        }
    }
    if ledger.sheets.is_empty() {
        book.add_worksheet();
    }
    out.write_all(&book.save_to_buffer()?)?;
    out.flush()?;
    Ok(())
}

/// A name for each sheet that Excel takes and no other sheet has. A sheet of a CSV file is called
/// by its file.
fn sheet_names(sheets: &[Sheet]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for sheet in sheets {
        let wanted = if sheet.name.is_empty() { &sheet.book } else { &sheet.name };
        let clean: String = wanted
            .chars()
            .map(|c| if "[]:*?/\\".contains(c) || c.is_control() { '_' } else { c })
            .collect();
        let clean = clean.trim_matches('\'');
        let clean = if clean.is_empty() { "Sheet" } else { clean };
        let taken =
            |name: &str| names.iter().any(|known| known.to_lowercase() == name.to_lowercase());
        let first = cut(clean, LONGEST_NAME);
        let name = if taken(&first) {
            (2..=u32::MAX)
                .map(|number| format!(" ({number})"))
                .map(|number| cut(clean, LONGEST_NAME - number.len()) + &number)
                .find(|name| !taken(name))
                .unwrap_or(first)
        } else {
            first
        };
        names.push(name);
    }
    names
}

fn cut(name: &str, units: usize) -> String {
    let mut used = 0;
    name.chars()
        .take_while(|c| {
            used += c.len_utf16();
            used <= units
        })
        .collect()
}
