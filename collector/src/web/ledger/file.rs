//! The ledger as files: the rows that are seen, and a book as the hospital wrote it with every change
//! since.

use std::sync::Arc;

use axum::extract::{Path, Query, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Wanted;
use crate::book;
use crate::report;
use crate::store::StoreError;
use crate::web::Site;
use crate::web::file::{self, Asked, Kind};
use crate::web::page::{Reader, encoded, message, unavailable};
use crate::web::snapshot::Snapshot;
use crate::words::{Lang, Word, phrase};

/// What joins several values in a cell.
const IN_CELL: &str = " / ";

/// The rows that are seen, with the verdicts beside them.
pub(in crate::web) async fn seen(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let Some(kind) = Kind::of(&name, "ledger", &query) else {
        return message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage);
    };
    let snapshot = match site.view(&reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => return broken(&reader, &error),
    };
    let lang = reader.lang;
    let work = move || {
        let (columns, rows) = table(&snapshot, (&*site, lang), &wanted);
        file::made(kind, (lang.say(Word::LedgerTitle), &columns), rows)
    };
    let asked = Asked { kind, name: "ledger", back: "/ledger", query: &query };
    file::answer(&reader, asked, tokio::task::spawn_blocking(work).await)
}

/// The headings of all sheets, each once, and the rows below them.
fn table<'a>(
    snapshot: &'a Snapshot,
    (site, lang): (&'a Site, Lang),
    wanted: &Wanted,
) -> (Vec<String>, impl Iterator<Item = Vec<String>> + 'a) {
    let ledger = &snapshot.ground.ledger;
    let found = snapshot.book().find(&wanted.asked());
    let first = [Word::CommonVerdict, Word::CommonDifferences, Word::ScopeTitle, Word::LedgerPlace];
    let mut headings: Vec<String> = first.map(|word| lang.say(word).to_owned()).to_vec();
    let fixed = headings.len();
    let mut under: Vec<Vec<usize>> = Vec::new();
    for sheet in &ledger.sheets {
        let mut taken = Vec::new();
        for column in &sheet.columns {
            let same = |at: &usize| headings.get(*at) == Some(&column.heading);
            let free = (fixed..headings.len()).filter(same).find(|at| !taken.contains(at));
            taken.push(free.unwrap_or_else(|| {
                headings.push(column.heading.clone());
                headings.len() - 1
            }));
        }
        under.push(taken);
    }
    let width = headings.len();
    let rows = (0..found.len()).filter_map(move |at| {
        let (sheet, written) = snapshot.book().row(ledger, *found.get(at)?)?;
        let matched = snapshot.match_of(&written.entry.place);
        let verdict = matched.map(|one| lang.say(phrase::verdict(&one.verdict)));
        let remarks =
            matched.map(|one| report::remarks(lang, &site.config.zone, &one.verdict).join(IN_CELL));
        let scope = snapshot.scope_of(&written.entry.place);
        let mut row = vec![
            verdict.unwrap_or_default().to_owned(),
            remarks.unwrap_or_default(),
            scope.map(|one| lang.say(phrase::scope(one.scope))).unwrap_or_default().to_owned(),
            phrase::place(lang, written.place),
        ];
        row.resize(width, String::new());
        for (column, cell) in under.get(sheet).into_iter().flatten().zip(written.cells) {
            if let Some(place) = row.get_mut(*column) {
                place.clone_from(cell);
            }
        }
        Some(row)
    });
    (headings, rows)
}

/// A book as it was imported, with every change since.
pub(in crate::web) async fn book(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(name): Path<String>,
) -> Response {
    let wanted = name.clone();
    let exported = tokio::task::spawn_blocking(move || {
        let held = site.store.books()?;
        let held = held.into_iter().find(|held| held.name == wanted);
        Ok::<_, StoreError>(held.map(|held| book::export(&held.octets, &held.base, &held.ledger)))
    });
    let exported = match exported.await.unwrap_or(Err(StoreError::Ended)) {
        Ok(Some(Ok(exported))) => exported,
        Ok(None) => return message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage),
        Ok(Some(Err(error))) => return broken(&reader, &error),
        Err(error) => return broken(&reader, &error),
    };
    let name = match exported.ending {
        Some(ending) => format!("{name}.{ending}"),
        None => name,
    };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{}", encoded(&name))),
    ];
    (headers, exported.octets).into_response()
}

fn broken(reader: &Reader, error: &dyn std::fmt::Display) -> Response {
    unavailable(reader, error, "a file could not be made")
}
