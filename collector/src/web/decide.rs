//! The door for what people say: answers to findings, scopes, permitted private devices, corrections,
//! what is one device and what is two. A form comes in, decisions go to the store, and the browser is sent back to where it was.
//!
//! Who says so is who is logged in. What a vendor may say is that of its own devices, which is all that its
//! picture has, and not that something may stay as it is.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Site;
use super::enter;
use super::page::{Reader, message};
use super::snapshot::Snapshot;
use crate::finding::Finding;
use crate::people::act::Act;
use crate::people::log::Deed;
use crate::people::token::{Area, Mode};
use crate::resolve::DeviceId;
use crate::store::{Edit, Known, NewDecision, StoreError};
use crate::words::Word;

mod form;

pub(super) use form::{Form, word};

/// Longest reason, in characters.
pub(super) const REASON: usize = 2000;

/// What a form asks for.
fn act(form: &Form) -> Act {
    match form.of("kind") {
        // What may stay as it is is the hospital's to say.
        "answer" if form.of("disposition") != "approved" => Act::Answer,
        "enter" => Act::Enter,
        _ => Act::Decide,
    }
}

pub(super) async fn decide(State(site): State<Arc<Site>>, reader: Reader, body: Bytes) -> Response {
    let form = Form::read(&body);
    match keep(&site, &reader, &form).await {
        Ok(_) => back(form.back()),
        Err((status, word)) => message(&reader, status, word),
    }
}

/// Which part of what programs do a form is about.
fn area(form: &Form) -> Area {
    match form.of("kind") {
        "answer" => Area::Findings,
        "enter" => Area::Ledger,
        _ => Area::Devices,
    }
}

/// What is refused because it can mean nothing.
const REFUSED: (StatusCode, Word) = (StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);

/// Keeps what a form says. Returns how many decisions that were.
pub(super) async fn keep(
    site: &Arc<Site>,
    reader: &Reader,
    form: &Form,
) -> Result<usize, (StatusCode, Word)> {
    permitted(site, reader, form).await?;
    let snapshot = site.view(reader).await.map_err(|error| broken(&error))?;
    if form.of("kind") == "enter" {
        return enter(site, (reader, &snapshot), form).await?.ok_or(REFUSED);
    }
    let new = new(reader, &snapshot, form)?;
    let kept = site.write(move |store| store.decide(new)).await;
    Ok(kept.map_err(|error| broken(&error))?.len())
}

/// Keeps an answer to a finding as it stands in this snapshot, if nobody has said anything else of it
/// meanwhile. Returns how many decisions that were.
pub(super) async fn keep_of(
    site: &Arc<Site>,
    (reader, snapshot): (&Reader, &Snapshot),
    (finding, form): (&Finding, &Form),
) -> Result<usize, (StatusCode, Word)> {
    permitted(site, reader, form).await?;
    let new = new(reader, snapshot, form)?;
    let known = Known { finding: finding.id.clone(), decision: snapshot.said };
    let kept = site.write(move |store| store.decide_as(new, known)).await;
    let kept = kept.map_err(|error| broken(&error))?;
    Ok(kept.ok_or((StatusCode::PRECONDITION_FAILED, Word::ApiChanged))?.len())
}

/// Whether the reader may say what a form says; that it may not is kept in the log.
async fn permitted(
    site: &Arc<Site>,
    reader: &Reader,
    form: &Form,
) -> Result<(), (StatusCode, Word)> {
    if !reader.may_at(act(form), (area(form), Mode::Write)) {
        let about = format!("POST /decisions {}", act(form).name());
        site.note(Deed::Forbidden, about, reader.by()).await.map_err(|error| broken(&error))?;
        return Err((StatusCode::FORBIDDEN, Word::FailureForbidden));
    }
    if form.of("why").chars().count() > REASON {
        return Err(REFUSED);
    }
    Ok(())
}

/// The decisions that a form says.
fn new(
    reader: &Reader,
    snapshot: &Snapshot,
    form: &Form,
) -> Result<Vec<NewDecision>, (StatusCode, Word)> {
    let said = form.decisions(snapshot).ok_or(REFUSED)?;
    let (by, why) = (reader.by(), form.of("why"));
    let new = |what| NewDecision { by: by.clone(), why: why.to_owned(), what };
    Ok(said.into_iter().map(new).collect())
}

/// Enters a found device in the ledger; none if that cannot be.
async fn enter(
    site: &Arc<Site>,
    (reader, snapshot): (&Reader, &Snapshot),
    form: &Form,
) -> Result<Option<usize>, (StatusCode, Word)> {
    let sheet = form.of("sheet").parse::<usize>().ok();
    let sheet = sheet.and_then(|number| snapshot.ground.ledger.sheets.get(number));
    let device = snapshot.device(&DeviceId(form.of("device").into()));
    let (Some(sheet), Some(device)) = (sheet, device) else { return Ok(None) };
    let edit = Edit {
        wish: enter::wish(sheet, |name| form.of(name)),
        by: reader.by(),
        why: enter::reason(form.of("why"), device),
    };
    match site.write(move |store| store.edit(edit)).await {
        Ok(steps) => Ok(Some(steps.len())),
        Err(StoreError::Edit(_)) => Ok(None),
        Err(error) => Err(broken(&error)),
    }
}

/// Sends the browser back.
pub(super) fn back(path: &str) -> Response {
    let Ok(path) = HeaderValue::from_str(path) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}

pub(super) fn broken(error: &StoreError) -> (StatusCode, Word) {
    tracing::error!(%error, "a decision could not be kept");
    (StatusCode::SERVICE_UNAVAILABLE, Word::FailurePage)
}
