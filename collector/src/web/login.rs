//! Logging in, with a password or with a link that an administrator made, and logging out.
//!
//! A name that nobody has takes as long as a wrong password, and is answered with the same words.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Site;
use super::fields::{Fields, is_own_path};
use super::page::{Frame, Reader, encoded, message, render};
use super::session;
use crate::clock;
use crate::credential::{self, Kept};
use crate::people::log::Deed;
use crate::people::{Account, name};
use crate::store::{By, Caller, StoreError};
use crate::words::Word;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct Page {
    frame: Frame,
    name: String,
    next: String,
    wrong: String,
    /// The button of the identity provider: what it says, and where it leads.
    provider: Option<(String, String)>,
}

fn page(
    (site, reader): (&Site, &Reader),
    (name, next): (&str, &str),
    wrong: String,
    status: StatusCode,
) -> Response {
    let frame = reader.frame(Word::LoginTitle, "");
    let provider = site.provider.as_ref().map(|provider| {
        let label = provider.settings().label.clone();
        (label, format!("/login/oidc?next={}", encoded(next)))
    });
    let (name, next) = (name.to_owned(), next.to_owned());
    render(&Page { frame, name, next, wrong, provider }, status)
}

pub(super) async fn ask(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    if site.store.has_accounts().is_ok_and(|has| !has) {
        return Redirect::to("/setup").into_response();
    }
    page((&site, &reader), ("", &wanted.next), String::new(), StatusCode::OK)
}

pub(super) async fn enter(State(site): State<Arc<Site>>, reader: Reader, body: Bytes) -> Response {
    let form = Fields::read(&body);
    let (typed, next) = (form.of("name").to_owned(), form.of("next").to_owned());
    match try_password(&site, &reader, &form).await {
        Ok(Tried::In(secret)) => {
            let next = if is_own_path(&next) { next.as_str() } else { "/" };
            let kept = session::keep(&site, &secret);
            kept.map_or_else(|_| broken(&reader), |cookie| sent(next, cookie))
        }
        Ok(Tried::Wrong) => {
            let wrong = reader.lang.say(Word::LoginWrong).to_owned();
            page((&site, &reader), (&typed, &next), wrong, StatusCode::UNAUTHORIZED)
        }
        Ok(Tried::Wait(seconds)) => {
            let wrong = reader.lang.fill(Word::LoginWait, &[&seconds]);
            let asked = (typed.as_str(), next.as_str());
            let mut answer = page((&site, &reader), asked, wrong, StatusCode::TOO_MANY_REQUESTS);
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            answer
        }
        Err(error) => {
            tracing::error!(%error, "nobody can log in");
            broken(&reader)
        }
    }
}

enum Tried {
    /// The secret of the new session.
    In(String),
    Wrong,
    /// Seconds.
    Wait(u64),
}

async fn try_password(
    site: &Arc<Site>,
    reader: &Reader,
    form: &Fields,
) -> Result<Tried, StoreError> {
    let name = name::account(form.of("name")).unwrap_or_default();
    let password: String = form.of("password").chars().take(name::PASSWORD + 1).collect();
    let caller = Caller { name: name.clone(), address: reader.address.clone() };
    let rules = site.rules.refusal.clone();
    let left = site.write(move |store| store.begin_try(caller, rules, clock::now())).await?;
    if !left.is_zero() {
        return Ok(Tried::Wait(left.as_secs().saturating_add(1)));
    }
    let found = site.store.account(&name)?;
    let kept = found.as_ref().and_then(|(_, kept)| kept.clone());
    let fits = site.hash(move |hasher| hasher.verify(&password, kept.as_deref())).await?;
    let account = found.map(|(account, _)| account);
    match account {
        Some(account) if fits && !account.closed => {
            let by = By { who: account.signature(), ..reader.by() };
            begin(site, account, by).await.map(Tried::In)
        }
        // What was typed where no such account is may be a password: it is not kept.
        account => {
            let about = account.map_or_else(|| "-".to_owned(), |account| account.name);
            site.note(Deed::LoginRefused, about, reader.by()).await?;
            Ok(Tried::Wrong)
        }
    }
}

/// Begins a session and returns its secret.
pub(super) async fn begin(
    site: &Arc<Site>,
    account: Account,
    by: By,
) -> Result<String, StoreError> {
    begin_by(site, account, ("password", by)).await
}

/// The same, where something else than a password let the person in.
pub(super) async fn begin_by(
    site: &Arc<Site>,
    account: Account,
    (way, by): (&'static str, By),
) -> Result<String, StoreError> {
    let (secret, kept) = credential::secret().map_err(|_| StoreError::Ended)?;
    site.write(move |store| store.begin_session_by(account, (kept, way), by)).await?;
    Ok(secret)
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Linked {
    #[serde(default)]
    pub(super) code: String,
}

#[derive(Template)]
#[template(path = "login_link.html")]
struct LinkPage {
    frame: Frame,
    who: String,
    code: String,
}

/// Asks whether to log in by the link. Looking at it does not use it up: programs that fetch links in
/// advance would.
pub(super) async fn link(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Linked>,
) -> Response {
    match site.store.link(credential::of_code(&wanted.code), clock::now()) {
        Ok(Some(account)) => {
            let frame = reader.frame(Word::LoginTitle, "");
            let page = LinkPage { frame, who: account.signature(), code: wanted.code };
            render(&page, StatusCode::OK)
        }
        Ok(None) => message(&reader, StatusCode::NOT_FOUND, Word::LoginLinkGone),
        Err(error) => {
            tracing::error!(%error, "links cannot be read");
            broken(&reader)
        }
    }
}

pub(super) async fn use_link(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let code = credential::of_code(Fields::read(&body).of("code"));
    let done: Result<_, StoreError> = async {
        let (secret, kept): (String, Kept) = credential::secret().map_err(|_| StoreError::Ended)?;
        let by = reader.by();
        let account = site.write(move |store| store.use_link(code, kept, by)).await?;
        let Some(account) = account else { return Ok(None) };
        let has_password =
            site.store.account(&account.name)?.is_some_and(|(_, kept)| kept.is_some());
        Ok(Some((secret, has_password)))
    }
    .await;
    match done {
        Ok(Some((secret, has_password))) => {
            let next = if has_password { "/" } else { "/account" };
            let kept = session::keep(&site, &secret);
            kept.map_or_else(|_| broken(&reader), |cookie| sent(next, cookie))
        }
        Ok(None) => message(&reader, StatusCode::NOT_FOUND, Word::LoginLinkGone),
        Err(error) => {
            tracing::error!(%error, "a link could not be used");
            broken(&reader)
        }
    }
}

pub(super) async fn leave(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    let (session, by) = (reader.person.as_ref().map(|person| person.session), reader.by());
    if let Some(session) = session
        && let Err(error) = site.write(move |store| store.end_session(session, by)).await
    {
        tracing::error!(%error, "a session could not be ended");
        return broken(&reader);
    }
    session::forget(&site).map_or_else(|_| broken(&reader), |cookie| sent("/login", cookie))
}

/// Sends the browser on with a cookie.
pub(super) fn sent(to: &str, cookie: HeaderValue) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::SET_COOKIE, cookie)]).into_response()
}

pub(super) fn broken(reader: &Reader) -> Response {
    message(reader, StatusCode::SERVICE_UNAVAILABLE, Word::FailurePage)
}
