//! The audit log.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::Answer;
use super::call::Call;
use super::list::value;
use super::operation::{Gives, NUMBERS, Operation, Shape, may};
use crate::people::act::Act;
use crate::people::token::Area::Audit;
use crate::web::doors::{Doors, Need};
use crate::web::page::Reader;
use crate::web::{Site, audit};

static LIST: Operation = Operation::get(
    "/api/v1/audit",
    (Audit, Need::May(Act::Audit)),
    ("/audit", "監査記録。新しい順 / The audit log, the latest first"),
    Gives::Json("Audit"),
)
.asking(&[
    may(
        "from",
        Shape::Number(1, NUMBERS),
        "この番号から古いほうへ（next） / From this number back (`next`)",
    ),
    may("limit", Shape::Number(1, 1000), "件数（省略時 100） / How many rows [default: 100]"),
]);
static FILE: Operation = Operation::get(
    "/api/v1/audit.csv",
    (Audit, Need::Take(Act::Audit)),
    ("/audit.csv", "監査記録の CSV / The audit log as CSV"),
    Gives::File(&["text/csv"]),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors.program(&LIST, list).program(&FILE, file)
}

async fn list(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let from = call.asked("from").parse().unwrap_or(u64::MAX);
    let limit = call.limit();
    let rows = site.write(move |store| Ok((store.log_rows(from, limit)?, store.log_head()?)));
    let (rows, head) = rows.await?;
    let next = rows.last().and_then(|row| row.number.checked_sub(1)).filter(|next| *next > 0);
    let rows: Vec<Value> = rows.iter().filter_map(value).collect();
    Ok(Json(json!({ "head": head.to_string(), "rows": rows, "next": next })).into_response())
}

async fn file(State(site): State<Arc<Site>>, reader: Reader, _: Call) -> Answer {
    Ok(audit::file(State(site), reader).await)
}
