//! Saved views of the list of devices.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;

use super::call::Call;
use super::list::part;
use super::operation::{Gives, Operation, Says, Shape, Verb, may, must};
use super::problem::Problem;
use super::{Answer, READ};
use crate::people::token::Area::Devices;
use crate::web::Site;
use crate::web::devices::saved;
use crate::web::doors::Doors;
use crate::web::page::Reader;
use crate::words::Word;

static VIEWS: Operation = Operation::get(
    "/api/v1/views",
    (Devices, READ),
    ("/devices", "保存した表示条件 / Saved views"),
    Gives::List("View"),
);
static KEEP_VIEW: Operation = Operation::act(
    (Verb::Post, "/api/v1/views"),
    (Devices, READ),
    ("/devices/views", "表示条件を保存する / Saves a view"),
    (
        Says::Members(
            &[
                must("name", Shape::Text(60), "名前 / Name"),
                must("query", Shape::Text(4096), "検索条件（?の後） / What is asked of the list"),
                may("shared", Shape::Yes, "共有するか / Whether others see it"),
            ],
            false,
        ),
        Gives::Nothing,
    ),
);
static DROP_VIEW: Operation = Operation::act(
    (Verb::Delete, "/api/v1/views/{number}"),
    (Devices, READ),
    ("/devices/views", "保存した表示条件を消す / Removes a saved view"),
    (Says::Nothing, Gives::Nothing),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors.program(&VIEWS, views).program(&KEEP_VIEW, keep_view).program(&DROP_VIEW, drop_view)
}

async fn views(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let views = saved::of(&site, &reader).await?;
    let own = reader.person.as_ref().map(|person| person.account.id);
    let revision = site.store.revision()?;
    part(
        &call,
        (&views, revision),
        |view| Some(view.id.to_string()),
        |view| {
            Some(json!({ "id": view.id, "name": view.name, "query": view.query,
            "shared": view.shared, "own": own == Some(view.account) }))
        },
    )
}

async fn keep_view(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    saved::change(&site, &reader, &call.form(&[("kind", "keep")])).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn drop_view(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let known = saved::of(&site, &reader).await?;
    if !known.iter().any(|view| view.id.to_string() == call.place("number")) {
        return Err(Problem::new(StatusCode::NOT_FOUND, Word::ApiNoSuch));
    }
    let form = call.form(&[("kind", "remove"), ("view", call.place("number"))]);
    saved::change(&site, &reader, &form).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
