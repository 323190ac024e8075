//! The first run: who holds the code that `serve` printed makes the first administrator. Once there is
//! any account, this page is there no more.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::Site;
use super::fields::Fields;
use super::login::{self, Linked};
use super::page::{Frame, Reader, message, render};
use super::session;
use crate::credential;
use crate::people::{Account, Role, name};
use crate::store::{BadAccount, By, NewAccount, StoreError};
use crate::words::Word;

#[derive(Template)]
#[template(path = "setup.html")]
struct Page {
    frame: Frame,
    code: String,
    name: String,
    called: String,
    least: usize,
    wrong: String,
}

fn page(site: &Site, reader: &Reader, form: &Fields, wrong: Option<Word>) -> Response {
    let text = |field: &str| form.of(field).to_owned();
    let page = Page {
        frame: reader.frame(Word::SetupTitle, ""),
        code: text("code"),
        name: text("name"),
        called: text("called"),
        least: site.rules.password.least_characters,
        wrong: wrong.map(|word| reader.lang.say(word).to_owned()).unwrap_or_default(),
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(&page, status)
}

fn gone(reader: &Reader) -> Response {
    message(reader, StatusCode::NOT_FOUND, Word::NotFoundPage)
}

pub(super) async fn ask(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Linked>,
) -> Response {
    if site.store.has_accounts().unwrap_or(true) {
        return gone(&reader);
    }
    let form = Fields::read(format!("code={}", super::page::encoded(&wanted.code)).as_bytes());
    page(&site, &reader, &form, None)
}

pub(super) async fn make(State(site): State<Arc<Site>>, reader: Reader, body: Bytes) -> Response {
    if site.store.has_accounts().unwrap_or(true) {
        return gone(&reader);
    }
    let form = Fields::read(&body);
    let (password, again) = (form.of("password").to_owned(), form.of("again"));
    let (Some(name), Some(called)) =
        (name::account(form.of("name")), name::called(form.of("called")))
    else {
        return page(&site, &reader, &form, Some(Word::AccountsBadName));
    };
    let wrong = if !site.is_setup_code(credential::of_code(form.of("code"))) {
        Some(Word::SetupWrongCode)
    } else if password != again {
        Some(Word::AccountNotTwice)
    } else if !name::is_password(&password, &name, &site.rules.password) {
        Some(Word::AccountBadPassword)
    } else {
        None
    };
    if wrong.is_some() {
        return page(&site, &reader, &form, wrong);
    }
    match first(&site, (name, called), password, reader.by()).await {
        Ok(secret) => {
            let kept = session::keep(&site, &secret);
            kept.map_or_else(|_| login::broken(&reader), |cookie| login::sent("/", cookie))
        }
        Err(StoreError::Account(BadAccount::NotTheFirst)) => gone(&reader),
        Err(error) => {
            tracing::error!(%error, "the first account could not be made");
            login::broken(&reader)
        }
    }
}

/// Makes the first administrator and logs in; returns the secret of the session.
async fn first(
    site: &Arc<Site>,
    (name, called): (String, String),
    password: String,
    by: By,
) -> Result<String, StoreError> {
    let hashed = site.hash(move |hasher| hasher.hash(&password)).await?;
    let hashed = hashed.map_err(|_| StoreError::Ended)?;
    let role = Role::Administrator;
    let mut account = Account {
        id: 0,
        name: name.clone(),
        called: called.clone(),
        role,
        party: None,
        closed: false,
    };
    let by = By { who: account.signature(), ..by };
    let new = NewAccount { name, called, role, party: None, password: Some(hashed) };
    let author = by.clone();
    account.id = site.write(move |store| store.add_account(new, true, author)).await?;
    site.forget_setup_code();
    login::begin(site, account, by).await
}
