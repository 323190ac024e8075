//! Other sites, for the head office, and how much waits for somebody here.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::call::Call;
use super::list::part;
use super::operation::{Gives, Operation};
use super::problem::Problem;
use super::reports::difference;
use super::{Answer, READ, SURVEY};
use crate::people::token::Area;
use crate::seal;
use crate::store::{OtherSite, SiteSnapshot, Store};
use crate::web::Site;
use crate::web::doors::Doors;
use crate::web::page::Reader;
use crate::web::sites::differences;
use crate::words::Word;

static LIST: Operation = Operation::get(
    "/api/v1/sites",
    (Area::Sites, SURVEY),
    ("/sites", "ほかの拠点 / Other sites"),
    Gives::List("Site"),
);
static ONE: Operation = Operation::get(
    "/api/v1/sites/{name}",
    (Area::Sites, SURVEY),
    (
        "/sites/{name}",
        "拠点1つと、最近2回の違い / One site, and what its last two snapshots differ in",
    ),
    Gives::Json("SiteWhole"),
);
static SUMMARY: Operation = Operation::get(
    "/api/v1/summary",
    (Area::Devices, READ),
    ("/", "判定ごとの数と、対応待ちの数 / How many have each verdict, and what waits for somebody"),
    Gives::Json("Summary"),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors.program(&LIST, list).program(&ONE, one).program(&SUMMARY, summary)
}

fn told(site: &OtherSite) -> Value {
    let snapshot = |one: &SiteSnapshot| {
        json!({
            "number": one.id,
            "at": one.at,
            "by": one.by,
            "why": one.why,
            "digest": one.digest.hex(),
            "summary": one.summary,
            "imported_at": one.imported_at,
            "imported_by": one.imported_by,
        })
    };
    json!({
        "name": site.name,
        "key": seal::fingerprint(&site.key),
        "snapshots": site.snapshots.iter().map(snapshot).collect::<Vec<_>>(),
    })
}

async fn list(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let sites = site.write(Store::sites).await?;
    let rows = (sites.as_slice(), site.store.revision()?);
    part(&call, rows, |one| Some(one.name.clone()), |one| Some(told(one)))
}

async fn one(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let sites = site.write(Store::sites).await?;
    let found = sites.into_iter().find(|one| one.name == call.place("name"));
    let found = found.ok_or((StatusCode::NOT_FOUND, Word::ApiNoSuch))?;
    let between = differences(&site, &found).await;
    let between = between.map_err(|altered| Problem::said(StatusCode::CONFLICT, altered))?;
    let between = between.map(|all| all.iter().map(difference).collect::<Vec<_>>());
    Ok(Json(json!({ "site": told(&found), "differences": between })).into_response())
}

async fn summary(State(site): State<Arc<Site>>, reader: Reader, _: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let needs = snapshot.needs();
    let counts = snapshot.counts().map(|(name, .., count)| (name.to_owned(), count.into()));
    let verdicts: serde_json::Map<String, Value> = counts.collect();
    Ok(Json(json!({
        "revision": snapshot.revision,
        "as_of": snapshot.as_of(),
        "devices": snapshot.picture.devices.len(),
        "rows": snapshot.ground.ledger.entries.len(),
        "verdicts": verdicts,
        "findings": { "open": needs.open, "overdue": needs.overdue, "soon": needs.soon,
            "grave": needs.grave },
        "new_devices": needs.new_devices,
    }))
    .into_response())
}
