//! Devices: the list as the page searches, filters and sorts it, one of them whole, what people say of
//! them, and saved views.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use daicho_common::observation::ObservationId;
use serde_json::{Value, json};

use super::call::Call;
use super::list::{part, value};
use super::operation::{Field, Gives, Operation, Says, Shape, Verb, Version, WHY, may, must};
use super::problem::Problem;
use super::{Answer, DECIDE, ENTER, READ};
use crate::decision::{Key, Standing};
use crate::people::act::Act;
use crate::people::token::Area::{Devices, Ledger};
use crate::report;
use crate::resolve::{Device, DeviceId};
use crate::web::decide::{self, Form};
use crate::web::devices::view::View;
use crate::web::devices::{bulk, find};
use crate::web::doors::{Doors, Need};
use crate::web::page::Reader;
use crate::web::snapshot::Snapshot;
use crate::web::{Site, scope};
use crate::words::Word;

/// Devices that one request may name.
const MANY: usize = 5000;

const FILTERS: &[Field] = &[
    may(
        "q",
        Shape::Text(1000),
        "語。全角・半角・かな・MAC の書式を問わない / Words, in any spelling",
    ),
    may("verdict", Shape::Text(64), "判定 / Verdict"),
    may("scope", Shape::Text(64), "チェックリストの対象か / Whether the checklist covers it"),
    may("class", Shape::Text(64), "種別 / Class"),
    may("network", Shape::Text(256), "ネットワーク / Network"),
    may("vendor", Shape::Text(256), "メーカー / Maker"),
    may("place", Shape::Text(256), "設置場所 / Where it stands"),
    may(
        "sort",
        Shape::Text(32),
        "並べる列。先頭に - で逆順 / Column to sort by; - before it turns it round",
    ),
];

static LIST: Operation = Operation::get(
    "/api/v1/devices",
    (Devices, READ),
    ("/devices", "機器。画面と同じ検索・絞り込み・並べ替え / Devices, searched, filtered and sorted as on the page"),
    Gives::List("DeviceRow"),
)
.asking(FILTERS);
static ONE: Operation = Operation::get(
    "/api/v1/devices/{id}",
    (Devices, READ),
    ("/devices/{id}", "1台のすべて / One device whole"),
    Gives::Json("DeviceWhole"),
)
.versioned(Version::Shown);
static SAID: Operation = Operation::get(
    "/api/v1/devices/{id}/observations",
    (Devices, READ),
    ("/devices/{id}", "機器の根拠となる観測 / Observations that a device rests on"),
    Gives::List("Observation"),
);
static OBSERVATION: Operation = Operation::get(
    "/api/v1/observations/{id}",
    (Devices, READ),
    ("/observations/{id}", "観測1件 / One observation"),
    Gives::Json("Observation"),
);
static CORRECT: Operation = Operation::act(
    (Verb::Post, "/api/v1/devices/{id}/corrections"),
    (Devices, DECIDE),
    ("/decisions", "項目を訂正する / Corrects a field"),
    (
        Says::Members(
            &[
                must(
                    "field",
                    Shape::Word(&[
                        "name", "class", "vendor", "model", "serial", "version", "os", "location",
                        "storage",
                    ]),
                    "項目 / Field",
                ),
                must("value", Shape::Text(255), "値 / Value"),
                WHY,
            ],
            false,
        ),
        Gives::Json("Kept"),
    ),
);
static JOIN: Operation = Operation::act(
    (Verb::Post, "/api/v1/devices/{id}/joins"),
    (Devices, DECIDE),
    ("/decisions", "別の機器と同じ1台とする / Says that it is one with another device"),
    (
        Says::Members(
            &[
                must(
                    "other",
                    Shape::Text(255),
                    "機器識別子、IP または MAC / Id, address or MAC address",
                ),
                WHY,
            ],
            false,
        ),
        Gives::Json("Kept"),
    ),
);
static SPLIT: Operation = Operation::act(
    (Verb::Post, "/api/v1/devices/{id}/splits"),
    (Devices, DECIDE),
    ("/decisions", "1台とされたものを2台に分ける / Parts what was taken for one device"),
    (
        Says::Members(
            &[
                must("a", Shape::Object("Key"), "一方の識別 / A key of the one"),
                must("b", Shape::Object("Key"), "他方の識別 / A key of the other"),
                WHY,
            ],
            false,
        ),
        Gives::Json("Kept"),
    ),
);
static BYOD: Operation = Operation::act(
    (Verb::Post, "/api/v1/devices/{id}/byod"),
    (Devices, DECIDE),
    ("/decisions", "私物機器の承認・取消し / Permits a private device, or no longer"),
    (
        Says::Members(
            &[must("permitted", Shape::Yes, "承認するか / Whether it is permitted"), WHY],
            false,
        ),
        Gives::Json("Kept"),
    ),
);
static SCOPE: Operation = Operation::act(
    (Verb::Post, "/api/v1/devices/{id}/scope"),
    (Devices, DECIDE),
    ("/decisions", "チェックリストの対象かを決める / Decides whether the checklist covers it"),
    (
        Says::Members(
            &[
                must("scope", Shape::Word(&["inside", "outside", "undecided"]), "判断 / Decision"),
                WHY,
            ],
            false,
        ),
        Gives::Json("Kept"),
    ),
);
static REGISTER: Operation = Operation::act(
    (Verb::Post, "/api/v1/devices/{id}/row"),
    (Ledger, ENTER),
    ("/decisions", "見つかった機器を台帳に登録する / Enters a found device in the ledger"),
    (
        Says::Members(
            &[
                must(
                    "sheet",
                    Shape::Number(0, 10_000),
                    "シートの番号（/ledger/sheets の順） / Number of the sheet",
                ),
                must(
                    "values",
                    Shape::Map,
                    "項目名と値（asset_number, name, ip …） / Values by field",
                ),
                WHY,
            ],
            false,
        ),
        Gives::Json("Kept"),
    ),
)
.making();
static WITHDRAW: Operation = Operation::act(
    (Verb::Delete, "/api/v1/decisions/{number}"),
    (Devices, DECIDE),
    (
        "/decisions",
        "以前の判断を取り下げる（記録は残る） / Withdraws a decision; it stays on record",
    ),
    (Says::Nothing, Gives::Json("Kept")),
)
.asking(&[WHY]);
static BULK: Operation = Operation::act(
    (Verb::Post, "/api/v1/devices/bulk"),
    (Devices, Need::May(Act::Answer)),
    (
        "/devices/bulk",
        "多数の機器への一括操作。confirm なしは予告、付けると実行 / Many devices at once: without confirm what it would be, with it the deed",
    ),
    (
        Says::Members(
            &[
                must(
                    "kind",
                    Shape::Word(&["answer", "scope", "request"]),
                    "何をするか / What is done",
                ),
                may("device", Shape::Texts(MANY), "機器識別子 / Ids of devices"),
                may("all", Shape::Yes, "query に合うすべて / All that fit the query"),
                may(
                    "query",
                    Shape::Text(4096),
                    "一覧の検索条件（?の後） / What is asked of the list",
                ),
                may(
                    "disposition",
                    Shape::Word(&[
                        "registered",
                        "vendor_asked",
                        "approved",
                        "removed",
                        "investigating",
                    ]),
                    "処置 / What was done",
                ),
                may("scope", Shape::Word(&["inside", "outside", "undecided"]), "対象か / Scope"),
                may("owner", Shape::Text(255), "担当 / Who sees to it"),
                may("due", Shape::Date, "期限 / Until when"),
                may("confirm", Shape::Text(128), "予告の confirm / `confirm` of what was shown"),
                WHY,
            ],
            false,
        ),
        Gives::Json("Planned"),
    ),
);
pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&LIST, list)
        .program(&ONE, one)
        .program(&SAID, said)
        .program(&OBSERVATION, observation)
        .program(&CORRECT, correct)
        .program(&JOIN, join)
        .program(&SPLIT, split)
        .program(&BYOD, byod)
        .program(&SCOPE, decide_scope)
        .program(&REGISTER, register)
        .program(&WITHDRAW, withdraw)
        .program(&BULK, many)
}

/// A device with what the ledger says of it, as the list has it.
fn row(snapshot: &Snapshot, number: u32) -> Option<Value> {
    let told = snapshot.told(number as usize)?;
    let mut row = value(told.device)?;
    let matches: Vec<Value> = told.rows.iter().filter_map(|row| value(row.matched)).collect();
    let scopes: Vec<Value> = told.rows.iter().filter_map(|row| value(&row.scoped?.scope)).collect();
    let members = row.as_object_mut()?;
    members.insert("matches".into(), matches.into());
    members.insert("scopes".into(), scopes.into());
    members.insert("open_findings".into(), told.open.into());
    Some(row)
}

async fn list(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let view = View::read(&call.query());
    let found = tokio::task::block_in_place(|| find(&snapshot, &view));
    let id = |number: &u32| {
        snapshot.picture.devices.get(*number as usize).map(|device| device.id.0.to_string())
    };
    let rows = (found.rows.as_slice(), snapshot.revision);
    part(&call, rows, id, |number| row(&snapshot, *number))
}

fn missing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Word::NotFoundDevice)
}

fn device<'a>(snapshot: &'a Snapshot, call: &Call) -> Result<&'a Device, Problem> {
    snapshot.device(&DeviceId(call.place("id").into())).ok_or_else(missing)
}

async fn one(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let device = device(&snapshot, &call)?;
    let keys = device.keys();
    let withdrawn = Standing::withdrawn_of(&snapshot.ground.decisions);
    let said: Vec<Value> = (snapshot.decisions_on(&keys))
        .filter_map(|decided| {
            let mut one = value(decided)?;
            let gone = withdrawn.contains(&decided.id);
            one.as_object_mut()?.insert("withdrawn".into(), gone.into());
            Some(one)
        })
        .collect();
    let matches: Vec<Value> = (snapshot.scopes(&device.id))
        .map(|(matched, scoped)| json!({ "match": matched, "scope": scoped }))
        .collect();
    let findings: Vec<_> = snapshot.findings_about(&device.id).collect();
    Ok(call.shown(&json!({
        "device": device,
        "keys": keys,
        "matches": matches,
        "findings": findings,
        "decisions": said,
    })))
}

async fn said(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let device = device(&snapshot, &call)?;
    let ids: BTreeSet<ObservationId> = report::sources(device).into_iter().collect();
    // Of what is not the reader's to see nothing is told.
    let mut seen: Vec<_> = ids
        .into_iter()
        .filter_map(|id| Some((snapshot.ground.observations.when(id)?, id)))
        .collect();
    seen.sort_unstable();
    let shown = |(_, id): &(_, ObservationId)| told(&snapshot, *id);
    part(&call, (&seen, snapshot.revision), |(_, id)| Some(id.to_string()), shown)
}

/// An observation with its id.
fn told(snapshot: &Snapshot, id: ObservationId) -> Option<Value> {
    let mut told = value(&snapshot.observation(id)?)?;
    told.as_object_mut()?.insert("id".into(), id.to_string().into());
    Some(told)
}

async fn observation(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let id = call.place("id").parse::<ObservationId>().ok();
    let told = id.and_then(|id| told(&snapshot, id));
    let missing = || Problem::new(StatusCode::NOT_FOUND, Word::NotFoundObservation);
    Ok(Json(told.ok_or_else(missing)?).into_response())
}

/// Keeps what the form says, and tells how many decisions that were.
async fn keep(site: &Arc<Site>, reader: &Reader, form: &Form) -> Answer {
    let kept = decide::keep(site, reader, form).await?;
    Ok(Json(json!({ "kept": kept })).into_response())
}

/// The first key of the device that the call is about, as forms have it.
async fn key(site: &Arc<Site>, reader: &Reader, call: &Call) -> Result<String, Problem> {
    let snapshot = site.view(reader).await?;
    let key: Option<Key> = device(&snapshot, call)?.keys().into_iter().next();
    key.and_then(|key| serde_json::to_string(&key).ok()).ok_or_else(missing)
}

async fn correct(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let device = key(&site, &reader, &call).await?;
    keep(&site, &reader, &call.form(&[("kind", "correct"), ("device", &device)])).await
}

async fn join(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let device = key(&site, &reader, &call).await?;
    keep(&site, &reader, &call.form(&[("kind", "join"), ("device", &device)])).await
}

async fn byod(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let device = key(&site, &reader, &call).await?;
    keep(&site, &reader, &call.form(&[("kind", "byod"), ("device", &device)])).await
}

async fn split(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let keys = device(&snapshot, &call)?.keys();
    let is_own = |name: &str| {
        let key = call.said.get(name).cloned().and_then(|key| serde_json::from_value(key).ok());
        key.is_some_and(|key: Key| keys.contains(&key))
    };
    if !(is_own("a") && is_own("b")) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm));
    }
    keep(&site, &reader, &call.form(&[("kind", "split")])).await
}

/// Of each row that accounts for the device, or of the device where none does.
async fn decide_scope(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let device = device(&snapshot, &call)?;
    let mut kept = 0;
    let subjects: Vec<String> = (snapshot.matches(&device.id))
        .filter_map(|matched| {
            let key = matched.entry.as_ref().and_then(|place| snapshot.key_of(place));
            serde_json::to_string(&scope::subject(key, device)?).ok()
        })
        .collect();
    for subject in &subjects {
        let form = call.form(&[("kind", "scope"), ("subject", subject)]);
        kept += decide::keep(&site, &reader, &form).await?;
    }
    Ok(Json(json!({ "kept": kept })).into_response())
}

async fn register(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let id = device(&snapshot, &call)?.id.0.to_string();
    let sheet = call.said.get("sheet").map(ToString::to_string).unwrap_or_default();
    let mut fields = vec![
        ("kind".to_owned(), "enter".to_owned()),
        ("device".to_owned(), id),
        ("sheet".to_owned(), sheet),
        ("why".to_owned(), call.text("why").to_owned()),
    ];
    for (name, value) in call.said.get("values").and_then(Value::as_object).into_iter().flatten() {
        fields.push((format!("field_{name}"), value.as_str().unwrap_or_default().to_owned()));
    }
    let kept = decide::keep(&site, &reader, &Form::of_fields(fields.into_iter())).await?;
    Ok((StatusCode::CREATED, Json(json!({ "kept": kept }))).into_response())
}

async fn withdraw(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let number = call.place("number").parse::<u64>().ok();
    let known = number
        .is_some_and(|number| snapshot.ground.decisions.iter().any(|decided| decided.id == number));
    if !known {
        return Err(Problem::new(StatusCode::NOT_FOUND, Word::ApiNoSuch));
    }
    let why = call.asked("why");
    let more = [("kind", "withdraw"), ("decision", call.place("number")), ("why", why)];
    keep(&site, &reader, &call.form(&more)).await
}

async fn many(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    Ok(Json(bulk::for_program(&site, &reader, &call.form(&[])).await?).into_response())
}
