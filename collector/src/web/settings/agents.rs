//! Agents on the page of settings: who may come in, and with which command.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use daicho_common::complaint::Complaint;

use crate::door::invite::invite;
use crate::settings::network::prefix;
use crate::store::By;
use crate::web::Site;
use crate::web::fields::Fields;
use crate::web::page::{Reader, said, unavailable};

/// How long a code that is issued on a page holds.
const HOLDS: Duration = Duration::from_hours(24);
/// The port of the agents' door, unless another is configured.
const PORT: u16 = 8471;

/// A code that was just issued, and what is to be typed at the agent's machine.
#[derive(Clone, Debug)]
pub(in crate::web) struct Issued {
    pub(in crate::web) agent: String,
    pub(in crate::web) until: String,
    /// One line for a shell, where the packages are installed.
    pub(in crate::web) installed: String,
    /// One line for a shell, from a folder of one's own.
    pub(in crate::web) own: String,
}

/// Issues a code; `networks` are addresses within which the agent is to let networks be declared.
///
/// # Errors
/// A complaint if no code can be issued.
pub(in crate::web) async fn issue(
    site: &Arc<Site>,
    headers: &HeaderMap,
    (agent, networks, by): (String, Vec<String>, By),
) -> Result<Issued, Issuing> {
    let (writing, name) = (Arc::clone(site), agent.clone());
    let made = tokio::task::spawn_blocking(move || invite(&writing.store, (&name, HOLDS), by));
    let (code, until) = made
        .await
        .map_err(|error| Issuing::Broken(error.to_string()))?
        .map_err(Issuing::Refused)?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = site.config.agents.listen.map_or(PORT, |at| at.port());
    // Only what reads as addresses goes into a command line.
    let prefixes: Vec<String> =
        networks.iter().filter_map(|text| prefix(text)).map(|it| it.to_string()).collect();
    let permit = |sudo: &str, file: &str| {
        if prefixes.is_empty() {
            return String::new();
        }
        format!("{sudo}daicho-agent --config {file} permit {} && ", prefixes.join(" "))
    };
    let enrol = format!("enrol --collector {}:{port} --code {code}", bare(host));
    let (etc, state) = ("/etc/daicho/agent.toml", "/var/lib/daicho-agent");
    Ok(Issued {
        agent,
        until: format!("{} ({})", site.config.zone.show(until), site.config.zone.name()),
        installed: format!(
            "{}sudo install -d -m 700 -o daicho-agent -g daicho-agent {state} && sudo -u daicho-agent daicho-agent --state {state} {enrol} && sudo systemctl enable --now daicho-agent",
            permit("sudo ", etc)
        ),
        own: format!(
            "{}daicho-agent {enrol} && daicho-agent {}work",
            permit("", "agent.toml"),
            if prefixes.is_empty() { "" } else { "--config agent.toml " }
        ),
    })
}

/// Why no code was issued.
pub(in crate::web) enum Issuing {
    Refused(Complaint),
    Broken(String),
}

impl Issuing {
    pub(in crate::web) fn response(self, reader: &Reader) -> Response {
        match self {
            Self::Refused(complaint) => said(reader, StatusCode::UNPROCESSABLE_ENTITY, &complaint),
            Self::Broken(error) => unavailable(reader, &error, "a code could not be issued"),
        }
    }
}

/// A host without its port.
fn bare(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Issues a code and shows it on the page of settings.
pub(in crate::web) async fn code(
    State(site): State<Arc<Site>>,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Fields::read(&body);
    let agent = form.of("agent").trim().to_owned();
    let networks = match site.effective() {
        Ok(effective) => wanted(&effective.settings, &agent),
        Err(error) => return unavailable(&reader, &error, "the settings could not be read"),
    };
    match issue(&site, &headers, (agent, networks, reader.by())).await {
        Ok(issued) => super::shown(&site, &reader, super::News::Issued(issued)).await,
        Err(refused) => refused.response(&reader),
    }
}

/// The addresses of the networks that are declared for an agent.
pub(in crate::web) fn wanted(settings: &crate::settings::Settings, agent: &str) -> Vec<String> {
    let of = settings.networks.iter().filter(|it| it.agent.as_deref() == Some(agent));
    of.map(|network| network.cidr.clone()).collect()
}
