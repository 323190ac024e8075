//! The door for what people say: answers to findings, scopes, permitted private devices. A form comes in,
//! decisions go to the store, and the browser is sent back to where it was.
//!
//! A page elsewhere must not speak in a reader's name: a request that another site caused is refused, by
//! what browsers say of it (`Sec-Fetch-Site`, else `Origin`).

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Site;
use super::page::{Reader, encoded, message};
use crate::clock;
use crate::day::Day;
use crate::decision::{Decision, Disposition, Scope, Subject};
use crate::store::NewDecision;
use crate::words::Word;

/// Findings that one form may answer.
const MOST: usize = 1000;
/// Longest name, in characters.
const NAME: usize = 100;
/// Longest reason, in characters.
const REASON: usize = 2000;

/// The fields of a form; of those that come once the last counts.
struct Form {
    one: HashMap<String, String>,
    findings: Vec<String>,
}

impl Form {
    fn read(body: &[u8]) -> Self {
        let mut form = Self { one: HashMap::new(), findings: Vec::new() };
        for (name, value) in form_urlencoded::parse(body) {
            if name == "finding" {
                form.findings.push(value.into_owned());
            } else {
                form.one.insert(name.into_owned(), value.trim().to_owned());
            }
        }
        form
    }

    fn of(&self, name: &str) -> &str {
        self.one.get(name).map_or("", String::as_str)
    }

    /// Where to go back to: a path of this server.
    fn back(&self) -> &str {
        let back = self.of("back");
        let own = back.starts_with('/') && !back.starts_with("//") && !back.contains('\\');
        if own { back } else { "/findings" }
    }
}

/// A value as serde reads it from a word.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(text.into()).ok()
}

pub(super) async fn decide(
    State(site): State<Arc<Site>>,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !same_site(&headers) {
        return message(&reader, StatusCode::FORBIDDEN, Word::FailureOtherSite);
    }
    let form = Form::read(&body);
    let (by, why) = (form.of("by"), form.of("why"));
    if by.is_empty() || by.chars().count() > NAME || why.chars().count() > REASON {
        return message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureWhoSaysSo);
    }
    let snapshot = match site.snapshot().await {
        Ok(snapshot) => snapshot,
        Err(error) => return broken(&reader, &error),
    };
    let facts = |id: &str| {
        let found = snapshot.picture.findings.iter().find(|finding| finding.id == id);
        found.map(|finding| finding.facts.clone())
    };
    let Some(said) = decisions(&form, facts) else {
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
    match kept.unwrap_or(Err(crate::store::StoreError::Ended)) {
        Ok(_) => back(form.back(), by),
        Err(error) => broken(&reader, &error),
    }
}

/// What the form says; none if it says nothing that can be kept.
fn decisions(form: &Form, facts: impl Fn(&str) -> Option<String>) -> Option<Vec<Decision>> {
    match form.of("kind") {
        "answer" => answers(form, facts),
        "scope" => {
            let subject: Subject = serde_json::from_str(form.of("subject")).ok()?;
            let scope: Scope = word(form.of("scope"))?;
            Some(vec![Decision::Scope { subject, scope }])
        }
        "byod" => {
            let device = serde_json::from_str(form.of("device")).ok()?;
            Some(vec![Decision::Byod { device, permitted: form.of("permitted") == "yes" }])
        }
        "withdraw" => {
            Some(vec![Decision::Withdraw { decision: form.of("decision").parse().ok()? }])
        }
        _ => None,
    }
}

/// An answer to each of the findings; to one that has gone meanwhile there is nothing to say.
fn answers(form: &Form, facts: impl Fn(&str) -> Option<String>) -> Option<Vec<Decision>> {
    let disposition: Option<Disposition> = match form.of("disposition") {
        "" => None,
        said => Some(word(said)?),
    };
    let due: Option<Day> = match form.of("due") {
        "" => None,
        day => Some(day.parse().ok()?),
    };
    let owner = form.of("owner");
    // Approval has to say why it may stay (DOMAIN §5).
    let unreasoned = disposition == Some(Disposition::Approved) && form.of("why").is_empty();
    let empty = disposition.is_none() && due.is_none() && owner.is_empty();
    if unreasoned || empty || form.findings.is_empty() || form.findings.len() > MOST {
        return None;
    }
    let one = |id: &String| {
        Some(Decision::Answer {
            finding: id.clone(),
            facts: facts(id)?,
            disposition,
            owner: owner.to_owned(),
            due,
        })
    };
    let said: Vec<Decision> = form.findings.iter().filter_map(one).collect();
    (!said.is_empty()).then_some(said)
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
fn back(path: &str, by: &str) -> Response {
    let cookie = format!("who={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", encoded(by));
    let (Ok(path), Ok(cookie)) = (HeaderValue::from_str(path), HeaderValue::from_str(&cookie))
    else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, path), (header::SET_COOKIE, cookie)])
        .into_response()
}

fn broken(reader: &Reader, error: &crate::store::StoreError) -> Response {
    tracing::error!(%error, "a decision could not be kept");
    message(reader, StatusCode::SERVICE_UNAVAILABLE, Word::FailurePage)
}
