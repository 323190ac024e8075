//! Who asks: the person behind a request, by the secret in its cookie. The cookie is out of scripts'
//! reach and not sent along by other sites' forms; where TLS is in front it is bound to this host and
//! never goes in the clear.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Site;
use crate::clock;
use crate::credential::{self, Kept};
use crate::people::Account;
use crate::people::act::{Act, Reach, may};
use crate::people::name::signed_by;
use crate::people::token::{Area, Mode, Scope};

/// How far the last use of a token may lag behind: a minute, in microseconds.
const LAG: i64 = 60_000_000;

/// Somebody who is logged in, or a program that acts for somebody.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) account: Account,
    /// What forms of this session carry.
    pub(super) token: String,
    /// The digest under which the session, or the program's token, is kept.
    pub(super) session: Kept,
    /// Of a program: what its token was issued for.
    pub(super) scopes: Option<Vec<Scope>>,
    /// Of a program: the number of its token.
    pub(super) program: Option<i64>,
    /// Whether the session began with a link a moment ago: then a password may be set without the one
    /// before, which is what such links are for.
    pub(super) may_set_password: bool,
}

impl Person {
    /// How what is done is signed.
    pub(super) fn signature(&self) -> String {
        let who = self.account.signature();
        self.program.map_or_else(|| who.clone(), |number| signed_by(&who, number))
    }

    /// Whether this is permitted, to the whole or to a portion.
    pub(super) fn may(&self, act: Act) -> bool {
        let scoped = self.scopes.as_ref();
        may(self.account.role, act) != Reach::Nothing
            && scoped.is_none_or(|scopes| scopes.iter().any(|scope| scope.has(act)))
    }

    /// Whether this is permitted in this area. Who is logged in is held to no area.
    pub(super) fn may_at(&self, act: Act, at: (Area, Mode)) -> bool {
        let scoped = self.scopes.as_ref();
        may(self.account.role, act) != Reach::Nothing
            && scoped.is_none_or(|scopes| scopes.iter().any(|scope| scope.permits(act, at)))
    }
}

/// The address that a request comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Address(pub(super) String);

/// The values of the cookies that a request brings, each as `name=value`.
pub(super) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(str::trim)
}

fn cookie_name(site: &Site) -> &'static str {
    // RFC 6265bis §4.1.3.2: such a cookie can only be set by this host, for all of it, over TLS.
    if site.config.behind_tls { "__Host-daicho" } else { "daicho" }
}

/// The header that keeps a session's secret in the browser until it is closed.
pub(super) fn keep(site: &Site, secret: &str) -> Result<HeaderValue, axum::Error> {
    let secure = if site.config.behind_tls { "; Secure" } else { "" };
    let cookie = format!("{}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}", cookie_name(site));
    HeaderValue::from_str(&cookie).map_err(axum::Error::new)
}

/// The header that takes it away again.
pub(super) fn forget(site: &Site) -> Result<HeaderValue, axum::Error> {
    let secure = if site.config.behind_tls { "; Secure" } else { "" };
    let name = cookie_name(site);
    let cookie = format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).map_err(axum::Error::new)
}

/// Finds out who asks, for all that follows. A store that cannot be read lets nobody in.
pub(super) async fn recognise(
    State(site): State<Arc<Site>>,
    mut request: Request,
    next: Next,
) -> Response {
    let address = address(&site, &request);
    request.extensions_mut().insert(Address(address));
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
    // Tokens are for programs: they open no pages.
    let path = request.uri().path();
    let bearer = bearer.filter(|_| path.starts_with("/api/v1/") || path == "/metrics");
    if let Some(bearer) = bearer {
        match program(&site, bearer) {
            Ok(Some(person)) => {
                request.extensions_mut().insert(Arc::new(person));
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "tokens cannot be read");
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
        }
        // Whoever shows a token is nobody else, whatever cookies come with it.
        return next.run(request).await;
    }
    let name = cookie_name(&site);
    let secret = cookies(request.headers())
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .map(str::to_owned);
    if let Some(secret) = secret {
        match person(&site, &secret) {
            Ok(Some(person)) => {
                request.extensions_mut().insert(Arc::new(person));
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "sessions cannot be read");
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
        }
    }
    next.run(request).await
}

fn person(site: &Arc<Site>, secret: &str) -> Result<Option<Person>, crate::store::StoreError> {
    let (kept, now) = (credential::kept(secret), clock::now());
    let Some(session) = site.store.session(&kept, (&site.rules.session, now))? else {
        return Ok(None);
    };
    if session.stale {
        // The writer may be at a long import: nobody waits for it.
        let site = Arc::clone(site);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = site.store.touch_session(kept, now) {
                tracing::warn!(%error, "the use of a session could not be kept");
            }
        });
    }
    Ok(Some(Person {
        may_set_password: session.by_link && now < session.began.after(site.rules.link.holds()),
        account: session.account,
        token: credential::form_token(secret),
        session: kept,
        scopes: None,
        program: None,
    }))
}

/// The account that a program acts for, by its token (RFC 6750).
fn program(site: &Arc<Site>, bearer: &str) -> Result<Option<Person>, crate::store::StoreError> {
    let (kept, now) = (credential::kept(bearer), clock::now());
    let Some(token) = site.store.token(&kept, now)? else { return Ok(None) };
    if token.used.is_none_or(|used| now.micros() - used.micros() > LAG) {
        let site = Arc::clone(site);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = site.store.touch_token(token.id, now) {
                tracing::warn!(%error, "the use of a token could not be kept");
            }
        });
    }
    Ok(Some(Person {
        account: token.account,
        token: String::new(),
        session: kept,
        scopes: Some(token.scopes),
        program: Some(token.id),
        may_set_password: false,
    }))
}

/// The address that a request comes from. Of what a proxy was told only the last is what it saw itself.
fn address(site: &Site, request: &Request) -> String {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(address)| address.ip().to_canonical().to_string());
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    let forwarded = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next());
    let forwarded = forwarded.and_then(|text| text.trim().parse::<std::net::IpAddr>().ok());
    match forwarded.filter(|_| site.config.behind_tls) {
        Some(address) => address.to_canonical().to_string(),
        None => peer.unwrap_or_default(),
    }
}
