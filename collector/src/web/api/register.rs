//! What stands beside the ledger: parties, contracts, remote maintenance, disclosure forms, exceptions and
//! the rest, a record at a time.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::call::Call;
use super::list::{part, value};
use super::operation::{Field, Gives, Operation, Says, Shape, Verb, Version, WHY, may};
use super::problem::{Problem, Wrong};
use super::{Answer, ENTER, SURVEY};
use crate::people::token::Area::Register as Area;
use crate::register::{Kind, Record, Register};
use crate::store::Before;
use crate::web::Site;
use crate::web::doors::Doors;
use crate::web::page::Reader;
use crate::web::register::{Wish, change};
use crate::web::snapshot::Snapshot;
use crate::words::Word;

const KINDS: &[&str] = &[
    "party",
    "contract",
    "escalation",
    "remote",
    "disclosure",
    "keeper",
    "exception",
    "service",
    "byod",
    "stocktaking",
];
const QUERY: &[Field] = &[may("kind", Shape::Word(KINDS), "種類 / Kind")];

static LIST: Operation = Operation::get(
    "/api/v1/register",
    (Area, SURVEY),
    ("/register", "事業者・契約・リモート保守・MDS/SDS などの記録 / Records of parties, contracts, remote maintenance, MDS/SDS and the rest"),
    Gives::List("RecordRow"),
)
.asking(QUERY);
static ONE: Operation = Operation::get(
    "/api/v1/register/{kind}/{id}",
    (Area, SURVEY),
    ("/register/edit", "記録1件 / One record"),
    Gives::Json("Record"),
)
.versioned(Version::Shown);
static HISTORY: Operation = Operation::get(
    "/api/v1/register/{kind}/{id}/history",
    (Area, SURVEY),
    ("/register", "記録の履歴 / Every version of a record"),
    Gives::List("RecordVersion"),
);
static PUT: Operation = Operation::act(
    (Verb::Put, "/api/v1/register/{kind}/{id}"),
    (Area, ENTER),
    ("/register/edit", "記録を作る・置き換える / Makes or replaces a record"),
    (Says::Json("Record"), Gives::Json("Record")),
)
.asking(&[WHY])
.versioned(Version::Asked);
static REMOVE: Operation = Operation::act(
    (Verb::Delete, "/api/v1/register/{kind}/{id}"),
    (Area, ENTER),
    ("/register", "記録を取り消す（履歴は残る） / Takes a record out; its versions stay"),
    (Says::Nothing, Gives::Nothing),
)
.asking(&[WHY])
.versioned(Version::Asked);

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&LIST, list)
        .program(&ONE, one)
        .program(&HISTORY, history)
        .program(&PUT, put)
        .program(&REMOVE, remove)
}

/// A record as JSON has it.
fn written(record: &Record) -> Option<Value> {
    serde_json::from_str(&record.to_json().ok()?).ok()
}

async fn list(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let kind = call.asked("kind");
    let mut records = snapshot.ground.register.records();
    records.retain(|record| kind.is_empty() || record.kind().name() == kind);
    let key = |record: &Record| Some(format!("{} {}", record.kind().name(), record.id()));
    let shown = |record: &Record| {
        let of = (snapshot.flaws().iter())
            .filter(|flaw| flaw.kind == record.kind() && flaw.id == record.id());
        let flaws: Vec<Value> = of.filter_map(|flaw| value(&flaw.wrong)).collect();
        Some(json!({ "kind": record.kind().name(), "id": record.id(),
            "record": written(record)?, "flaws": flaws }))
    };
    part(&call, (&records, snapshot.revision), key, shown)
}

fn missing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Word::ApiNoSuch)
}

fn kind(call: &Call) -> Result<Kind, Problem> {
    call.place("kind").parse().map_err(|_| missing())
}

/// The record that the call is about, if there is one.
fn present(snapshot: &Snapshot, call: &Call) -> Result<Option<Record>, Problem> {
    let kind = kind(call)?;
    let mut records = snapshot.ground.register.records().into_iter();
    Ok(records.find(|record| record.kind() == kind && record.id() == call.place("id")))
}

async fn one(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let record = present(&snapshot, &call)?.and_then(|record| written(&record));
    Ok(call.shown(&record.ok_or_else(missing)?))
}

async fn history(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (kind, id) = (kind(&call)?, call.place("id").to_owned());
    let mut versions = site.write(move |store| store.register_history(Some(&id))).await?;
    versions.retain(|version| version.kind == kind);
    if versions.is_empty() {
        return Err(missing());
    }
    let versions: Vec<(usize, _)> = versions.into_iter().enumerate().collect();
    let shown = |(_, version): &(usize, crate::store::Version)| {
        let content = version.content.as_deref();
        let content: Option<Value> = content.and_then(|text| serde_json::from_str(text).ok());
        Some(json!({ "record": content, "at": version.at, "by": version.by, "why": version.why }))
    };
    let revision = site.view(&reader).await?.revision;
    part(&call, (&versions, revision), |(number, _)| Some(number.to_string()), shown)
}

/// The record of the body, whose kind and name are those of the path.
fn said(call: &Call) -> Result<Record, Problem> {
    let refused = |detail: String| {
        let wrong = Wrong { field: String::new(), ja: detail.clone(), en: detail };
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiMembers);
        problem.about(vec![wrong])
    };
    let (kind, id) = (kind(call)?, call.place("id"));
    let Value::Object(members) = &call.said else {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiNoObject));
    };
    let mut members = members.clone();
    if members.get("id").is_some_and(|named| named.as_str() != Some(id)) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiMembers)
            .about(vec![Wrong::of("id", Word::FormWrongName)]));
    }
    members.insert("id".into(), id.into());
    let text = Value::Object(members).to_string();
    if text.contains("\\u0000") {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::FailureRecord));
    }
    Record::from_json(kind, &text).map_err(|error| refused(error.to_string()))
}

async fn put(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let before = present(&snapshot, &call)?;
    call.is_of(before.as_ref().and_then(written).as_ref())?;
    let record = said(&call)?;
    let shown = written(&record).ok_or_else(missing)?;
    let before =
        before.map_or(Some(Before::Nothing), |record| record.to_json().ok().map(Before::Is));
    let before = before.ok_or_else(missing)?;
    let register = [record].into_iter().collect::<Register>();
    let why = call.asked("why").to_owned();
    change(&site, &reader, Wish::Keep(Box::new(register)), (why, before)).await?;
    Ok(call.shown(&shown))
}

async fn remove(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let before = present(&snapshot, &call)?.ok_or_else(missing)?;
    call.is_of(written(&before).as_ref())?;
    let wish = Wish::Remove(before.kind(), before.id().to_owned());
    let was = before.to_json().map(Before::Is).map_err(|_| missing())?;
    let why = call.asked("why").to_owned();
    change(&site, &reader, wish, (why, was)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
