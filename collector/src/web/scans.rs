//! Agents, the plan, and the scans: what runs, what ran, what did not. The page loads itself anew while
//! a scan runs; nothing on it needs a script.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use daicho_common::job::{Order, Stage};
use daicho_common::time::Timestamp;

use super::Site;
use super::decide::{Form, back};
use super::page::{Frame, Reader, message, show, unavailable};
use crate::cli::agent_trouble;
use crate::clock::{self, Zone};
use crate::report::plan;
use crate::schedule::Run;
use crate::settings::Deny;
use crate::store::{Agent, Job, JobState, KeptSchedule, NewJob, Store, StoreError};
use crate::words::{Lang, Word};

/// How often the page loads itself anew while a scan runs, in seconds.
const AGAIN: u32 = 2;

struct AgentRow {
    name: String,
    seen: String,
    software: String,
    certificate: String,
    warns: bool,
    trouble: Vec<String>,
    enrolled: bool,
    running: bool,
}

struct ScheduleRow {
    name: String,
    agent: String,
    pattern: String,
    windows: String,
    networks: String,
    contact: String,
    next: String,
    last: String,
}

struct JobRow {
    id: u64,
    agent: String,
    name: String,
    due: String,
    began: String,
    ended: String,
    state: &'static str,
    key: &'static str,
    stage: String,
    percent: u64,
    running: bool,
    said: String,
    by: String,
}

#[derive(Template)]
#[template(path = "scans.html")]
struct Page {
    frame: Frame,
    /// Seconds until the page loads itself anew; 0: never.
    again: u32,
    agents: Vec<AgentRow>,
    schedules: Vec<ScheduleRow>,
    jobs: Vec<JobRow>,
}

struct Told {
    agents: Vec<Agent>,
    schedules: Vec<KeptSchedule>,
    jobs: Vec<Job>,
    deny: Deny,
}

pub(super) async fn page(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    let reading = Arc::clone(&site);
    let told = tokio::task::spawn_blocking(move || {
        let store = &reading.store;
        Ok::<_, StoreError>(Told {
            agents: store.admissions().list()?,
            schedules: store.jobs().schedules()?,
            jobs: store.jobs().list()?,
            deny: reading.effective()?.settings.deny.clone(),
        })
    });
    let told = match told.await.unwrap_or(Err(StoreError::Ended)) {
        Ok(told) => told,
        Err(error) => return broken(&reader, &error),
    };
    let live = Arc::clone(&site);
    show(&site, &reader, ("scans", Word::ScansTitle), move |_, frame| {
        let (lang, zone, now) = (frame.lang, &live.config.zone, clock::now());
        let jobs: Vec<JobRow> = told
            .jobs
            .iter()
            .map(|job| job_row(job, live.live.stage(job.id), (lang, zone)))
            .collect();
        let runs = |name: &str| told.jobs.iter().any(|it| it.agent == name && !it.state.is_over());
        let agents = told.agents.iter();
        let agents = agents
            .map(|it| agent_row((it, &told.deny), runs(&it.name), (lang, zone), now))
            .collect();
        let last = |name: &str| told.jobs.iter().find(|it| it.schedule == name && it.due <= now);
        let schedules = told.schedules.iter().map(|kept| {
            let last = last(&kept.schedule.name).map_or_else(String::new, |job| {
                format!("{} {}", zone.show(job.due), lang.say(state_word(job.state)))
            });
            schedule_row(kept, last, lang, now)
        });
        let schedules = schedules.collect();
        let again = if told.jobs.iter().any(|job| !job.state.is_over()) { AGAIN } else { 0 };
        Ok(Page { frame, again, agents, schedules, jobs })
    })
    .await
}

fn agent_row(
    (agent, deny): (&Agent, &Deny),
    running: bool,
    (lang, zone): (Lang, &Zone),
    now: Timestamp,
) -> AgentRow {
    let (certificate, warns) = match (agent.revoked_at, agent.until) {
        (Some(at), _) => (lang.fill(Word::AgentsRevokedAt, &[&zone.show(at)]), true),
        (None, Some(until)) => {
            let over = until <= now;
            let word = if over { Word::AgentsExpiredAt } else { Word::AgentsHoldsUntil };
            (lang.fill(word, &[&zone.show(until)]), over)
        }
        (None, None) => (lang.say(Word::AgentsNotEnrolled).to_owned(), false),
    };
    let seen = agent.seen_at.or(agent.first_seen).map(|at| zone.show(at));
    AgentRow {
        name: agent.name.clone(),
        seen: seen.unwrap_or_else(|| lang.say(Word::AgentsNever).to_owned()),
        software: agent.software.clone(),
        certificate,
        enrolled: agent.until.is_some() && !warns,
        warns,
        trouble: agent_trouble((agent, deny), lang),
        running,
    }
}

fn schedule_row(kept: &KeptSchedule, last: String, lang: Lang, now: Timestamp) -> ScheduleRow {
    let schedule = &kept.schedule;
    ScheduleRow {
        name: schedule.name.clone(),
        agent: schedule.agent.clone(),
        pattern: format!("{} ({})", schedule.pattern, schedule.zone),
        windows: schedule.windows.join(", "),
        networks: schedule.networks.join(", "),
        contact: schedule.contact.clone(),
        next: plan::next(schedule, now, lang),
        last,
    }
}

const fn state_word(state: JobState) -> Word {
    match state {
        JobState::Waiting => Word::ScansWaiting,
        JobState::Running => Word::ScansRunning,
        JobState::Done => Word::ScansDone,
        JobState::Stopped => Word::ScansStopped,
        JobState::Refused => Word::ScansRefused,
        JobState::Failed => Word::ScansFailed,
        JobState::Missed => Word::ScansMissed,
    }
}

fn job_row(job: &Job, live: Option<Stage>, (lang, zone): (Lang, &Zone)) -> JobRow {
    let running = job.state == JobState::Running;
    let stage = live.filter(|_| running).or_else(|| job.stage.clone()).unwrap_or_default();
    let shown = |at: Option<Timestamp>| at.map(|at| zone.show(at)).unwrap_or_default();
    let said = job.said.as_ref().map(|said| match lang {
        Lang::Ja => said.ja.clone(),
        Lang::En => said.en.clone(),
    });
    let name = if job.schedule.is_empty() { lang.say(Word::ScansOnce) } else { &job.schedule };
    let standing =
        if running && job.stopping { Word::ScansStopping } else { state_word(job.state) };
    JobRow {
        id: job.id,
        agent: job.agent.clone(),
        name: name.to_owned(),
        due: zone.show(job.due),
        began: shown(job.taken_at),
        ended: shown(job.ended_at),
        state: lang.say(standing),
        key: job.state.key(),
        stage: progress(&stage, lang),
        percent: (stage.done * 100).checked_div(stage.planned).unwrap_or_default().min(100),
        running,
        said: said.unwrap_or_default(),
        by: job.said_by.clone(),
    }
}

/// How far a scan has got, in words; empty if nothing was asked yet.
fn progress(stage: &Stage, lang: Lang) -> String {
    let Stage { planned, done, found, questioned, packets, rate, left } = stage;
    if *planned == 0 {
        return String::new();
    }
    let mut text =
        lang.fill(Word::ScansProgress, &[done, planned, found, questioned, packets, rate]);
    if let Some(left) = left {
        text += &lang.fill(Word::ScansLeft, &[&left.div_ceil(60)]);
    }
    text
}

/// Has an agent scan now, or ends what it does.
pub(super) async fn say(State(site): State<Arc<Site>>, reader: Reader, body: Bytes) -> Response {
    let form = Form::read(&body);
    let agent = form.of("agent").to_owned();
    let done = match form.of("kind") {
        "scan" => want(&site, &reader, agent).await.map(|number| number.is_some()),
        "stop" => stop(&site, &reader, agent).await,
        _ => Ok(false),
    };
    match done {
        Ok(true) => back("/scans"),
        Ok(false) => message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm),
        Err(error) => broken(&reader, &error),
    }
}

/// Has an agent scan now all that it declares. Returns the number of the job; none if there is no such
/// agent, or it was not let in.
pub(super) async fn want(
    site: &Arc<Site>,
    reader: &Reader,
    agent: String,
) -> Result<Option<u64>, StoreError> {
    let by = reader.by();
    site.write(move |store| {
        if !is_let_in(store, &agent)? {
            return Ok(None);
        }
        let new = NewJob { agent, order: Order::default(), run: Run::at_once(by.at) };
        store.jobs().want(new, by).map(Some)
    })
    .await
}

/// Ends what an agent does; false if there is no such agent, or it was not let in.
pub(super) async fn stop(
    site: &Arc<Site>,
    reader: &Reader,
    agent: String,
) -> Result<bool, StoreError> {
    let by = reader.by();
    site.write(move |store| {
        if !is_let_in(store, &agent)? {
            return Ok(false);
        }
        store.stop(agent, by).map(|_| true)
    })
    .await
}

fn is_let_in(store: &Store, agent: &str) -> Result<bool, StoreError> {
    let agents = store.admissions().list()?;
    Ok(agents.iter().any(|it| it.name == agent && it.until.is_some()))
}

fn broken(reader: &Reader, error: &StoreError) -> Response {
    unavailable(reader, error, "scans could not be read or wanted")
}
