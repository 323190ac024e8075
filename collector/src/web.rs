//! Pages over HTTP, and the door for agents' batches. Handlers translate what was derived and never
//! decide; nothing is fetched from elsewhere and no script runs.
//!
//! A picture is derived once for each revision of the store and shared by all readers until the next, which
//! is made from it and from what came since.

use std::future::Future;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use daicho_common::complaint::Complaint;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::clock;
use crate::config::Config;
use crate::ingest;
use crate::picture::Criteria;
use crate::store::{Store, StoreError};

mod batches;
mod coverage;
mod device;
mod devices;
mod decide;
mod enter;
mod finding;
mod findings;
mod ledger;
mod links;
mod observation;
mod page;
mod person;
mod scope;
mod snapshot;
mod start;
mod stops;

use snapshot::Snapshot;

/// What browsers may load: our own style sheet, and nothing else from anywhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// What the handlers share.
#[derive(Debug)]
pub struct Site {
    store: Store,
    config: Config,
    criteria: Criteria,
    current: RwLock<Arc<Snapshot>>,
    /// Held by the one task that derives; the others wait for what it makes.
    deriving: tokio::sync::Mutex<()>,
    /// Held while a batch is opened: one may unpack to a GiB, so they take turns.
    opening: tokio::sync::Mutex<()>,
}

impl Site {
    /// A site that shows this store.
    ///
    /// # Errors
    /// A complaint if the store cannot be read.
    pub fn new(store: Store, config: Config) -> Result<Self, Complaint> {
        let criteria = ingest::criteria(&config)?;
        let first = Snapshot::take(&store, &criteria).map_err(|e| e.complaint(store.path()))?;
        Ok(Self {
            store,
            config,
            criteria,
            current: RwLock::new(Arc::new(first)),
            deriving: tokio::sync::Mutex::new(()),
            opening: tokio::sync::Mutex::new(()),
        })
    }

    fn current(&self) -> Arc<Snapshot> {
        // A snapshot is swapped whole, so a panic elsewhere cannot have left half of one.
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The picture of the store as it is now.
    async fn snapshot(self: &Arc<Self>) -> Result<Arc<Snapshot>, StoreError> {
        let revision = self.store.revision()?;
        let current = self.current();
        if current.revision == revision && current.is_of(clock::now()) {
            return Ok(current);
        }
        let _turn = self.deriving.lock().await;
        let current = self.current();
        if current.revision >= revision && current.is_of(clock::now()) {
            return Ok(current);
        }
        let site = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            let put = |next| {
                let mut current = site.current.write().unwrap_or_else(PoisonError::into_inner);
                std::mem::replace(&mut *current, next)
            };
            // An empty one stands there meanwhile, which is of no moment: who asks waits for the turn. Who
            // still reads the former keeps it.
            let before = put(Arc::new(Snapshot::default()));
            let before = Arc::try_unwrap(before).unwrap_or_else(|read| (*read).clone());
            let fresh = Arc::new(before.follow(&site.store, &site.criteria)?);
            put(Arc::clone(&fresh));
            Ok(fresh)
        })
        .await
        .unwrap_or(Err(StoreError::Ended))
    }
}

/// Every route, with the headers that keep a browser in bounds.
pub fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(start::page))
        .route("/devices", get(devices::page))
        .route("/devices/{id}", get(device::page))
        .route("/ledger", get(ledger::page))
        .route("/findings", get(findings::page))
        .route("/finding", get(finding::page))
        .route("/decisions", post(decide::decide))
        .route("/links", get(links::page))
        .route("/links.csv", get(links::csv))
        .route("/coverage", get(coverage::page))
        .route("/observations/{id}", get(observation::page))
        .route("/api/v1/batches", post(batches::deliver).layer(DefaultBodyLimit::disable()))
        .route("/api/v1/agents/{agent}/stops", get(stops::count))
        .route("/assets/daicho.css", get(style))
        .route("/healthz", get(health))
        .fallback(page::nowhere)
        .layer(middleware::from_fn_with_state(Arc::clone(&site), page::remember_language))
        .layer(middleware::from_fn_with_state(Arc::clone(&site), known_host))
        .layer(middleware::map_response(bounded))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .with_state(site)
}

/// Serves until `stop` ends; requests under way are finished.
///
/// # Errors
/// What the listener says.
pub async fn serve(
    site: Arc<Site>,
    listener: tokio::net::TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(site)).with_graceful_shutdown(stop).await
}

async fn style() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")];
    (headers, include_str!("../assets/daicho.css"))
}

async fn health(State(site): State<Arc<Site>>) -> Response {
    match site.store.revision() {
        Ok(revision) => format!("ok {revision}\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "the store cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response()
        }
    }
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

#[cfg(test)]
mod tests;
