//! One's own account: who one is here, a new password, the end of one's other sessions.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::Site;
use super::fields::Fields;
use super::login::{broken, sent};
use super::page::{Frame, Reader, render};
use super::session::{self, Person};
use crate::clock;
use crate::people::name;
use crate::store::{Caller, StoreError};
use crate::words::{Word, phrase};

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    frame: Frame,
    name: String,
    called: String,
    role: &'static str,
    party: String,
    /// Whether the present password is asked for.
    asks: bool,
    least: usize,
    done: &'static str,
    wrong: &'static str,
}

fn page(
    site: &Site,
    reader: &Reader,
    person: &Person,
    said: Result<Option<Word>, Word>,
) -> Response {
    let word = |word: Option<Word>| word.map(|word| reader.lang.say(word)).unwrap_or_default();
    let account = &person.account;
    let has_password = site.store.account(&account.name).ok().flatten();
    let has_password = has_password.is_some_and(|(_, kept)| kept.is_some());
    let status = if said.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Page {
        name: account.name.clone(),
        called: account.called.clone(),
        role: reader.lang.say(phrase::people::role(account.role)),
        party: account.party.clone().unwrap_or_default(),
        asks: has_password && !person.may_set_password,
        least: site.rules.password.least_characters,
        done: word(said.ok().flatten()),
        wrong: word(said.err()),
        frame: reader.frame(Word::AccountTitle, "account"),
    };
    render(&page, status)
}

pub(super) async fn show(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    let Some(person) = reader.person.clone() else { return broken(&reader) };
    page(&site, &reader, &person, Ok(None))
}

pub(super) async fn password(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let Some(person) = reader.person.clone() else { return broken(&reader) };
    match change(&site, (&reader, &person), &Fields::read(&body)).await {
        Ok(said) => page(&site, &reader, &person, said),
        Err(error) => {
            tracing::error!(%error, "a password could not be changed");
            broken(&reader)
        }
    }
}

async fn change(
    site: &Arc<Site>,
    (reader, person): (&Reader, &Person),
    form: &Fields,
) -> Result<Result<Option<Word>, Word>, StoreError> {
    let account = &person.account;
    let (new, again) = (form.of("password").to_owned(), form.of("again"));
    if new != again {
        return Ok(Err(Word::AccountNotTwice));
    }
    if !name::is_password(&new, &account.name, &site.rules.password) {
        return Ok(Err(Word::AccountBadPassword));
    }
    let kept = site.store.account(&account.name)?.and_then(|(_, kept)| kept);
    if kept.is_some() && !person.may_set_password {
        // Who found a computer unlocked must not be able to try here what is delayed elsewhere.
        let caller = Caller { name: account.name.clone(), address: reader.address.clone() };
        let rules = site.rules.refusal.clone();
        let again = caller.clone();
        let left = site.write(move |store| store.begin_try(again, rules, clock::now())).await?;
        let present = form.of("present").to_owned();
        let fits = left.is_zero()
            && site.hash(move |hasher| hasher.verify(&present, kept.as_deref())).await?;
        if !fits {
            return Ok(Err(Word::AccountWrongPassword));
        }
        site.write(move |store| store.end_try(caller)).await?;
    }
    let hashed = site.hash(move |hasher| hasher.hash(&new)).await?;
    let hashed = hashed.map_err(|_| StoreError::Ended)?;
    let (name, session, by) = (account.name.clone(), person.session, reader.by());
    site.write(move |store| store.set_password(name, hashed, Some(session), by)).await?;
    Ok(Ok(Some(Word::AccountPasswordChanged)))
}

/// Ends every session of the person, this one too.
pub(super) async fn leave_everywhere(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    let Some(person) = reader.person.clone() else { return broken(&reader) };
    let (name, by) = (person.account.name.clone(), reader.by());
    if let Err(error) = site.write(move |store| store.end_sessions(name, by)).await {
        tracing::error!(%error, "sessions could not be ended");
        return broken(&reader);
    }
    session::forget(&site).map_or_else(|_| broken(&reader), |cookie| sent("/login", cookie))
}
