//! The book of record: its sheets, its rows with what became of each, and changes of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::call::Call;
use super::list::{part, value};
use super::operation::{Field, Gives, Operation, Says, Shape, Verb, Version, WHY, may, must};
use super::problem::{Problem, Wrong};
use super::{Answer, ENTER, READ};
use crate::ledger::edit::{Named, Wish};
use crate::ledger::{Place, Row, Sheet};
use crate::people::token::Area::Ledger;
use crate::roster::book;
use crate::web::Site;
use crate::web::doors::Doors;
use crate::web::ledger::row;
use crate::web::page::Reader;
use crate::web::snapshot::Snapshot;
use crate::words::Word;

/// Where a row stands: in queries of those who ask for one.
const PLACE: [Field; 3] = [
    must("book", Shape::Text(255), "台帳ファイルの名前 / The book's name"),
    may("sheet", Shape::Text(255), "シートの名前（CSV では空） / The sheet's name; empty for CSV"),
    must("row", Shape::Number(1, 4_294_967_295), "行番号 / Number of the row"),
];

static LIST: Operation = Operation::get(
    "/api/v1/ledger",
    (Ledger, READ),
    ("/ledger", "台帳の行と判定。台帳の順 / Rows of the ledger with their verdicts, in its order"),
    Gives::List("LedgerRow"),
)
.asking(&[
    may("q", Shape::Text(1000), "語 / Words"),
    may("verdict", Shape::Text(64), "判定 / Verdict"),
    may("sheet", Shape::Number(0, 10_000), "シートの番号 / Number of the sheet"),
]);
static SHEETS: Operation = Operation::get(
    "/api/v1/ledger/sheets",
    (Ledger, READ),
    ("/ledger", "シートと見出し / Sheets and their headings"),
    Gives::List("Sheet"),
);
static DEFECTS: Operation = Operation::get(
    "/api/v1/ledger/defects",
    (Ledger, READ),
    ("/ledger", "台帳で読み取れなかった記載 / What could not be read in the ledger"),
    Gives::List("Defect"),
);
static ONE: Operation = Operation::get(
    "/api/v1/ledger/row",
    (Ledger, READ),
    ("/ledger/row", "1行のすべて / One row whole"),
    Gives::Json("LedgerRow"),
)
.asking(&PLACE)
.versioned(Version::Shown);
static HISTORY: Operation = Operation::get(
    "/api/v1/ledger/row/history",
    (Ledger, READ),
    ("/ledger/row", "1行の変更の履歴。新しい順 / What was changed in a row, the latest first"),
    Gives::List("Change"),
)
.asking(&PLACE);
static SET: Operation = Operation::act(
    (Verb::Patch, "/api/v1/ledger/row"),
    (Ledger, ENTER),
    ("/ledger/row", "行を変更する / Changes a row"),
    (
        Says::Members(&[must("cells", Shape::Map, "見出しと値 / Values by heading"), WHY], false),
        Gives::Json("Changed"),
    ),
)
.asking(&PLACE)
.versioned(Version::Asked);
static RETIRE: Operation = Operation::act(
    (Verb::Delete, "/api/v1/ledger/row"),
    (Ledger, ENTER),
    ("/ledger/row", "廃棄とする（行は残る） / Retires the thing; the row stays"),
    (Says::Nothing, Gives::Json("Changed")),
)
.asking(&[PLACE[0], PLACE[1], PLACE[2], WHY])
.versioned(Version::Asked);
static ADD: Operation = Operation::act(
    (Verb::Post, "/api/v1/ledger/rows"),
    (Ledger, ENTER),
    ("/ledger/row", "行を追加する / Adds a row"),
    (
        Says::Members(
            &[
                must("book", Shape::Text(255), "台帳ファイルの名前 / The book's name"),
                may("sheet", Shape::Text(255), "シートの名前 / The sheet's name"),
                must("cells", Shape::Map, "見出しと値 / Values by heading"),
                WHY,
            ],
            false,
        ),
        Gives::Json("Changed"),
    ),
)
.making();

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&LIST, list)
        .program(&SHEETS, sheets)
        .program(&DEFECTS, defects)
        .program(&ONE, one)
        .program(&HISTORY, history)
        .program(&SET, set)
        .program(&RETIRE, retire)
        .program(&ADD, add)
}

/// A row with what became of it.
fn shown(snapshot: &Snapshot, row: &Row<'_>) -> Value {
    let sheet = snapshot.ground.ledger.sheets.get(row.entry.sheet);
    let headings = sheet.map(|sheet| sheet.columns.as_slice()).unwrap_or_default();
    // A sheet may have a heading twice, so they are a list and no object.
    let cells: Vec<Value> = (headings.iter().zip(row.cells))
        .map(|(column, text)| {
            json!({ "heading": column.heading, "field": column.field, "value": text })
        })
        .collect();
    json!({
        "place": row.place,
        "cells": cells,
        "struck": row.struck,
        "hidden": row.hidden,
        "entry": row.entry,
        "match": snapshot.match_of(&row.entry.place),
        "scope": snapshot.scope_of(&row.entry.place).map(|scoped| scoped.scope),
    })
}

async fn list(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let wanted = book::Wanted {
        words: call.asked("q").trim().to_owned(),
        verdict: call.asked("verdict").to_owned(),
        sheet: call.asked("sheet").parse().ok(),
    };
    let ledger = &snapshot.ground.ledger;
    let found = tokio::task::block_in_place(|| snapshot.book().find(&wanted));
    let at = |number: &u32| snapshot.book().row(ledger, *number).map(|(_, row)| row);
    let key = |number: &u32| {
        let place = at(number)?.place;
        Some(format!("{}/{}/{}", place.book, place.sheet, place.row))
    };
    let rows = (found.as_slice(), snapshot.revision);
    part(&call, rows, key, |number| Some(shown(&snapshot, &at(number)?)))
}

async fn sheets(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let sheets: Vec<(usize, &Sheet)> = snapshot.ground.ledger.sheets.iter().enumerate().collect();
    let one = |(number, sheet): &(usize, &Sheet)| {
        let book = snapshot.ground.books.iter().find(|book| book.name == sheet.book);
        let column = |column: &crate::ledger::Column| json!({ "heading": column.heading, "field": column.field });
        Some(json!({
            "number": number,
            "book": sheet.book,
            "sheet": sheet.name,
            "columns": sheet.columns.iter().map(column).collect::<Vec<_>>(),
            "imported_at": book.map(|book| book.imported_at),
            "imported_by": book.map(|book| book.imported_by.clone()),
        }))
    };
    part(&call, (&sheets, snapshot.revision), |(number, _)| Some(number.to_string()), one)
}

async fn defects(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let defects: Vec<_> = snapshot.ground.ledger.defects.iter().enumerate().collect();
    let key = |(number, _): &(usize, _)| Some(number.to_string());
    part(&call, (&defects, snapshot.revision), key, |(_, defect)| value(defect))
}

fn place(call: &Call) -> Place {
    Place {
        book: call.asked("book").into(),
        sheet: call.asked("sheet").into(),
        row: call.asked("row").parse().unwrap_or_default(),
    }
}

fn missing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Word::NotFoundRow)
}

async fn one(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let row = row::find(&snapshot, &place(&call)).ok_or_else(missing)?;
    Ok(call.shown(&shown(&snapshot, &row)))
}

async fn history(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (snapshot, place) = (site.view(&reader).await?, place(&call));
    row::find(&snapshot, &place).ok_or_else(missing)?;
    let changes = row::changes(&site, &reader, &snapshot, &place).await?;
    let rows = (changes.as_slice(), snapshot.revision);
    part(&call, rows, |change| Some(change.id.to_string()), value)
}

/// The number of the column with this heading, and what is wrong if there is none.
fn column(sheet: &Sheet, heading: &str) -> Result<usize, Wrong> {
    let found = sheet.columns.iter().position(|column| column.heading == heading);
    found.ok_or_else(|| Wrong::of(heading, Word::ApiUnknown))
}

/// The values of the body by the numbers of their columns.
fn cells(call: &Call, sheet: &Sheet) -> Result<Vec<(usize, String)>, Problem> {
    let said = call.said.get("cells").and_then(Value::as_object);
    let (mut cells, mut wrongs) = (Vec::new(), Vec::new());
    for (heading, value) in said.into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        match column(sheet, heading) {
            Ok(_) if text.chars().count() > row::CELL => {
                wrongs.push(Wrong::with(heading, Word::ApiText, &[&row::CELL]));
            }
            Ok(number) => cells.push((number, text.to_owned())),
            Err(wrong) => wrongs.push(wrong),
        }
    }
    if wrongs.is_empty() {
        return Ok(cells);
    }
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiMembers).about(wrongs))
}

fn sheet<'a>(snapshot: &'a Snapshot, place: &Place) -> Result<&'a Sheet, Problem> {
    let sheets = &snapshot.ground.ledger.sheets;
    let found = sheets.iter().find(|one| place.book == one.book && place.sheet == one.name);
    found.ok_or_else(missing)
}

/// What the edit came to.
async fn edit(site: &Arc<Site>, reader: &Reader, wish: Wish, why: &str) -> Answer {
    let is_new = matches!(wish, Wish::Add { .. });
    let changed = row::edit(site, reader, wish, why).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({ "changed": changed }))).into_response())
}

async fn set(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (snapshot, place) = (site.view(&reader).await?, place(&call));
    let row = row::find(&snapshot, &place).ok_or_else(missing)?;
    call.is_of(Some(&shown(&snapshot, &row)))?;
    let was = |number: usize| row.cells.get(number).cloned().unwrap_or_default();
    let cells = cells(&call, sheet(&snapshot, &place)?)?.into_iter();
    // The store holds the row against what it was, so that of two changes at once one is refused.
    let cells: Vec<(usize, String, String)> = cells
        .map(|(number, is)| (number, was(number), is))
        .filter(|(_, was, is)| was != is)
        .collect();
    edit(&site, &reader, Wish::Row { place, cells }, call.text("why")).await
}

async fn retire(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (snapshot, place) = (site.view(&reader).await?, place(&call));
    let row = row::find(&snapshot, &place).ok_or_else(missing)?;
    call.is_of(Some(&shown(&snapshot, &row)))?;
    let was = Some(row.cells.to_vec());
    edit(&site, &reader, Wish::Retire { place, was }, call.asked("why")).await
}

async fn add(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let place = Place { book: call.text("book").into(), sheet: call.text("sheet").into(), row: 0 };
    let sheet = sheet(&snapshot, &place)?;
    let named = |number: usize| {
        let column = sheet.columns.get(number);
        Named::Heading(column.map(|column| column.heading.clone()).unwrap_or_default())
    };
    let values = cells(&call, sheet)?.into_iter().filter(|(_, text)| !text.is_empty());
    let values = values.map(|(number, text)| (named(number), text)).collect();
    let (book, sheet) = (place.book.to_string(), place.sheet.to_string());
    let wish = Wish::Add { book, sheet, values };
    edit(&site, &reader, wish, call.text("why")).await
}
