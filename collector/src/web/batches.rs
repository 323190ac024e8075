//! The door for agents: one sealed batch a request. Opening and checking are [`crate::ingest`]'s.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Extension, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use daicho_common::batch::{Damage, MAX_PROLOGUE, MAX_SEALED};
use daicho_common::complaint::{Complaint, Exit};
use serde::Serialize;

use super::Site;
use super::session::Address;
use crate::clock;
use crate::ingest::{self, Refusal};
use crate::meters::Taken;
use crate::store::{Appended, StoreError};

/// The content type of a sealed batch.
const KIND: &str = "application/vnd.daicho.batch";
/// Octets of a batch that are not its compressed content.
const ENVELOPE: usize = MAX_PROLOGUE;

#[derive(Serialize)]
#[serde(tag = "status")]
enum Answer {
    #[serde(rename = "accepted")]
    Accepted { observations: usize },
    #[serde(rename = "already known")]
    AlreadyKnown,
}

#[derive(Serialize)]
struct Refused {
    ja: String,
    en: String,
}

pub(super) async fn deliver(
    State(site): State<Arc<Site>>,
    Extension(from): Extension<Address>,
    request: Request,
) -> Response {
    let came = clock::now();
    let taken = match nearby(&from) {
        Ok(()) => take(&site, request).await,
        Err(refused) => Err(refused),
    };
    let (result, observations) = match &taken {
        Ok(Appended::New { observations }) => (Taken::New, *observations),
        Ok(Appended::AlreadyKnown) => (Taken::Known, 0),
        Err(_) => (Taken::Refused, 0),
    };
    site.meters.batch(result, observations, (came, clock::now()));
    match taken {
        Ok(Appended::New { observations }) => {
            Json(Answer::Accepted { observations }).into_response()
        }
        Ok(Appended::AlreadyKnown) => Json(Answer::AlreadyKnown).into_response(),
        Err((status, complaint)) => {
            tracing::warn!(%status, reason = complaint.en, "a batch was refused");
            (status, Json(Refused { ja: complaint.ja, en: complaint.en })).into_response()
        }
    }
}

/// Without TLS only this computer is let in: there is no telling who else speaks.
pub(super) fn nearby(from: &Address) -> Result<(), (StatusCode, Complaint)> {
    // Behind a proxy every connection is from this machine; the address is then what the proxy says.
    if from.0.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback()) {
        return Ok(());
    }
    let complaint = Complaint::new(
        Exit::Remote,
        "他の端末のエージェントはここでは受け付けません。agents_listen の口に `daicho-agent enrol` で登録してください",
        "agents of other machines are not taken here: enrol them by `daicho-agent enrol` at the door of agents_listen",
    );
    Err((StatusCode::FORBIDDEN, complaint))
}

async fn take(site: &Arc<Site>, request: Request) -> Result<Appended, (StatusCode, Complaint)> {
    // A form on a page elsewhere cannot send this type without being asked first (Fetch §4.10).
    let kind = request.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| kind.as_bytes() != KIND.as_bytes()) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, other_kind()));
    }
    // Said too large is refused unread; what says nothing is read up to the limit.
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_SEALED + ENVELOPE) {
        return Err(refusal(&Refusal::Damaged(Damage::TooLarge)));
    }
    let octets = to_bytes(request.into_body(), MAX_SEALED + ENVELOPE)
        .await
        .map_err(|_| refusal(&Refusal::Damaged(Damage::TooLarge)))?;
    let _turn = site.opening.lock().await;
    let site = Arc::clone(site);
    let appended = tokio::task::spawn_blocking(move || {
        let opened = ingest::open(&octets).map_err(|refused| refusal(&refused))?;
        drop(octets);
        let mut appended =
            site.store.append(vec![opened], clock::now()).map_err(|error| failed(&site, &error))?;
        appended.pop().ok_or_else(|| failed(&site, &StoreError::Ended))
    });
    appended.await.unwrap_or_else(|_| Err((StatusCode::INTERNAL_SERVER_ERROR, broken())))
}

fn refusal(refused: &Refusal) -> (StatusCode, Complaint) {
    let status = match refused {
        Refusal::Damaged(Damage::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Impostor { .. } => StatusCode::FORBIDDEN,
        Refusal::Damaged(_) | Refusal::Trailing | Refusal::Name(_) => StatusCode::BAD_REQUEST,
    };
    (status, refused.complaint("この束 / this batch"))
}

fn failed(site: &Site, error: &StoreError) -> (StatusCode, Complaint) {
    let status = match error {
        StoreError::OtherKey { .. } => StatusCode::FORBIDDEN,
        StoreError::Busy => StatusCode::SERVICE_UNAVAILABLE,
        StoreError::Absent
        | StoreError::NotADatabase
        | StoreError::NotOurs
        | StoreError::Newer { .. }
        | StoreError::Unwritable(_)
        | StoreError::Conflicts { .. }
        | StoreError::Exists
        | StoreError::File(_)
        | StoreError::Edit(_)
        | StoreError::Account(_)
        | StoreError::Round(_)
        | StoreError::Site(_)
        | StoreError::Row { .. }
        | StoreError::Ended
        | StoreError::Database(_) => {
            tracing::error!(%error, "a batch could not be kept");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    (status, error.complaint(site.store.path()))
}

fn other_kind() -> Complaint {
    Complaint::new(
        Exit::Input,
        format!("Content-Type は {KIND} にしてください"),
        format!("the content type has to be {KIND}"),
    )
}

fn broken() -> Complaint {
    Complaint::new(
        Exit::Other,
        "束を処理できませんでした。もう一度送ってください",
        "the batch could not be processed: send it again",
    )
}
