//! Settings: what administrators say on pages instead of in a file. Secrets are written, and never told.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::list::part;
use super::operation::{Field, Gives, Operation, Says, Shape, Verb, Version, WHY, may, must};
use super::problem::{Problem, Wrong};
use super::{ADMINISTER, Answer, SURVEY};
use crate::people::token::Area::Settings as Area;
use crate::settings::Kind;
use crate::store::{KeptSetting, Store, StoreError, TakenOut};
use crate::web::Site;
use crate::web::doors::Doors;
use crate::web::page::Reader;
use crate::web::settings::program::{self, Refusal, SINGLE, Said};
use crate::web::settings::trial::attempt;
use crate::words::Word;

const KINDS: &[&str] = &["general", "deny", "network", "credential", "notify"];
const QUERY: &[Field] = &[may("kind", Shape::Word(KINDS), "種類 / Kind")];

static LIST: Operation = Operation::get(
    "/api/v1/settings",
    (Area, SURVEY),
    ("/settings", "画面で決めた設定。秘密は含まない / Settings, without their secrets"),
    Gives::List("Setting"),
)
.asking(QUERY);
static ONE: Operation = Operation::get(
    "/api/v1/settings/{kind}/{name}",
    (Area, SURVEY),
    (
        "/settings/edit",
        "設定1件（general と deny の名前は「-」） / One setting; general and deny are named `-`",
    ),
    Gives::Json("Setting"),
)
.versioned(Version::Shown);
static HISTORY: Operation = Operation::get(
    "/api/v1/settings/{kind}/{name}/history",
    (Area, SURVEY),
    ("/settings", "設定の履歴。新しい順 / Every version of a setting, the latest first"),
    Gives::List("SettingVersion"),
);
static PUT: Operation = Operation::act(
    (Verb::Put, "/api/v1/settings/{kind}/{name}"),
    (Area, ADMINISTER),
    (
        "/settings/edit",
        "設定を作る・置き換える。書かなかった秘密はそのまま残る / Makes or replaces a setting; secrets that are left out stay",
    ),
    (
        Says::Members(
            &[
                must("content", Shape::Object("SettingContent"), "内容 / What it says"),
                may(
                    "secrets",
                    Shape::Map,
                    "秘密。credential は community・auth_password・privacy_password、notify は password・key・url。二度と返さない / Secrets: community, auth_password, privacy_password of credential; password, key, url of notify. Never told again",
                ),
                WHY,
            ],
            false,
        ),
        Gives::Json("Setting"),
    ),
)
.versioned(Version::Asked);
static REMOVE: Operation = Operation::act(
    (Verb::Delete, "/api/v1/settings/{kind}/{name}"),
    (Area, ADMINISTER),
    (
        "/settings/remove",
        "設定と秘密を削除する（履歴は残る） / Takes a setting and its secrets out; its versions stay",
    ),
    (Says::Nothing, Gives::Nothing),
)
.asking(&[WHY])
.versioned(Version::Asked);
static TRIAL: Operation = Operation::act(
    (Verb::Post, "/api/v1/settings/{kind}/{name}/trial"),
    (Area, ADMINISTER),
    ("/settings/test", "通知先に試しに送る / Sends a trial to a receiver of notifications"),
    (Says::Nothing, Gives::Json("Trial")),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&LIST, list)
        .program(&ONE, one)
        .program(&HISTORY, history)
        .program(&PUT, put)
        .program(&REMOVE, remove)
        .program(&TRIAL, trial)
}

fn missing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Word::ApiNoSuch)
}

/// What a refusal is to programs.
pub(super) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Changed => Problem::new(StatusCode::PRECONDITION_FAILED, Word::ApiChanged),
        Refusal::Complaint(complaint) => Problem::said(StatusCode::UNPROCESSABLE_ENTITY, complaint),
        Refusal::Flaws(flaws) => {
            let wrong =
                |flaw: crate::settings::Flaw| Wrong { field: flaw.field, ja: flaw.ja, en: flaw.en };
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiMembers)
                .about(flaws.into_iter().map(wrong).collect())
        }
    }
}

/// What the address names: a kind, and a name, which is empty where there is one of its kind.
fn named(call: &Call) -> Result<(Kind, String), Problem> {
    let kind: Kind = call.place("kind").parse().map_err(|()| missing())?;
    match (program::is_single(kind), call.place("name")) {
        (true, SINGLE) => Ok((kind, String::new())),
        (true, _) => Err(missing()),
        (false, name) => Ok((kind, name.to_owned())),
    }
}

/// Every version of what the address names, the latest first.
async fn versions(site: &Arc<Site>, call: &Call) -> Result<Vec<KeptSetting>, Problem> {
    let (kind, name) = named(call)?;
    Ok(site.write(move |store| store.setting_history(Some((kind, &name)))).await?)
}

/// The number of the newest version of what the address names (0: it was never said), and what is told of
/// it.
async fn present(site: &Arc<Site>, call: &Call) -> Result<(i64, Option<Value>), Problem> {
    let versions = versions(site, call).await?;
    let Some(newest) = versions.first() else { return Ok((0, None)) };
    let secrets = site.write(Store::secrets).await?;
    Ok((newest.id, program::told(newest, (&secrets, &site.config))))
}

async fn list(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let told = site.write(|store| Ok((store.setting_history(None)?, store.secrets()?)));
    let (history, secrets) = told.await?;
    let mut settings = program::present(history);
    let kind = call.asked("kind");
    settings.retain(|one| kind.is_empty() || one.kind.name() == kind);
    let key = |one: &KeptSetting| Some(format!("{} {}", one.kind.name(), one.name));
    let shown = |one: &KeptSetting| program::told(one, (&secrets, &site.config));
    part(&call, (&settings, site.store.revision()?), key, shown)
}

async fn one(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let (_, told) = present(&site, &call).await?;
    Ok(call.shown(&told.ok_or_else(missing)?))
}

async fn history(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let versions = versions(&site, &call).await?;
    if versions.is_empty() {
        return Err(missing());
    }
    let shown = |one: &KeptSetting| {
        Some(json!({ "version": one.id, "content": program::content(one), "at": one.at,
            "by": one.by, "why": one.why }))
    };
    let revision = site.store.revision()?;
    part(&call, (&versions, revision), |one| Some(one.id.to_string()), shown)
}

async fn put(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (kind, name) = named(&call)?;
    let (seen, told) = present(&site, &call).await?;
    call.is_of(told.as_ref())?;
    let none = Map::new();
    let members = |name: &str| call.said.get(name).and_then(Value::as_object).unwrap_or(&none);
    let said = Said {
        kind,
        name: &name,
        content: members("content"),
        secrets: members("secrets"),
        why: call.text("why"),
    };
    let kept = tokio::task::block_in_place(|| program::keep(&site, &said, (seen, reader.by())));
    kept.map_err(refused)?;
    let (_, told) = present(&site, &call).await?;
    Ok(call.shown(&told.ok_or_else(missing)?))
}

async fn remove(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (kind, name) = named(&call)?;
    let (seen, told) = present(&site, &call).await?;
    call.is_of(Some(&told.ok_or_else(missing)?))?;
    // What there is one of is made empty, as on its page.
    if program::is_single(kind) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm));
    }
    let because = (reader.by(), call.asked("why").to_owned());
    let remove = move |store: &Store| program::remove(store, (kind, name), seen, because);
    match site.write(remove).await? {
        TakenOut::Gone | TakenOut::Nothing => Ok(StatusCode::NO_CONTENT.into_response()),
        TakenOut::Changed => Err(refused(Refusal::Changed)),
        TakenOut::Needed => Err(Problem::new(StatusCode::CONFLICT, Word::SettingStillUsed)),
    }
}

async fn trial(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (kind, name) = named(&call)?;
    if kind != Kind::Notify {
        return Err(missing());
    }
    let effective = site.effective()?;
    if !effective.config.notify.channels.iter().any(|channel| channel.name == name) {
        return Err(missing());
    }
    let (trying, by, lang) = (Arc::clone(&site), reader.by(), reader.lang);
    let tried = tokio::task::spawn_blocking(move || attempt(&trying, &name, (by, lang))).await;
    let tried = tried.map_err(|_| StoreError::Ended)?;
    let sent = tried.is_ok();
    let said = tried.unwrap_or_else(|why| why);
    Ok(Json(json!({ "sent": sent, "said": said })).into_response())
}
