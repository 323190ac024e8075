//! The doors of the server: every route with what a person needs to pass, and the one place that lets
//! pass. A route cannot be made without saying who may use it, since only [`Doors`] makes routes.
//!
//! A form of a person who is logged in carries the token of its session, besides coming from one of our
//! own pages; a file that somebody takes along is kept in the audit log before it is handed over.

use std::sync::{Arc, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, on, post};

use super::Site;
use super::api::operation::Operation;
use super::api::problem::{self, Problem};
use super::page::{Reader, Waits, encoded, is_of_programs, message};
use super::session::Person;
use super::upload;
use crate::clock;
use crate::credential;
use crate::day::Day;
use crate::people::act::Act;
use crate::people::log::Deed;
use crate::store::StoreError;
use crate::words::Word;

/// Longest form, in octets.
const FORM: usize = 2 * 1024 * 1024;
/// The field of forms, and the header of requests, that carry the token of a session.
pub(super) const TOKEN: &str = "token";
const TOKEN_HEADER: &str = "x-daicho-token";

/// What a caller needs to pass a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: what stands there tells nothing and changes nothing, or asks for proof itself.
    Nothing,
    /// A signed batch, or the name of an agent: agents have no accounts.
    Agent,
    /// To be logged in, and to be permitted this.
    May(Act),
    /// The same, and to be permitted to take it along as a file, which is kept in the log.
    Take(Act),
    /// As [`Self::May`], for a form that brings a file.
    Upload(Act),
}

/// A route as it was declared.
#[derive(Clone, Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "the suite holds every role against each"))]
pub(super) struct Declared {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) need: Need,
    /// What programs do there.
    pub(super) operation: Option<&'static Operation>,
}

/// What a door knows of its route.
#[derive(Clone)]
struct Door {
    site: Arc<Site>,
    need: Need,
    path: &'static str,
    operation: Option<&'static Operation>,
}

/// Routes, each with what it needs.
pub(super) struct Doors {
    site: Arc<Site>,
    router: Router<Arc<Site>>,
    declared: Vec<Declared>,
}

impl Doors {
    pub(super) fn new(site: &Arc<Site>) -> Self {
        Self { site: Arc::clone(site), router: Router::new(), declared: Vec::new() }
    }

    /// A page.
    pub(super) fn get<H, T>(self, path: &'static str, need: Need, handler: H) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        self.at((Method::GET, path), need, get(handler))
    }

    /// Where a form goes.
    pub(super) fn post<H, T>(self, path: &'static str, need: Need, handler: H) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        self.at((Method::POST, path), need, post(handler))
    }

    /// What programs ask for.
    pub(super) fn program<H, T>(self, operation: &'static Operation, handler: H) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        let route = (operation.verb.method(), operation.path);
        self.open_at(route, operation.need, on(operation.verb.filter(), handler), Some(operation))
    }

    /// Any route; `methods` answers this method.
    pub(super) fn at(
        self,
        route: (Method, &'static str),
        need: Need,
        methods: MethodRouter<Arc<Site>>,
    ) -> Self {
        self.open_at(route, need, methods, None)
    }

    fn open_at(
        mut self,
        (method, path): (Method, &'static str),
        need: Need,
        methods: MethodRouter<Arc<Site>>,
        operation: Option<&'static Operation>,
    ) -> Self {
        let door = Door { site: Arc::clone(&self.site), need, path, operation };
        let methods = methods.layer(middleware::from_fn_with_state(door, admit));
        // Only a form that brings a file may be large.
        let guarded = match need {
            Need::Upload(_) => methods.layer(DefaultBodyLimit::max(upload::LARGEST)),
            Need::Nothing | Need::Agent | Need::May(_) | Need::Take(_) => methods,
        };
        self.router = self.router.route(path, guarded);
        self.declared.push(Declared { method, path, need, operation });
        self
    }

    /// What programs may ask for, in the order in which it was declared.
    pub(super) fn operations(&self) -> Vec<&'static Operation> {
        self.declared.iter().filter_map(|declared| declared.operation).collect()
    }

    /// The routes, and how each was declared.
    pub(super) fn open(self) -> (Router<Arc<Site>>, Vec<Declared>) {
        (self.router, self.declared)
    }
}

/// Lets a request pass, or says why not.
async fn admit(State(door): State<Door>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let reader = Reader::of(&parts, &door.site);
    if let Some(operation) = door.operation {
        parts.extensions.insert(operation);
    }
    let request = Request::from_parts(parts, body);
    if door.need == Need::Agent || !reader.is_program() {
        return pass(&door, &reader, request, next).await;
    }
    problem::told(pass(&door, &reader, request, next).await, reader.lang)
}

async fn pass(door: &Door, reader: &Reader, request: Request, next: Next) -> Response {
    let Door { site, need, path, operation } = door.clone();
    let is_form = changes(&request);
    if is_form && need != Need::Agent && !same_site(request.headers()) {
        return message(reader, StatusCode::FORBIDDEN, Word::FailureOtherSite);
    }
    let (act, takes) = match need {
        Need::Nothing | Need::Agent => return next.run(request).await,
        Need::May(act) | Need::Upload(act) => (act, false),
        Need::Take(act) => (act, true),
    };
    let Some(person) = reader.person.clone() else {
        return stranger(&site, reader, &request);
    };
    let asked = format!("{} {}", request.method(), reader.path());
    let permits = |act| match operation {
        Some(operation) => person.may_at(act, (operation.area, operation.mode())),
        None => person.may(act),
    };
    if !permits(act) || takes && !permits(Act::Export) {
        if let Err(error) = site.note(Deed::Forbidden, asked, reader.by()).await {
            tracing::error!(%error, "a refusal could not be kept");
        }
        return message(reader, StatusCode::FORBIDDEN, Word::FailureForbidden);
    }
    if let Err(error) = note_program(&site, reader, (&person, path)).await {
        tracing::error!(%error, "nothing is told to a program, because that cannot be kept");
        return message(reader, StatusCode::SERVICE_UNAVAILABLE, Word::FailurePage);
    }
    let mut request = match meant(door, &person, request).await {
        Ok(request) => request,
        Err((status, word)) => return message(reader, status, word),
    };
    if is_form || takes || is_of_programs(request.uri()) {
        request.extensions_mut().insert(Waits);
    }
    let response = next.run(request).await;
    if is_form {
        site.heard(person.session);
    }
    if takes
        && response.status().is_success()
        && let Err(error) = site.note(Deed::Exported, asked, reader.by()).await
    {
        tracing::error!(%error, "a file is not handed over, because that cannot be kept");
        return message(reader, StatusCode::SERVICE_UNAVAILABLE, Word::FailurePage);
    }
    response
}

fn changes(request: &Request) -> bool {
    request.method() != Method::GET && request.method() != Method::HEAD
}

/// The request, if this person meant it: a browser can be made to send what nobody meant, but does not
/// know the token of the session.
async fn meant(
    door: &Door,
    person: &Person,
    request: Request,
) -> Result<Request, (StatusCode, Word)> {
    const REFUSED: (StatusCode, Word) = (StatusCode::FORBIDDEN, Word::FailureToken);
    // The token of a program is in no browser that could be made to send it.
    let is_of_a_browser = changes(&request) && person.scopes.is_none();
    if door.operation.is_some() {
        let proven = !is_of_a_browser || has_token_header(request.headers(), person);
        return proven.then_some(request).ok_or(REFUSED);
    }
    if matches!(door.need, Need::Upload(_)) {
        return upload::read(request, person).await;
    }
    if is_of_a_browser { with_token(request, person).await.ok_or(REFUSED) } else { Ok(request) }
}

/// Keeps in the log that a program reads or does something: the first time a day by each token and route.
/// Programs ask every minute; a row for each time would bury what people do, and tell no more.
async fn note_program(
    site: &Arc<Site>,
    reader: &Reader,
    (person, path): (&Person, &'static str),
) -> Result<(), StoreError> {
    if person.scopes.is_none() {
        return Ok(());
    }
    let day = Day::of(clock::now());
    let known = || site.programs.lock().unwrap_or_else(PoisonError::into_inner);
    if known().get(&(person.session, path)) == Some(&day) {
        return Ok(());
    }
    site.note(Deed::TokenUsed, path.to_owned(), reader.by()).await?;
    let mut known = known();
    known.retain(|_, noted| *noted == day);
    known.insert((person.session, path), day);
    Ok(())
}

/// Sends somebody who is not logged in to where one logs in.
fn stranger(site: &Site, reader: &Reader, request: &Request) -> Response {
    if request.method() == Method::GET && !reader.is_program() {
        let first = site.store.has_accounts().is_ok_and(|has| !has);
        let next = encoded(&reader.path());
        let to = if first { "/setup".to_owned() } else { format!("/login?next={next}") };
        return Redirect::to(&to).into_response();
    }
    message(reader, StatusCode::UNAUTHORIZED, Word::FailureLoggedOut)
}

/// A refusal as programs read it, at a route that is not one of theirs alone.
pub(super) fn refused_to_program(reader: &Reader, refusal: (StatusCode, Word)) -> Response {
    Problem::from(refusal).answer(reader.lang)
}

/// Whether a request carries the token of the person's session in its header.
fn has_token_header(headers: &HeaderMap, person: &Person) -> bool {
    let said = headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
    said.is_some_and(|said| credential::same(said, &person.token))
}

/// The request, if it carries the token of the person's session.
async fn with_token(request: Request, person: &Person) -> Option<Request> {
    let (parts, body) = request.into_parts();
    if parts.headers.contains_key(TOKEN_HEADER) {
        let fits = has_token_header(&parts.headers, person);
        return fits.then(|| Request::from_parts(parts, body));
    }
    let octets = to_bytes(body, FORM).await.ok()?;
    let mut fields = form_urlencoded::parse(&octets);
    let fits = fields.any(|(name, value)| name == TOKEN && credential::same(&value, &person.token));
    fits.then(|| Request::from_parts(parts, Body::from(octets)))
}

/// Whether the request came from one of our own pages, or from no page at all, by what browsers say of
/// it: a page elsewhere must not speak in a reader's name.
fn same_site(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, authority)| authority == host)
        }
        (Some(_), None) => false,
        (None, _) => true,
    }
}
