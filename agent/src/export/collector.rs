//! Delivery to a collector: each sealed batch is an HTTP POST to `/api/v1/batches`.

use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use serde::Deserialize;

/// Content type of a sealed batch.
pub const CONTENT_TYPE: &str = "application/vnd.daicho.batch";

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
    agent: ureq::Agent,
    url: String,
}

/// What the collector did with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It was new.
    Accepted,
    /// It had come before, and changed nothing.
    AlreadyKnown,
}

#[derive(Deserialize)]
struct Reply {
    status: String,
}

#[derive(Deserialize)]
struct Stops {
    stops: u64,
}

#[derive(Deserialize)]
struct Refusal {
    ja: String,
    en: String,
}

impl Collector {
    /// The collector at `url`, for example `http://daicho.example:8080`.
    ///
    /// # Errors
    /// [`Exit::Usage`] if the URL is not `http://` with a host.
    pub fn at(url: &str) -> Result<Self, Complaint> {
        if url.starts_with("https://") {
            return Err(Complaint::new(
                Exit::Usage,
                format!(
                    "{url} へは送れません。https:// はまだ使えないので、院内の収集サーバーを http:// で指定してください"
                ),
                format!(
                    "{url} cannot be sent to: https:// is not supported yet; give the collector inside your network as http://"
                ),
            ));
        }
        let host = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        if host.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', ' ', '@'])) {
            return Err(Complaint::new(
                Exit::Usage,
                format!(
                    "{url:?} は収集サーバーの URL ではありません。http://ホスト:ポート の形で指定してください"
                ),
                format!("{url:?} is not the URL of a collector; write it as http://host:port"),
            ));
        }
        let settings = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(DELIVERY))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        Ok(Self { agent: settings.into(), url: url.trim_end_matches('/').to_owned() })
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
        let sent = self
            .agent
            .post(format!("{}/api/v1/batches", self.url))
            .header("content-type", CONTENT_TYPE)
            .send(sealed);
        let mut response = sent.map_err(|error| self.unreachable(&error.to_string()))?;
        let status = response.status().as_u16();
        let text = response
            .body_mut()
            .with_config()
            .limit(REPLY)
            .read_to_string()
            .map_err(|error| self.unreachable(&error.to_string()))?;
        if status == 200 {
            let reply = serde_json::from_str::<Reply>(&text).ok();
            return match reply.as_ref().map(|reply| reply.status.as_str()) {
                Some("accepted") => Ok(Receipt::Accepted),
                Some("already known") => Ok(Receipt::AlreadyKnown),
                Some(_) | None => Err(self.refused(status, None)),
            };
        }
        Err(self.refused(status, serde_json::from_str::<Refusal>(&text).ok()))
    }

    /// A number that grows whenever somebody wants the scan of the agent of this name to end; `None`
    /// if the collector does not say.
    pub fn stops(&self, agent: &str) -> Option<u64> {
        let url = format!("{}/api/v1/agents/{}/stops", self.url, escaped(agent));
        let request = self.agent.get(url).config().timeout_global(Some(QUICK)).build();
        let mut response = request.call().ok().filter(|response| response.status() == 200)?;
        let text = response.body_mut().with_config().limit(REPLY).read_to_string().ok()?;
        serde_json::from_str::<Stops>(&text).ok().map(|it| it.stops)
    }

    fn unreachable(&self, why: &str) -> Complaint {
        let url = &self.url;
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

    fn refused(&self, status: u16, said: Option<Refusal>) -> Complaint {
        let url = &self.url;
        let (ja, en) = match said {
            Some(said) => (clean(&said.ja), clean(&said.en)),
            None => (
                "daicho の収集サーバーの返事ではありません。URL を確かめてください".to_owned(),
                "this is not the reply of a daicho collector; check the URL".to_owned(),
            ),
        };
        Complaint::new(
            Exit::Remote,
            format!("収集サーバー {url} が受け取りませんでした（HTTP {status}: {ja}）"),
            format!("the collector {url} did not take it (HTTP {status}: {en})"),
        )
    }
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
