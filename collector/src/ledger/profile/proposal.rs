//! What the columns of a book might mean, for a person to confirm or change: field, why, and cells
//! to judge by.

use std::fmt::Write as _;

use serde::Serialize;

use super::super::columns::Columns;
use super::super::normal;
use super::super::{Column, Field, Ledger, Sheet};
use super::{Profile, shape};

/// Cells shown of a column.
const SAMPLES: usize = 3;
/// Characters shown of a cell.
const SHOWN: usize = 40;
/// Rows looked at.
const LOOKED: usize = 200;

/// Why a column is proposed to mean what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A person said so.
    Profile,
    /// The heading is a known one.
    Heading,
    /// A part of the heading is a known one (設置場所（階）, IPアドレス2).
    PartOfHeading,
    /// The heading means the field for want of a better one.
    Weak,
    /// The heading could mean a field, but another column surely does.
    GaveWay,
    /// The heading is unknown, but the cells look like this field; nothing is read from them until a
    /// person says so.
    Cells(Field),
    /// The heading is unknown: the column is kept as it is.
    Unknown,
}

/// A column and what it might mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposed {
    /// The heading as written.
    pub heading: String,
    /// What it is read as.
    pub field: Option<Field>,
    /// Why.
    pub why: Why,
    /// Cells of it, as written.
    pub samples: Vec<String>,
}

/// A sheet and what its columns might mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The file's name.
    pub book: String,
    /// The sheet's name; empty for CSV.
    pub sheet: String,
    /// The columns in the sheet's order, those without a heading at its end left out.
    pub columns: Vec<Proposed>,
}

/// Proposes a meaning for each column of each sheet that has a header.
pub fn propose(ledger: &Ledger, columns: &Columns, profiles: &[Profile]) -> Vec<Proposal> {
    let sheets = ledger.sheets.iter().enumerate().filter(|(_, sheet)| !sheet.columns.is_empty());
    sheets.map(|(index, sheet)| of_sheet(ledger, (index, sheet), columns, profiles)).collect()
}

fn of_sheet(
    ledger: &Ledger,
    (index, sheet): (usize, &Sheet),
    columns: &Columns,
    profiles: &[Profile],
) -> Proposal {
    let here = shape(sheet.columns.iter().map(|column| column.heading.as_str()));
    let spoken = profiles.iter().any(|profile| profile.shape() == here);
    let last = sheet.columns.iter().rposition(|column| !column.heading.trim().is_empty());
    let rows: Vec<&[String]> = (ledger.entries.iter().filter(|entry| entry.sheet == index))
        .map(|entry| entry.cells.as_slice())
        .take(LOOKED)
        .collect();
    let proposed = sheet.columns.iter().take(last.map_or(0, |last| last + 1)).enumerate();
    let proposed = proposed.map(|(at, column)| {
        let cells: Vec<&str> = rows
            .iter()
            .filter_map(|row| row.get(at))
            .map(|cell| cell.trim())
            .filter(|cell| !cell.is_empty())
            .collect();
        let why = if spoken { Why::Profile } else { why(column, &cells, columns) };
        let mut samples: Vec<String> = Vec::new();
        for cell in &cells {
            let shown: String = cell.replace('\n', " ").chars().take(SHOWN).collect();
            if samples.len() < SAMPLES && !samples.contains(&shown) {
                samples.push(shown);
            }
        }
        Proposed { heading: column.heading.clone(), field: column.field, why, samples }
    });
    Proposal { book: sheet.book.clone(), sheet: sheet.name.clone(), columns: proposed.collect() }
}

fn why(column: &Column, cells: &[&str], columns: &Columns) -> Why {
    let key = normal::heading_key(&column.heading);
    let whole = columns.headings().any(|(known, _)| known == key);
    match columns.meaning(&column.heading) {
        Some(_) if column.field.is_none() => Why::GaveWay,
        Some(meaning) if meaning.weak => Why::Weak,
        Some(_) if whole => Why::Heading,
        Some(_) => Why::PartOfHeading,
        None => looks_like(cells, columns).map_or(Why::Unknown, Why::Cells),
    }
}

/// What most of the cells are, if they are addresses.
fn looks_like(cells: &[&str], columns: &Columns) -> Option<Field> {
    let most = |is: &dyn Fn(&str) -> bool| {
        cells.len() > 1 && cells.iter().filter(|cell| is(cell)).count() * 3 >= cells.len() * 2
    };
    if most(&|cell| !normal::macs(cell, columns).addresses.is_empty()) {
        Some(Field::Mac)
    } else if most(&|cell| !normal::ips(cell, columns).addresses.is_empty()) {
        Some(Field::Ip)
    } else {
        None
    }
}

impl From<&Proposal> for Profile {
    fn from(proposal: &Proposal) -> Self {
        let columns = proposal
            .columns
            .iter()
            .map(|column| super::Mapped { heading: column.heading.clone(), field: column.field });
        let name = if proposal.sheet.is_empty() { &proposal.book } else { &proposal.sheet };
        Self { name: name.clone(), columns: columns.collect() }
    }
}

/// Proposals as a file of profiles for a person to change, each shape once, with sample cells as
/// comments.
///
/// # Errors
/// Never for text; the error is that of formatting.
pub fn to_toml(proposals: &[Proposal]) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let mut shapes: Vec<String> = Vec::new();
    for proposal in proposals {
        let profile = Profile::from(proposal);
        if shapes.contains(&profile.shape()) {
            continue;
        }
        shapes.push(profile.shape());
        writeln!(out, "[[profile]]\nname = {}\ncolumns = [", quoted(&profile.name))?;
        for (column, mapped) in proposal.columns.iter().zip(&profile.columns) {
            write!(out, "    {{ heading = {}", quoted(&mapped.heading))?;
            if let Some(field) = mapped.field.and_then(name_of) {
                write!(out, ", field = \"{field}\"")?;
            }
            let samples = column.samples.join(" | ");
            let guess = if let Why::Cells(field) = column.why { name_of(field) } else { None };
            let guess = guess.map_or(String::new(), |name| format!("field = \"{name}\" ? "));
            writeln!(out, " }}, # {guess}{}", samples.replace(|c: char| c.is_control(), " "))?;
        }
        writeln!(out, "]\n")?;
    }
    Ok(out)
}

/// A field as files name it.
fn name_of(field: Field) -> Option<String> {
    serde_json::to_value(field).ok()?.as_str().map(str::to_owned)
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
