//! The loop: what came in goes to the engine, what the engine cleared goes to the net, what was
//! learned goes into batches. One `enum Event` wakes it.

use std::convert::identity;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::coverage::Coverage;
use daicho_common::time::Now;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::config::Backend;
use crate::engine::checkpoint::Checkpoint;
use crate::engine::{Account, Cleared, Engine, Input, Packet, Progress};
use crate::export::Export;
use crate::net::clock::Clock;
use crate::net::{Arrival, Wire, interfaces, privilege};
use crate::plan::Plan;
use crate::probe::snmp::Catalog;

mod batches;
/// Who was found, as a table for people.
pub mod hosts;
/// Which dialogues a host gets.
mod interview;
/// The loop of a listening session.
pub mod listening;
/// How far a scan has got, kept.
pub mod keeper;
mod progress;
/// What targets of SNMP showed of themselves, kept.
pub mod recall;
/// The user's wish to stop.
mod stop;
pub(crate) mod summary;

use batches::{Batches, ROWS};
use hosts::Hosts;
use keeper::Keeper;
use progress::Bar;
use recall::Recall;
pub use stop::Stops;

/// Most packets sent before what came in is looked at again.
const BURST: usize = 64;
/// Most arrivals handled before the next packets are sent.
const GULP: usize = 256;
/// How often the progress is shown.
const FRAME: Duration = Duration::from_millis(200);

/// Longest time between two looks at the interfaces.
const LOOK: Duration = Duration::from_millis(250);
/// Fewest looks while an answer is awaited: an interface that went down is then known before silence
/// is taken for one.
const LOOKS: u32 = 4;

/// How often it is kept how far the scan has got.
const KEEP: Duration = Duration::from_secs(5);

/// How a scan may begin and end.
#[derive(Clone, Debug)]
pub struct Course {
    /// By what it can be stopped beside signals.
    pub stops: Stops,
    /// Where it is kept how far it has got.
    pub keeper: Keeper,
    /// Where it is kept what targets of SNMP showed of themselves.
    pub recall: Recall,
    /// Goes on with this.
    pub earlier: Option<Checkpoint>,
    /// The SNMP tables that are read.
    pub catalog: Catalog,
}

/// How much is shown while a scan runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// A progress bar on a terminal, elsewhere a line now and then.
    Progress,
    /// JSON lines on stdout.
    Stages,
    /// Nothing.
    Nothing,
}

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything was asked, or left out for a reason that its coverage says.
    Complete,
    /// The user stopped it.
    Interrupted,
    /// Not one address could be asked.
    NothingAsked,
}

/// A scan that is over.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub ending: Ending,
    /// Who was found.
    pub hosts: Hosts,
    /// How far it got.
    pub progress: Progress,
    /// How far each method got.
    pub coverage: Vec<Coverage>,
    /// How often an interface of this machine went down under it.
    pub outages: u64,
    /// How long it took.
    pub took: Duration,
    /// The file that was written, if one was; or why the result did not arrive.
    pub delivery: Result<Option<PathBuf>, Complaint>,
}

/// What wakes the loop.
enum Event {
    /// Something came in.
    Arrived,
    /// A packet may leave, or an answer is given up.
    Due,
    /// A connected socket is free again.
    Room,
    /// It is time to show how far it got.
    Shown,
    /// It is time to look at the interfaces.
    Looked,
    /// The user wants to stop.
    Stopped,
}

/// This computer's name, for an agent without another.
pub fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .map(|name| daicho_common::text::Text::clean(&name).as_str().to_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "daicho-agent".to_owned())
}

/// Scans `plan` to its end or until the user stops it, by a signal or by a file, and hands the batches to `export`.
///
/// # Errors
/// [`Exit::Other`] if the system gives this process no runtime; [`Exit::Privilege`] if the result could
/// not be written by this user without privileges. A result that did not arrive is in
/// [`Ended::delivery`].
pub fn scan(
    plan: Plan,
    backend: Backend,
    export: Export,
    show: Show,
    course: Course,
) -> Result<Ended, Complaint> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let clock = Clock::start();
        let stop = stop::wishes(course.stops).map_err(|error| no_runtime(&error))?;
        let identifier = u16::try_from(plan.seed >> 48).unwrap_or_default();
        let (wire, means, incoming) = Wire::open(&plan, backend, identifier);
        privilege::drop_all();
        privilege::tell_holders();
        export.check()?;
        course.keeper.check()?;
        let batches = Batches::begin(&plan.agent, clock.now().wall, export);
        let mut looks = tokio::time::interval(LOOK.min(plan.pace.timeout / LOOKS));
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let memory = course.recall.read(clock.now().wall);
        let interviewer = interview::interviewer(&plan, course.catalog, memory.as_ref());
        let leads = interview::leads(&plan);
        let mut engine = Engine::new(plan, &means, interviewer, clock.now());
        engine.follow(leads);
        if let Some(earlier) = &course.earlier {
            tracing::info!(addresses = %engine.resume(earlier), "settled before");
        }
        let keeper = course.keeper;
        let bar = match show {
            Show::Progress => Bar::new(std::io::stderr().is_terminal()),
            Show::Stages => Bar::Stages,
            Show::Nothing => Bar::Hidden,
        };
        let driver =
            Driver { clock, wire, incoming, engine, batches, bar, keeper, looks, outages: 0 };
        let ended = driver.run(stop).await;
        if let Some(memory) = memory {
            course.recall.keep(&memory);
        }
        Ok(ended)
    })
}

/// A runtime whose threads hold no privilege, now or later: what needs one is opened by the thread
/// that calls this, before it gives up its own.
fn runtime() -> Result<Runtime, Complaint> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    privilege::without(move || builder.build())
        .and_then(identity)
        .map_err(|error| no_runtime(&error))
}

fn no_runtime(error: &std::io::Error) -> Complaint {
    Complaint::new(
        Exit::Other,
        format!("走査を始められません（{error}）。スレッド数やファイル数の制限を確かめてください"),
        format!("the scan cannot be started ({error}); check the limits of threads and open files"),
    )
}

/// The only owner of the engine.
struct Driver {
    clock: Clock,
    wire: Wire,
    incoming: Receiver<Arrival>,
    engine: Engine,
    batches: Batches,
    bar: Bar,
    keeper: Keeper,
    looks: Interval,
    /// Outages that were told.
    outages: u64,
}

impl Driver {
    async fn run(mut self, mut stop: Receiver<()>) -> Ended {
        let mut ticker = tokio::time::interval(FRAME);
        ticker.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut kept = self.clock.now().tick;
        let mut arrived = Vec::with_capacity(GULP);
        let mut interrupted = stop.try_recv().is_ok();
        if interrupted {
            self.engine.stop(self.clock.now());
        }
        tracing::info!("scan begins");
        loop {
            let wake = self.transmit().await;
            self.read_neighbours();
            self.hang_up();
            self.learn().await;
            if self.engine.is_finished() || self.batches.failed() {
                break;
            }
            self.tell_outages();
            match self.wait(wake, &mut arrived, &mut ticker, &mut stop).await {
                Event::Arrived => {
                    let now = self.clock.now();
                    for arrival in arrived.drain(..).filter(|it| !self.wire.is_stale(it)) {
                        self.engine.handle(arrival.input(), now);
                    }
                }
                Event::Due | Event::Room => {}
                Event::Looked => {
                    if let Some(links) = interfaces::connected() {
                        self.engine.handle(Input::Links(&links), self.clock.now());
                    }
                }
                Event::Shown => {
                    let now = self.clock.now();
                    self.bar.show(&self.engine.progress(), now.tick);
                    if now.tick.since(kept) >= KEEP {
                        kept = now.tick;
                        self.keeper.keep(&self.engine.checkpoint(false, now));
                    }
                }
                Event::Stopped => {
                    interrupted = true;
                    self.engine.stop(self.clock.now());
                }
            }
        }
        self.end(interrupted).await
    }

    fn tell_outages(&mut self) {
        let outages = self.engine.strays().outages;
        if outages > self.outages {
            self.outages = outages;
            tracing::warn!(
                "an interface of this machine went down; nothing is asked by it meanwhile"
            );
        }
    }

    /// Sends what may leave now. Returns when there is more to do: at once after a whole burst,
    /// never by time if every socket is in use.
    async fn transmit(&mut self) -> Wake {
        let (mut cleared, mut sent) = (Vec::with_capacity(BURST), 0);
        while sent < BURST {
            if !self.wire.has_room() {
                return Wake::WithRoom;
            }
            cleared.clear();
            self.engine.poll_frames(self.clock.now(), BURST, &mut cleared);
            if cleared.is_empty() {
                return match self.engine.poll_timeout() {
                    Some(tick) if tick <= self.clock.now().tick => Wake::AtOnce,
                    Some(tick) => Wake::At(Instant::from_std(self.clock.instant(tick))),
                    None => Wake::ByArrival,
                };
            }
            sent += cleared.len();
            // What opens a connection anew must not find the old one.
            self.hang_up();
            self.put(&cleared).await;
        }
        Wake::AtOnce
    }

    /// Sends all of these, and tells the engine which the system did not take.
    async fn put(&mut self, mut cleared: &[Cleared]) {
        let mut lost = None;
        while let Some((first, rest)) = cleared.split_first() {
            match self.wire.send_some(cleared).await {
                // A system that took none without saying why has the first tried for nothing.
                Ok(count) => cleared = cleared.get(count.max(1)..).unwrap_or_default(),
                Err(refusal) => {
                    let packet = first.packet();
                    let input = Input::NotSent { packet, unreachable: refusal.unreachable };
                    self.engine.handle(input, self.clock.now());
                    if let (Packet::Frame { interface, .. }, true) = (packet, refusal.link_down) {
                        lost = Some(interface);
                    }
                    cleared = rest;
                }
            }
        }
        if let Some(interface) = lost {
            let input = Input::LinkLost { interface, gone: false };
            self.engine.handle(input, self.clock.now());
        }
    }

    fn read_neighbours(&mut self) {
        if !self.engine.wants_neighbours() {
            return;
        }
        let now: Now = self.clock.now();
        let rows = match self.wire.neighbours() {
            Ok(rows) => rows,
            Err(error) => {
                tracing::debug!(%error, "neighbour table not read");
                return self.engine.handle(Input::NeighboursUnreadable, now);
            }
        };
        for row in rows {
            let input = Input::Neighbour { interface: &row.interface, ip: row.ip, mac: row.mac };
            self.engine.handle(input, now);
        }
        self.engine.handle(Input::NeighboursRead, now);
    }

    fn hang_up(&mut self) {
        while let Some(to) = self.engine.poll_hang_up() {
            self.wire.hang_up(to);
        }
    }

    async fn learn(&mut self) {
        while let Some(observation) = self.engine.poll_observation() {
            self.batches.add(observation, self.clock.now().wall).await;
        }
    }

    async fn wait(
        &mut self,
        wake: Wake,
        arrived: &mut Vec<Arrival>,
        ticker: &mut Interval,
        stop: &mut Receiver<()>,
    ) -> Event {
        let due = async move {
            match wake {
                // The runtime's timer counts whole milliseconds, and rounds up what is past too.
                Wake::AtOnce => tokio::task::yield_now().await,
                Wake::At(instant) => tokio::time::sleep_until(instant).await,
                Wake::WithRoom | Wake::ByArrival => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = stop.recv() => Event::Stopped,
            _ = self.looks.tick() => Event::Looked,
            _ = ticker.tick() => Event::Shown,
            _ = self.incoming.recv_many(arrived, GULP) => Event::Arrived,
            () = self.wire.room(), if wake == Wake::WithRoom => Event::Room,
            () = due => Event::Due,
        }
    }

    async fn end(mut self, interrupted: bool) -> Ended {
        self.learn().await;
        let progress = self.engine.progress();
        self.bar.clear();
        let now = self.clock.now();
        let settled = self.engine.checkpoint(true, now);
        self.engine.stop(now);
        let mut sent = self.engine.take_sent(ROWS);
        while sent.len() == ROWS {
            self.batches.account(sent, now.wall).await;
            sent = self.engine.take_sent(ROWS);
        }
        let account = Account { sent, ..self.engine.finish(now) };
        let coverage = account.coverage.clone();
        let outages = account.strays.outages;
        let (hosts, delivery) = self.batches.end(account, now.wall).await;
        match &delivery {
            Ok(_) if interrupted => self.keeper.keep(&settled),
            Ok(_) => self.keeper.clear(),
            // What was found may be lost: only what was kept on the way counts.
            Err(_) => {}
        }
        let ending = if interrupted {
            Ending::Interrupted
        } else if summary::nothing_asked(&coverage) {
            Ending::NothingAsked
        } else {
            Ending::Complete
        };
        let took = now.tick.since(daicho_common::time::Tick::ZERO);
        Ended { ending, hosts, progress, coverage, outages, took, delivery }
    }
}

/// When there is something to send again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wake {
    /// As soon as what came in meanwhile was handled.
    AtOnce,
    /// At this instant.
    At(Instant),
    /// When a connected socket is free again.
    WithRoom,
    /// Only if something comes in.
    ByArrival,
}
