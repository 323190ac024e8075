//! Agents: listed, let in, cut off.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::call::Call;
use super::list::part;
use super::operation::{Gives, Operation, Says, Shape, Verb, may, must};
use super::problem::Problem;
use super::{ADMINISTER, Answer, SURVEY};
use crate::door::invite::invite;
use crate::people::token::Area::Agents;
use crate::store::{Agent, StoreError};
use crate::web::Site;
use crate::web::doors::Doors;
use crate::web::page::Reader;
use crate::words::Word;

static LIST: Operation = Operation::get(
    "/api/v1/agents",
    (Agents, SURVEY),
    ("/scans", "エージェント / Agents"),
    Gives::List("Agent"),
);
static INVITE: Operation = Operation::act(
    (Verb::Post, "/api/v1/agents/invitations"),
    (Agents, ADMINISTER),
    (
        "/guide/code",
        "エージェントを迎える使い捨てのコードを発行する / Issues a one-time code for an agent",
    ),
    (
        Says::Members(
            &[
                must("agent", Shape::Text(64), "エージェントの名前 / Name of the agent"),
                may(
                    "hours",
                    Shape::Number(1, 720),
                    "有効な時間（省略時 24） / Hours that it holds [default: 24]",
                ),
            ],
            false,
        ),
        Gives::Json("Invitation"),
    ),
)
.making();
static REVOKE: Operation = Operation::act(
    (Verb::Delete, "/api/v1/agents/{name}"),
    (Agents, ADMINISTER),
    ("/scans", "エージェントの証明書を失効させる / Revokes an agent's certificates"),
    (Says::Nothing, Gives::Nothing),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors.program(&LIST, list).program(&INVITE, invite_one).program(&REVOKE, revoke)
}

fn told(agent: &Agent) -> Value {
    json!({
        "name": agent.name,
        "first_seen": agent.first_seen,
        "seen_at": agent.seen_at,
        "software": agent.software,
        "networks": agent.networks,
        "certificate_until": agent.until,
        "revoked_at": agent.revoked_at,
        "gaps": agent.gaps,
        "dropped": agent.dropped,
        "set_aside": agent.aside.len(),
    })
}

async fn list(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let agents = site.write(|store| store.admissions().list()).await?;
    let rows = (agents.as_slice(), site.store.revision()?);
    part(&call, rows, |agent| Some(agent.name.clone()), |agent| Some(told(agent)))
}

async fn invite_one(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (by, agent) = (reader.by(), call.text("agent").to_owned());
    let hours = call.said.get("hours").and_then(Value::as_u64).unwrap_or(24);
    let holds = Duration::from_secs(hours.saturating_mul(3600));
    let writing = Arc::clone(&site);
    let made = tokio::task::spawn_blocking(move || invite(&writing.store, (&agent, holds), by));
    let made = made.await.map_err(|_| StoreError::Ended)?;
    let refused = |complaint| Problem::said(StatusCode::UNPROCESSABLE_ENTITY, complaint);
    let (code, until) = made.map_err(refused)?;
    let told = json!({ "code": code.to_string(), "until": until });
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

async fn revoke(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (name, by) = (call.place("name").to_owned(), reader.by());
    let revoked = site.write(move |store| store.admissions().revoke(name, by)).await?;
    if revoked == 0 {
        return Err(Problem::new(StatusCode::NOT_FOUND, Word::ApiNoSuch));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
