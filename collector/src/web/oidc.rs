//! Logging in through the hospital's identity provider, and with which account whom it knows comes. What
//! the provider says is judged in [`crate::oidc`]; local accounts go on working when it is away.

use std::sync::{Arc, PoisonError};

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Site;
use super::accounts::conflict;
use super::decide::back;
use super::fields::{Fields, is_own_path};
use super::login::{begin_by, broken, sent};
use super::page::{Reader, message, said};
use super::session::{self, cookies};
use crate::clock;
use crate::oidc::flow::Pending;
use crate::oidc::provider::{Failure, Provider};
use crate::oidc::token::Identity;
use crate::people::log::Deed;
use crate::store::{By, Linked, StoreError};
use crate::words::Word;

/// The cookie of a browser that was sent to the provider.
const COOKIE: &str = "daicho-oidc";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    next: String,
}

fn not_here(reader: &Reader) -> Response {
    message(reader, StatusCode::NOT_FOUND, Word::NotFoundPage)
}

/// Runs what waits for the provider where it holds up nobody else.
async fn ask<T: Send + 'static>(
    provider: &Arc<Provider>,
    work: impl FnOnce(&Provider) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let provider = Arc::clone(provider);
    let done = tokio::task::spawn_blocking(move || work(&provider)).await;
    done.unwrap_or(Err(Failure::Answer("it could not be asked")))
}

/// Sends the browser to the provider.
pub(super) async fn go(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    let Some(provider) = &site.provider else { return not_here(&reader) };
    let next = if is_own_path(&wanted.next) { wanted.next.as_str() } else { "/" };
    let now = clock::now();
    let begun = site.waiting.lock().unwrap_or_else(PoisonError::into_inner).begin(next, now);
    let Ok(begun) = begun else { return broken(&reader) };
    let cookie = cookie(&site, &begun.browser, "600");
    match ask(provider, move |provider| provider.question(&begun, now)).await {
        Ok(url) => cookie.map_or_else(|| broken(&reader), |cookie| sent(&url, cookie)),
        Err(failure) => refused(&reader, &failure),
    }
}

fn cookie(site: &Site, secret: &str, seconds: &str) -> Option<HeaderValue> {
    let secure = if site.config.behind_tls { "; Secure" } else { "" };
    // Lax: the provider's page sends the browser back by a link or a redirect.
    let text = format!(
        "{COOKIE}={secret}; Path=/login/oidc; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    );
    HeaderValue::from_str(&text).ok()
}

fn refused(reader: &Reader, failure: &Failure) -> Response {
    tracing::warn!(%failure, "nobody was let in by the identity provider");
    let word = match failure {
        Failure::Away(_) | Failure::Answer(_) => Word::OidcAway,
        Failure::Code(_) | Failure::Token(_) => Word::OidcRefused,
    };
    let away = matches!(failure, Failure::Away(_));
    message(reader, if away { StatusCode::BAD_GATEWAY } else { StatusCode::FORBIDDEN }, word)
}

/// What the provider says when it sends a browser back (RFC 6749 §4.1.2; RFC 9207 §2).
#[derive(Debug, Default, Deserialize)]
pub(super) struct Returned {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    error: Option<String>,
    iss: Option<String>,
}

/// Lets in who comes back from the provider.
pub(super) async fn returned(
    State(site): State<Arc<Site>>,
    reader: Reader,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Response {
    let Some(provider) = &site.provider else { return not_here(&reader) };
    let now = clock::now();
    let browser = cookies(&headers).find_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='));
    let pending = site.waiting.lock().unwrap_or_else(PoisonError::into_inner).take(
        &returned.state,
        browser.unwrap_or_default(),
        now,
    );
    let Some(pending) = pending else {
        return message(&reader, StatusCode::FORBIDDEN, Word::OidcGone);
    };
    if let Some(error) = &returned.error {
        let error: String = error.chars().filter(|c| !c.is_control()).take(80).collect();
        return refused(&reader, &Failure::Code(error));
    }
    // RFC 9207: another provider's answer is not this one's.
    if returned.iss.as_ref().is_some_and(|iss| *iss != provider.settings().issuer) {
        return refused(&reader, &Failure::Answer("another issuer sends the browser back"));
    }
    let (code, half) = (returned.code.clone(), pending.clone());
    match ask(provider, move |provider| provider.identity(&code, &half, now)).await {
        Ok(identity) => let_in(&site, &reader, identity, &pending).await,
        Err(failure) => {
            let about = format!("oidc: {failure}");
            if let Err(error) = site.note(Deed::LoginRefused, about, reader.by()).await {
                tracing::error!(%error, "a refusal could not be kept");
            }
            refused(&reader, &failure)
        }
    }
}

async fn let_in(
    site: &Arc<Site>,
    reader: &Reader,
    Identity { subject, called }: Identity,
    pending: &Pending,
) -> Response {
    let Some(provider) = &site.provider else { return not_here(reader) };
    let who = (provider.settings().issuer.clone(), subject, called);
    let by = reader.by();
    let begun: Result<_, StoreError> = async {
        let Some(account) = site.write(move |store| store.came(who, by)).await? else {
            return Ok(None);
        };
        let by = By { who: account.signature(), ..reader.by() };
        begin_by(site, account, ("oidc", by)).await.map(Some)
    }
    .await;
    match begun {
        Ok(Some(secret)) => match session::keep(site, &secret) {
            Ok(kept) => with_forgotten(site, sent(&pending.next, kept)),
            Err(_) => broken(reader),
        },
        Ok(None) => message(reader, StatusCode::FORBIDDEN, Word::OidcUnknown),
        Err(error) => {
            tracing::error!(%error, "nobody can log in");
            broken(reader)
        }
    }
}

/// The browser's part of the login is of no use any more.
fn with_forgotten(site: &Site, mut response: Response) -> Response {
    if let Some(gone) = cookie(site, "", "0") {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

/// Says with which account somebody comes.
pub(super) async fn link(State(site): State<Arc<Site>>, reader: Reader, body: Bytes) -> Response {
    let form = Fields::read(&body);
    let name = |field: &str| Some(form.of(field).to_owned()).filter(|name| !name.is_empty());
    let (account, seen) = (name("account"), name("seen"));
    let Ok(id) = form.of("subject").parse::<i64>() else {
        return message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);
    };
    let by = reader.by();
    match site.write(move |store| store.link_subject((id, seen), account, by)).await {
        Ok(Linked::Done) => back("/accounts"),
        Ok(Linked::Changed) => conflict(&site, &reader),
        Ok(Linked::Unknown) => message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage),
        Err(error @ StoreError::Account(_)) => {
            said(&reader, StatusCode::UNPROCESSABLE_ENTITY, &error.complaint(site.store.path()))
        }
        Err(error) => {
            tracing::error!(%error, "a person could not be linked");
            broken(&reader).into_response()
        }
    }
}
