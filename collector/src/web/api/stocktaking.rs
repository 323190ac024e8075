//! Rounds of stock-taking: begun, counted, closed, signed off.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::call::Call;
use super::list::part;
use super::operation::{Gives, Operation, Says, Shape, Verb, may, must};
use super::problem::{Problem, Wrong};
use super::{Answer, ENTER, SURVEY};
use crate::people::act::Act;
use crate::people::token::Area::Stocktaking as Area;
use crate::register::Stocktaking;
use crate::stocktaking::{Line, counts, is_closed, lines};
use crate::web::Site;
use crate::web::doors::{Doors, Need};
use crate::web::page::Reader;
use crate::web::snapshot::Snapshot;
use crate::web::stocktaking::{count, end, facts, found, new, sign_off, start};
use crate::words::Word;

static LIST: Operation = Operation::get(
    "/api/v1/stocktaking",
    (Area, SURVEY),
    ("/stocktaking", "棚卸。新しい順 / Rounds, the latest first"),
    Gives::List("Round"),
);
static ONE: Operation = Operation::get(
    "/api/v1/stocktaking/{id}",
    (Area, SURVEY),
    ("/stocktaking/{id}", "棚卸1回 / One round"),
    Gives::Json("Round"),
);
static ROWS: Operation = Operation::get(
    "/api/v1/stocktaking/{id}/rows",
    (Area, SURVEY),
    ("/stocktaking/{id}", "棚卸の行 / Rows of a round"),
    Gives::List("RoundRow"),
)
.asking(&[may(
    "state",
    Shape::Word(&["unchecked", "not_seen", "missing", "seen", "found"]),
    "結果 / Outcome",
)]);
static BEGIN: Operation = Operation::act(
    (Verb::Post, "/api/v1/stocktaking"),
    (Area, ENTER),
    ("/stocktaking", "棚卸を始める / Begins a round"),
    (
        Says::Members(
            &[
                must("scope", Shape::Text(200), "何を数えるか / What is counted"),
                may(
                    "covers",
                    Shape::Text(400),
                    "対象の行：location=…、kind=…、maintainer=…（省略時すべて） / Which rows [default: all]",
                ),
                may("from", Shape::Text(40), "この日以降の観測を数える / Since when what is seen counts"),
                must("due", Shape::Text(40), "期限 / By when"),
            ],
            false,
        ),
        Gives::Json("Begun"),
    ),
)
.making();
static CHECK: Operation = Operation::act(
    (Verb::Post, "/api/v1/stocktaking/{id}/checks"),
    (Area, ENTER),
    ("/stocktaking/{id}/checks", "行の現物を確かめた結果を記録する / Keeps what was found of rows"),
    (
        Says::Members(
            &[
                must("row", Shape::Texts(1000), "行の key / Keys of rows"),
                must("outcome", Shape::Word(&["found", "missing", "unchecked"]), "結果 / Outcome"),
                may("note", Shape::Text(2000), "備考 / Remark"),
            ],
            false,
        ),
        Gives::Json("Kept"),
    ),
);
static CLOSE: Operation = Operation::act(
    (Verb::Post, "/api/v1/stocktaking/{id}/close"),
    (Area, ENTER),
    ("/stocktaking/{id}/close", "担当者が締める（署名） / The clerk closes and signs it"),
    (Says::Nothing, Gives::Nothing),
);
static SIGN: Operation = Operation::act(
    (Verb::Post, "/api/v1/stocktaking/{id}/sign"),
    (Area, Need::May(Act::SignOff)),
    ("/stocktaking/{id}/sign", "承認者が署名する / An approver signs it off"),
    (Says::Nothing, Gives::Nothing),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&LIST, list)
        .program(&ONE, one)
        .program(&ROWS, rows)
        .program(&BEGIN, begin)
        .program(&CHECK, check)
        .program(&CLOSE, close)
        .program(&SIGN, sign)
}

fn told(snapshot: &Snapshot, round: &Stocktaking) -> Value {
    let lines = lines(round, &facts(snapshot));
    let counted: serde_json::Map<String, Value> = (counts(lines.iter().map(|line| line.outcome))
        .into_iter())
    .map(|(outcome, count)| (outcome.name().to_owned(), count.into()))
    .collect();
    let today = snapshot.today().to_string().parse();
    json!({
        "id": round.id,
        "scope": round.scope,
        "covers": round.covers,
        "from": round.from,
        "due": round.due,
        "overdue": today.is_ok_and(|today| round.is_overdue(today)),
        "closed": is_closed(round),
        "waits_for": round.next(),
        "signatures": round.signatures,
        "counts": counted,
    })
}

async fn list(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let rounds: Vec<&Stocktaking> = snapshot.ground.register.stocktaking.iter().rev().collect();
    let shown = |round: &&Stocktaking| Some(told(&snapshot, round));
    part(&call, (&rounds, snapshot.revision), |round| Some(round.id.clone()), shown)
}

async fn one(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (snapshot, round) = found(&site, &reader, call.place("id")).await?;
    let told = tokio::task::block_in_place(|| told(&snapshot, &round));
    Ok(Json(told).into_response())
}

async fn rows(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (snapshot, round) = found(&site, &reader, call.place("id")).await?;
    let mut lines = tokio::task::block_in_place(|| lines(&round, &facts(&snapshot)));
    let state = call.asked("state");
    lines.retain(|line| state.is_empty() || line.outcome.name() == state);
    let shown = |line: &Line<'_>| {
        Some(json!({
            "key": line.key,
            "label": line.label,
            "place": line.entry.map(|entry| &entry.place),
            "location": line.entry.map(|entry| &entry.location),
            "outcome": line.outcome,
            "device": line.device.map(|device| &device.id),
            "last_seen": line.device.map(|device| device.last_seen),
            "verdict": line.verdict,
            "check": line.check,
        }))
    };
    part(&call, (&lines, snapshot.revision), |line| Some(line.key.0.clone()), shown)
}

async fn begin(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let round = new(reader.lang, &snapshot, &call.small_form(&[])).map_err(|typed| {
        let fields = [
            ("scope", typed.scope_wrong, Word::StocktakingWrongScope),
            ("from", typed.from_wrong, Word::FormWrongDate),
            ("due", typed.due_wrong, Word::FormWrongDate),
        ];
        let wrong = fields.into_iter().filter(|(_, said, _)| !said.is_empty());
        let wrongs = wrong.map(|(field, said, word)| {
            let ends = said == reader.lang.say(Word::FlawEndsBeforeBegin);
            Wrong::of(field, if ends { Word::FlawEndsBeforeBegin } else { word })
        });
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiMembers).about(wrongs.collect())
    })?;
    let id = start(&site, &reader, round).await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))).into_response())
}

async fn check(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let texts = call.said.get("row").and_then(Value::as_array).into_iter().flatten();
    let rows: HashSet<String> = texts.filter_map(Value::as_str).map(str::to_owned).collect();
    let form = call.small_form(&[]);
    let kept = count(&site, &reader, call.place("id"), (&form, &rows)).await?;
    Ok(Json(json!({ "kept": kept })).into_response())
}

async fn close(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    end(&site, &reader, call.place("id")).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn sign(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    sign_off(&site, &reader, call.place("id")).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
