//! Pages over HTTP, and the door for agents' batches. Handlers translate what was derived and never
//! decide; nothing is fetched from elsewhere and no script runs.
//!
//! A picture is derived once for each revision of the store and shared by all readers until the next, which
//! is made from it and from what came since ([`present`]).

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use daicho_common::complaint::{Complaint, Exit};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::config::Config;
use crate::credential::{self, Failed, Hasher, Kept};
use crate::day::Day;
use crate::door::Live;
use crate::ingest;
use crate::meters::Meters;
use crate::oidc::flow::Waiting;
use crate::oidc::provider::Provider;
use crate::people::act::{Act, Reach, may};
use crate::people::log::Deed;
use crate::people::rules::Rules;
use crate::picture::Criteria;
use crate::settings::effective::Effective;
use crate::store::{By, Store, StoreError};
use crate::vault::Vault;

mod account;
mod accounts;
mod api;
mod audit;
mod batches;
mod coverage;
mod device;
mod devices;
mod decide;
mod doors;
mod enter;
mod fields;
mod file;
mod guide;
mod import;
mod finding;
mod findings;
mod ledger;
mod links;
mod listen;
mod login;
mod map;
mod menu;
mod metrics;
mod observation;
mod oidc;
mod page;
mod person;
mod present;
mod register;
mod reports;
mod scans;
mod scope;
mod session;
mod settings;
mod setup;
mod sites;
mod snapshot;
mod start;
mod stocktaking;
mod stops;
mod takeout;
mod upload;
mod view;
mod watched;

use doors::{Doors, Need};
use import::Drafts;
use page::Reader;
use present::Present;
use snapshot::Snapshot;
pub use watched::Watched;

/// What browsers may load: our own style sheet, and nothing else from anywhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Passwords that are hashed at once, at 19 MiB each (`config/people.toml`).
const HASHED_AT_ONCE: usize = 2;

/// What the handlers share.
#[derive(Debug)]
pub struct Site {
    pub(crate) store: Store,
    pub(crate) config: Config,
    /// How far the jobs that run have got.
    pub(crate) live: Live,
    /// What is counted.
    pub(crate) meters: Meters,
    /// By what pictures are derived; it changes with the settings.
    criteria: RwLock<Arc<Criteria>>,
    /// What holds of the file and the settings.
    effective: RwLock<Arc<Effective>>,
    present: Present,
    /// Devices from which on a former picture is shown while a new one is made.
    large: usize,
    /// Held while a batch is opened: one may unpack to a GiB, so they take turns.
    pub(crate) opening: tokio::sync::Mutex<()>,
    /// What vendors are shown, by party; made when it is asked for.
    views: Mutex<HashMap<String, Arc<Snapshot>>>,
    rules: Rules,
    hasher: Hasher,
    /// Hashing takes memory, so only so many passwords are hashed at once.
    hashing: Semaphore,
    /// The hospital's identity provider, if there is one.
    provider: Option<Arc<Provider>>,
    /// Logins that are at it.
    waiting: Mutex<Waiting>,
    /// Books that were uploaded and are not imported yet.
    drafts: Mutex<Drafts>,
    /// Held while such a book is read: a large one takes memory, so they take turns.
    reading: tokio::sync::Mutex<()>,
    /// When programs last used each route, by their tokens, since the server began.
    programs: Mutex<HashMap<(Kept, &'static str), Day>>,
    /// What is kept of the code with which the first account is made.
    setup: Mutex<Option<Kept>>,
}

impl Site {
    /// A site that shows this store.
    ///
    /// # Errors
    /// A complaint if the store cannot be read.
    pub fn new(store: Store, config: Config) -> Result<Self, Complaint> {
        let kept = store.settings().map_err(|e| e.complaint(store.path()))?;
        let effective = Effective::of(&config, kept);
        let criteria = Arc::new(ingest::criteria(&effective.config)?);
        let rules = ingest::people(&config)?;
        let hasher = Hasher::new(&rules.password).map_err(no_chance)?;
        let kept = |name: &str| Vault::open(store.path())?.get(&store, name);
        let provider = config.oidc.clone().map(|oidc| Provider::new(oidc, kept)).transpose()?;
        let provider = provider.map(Arc::new);
        let first = Snapshot::take(&store, &criteria).map_err(|e| e.complaint(store.path()))?;
        Ok(Self {
            store,
            config,
            criteria: RwLock::new(criteria),
            effective: RwLock::new(Arc::new(effective)),
            present: Present::new(first),
            large: present::LARGE,
            live: Live::default(),
            meters: Meters::default(),
            opening: tokio::sync::Mutex::new(()),
            views: Mutex::default(),
            rules,
            hasher,
            hashing: Semaphore::new(HASHED_AT_ONCE),
            provider,
            waiting: Mutex::default(),
            drafts: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            programs: Mutex::default(),
            setup: Mutex::default(),
        })
    }

    /// A code with which the first administrator can be made on the page `/setup`, until there is one
    /// or the server ends; none if there are accounts.
    ///
    /// # Errors
    /// A complaint if the store cannot be read, or the system has no random numbers.
    pub fn setup_code(&self) -> Result<Option<String>, Complaint> {
        let has = self.store.has_accounts().map_err(|e| e.complaint(self.store.path()))?;
        if has {
            return Ok(None);
        }
        let (code, kept) = credential::code().map_err(no_chance)?;
        *self.setup.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(Some(code))
    }

    fn is_setup_code(&self, said: Kept) -> bool {
        *self.setup.lock().unwrap_or_else(PoisonError::into_inner) == Some(said)
    }

    fn forget_setup_code(&self) {
        *self.setup.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Runs work on the store where it holds up nobody else.
    async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let site = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&site.store)).await;
        done.unwrap_or(Err(StoreError::Ended))
    }

    /// Keeps in the audit log that something was done.
    async fn note(self: &Arc<Self>, deed: Deed, about: String, by: By) -> Result<(), StoreError> {
        self.write(move |store| store.note(deed, about, by)).await
    }

    /// Hashes or verifies a password, in its turn.
    async fn hash<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Hasher) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let _turn = self.hashing.acquire().await.map_err(|_| StoreError::Ended)?;
        let site = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&site.hasher)).await;
        done.map_err(|_| StoreError::Ended)
    }

    /// The picture as this reader is to see it: whole, a vendor's portion, or nothing.
    async fn view(self: &Arc<Self>, reader: &Reader) -> Result<Arc<Snapshot>, StoreError> {
        let account = reader.person.as_ref().map(|person| &person.account);
        let reach = account.map_or(Reach::Nothing, |account| may(account.role, Act::Read));
        let party = match (reach, account.and_then(|account| account.party.clone())) {
            (Reach::All, _) => return self.whole(reader).await,
            (Reach::Portion, Some(party)) => party,
            (Reach::Portion, None) | (Reach::Nothing, _) => return Ok(Arc::default()),
        };
        let whole = self.whole(reader).await?;
        let views = || self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(view) = views().get(&party).filter(|view| view.is_part_of(&whole)) {
            return Ok(Arc::clone(view));
        }
        let of = party.clone();
        let made = tokio::task::spawn_blocking(move || Arc::new(view::of(&whole, &of))).await;
        let made = made.map_err(|_| StoreError::Ended)?;
        views().insert(party, Arc::clone(&made));
        Ok(made)
    }

    /// What holds of the file and the settings just now, whichever process changed them.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(crate) fn effective(&self) -> Result<Arc<Effective>, StoreError> {
        let known = || Arc::clone(&self.effective.read().unwrap_or_else(PoisonError::into_inner));
        let present = known();
        if self.store.settings_version()? == present.version {
            return Ok(present);
        }
        let fresh = Arc::new(Effective::of(&self.config, self.store.settings()?));
        let mut criteria = self.criteria.write().unwrap_or_else(PoisonError::into_inner);
        // Who derives meanwhile keeps those that it began with.
        let next = Arc::make_mut(&mut criteria);
        next.rulings.policy.networks.clone_from(&fresh.config.decreed.networks);
        drop(criteria);
        // Last, so that whoever sees this version finds its criteria too.
        *self.effective.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }

    /// By what pictures are derived. Nobody holds the lock while it derives, which may take seconds.
    fn criteria(&self) -> Arc<Criteria> {
        Arc::clone(&self.criteria.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The whole picture: of now, or as a page may show it.
    async fn whole(self: &Arc<Self>, reader: &Reader) -> Result<Arc<Snapshot>, StoreError> {
        if reader.waits { self.snapshot().await } else { self.for_page(reader).await }
    }
}

/// Every route and what it needs.
fn doors(site: &Arc<Site>) -> Doors {
    let batches = post(batches::deliver).layer(DefaultBodyLimit::disable());
    said_in_advance(people(api::doors(Doors::new(site))))
        .get("/", Need::May(Act::Read), start::page)
        .get("/devices", Need::May(Act::Read), devices::page)
        .get("/devices/{id}", Need::May(Act::Read), device::page)
        .get("/devices/table/{file}", Need::Take(Act::Read), devices::export::file)
        .post("/devices/views", Need::May(Act::Read), devices::saved::say)
        // What is done may need more; see there.
        .post("/devices/bulk", Need::May(Act::Answer), devices::bulk::say)
        .get("/ledger", Need::May(Act::Read), ledger::page)
        .get("/ledger/row", Need::May(Act::Read), ledger::row::page)
        .post("/ledger/row", Need::May(Act::Enter), ledger::row::say)
        .get("/ledger/add", Need::May(Act::Enter), ledger::row::add)
        .get("/ledger/table/{file}", Need::Take(Act::Read), ledger::file::seen)
        .get("/ledger/books/{name}", Need::Take(Act::Survey), ledger::file::book)
        .get("/ledger/import", Need::May(Act::Enter), import::ask)
        .post("/ledger/import", Need::Upload(Act::Enter), import::upload)
        .get("/ledger/import/{draft}", Need::May(Act::Enter), import::look)
        .post("/ledger/import/{draft}", Need::May(Act::Enter), import::say)
        .get("/findings", Need::May(Act::Read), findings::page)
        .get("/findings/table/{file}", Need::Take(Act::Read), findings::file)
        .get("/finding", Need::May(Act::Read), finding::page)
        // What the form says may need more; see there.
        .post("/decisions", Need::May(Act::Answer), decide::decide)
        .get("/links", Need::May(Act::Survey), links::page)
        .get("/links.csv", Need::Take(Act::Survey), links::csv)
        .get("/map", Need::May(Act::Survey), map::page)
        .get("/map.svg", Need::Take(Act::Survey), map::file)
        .get("/coverage", Need::May(Act::Survey), coverage::page)
        .get("/register", Need::May(Act::Survey), register::page)
        .post("/register", Need::May(Act::Enter), register::say)
        .get("/register/edit", Need::May(Act::Enter), register::form)
        .post("/register/edit", Need::May(Act::Enter), register::keep)
        .get("/stocktaking", Need::May(Act::Survey), stocktaking::list)
        .post("/stocktaking", Need::May(Act::Enter), stocktaking::begin)
        .get("/stocktaking/{id}", Need::May(Act::Survey), stocktaking::round)
        .post("/stocktaking/{id}/checks", Need::May(Act::Enter), stocktaking::check)
        .post("/stocktaking/{id}/close", Need::May(Act::Enter), stocktaking::close)
        .post("/stocktaking/{id}/sign", Need::May(Act::SignOff), stocktaking::sign)
        .get("/reports", Need::May(Act::Read), reports::page)
        .get("/reports/{file}", Need::Take(Act::Read), reports::file)
        .get("/scans", Need::May(Act::Survey), scans::page)
        .post("/scans/say", Need::May(Act::Operate), scans::say)
        .get("/observations/{id}", Need::May(Act::Read), observation::page)
        .get("/guide", Need::May(Act::Administer), guide::show)
        .post("/guide/network", Need::May(Act::Administer), guide::network)
        .post("/guide/code", Need::May(Act::Administer), guide::code)
        .get("/sites", Need::May(Act::Survey), sites::list)
        .get("/sites/{name}", Need::May(Act::Survey), sites::page)
        .at((Method::POST, "/api/v1/batches"), Need::Agent, batches)
        .get("/api/v1/agents/{agent}/stops", Need::Agent, stops::count)
        .get("/assets/daicho.css", Need::Nothing, style)
        .get("/assets/daicho.svg", Need::Nothing, icon)
        .get("/healthz", Need::Nothing, metrics::health)
        .get("/readyz", Need::Nothing, metrics::ready)
        // Who may read them the handler asks.
        .get("/metrics", Need::Nothing, metrics::show)
}

/// The routes of what administrators say in advance.
fn said_in_advance(doors: Doors) -> Doors {
    doors
        .get("/settings", Need::May(Act::Survey), settings::page)
        .get("/settings/edit", Need::May(Act::Administer), settings::edit::form)
        .post("/settings/edit", Need::May(Act::Administer), settings::edit::say)
        .get("/settings/remove", Need::May(Act::Administer), settings::removal::question)
        .post("/settings/remove", Need::May(Act::Administer), settings::removal::remove)
        .post("/settings/agents", Need::May(Act::Administer), settings::agents::code)
        .post("/settings/test", Need::May(Act::Administer), settings::trial::send)
}

/// The routes by which people come in, and those about them.
fn people(doors: Doors) -> Doors {
    doors
        .get("/login", Need::Nothing, login::ask)
        .post("/login", Need::Nothing, login::enter)
        .get("/login/link", Need::Nothing, login::link)
        .post("/login/link", Need::Nothing, login::use_link)
        .get("/login/oidc", Need::Nothing, oidc::go)
        .get(crate::oidc::RETURN, Need::Nothing, oidc::returned)
        .post("/accounts/oidc", Need::May(Act::Administer), oidc::link)
        .post("/logout", Need::May(Act::OwnAccount), login::leave)
        .get("/setup", Need::Nothing, setup::ask)
        .post("/setup", Need::Nothing, setup::make)
        .get("/account", Need::May(Act::OwnAccount), account::show)
        .post("/account/password", Need::May(Act::OwnAccount), account::password)
        .post("/account/sessions", Need::May(Act::OwnAccount), account::leave_everywhere)
        .get("/accounts", Need::May(Act::Administer), accounts::show)
        .post("/accounts", Need::May(Act::Administer), accounts::change)
        .get("/audit", Need::May(Act::Audit), audit::show)
        .get("/audit.csv", Need::Take(Act::Audit), audit::file)
}

/// Every route, with the headers that keep a browser in bounds.
pub fn router(site: Arc<Site>) -> Router {
    let (routes, _) = doors(&site).open();
    routes
        .fallback(page::nowhere)
        .layer(middleware::from_fn_with_state(Arc::clone(&site), page::remember_language))
        .layer(middleware::from_fn_with_state(Arc::clone(&site), session::recognise))
        .layer(middleware::from_fn_with_state(Arc::clone(&site), known_host))
        .layer(middleware::map_response(bounded))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .with_state(site)
}

/// Serves until `stop` ends; requests under way are finished, if that does not take too long.
pub async fn serve(
    site: Arc<Site>,
    listener: tokio::net::TcpListener,
    stop: impl Future<Output = ()> + Send,
) {
    let keeping = tokio::spawn(Arc::clone(&site).keep_up());
    listen::serve(router(site), (listener, listen::Bounds::default()), stop).await;
    keeping.abort();
}

async fn style() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")];
    (headers, include_str!("../assets/daicho.css"))
}

async fn icon() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=86400")];
    (headers, include_str!("../assets/daicho.svg"))
}

async fn bounded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Without any referrer a browser says "null" as the origin of a form, and ours could not be told
    // from another site's.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert_with(|| HeaderValue::from_static("no-store"));
    response
}

/// Refuses requests by a name that is not this server's: a page elsewhere could point a name of its
/// own at this address and read along (DNS rebinding).
async fn known_host(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let name = host.unwrap_or_default();
    let name = name.rsplit_once(':').map_or(name, |(name, port)| {
        if port.bytes().all(|octet| octet.is_ascii_digit()) {
            name
        } else {
            host.unwrap_or_default()
        }
    });
    let name = name.trim_start_matches('[').trim_end_matches(']').to_lowercase();
    let known = name.is_empty()
        || name == "localhost"
        || name.parse::<std::net::IpAddr>().is_ok()
        || site.config.host_names.contains(&name);
    if known {
        return next.run(request).await;
    }
    let text = "この名前では接続できません。設定の host_names に加えてください\n\
                this server is not known by that name: add it to host_names in the configuration\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

fn no_chance(_: Failed) -> Complaint {
    Complaint::new(
        Exit::Other,
        "乱数かメモリが得られないため、ログインを用意できません。空きメモリを確かめて再度起動してください",
        "logging in cannot be prepared for want of random numbers or memory: check the free memory and start again",
    )
}

#[cfg(test)]
mod tests;
