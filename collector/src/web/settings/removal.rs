//! Settings, schedules and agents taken out: asked once more, of the version that is shown.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::edit::{Wanted, What, newest};
use super::field::{text, texts};
use crate::settings::Kind;
use crate::store::{Seen, TakenOut};
use crate::web::Site;
use crate::web::decide::back;
use crate::web::page::{Frame, Reader, message, render, unavailable};
use crate::words::Word;

#[derive(Template)]
#[template(path = "settings_remove.html")]
struct Question {
    frame: Frame,
    kind: String,
    name: String,
    label: &'static str,
    place: String,
    note: &'static str,
    /// The number of the version that is to be taken out; none of agents, whom whoever revokes cuts off
    /// however they came in.
    seen: Option<i64>,
}

/// Asks whether something is really to be taken out.
pub(in crate::web) async fn question(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    let lang = reader.lang;
    let what = What::named(&wanted.kind).filter(|what| !what.is_single());
    let seen = what.map(|what| newest(&site.store, what, &wanted.name)).transpose();
    let seen = match seen {
        Ok(seen) => seen,
        Err(error) => return unavailable(&reader, &error, "the settings could not be read"),
    };
    let (title, place, note) = match (wanted.kind.as_str(), what) {
        ("agent", _) => (Word::CommonAgent, "/settings#agents".to_owned(), Word::SettingRevokeNote),
        (_, Some(what)) => {
            let secret = matches!(what, What::Setting(Kind::Credential | Kind::Notify));
            let note = if secret { Word::SettingRemoveSecretNote } else { Word::SettingRemoveNote };
            (what.title(), what.place(), note)
        }
        (_, None) => return message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage),
    };
    let page = Question {
        frame: reader.frame(Word::SettingRemoveTitle, "settings"),
        label: lang.say(title),
        kind: wanted.kind,
        name: wanted.name,
        place,
        note: lang.say(note),
        seen,
    };
    render(&page, StatusCode::OK)
}

pub(in crate::web) async fn remove(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let typed = texts(&body);
    let (kind, name) = (text(&typed, "kind_of"), text(&typed, "name").to_owned());
    let (by, why) = (reader.by(), text(&typed, "why").to_owned());
    let wrong = || message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);
    if kind == "agent" {
        let revoked = site.write(move |store| store.admissions().revoke(name, by)).await;
        return match revoked {
            Ok(_) => back("/settings#agents"),
            Err(error) => unavailable(&reader, &error, "an agent could not be revoked"),
        };
    }
    let Some(what) = What::named(kind).filter(|what| !what.is_single()) else { return wrong() };
    let Ok(seen) = text(&typed, "seen").parse().map(Seen::Version) else { return wrong() };
    let done = site
        .write(move |store| match what {
            What::Schedule => {
                let removed = store.jobs().remove_as(name, seen, by)?;
                Ok(removed.map_or(TakenOut::Changed, |_| TakenOut::Gone))
            }
            What::Setting(kind) => store.take_out_setting((kind, name), seen, (by, why)),
        })
        .await;
    match done {
        Ok(TakenOut::Gone | TakenOut::Nothing) => back(&what.place()),
        Ok(TakenOut::Changed) => {
            message(&reader, StatusCode::CONFLICT, Word::SettingChangedMeanwhile)
        }
        Ok(TakenOut::Needed) => {
            message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::SettingStillUsed)
        }
        Err(error) => unavailable(&reader, &error, "a setting could not be taken out"),
    }
}
