//! Does what a collector wants, one job after the other: asks for work over mutual TLS, which works
//! from behind any NAT, has each scan run by a program of its own, and says how far it has got.
//!
//! The scan is another process of this same program, so that it can open its sockets and give its
//! privileges up, every time anew, and so that this one survives whatever happens to it. It ends when
//! its standard input closes: by a stop, or because this process is gone. Where this program may open
//! sockets for frames, it is two processes, and the one that talks to the collector may not ([`starter`]).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::enrolment::Sentence;
use daicho_common::handed::{Handed, Slot};
use daicho_common::job::{Asking, Course, Order, Reply, Report, Stage, Work};
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;

use crate::config::Declared;
use crate::count::Count;
use crate::export::collector::SOFTWARE;
use crate::export::{Collector, drain};
use crate::identity::Identity;
use crate::key;

/// The side of the process that talks to the collector.
mod beside;
mod child;
/// The process that starts scans, and the one that talks to the collector.
pub mod starter;
/// How long to wait before the next attempt.
mod patience;

use beside::Starting;
use patience::Patience;

/// How long the collector may keep a question for work, in seconds.
const WAIT: u64 = 25;
/// How long an answer may take beyond that.
const SLACK: Duration = Duration::from_secs(10);
/// How often it is said how far a job has got, and learned whether somebody wants it to end.
const TELL: Duration = Duration::from_millis(300);
/// How long a report may take.
const QUICK: Duration = Duration::from_secs(5);

/// An agent at work.
pub struct Worker {
    state: PathBuf,
    declared: Declared,
    identity: Identity,
    /// Signs batches, and the locks of credentials.
    key: Ed25519KeyPair,
    collector: Collector,
    /// Somebody wants this program to end.
    ending: Arc<AtomicBool>,
    /// A job runs, so that the program may not just go.
    busy: Arc<AtomicBool>,
    starting: Starting,
}

impl Worker {
    /// The agent of this state directory.
    ///
    /// # Errors
    /// [`Exit::Remote`] if it is not enrolled.
    pub fn new(state: PathBuf, declared: Declared) -> Result<Self, Complaint> {
        let identity = Identity::load(&state)?.ok_or_else(|| {
            Complaint::new(
                Exit::Remote,
                "このエージェントはまだ登録されていません。収集サーバーで `daicho-collector agent invite 名前` を実行し、表示されたコードで `daicho-agent enrol` を実行してください",
                "this agent is not enrolled yet; run `daicho-collector agent invite NAME` at the collector, then `daicho-agent enrol` here with the code",
            )
        })?;
        let collector = Collector::of(&identity)?;
        let key = key::load_or_create(&state)?;
        let (ending, busy) = (Arc::default(), Arc::default());
        let starting = Starting::Here;
        Ok(Self { state, declared, identity, key, collector, ending, busy, starting })
    }

    /// The same with scans that another process starts ([`starter::keep`]), and that ends with it.
    #[must_use]
    pub fn beside(mut self) -> Self {
        let (ending, busy) = (Arc::clone(&self.ending), Arc::clone(&self.busy));
        self.starting = Starting::beside(move || {
            ending.store(true, Ordering::SeqCst);
            if !busy.load(Ordering::SeqCst) {
                std::process::exit(0);
            }
        });
        self
    }

    /// The agent's name, and the collector's URL.
    pub fn names(&self) -> (&str, &str) {
        (&self.identity.agent, self.collector.url())
    }

    /// Works until the user or the system wants it to end, or the collector no longer lets it in.
    ///
    /// # Errors
    /// What the collector said when it let it in no more, or what the system said.
    pub fn run(mut self) -> Result<(), Complaint> {
        watch_signals(&self.ending, &self.busy)?;
        let mut patience = Patience::default();
        while !self.ending.load(Ordering::SeqCst) {
            match self.turn() {
                Ok(()) => patience = Patience::default(),
                Err(refused) if refused.exit == Exit::Integrity => return Err(refused),
                Err(complaint) => {
                    if patience.is_fresh() {
                        tracing::warn!(ja = complaint.ja, en = complaint.en, "trying again");
                    }
                    std::thread::sleep(patience.next());
                }
            }
        }
        Ok(())
    }

    /// Delivers what is kept, asks once for work and does it.
    fn turn(&mut self) -> Result<(), Complaint> {
        let spool = self.declared.spool(&self.state);
        let drained = drain(&spool, &Count::of(&self.state), &self.collector)?;
        if let Some((why, _)) = drained.undelivered {
            return Err(why);
        }
        // Credentials are sealed for this question and no other.
        let slot = Slot::new(&SystemRandom::new()).ok();
        let lock = slot.as_ref().map(|slot| slot.lock(&self.identity.agent, &self.key));
        let asking = Asking {
            software: SOFTWARE.to_owned(),
            wait: WAIT,
            networks: self.declared.told(),
            permits: self.declared.permits(),
            lock,
        };
        let patience = Duration::from_secs(WAIT) + SLACK;
        let work: Work = self.collector.post("work", &asking, patience)?;
        if work.renew {
            self.identity = self.identity.renew(&self.collector, &self.state)?;
            self.collector = Collector::of(&self.identity)?;
            tracing::info!("the certificate was renewed");
        }
        if let Some(order) = work.order {
            let handed = slot.zip(work.sealed).map(|(slot, sealed)| {
                let opened = slot.open((&self.identity.agent, order.id), &sealed);
                opened.map_err(|_| shut())
            });
            self.busy.store(true, Ordering::SeqCst);
            self.perform(&order, handed.unwrap_or(Ok(Handed::default())));
            self.busy.store(false, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Does a job to its end and says so. What the collector does not hear it learns by the silence.
    fn perform(&self, order: &Order, handed: Result<Handed, Complaint>) {
        let ended =
            |course, why| Report { course, stage: Stage::default(), said: Some(sentence(why)) };
        let last = handed.map_err(|why| ended(Course::Failed, why)).and_then(|handed| {
            let meant = self.declared.with(order, &handed);
            let meant = meant.and_then(|declared| declared.narrowed(order));
            meant.map_err(|why| ended(Course::Refused, why))?;
            self.scan(order, handed).map_err(|why| ended(Course::Failed, why))
        });
        let (Ok(last) | Err(last)) = last;
        let mut patience = Patience::default();
        while let Err(complaint) = self.tell(order.id, &last) {
            if complaint.exit == Exit::Integrity || patience.is_spent() {
                tracing::warn!(en = complaint.en, "the end of the job could not be told");
                return;
            }
            std::thread::sleep(patience.next());
        }
    }

    fn scan(&self, order: &Order, handed: Handed) -> Result<Report, Complaint> {
        let to = self.collector.url();
        let from = (self.state.as_path(), self.declared.file.as_deref());
        let mut child = self.starting.start(from, (order, to), handed)?;
        loop {
            std::thread::sleep(TELL);
            if self.ending.load(Ordering::SeqCst) {
                child.stop();
            }
            if let Some(report) = child.ended()? {
                return Ok(report);
            }
            let report = Report { course: Course::Running, stage: child.stage(), said: None };
            match self.tell(order.id, &report) {
                Ok(Reply { stop: true }) => child.stop(),
                // Who is no longer let in does not go on scanning.
                Err(complaint) if complaint.exit == Exit::Integrity => child.stop(),
                // What is not told now is told the next time, and the result is kept.
                Ok(Reply { stop: false }) | Err(_) => {}
            }
        }
    }

    fn tell(&self, job: u64, report: &Report) -> Result<Reply, Complaint> {
        self.collector.post(&format!("jobs/{job}"), report, QUICK)
    }
}

fn shut() -> Complaint {
    Complaint::new(
        Exit::Integrity,
        "収集サーバーから届いた認証情報を開けません。もう一度走査を指示し、続くならエージェントを登録し直してください",
        "the credentials from the collector do not open; have it scanned again, and enrol the agent anew if that goes on",
    )
}

fn sentence(complaint: Complaint) -> Sentence {
    Sentence { ja: complaint.ja, en: complaint.en }
}

/// Ends the process at a signal if no job runs; otherwise the job is ended first. A second signal ends
/// it at once.
fn watch_signals(ending: &Arc<AtomicBool>, busy: &Arc<AtomicBool>) -> Result<(), Complaint> {
    let (ending, busy) = (Arc::clone(ending), Arc::clone(busy));
    let failed = |error: std::io::Error| {
        Complaint::new(
            Exit::Other,
            format!("シグナルを受け取れません（{error}）。スレッド数の制限を確かめてください"),
            format!("signals cannot be caught ({error}); check the limit of threads"),
        )
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(failed)?;
    let mut signals = {
        let _inside = runtime.enter();
        signals().map_err(failed)?
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            while signals.recv().await.is_some() {
                if ending.swap(true, Ordering::SeqCst) {
                    std::process::exit(Exit::Interrupted.code().into());
                }
                if !busy.load(Ordering::SeqCst) {
                    std::process::exit(0);
                }
            }
        });
    });
    Ok(())
}

#[cfg(unix)]
fn signals() -> std::io::Result<tokio::sync::mpsc::Receiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (tell, told) = tokio::sync::mpsc::channel(4);
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let (mut signal, tell) = (signal(kind)?, tell.clone());
        tokio::spawn(async move {
            while signal.recv().await.is_some() {
                let _ = tell.send(()).await;
            }
        });
    }
    Ok(told)
}

#[cfg(not(unix))]
fn signals() -> std::io::Result<tokio::sync::mpsc::Receiver<()>> {
    let (tell, told) = tokio::sync::mpsc::channel(4);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            let _ = tell.send(()).await;
        }
    });
    Ok(told)
}
