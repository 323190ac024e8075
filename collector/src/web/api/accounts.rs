//! Accounts, for administrators, and who one is oneself. Passwords are set by their owners on pages only.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::call::Call;
use super::list::part;
use super::operation::{Field, Gives, Operation, Says, Shape, Verb, Version, may, must};
use super::problem::{self, Problem};
use super::{ADMINISTER, Answer, READ};
use crate::people::token::Area::{Accounts, Devices};
use crate::people::token::Scope;
use crate::people::{Account, Role};
use crate::store::{Listed, NewState, StoreError};
use crate::web::Site;
use crate::web::accounts::{Wrong, act};
use crate::web::doors::Doors;
use crate::web::page::Reader;
use crate::words::Word;

const ROLE: Shape = Shape::Word(&["administrator", "operator", "auditor", "vendor", "approver"]);
const PARTY: Field =
    may("party", Shape::Text(255), "事業者（vendor のとき） / The party of a vendor");

static SELF: Operation = Operation::get(
    "/api/v1/self",
    (Devices, READ),
    ("/account", "このトークンの利用者と範囲 / Whose token this is, and what it is for"),
    Gives::Json("Self"),
);
static LIST: Operation = Operation::get(
    "/api/v1/accounts",
    (Accounts, ADMINISTER),
    ("/accounts", "利用者 / Accounts"),
    Gives::List("Account"),
);
static ONE: Operation = Operation::get(
    "/api/v1/accounts/{name}",
    (Accounts, ADMINISTER),
    ("/accounts", "利用者1人 / One account"),
    Gives::Json("Account"),
)
.versioned(Version::Shown);
static ADD: Operation = Operation::act(
    (Verb::Post, "/api/v1/accounts"),
    (Accounts, ADMINISTER),
    ("/accounts", "利用者を作り、初回ログイン用のコードを発行する / Makes an account, with a code to log in once"),
    (
        Says::Members(
            &[
                must("name", Shape::Text(64), "ログイン名 / Name"),
                may("called", Shape::Text(64), "氏名 / What the person is called"),
                must("role", ROLE, "役割 / Role"),
                PARTY,
            ],
            false,
        ),
        Gives::Json("LoginCode"),
    ),
)
.making();
static CHANGE: Operation = Operation::act(
    (Verb::Patch, "/api/v1/accounts/{name}"),
    (Accounts, ADMINISTER),
    ("/accounts", "役割を変える、閉じる、開く / Changes the role, closes or opens"),
    (
        Says::Members(
            &[
                may("role", ROLE, "役割 / Role"),
                PARTY,
                may("closed", Shape::Yes, "ログインできなくする / Whether it cannot log in"),
            ],
            false,
        ),
        Gives::Json("Account"),
    ),
)
.versioned(Version::Asked);
static LINK: Operation = Operation::act(
    (Verb::Post, "/api/v1/accounts/{name}/codes"),
    (Accounts, ADMINISTER),
    ("/accounts", "ログイン用の使い捨てコードを発行する / Issues a code to log in once"),
    (Says::Nothing, Gives::Json("LoginCode")),
)
.making();

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&SELF, own)
        .program(&LIST, list)
        .program(&ONE, one)
        .program(&ADD, add)
        .program(&CHANGE, change)
        .program(&LINK, link)
}

async fn own(State(site): State<Arc<Site>>, reader: Reader, _: Call) -> Answer {
    let person = reader.person.ok_or((StatusCode::UNAUTHORIZED, Word::FailureLoggedOut))?;
    let scopes = person.scopes.as_ref();
    let scopes =
        scopes.map(|scopes| scopes.iter().map(|one| Scope::name(*one)).collect::<Vec<_>>());
    Ok(Json(json!({
        "account": person.account.name,
        "called": person.account.called,
        "role": person.account.role,
        "party": person.account.party,
        "token": person.program,
        "scopes": scopes,
        "language": site.config.language,
        "time_zone": site.config.zone.name(),
    }))
    .into_response())
}

fn told(listed: &Listed) -> Value {
    let account = &listed.account;
    json!({
        "name": account.name,
        "called": account.called,
        "role": account.role,
        "party": account.party,
        "closed": account.closed,
        "has_password": listed.has_password,
    })
}

async fn list(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let accounts = site.write(crate::store::Store::accounts).await?;
    let rows = (accounts.as_slice(), site.store.revision()?);
    let shown = |listed: &Listed| {
        let mut told = told(listed);
        told.as_object_mut()?.insert("latest".into(), listed.latest.into());
        Some(told)
    };
    part(&call, rows, |listed| Some(listed.account.name.clone()), shown)
}

/// The account of this name.
async fn present(site: &Arc<Site>, name: &str) -> Result<Listed, Problem> {
    let accounts = site.write(crate::store::Store::accounts).await?;
    let found = accounts.into_iter().find(|listed| listed.account.name == name);
    found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, Word::ApiNoSuch))
}

async fn one(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    Ok(call.shown(&told(&present(&site, call.place("name")).await?)))
}

/// Why an account is not made or changed.
fn refused(site: &Site, wrong: Wrong) -> Problem {
    let unfit = |word| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, word);
    match wrong {
        Wrong::Form => unfit(Word::FailureForm),
        Wrong::Changed => Problem::new(StatusCode::PRECONDITION_FAILED, Word::ApiChanged),
        Wrong::Name => unfit(Word::AccountsBadName),
        Wrong::Store(error @ StoreError::Account(_)) => {
            Problem::said(StatusCode::CONFLICT, error.complaint(site.store.path()))
        }
        Wrong::Store(error) => error.into(),
    }
}

/// Does what the fields say; the code of a link, if one was made.
async fn say(
    site: &Arc<Site>,
    reader: &Reader,
    (call, more): (&Call, &[(&str, &str)]),
) -> Result<Option<String>, Problem> {
    let done = act(site, &call.small_form(more), reader.by()).await;
    done.map(|link| link.map(|(_, code)| code)).map_err(|wrong| refused(site, wrong))
}

fn made(site: &Site, code: Option<String>) -> Answer {
    let code = code.ok_or(StoreError::Ended)?;
    let told = json!({ "code": code, "path": format!("/login/link?code={code}"),
        "minutes": site.rules.link.minutes });
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

/// The role and the party that are said of an account, or of one to make; none if neither is said. The party
/// of a vendor may be changed alone, and stays where the role is said to be what it is.
fn wanted(
    call: &Call,
    present: Option<&Account>,
) -> Result<Option<(Role, Option<String>)>, Problem> {
    let said = |name: &str| call.said.get(name).and_then(Value::as_str);
    let (role, party) = (said("role").and_then(|role| role.parse().ok()), said("party"));
    let Some(role) = role.or(present.filter(|_| party.is_some()).map(|it| it.role)) else {
        return Ok(None);
    };
    let known = present.and_then(|account| account.party.as_deref());
    let wrong = match (role == Role::Vendor, party) {
        (true, None) => known.is_none().then_some(Word::ApiMissing),
        (true, Some(party)) => party.is_empty().then_some(Word::ApiMissing),
        (false, party) => party.is_some().then_some(Word::ApiParty),
    };
    if let Some(word) = wrong {
        let unfit = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiMembers);
        return Err(unfit.about(vec![problem::Wrong::of("party", word)]));
    }
    let party = party.or(known).filter(|_| role == Role::Vendor);
    Ok(Some((role, party.map(str::to_owned))))
}

async fn add(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    wanted(&call, None)?;
    made(&site, say(&site, &reader, (&call, &[("kind", "add")])).await?)
}

async fn change(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let name = call.place("name");
    let seen = present(&site, name).await?;
    call.is_of(Some(&told(&seen)))?;
    let role = wanted(&call, Some(&seen.account))?;
    let closed = call.said.get("closed").and_then(Value::as_bool);
    let role = role.map(|(role, party)| NewState::Role(role, party));
    let states = role.into_iter().chain(closed.map(NewState::Closed)).collect();
    let by = reader.by();
    let changed = site.write(move |store| store.change_account_as(seen, states, by)).await;
    if !changed.map_err(|error| refused(&site, Wrong::Store(error)))? {
        return Err(refused(&site, Wrong::Changed));
    }
    Ok(call.shown(&told(&present(&site, name).await?)))
}

async fn link(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    present(&site, call.place("name")).await?;
    let more = [("kind", "link"), ("name", call.place("name"))];
    made(&site, say(&site, &reader, (&call, &more)).await?)
}
