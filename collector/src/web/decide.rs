//! The door for what people say: answers to findings, scopes, permitted private devices, corrections,
//! what is one device and what is two. A form comes in, decisions go to the store, and the browser is sent back to where it was.
//!
//! A page elsewhere must not speak in a reader's name: a request that another site caused is refused, by
//! what browsers say of it (`Sec-Fetch-Site`, else `Origin`).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Site;
use super::enter;
use super::page::{Reader, encoded, message};
use super::snapshot::Snapshot;
use crate::clock;
use crate::resolve::DeviceId;
use crate::store::{Edit, NewDecision, StoreError};
use crate::words::Word;

mod form;

pub(super) use form::Form;

/// Longest name, in characters.
const NAME: usize = 100;
/// Longest reason, in characters.
const REASON: usize = 2000;

pub(super) async fn decide(
    State(site): State<Arc<Site>>,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = match form(&reader, &headers, &body) {
        Ok(form) => form,
        Err(refused) => return *refused,
    };
    let (by, why) = (form.of("by"), form.of("why"));
    let snapshot = match site.snapshot().await {
        Ok(snapshot) => snapshot,
        Err(error) => return broken(&reader, &error),
    };
    if form.of("kind") == "enter" {
        return enter(&site, (&reader, &snapshot), &form).await;
    }
    let Some(said) = form.decisions(&snapshot) else {
        return message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);
    };
    let new = said.into_iter().map(|what| NewDecision {
        at: clock::now(),
        by: by.to_owned(),
        why: why.to_owned(),
        what,
    });
    let (store, new) = (Arc::clone(&site), new.collect());
    let kept = tokio::task::spawn_blocking(move || store.store.decide(new)).await;
    match kept.unwrap_or(Err(StoreError::Ended)) {
        Ok(_) => back(form.back(), by),
        Err(error) => broken(&reader, &error),
    }
}

/// The form that a page of ours sent, with who says so.
pub(super) fn form(
    reader: &Reader,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Form, Box<Response>> {
    if !same_site(headers) {
        return Err(message(reader, StatusCode::FORBIDDEN, Word::FailureOtherSite).into());
    }
    let form = Form::read(body);
    let (by, why) = (form.of("by"), form.of("why"));
    if by.is_empty() || by.chars().count() > NAME || why.chars().count() > REASON {
        return Err(
            message(reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureWhoSaysSo).into()
        );
    }
    Ok(form)
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
    let edit = Edit {
        wish: enter::wish(sheet, |name| form.of(name)),
        at: clock::now(),
        by: form.of("by").to_owned(),
        why: enter::reason(form.of("why"), device),
    };
    let store = Arc::clone(site);
    let kept = tokio::task::spawn_blocking(move || store.store.edit(edit)).await;
    match kept.unwrap_or(Err(StoreError::Ended)) {
        Ok(_) => back(form.back(), form.of("by")),
        Err(StoreError::Edit(_)) => refused(),
        Err(error) => broken(reader, &error),
    }
}

/// Whether the request came from one of our own pages, or from no page at all.
fn same_site(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, authority)| authority == host)
        }
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Sends the browser back, and keeps the name for the next form.
pub(super) fn back(path: &str, by: &str) -> Response {
    let cookie = format!("who={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", encoded(by));
    let (Ok(path), Ok(cookie)) = (HeaderValue::from_str(path), HeaderValue::from_str(&cookie))
    else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, path), (header::SET_COOKIE, cookie)])
        .into_response()
}

pub(super) fn broken(reader: &Reader, error: &StoreError) -> Response {
    tracing::error!(%error, "a decision could not be kept");
    message(reader, StatusCode::SERVICE_UNAVAILABLE, Word::FailurePage)
}
