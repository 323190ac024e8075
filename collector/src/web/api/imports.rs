//! Importing a book as the pages do: it is sent, what it would change is told, what its columns mean may be
//! said otherwise, and only what was seen is kept.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::call::Call;
use super::operation::{Gives, Operation, Says, Shape, Verb, WHY, may, must};
use super::problem::{Problem, Wrong};
use super::{Answer, ENTER};
use crate::people::act::Act;
use crate::people::token::Area::Ledger;
use crate::store::Imported;
use crate::web::Site;
use crate::web::doors::{Doors, Need};
use crate::web::fields::Fields;
use crate::web::import::{self, Bad, Draft, Read};
use crate::web::page::Reader;
use crate::words::Word;

/// Rows and rejected rows that are told; the counts are of all.
const LISTED: usize = 1000;

static UPLOAD: Operation = Operation::act(
    (Verb::Post, "/api/v1/ledger/imports"),
    (Ledger, Need::Upload(Act::Enter)),
    (
        "/ledger/import",
        "台帳（.xlsx .xls .csv）を送り、何が変わるかを見る。まだ何も書かない / Sends a book and tells what it would change; nothing is kept yet",
    ),
    (Says::File, Gives::Json("Import")),
)
.asking(&[must("name", Shape::Text(200), "台帳ファイルの名前 / The book's name")])
.making();
static LOOK: Operation = Operation::get(
    "/api/v1/ledger/imports/{draft}",
    (Ledger, ENTER),
    ("/ledger/import/{draft}", "送った台帳が何を変えるか / What a book that was sent would change"),
    Gives::Json("Import"),
);
static MEAN: Operation = Operation::act(
    (Verb::Patch, "/api/v1/ledger/imports/{draft}"),
    (Ledger, ENTER),
    (
        "/ledger/import/{draft}",
        "列の意味と、食い違いの優先を決める / Says what columns mean, and which side holds",
    ),
    (
        Says::Members(
            &[
                may(
                    "columns",
                    Shape::Map,
                    "「シートの番号.列の番号」と項目名（空＝読まない） / Fields by \"SHEET.COLUMN\"; empty: not read",
                ),
                may("prefer", Shape::Word(&["book", "edits"]), "食い違いの優先 / Which side holds"),
            ],
            false,
        ),
        Gives::Json("Import"),
    ),
);
static KEEP: Operation = Operation::act(
    (Verb::Post, "/api/v1/ledger/imports/{draft}/keep"),
    (Ledger, ENTER),
    ("/ledger/import/{draft}", "見たとおりに取り込む / Imports it just as it was seen"),
    (
        Says::Members(
            &[must("seen", Shape::Text(128), "見た内容の seen / `seen` of what was told"), WHY],
            false,
        ),
        Gives::Nothing,
    ),
);
static DISCARD: Operation = Operation::act(
    (Verb::Delete, "/api/v1/ledger/imports/{draft}"),
    (Ledger, ENTER),
    ("/ledger/import/{draft}", "送った台帳を捨てる / Forgets a book that was sent"),
    (Says::Nothing, Gives::Nothing),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&UPLOAD, upload)
        .program(&LOOK, look)
        .program(&MEAN, mean)
        .program(&KEEP, keep)
        .program(&DISCARD, discard)
}

impl From<Bad> for Problem {
    fn from(bad: Bad) -> Self {
        match bad {
            Bad::Book(complaint) => Self::said(StatusCode::UNPROCESSABLE_ENTITY, complaint),
            Bad::Store(error) => error.into(),
        }
    }
}

/// What the book would be read as, and what it would change.
fn told(secret: &str, name: &str, read: &Read) -> Value {
    let diff = &read.preview.diff;
    let sheets: Vec<Value> = (read.proposals.iter())
        .map(|proposal| {
            let columns: Vec<Value> = (proposal.columns.iter())
                .map(|column| {
                    json!({ "heading": column.heading, "field": column.field,
                        "samples": column.samples })
                })
                .collect();
            json!({ "book": proposal.book, "sheet": proposal.sheet, "columns": columns })
        })
        .collect();
    json!({
        "draft": secret,
        "name": name,
        "seen": read.digest(),
        "is": match read.preview.imported {
            Imported::New => "new",
            Imported::Replaced => "replaces",
            Imported::AlreadyKnown => "known",
        },
        "sheets": sheets,
        "rows": diff.rows.iter().take(LISTED).collect::<Vec<_>>(),
        "changed": diff.rows.len(),
        "unchanged": diff.unchanged,
        "rejected": diff.rejected.iter().take(LISTED).collect::<Vec<_>>(),
        "rejected_count": diff.rejected.len(),
        "edits": read.preview.rebased,
    })
}

async fn upload(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    if call.file.is_empty() || call.asked("name").is_empty() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ImportNoFile));
    }
    let name = call.asked("name").to_owned();
    let (secret, read) = import::take(&site, &reader, name.clone(), call.file.clone()).await?;
    Ok((StatusCode::CREATED, Json(told(&secret, &name, &read))).into_response())
}

fn draft(site: &Site, reader: &Reader, call: &Call) -> Result<Draft, Problem> {
    let gone = || Problem::new(StatusCode::NOT_FOUND, Word::ImportGone);
    import::draft(site, reader, call.place("draft")).ok_or_else(gone)
}

async fn shown(site: &Arc<Site>, secret: &str, draft: Draft) -> Answer {
    let name = draft.name.clone();
    let read = import::read(site, draft).await?;
    Ok(Json(told(secret, &name, &read)).into_response())
}

async fn look(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let draft = draft(&site, &reader, &call)?;
    shown(&site, call.place("draft"), draft).await
}

async fn mean(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let mut draft = draft(&site, &reader, &call)?;
    let read = import::read(&site, draft.clone()).await?;
    // What is not named stays as it is.
    let mut fields = Vec::new();
    let said = call.said.get("columns").and_then(Value::as_object);
    for (sheet, proposal) in read.proposals.iter().enumerate() {
        for (at, column) in proposal.columns.iter().enumerate() {
            let now = column.field.and_then(|field| serde_json::to_value(field).ok());
            let named = said.and_then(|said| said.get(&format!("{sheet}.{at}")));
            let field = named.cloned().or(now).unwrap_or_default();
            let field = field.as_str().unwrap_or_default().to_owned();
            fields.push((format!("f.{sheet}.{at}"), field));
        }
    }
    let prefer = call.text("prefer").to_owned();
    fields.push(("prefer".to_owned(), prefer));
    let form = Fields::of_fields(fields.into_iter());
    let secret = call.place("draft");
    let wrong = import::mean(&site, (secret, &mut draft), &form).await?;
    if !wrong.is_empty() {
        let one = |complaint: daicho_common::complaint::Complaint| Wrong {
            field: "columns".to_owned(),
            ja: complaint.ja,
            en: complaint.en,
        };
        let wrongs = wrong.into_iter().map(one).collect();
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiMembers);
        return Err(problem.about(wrongs));
    }
    shown(&site, secret, draft).await
}

async fn keep(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let draft = draft(&site, &reader, &call)?;
    let said = (call.text("seen"), call.text("why").to_owned());
    match import::apply(&site, &reader, (call.place("draft"), draft), said).await? {
        None => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(word) => Err(Problem::new(StatusCode::CONFLICT, word)),
    }
}

async fn discard(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    draft(&site, &reader, &call)?;
    import::discard(&site, call.place("draft"));
    Ok(StatusCode::NO_CONTENT.into_response())
}
