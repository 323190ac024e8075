//! The settings in one place: what agents and pages declare, credentials by name, receivers of
//! notifications, who may log in, what is kept, and what the configuration says by which key. Everybody
//! who surveys reads them; administrators change them ([`edit`]). No secret is ever shown.

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
use crate::policy::Network as Decreed;
use crate::report::plan;
use crate::report::set::checklist::Checklist;
use crate::settings::effective::Effective;
use crate::settings::orders::{Standing, standing};
use crate::store::{Agent, KeptSecret, KeptSetting, Listed, Notified, StoreError};
use crate::words::{Lang, Word, phrase};

/// Agents and their codes.
pub(super) mod agents;
mod credential;
/// The forms.
pub(super) mod edit;
mod field;
mod general;
mod network;
mod notify;
/// What programs say and are told.
pub(super) mod program;
/// Taking something out.
pub(super) mod removal;
mod schedule;
mod tables;
/// Trials of notifications.
pub(super) mod trial;

use agents::Issued;
use tables::{
    AgentRow, ChangeRow, CredentialRow, ReceiverRow, agent_row, credentials, latest, receivers,
};

/// Changes that are shown.
const LATEST: usize = 20;
/// Messages that are looked through for the latest of each receiver.
const NOTICES: u32 = 1000;
/// Longest list of addresses shown, in characters.
const MAX_LIST: usize = 400;

#[derive(Default)]
struct Network {
    name: String,
    cidr: String,
    agent: String,
    policy: &'static str,
    rate: String,
    purpose: String,
    denied: String,
    /// Where it is declared.
    by: &'static str,
    /// Why it is not scanned although it is declared.
    wrong: String,
    /// Whether it is declared on pages.
    edits: bool,
}

/// What was just done.
pub(super) enum News {
    None,
    Issued(Issued),
    Done(String),
    Wrong(String),
}

struct Line {
    key: &'static str,
    value: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    frame: Frame,
    administers: bool,
    done: String,
    wrong: String,
    issued: Option<Issued>,
    networks: Vec<Network>,
    denied: String,
    credentials: Vec<CredentialRow>,
    door: bool,
    agents: Vec<AgentRow>,
    roles: Vec<(&'static str, usize)>,
    receivers: Vec<ReceiverRow>,
    numbers: Vec<(&'static str, String)>,
    kept: Vec<(&'static str, String)>,
    latest: Vec<ChangeRow>,
    editions: Vec<String>,
    scope_edition: String,
    lines: Vec<Line>,
}

/// What the store tells besides the picture.
struct Told {
    effective: Arc<Effective>,
    agents: Vec<Agent>,
    accounts: Vec<Listed>,
    secrets: Vec<KeptSecret>,
    notices: Vec<Notified>,
    history: Vec<KeptSetting>,
    octets: u64,
}

pub(super) async fn page(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    shown(&site, &reader, News::None).await
}

/// The page, with what was just done.
async fn shown(site: &Arc<Site>, reader: &Reader, news: News) -> Response {
    let reading = Arc::clone(site);
    let told = site.write(move |store| {
        Ok(Told {
            effective: reading.effective()?,
            agents: store.admissions().list()?,
            accounts: store.accounts()?,
            secrets: store.secrets()?,
            notices: store.notices(NOTICES)?,
            history: store.setting_history(None)?,
            octets: std::fs::metadata(store.path()).map_or(0, |about| about.len()),
        })
    });
    let told = match told.await {
        Ok(told) => told,
        Err(error) => return broken(reader, &error),
    };
    let config = &site.config;
    let (mut done, mut wrong, mut issued) = (String::new(), String::new(), None);
    match news {
        News::None => {}
        News::Done(line) => done = line,
        News::Wrong(line) => wrong = line,
        News::Issued(code) => issued = Some(code),
    }
    show(site, reader, ("settings", Word::SettingsTitle), |snapshot, frame| {
        let (lang, zone) = (frame.lang, &config.zone);
        let settings = &told.effective.settings;
        let deny = [&settings.deny.nets, &settings.deny.macs, &settings.deny.ouis];
        let denied: Vec<&str> = deny.into_iter().flatten().map(String::as_str).collect();
        Ok(Page {
            networks: networks(snapshot, (lang, config), &told),
            denied: crate::report::safe::cut(&denied.join(", "), MAX_LIST).into_owned(),
            credentials: credentials(&told, lang, zone),
            door: config.agents.listen.is_some(),
            agents: told.agents.iter().map(|agent| agent_row(agent, (lang, zone))).collect(),
            roles: roles(&told.accounts, lang),
            receivers: receivers(&told, config, lang),
            numbers: numbers(&told.effective, lang),
            kept: kept(snapshot, (lang, zone), told.octets),
            latest: latest(&told.history, lang, zone),
            editions: Checklist::editions(),
            scope_edition: (snapshot.picture.scopes.first())
                .map(|scoped| scoped.reason.edition.clone())
                .unwrap_or_default(),
            lines: if frame.administers() { lines(config) } else { Vec::new() },
            administers: frame.administers(),
            done,
            wrong,
            issued,
            frame,
        })
    })
    .await
}

fn broken(reader: &Reader, error: &StoreError) -> Response {
    unavailable(reader, error, "the settings could not be read")
}

/// Networks as agents and pages declare them, with what the hospital says that they are for, and what
/// was left out because of the deny lists.
fn networks(snapshot: &Snapshot, (lang, file): (Lang, &Config), told: &Told) -> Vec<Network> {
    let decreed = &told.effective.config.decreed.networks;
    let usual = |name: &str| Network {
        name: name.to_owned(),
        purpose: purpose(lang, decreed, name),
        denied: denied(snapshot, name),
        ..Network::default()
    };
    let mut networks: Vec<Network> = Vec::new();
    for agent in &told.agents {
        networks.extend(agent.networks.iter().map(|one| Network {
            cidr: one.cidr.clone(),
            agent: agent.name.clone(),
            policy: lang.say(plan::probes(one.policy)),
            rate: lang.fill(
                Word::SettingsRate,
                &[&one.packets_per_second, &one.target_packets_per_second],
            ),
            by: "agent.toml",
            edits: told.effective.settings.networks.iter().any(|it| it.name == one.name),
            ..usual(&one.name)
        }));
    }
    for one in &told.effective.settings.networks {
        if networks.iter().any(|known| known.name == one.name) {
            continue;
        }
        networks.push(Network {
            cidr: one.cidr.clone(),
            agent: one.agent.clone().unwrap_or_default(),
            policy: if one.agent.is_some() { lang.say(plan::probes(one.policy)) } else { "" },
            by: lang.say(Word::SettingByPage),
            wrong: standing_word(&standing(one, &told.agents))
                .map(|word| lang.fill(word, &[&one.cidr]))
                .unwrap_or_default(),
            edits: true,
            ..usual(&one.name)
        });
    }
    // Of those whose agent never called only the coverage tells, of others the file.
    let reaches = snapshot.reaches();
    let seen = reaches.keys().map(|(name, cidr)| (name.as_str(), cidr.to_string()));
    let named = file.decreed.networks.iter().map(|one| (one.name.as_str(), String::new()));
    for (name, cidr) in seen.chain(named) {
        if !networks.iter().any(|one| one.name == name) {
            networks.push(Network { cidr, ..usual(name) });
        }
    }
    networks
}

/// Why a declared network is not scanned, if it is not.
const fn standing_word(standing: &Standing) -> Option<Word> {
    match standing {
        Standing::Nobody => Some(Word::SettingStandsNobody),
        Standing::NoAgent => Some(Word::SettingStandsNoAgent),
        Standing::NotPermitted => Some(Word::SettingStandsNotPermitted),
        Standing::Own(_) | Standing::Scanned => None,
    }
}

/// What networks can be for, as choices; this one is chosen.
pub(super) fn purposes(lang: Lang, chosen: &str) -> Vec<(String, String, bool)> {
    let choice =
        |value: String, word: Word| (value.clone(), lang.say(word).to_owned(), value == chosen);
    let none = std::iter::once(choice(String::new(), Word::SettingsNoPurpose));
    let all = network::PURPOSES.iter().map(|(purpose, word)| choice(field::called(purpose), *word));
    none.chain(all).collect()
}

/// The purpose of this name in files.
pub(super) fn purpose_named(name: &str) -> Option<crate::policy::Purpose> {
    let found = network::PURPOSES.iter().find(|(purpose, _)| field::called(purpose) == name);
    found.map(|(purpose, _)| *purpose)
}

fn purpose(lang: Lang, decreed: &[Decreed], name: &str) -> String {
    let said = decreed.iter().find(|one| one.name == name);
    let known = |one: &Decreed| {
        network::PURPOSES.iter().find(|(purpose, _)| *purpose == one.purpose).map(|(_, word)| *word)
    };
    lang.say(said.and_then(known).unwrap_or(Word::SettingsNoPurpose)).to_owned()
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

/// The numbers as they hold.
fn numbers(effective: &Effective, lang: Lang) -> Vec<(&'static str, String)> {
    let (config, limits) = (&effective.config, effective.config.notify.limits);
    let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let days = config.retention_days.map(|days| lang.fill(Word::SettingDays, &[&days]));
    let newest = || lang.say(Word::SettingNewest).to_owned();
    [
        (
            Word::SettingRetention,
            days.unwrap_or_else(|| lang.say(Word::SettingKeepsAll).to_owned()),
        ),
        (Word::SettingSilent, limits.silent_hours.to_string()),
        (Word::SettingCertificate, limits.certificate_days.to_string()),
        (Word::SettingBackup, limits.backup_days.to_string()),
        (Word::SettingLinks, dash(&config.notify.url)),
        (Word::SettingEdition, effective.settings.general.checklist.clone().unwrap_or_else(newest)),
    ]
    .map(|(word, value)| (lang.say(word), value))
    .to_vec()
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
