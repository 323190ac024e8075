//! The accounts, for administrators: who may log in, as what, and links to log in once. Passwords are
//! set by their owners only.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::Site;
use super::fields::Fields;
use super::login::broken;
use super::page::{Frame, Reader, render};
use crate::credential;
use crate::people::{Role, name};
use crate::snapshot::digest;
use crate::store::{BadAccount, By, Listed, NewAccount, NewState, StoreError, Subject};
use crate::words::{Lang, Word, phrase};
use daicho_common::time::Timestamp;

struct Row {
    name: String,
    called: String,
    role: &'static str,
    party: String,
    latest: String,
    has_password: bool,
    closed: bool,
    /// What is shown of it, for its forms.
    seen: String,
}

/// Somebody who came from the identity provider.
struct Came {
    id: i64,
    called: String,
    subject: String,
    latest: String,
    /// The name of the account that the person comes with; empty: none.
    seen: String,
    /// The accounts, and whether the person comes with each.
    accounts: Vec<(String, bool)>,
    linked: bool,
}

/// A link that was just made: whom it logs in, and where it leads.
struct Link {
    who: String,
    url: String,
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    roles: Vec<(&'static str, &'static str)>,
    parties: Vec<(String, String)>,
    minutes: String,
    /// Whether there is an identity provider, and who came from it.
    provider: bool,
    subjects: Vec<Came>,
    link: Option<Link>,
    wrong: String,
}

/// What is shown of an account, as its forms carry it. When it was logged in last is no part of that.
fn seen(listed: &Listed) -> String {
    let Listed { account, has_password, .. } = listed;
    let said = (account.role, &account.party, account.closed, has_password);
    digest(&json!(said).to_string()).hex()
}

fn page(
    site: &Site,
    reader: &Reader,
    link: Option<Link>,
    (status, wrong): (StatusCode, String),
) -> Result<Response, StoreError> {
    let lang = reader.lang;
    let row = |listed: Listed| Row {
        seen: seen(&listed),
        role: lang.say(phrase::people::role(listed.account.role)),
        name: listed.account.name,
        called: listed.account.called,
        party: listed.account.party.unwrap_or_default(),
        latest: (listed.latest)
            .map(|at| site.config.zone.show(Timestamp::from_micros(at)))
            .unwrap_or_default(),
        has_password: listed.has_password,
        closed: listed.account.closed,
    };
    let accounts = site.store.accounts()?;
    let came = |one: Subject| Came {
        id: one.id,
        called: one.called,
        latest: site.config.zone.show(one.seen_at),
        accounts: (accounts.iter())
            .map(|it| it.account.name.clone())
            .map(|name| (name.clone(), one.account.as_ref() == Some(&name)))
            .collect(),
        linked: one.account.is_some(),
        seen: one.account.unwrap_or_default(),
        subject: one.subject,
    };
    let page = Page {
        provider: site.provider.is_some(),
        subjects: site.store.subjects()?.into_iter().map(came).collect(),
        rows: site.store.accounts()?.into_iter().map(row).collect(),
        roles: Role::ALL.map(|role| (role.name(), lang.say(phrase::people::role(role)))).to_vec(),
        parties: (site.store.register()?.party.into_iter())
            .map(|party| (party.id, party.name))
            .collect(),
        minutes: lang.fill(Word::AccountsLinkHolds, &[&site.rules.link.minutes]),
        link,
        wrong,
        frame: reader.frame(Word::AccountsTitle, "accounts"),
    };
    Ok(render(&page, status))
}

pub(super) async fn show(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    page(&site, &reader, None, (StatusCode::OK, String::new()))
        .unwrap_or_else(|error| failed(&reader, &error))
}

fn failed(reader: &Reader, error: &StoreError) -> Response {
    tracing::error!(%error, "accounts cannot be read or changed");
    broken(reader)
}

pub(super) async fn change(
    State(site): State<Arc<Site>>,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Fields::read(&body);
    let unfit = |word| (StatusCode::UNPROCESSABLE_ENTITY, reader.lang.say(word).to_owned());
    let (link, told) = match act(&site, &form, reader.by()).await {
        Ok(link) => {
            let link = link.map(|(who, code)| Link { who, url: url(&site, &headers, &code) });
            (link, (StatusCode::OK, String::new()))
        }
        Err(Wrong::Form) => (None, unfit(Word::FailureForm)),
        Err(Wrong::Name) => (None, unfit(Word::AccountsBadName)),
        Err(Wrong::Changed) => (None, changed_meanwhile(reader.lang)),
        Err(Wrong::Store(error @ StoreError::Account(_))) => {
            let complaint = error.complaint(site.store.path());
            let said = match reader.lang {
                Lang::Ja => complaint.ja,
                Lang::En => complaint.en,
            };
            (None, (StatusCode::UNPROCESSABLE_ENTITY, said))
        }
        Err(Wrong::Store(error)) => return failed(&reader, &error),
    };
    let made = page(&site, &reader, link, told);
    made.unwrap_or_else(|error| failed(&reader, &error))
}

fn changed_meanwhile(lang: Lang) -> (StatusCode, String) {
    (StatusCode::CONFLICT, lang.say(Word::AccountsChangedMeanwhile).to_owned())
}

/// The page, with that somebody else has changed meanwhile what it showed.
pub(super) fn conflict(site: &Site, reader: &Reader) -> Response {
    let made = page(site, reader, None, changed_meanwhile(reader.lang));
    made.unwrap_or_else(|error| failed(reader, &error))
}

/// Where a link leads, by the name under which the browser called the server: it was found to be ours.
pub(super) fn url(site: &Site, headers: &HeaderMap, code: &str) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if site.config.behind_tls { "https" } else { "http" };
    format!("{scheme}://{host}/login/link?code={code}")
}

/// Why an account is not changed.
pub(super) enum Wrong {
    Form,
    Name,
    /// Somebody else changed it meanwhile.
    Changed,
    Store(StoreError),
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Does what the form says; returns whom a link logs in, and its code, if one was made.
pub(super) async fn act(
    site: &Arc<Site>,
    form: &Fields,
    by: By,
) -> Result<Option<(String, String)>, Wrong> {
    if form.of("kind") == "end" {
        let name = name::account(form.of("name")).ok_or(Wrong::Name)?;
        site.write(move |store| store.end_sessions(name, by)).await?;
        return Ok(None);
    }
    let name = name::account(form.of("name")).ok_or(Wrong::Name)?;
    match form.of("kind") {
        "add" => {
            let called = name::called(form.of("called")).ok_or(Wrong::Name)?;
            let (role, party) = role(form)?;
            let new = NewAccount { name: name.clone(), called, role, party, password: None };
            let author = by.clone();
            site.write(move |store| store.add_account(new, false, author)).await?;
            Ok(Some(link(site, name, by).await?))
        }
        "link" => Ok(Some(link(site, name, by).await?)),
        kind => {
            let state = state(kind, form)?;
            let shown = form.of("seen").to_owned();
            let changed = site.write(move |store| {
                let present = store.accounts()?.into_iter().find(|it| it.account.name == name);
                let present =
                    present.ok_or_else(|| StoreError::Account(BadAccount::NoSuchAccount(name)))?;
                if seen(&present) != shown {
                    return Ok(false);
                }
                store.change_account_as(present, vec![state], by)
            });
            if changed.await? { Ok(None) } else { Err(Wrong::Changed) }
        }
    }
}

/// The role that a form says, with the party of a vendor.
fn role(form: &Fields) -> Result<(Role, Option<String>), Wrong> {
    let role: Role = form.of("role").parse().map_err(|_| Wrong::Form)?;
    // The choice of a party stands beside every role, and means something for one.
    let party = Some(form.of("party").to_owned()).filter(|_| role == Role::Vendor);
    Ok((role, party))
}

/// What is to become of an account.
fn state(kind: &str, form: &Fields) -> Result<NewState, Wrong> {
    match kind {
        "role" => role(form).map(|(role, party)| NewState::Role(role, party)),
        "close" => Ok(NewState::Closed(true)),
        "open" => Ok(NewState::Closed(false)),
        _ => Err(Wrong::Form),
    }
}

async fn link(site: &Arc<Site>, name: String, by: By) -> Result<(String, String), StoreError> {
    let (code, kept) = credential::code().map_err(|_| StoreError::Ended)?;
    let (holds, who) = (site.rules.link.holds(), name.clone());
    site.write(move |store| store.add_link(name, (kept, holds), by)).await?;
    Ok((who, code))
}
