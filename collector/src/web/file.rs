//! Tables as files to take along: CSV in UTF-8 or CP932, and workbooks. A character that CP932 does not
//! have is never replaced unasked: the reader is told which, and in which row, and chooses.

use std::io;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::task::JoinError;

use super::api::problem::Problem;
use super::page::{Frame, Reader, message, render};
use crate::book::cp932;
use crate::report::{csv, xlsx};
use crate::words::Word;

/// Lost characters that the page names.
const NAMED: usize = 40;
/// Most characters of a lost cell that the page quotes.
const QUOTED: usize = 60;

/// What kind of file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// UTF-8 with a byte order mark.
    Csv,
    /// CP932; whether characters that it does not have may become 〓.
    Cp932 { lossy: bool },
    /// A workbook.
    Xlsx,
}

impl Kind {
    /// What the name of a file and its query ask for; none if there is no such file.
    pub(super) fn of(file: &str, name: &str, query: &str) -> Option<Self> {
        let said = |of: &str, what: &str| {
            form_urlencoded::parse(query.as_bytes())
                .any(|(name, value)| name == of && value == what)
        };
        match file.strip_prefix(name)? {
            ".xlsx" => Some(Self::Xlsx),
            ".csv" if said("encoding", "cp932") => {
                Some(Self::Cp932 { lossy: said("lossy", "yes") })
            }
            ".csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// A character that the encoding does not have, and the first cell where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    character: char,
    /// The row below the headings, from 1; 0 is that of the headings. None: not known.
    row: Option<usize>,
    cell: String,
}

/// A file, or what its encoding would lose.
pub(super) enum Made {
    File(Vec<u8>),
    Lost(Vec<Lost>),
}

/// Makes a file of a table that is not in memory as a whole.
///
/// # Errors
/// What the writer says.
pub(super) fn made(
    kind: Kind,
    (name, headings): (&str, &[String]),
    rows: impl Iterator<Item = Vec<String>>,
) -> io::Result<Made> {
    let mut out = Vec::new();
    match kind {
        Kind::Xlsx => xlsx::write_rows(&mut out, (name, headings), rows)?,
        Kind::Csv => {
            out.extend_from_slice("\u{feff}".as_bytes());
            csv::write_rows(&mut out, headings, rows)?;
        }
        Kind::Cp932 { lossy } => {
            let mut lost: Vec<Lost> = Vec::new();
            let all = std::iter::once(headings.to_vec()).chain(rows).enumerate();
            let looked = all.map(|(row, cells)| {
                for cell in &cells {
                    look(&mut lost, row, cell);
                }
                cells
            });
            let mut text = Vec::new();
            csv::write_rows(&mut text, &[], looked)?;
            if !lossy && !lost.is_empty() {
                return Ok(Made::Lost(lost));
            }
            let text = String::from_utf8(text).map_err(io::Error::other)?;
            out.extend_from_slice(&cp932(&text, |_| {}));
        }
    }
    Ok(Made::File(out))
}

/// Notes the characters of a cell that CP932 does not have.
fn look(lost: &mut Vec<Lost>, row: usize, cell: &str) {
    let mut missing = Vec::new();
    // What it gives back is of no interest here.
    let _ = cp932(cell, |character| missing.push(character));
    for character in missing {
        if lost.len() < NAMED && !lost.iter().any(|one| one.character == character) {
            lost.push(Lost {
                character,
                row: Some(row),
                cell: cell.chars().take(QUOTED).collect(),
            });
        }
    }
}

/// What was asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) kind: Kind,
    /// The file's name without its ending.
    pub(super) name: &'a str,
    /// The page that the file is of.
    pub(super) back: &'a str,
    pub(super) query: &'a str,
}

#[derive(Template)]
#[template(path = "lost.html")]
struct Page {
    frame: Frame,
    lost: Vec<(char, String, String, String)>,
    /// The same file with 〓, in UTF-8, as a workbook.
    lossy: String,
    utf8: String,
    xlsx: String,
    back: String,
}

/// The file, or the page that says what would be lost.
pub(super) fn answer(
    reader: &Reader,
    asked: Asked<'_>,
    made: Result<io::Result<Made>, JoinError>,
) -> Response {
    match made {
        Ok(Ok(Made::File(octets))) => sent(octets, asked),
        Ok(Ok(Made::Lost(lost))) => told(reader, (asked.back, asked.query), &lost),
        Ok(Err(error)) => broken(reader, &error),
        Err(error) => broken(reader, &error),
    }
}

fn broken(reader: &Reader, error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a file could not be made");
    message(reader, StatusCode::INTERNAL_SERVER_ERROR, Word::FailurePage)
}

fn sent(octets: Vec<u8>, asked: Asked<'_>) -> Response {
    let (kind, ending) = match asked.kind {
        Kind::Csv => ("text/csv; charset=utf-8", "csv"),
        // The name that browsers know for Windows' code page 932 (WHATWG Encoding §4.2).
        Kind::Cp932 { .. } => ("text/csv; charset=shift_jis", "csv"),
        Kind::Xlsx => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    };
    let name = format!("attachment; filename=\"daicho-{}.{ending}\"", asked.name);
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], octets)
        .into_response()
}

/// The page that says what a file would lose, where nobody knows in which rows.
pub(super) fn warned(reader: &Reader, back: &str, query: &str, lost: Vec<char>) -> Response {
    let one = |character| Lost { character, row: None, cell: String::new() };
    let lost: Vec<Lost> = lost.into_iter().take(NAMED).map(one).collect();
    told(reader, (back, query), &lost)
}

fn told(reader: &Reader, (back, query): (&str, &str), lost: &[Lost]) -> Response {
    let lang = reader.lang;
    if reader.is_program() {
        let lost = lost
            .iter()
            .map(|one| json!({ "character": one.character, "row": one.row, "cell": one.cell }));
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiLost);
        return problem.with("lost", lost.collect()).answer(lang);
    }
    let rest: String = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| !matches!(name.as_ref(), "encoding" | "lossy"))
        .fold(form_urlencoded::Serializer::new(String::new()), |mut query, (name, value)| {
            query.append_pair(&name, &value);
            query
        })
        .finish();
    let base = reader.path();
    let base = base.split('?').next().unwrap_or_default();
    let stem = base.strip_suffix(".csv").unwrap_or(base);
    let row = |lost: &Lost| {
        let code = format!("U+{:04X}", u32::from(lost.character));
        let place = lost.row.map(|row| lang.fill(Word::LostRow, &[&(row + 1)]));
        (lost.character, code, place.unwrap_or_default(), lost.cell.clone())
    };
    let page = Page {
        lost: lost.iter().map(row).collect(),
        lossy: format!("{base}?{rest}&encoding=cp932&lossy=yes"),
        utf8: format!("{base}?{rest}"),
        xlsx: format!("{stem}.xlsx?{rest}"),
        back: format!("{back}?{rest}"),
        frame: reader.frame(Word::LostTitle, ""),
    };
    render(&page, StatusCode::UNPROCESSABLE_ENTITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> impl Iterator<Item = Vec<String>> {
        [["吉田", "=1+1"], ["𠮷田", "髙"]].into_iter().map(|row| row.map(str::to_owned).to_vec())
    }

    fn octets(kind: Kind) -> Option<Vec<u8>> {
        let headings = ["氏名".to_owned(), "備考".to_owned()];
        match made(kind, ("表", &headings), rows()).unwrap() {
            Made::File(octets) => Some(octets),
            Made::Lost(_) => None,
        }
    }

    #[test]
    fn a_character_that_cp932_does_not_have_is_told_and_not_replaced_unasked() {
        let headings = ["氏名".to_owned()];
        let Made::Lost(lost) =
            made(Kind::Cp932 { lossy: false }, ("表", &headings), rows()).unwrap()
        else {
            panic!("it was replaced");
        };
        assert_eq!(lost, [Lost { character: '𠮷', row: Some(2), cell: "𠮷田".into() }]);
        let octets = octets(Kind::Cp932 { lossy: true }).unwrap();
        let text = encoding_rs::SHIFT_JIS.decode(&octets).0.into_owned();
        assert_eq!(text, "氏名,備考\r\n吉田,'=1+1\r\n〓田,髙\r\n");
    }

    #[test]
    fn files_say_their_encoding_and_run_nothing() {
        let text = String::from_utf8(octets(Kind::Csv).unwrap()).unwrap();
        assert_eq!(text, "\u{feff}氏名,備考\r\n吉田,'=1+1\r\n𠮷田,髙\r\n");
        assert!(octets(Kind::Xlsx).unwrap().starts_with(b"PK"));
    }

    #[test]
    fn the_name_of_a_file_says_what_it_is() {
        assert_eq!(Kind::of("devices.csv", "devices", "q=x"), Some(Kind::Csv));
        let lossy = Kind::of("devices.csv", "devices", "encoding=cp932&lossy=yes");
        assert_eq!(lossy, Some(Kind::Cp932 { lossy: true }));
        assert_eq!(Kind::of("devices.xlsx", "devices", ""), Some(Kind::Xlsx));
        for name in ["devices", "devices.exe", "ledger.csv", ".csv"] {
            assert_eq!(Kind::of(name, "devices", ""), None, "{name}");
        }
    }
}
