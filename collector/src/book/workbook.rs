//! Workbooks into grids, by calamine. A new workbook is read as a stream of cells, so that one cell
//! in the last corner of a sheet costs nothing; an old one is bounded by its format.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{
    CellErrorType, Data, DataRef, Dimensions, ExcelDateTime, Reader, SheetType, SheetVisible, Xls,
    XlsError, Xlsx, XlsxError,
};

use super::{Budget, Refusal, parts};
use crate::ledger::grid::{Grid, Merged, is_blank};

/// Reads the sheets of an .xlsx or .xlsm.
pub(super) fn xlsx(octets: &[u8]) -> Result<Vec<Grid>, Refusal> {
    unwinding(|| {
        let mut book: Xlsx<_> =
            Xlsx::new(Cursor::new(octets)).map_err(|error| xlsx_refusal(&error))?;
        let mut budget = Budget::default();
        let mut grids = Vec::new();
        let hidden = hidden_sheets(book.sheets_metadata());
        let parts = parts::sheets(octets)?;
        for name in sheet_names(book.sheets_metadata())? {
            let mut grid = xlsx_sheet(&mut book, &name, &mut budget)?;
            grid.hidden = hidden.contains(&name);
            if let Some(part) = parts.iter().find(|part| part.name == name) {
                parts::mark(octets, &part.path, &mut grid)?;
            }
            grids.push(grid);
        }
        Ok(grids)
    })
}

fn xlsx_sheet(
    book: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    budget: &mut Budget,
) -> Result<Grid, Refusal> {
    let damaged = |error: XlsxError| xlsx_refusal(&error);
    let merged = book.merge_cells_by_sheet_name(name).map_err(damaged)?;
    let mut cells = book.worksheet_cells_reader(name).map_err(damaged)?;
    let looks: Vec<(usize, bool)> =
        cells.styles().iter().map(|style| (zero_padding(style), is_struck(style))).collect();
    let mut rows = Rows::default();
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(damaged)? {
        let (row, column) = cell.get_position();
        let (width, struck) = looks.get(style).copied().unwrap_or_default();
        rows.put((row, column), shown(cell.get_value(), width), struck, budget)?;
    }
    rows.into_grid(name, &merged, budget)
}

/// Reads the sheets of an .xls.
pub(super) fn xls(octets: &[u8]) -> Result<Vec<Grid>, Refusal> {
    const ENCRYPTED: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";
    if octets.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED) {
        return Err(Refusal::Password);
    }
    unwinding(|| {
        let mut book: Xls<_> =
            Xls::new(Cursor::new(octets)).map_err(|error| xls_refusal(&error))?;
        let mut budget = Budget::default();
        let mut grids = Vec::new();
        let hidden = hidden_sheets(book.sheets_metadata());
        for name in sheet_names(book.sheets_metadata())? {
            let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
            let range =
                book.worksheet_range(&name).map_err(|error| Refusal::Damaged(error.to_string()))?;
            let (top, left) = range.start().unwrap_or_default();
            let mut rows = Rows::default();
            for (row, column, value) in range.used_cells() {
                let row = top.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
                let column = left.saturating_add(u32::try_from(column).unwrap_or(u32::MAX));
                rows.put((row, column), shown(&reference(value), 0), false, &mut budget)?;
            }
            let mut grid = rows.into_grid(&name, &merged, &mut budget)?;
            grid.hidden = hidden.contains(&name);
            grids.push(grid);
        }
        Ok(grids)
    })
}

/// The parser is not ours and reads files from anywhere: if it panics, the file is what is damaged.
fn unwinding<T>(read: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(Refusal::Damaged("the parser gave up".to_owned())))
}

fn xls_refusal(error: &XlsError) -> Refusal {
    if matches!(error, XlsError::Password) {
        Refusal::Password
    } else {
        Refusal::Damaged(error.to_string())
    }
}

fn xlsx_refusal(error: &XlsxError) -> Refusal {
    if matches!(error, XlsxError::Password) {
        Refusal::Password
    } else {
        Refusal::Damaged(error.to_string())
    }
}

/// Names of the sheets that have rows; charts and macros have none.
fn sheet_names(sheets: &[calamine::Sheet]) -> Result<Vec<String>, Refusal> {
    let mut names: Vec<String> = Vec::new();
    for sheet in sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        if names.contains(&sheet.name) {
            return Err(Refusal::Damaged(format!("two sheets are called {:?}", sheet.name)));
        }
        names.push(sheet.name.clone());
    }
    Ok(names)
}

fn hidden_sheets(sheets: &[calamine::Sheet]) -> Vec<String> {
    let hidden = sheets.iter().filter(|sheet| sheet.visible != SheetVisible::Visible);
    hidden.map(|sheet| sheet.name.clone()).collect()
}

/// Rows as their cells arrive, in whatever order, with the columns that are struck through.
#[derive(Default)]
struct Rows(BTreeMap<u32, (Vec<String>, Vec<usize>)>);

impl Rows {
    fn put(
        &mut self,
        (row, column): (u32, u32),
        text: String,
        struck: bool,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        if is_blank(&text) {
            return Ok(());
        }
        let number = row.saturating_add(1);
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        Budget::place(number, column)?;
        budget.text(text.len())?;
        let (cells, through) = self.0.entry(number).or_default();
        if struck {
            through.push(column);
        }
        if cells.len() <= column {
            budget.row(column + 1 - cells.len())?;
            cells.resize(column + 1, String::new());
        }
        if let Some(cell) = cells.get_mut(column) {
            *cell = text;
        }
        Ok(())
    }

    fn into_grid(
        self,
        name: &str,
        merged: &[Dimensions],
        budget: &mut Budget,
    ) -> Result<Grid, Refusal> {
        let mut grid = Grid::new(name);
        grid.merged = merged
            .iter()
            .map(|region| Merged {
                rows: (region.start.0.saturating_add(1), region.end.0.saturating_add(1)),
                columns: (column(region.start.1), column(region.end.1)),
            })
            .collect();
        for (number, (cells, mut struck)) in self.0 {
            grid.push(number, cells);
            if let Some(row) = grid.rows.last_mut().filter(|row| row.number == number) {
                struck.sort_unstable();
                row.struck = struck;
            }
        }
        budget.sheet(&grid)?;
        Ok(grid)
    }
}

fn column(column: u32) -> usize {
    usize::try_from(column).unwrap_or(usize::MAX)
}

fn reference(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(value) => DataRef::Int(*value),
        Data::Float(value) => DataRef::Float(*value),
        Data::String(value) => DataRef::SharedString(value),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(value) => DataRef::DateTime(*value),
        Data::DateTimeIso(value) => DataRef::DateTimeIso(value.clone()),
        Data::DurationIso(value) => DataRef::DurationIso(value.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// A cell as a person sees it: numbers without a needless fraction, zero-padded where the format is
/// `00000`, dates as ISO 8601.
fn shown(value: &DataRef<'_>, zeros: usize) -> String {
    match value {
        DataRef::Int(value) => format!("{value:0zeros$}"),
        DataRef::Float(value) => number(*value, zeros),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(instant) => date(instant),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::Error(error) => error_text(error).to_owned(),
        DataRef::Empty => String::new(),
    }
}

/// Excel keeps 15 significant digits; a longer expansion is noise of the binary fraction.
fn number(value: f64, zeros: usize) -> String {
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    if rounded.fract() == 0.0 { format!("{rounded:0zeros$}") } else { rounded.to_string() }
}

/// How many digits a number format of zeros only shows at least; 0 for any other format.
fn zero_padding(style: &calamine::Style) -> usize {
    match &style.number_format {
        Some(format) if format.format_code.chars().all(|c| c == '0') => {
            format.format_code.len().min(32)
        }
        Some(_) | None => 0,
    }
}

/// Whether the cell as a whole is struck through; of words inside it nothing is known.
fn is_struck(style: &calamine::Style) -> bool {
    style.font.as_ref().is_some_and(calamine::Font::has_strikethrough)
}

fn date(instant: &ExcelDateTime) -> String {
    if instant.is_duration() || instant.as_f64() < 1.0 {
        let seconds = (instant.as_f64() * 86_400.0).round();
        let minutes = (seconds / 60.0).trunc();
        return format!("{}:{:02}:{:02}", (minutes / 60.0).trunc(), minutes % 60.0, seconds % 60.0);
    }
    let (year, month, day, hour, minute, second, _) = instant.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second) {
        (0, 0, 0) => date,
        (_, _, 0) => format!("{date} {hour:02}:{minute:02}"),
        _ => format!("{date} {hour:02}:{minute:02}:{second:02}"),
    }
}

fn error_text(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}
