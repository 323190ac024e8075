//! The door for agents: mutual TLS with certificates of the collector's own CA, and nothing else. A
//! stranger may do one thing, enrol with a one-time code; everything else asks, at every request, whose
//! certificate was shown and whether it still holds, so that a revocation counts at once.
//!
//! Everything that a stranger can make this program spend is bounded: how many connections, how long a
//! handshake, a header or a body may take, how large they may be, how many codes may be tried.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use daicho_common::batch::Opened;
use daicho_common::complaint::Complaint;
use daicho_common::job::{Report, Stage};
use daicho_common::time::Timestamp;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use crate::ingest::{self, Refusal};
use crate::store::StoreError;
use crate::web::Site;

/// The collector's own CA.
pub mod authority;
/// Batches.
mod deliver;
/// One-time codes and certificates.
mod enrol;
/// Wrong codes are limited.
mod guesses;
/// One-time codes are issued.
pub mod invite;
/// Connections.
mod listen;
/// Makes runs that are due jobs, and gives up what is too late.
mod planner;
/// Refusals, as sentences.
mod refuse;
/// Whose certificate was shown.
mod who;
/// Jobs.
mod work;

use authority::Authority;
use guesses::Guesses;
pub use listen::{raise_limits, serve};

/// How long between two words of an agent that are kept, in microseconds; in between they are only
/// remembered.
const KEPT: i64 = 10_000_000;
/// Most octets of what agents say, batches left out.
const WORDS: usize = 256 << 10;
/// How long a body may stand still.
const STILL: std::time::Duration = std::time::Duration::from_secs(20);
/// How long a request may take in all: longer than a question for work may wait.
const WHOLE: std::time::Duration = std::time::Duration::from_mins(3);

type Opener = fn(&[u8]) -> Result<Opened, Refusal>;

/// What the handlers share.
pub struct Door {
    site: Arc<Site>,
    authority: Authority,
    guesses: Guesses,
    /// When each agent's last call was kept.
    calls: Mutex<HashMap<String, Timestamp>>,
    /// Differs once there is another job, or another wish about one.
    pulse: watch::Sender<(i64, i64, i64)>,
    /// The door is being closed: questions for work are answered.
    closing: watch::Sender<bool>,
    /// Reads batches; another one in tests.
    open: Opener,
}

impl Door {
    /// The door of this site. Its CA is beside the database; it is made if there is none.
    ///
    /// # Errors
    /// A complaint if the CA cannot be made or read.
    pub fn new(site: Arc<Site>) -> Result<Self, Complaint> {
        Ok(Self {
            authority: Authority::beside(site.store.path(), crate::clock::now())?,
            site,
            guesses: Guesses::default(),
            calls: Mutex::default(),
            pulse: watch::Sender::default(),
            closing: watch::Sender::default(),
            open: ingest::open,
        })
    }

    /// Where batches are put that cannot be read.
    fn aside(&self) -> PathBuf {
        beside(self.site.store.path(), "aside")
    }

    /// Notes that an agent called, now and then.
    fn saw(&self, agent: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let last = calls.get(agent).map_or(i64::MIN, |at| at.micros());
        // A clock that was put back must not keep an agent unseen.
        if now.micros().saturating_sub(last) < KEPT && last <= now.micros() {
            return Ok(());
        }
        calls.insert(agent.to_owned(), now);
        drop(calls);
        self.site.store.admissions().saw((agent.to_owned(), now), None)
    }
}

/// A file or folder beside the database, named after it.
pub fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn router(door: Arc<Door>) -> Router {
    Router::new()
        .route("/api/v1/agent/enrol", post(enrol::enrol))
        .route("/api/v1/agent/renew", post(enrol::renew))
        .route("/api/v1/agent/hello", get(who::hello))
        .route("/api/v1/agent/stops", get(work::stops))
        .route("/api/v1/agent/work", post(work::ask))
        .route("/api/v1/agent/jobs/{job}", post(work::report))
        .layer(DefaultBodyLimit::max(WORDS))
        .route("/api/v1/agent/batches", post(deliver::deliver).layer(DefaultBodyLimit::disable()))
        .fallback(refuse::nowhere)
        .layer(RequestBodyTimeoutLayer::new(STILL))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::REQUEST_TIMEOUT, WHOLE))
        .layer(CatchPanicLayer::new())
        .with_state(door)
}

/// How far the jobs that run have got: kept in memory only, for a word that is three times a second
/// another one is nothing to write to a disk.
#[derive(Debug, Default)]
pub struct Live(Mutex<HashMap<u64, (Stage, Timestamp)>>);

impl Live {
    /// How far a job has got, if its agent has said so lately.
    pub fn stage(&self, job: u64) -> Option<Stage> {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.get(&job).map(|(stage, _)| stage.clone())
    }

    /// Remembers a report. Returns whether it is to be kept, too.
    fn note(&self, job: u64, report: &Report, now: Timestamp) -> bool {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if report.course.is_over() {
            jobs.remove(&job);
            return true;
        }
        let kept = jobs.get(&job).map(|(_, kept)| *kept);
        let fresh = kept.filter(|kept| (0..KEPT).contains(&(now.micros() - kept.micros())));
        jobs.insert(job, (report.stage.clone(), fresh.unwrap_or(now)));
        fresh.is_none()
    }
}

#[cfg(test)]
mod tests;
