//! The audit log, the latest first, and its head to be written down or sent elsewhere.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Site;
use super::login::broken;
use super::page::{Frame, Reader, render};
use crate::people::log;
use crate::report::csv;
use crate::report::table::Table;
use crate::store::StoreError;
use crate::words::{Lang, Word, phrase};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    /// The number of the first row shown.
    from: Option<String>,
}

struct Row {
    number: u64,
    at: String,
    who: String,
    address: String,
    deed: String,
    about: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    frame: Frame,
    head: String,
    rows: Vec<Row>,
    /// Where the next older row stands.
    older: Option<u64>,
    newer: bool,
}

fn deed(lang: Lang, name: &str) -> String {
    let known = log::Deed::of(name);
    known.map_or_else(|| name.to_owned(), |deed| lang.say(phrase::people::deed(deed)).to_owned())
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    page(&site, &reader, &wanted).unwrap_or_else(|error| {
        tracing::error!(%error, "the log cannot be read");
        broken(&reader)
    })
}

fn page(site: &Site, reader: &Reader, wanted: &Wanted) -> Result<Response, StoreError> {
    let asked = wanted.from.as_deref().and_then(|from| from.parse::<u64>().ok());
    let rows = site.store.log_rows(asked.unwrap_or(u64::MAX), site.config.page_rows)?;
    let head = site.store.log_head()?;
    let last = rows.last().map_or(0, |row| row.number);
    let first = rows.first().map_or(0, |row| row.number);
    let row = |row: log::Row| Row {
        number: row.number,
        at: site.config.zone.show(row.at),
        who: row.who,
        address: row.address,
        deed: deed(reader.lang, &row.deed),
        about: row.about,
    };
    let page = Page {
        head: head.to_string(),
        rows: rows.into_iter().map(row).collect(),
        older: last.checked_sub(1).filter(|older| *older > 0),
        newer: first < head.number,
        frame: reader.frame(Word::AuditTitle, "audit"),
    };
    Ok(render(&page, StatusCode::OK))
}

/// The whole log as a file, with every digest.
pub(super) async fn file(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    let lang = reader.lang;
    let rows = match site.store.log_rows(u64::MAX, usize::MAX) {
        Ok(rows) => rows,
        Err(error) => {
            tracing::error!(%error, "the log cannot be read");
            return broken(&reader);
        }
    };
    let headings = [
        Word::AuditNumber,
        Word::CommonTime,
        Word::AuditWho,
        Word::AuditAddress,
        Word::AuditDeed,
        Word::AuditAbout,
        Word::AuditDigest,
    ];
    let row = |row: &log::Row| {
        vec![
            row.number.to_string(),
            site.config.zone.rfc3339(row.at),
            row.who.clone(),
            row.address.clone(),
            deed(lang, &row.deed),
            row.about.clone(),
            log::hex(&row.digest),
        ]
    };
    let table = Table {
        name: lang.say(Word::AuditTitle).to_owned(),
        headings: headings.map(|word| lang.say(word).to_owned()).to_vec(),
        rows: rows.iter().rev().map(row).collect(),
    };
    let mut out = Vec::new();
    if let Err(error) = csv::write(&mut out, &[table]) {
        tracing::error!(%error, "a file could not be made");
        return broken(&reader);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"daicho-audit.csv\""),
    ];
    (headers, out).into_response()
}
