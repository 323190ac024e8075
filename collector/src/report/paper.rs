//! A report before it has a format: title, head lines, tables, a drawing, notes, boxes to sign in.
//! What makes one is in [`super::set`]; each renderer beside it turns it into one format and decides
//! nothing. The same paper gives the same octets.

use crate::report::safe::shown;

/// Comma-separated values, in UTF-8 or CP932.
pub mod csv;
/// Shapes at places: what a drawing is made of.
pub mod drawing;
/// A font of the system and how wide its characters are.
pub mod font;
/// Lines of text into a width, by the rules of Japanese typesetting.
pub mod fold;
/// Pages with vector graphics and embedded fonts.
pub mod pdf;
/// Drawings alone.
pub mod svg;
/// How wide columns become.
pub mod widths;
/// Workbooks.
pub mod xlsx;

pub use drawing::Drawing;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What stands above it.
    pub heading: String,
    /// Whether somebody is to fill it in.
    pub answer: bool,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it is called.
    pub title: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, as long as the columns.
    pub rows: Vec<Vec<String>>,
    /// What is said where there is no row.
    pub nothing: String,
}

impl Table {
    /// An empty table with these headings.
    pub fn new<'a>(
        title: &str,
        headings: impl IntoIterator<Item = &'a str>,
        nothing: &str,
    ) -> Self {
        let column = |heading: &str| Column { heading: shown(heading), answer: false };
        let columns = headings.into_iter().map(column).collect();
        Self { title: shown(title), columns, rows: Vec::new(), nothing: nothing.to_owned() }
    }

    /// Adds columns that somebody is to fill in.
    #[must_use]
    pub fn answers<'a>(mut self, headings: impl IntoIterator<Item = &'a str>) -> Self {
        let column = |heading: &str| Column { heading: shown(heading), answer: true };
        self.columns.extend(headings.into_iter().map(column));
        self
    }

    /// Adds a row. Every text becomes safe to show here; a row too short is filled up.
    pub fn push<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let mut row: Vec<String> = cells.into_iter().map(|cell| shown(cell.as_ref())).collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }
}

/// What stands on a paper.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Rows and columns.
    Table(Table),
    /// A drawing with what it is called.
    Drawing(String, Drawing),
}

/// A report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paper {
    /// The language's code (ISO 639-1).
    pub lang: &'static str,
    /// What it is called.
    pub title: String,
    /// What is known of it as a whole: label and text.
    pub head: Vec<(String, String)>,
    /// The head lines that somebody is to fill in, by their number.
    pub asked: Vec<usize>,
    /// Its body.
    pub parts: Vec<Part>,
    /// Remarks below.
    pub notes: Vec<String>,
    /// Boxes to sign in, by the role of who signs.
    pub boxes: Vec<String>,
    /// What stands at the foot of every page: the snapshot that it was made of.
    pub foot: String,
    /// What stands in boxes above the place of a signature: name and date.
    pub signing: String,
    /// The day that it is of: year, month, day.
    pub day: (i16, u8, u8),
}

impl Paper {
    /// Adds a head line.
    pub fn head(&mut self, label: &str, text: &str) {
        self.head.push((shown(label), shown(text)));
    }

    /// Adds a head line that somebody is to fill in.
    pub fn ask(&mut self, label: &str) {
        self.asked.push(self.head.len());
        self.head(label, "");
    }

    /// Its tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.parts.iter().filter_map(|part| match part {
            Part::Table(table) => Some(table),
            Part::Drawing(..) => None,
        })
    }
}
