//! Changes that a person makes beside the book: a cell, a new row, a row struck through. They are
//! kept apart from the book as imported and applied to it whenever it is read.

use serde::{Deserialize, Serialize};

use super::assemble::{is_entry, reread};
use super::columns::Columns;
use super::grid::{MAX_CELL, is_blank};
use super::normal::heading_key;
use super::step::Step;
use super::{Defect, Entry, Field, Ledger, Place, Reason, Sheet};

/// A column as a person names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// By what it means: the first column of the sheet that means it.
    Field(Field),
    /// By its heading.
    Heading(String),
}

/// What a person wants changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Another text in a cell; an empty one clears it.
    Set {
        /// The row.
        place: Place,
        /// The column.
        column: Named,
        /// The text.
        value: String,
    },
    /// A new row at the end of a sheet: a device that was found is registered.
    Add {
        /// The book.
        book: String,
        /// The sheet; empty for CSV.
        sheet: String,
        /// What the row says.
        values: Vec<(Named, String)>,
    },
    /// Other texts in several cells of a row at once, each with what it said when the person read it.
    Row {
        /// The row.
        place: Place,
        /// Index of the column, the text as it was, and as it is to be.
        cells: Vec<(usize, String, String)>,
    },
    /// The thing is retired: 廃棄 in the column of states or, in a workbook without one, the row is
    /// struck through.
    Retire {
        /// The row.
        place: Place,
        /// What its cells said when the person read it; none: whatever they say.
        was: Option<Vec<String>>,
    },
}

/// Why a ledger cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEdit {
    /// The book has no such sheet, or the sheet has no header.
    #[error("no sheet {1:?} in {0:?}")]
    NoSuchSheet(String, String),
    /// No entry stands there.
    #[error("no entry at {0:?}")]
    NoSuchRow(Place),
    /// The sheet has no such column.
    #[error("no column {0:?}")]
    NoSuchColumn(Named),
    /// The row would say no longer which device it is about.
    #[error("the row would name no device")]
    NamesNothing,
    /// The text is longer than a cell may be, or holds a control character.
    #[error("the text of {0:?} fits into no cell")]
    NotACell(Named),
    /// The list has no column of states, and its format knows no strike-through.
    #[error("no column of states in {0:?}")]
    NoState(String),
    /// The ledger has changed since the step was made.
    #[error("not as it was: {0:?}")]
    NotAsBefore(Place),
}

/// The word that retires a thing in a column of states.
const RETIRED: &str = "廃棄";

/// What steps a wish takes, checked against the ledger as it is (not joined). None if all is as
/// wished.
///
/// # Errors
/// See [`BadEdit`].
pub fn plan(ledger: &Ledger, wish: &Wish, columns: &Columns) -> Result<Vec<Step>, BadEdit> {
    let steps = match wish {
        Wish::Set { place, column, value } => set(ledger, place, column, value)?,
        Wish::Row { place, cells } => row(ledger, place, cells)?,
        Wish::Add { book, sheet, values } => vec![add(ledger, (book, sheet), values)?],
        Wish::Retire { place, was } => {
            is_as(ledger, place, was.as_deref())?;
            retire(ledger, place, columns)?
        }
    };
    let mut tried = part_of(ledger, wish);
    for step in &steps {
        apply_one(&mut tried, step, columns)?;
    }
    Ok(steps)
}

/// The ledger with only the entry that is meant, so that trying costs little.
fn part_of(ledger: &Ledger, wish: &Wish) -> Ledger {
    let meant = match wish {
        Wish::Set { place, .. } | Wish::Row { place, .. } | Wish::Retire { place, .. } => {
            Some(place)
        }
        Wish::Add { .. } => None,
    };
    let entries = ledger.entries.iter().filter(|entry| Some(&entry.place) == meant);
    Ledger {
        sheets: ledger.sheets.clone(),
        entries: entries.cloned().collect(),
        defects: Vec::new(),
    }
}

fn entry_at<'a>(ledger: &'a Ledger, place: &Place) -> Result<(&'a Entry, &'a Sheet), BadEdit> {
    let entry = position(ledger, place).and_then(|at| ledger.entries.get(at));
    entry
        .and_then(|entry| Some((entry, ledger.sheets.get(entry.sheet)?)))
        .ok_or_else(|| BadEdit::NoSuchRow(place.clone()))
}

/// Where the entry stands; rows are told apart by their number before anything else is compared.
fn position(ledger: &Ledger, place: &Place) -> Option<usize> {
    let here = |entry: &Entry| entry.place.row == place.row && entry.place == *place;
    ledger.entries.iter().position(here)
}

fn column_of(sheet: &Sheet, named: &Named) -> Result<usize, BadEdit> {
    let found = match named {
        Named::Field(field) => sheet.columns.iter().position(|c| c.field == Some(*field)),
        Named::Heading(heading) => {
            let exact = sheet.columns.iter().position(|column| column.heading == *heading);
            let key = heading_key(heading);
            let alike = || sheet.columns.iter().position(|c| heading_key(&c.heading) == key);
            exact.or_else(|| if key.is_empty() { None } else { alike() })
        }
    };
    found.ok_or_else(|| BadEdit::NoSuchColumn(named.clone()))
}

fn checked(value: &str, named: &Named) -> Result<String, BadEdit> {
    let lines = value.replace("\r\n", "\n").replace('\r', "\n");
    let unfit = |c: char| c.is_control() && c != '\n' && c != '\t';
    if lines.encode_utf16().count() > MAX_CELL || lines.contains(unfit) {
        return Err(BadEdit::NotACell(named.clone()));
    }
    Ok(if is_blank(&lines) { String::new() } else { lines })
}

fn set(ledger: &Ledger, place: &Place, named: &Named, value: &str) -> Result<Vec<Step>, BadEdit> {
    let (entry, sheet) = entry_at(ledger, place)?;
    let column = column_of(sheet, named)?;
    let before = entry.cells.get(column).cloned().unwrap_or_default();
    let after = checked(value, named)?;
    if before == after {
        return Ok(Vec::new());
    }
    let heading = sheet.columns.get(column).map(|c| c.heading.clone()).unwrap_or_default();
    Ok(vec![Step::Cell { place: place.clone(), column: Some(column), heading, before, after }])
}

fn row(
    ledger: &Ledger,
    place: &Place,
    cells: &[(usize, String, String)],
) -> Result<Vec<Step>, BadEdit> {
    let (entry, sheet) = entry_at(ledger, place)?;
    let mut steps = Vec::new();
    for (column, was, value) in cells {
        let heading = sheet.columns.get(*column).map(|c| c.heading.clone()).unwrap_or_default();
        let named = Named::Heading(heading.clone());
        let before =
            entry.cells.get(*column).ok_or_else(|| BadEdit::NoSuchColumn(named.clone()))?;
        let (was, after) = (checked(was, &named)?, checked(value, &named)?);
        if after == was || after == *before {
            continue;
        }
        // Forms give back no space at the ends.
        if checked(before, &named)?.trim() != was.trim() {
            return Err(BadEdit::NotAsBefore(place.clone()));
        }
        let (place, before) = (place.clone(), before.clone());
        steps.push(Step::Cell { place, column: Some(*column), heading, before, after });
    }
    // What names the thing anew comes before what no longer does.
    steps.sort_by_key(|step| matches!(step, Step::Cell { after, .. } if after.is_empty()));
    Ok(steps)
}

fn add(
    ledger: &Ledger,
    (book, name): (&str, &str),
    values: &[(Named, String)],
) -> Result<Step, BadEdit> {
    let headed =
        |sheet: &Sheet| sheet.book == book && sheet.name == name && !sheet.columns.is_empty();
    let found = ledger.sheets.iter().enumerate().find(|(_, sheet)| headed(sheet));
    let (index, sheet) =
        found.ok_or_else(|| BadEdit::NoSuchSheet(book.to_owned(), name.to_owned()))?;
    let mut cells = vec![String::new(); sheet.columns.len()];
    for (named, value) in values {
        let column = column_of(sheet, named)?;
        if let Some(cell) = cells.get_mut(column) {
            *cell = checked(value, named)?;
        }
    }
    Ok(Step::Added { place: end_of(ledger, index, sheet), cells })
}

/// The first row below everything of a sheet.
pub(super) fn end_of(ledger: &Ledger, index: usize, sheet: &Sheet) -> Place {
    let header = u32::try_from(sheet.title_rows.len()).unwrap_or(u32::MAX).saturating_add(1);
    let entries = ledger.entries.iter().filter(|entry| entry.sheet == index);
    let rows = entries.map(|entry| entry.place.row);
    let here = |place: &Place| place.book == sheet.book && place.sheet == sheet.name;
    let defects = ledger.defects.iter().filter(|defect| defect.rejected && here(&defect.place));
    let last = rows.chain(defects.map(|defect| defect.place.row)).max().unwrap_or(0).max(header);
    Place {
        book: sheet.book.as_str().into(),
        sheet: sheet.name.as_str().into(),
        row: last.saturating_add(1),
    }
}

/// Whether a row says what it did when it was read.
fn is_as(ledger: &Ledger, place: &Place, was: Option<&[String]>) -> Result<(), BadEdit> {
    let (entry, _) = entry_at(ledger, place)?;
    let same = was.is_none_or(|was| entry.cells == was);
    same.then_some(()).ok_or_else(|| BadEdit::NotAsBefore(place.clone()))
}

fn retire(ledger: &Ledger, place: &Place, columns: &Columns) -> Result<Vec<Step>, BadEdit> {
    let (entry, sheet) = entry_at(ledger, place)?;
    if entry.state == super::State::Retired {
        return Ok(Vec::new());
    }
    // Not under 廃棄日, which wants a date.
    let free = |column: &&super::Column| {
        column.field == Some(Field::State) && columns.state(&column.heading).is_none()
    };
    if let Some(column) = sheet.columns.iter().find(free) {
        return set(ledger, place, &Named::Heading(column.heading.clone()), RETIRED);
    }
    if sheet.name.is_empty() {
        return Err(BadEdit::NoState(sheet.book.clone()));
    }
    Ok(vec![Step::Struck { place: place.clone(), struck: true }])
}

/// Applies steps to a ledger that is not joined yet, and tells which of them do not fit it.
pub fn apply(ledger: &mut Ledger, steps: &[Step], columns: &Columns) -> Vec<BadEdit> {
    let mut unfit = Vec::new();
    for step in steps {
        unfit.extend(apply_one(ledger, step, columns).err());
    }
    if !steps.is_empty() {
        recount(ledger);
    }
    unfit
}

fn apply_one(ledger: &mut Ledger, step: &Step, columns: &Columns) -> Result<(), BadEdit> {
    let place = step.place();
    if let Step::Added { cells, .. } = step {
        return insert(ledger, place, cells, columns);
    }
    let missing = || BadEdit::NoSuchRow(place.clone());
    let at = position(ledger, place).ok_or_else(missing)?;
    let mut entry = ledger.entries.get(at).cloned().ok_or_else(missing)?;
    match step {
        Step::Removed { .. } => {
            ledger.entries.remove(at);
            forget(ledger, place);
            return Ok(());
        }
        Step::Cell { column: Some(column), before, after, .. } => {
            let cell = entry.cells.get_mut(*column).filter(|cell| *cell == before);
            cell.ok_or_else(|| BadEdit::NotAsBefore(place.clone()))?.clone_from(after);
        }
        Step::Struck { struck, .. } => entry.struck = *struck,
        // A step of a comparison; nobody makes it in a book.
        Step::Cell { column: None, .. } | Step::Moved { .. } | Step::Added { .. } => {
            return Err(BadEdit::NotAsBefore(place.clone()));
        }
    }
    let sheet = ledger.sheets.get(entry.sheet).ok_or_else(missing)?;
    let (read, defects) = reread(&entry, sheet, columns);
    if !is_entry(&read, sheet, columns) {
        return Err(BadEdit::NamesNothing);
    }
    forget(ledger, place);
    ledger.defects.extend(defects);
    if let Some(entry) = ledger.entries.get_mut(at) {
        *entry = read;
    }
    Ok(())
}

fn insert(
    ledger: &mut Ledger,
    place: &Place,
    cells: &[String],
    columns: &Columns,
) -> Result<(), BadEdit> {
    if position(ledger, place).is_some() {
        return Err(BadEdit::NotAsBefore(place.clone()));
    }
    let here = |sheet: &Sheet| place.book == sheet.book && place.sheet == sheet.name;
    let found = ledger.sheets.iter().enumerate().find(|(_, sheet)| here(sheet));
    let missing = || BadEdit::NoSuchSheet(place.book.to_string(), place.sheet.to_string());
    let (index, sheet) = found.ok_or_else(missing)?;
    let mut cells = cells.to_vec();
    cells.resize(sheet.columns.len(), String::new());
    let entry = Entry { place: place.clone(), sheet: index, cells, ..Entry::default() };
    let (read, defects) = reread(&entry, sheet, columns);
    if !is_entry(&read, sheet, columns) {
        return Err(BadEdit::NamesNothing);
    }
    ledger.defects.extend(defects);
    // Behind the last of its sheet, so that entries stay in the order of the book.
    let at = ledger.entries.iter().rposition(|entry| entry.sheet <= index);
    ledger.entries.insert(at.map_or(0, |at| at + 1), read);
    Ok(())
}

/// Takes back what was wrong with the cells of a row, before it is read anew.
fn forget(ledger: &mut Ledger, place: &Place) {
    ledger.defects.retain(|defect| defect.rejected || defect.place != *place);
}

/// Finds anew which 管理番号 stand twice.
fn recount(ledger: &mut Ledger) {
    ledger.defects.retain(|d| !matches!(d.reason, Reason::DuplicateNumber { .. }));
    let mut first: std::collections::HashMap<(Option<usize>, &str), &Place> =
        std::collections::HashMap::new();
    let mut found: Vec<Defect> = Vec::new();
    for entry in ledger.entries.iter().filter(|entry| !entry.asset_number.is_empty()) {
        let sheet = ledger.sheets.get(entry.sheet);
        let counted = sheet.is_some_and(|sheet| sheet.counted);
        let key = (counted.then_some(entry.sheet), entry.asset_number.as_str());
        let Some(first) = first.get(&key) else {
            first.insert(key, &entry.place);
            continue;
        };
        let column = sheet.and_then(|sheet| {
            sheet.columns.iter().find(|column| column.field == Some(Field::AssetNumber))
        });
        found.push(Defect {
            place: entry.place.clone(),
            column: column.map(|column| column.heading.clone()).unwrap_or_default(),
            value: super::grid::quote(&entry.asset_number),
            reason: Reason::DuplicateNumber { first: (*first).clone() },
            rejected: false,
            cells: Vec::new(),
        });
    }
    ledger.defects.append(&mut found);
}

#[cfg(test)]
mod tests;
