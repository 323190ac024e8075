//! Where the header of a sheet is, and what its columns mean. The header is the row with the most
//! recognised headings, with the rows above and below that belong to it (DOMAIN §4: title rows
//! above, two-row headers, merged cells).

use super::columns::{Columns, Meaning, Sense};
use super::grid::{Grid, Merged, Row, is_blank};
use super::normal::word_key;
use super::profile::{self, Profile};
use super::{Column, Field};

/// The header is looked for in this many rows that are not empty.
const SEARCHED: usize = 100;
/// A header has at most this many rows.
const DEEPEST: usize = 4;
/// Longer cells are no headings, in characters.
const LONGEST: usize = 60;

/// The header of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Indices of its first and last row in [`Grid::rows`].
    pub rows: (usize, usize),
    /// Its columns.
    pub columns: Vec<Column>,
    /// For each column, whether its heading means its field only for want of a better one.
    pub weak: Vec<bool>,
}

/// Finds the header of the sheet; `None` if no row has headings enough.
pub fn find(grid: &Grid, columns: &Columns) -> Option<Header> {
    find_with(grid, columns, &[])
}

/// As [`find`], where a person has said what some headings mean: a row that is the header of a
/// profile is the header, whatever its words.
pub fn find_with(grid: &Grid, columns: &Columns, profiles: &[Profile]) -> Option<Header> {
    let rows = grid.rows.iter().take(SEARCHED).enumerate();
    let spoken = rows.filter(|_| !profiles.is_empty()).find_map(|(index, row)| {
        let shape = profile::shape(row.cells.iter().map(String::as_str));
        Some((index, profiles.iter().find(|profile| profile.shape() == shape)?))
    });
    if let Some((index, profile)) = spoken {
        let mut header = plain(grid, (index, index), columns);
        profile.say(&mut header.columns, &mut header.weak);
        return Some(header);
    }
    let mut header = found(grid, columns)?;
    let shape = profile::shape(header.columns.iter().map(|column| column.heading.as_str()));
    if let Some(profile) = profiles.iter().find(|profile| profile.shape() == shape) {
        profile.say(&mut header.columns, &mut header.weak);
    }
    Some(header)
}

fn found(grid: &Grid, columns: &Columns) -> Option<Header> {
    let mut best: Option<(usize, usize)> = None;
    for (index, row) in grid.rows.iter().take(SEARCHED).enumerate() {
        let score = score(row, columns);
        if score > best.map_or(0, |(_, highest)| highest) {
            best = Some((index, score));
        }
    }
    let (index, _) = best?;
    Some(plain(grid, extent(grid, index, columns), columns))
}

/// The header in these rows, by the released words alone.
fn plain(grid: &Grid, rows: (usize, usize), columns: &Columns) -> Header {
    let headings = headings(grid, rows);
    let meanings = settle(headings.iter().map(|heading| columns.meaning(heading)).collect());
    let weak = meanings.iter().map(|meaning| meaning.is_some_and(|meaning| meaning.weak)).collect();
    let named = headings
        .into_iter()
        .zip(meanings)
        .map(|(heading, meaning)| Column { heading, field: meaning.map(|meaning| meaning.field) });
    Header { rows, columns: named.collect(), weak }
}

/// How many fields the row's cells mean; 0 if they cannot be a header: one that names a device must
/// be among them, and another beside it unless the row has nothing else.
fn score(row: &Row, columns: &Columns) -> usize {
    let mut fields: Vec<Field> = Vec::new();
    for cell in &row.cells {
        if is_blank(cell) || cell.len() > LONGEST * 4 || cell.chars().count() > LONGEST {
            continue;
        }
        if let Some(meaning) = columns.meaning(cell)
            && !fields.contains(&meaning.field)
        {
            fields.push(meaning.field);
        }
    }
    let names = fields.iter().any(|field| field.names_a_device());
    if names && (fields.len() > 1 || row.filled() == 1) { fields.len() } else { 0 }
}

/// The first and last row of the header that the row at `index` belongs to.
fn extent(grid: &Grid, index: usize, columns: &Columns) -> (usize, usize) {
    let (mut top, mut bottom) = (index, index);
    while bottom - top + 1 < DEEPEST {
        let above = top.checked_sub(1).and_then(|above| grid.rows.get(above));
        let (Some(above), Some(first)) = (above, grid.rows.get(top)) else { break };
        if above.number + 1 != first.number || !is_upper(above, first, &grid.merged, columns) {
            break;
        }
        top -= 1;
    }
    while bottom - top + 1 < DEEPEST {
        let (Some(last), Some(below)) = (grid.rows.get(bottom), grid.rows.get(bottom + 1)) else {
            break;
        };
        if last.number + 1 != below.number || !is_lower(last, below, &grid.merged, columns) {
            break;
        }
        bottom += 1;
    }
    (top, bottom)
}

/// Whether `above` is a row of headings over `first`: a region of it covers several columns but not
/// all, or spans both rows, or it has a heading where `first` has none.
fn is_upper(above: &Row, first: &Row, merged: &[Merged], columns: &Columns) -> bool {
    let regions = merged.iter().filter(|region| region.rows.0 == above.number);
    let grouped = regions.clone().any(|region| {
        let width = region.columns.1 - region.columns.0 + 1;
        width > 1
            && width < first.filled()
            && above.filled() > 1
            && !is_blank(above.at(region.columns.0))
    });
    let spans = regions
        .clone()
        .any(|region| region.rows.1 >= first.number && !is_blank(above.at(region.columns.0)));
    let fills = (0..above.cells.len())
        .any(|column| is_blank(first.at(column)) && columns.meaning(above.at(column)).is_some());
    grouped || spans || fills
}

/// Whether `below` is a second row of headings under `last`: each of its cells is a heading or a
/// label such as 有線, at least one stands under a blank or under a region over several columns,
/// and none stands where it would be a device's own.
fn is_lower(last: &Row, below: &Row, merged: &[Merged], columns: &Columns) -> bool {
    let over = |column: usize| {
        merged.iter().any(|region| {
            region.rows.0 == last.number
                && region.columns.0 < region.columns.1
                && (region.columns.0..=region.columns.1).contains(&column)
        })
    };
    let spans = merged.iter().any(|region| {
        region.rows.0 <= last.number
            && region.rows.1 >= below.number
            && !is_blank(last.at(region.columns.0))
    });
    let mut under_blank = false;
    // A single word is as likely a cell of the first device.
    if below.filled() < 2 && !spans {
        return false;
    }
    for (column, cell) in below.cells.iter().enumerate() {
        if is_blank(cell) {
            continue;
        }
        let known = columns.is(&word_key(cell), Sense::Label) || columns.meaning(cell).is_some();
        let grouped = over(column);
        if !(known || grouped && spans) {
            return false;
        }
        under_blank |= grouped || is_blank(last.at(column));
    }
    under_blank
}

/// The headings of a header of one or more rows, parts joined by a space.
fn headings(grid: &Grid, (top, bottom): (usize, usize)) -> Vec<String> {
    let rows = grid.rows.get(top..=bottom).unwrap_or_default();
    let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    (0..width)
        .map(|column| {
            if let ([only], Some(own)) = (rows, rows.first().and_then(|row| row.cells.get(column)))
                && (!is_blank(own) || merged_over(only, column, &grid.merged).is_none())
            {
                // A heading of one row is kept as written.
                return own.clone();
            }
            let mut parts: Vec<&str> = Vec::new();
            for (depth, row) in rows.iter().enumerate() {
                let part = heading_part(row, column, rows.get(depth + 1), &grid.merged);
                if !part.is_empty() && parts.last() != Some(&part) {
                    parts.push(part);
                }
            }
            parts.join(" ")
        })
        .collect()
}

/// What a row of the header says of a column: its own cell, that of the region which covers it, or,
/// in CSV where regions are lost, that of the nearest heading to the left that has parts below.
fn heading_part<'a>(
    row: &'a Row,
    column: usize,
    below: Option<&Row>,
    merged: &[Merged],
) -> &'a str {
    let own = row.at(column);
    if !own.is_empty() {
        return own;
    }
    if let Some(region) = merged_over(row, column, merged) {
        return if region.rows.0 == row.number { row.at(region.columns.0) } else { "" };
    }
    let Some(below) = below.filter(|below| merged.is_empty() && !below.at(column).is_empty())
    else {
        return "";
    };
    let left = (0..column).rev().find(|left| !row.at(*left).is_empty());
    match left {
        Some(left) if (left..column).all(|between| !below.at(between).is_empty()) => row.at(left),
        Some(_) | None => "",
    }
}

fn merged_over<'a>(row: &Row, column: usize, merged: &'a [Merged]) -> Option<&'a Merged> {
    merged.iter().find(|region| {
        (region.rows.0..=region.rows.1).contains(&row.number)
            && (region.columns.0..=region.columns.1).contains(&column)
    })
}

/// A weak heading gives way where another column surely means its field; of several weak ones the
/// first stays.
fn settle(mut meanings: Vec<Option<Meaning>>) -> Vec<Option<Meaning>> {
    let mut taken: Vec<Field> = meanings
        .iter()
        .flatten()
        .filter(|meaning| !meaning.weak)
        .map(|meaning| meaning.field)
        .collect();
    for slot in &mut meanings {
        if let Some(meaning) = slot.filter(|meaning| meaning.weak) {
            if taken.contains(&meaning.field) {
                *slot = None;
            } else {
                taken.push(meaning.field);
            }
        }
    }
    meanings
}
