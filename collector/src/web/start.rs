//! The first page: what needs somebody today, what was found, what was not looked at, when the last and
//! the next scan are, which agents are silent, and what speaks for and against the checklist's items.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use daicho_common::time::Timestamp;
use serde::Deserialize;

use super::Site;
use super::guide::Progress;
use super::page::{FindingRow, Frame, Reader, Tag, show, unavailable};
use super::snapshot::Snapshot;
use crate::cli::agent_trouble;
use crate::clock::{self, Zone};
use crate::people::act::Act;
use crate::report::gap::Reach;
use crate::report::plan;
use crate::report::set::checklist::{Checklist, Held};
use crate::roster::inbox::Wanted as Inbox;
use crate::settings::Deny;
use crate::store::{Agent, KeptSchedule, StoreError};
use crate::words::{Lang, Word, phrase};

/// Findings shown on the first page.
const FIRST: usize = 8;
/// After so long without a call an agent is silent: a day, in microseconds.
const SILENT: i64 = 86_400_000_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// The edition of the checklist; the newest if there is none of this name.
    edition: String,
}

/// Something that waits for somebody.
struct Need {
    count: usize,
    text: &'static str,
    link: &'static str,
    /// What the style sheet calls it where it waits.
    style: &'static str,
}

struct Count {
    tag: Tag,
    note: &'static str,
    matches: usize,
    link: String,
}

struct Network {
    name: String,
    cidr: String,
    asked: u128,
    answered: u128,
    missed: u128,
    why: Vec<(&'static str, u128)>,
}

struct Items {
    edition: String,
    /// Label and whether it is shown.
    editions: Vec<(String, bool)>,
    held: Arc<Vec<Held>>,
}

#[derive(Template)]
#[template(path = "start.html")]
struct Page {
    frame: Frame,
    summary: String,
    needs: Vec<Need>,
    counts: Vec<Count>,
    findings: Vec<FindingRow>,
    all_findings: String,
    networks: Vec<Network>,
    last_scan: Option<String>,
    next: Vec<String>,
    agents: Vec<(String, Vec<String>)>,
    items: Option<Items>,
    has_data: bool,
    has_ledger: bool,
    /// Whether the guide from nothing to the first verdicts has something left for the reader to do.
    guide: bool,
}

/// What the store tells besides the picture.
#[derive(Default)]
struct Told {
    agents: Vec<Agent>,
    schedules: Vec<KeptSchedule>,
    deny: Deny,
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(mut asked): Query<Asked>,
) -> Response {
    let settings = match site.effective() {
        Ok(effective) => effective.settings.clone(),
        Err(error) => return broken(&reader, &error),
    };
    if asked.edition.is_empty() {
        asked.edition = settings.general.checklist.clone().unwrap_or_default();
    }
    let administers = reader.may(Act::Administer);
    let told = if reader.may(Act::Survey) {
        let deny = settings.deny.clone();
        site.write(|store| {
            let (admissions, jobs) = (store.admissions(), store.jobs());
            Ok(Told { agents: admissions.list()?, schedules: jobs.schedules()?, deny })
        })
        .await
    } else {
        Ok(Told::default())
    };
    let told = match told {
        Ok(told) => told,
        Err(error) => return broken(&reader, &error),
    };
    show(&site, &reader, ("start", Word::StartTitle), |snapshot, frame| {
        let guide = administers && !Progress::of(snapshot, &told.agents, &settings).is_done();
        Ok(Page { guide, ..start(snapshot, frame, &site.config.zone, (&told, &asked)) })
    })
    .await
}

fn broken(reader: &Reader, error: &StoreError) -> Response {
    unavailable(reader, error, "agents and schedules could not be read")
}

fn start(snapshot: &Snapshot, frame: Frame, zone: &Zone, (told, asked): (&Told, &Asked)) -> Page {
    let (lang, now) = (frame.lang, clock::now());
    let picture = &snapshot.picture;
    let found = snapshot.inbox().find(&Inbox::default(), &picture.findings, snapshot.today());
    let findings = found.iter().take(FIRST).filter_map(|at| picture.findings.get(*at as usize));
    let (devices, rows) = (picture.devices.len(), snapshot.ground.ledger.entries.len());
    let next = told.schedules.iter().map(|kept| {
        let (name, when) = (&kept.schedule.name, plan::next(&kept.schedule, now, lang));
        lang.fill(Word::StartNextLine, &[name, &when, &kept.schedule.agent])
    });
    let surveys = frame.surveys();
    let agents = agents((&told.agents, &told.deny), (lang, zone), now);
    Page {
        summary: lang.fill(Word::StartSummary, &[&devices, &rows]),
        needs: needs(snapshot, (lang, surveys), agents.len()),
        counts: counts(snapshot, lang),
        findings: findings.map(|one| FindingRow::of(snapshot, (lang, zone), one)).collect(),
        all_findings: lang.fill(Word::StartAllFindings, &[&snapshot.needs().open]),
        networks: snapshot.reaches().iter().map(|one| network(lang, one)).collect(),
        last_scan: snapshot.ground.scans.first().map(|scan| {
            let time = format!("{} – {}", zone.show(scan.from), zone.show(scan.to));
            lang.fill(Word::StartScanLine, &[&time, &scan.agent, &scan.software])
        }),
        next: next.collect(),
        agents,
        items: surveys.then(|| items(snapshot, (lang, zone), asked)),
        has_data: !snapshot.ground.scans.is_empty(),
        has_ledger: rows > 0,
        guide: false,
        frame,
    }
}

fn needs(snapshot: &Snapshot, (lang, surveys): (Lang, bool), silent: usize) -> Vec<Need> {
    let needs = snapshot.needs();
    let missed = snapshot.ground.missed.len();
    let all = [
        (
            needs.new_devices,
            Word::StartNewDevices,
            "/devices?verdict=undocumented&sort=-first",
            "mind",
        ),
        (needs.overdue, Word::StartOverdue, "/findings?due=over&sort=due", "mind"),
        (needs.soon, Word::StartSoon, "/findings?due=soon&sort=due", "warn"),
        (needs.grave, Word::StartGrave, "/findings?severity=high&owner=-", "mind"),
        (missed, Word::StartMissed, "/scans", "warn"),
        (silent, Word::StartSilent, "/scans", "mind"),
    ];
    let shown = all.into_iter().filter(|(.., link, _)| surveys || *link != "/scans");
    shown
        .map(|(count, text, link, style)| Need {
            count,
            text: lang.say(text),
            link,
            style: if count == 0 { "" } else { style },
        })
        .collect()
}

fn counts(snapshot: &Snapshot, lang: Lang) -> Vec<Count> {
    let count = |(key, label, note, matches): (&'static str, Word, Word, usize)| Count {
        tag: Tag::named(lang, key, label),
        note: lang.say(note),
        matches,
        link: match key {
            key if phrase::WITHOUT_ENTRY.contains(&key) => format!("/devices?verdict={key}"),
            _ => format!("/ledger?verdict={key}"),
        },
    };
    snapshot.counts().map(count).collect()
}

fn network(lang: Lang, ((name, cidr), reach): (&(String, ipnet::IpNet), &Reach)) -> Network {
    Network {
        name: name.clone(),
        cidr: cidr.to_string(),
        asked: reach.asked.len(),
        answered: reach.answered.len(),
        missed: reach.missed(),
        why: (reach.gaps.iter())
            .map(|(why, addresses)| (lang.say(phrase::why(*why)), addresses.len()))
            .collect(),
    }
}

/// Agents that did not call for a day, that get no orders, or of which something is missing: name, and what
/// is wrong.
fn agents(
    (agents, deny): (&[Agent], &Deny),
    (lang, zone): (Lang, &Zone),
    now: Timestamp,
) -> Vec<(String, Vec<String>)> {
    let told = agents.iter().map(|agent| {
        let mut wrong = agent_trouble((agent, deny), lang);
        let silent = |at: &Timestamp| now.micros().saturating_sub(at.micros()) > SILENT;
        let lives = agent.until.is_some() && agent.revoked_at.is_none();
        if let Some(at) = agent.seen_at.filter(|at| lives && silent(at)) {
            wrong.insert(0, lang.fill(Word::StartSilentSince, &[&zone.show(at)]));
        } else if lives && agent.seen_at.is_none() {
            wrong.insert(0, lang.say(Word::AgentsNever).to_owned());
        }
        (agent.name.clone(), wrong)
    });
    told.filter(|(_, wrong)| !wrong.is_empty()).collect()
}

fn items(snapshot: &Snapshot, (lang, zone): (Lang, &Zone), asked: &Asked) -> Items {
    let wanted = Some(asked.edition.as_str()).filter(|edition| !edition.is_empty());
    let checklist =
        Checklist::released(wanted).or_else(|| Checklist::released(None)).unwrap_or_default();
    let editions = Checklist::editions().into_iter();
    Items {
        held: snapshot.checklist((lang, zone), &checklist),
        editions: editions
            .map(|edition| {
                let shown = edition == checklist.edition;
                (edition, shown)
            })
            .collect(),
        edition: checklist.edition,
    }
}
