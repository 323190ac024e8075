//! From observations to batches. Sealing and delivering block, so a thread does both; while it is
//! busy the scan waits, and nothing is dropped.

use std::path::PathBuf;
use std::time::Duration;

use daicho_common::batch::{Batch, Header};
use daicho_common::complaint::{Complaint, Exit};
use daicho_common::coverage::Sent;
use daicho_common::observation::{Fact, Observation};
use daicho_common::time::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior};

use super::hosts::Hosts;
use crate::engine::Account;
use crate::export::Export;
use crate::export::collector::SOFTWARE;

/// Most batches that wait to be sealed.
const WAITING: usize = 1;
/// Most observations, or rows of what was sent, in one batch (and one observation more), where a row of a
/// table counts as [`ROW`]: what waits costs memory.
pub(super) const ROWS: usize = 10_000;
/// As many observations as a row of a table takes the memory of: some 800 octets.
const ROW: usize = 4;
// An agent keeps within what a batch may hold.
const _: () = assert!(ROWS <= daicho_common::batch::MAX_OBSERVATIONS);

/// Time between two attempts to reach a collector that failed, where it is tried again at all.
const RETRY: Duration = Duration::from_secs(5);

/// What the exporter does next.
enum Next {
    /// A batch is to be sealed and delivered.
    Batch(Batch),
    /// What is kept may be tried again.
    Again,
    /// Nothing more will come.
    End,
}

/// What an observation counts in a batch.
fn rows(observation: &Observation) -> usize {
    if let Fact::Rows(table) = &observation.fact { 1 + ROW * table.rows.len() } else { 1 }
}

/// Batches first: what is kept can wait.
async fn next(sealed: &mut Receiver<Batch>, again: &mut Interval) -> Next {
    tokio::select! {
        biased;
        batch = sealed.recv() => batch.map_or(Next::End, Next::Batch),
        _ = again.tick() => Next::Again,
    }
}

/// The batches of one scan.
pub(super) struct Batches {
    header: Header,
    pending: Vec<Observation>,
    /// What is pending, counted as [`ROWS`] does.
    rows: usize,
    /// Who was found, where somebody wants to know: a session without an end keeps no list.
    hosts: Option<Hosts>,
    sealing: Sender<Batch>,
    exporter: JoinHandle<Result<Option<PathBuf>, Complaint>>,
    failed: bool,
}

impl Batches {
    /// Begins a scan of the agent with this name.
    pub(super) fn begin(agent: &str, from: Timestamp, mut export: Export) -> Self {
        let (sealing, mut sealed) = mpsc::channel::<Batch>(WAITING);
        let runtime = Handle::current();
        let exporter = tokio::task::spawn_blocking(move || {
            let _inside = runtime.enter();
            let mut again = tokio::time::interval(RETRY);
            again.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                match runtime.block_on(next(&mut sealed, &mut again)) {
                    Next::Batch(batch) => export.take(&batch)?,
                    Next::Again => export.retry()?,
                    Next::End => return export.finish(),
                }
            }
        });
        let header = Header {
            agent: agent.to_owned(),
            scan: format!("{agent}@{}", from.micros()),
            sequence: 1,
            last: false,
            from,
            to: from,
            software: SOFTWARE.to_owned(),
        };
        let (pending, hosts) = (Vec::new(), Some(Hosts::default()));
        Self { header, pending, rows: 0, hosts, sealing, exporter, failed: false }
    }

    /// Begins a listening session, which keeps no list of hosts.
    pub(super) fn begin_unlisted(agent: &str, from: Timestamp, export: Export) -> Self {
        Self { hosts: None, ..Self::begin(agent, from, export) }
    }

    /// Whether the result can no longer be brought where it belongs, so that the scan is in vain.
    pub(super) const fn failed(&self) -> bool {
        self.failed
    }

    /// Adds an observation, and closes the batch when it is full.
    pub(super) async fn add(&mut self, observation: Observation, now: Timestamp) {
        if let Some(hosts) = &mut self.hosts {
            hosts.see(&observation);
        }
        self.rows += rows(&observation);
        self.pending.push(observation);
        if self.rows >= ROWS {
            self.next(Account::default(), now).await;
        }
    }

    /// Closes the batch as it is, if there is something in it.
    pub(super) async fn flush(&mut self, now: Timestamp) {
        if !self.pending.is_empty() {
            self.next(Account::default(), now).await;
        }
    }

    /// Closes a batch with rows of what was sent, which for a large network are too many for one.
    pub(super) async fn account(&mut self, sent: Vec<Sent>, now: Timestamp) {
        self.next(Account { sent, ..Account::default() }, now).await;
    }

    /// Closes a batch that is not the last.
    async fn next(&mut self, account: Account, now: Timestamp) {
        let header = Header { to: self.until(now), ..self.header.clone() };
        self.header.sequence += 1;
        self.close(header, account).await;
    }

    /// Until when a batch that is closed now reaches: the wall clock may have been set back since it
    /// was begun.
    fn until(&self, now: Timestamp) -> Timestamp {
        now.max(self.header.from)
    }

    async fn close(&mut self, header: Header, account: Account) {
        let observations = std::mem::take(&mut self.pending);
        self.rows = 0;
        let Account { coverage, sent, strays: _ } = account;
        let batch = Batch { header, coverage, sent, observations };
        self.failed |= self.sealing.send(batch).await.is_err();
    }

    /// Closes the last batch with the account, and waits until everything arrived.
    pub(super) async fn end(
        mut self,
        account: Account,
        now: Timestamp,
    ) -> (Hosts, Result<Option<PathBuf>, Complaint>) {
        let header = Header { to: self.until(now), last: true, ..self.header.clone() };
        self.close(header, account).await;
        drop(self.sealing);
        let delivery = self.exporter.await.unwrap_or_else(|error| {
            Err(Complaint::new(
                Exit::Other,
                format!("結果の書き出しが異常終了しました（{error}）。走査し直してください"),
                format!("writing the result ended abnormally ({error}); scan again"),
            ))
        });
        (self.hosts.unwrap_or_default(), delivery)
    }
}
