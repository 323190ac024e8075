//! Reports, and snapshots: listed, taken, held against each other.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;

use super::call::Call;
use super::list::part;
use super::operation::{Gives, NUMBERS, Operation, Says, Shape, Verb, WHY, may};
use super::problem::Problem;
use super::{Answer, ENTER, READ, SURVEY, TAKE};
use crate::people::token::Area::Reports;
use crate::report::gather;
use crate::report::set::Name;
use crate::seal;
use crate::snapshot::diff::{Difference, How};
use crate::store::{StoreError, Taken};
use crate::web::Site;
use crate::web::doors::Doors;
use crate::web::page::Reader;
use crate::web::reports;

static LIST: Operation = Operation::get(
    "/api/v1/reports",
    (Reports, READ),
    ("/reports", "作れる帳票 / Reports that can be loaded"),
    Gives::List("Report"),
);
static FILE: Operation = Operation::get(
    "/api/v1/reports/{file}",
    (Reports, TAKE),
    (
        "/reports/{file}",
        "帳票（名前.xlsx、.pdf、.csv、network.svg） / A report (NAME.xlsx, .pdf, .csv, network.svg)",
    ),
    Gives::File(&[
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/pdf",
        "text/csv",
        "image/svg+xml",
    ]),
)
.asking(&[
    may("contract", Shape::Text(255), "契約の id（vendor） / Id of the contract (vendor)"),
    may("from", Shape::Number(1, NUMBERS), "前のスナップショット（changes） / The earlier snapshot (changes)"),
    may("to", Shape::Number(1, NUMBERS), "後のスナップショット（changes） / The later snapshot (changes)"),
    may("edition", Shape::Text(32), "チェックリストの版 / Edition of the checklist"),
    may("encoding", Shape::Word(&["utf8", "cp932"]), "CSV の文字コード / Encoding of CSV"),
    may("lossy", Shape::Word(&["yes"]), "表せない文字を〓にする / 〓 for characters that it does not have"),
]);
static SNAPSHOTS: Operation = Operation::get(
    "/api/v1/snapshots",
    (Reports, SURVEY),
    ("/reports", "スナップショット。古い順 / Snapshots, the earliest first"),
    Gives::List("Snapshot"),
);
static TAKEN: Operation = Operation::act(
    (Verb::Post, "/api/v1/snapshots"),
    (Reports, ENTER),
    ("/reports", "いまの内容に署名して保管する / Signs and keeps what is known now"),
    (Says::Members(&[WHY], false), Gives::Json("SnapshotTaken")),
)
.making();
static DIFF: Operation = Operation::get(
    "/api/v1/snapshots/diff",
    (Reports, SURVEY),
    ("/reports", "2つのスナップショットの違い / What two snapshots differ in"),
    Gives::List("Difference"),
)
.asking(&[
    may(
        "from",
        Shape::Number(1, NUMBERS),
        "前（省略時は後の1つ前） / The earlier [default: the one before]",
    ),
    may("to", Shape::Number(1, NUMBERS), "後（省略時は最後） / The later [default: the last]"),
]);

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&LIST, list)
        .program(&FILE, file)
        .program(&SNAPSHOTS, snapshots)
        .program(&TAKEN, take)
        .program(&DIFF, diff)
}

async fn list(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let names: Vec<Name> =
        Name::ALL.iter().copied().filter(|name| reader.may_load(*name)).collect();
    let shown = |name: &Name| {
        let mut formats = vec!["xlsx", "pdf", "csv"];
        formats.extend((*name == Name::Network).then_some("svg"));
        Some(json!({ "name": name.text(), "title": reader.lang.say(name.title()),
            "formats": formats }))
    };
    part(&call, (&names, site.store.revision()?), |name| Some(name.text().to_owned()), shown)
}

async fn file(state: State<Arc<Site>>, reader: Reader, path: Path<String>, call: Call) -> Answer {
    let asked = reports::Asked {
        contract: Some(call.asked("contract").to_owned()).filter(|text| !text.is_empty()),
        from: call.asked("from").parse().ok(),
        to: call.asked("to").parse().ok(),
        encoding: Some(call.asked("encoding").to_owned()),
        lossy: Some(call.asked("lossy").to_owned()),
        edition: Some(call.asked("edition").to_owned()).filter(|text| !text.is_empty()),
    };
    Ok(reports::file(state, reader, path, Query(asked), RawQuery(Some(call.query()))).await)
}

async fn snapshots(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let all = site.write(crate::store::Store::snapshots).await?;
    let revision = site.store.revision()?;
    part(
        &call,
        (&all, revision),
        |taken| Some(taken.id.to_string()),
        |taken: &Taken| {
            Some(json!({
                "number": taken.id,
                "at": taken.at,
                "by": taken.by,
                "why": taken.why,
                "digest": taken.digest.hex(),
                "key": seal::fingerprint(&taken.key),
            }))
        },
    )
}

async fn take(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (by, why) = (reader.by(), call.text("why").to_owned());
    let writing = Arc::clone(&site);
    let taken = tokio::task::spawn_blocking(move || {
        gather::take(&writing.store, &writing.criteria(), by, &why)
    });
    let (number, digest) = taken
        .await
        .map_err(|_| StoreError::Ended)?
        .map_err(|complaint| Problem::said(StatusCode::SERVICE_UNAVAILABLE, complaint))?;
    let told = json!({ "number": number, "digest": digest.hex() });
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

/// A difference as programs get it.
pub(super) fn difference(one: &Difference) -> serde_json::Value {
    let kind = one.kind.name();
    let (how, field, before, after) = match &one.how {
        How::Came => ("came", None, None, None),
        How::Went => ("went", None, None, None),
        How::Field(field, before, after) => ("changed", Some(field), Some(before), Some(after)),
    };
    json!({ "kind": kind, "key": one.key, "name": one.name, "how": how, "field": field,
        "before": before, "after": after })
}

async fn diff(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let wanted = (call.asked("from").parse().ok(), call.asked("to").parse().ok());
    let (reading, view) = (Arc::clone(&site), Arc::clone(&snapshot));
    let between =
        tokio::task::spawn_blocking(move || gather::between(&reading.store, &view.ground, wanted));
    let between = between
        .await
        .map_err(|_| StoreError::Ended)?
        .map_err(|complaint| Problem::said(StatusCode::NOT_FOUND, complaint))?;
    let rows: Vec<(usize, &Difference)> = between.differences.iter().enumerate().collect();
    let key = |(number, _): &(usize, _)| Some(number.to_string());
    part(&call, (&rows, snapshot.revision), key, |(_, one)| Some(difference(one)))
}
