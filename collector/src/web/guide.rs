//! 「はじめに」: from nothing to the first verdicts. Whether a step is done follows from the facts and
//! from no flag, so it can be left and come back to, and whoever did a step otherwise finds it done.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Site;
use super::fields::Fields;
use super::page::{Frame, Reader, render, unavailable};
use super::settings::agents::{Issued, issue, wanted};
use super::settings::{purpose_named, purposes};
use super::snapshot::Snapshot;
use crate::reconcile::Verdict;
use crate::settings::{Flaw, Network, Setting, Settings, orders};
use crate::store::{Agent, Seen, StoreError};
use crate::words::{Lang, Word};

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
    pub(super) fn of(snapshot: &Snapshot, agents: &[Agent], settings: &Settings) -> Self {
        let scanned = !snapshot.ground.scans.is_empty();
        let told = |verdict: &Verdict| !matches!(verdict, Verdict::CannotTell { .. });
        let matches = &snapshot.picture.matches;
        Self {
            // Who scanned had declared what was scanned, and what came by file needs no certificate.
            declared: scanned
                || !settings.networks.is_empty()
                || agents.iter().any(|agent| !agent.networks.is_empty()),
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
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    agent: String,
    network: String,
    cidr: String,
    purpose: String,
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
    /// What was wrong with what was typed, by field.
    wrong: [String; 3],
    purposes: Vec<(String, String, bool)>,
    /// What is declared: name, addresses, agent.
    declared: Vec<(String, String, String)>,
    /// For which agents networks were declared that have not enrolled yet.
    waiting: Vec<String>,
    issued: Option<Issued>,
    /// Whether agents have a door to come in by.
    door: bool,
    plans: Vec<Plan>,
}

pub(super) async fn show(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    page(&site, &reader, (Wanted::default(), &[]), None).await
}

async fn page(
    site: &Arc<Site>,
    reader: &Reader,
    (wanted, flaws): (Wanted, &[Flaw]),
    issued: Option<Issued>,
) -> Response {
    let told: Result<_, StoreError> = async {
        let agents = site.write(|store| store.admissions().list()).await?;
        Ok((site.view(reader).await?, agents, site.effective()?))
    }
    .await;
    let (snapshot, agents, effective) = match told {
        Ok(told) => told,
        Err(error) => return unavailable(reader, &error, "the guide could not be made"),
    };
    let (lang, settings) = (reader.lang, &effective.settings);
    let wrong = ["agent", "name", "cidr"].map(|field| {
        let of = flaws.iter().filter(|flaw| flaw.field == field);
        of.map(|flaw| flaw.say(lang)).collect::<Vec<_>>().join(" ")
    });
    let enrolled = |name: &String| {
        agents.iter().any(|it| it.name == *name && it.until.is_some() && it.revoked_at.is_none())
    };
    let named = settings.networks.iter().filter_map(|network| network.agent.clone());
    let waiting: std::collections::BTreeSet<String> =
        named.filter(|name| !enrolled(name)).collect();
    let declared = settings
        .networks
        .iter()
        .map(|it| (it.name.clone(), it.cidr.clone(), it.agent.clone().unwrap_or_default()));
    let page = Page {
        done: Progress::of(&snapshot, &agents, settings),
        purposes: purposes(lang, &wanted.purpose),
        declared: declared.collect(),
        waiting: waiting.into_iter().collect(),
        wrong,
        wanted,
        issued,
        door: site.config.agents.listen.is_some(),
        plans: orders::told(agents, settings)
            .iter()
            .filter(|agent| agent.until.is_some())
            .map(|it| plan(lang, it))
            .collect(),
        frame: reader.frame(Word::GuideTitle, "guide"),
    };
    let status = if flaws.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    render(&page, status)
}

fn plan(lang: Lang, agent: &Agent) -> Plan {
    let networks = agent.networks.iter().map(|network| {
        let (rate, target) = (network.packets_per_second, network.target_packets_per_second);
        lang.fill(Word::GuidePlan, &[&network.name, &network.cidr, &rate, &target])
    });
    Plan { agent: agent.name.clone(), networks: networks.collect() }
}

/// Declares a network, and goes on to the agent that is to scan it.
pub(super) async fn network(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let form = Fields::read(&body);
    let typed = |name: &str| form.of(name).trim().to_owned();
    let wanted = Wanted {
        agent: typed("agent"),
        network: typed("network"),
        cidr: typed("cidr"),
        purpose: typed("purpose"),
    };
    let settings = match site.effective() {
        Ok(effective) => effective.settings.clone(),
        Err(error) => return unavailable(&reader, &error, "the settings could not be read"),
    };
    let network = match meant(&wanted, &settings) {
        Ok(network) => network,
        Err(flaws) => return page(&site, &reader, (wanted, &flaws), None).await,
    };
    let by = (reader.by(), String::new());
    let new = vec![Setting::Network(network).into()];
    let kept = site.write(move |store| store.keep_settings(new, Seen::Nothing, by)).await;
    match kept {
        Ok(Some(_)) => super::decide::back("/guide#agent"),
        Ok(None) => page(&site, &reader, (wanted, &[taken()]), None).await,
        Err(error) => unavailable(&reader, &error, "a network could not be kept"),
    }
}

fn taken() -> Flaw {
    Flaw::new("name", "その名前はもう使われています", "that name is taken")
}

/// The network that was typed.
fn meant(wanted: &Wanted, settings: &Settings) -> Result<Network, Vec<Flaw>> {
    let mut network = Network::named(&wanted.network, &wanted.cidr);
    if let Some(cidr) = network.prefix() {
        network.cidr = cidr.to_string();
    }
    if network.name.is_empty() {
        network.name.clone_from(&network.cidr);
    }
    network.purpose = purpose_named(&wanted.purpose);
    network.agent = Some(wanted.agent.clone()).filter(|name| !name.is_empty());
    let mut flaws = network.flaws();
    if network.agent.is_none() {
        let (ja, en) = ("エージェントの名前を決めてください", "give the agent a name");
        flaws.push(Flaw::new("agent", ja, en));
    }
    if settings.networks.iter().any(|known| known.name == network.name) {
        flaws.push(taken());
    } else {
        flaws.extend(settings.flaws_of(&network));
    }
    if flaws.is_empty() { Ok(network) } else { Err(flaws) }
}

/// Issues a one-time code for an agent, with the line that is typed at its machine.
pub(super) async fn code(
    State(site): State<Arc<Site>>,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let agent = Fields::read(&body).of("agent").trim().to_owned();
    let networks = match site.effective() {
        Ok(effective) => wanted(&effective.settings, &agent),
        Err(error) => return unavailable(&reader, &error, "the settings could not be read"),
    };
    let name = agent.clone();
    match issue(&site, &headers, (agent, networks, reader.by())).await {
        Ok(issued) => {
            let wanted = Wanted { agent: name, ..Wanted::default() };
            page(&site, &reader, (wanted, &[]), Some(issued)).await
        }
        Err(refused) => refused.response(&reader),
    }
}
