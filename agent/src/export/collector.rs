//! Delivery to a collector, one sealed batch a request, and whatever else an agent says there.
//!
//! There are two roads: mutual TLS to the collector's door for agents (`https://`, once the agent is
//! enrolled), and plain HTTP to its pages' port, which a collector takes from its own computer only.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::enrolment::Sentence;
use daicho_common::job::Welcome;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ureq::http::Response;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use crate::identity::Identity;

/// Why a handshake failed, in words.
mod alert;

/// Content type of a sealed batch.
pub const CONTENT_TYPE: &str = "application/vnd.daicho.batch";
/// Name and version of the software, as the agent says it of itself.
pub const SOFTWARE: &str = concat!("daicho-agent ", env!("CARGO_PKG_VERSION"));

/// How long a connection to the collector may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the delivery of one batch may take in all.
const DELIVERY: Duration = Duration::from_mins(2);
/// How long it may take to learn whether somebody wants the scan to end.
const QUICK: Duration = Duration::from_secs(2);
/// Most octets of a reply that are read.
const REPLY: u64 = 64 << 10;

/// A collector, by its URL.
#[derive(Clone, Debug)]
pub struct Collector {
    agent: Agent,
    url: String,
    road: Road,
    /// Under which name the collector knows this agent, if it is enrolled.
    known_as: Option<String>,
}

/// How it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Road {
    /// Without TLS.
    Plain,
    /// By mutual TLS, as an enrolled agent.
    Enrolled,
}

/// What the collector did with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It was new.
    Accepted,
    /// It had come before, and changed nothing.
    AlreadyKnown,
    /// It is kept, but could not be read: somebody has to look at it.
    SetAside,
}

#[derive(Deserialize)]
struct Reply {
    status: String,
}

#[derive(Deserialize)]
struct Stops {
    stops: u64,
}

impl Collector {
    /// The collector at `url`: `http://host:port`, or `https://host:port` where the agent of this
    /// state directory is enrolled.
    ///
    /// # Errors
    /// [`Exit::Usage`] if the URL is neither; [`Exit::Remote`] if the agent is not enrolled there.
    pub fn at(
        url: &str,
        state: impl FnOnce() -> Result<PathBuf, Complaint>,
    ) -> Result<Self, Complaint> {
        let host = |scheme: &str| url.strip_prefix(scheme).map(|rest| rest.trim_end_matches('/'));
        if let Some(place) = host("https://") {
            let state = state()?;
            let identity = Identity::load(&state)?.filter(|it| it.collector == place);
            let identity = identity.ok_or_else(|| not_enrolled(place))?;
            return Self::of(&identity)?.renewed(&identity, &state);
        }
        let host = host("http://");
        if host.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', ' ', '@'])) {
            return Err(Complaint::new(
                Exit::Usage,
                format!(
                    "{url:?} は収集サーバーの URL ではありません。https://ホスト:ポート（登録済みの場合）か http://ホスト:ポート の形で指定してください"
                ),
                format!(
                    "{url:?} is not the URL of a collector; write it as https://host:port (once enrolled) or http://host:port"
                ),
            ));
        }
        Ok(Self {
            agent: client(None),
            url: url.trim_end_matches('/').to_owned(),
            road: Road::Plain,
            known_as: None,
        })
    }

    /// The collector that knows this identity.
    ///
    /// # Errors
    /// [`Exit::Integrity`] if what is kept is no certificate or no key.
    pub fn of(identity: &Identity) -> Result<Self, Complaint> {
        let damaged = |error: ureq::Error| {
            Complaint::new(
                Exit::Integrity,
                format!(
                    "登録情報の証明書が壊れています（{error}）。新しい登録コードで `daicho-agent enrol` をやり直してください"
                ),
                format!(
                    "the certificate of the enrolment is damaged ({error}); run `daicho-agent enrol` again with a new code"
                ),
            )
        };
        let ca = Certificate::from_pem(identity.ca.as_bytes()).map_err(damaged)?;
        let own = Certificate::from_pem(identity.certificate.as_bytes()).map_err(damaged)?;
        let key = PrivateKey::from_pem(identity.key.as_bytes()).map_err(damaged)?;
        let own = ClientCert::new_with_certs(&[own], key);
        Ok(Self {
            agent: client(Some((ca, Some(own)))),
            url: identity.url(),
            road: Road::Enrolled,
            known_as: Some(identity.agent.clone()),
        })
    }

    /// The collector at `host:port`, known by its CA (DER), to whom this agent is still a stranger.
    pub(crate) fn unenrolled(place: &str, ca: &[u8]) -> Self {
        let ca = Certificate::from_der(ca).to_owned();
        let url = format!("https://{place}");
        Self { agent: client(Some((ca, None))), url, road: Road::Enrolled, known_as: None }
    }

    /// Under which name the collector knows this agent, if it is enrolled.
    pub fn known_as(&self) -> Option<&str> {
        self.known_as.as_deref()
    }

    /// The same with the next certificate, if it is time for it. A collector that cannot be asked now
    /// is complained of when something is delivered.
    fn renewed(self, identity: &Identity, state: &Path) -> Result<Self, Complaint> {
        match self.hello() {
            Ok(Welcome { renew: true, .. }) => Self::of(&identity.renew(&self, state)?),
            Ok(_) | Err(_) => Ok(self),
        }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Delivers a sealed batch.
    ///
    /// # Errors
    /// [`Exit::Remote`] if the collector cannot be reached or refuses, in its own words.
    pub fn deliver(&self, sealed: &[u8]) -> Result<Receipt, Complaint> {
        let path = match self.road {
            Road::Plain => "/api/v1/batches",
            Road::Enrolled => {
                // If the collector does not want to know this agent, it says so before it is sent a
                // large body, which would drown the reason.
                self.get_quick::<serde::de::IgnoredAny>("/api/v1/agent/hello")?;
                "/api/v1/agent/batches"
            }
        };
        let sent = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("content-type", CONTENT_TYPE)
            .send(sealed);
        let reply: Reply = self.read(sent)?;
        match reply.status.as_str() {
            "accepted" => Ok(Receipt::Accepted),
            "already known" => Ok(Receipt::AlreadyKnown),
            "set aside" => Ok(Receipt::SetAside),
            _ => Err(self.refused(200, None)),
        }
    }

    /// A number that grows whenever somebody wants the scan of the agent of this name to end; `None`
    /// if the collector does not say.
    pub fn stops(&self, agent: &str) -> Option<u64> {
        let path = match self.road {
            Road::Plain => format!("/api/v1/agents/{}/stops", escaped(agent)),
            Road::Enrolled => "/api/v1/agent/stops".to_owned(),
        };
        self.get_quick::<Stops>(&path).ok().map(|it| it.stops)
    }

    /// Says something at the door for agents, and reads the answer.
    ///
    /// # Errors
    /// [`Exit::Remote`] if the collector cannot be reached or refuses, in its own words.
    pub fn post<R: DeserializeOwned>(
        &self,
        what: &str,
        said: &impl Serialize,
        patience: Duration,
    ) -> Result<R, Complaint> {
        let text = serde_json::to_vec(said).unwrap_or_default();
        let request = self.agent.post(format!("{}/api/v1/agent/{what}", self.url));
        let request = request.header("content-type", "application/json");
        let sent = request.config().timeout_global(Some(patience)).build().send(&text[..]);
        self.read(sent)
    }

    /// Whether the collector lets this agent in, and what its clock says.
    ///
    /// # Errors
    /// [`Exit::Remote`] if the collector cannot be reached or refuses, in its own words.
    pub fn hello(&self) -> Result<Welcome, Complaint> {
        self.get_quick("/api/v1/agent/hello")
    }

    fn get_quick<R: DeserializeOwned>(&self, path: &str) -> Result<R, Complaint> {
        let request = self.agent.get(format!("{}{path}", self.url));
        self.read(request.config().timeout_global(Some(QUICK)).build().call())
    }

    fn read<R: DeserializeOwned>(
        &self,
        sent: Result<Response<Body>, ureq::Error>,
    ) -> Result<R, Complaint> {
        let mut response = sent.map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let text = response
            .body_mut()
            .with_config()
            .limit(REPLY)
            .read_to_string()
            .map_err(|error| self.unreachable(&error))?;
        if status == 200 {
            return serde_json::from_str(&text).map_err(|_| self.refused(status, None));
        }
        Err(self.refused(status, serde_json::from_str(&text).ok()))
    }

    fn unreachable(&self, why: &ureq::Error) -> Complaint {
        let url = &self.url;
        if let Some(complaint) = alert::complaint(url, why) {
            return complaint;
        }
        Complaint::new(
            Exit::Remote,
            format!(
                "収集サーバー {url} に送れませんでした（{why}）。サーバーの稼働、URL、途中の経路を確かめてください"
            ),
            format!(
                "the collector {url} could not be reached ({why}); check that it runs, its URL, and the way there"
            ),
        )
    }

    fn refused(&self, status: u16, said: Option<Sentence>) -> Complaint {
        let url = &self.url;
        let (ja, en) = match said {
            Some(said) => (clean(&said.ja), clean(&said.en)),
            None => (
                "daicho の収集サーバーの返事ではありません。URL を確かめてください".to_owned(),
                "this is not the reply of a daicho collector; check the URL".to_owned(),
            ),
        };
        // An enrolled agent that is not let in need not come again as it is.
        let barred = self.road == Road::Enrolled && matches!(status, 401 | 403);
        let exit = if barred { Exit::Integrity } else { Exit::Remote };
        Complaint::new(
            exit,
            format!("収集サーバー {url} が受け取りませんでした（HTTP {status}: {ja}）"),
            format!("the collector {url} did not take it (HTTP {status}: {en})"),
        )
    }
}

/// A client that trusts this CA and nobody else, and shows this certificate.
fn client(known: Option<(Certificate<'static>, Option<ClientCert>)>) -> Agent {
    let mut settings = Agent::config_builder()
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(DELIVERY))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None);
    if let Some((ca, own)) = known {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::new_with_certs(&[ca]))
            .client_cert(own)
            .unversioned_rustls_crypto_provider(provider);
        settings = settings.tls_config(tls.build()).https_only(true);
    }
    settings.build().into()
}

fn not_enrolled(place: &str) -> Complaint {
    Complaint::new(
        Exit::Remote,
        format!(
            "このエージェントは収集サーバー {place} に登録されていません。サーバーで `daicho-collector agent invite 名前` を実行し、表示されたコードで `daicho-agent enrol --collector {place} --code コード` を実行してください"
        ),
        format!(
            "this agent is not enrolled with the collector {place}; run `daicho-collector agent invite NAME` there, then `daicho-agent enrol --collector {place} --code CODE` here"
        ),
    )
}

/// A segment of a path: everything but unreserved characters is escaped (RFC 3986 §2.1).
fn escaped(segment: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    let escape = |octet: u8| {
        if plain(octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") }
    };
    segment.bytes().map(escape).collect()
}

/// What another computer said, safe to show in a terminal.
fn clean(text: &str) -> String {
    daicho_common::text::Text::clean(text).as_str().to_owned()
}
