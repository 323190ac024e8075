//! The form of one record: to make one, or to change one. It works without scripts; what was wrong
//! stands beside the field, and what was typed is not lost.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::shown::{Form, Section, field};
use super::typed::{Texts, Wrongs, of, record, texts};
use super::{label, written};
use crate::register::check::Flaw;
use crate::register::{Kind, Record, Register};
use crate::web::Site;
use crate::web::decide::{REASON, back, broken};
use crate::web::page::{Frame, Reader, message, render};
use crate::web::snapshot::Snapshot;
use crate::words::{Word, phrase};

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Wanted {
    kind: String,
    /// The record to change; none: a new one.
    #[serde(default)]
    id: String,
}

#[derive(Template)]
#[template(path = "register_edit.html")]
struct Page {
    frame: Frame,
    kind: &'static str,
    label: &'static str,
    /// Whether there is none of this name yet.
    new: bool,
    id: String,
    id_wrong: String,
    /// What contradicts of the record as a whole.
    flaws: Vec<String>,
    wrong: &'static str,
    sections: Vec<Section>,
    why: String,
    /// The record as it is written in files, for who knows them; none of one that is new.
    text: Option<String>,
}

/// What is being written.
struct Draft {
    kind: Kind,
    new: bool,
    id: String,
    texts: Texts,
    wrongs: Wrongs,
}

pub(in crate::web) async fn form(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    let not_found = || message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage);
    let Some(kind) = kind(&wanted.kind) else { return not_found() };
    let snapshot = match site.view(&reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let (status, word) = broken(&error);
            return message(&reader, status, word);
        }
    };
    let texts = if wanted.id.is_empty() {
        Texts::new()
    } else {
        match snapshot.ground.register.find(kind, &wanted.id) {
            Some(found) => of(&found),
            None => return not_found(),
        }
    };
    let new = wanted.id.is_empty();
    let draft = Draft { kind, new, id: wanted.id, texts, wrongs: Wrongs::new() };
    page(&snapshot, &reader, draft)
}

/// A kind that has a form.
fn kind(name: &str) -> Option<Kind> {
    name.parse().ok().filter(|kind| *kind != Kind::Stocktaking)
}

fn page(snapshot: &Snapshot, reader: &Reader, draft: Draft) -> Response {
    let (lang, register) = (reader.lang, &snapshot.ground.register);
    let own = snapshot.flaws().iter().filter(|flaw| flaw.kind == draft.kind && flaw.id == draft.id);
    let flaws: Vec<&Flaw> = own.filter(|_| !draft.new && draft.wrongs.is_empty()).collect();
    let whole = flaws.iter().filter(|flaw| field(flaw.kind, &flaw.wrong).is_empty());
    let form =
        Form { lang, register, texts: &draft.texts, wrongs: &draft.wrongs, flaws: flaws.clone() };
    let good = draft.wrongs.is_empty();
    let page = Page {
        kind: draft.kind.name(),
        label: lang.say(label(draft.kind)),
        new: draft.new,
        id_wrong: draft.wrongs.get("id").cloned().unwrap_or_default(),
        flaws: whole.map(|flaw| phrase::flaw(lang, &flaw.wrong)).collect(),
        wrong: if good { "" } else { lang.say(Word::FormWrongSome) },
        sections: form.sections(draft.kind),
        text: register.find(draft.kind, &draft.id).filter(|_| !draft.new).map(written),
        why: draft.texts.get("why").cloned().unwrap_or_default(),
        id: draft.id,
        frame: reader.frame(Word::RegisterPage, "register"),
    };
    render(&page, if good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY })
}

/// Keeps what was typed, or shows it again with what is wrong.
pub(in crate::web) async fn keep(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let typed = texts(&body);
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let Some(kind) = kind(&text("kind")) else {
        return message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage);
    };
    let snapshot = match site.view(&reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let (status, word) = broken(&error);
            return message(&reader, status, word);
        }
    };
    let new = text("new") == "yes";
    let taken = |id: &str| snapshot.ground.register.find(kind, id).is_some();
    let typed_id = text("id");
    let id = if new && typed_id.is_empty() { free_name(kind, taken) } else { typed_id };
    let mut made = record(reader.lang, (kind, &id), &typed);
    let why = text("why");
    let wrong = |path: &str, word: Word| {
        Err(Wrongs::from([(path.to_owned(), reader.lang.say(word).to_owned())]))
    };
    if made.is_ok() && new && taken(&id) {
        made = wrong("id", Word::FormWrongName);
    }
    if why.chars().count() > REASON {
        made = wrong("why", Word::FailureForm);
    }
    match made {
        Err(wrongs) => {
            let id = if new { text("id") } else { id };
            page(&snapshot, &reader, Draft { kind, new, id, texts: typed, wrongs })
        }
        Ok(record) => save(&site, &reader, record, why).await,
    }
}

/// A name for a record that was given none: its kind and the next number.
fn free_name(kind: Kind, taken: impl Fn(&str) -> bool) -> String {
    let mut names = (1_u32..).map(|number| format!("{}-{number}", kind.name()));
    names.find(|name| !taken(name)).unwrap_or_default()
}

async fn save(site: &Arc<Site>, reader: &Reader, record: Record, why: String) -> Response {
    let to = format!("/register#{}", record.kind().name());
    let (register, by) = ([record].into_iter().collect::<Register>(), reader.by());
    match site.write(move |store| store.keep_register(register, by, why)).await {
        Ok(_) => back(&to),
        Err(error) => {
            let (status, word) = broken(&error);
            message(reader, status, word)
        }
    }
}
