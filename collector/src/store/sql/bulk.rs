//! Many rows at once.

use rusqlite::types::ToSqlOutput;

use super::{Connection, Result};

/// How many rows go into one statement where each statement is a journey to a server, the largest
/// first: what does not fill one goes by the next.
const SIZES: [usize; 4] = [512, 64, 8, 1];

/// Where rows go.
pub(in super::super) struct Into<'a> {
    /// The table.
    pub(in super::super) table: &'a str,
    /// Its columns, in the order in which values stand in a row.
    pub(in super::super) columns: &'a [&'a str],
    /// What follows the values: nothing, or what is done about rows that are there.
    pub(in super::super) end: &'a str,
}

impl Into<'_> {
    fn text(&self, rows: usize) -> String {
        let width = self.columns.len();
        let row = |row: usize| {
            let values: Vec<String> =
                (1..=width).map(|column| format!("${}", row * width + column)).collect();
            format!("({})", values.join(", "))
        };
        let (columns, rows) = (self.columns.join(", "), (0..rows).map(row).collect::<Vec<_>>());
        format!("INSERT INTO {} ({columns}) VALUES {} {}", self.table, rows.join(", "), self.end)
    }
}

impl Connection {
    /// Inserts rows whose values follow one another; returns how many are new.
    pub(in super::super) fn insert_all(
        &self,
        into: &Into<'_>,
        values: &[ToSqlOutput<'_>],
    ) -> Result<usize> {
        let sizes = if self.remote().is_some() { &SIZES[..] } else { &[1] };
        let (mut rest, mut new) = (values, 0);
        for size in sizes {
            let length = size * into.columns.len();
            if rest.len() < length {
                continue;
            }
            let mut statement = self.prepare(&into.text(*size))?;
            while let Some((part, after)) = rest.split_at_checked(length) {
                new += statement.execute(part)?;
                rest = after;
            }
        }
        Ok(new)
    }
}
