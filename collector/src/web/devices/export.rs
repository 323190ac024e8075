//! The table of devices as a file: just what is seen, all pages of it, with the reader's columns, filters
//! and order.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::cells::{self, Writer};
use super::view::View;
use super::{Snapshot, find};
use crate::web::Site;
use crate::web::file::{self, Asked, Kind};
use crate::web::page::{Reader, message, unavailable};
use crate::words::Word;

pub(in crate::web) async fn file(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let Some(kind) = Kind::of(&name, "devices", &query) else {
        return message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage);
    };
    let view = View::read(&query);
    let snapshot = match site.view(&reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => return unavailable(&reader, &error, "a file could not be made"),
    };
    let lang = reader.lang;
    let work = move || {
        let writer = Writer { lang, zone: &site.config.zone };
        let headings: Vec<String> =
            view.columns.iter().map(|one| lang.say(cells::heading(*one)).to_owned()).collect();
        let name = lang.say(Word::DevicesTitle);
        let found = find(&snapshot, &view);
        let rows = found.rows.iter().filter_map(|number| row(&snapshot, *number, (writer, &view)));
        file::made(kind, (name, &headings), rows)
    };
    let asked = Asked { kind, name: "devices", back: "/devices", query: &query };
    file::answer(&reader, asked, tokio::task::spawn_blocking(work).await)
}

fn row(
    snapshot: &Snapshot,
    number: u32,
    (writer, view): (Writer<'_>, &View),
) -> Option<Vec<String>> {
    let told = snapshot.told(number as usize)?;
    Some(view.columns.iter().map(|column| writer.text(*column, &told)).collect())
}
