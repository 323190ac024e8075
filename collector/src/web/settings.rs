//! The settings in one place: what agents declare, what the configuration says and by which key, who may
//! log in, what is kept; and where each is changed. Nothing here is a secret: credentials stand in the
//! agents' own configuration and never come here.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daicho_common::address_set::AddressSet;
use daicho_common::coverage::Why;

use super::Site;
use super::page::{Frame, Reader, show, unavailable};
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::config::Config;
use crate::people::Role;
use crate::policy::{Network as Decreed, Purpose};
use crate::report::plan;
use crate::report::set::checklist::Checklist;
use crate::store::{Agent, Listed, StoreError};
use crate::words::{Lang, Word, phrase};

/// Longest list of addresses shown, in characters.
const MAX_LIST: usize = 400;

struct Network {
    name: String,
    cidr: String,
    agent: String,
    policy: &'static str,
    rate: String,
    purpose: String,
    denied: String,
}

struct Line {
    key: &'static str,
    value: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    frame: Frame,
    networks: Vec<Network>,
    agents: Vec<(String, String)>,
    roles: Vec<(&'static str, usize)>,
    kept: Vec<(&'static str, String)>,
    editions: Vec<String>,
    scope_edition: String,
    lines: Vec<Line>,
}

/// What the store tells besides the picture.
struct Told {
    agents: Vec<Agent>,
    accounts: Vec<Listed>,
    octets: u64,
}

pub(super) async fn page(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    let told = site.write(|store| {
        Ok(Told {
            agents: store.admissions().list()?,
            accounts: store.accounts()?,
            octets: std::fs::metadata(store.path()).map_or(0, |about| about.len()),
        })
    });
    let told = match told.await {
        Ok(told) => told,
        Err(error) => return broken(&reader, &error),
    };
    let config = &site.config;
    show(&site, &reader, ("settings", Word::SettingsTitle), |snapshot, frame| {
        let lang = frame.lang;
        Ok(Page {
            networks: networks(snapshot, (lang, &config.decreed.networks), &told.agents),
            agents: agents(&told.agents, (lang, &config.zone)),
            roles: roles(&told.accounts, lang),
            kept: kept(snapshot, (lang, &config.zone), told.octets),
            editions: Checklist::editions(),
            scope_edition: (snapshot.picture.scopes.first())
                .map(|scoped| scoped.reason.edition.clone())
                .unwrap_or_default(),
            lines: if frame.administers() { lines(config) } else { Vec::new() },
            frame,
        })
    })
    .await
}

fn broken(reader: &Reader, error: &StoreError) -> Response {
    unavailable(reader, error, "the settings could not be read")
}

/// Networks as agents declare them, with what the hospital says that they are for, and what was left out
/// because of the deny list.
fn networks(
    snapshot: &Snapshot,
    (lang, decreed): (Lang, &[Decreed]),
    agents: &[Agent],
) -> Vec<Network> {
    let declared =
        agents.iter().flat_map(|agent| agent.networks.iter().map(move |one| (agent, one)));
    let network = |(agent, one): (&Agent, &daicho_common::job::Declared)| Network {
        name: one.name.clone(),
        cidr: one.cidr.clone(),
        agent: agent.name.clone(),
        policy: lang.say(plan::probes(one.policy)),
        rate: lang
            .fill(Word::SettingsRate, &[&one.packets_per_second, &one.target_packets_per_second]),
        purpose: purpose(lang, decreed, &one.name),
        denied: denied(snapshot, &one.name),
    };
    let mut networks: Vec<Network> = declared.map(network).collect();
    // Of those whose agent never called only the coverage tells.
    for (name, cidr) in snapshot.reaches().keys() {
        if !networks.iter().any(|one| one.name == *name) {
            networks.push(Network {
                name: name.clone(),
                cidr: cidr.to_string(),
                agent: String::new(),
                policy: "",
                rate: String::new(),
                purpose: purpose(lang, decreed, name),
                denied: denied(snapshot, name),
            });
        }
    }
    networks
}

fn purpose(lang: Lang, decreed: &[Decreed], name: &str) -> String {
    let said = decreed.iter().find(|one| one.name == name);
    let word = said.map_or(Word::SettingsNoPurpose, |one| match one.purpose {
        Purpose::Medical => Word::PurposeMedical,
        Purpose::Office => Word::PurposeOffice,
        Purpose::Server => Word::PurposeServer,
        Purpose::Management => Word::PurposeManagement,
        Purpose::Edge => Word::PurposeEdge,
        Purpose::Guest => Word::PurposeGuest,
        Purpose::Building => Word::PurposeBuilding,
    });
    lang.say(word).to_owned()
}

/// The addresses that agents left out because of their deny lists.
fn denied(snapshot: &Snapshot, network: &str) -> String {
    let mut all = AddressSet::new();
    let coverage = snapshot.ground.coverage.iter().filter(|one| one.vantage.network == network);
    for left_out in coverage.flat_map(|one| &one.not_asked) {
        if left_out.why == Why::Denied {
            all.extend(&left_out.addresses);
        }
    }
    crate::report::safe::cut(&all.to_string(), MAX_LIST).into_owned()
}

fn agents(agents: &[Agent], (lang, zone): (Lang, &Zone)) -> Vec<(String, String)> {
    let told = |agent: &Agent| {
        let seen = agent.seen_at.or(agent.first_seen).map(|at| zone.show(at));
        let seen = seen.unwrap_or_else(|| lang.say(Word::AgentsNever).to_owned());
        (agent.name.clone(), format!("{seen} {}", agent.software))
    };
    agents.iter().map(told).collect()
}

fn roles(accounts: &[Listed], lang: Lang) -> Vec<(&'static str, usize)> {
    let count = |role: Role| {
        let of = |one: &&Listed| one.account.role == role && !one.account.closed;
        (lang.say(phrase::people::role(role)), accounts.iter().filter(of).count())
    };
    Role::ALL.map(count).to_vec()
}

/// What is kept, and since when.
fn kept(
    snapshot: &Snapshot,
    (lang, zone): (Lang, &Zone),
    octets: u64,
) -> Vec<(&'static str, String)> {
    let ground = &snapshot.ground;
    let first = ground.scans.last().map(|scan| zone.show(scan.from)).unwrap_or_default();
    let mebibytes = format!("{} MiB", octets >> 20);
    [
        (Word::SettingsDatabase, mebibytes),
        (Word::SettingsObservations, ground.observations.len().to_string()),
        (Word::SettingsScans, ground.scans.len().to_string()),
        (Word::SettingsSince, first),
        (Word::SettingsDecisions, ground.decisions.len().to_string()),
    ]
    .map(|(word, value)| (lang.say(word), value))
    .to_vec()
}

/// What the configuration says, by the names of its keys.
fn lines(config: &Config) -> Vec<Line> {
    fn list<T: Display>(all: impl Iterator<Item = T>) -> String {
        all.map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
    }
    let path = |path: &Option<PathBuf>| {
        path.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
    };
    let paths = |all: &[PathBuf]| list(all.iter().map(|path| path.display()));
    let listen = config.agents.listen.map(|at| at.to_string()).unwrap_or_default();
    [
        ("listen", config.listen.to_string()),
        ("database", config.database.display().to_string()),
        ("time_zone", config.zone.name().to_owned()),
        ("language", config.language.code().to_owned()),
        ("page_rows", config.page_rows.to_string()),
        ("host_names", list(config.host_names.iter())),
        ("behind_tls", config.behind_tls.to_string()),
        ("agents_listen", listen),
        ("agent_names", list(config.agents.names.iter())),
        ("findings", path(&config.decreed.findings)),
        ("absence", path(&config.decreed.absence)),
        ("people", path(&config.people)),
        ("fingerprints", paths(&config.knowledge.fingerprints)),
        ("recog", paths(&config.knowledge.recog)),
        ("mac_makers", path(&config.knowledge.mac_makers)),
        ("report_font", path(&config.report_font)),
        ("[[network]]", list(config.decreed.networks.iter().map(|one| &one.name))),
    ]
    .map(|(key, value)| Line { key, value })
    .into()
}
