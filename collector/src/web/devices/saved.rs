//! Views that people saved: one's own, and those that somebody shared with all who read the whole.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::view::{LONGEST, View};
use crate::people::act::{Act, Reach, may};
use crate::store::{NewView, SavedView, StoreError};
use crate::web::Site;
use crate::web::decide::{Form, back, broken};
use crate::web::page::{Frame, Reader, message};
use crate::words::Word;

/// Longest name of a view, in characters.
const NAME: usize = 60;
/// Most views that one person keeps.
const MOST: usize = 50;

/// A view as a link, with whether the reader may remove it.
pub(super) struct Link {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) to: String,
    pub(super) shared: bool,
    pub(super) removable: bool,
    pub(super) current: bool,
}

/// What the page shows of saved views.
pub(super) struct Saved {
    pub(super) links: Vec<Link>,
    /// Whether the reader may share what it saves.
    pub(super) shares: bool,
}

impl Saved {
    pub(super) fn of(views: &[SavedView], frame: &Frame, query: &str) -> Self {
        let own = frame.person.as_ref().map(|person| person.account.id);
        let link = |view: &SavedView| Link {
            id: view.id,
            name: view.name.clone(),
            to: format!("/devices?{}", view.query),
            shared: view.shared,
            removable: own == Some(view.account) || frame.administers() && view.shared,
            current: view.query == query,
        };
        Self { links: views.iter().map(link).collect(), shares: frame.decides() }
    }
}

/// The views that are the reader's to see: words in a shared one may name what is not a vendor's.
pub(in crate::web) async fn of(
    site: &Arc<Site>,
    reader: &Reader,
) -> Result<Vec<SavedView>, StoreError> {
    let Some(person) = reader.person.clone() else { return Ok(Vec::new()) };
    let all = may(person.account.role, Act::Read) == Reach::All;
    site.write(move |store| store.views(person.account.id, all)).await
}

/// Keeps a view, or removes one.
pub(in crate::web) async fn say(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    match change(&site, &reader, &Form::read(&body)).await {
        Ok(to) => back(&to),
        Err((status, word)) => message(&reader, status, word),
    }
}

/// Keeps the view that a form describes, or removes one; returns the page of what is seen then.
pub(in crate::web) async fn change(
    site: &Arc<Site>,
    reader: &Reader,
    form: &Form,
) -> Result<String, (StatusCode, Word)> {
    const REFUSED: (StatusCode, Word) = (StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);
    let account = reader.person.as_ref().map(|person| person.account.id).ok_or(REFUSED)?;
    let by = reader.by();
    if form.of("kind") == "remove" {
        let id = form.of("view").parse().map_err(|_| REFUSED)?;
        let any = reader.may(Act::Administer);
        let removed = site.write(move |store| store.remove_view(id, (account, any), by)).await;
        return match removed {
            Ok(true) => Ok("/devices".to_owned()),
            Ok(false) => Err(REFUSED),
            Err(error) => Err(broken(&error)),
        };
    }
    let name = form.of("name").to_owned();
    let query = View::read(form.of("query")).text();
    let fits = !name.is_empty()
        && name.chars().count() <= NAME
        && !name.chars().any(char::is_control)
        && query.len() <= LONGEST;
    let shared = form.of("shared") == "yes";
    if !fits || shared && !reader.may(Act::Decide) {
        return Err(REFUSED);
    }
    let to = format!("/devices?{query}");
    let new = NewView { account, name, query, shared };
    match site.write(move |store| store.keep_view(new, MOST, by)).await {
        Ok(true) => Ok(to),
        Ok(false) => Err((StatusCode::UNPROCESSABLE_ENTITY, Word::DevicesTooManyViews)),
        Err(error) => Err(broken(&error)),
    }
}
