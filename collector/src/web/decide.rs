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
use crate::people::act::Act;
use crate::people::log::Deed;
use crate::resolve::DeviceId;
use crate::store::{By, Edit, NewDecision, StoreError};
use crate::words::Word;

mod form;

pub(super) use form::Form;

/// Longest reason, in characters.
const REASON: usize = 2000;

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
    if !reader.may(act(&form)) {
        let about = format!("POST /decisions {}", act(&form).name());
        if let Err(error) = site.note(Deed::Forbidden, about, reader.by()).await {
            return broken(&reader, &error);
        }
        return message(&reader, StatusCode::FORBIDDEN, Word::FailureForbidden);
    }
    let why = form.of("why");
    if why.chars().count() > REASON {
        return message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);
    }
    let snapshot = match site.view(&reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => return broken(&reader, &error),
    };
    if form.of("kind") == "enter" {
        return enter(&site, (&reader, &snapshot), &form).await;
    }
    let Some(said) = form.decisions(&snapshot) else {
        return message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);
    };
    let By { who, at, .. } = reader.by();
    let new =
        said.into_iter().map(|what| NewDecision { at, by: who.clone(), why: why.to_owned(), what });
    let new: Vec<NewDecision> = new.collect();
    match site.write(move |store| store.decide(new)).await {
        Ok(_) => back(form.back()),
        Err(error) => broken(&reader, &error),
    }
}

/// Enters a found device in the ledger. What the ledger refuses is said in its words.
async fn enter(
    site: &Arc<Site>,
    (reader, snapshot): (&Reader, &Snapshot),
    form: &Form,
) -> Response {
    let refused = || message(reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);
    let sheet = form.of("sheet").parse::<usize>().ok();
    let sheet = sheet.and_then(|number| snapshot.ground.ledger.sheets.get(number));
    let device = snapshot.device(&DeviceId(form.of("device").to_owned()));
    let (Some(sheet), Some(device)) = (sheet, device) else { return refused() };
    let By { who, at, .. } = reader.by();
    let edit = Edit {
        wish: enter::wish(sheet, |name| form.of(name)),
        at,
        by: who,
        why: enter::reason(form.of("why"), device),
    };
    match site.write(move |store| store.edit(edit)).await {
        Ok(_) => back(form.back()),
        Err(StoreError::Edit(_)) => refused(),
        Err(error) => broken(reader, &error),
    }
}

/// Sends the browser back.
pub(super) fn back(path: &str) -> Response {
    let Ok(path) = HeaderValue::from_str(path) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}

fn broken(reader: &Reader, error: &StoreError) -> Response {
    tracing::error!(%error, "a decision could not be kept");
    message(reader, StatusCode::SERVICE_UNAVAILABLE, Word::FailurePage)
}
