//! Importing a book of record on pages: it is uploaded, the meaning of its columns is proposed and may be
//! said otherwise, what it would add, change, retire and reject is shown, and only then, on a person's
//! word, it is kept, just as it was shown.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Extension, Path as Part, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_common::complaint::Complaint;

use super::Site;
use super::decide::{REASON, back, broken};
use super::fields::Fields;
use super::page::{Frame, Reader, message, render, said};
use super::upload::Uploaded;
use crate::book;
use crate::clock;
use crate::ingest::bad_profile;
use crate::ledger::Ledger;
use crate::ledger::profile::{Profile, Proposal, propose};
use crate::ledger::rebase::Prefer;
use crate::snapshot::digest;
use crate::store::{Imported, NewBook, Preview, StoreError};
use crate::words::{Lang, Word};

mod draft;
mod shown;

pub(super) use draft::{Draft, Drafts};

use shown::Page;

#[derive(Template)]
#[template(path = "import.html")]
struct Upload {
    frame: Frame,
    books: Vec<String>,
    wrong: String,
}

/// A book as it would be kept.
pub(super) struct Read {
    ledger: Ledger,
    pub(super) proposals: Vec<Proposal>,
    pub(super) preview: Preview,
}

impl Read {
    /// What was shown, by its digest.
    pub(super) fn digest(&self) -> String {
        let shown = serde_json::to_string(&(&self.preview.diff, &self.preview.rebased));
        digest(&shown.unwrap_or_default()).hex()
    }
}

/// Why a book cannot be shown.
pub(super) enum Bad {
    Book(Complaint),
    Store(StoreError),
}

impl From<StoreError> for Bad {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

pub(super) async fn ask(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    page(&site, &reader, String::new()).await
}

async fn page(site: &Arc<Site>, reader: &Reader, wrong: String) -> Response {
    match site.view(reader).await {
        Ok(snapshot) => {
            let books = snapshot.ground.books.iter().map(|book| book.name.clone()).collect();
            let good = wrong.is_empty();
            let frame = reader.frame(Word::ImportTitle, "ledger");
            let status = if good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            render(&Upload { frame, books, wrong }, status)
        }
        Err(error) => failed(reader, &error),
    }
}

fn failed(reader: &Reader, error: &StoreError) -> Response {
    let (status, word) = broken(error);
    message(reader, status, word)
}

/// Takes a book, if it can be read at all. Nothing of it is kept yet.
pub(super) async fn upload(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Extension(uploaded): Extension<Uploaded>,
) -> Response {
    if uploaded.name().is_empty() || uploaded.octets().is_empty() {
        return page(&site, &reader, reader.lang.say(Word::ImportNoFile).to_owned()).await;
    }
    let wanted = uploaded.of("as");
    let name = if wanted.is_empty() { uploaded.name() } else { wanted }.to_owned();
    match take(&site, &reader, name, uploaded.octets().clone()).await {
        Ok((secret, _)) => back(&format!("/ledger/import/{secret}")),
        Err(Bad::Book(complaint)) => page(&site, &reader, in_words(reader.lang, &complaint)).await,
        Err(Bad::Store(error)) => failed(&reader, &error),
    }
}

/// Takes a book under this name, and returns the secret by which it is found again and what it would be
/// read as.
pub(super) async fn take(
    site: &Arc<Site>,
    reader: &Reader,
    name: String,
    octets: Bytes,
) -> Result<(String, Read), Bad> {
    let owner = owner(reader);
    let draft = Draft { owner, name, octets, profiles: Vec::new(), prefer: None };
    let read = read(site, draft.clone()).await?;
    let kept = drafts(site, |drafts| drafts.put(draft, clock::now()));
    Ok((kept.map_err(|_| StoreError::Ended)?, read))
}

/// The book of this secret, if it is the reader's.
pub(super) fn draft(site: &Site, reader: &Reader, secret: &str) -> Option<Draft> {
    drafts(site, |drafts| drafts.get(secret, owner(reader), clock::now()))
}

/// Forgets a book.
pub(super) fn discard(site: &Site, secret: &str) {
    drafts(site, |drafts| drafts.remove(secret));
}

fn in_words(lang: Lang, complaint: &Complaint) -> String {
    match lang {
        Lang::Ja => complaint.ja.clone(),
        Lang::En => complaint.en.clone(),
    }
}

fn owner(reader: &Reader) -> i64 {
    reader.person.as_ref().map_or(0, |person| person.account.id)
}

fn drafts<T>(site: &Site, work: impl FnOnce(&mut Drafts) -> T) -> T {
    work(&mut site.drafts.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Reads a book as it would be kept. Books take turns: a large one takes memory.
pub(super) async fn read(site: &Arc<Site>, draft: Draft) -> Result<Read, Bad> {
    let _turn = site.reading.lock().await;
    let site = Arc::clone(site);
    let work = move || {
        let mut profiles = draft.profiles;
        let spoken: Vec<String> = profiles.iter().map(Profile::shape).collect();
        let kept = site.store.profiles()?;
        profiles.extend(kept.into_iter().filter(|one| !spoken.contains(&one.shape())));
        let columns = book::released().map_err(Bad::Book)?;
        let ledger = book::read_as(&draft.name, &draft.octets, &profiles).map_err(Bad::Book)?;
        let proposals = propose(&ledger, &columns, &profiles);
        let preview = site.store.preview(&draft.name, &draft.octets, &ledger, draft.prefer)?;
        Ok(Read { ledger, proposals, preview })
    };
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Bad::Store(StoreError::Ended)))
}

/// What the book would be read as, and what it would change.
pub(super) async fn look(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Part(secret): Part<String>,
) -> Response {
    let Some(draft) = draft(&site, &reader, &secret) else { return gone(&reader) };
    shown(&site, &reader, (&secret, draft), Vec::new()).await
}

fn gone(reader: &Reader) -> Response {
    message(reader, StatusCode::NOT_FOUND, Word::ImportGone)
}

async fn shown(
    site: &Arc<Site>,
    reader: &Reader,
    (secret, draft): (&str, Draft),
    wrong: Vec<String>,
) -> Response {
    match read(site, draft.clone()).await {
        Ok(read) => {
            let good = wrong.is_empty();
            let frame = reader.frame(Word::ImportTitle, "ledger");
            let page = Page::of(frame, (secret, &draft), &read, wrong);
            render(&page, if good { StatusCode::OK } else { StatusCode::CONFLICT })
        }
        Err(Bad::Book(complaint)) => said(reader, StatusCode::UNPROCESSABLE_ENTITY, &complaint),
        Err(Bad::Store(error)) => failed(reader, &error),
    }
}

/// What a person says of a book: what its columns mean, that it is to be kept, or that it is not.
pub(super) async fn say(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Part(secret): Part<String>,
    body: Bytes,
) -> Response {
    let form = Fields::read(&body);
    let Some(draft) = draft(&site, &reader, &secret) else { return gone(&reader) };
    match form.of("action") {
        "discard" => {
            discard(&site, &secret);
            back("/ledger/import")
        }
        "map" => map(&site, &reader, (&secret, draft), &form).await,
        "keep" => keep(&site, &reader, (&secret, draft), &form).await,
        _ => message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm),
    }
}

async fn map(
    site: &Arc<Site>,
    reader: &Reader,
    (secret, mut draft): (&str, Draft),
    form: &Fields,
) -> Response {
    match mean(site, (secret, &mut draft), form).await {
        Ok(wrong) if wrong.is_empty() => back(&format!("/ledger/import/{secret}")),
        Ok(wrong) => {
            let wrong = wrong.iter().map(|one| in_words(reader.lang, one)).collect();
            shown(site, reader, (secret, draft), wrong).await
        }
        Err(Bad::Book(complaint)) => said(reader, StatusCode::UNPROCESSABLE_ENTITY, &complaint),
        Err(Bad::Store(error)) => failed(reader, &error),
    }
}

/// Keeps beside a book what a person says that its columns mean (`f.SHEET.COLUMN`, by their numbers) and
/// which side holds (`prefer`). Returns what cannot be so.
pub(super) async fn mean(
    site: &Arc<Site>,
    (secret, draft): (&str, &mut Draft),
    form: &Fields,
) -> Result<Vec<Complaint>, Bad> {
    let read = read(site, draft.clone()).await?;
    let mut wrong = Vec::new();
    for (index, proposal) in read.proposals.iter().enumerate() {
        let now = Profile::from(proposal);
        let mut profile = now.clone();
        for (at, column) in profile.columns.iter_mut().enumerate() {
            let said = form.of(&format!("f.{index}.{at}"));
            column.field = serde_json::from_value(said.into()).ok();
        }
        if profile == now {
            continue;
        }
        if let Err(bad) = profile.check() {
            wrong.push(bad_profile(Path::new(&draft.name), &bad));
            continue;
        }
        draft.profiles.retain(|one| one.shape() != profile.shape());
        draft.profiles.push(profile);
    }
    draft.prefer = match form.of("prefer") {
        "book" => Some(Prefer::Book),
        "edits" => Some(Prefer::Edits),
        _ => None,
    };
    drafts(site, |drafts| drafts.say(secret, draft.clone()));
    Ok(wrong)
}

async fn keep(
    site: &Arc<Site>,
    reader: &Reader,
    (secret, draft): (&str, Draft),
    form: &Fields,
) -> Response {
    let why = form.of("why").trim().to_owned();
    if why.chars().count() > REASON {
        return message(reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);
    }
    match apply(site, reader, (secret, draft.clone()), (form.of("seen"), why)).await {
        Ok(None) => back("/ledger"),
        Ok(Some(word)) => {
            let wrong = vec![reader.lang.say(word).to_owned()];
            shown(site, reader, (secret, draft), wrong).await
        }
        Err(Bad::Book(complaint)) => said(reader, StatusCode::UNPROCESSABLE_ENTITY, &complaint),
        Err(Bad::Store(error)) => failed(reader, &error),
    }
}

/// Imports a book just as it was seen, by the digest of what was shown. A word says why it was not.
pub(super) async fn apply(
    site: &Arc<Site>,
    reader: &Reader,
    (secret, draft): (&str, Draft),
    (seen, why): (&str, String),
) -> Result<Option<Word>, Bad> {
    let read = read(site, draft.clone()).await?;
    // What is kept is what was looked at: another may have changed the ledger meanwhile.
    if seen != read.digest() {
        return Ok(Some(Word::ImportChanged));
    }
    if read.preview.imported == Imported::AlreadyKnown {
        return Ok(Some(Word::ImportKnown));
    }
    let by = reader.by();
    let Draft { name, octets, profiles, prefer, .. } = draft;
    let octets = octets.to_vec();
    let new = NewBook { name, octets, ledger: read.ledger, at: by.at, by: by.who.clone() };
    let done = site.write(move |store| {
        store.import_from(new, (why.clone(), prefer), by.address.clone())?;
        if profiles.is_empty() { Ok(0) } else { store.keep_profiles(profiles, by, why) }
    });
    match done.await {
        Ok(_) => {
            discard(site, secret);
            Ok(None)
        }
        Err(StoreError::Conflicts { .. }) => Ok(Some(Word::ImportConflicts)),
        Err(error) => Err(Bad::Store(error)),
    }
}
