//! 「はじめに」: from nothing to the first verdicts. Whether a step is done follows from the facts and
//! from no flag, so it can be left and come back to, and whoever did a step otherwise finds it done.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use ipnet::IpNet;
use serde::Deserialize;

use super::Site;
use super::fields::Fields;
use super::page::{Frame, Reader, render, said, unavailable};
use super::snapshot::Snapshot;
use crate::door::invite::invite;
use crate::reconcile::Verdict;
use crate::store::{Agent, StoreError};
use crate::words::{Lang, Word};

/// How long a code that is issued here holds.
const HOLDS: Duration = Duration::from_hours(24);
/// The port of the agents' door, unless another is configured.
const PORT: u16 = 8471;

/// What has been done, in the order of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a step is done or not, each by itself")]
pub(super) struct Progress {
    declared: bool,
    ledger: bool,
    enrolled: bool,
    scanned: bool,
    judged: bool,
}

impl Progress {
    /// How far the site has come.
    pub(super) fn of(snapshot: &Snapshot, agents: &[Agent]) -> Self {
        let scanned = !snapshot.ground.scans.is_empty();
        let told = |verdict: &Verdict| !matches!(verdict, Verdict::CannotTell { .. });
        let matches = &snapshot.picture.matches;
        Self {
            // Who scanned had declared what was scanned, and what came by file needs no certificate.
            declared: scanned || agents.iter().any(|agent| !agent.networks.is_empty()),
            ledger: !snapshot.ground.ledger.entries.is_empty(),
            enrolled: scanned || agents.iter().any(|agent| agent.until.is_some()),
            scanned,
            judged: scanned && matches.iter().any(|one| one.entry.is_some() && told(&one.verdict)),
        }
    }

    /// Whether there is nothing left to do.
    pub(super) const fn is_done(self) -> bool {
        self.declared && self.ledger && self.enrolled && self.scanned && self.judged
    }
}

/// The fields in which a network is described, as they were typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    agent: String,
    #[serde(default)]
    network: String,
    #[serde(default)]
    cidr: String,
}

/// A code that was just issued.
struct Issued {
    agent: String,
    until: String,
    enrol: String,
}

/// A network that an agent declares.
struct Plan {
    agent: String,
    networks: Vec<String>,
}

#[derive(Template)]
#[template(path = "guide.html")]
struct Page {
    frame: Frame,
    done: Progress,
    wanted: Wanted,
    cidr_wrong: &'static str,
    /// What stands in the agent's configuration.
    file: String,
    issued: Option<Issued>,
    /// Whether agents have a door to come in by.
    door: bool,
    plans: Vec<Plan>,
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    page(&site, &reader, wanted, None).await
}

async fn page(
    site: &Arc<Site>,
    reader: &Reader,
    wanted: Wanted,
    issued: Option<Issued>,
) -> Response {
    let told: Result<_, StoreError> = async {
        let agents = site.write(|store| store.admissions().list()).await?;
        Ok((site.view(reader).await?, agents))
    }
    .await;
    let (snapshot, agents) = match told {
        Ok(told) => told,
        Err(error) => return unavailable(reader, &error, "the guide could not be made"),
    };
    let lang = reader.lang;
    let file = file(&wanted);
    let asked = !wanted.cidr.is_empty();
    let page = Page {
        done: Progress::of(&snapshot, &agents),
        cidr_wrong: if asked && file.is_none() { lang.say(Word::GuideWrongCidr) } else { "" },
        file: file.unwrap_or_default(),
        wanted,
        issued,
        door: site.config.agents.listen.is_some(),
        plans: agents
            .iter()
            .filter(|agent| agent.until.is_some())
            .map(|it| plan(lang, it))
            .collect(),
        frame: reader.frame(Word::GuideTitle, "guide"),
    };
    let status =
        if page.cidr_wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    render(&page, status)
}

fn plan(lang: Lang, agent: &Agent) -> Plan {
    let networks = agent.networks.iter().map(|network| {
        let (rate, target) = (network.packets_per_second, network.target_packets_per_second);
        lang.fill(Word::GuidePlan, &[&network.name, &network.cidr, &rate, &target])
    });
    Plan { agent: agent.name.clone(), networks: networks.collect() }
}

/// What an agent needs to know of a network (`config/agent.toml`); none if the addresses are none.
fn file(wanted: &Wanted) -> Option<String> {
    let cidr: IpNet = wanted.cidr.trim().parse().ok()?;
    let fits = match cidr {
        IpNet::V4(net) => (12..=32).contains(&net.prefix_len()),
        IpNet::V6(net) => (32..=128).contains(&net.prefix_len()),
    };
    let quoted = |text: &str| toml::Value::String(text.trim().to_owned()).to_string();
    let name = if wanted.network.trim().is_empty() { wanted.cidr.trim() } else { &wanted.network };
    let agent = if wanted.agent.trim().is_empty() {
        String::new()
    } else {
        format!("[agent]\nname = {}\n\n", quoted(&wanted.agent))
    };
    let text = format!(
        "{agent}[[network]]\ncidr = {}\nname = {}\n",
        quoted(&cidr.trunc().to_string()),
        quoted(name)
    );
    fits.then_some(text)
}

/// Issues a one-time code for an agent.
pub(super) async fn code(
    State(site): State<Arc<Site>>,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let name = Fields::read(&body).of("agent").trim().to_owned();
    let (by, agent) = (reader.by(), name.clone());
    let writing = Arc::clone(&site);
    let made = tokio::task::spawn_blocking(move || invite(&writing.store, (&agent, HOLDS), by));
    let made = match made.await {
        Ok(Ok(made)) => made,
        Ok(Err(complaint)) => return said(&reader, StatusCode::UNPROCESSABLE_ENTITY, &complaint),
        Err(error) => return unavailable(&reader, &error, "a code could not be issued"),
    };
    let (code, until) = made;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = site.config.agents.listen.map_or(PORT, |at| at.port());
    let issued = Issued {
        agent: name.clone(),
        until: format!("{} ({})", site.config.zone.show(until), site.config.zone.name()),
        enrol: format!("daicho-agent enrol --collector {}:{port} --code {code}", bare(host)),
    };
    let wanted = Wanted { agent: name, ..Wanted::default() };
    page(&site, &reader, wanted, Some(issued)).await
}

/// A host without its port.
fn bare(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(agent: &str, network: &str, cidr: &str) -> Wanted {
        Wanted { agent: agent.into(), network: network.into(), cidr: cidr.into() }
    }

    #[test]
    fn the_file_is_one_that_can_be_read_whatever_was_typed() {
        let text = file(&wanted("east \"1\"", "病棟\\3F", " 10.20.0.7/24 ")).unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["agent"]["name"].as_str(), Some("east \"1\""));
        assert_eq!(table["network"][0]["cidr"].as_str(), Some("10.20.0.0/24"));
        assert_eq!(table["network"][0]["name"].as_str(), Some("病棟\\3F"));
        let bare = file(&wanted("", "", "fd00:20::/64")).unwrap();
        assert!(!bare.contains("[agent]") && bare.contains("name = \"fd00:20::/64\""), "{bare}");
    }

    #[test]
    fn what_no_agent_would_take_is_no_network() {
        for cidr in ["", "x", "10.20.0.0", "10.0.0.0/8", "10.20.0.0/33", "fd00::/16"] {
            assert_eq!(file(&wanted("a", "n", cidr)), None, "{cidr}");
        }
    }
}
