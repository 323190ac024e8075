//! A listening session: frames of a capture, or of live interfaces, go to the listener; what it
//! tells goes into batches where they are wanted, and to stdout. When a batch leaves is for the
//! pace to say.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::observation::Observation;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::Instant;

use super::batches::Batches;
use super::{no_runtime, runtime, stop};
use crate::capture::{Damage, Frame, Frames};
use crate::engine::Account;
use crate::export::Export;
use crate::listen::{Counts, Listener, Place};
use crate::net::clock::Clock;
use crate::net::ear::{self, Heard};
use crate::net::privilege;

/// When what was heard leaves.
mod pace;

use pace::Pace;

/// Most frames that wait to be read further; what goes beyond waits in the kernel, and is lost there
/// like on any network.
const WAITING: usize = 4096;
/// Most frames read before the clock is looked at again.
const GULP: usize = 256;

/// Where observations go.
pub struct Destinations {
    /// Batches, if any are wanted.
    pub export: Option<Export>,
    /// Whether JSON lines go to stdout.
    pub lines: bool,
}

/// A session that is over.
#[derive(Debug)]
pub struct Ended {
    /// What became of the frames.
    pub counts: Counts,
    /// Whether the user stopped it.
    pub interrupted: bool,
    /// Why a capture was not read to its end.
    pub damage: Option<Damage>,
    /// The file that was written, if one was; or why the result did not arrive.
    pub delivery: Result<Option<PathBuf>, Complaint>,
}

/// Where frames come from.
pub enum Source {
    /// A capture file, and the place that it stands for.
    Capture(PathBuf, Place),
    /// Live interfaces, until the user stops or the time is over.
    Live(Vec<Place>, Option<Duration>),
}

/// Listens.
///
/// # Errors
/// If a file or an interface cannot be opened, the result could not be written by this user without
/// privileges, or the system gives no runtime.
pub fn listen(agent: &str, source: Source, to: Destinations) -> Result<Ended, Complaint> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let clock = Clock::start();
        let open = Open::from(source, clock)?;
        privilege::drop_all();
        privilege::tell_holders();
        to.export.as_ref().map_or(Ok(()), Export::check)?;
        let mut session = Session {
            clock,
            listener: Listener::new(agent),
            pace: Pace::default(),
            batches: to
                .export
                .map(|export| Batches::begin_unlisted(agent, clock.now().wall, export)),
            lines: to.lines.then(|| BufWriter::new(io::stdout())),
        };
        match open {
            Open::Capture(path, file, place) => {
                let damage = session.read(&path, file, &place).await?;
                Ok(session.end(false, damage).await)
            }
            Open::Live(incoming, places, limit) => {
                let interrupted = session.hear(incoming, &places, limit).await?;
                Ok(session.end(interrupted, None).await)
            }
        }
    })
}

/// A source that was opened: reading it needs no privilege any more.
enum Open {
    Capture(PathBuf, File, Place),
    Live(Receiver<Heard>, Vec<Place>, Option<Duration>),
}

impl Open {
    fn from(source: Source, clock: Clock) -> Result<Self, Complaint> {
        match source {
            Source::Capture(path, place) => {
                let file =
                    File::open(&path).map_err(|error| unreadable(&path, &error.to_string()))?;
                Ok(Self::Capture(path, file, place))
            }
            Source::Live(places, limit) => {
                let (sender, incoming) = mpsc::channel(WAITING);
                for place in &places {
                    ear::open(&place.interface, clock, sender.clone())
                        .map_err(|error| deaf(&place.interface, &error))?;
                }
                Ok(Self::Live(incoming, places, limit))
            }
        }
    }
}

struct Session {
    clock: Clock,
    listener: Listener,
    pace: Pace,
    batches: Option<Batches>,
    lines: Option<BufWriter<io::Stdout>>,
}

impl Session {
    /// Reads a capture to its end or its damage.
    async fn read(
        &mut self,
        path: &Path,
        file: File,
        place: &Place,
    ) -> Result<Option<Damage>, Complaint> {
        let frames = Frames::new(BufReader::new(file))
            .map_err(|damage| unreadable(path, &damage.to_string()))?;
        for frame in frames {
            match frame {
                Ok(frame) => self.take(place, &frame).await?,
                Err(damage) => return Ok(Some(damage)),
            }
            if self.failed() {
                break;
            }
        }
        Ok(None)
    }

    /// Hears interfaces. Returns whether the user stopped it.
    async fn hear(
        &mut self,
        mut incoming: Receiver<Heard>,
        places: &[Place],
        limit: Option<Duration>,
    ) -> Result<bool, Complaint> {
        let mut stop = stop::wishes(stop::Stops::default()).map_err(|error| no_runtime(&error))?;
        let end = limit.and_then(|limit| {
            Instant::from_std(self.clock.instant(self.clock.now().tick)).checked_add(limit)
        });
        tracing::info!("listening begins");
        let mut heard = Vec::with_capacity(GULP);
        loop {
            tokio::select! {
                biased;
                _ = stop.recv() => return Ok(true),
                () = until(end) => return Ok(false),
                () = until(self.pace.due().map(|due| self.clock.instant(due).into())) => {
                    self.flush().await;
                }
                count = incoming.recv_many(&mut heard, GULP) => {
                    if count == 0 {
                        return Err(silent());
                    }
                    self.take_all(places, &mut heard).await?;
                }
            }
            if self.failed() {
                return Ok(false);
            }
        }
    }

    /// Whether the result can no longer be brought where it belongs.
    fn failed(&self) -> bool {
        self.batches.as_ref().is_some_and(Batches::failed)
    }

    async fn take_all(
        &mut self,
        places: &[Place],
        heard: &mut Vec<Heard>,
    ) -> Result<(), Complaint> {
        for Heard { interface, frame } in heard.drain(..) {
            if let Some(place) = places.iter().find(|place| *place.interface == *interface) {
                self.take(place, &frame).await?;
            }
        }
        match &mut self.lines {
            Some(lines) => closed(lines.flush()),
            None => Ok(()),
        }
    }

    async fn take(&mut self, place: &Place, frame: &Frame) -> Result<(), Complaint> {
        let known = self.listener.speakers();
        let told = self.listener.hear(place, frame);
        if told.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        self.pace.news(now.tick, self.listener.speakers() > known);
        for observation in told {
            self.print(&observation)?;
            if let Some(batches) = &mut self.batches {
                batches.add(observation, now.wall).await;
            }
        }
        Ok(())
    }

    fn print(&mut self, observation: &Observation) -> Result<(), Complaint> {
        let Some(lines) = &mut self.lines else { return Ok(()) };
        let written = serde_json::to_writer(&mut *lines, observation).map_err(io::Error::from);
        closed(written.and_then(|()| lines.write_all(b"\n")))
    }

    async fn flush(&mut self) {
        let now = self.clock.now();
        self.pace.left(now.tick);
        if let Some(batches) = &mut self.batches {
            batches.flush(now.wall).await;
        }
    }

    async fn end(mut self, interrupted: bool, damage: Option<Damage>) -> Ended {
        let printed = self.lines.as_mut().map_or(Ok(()), |lines| closed(lines.flush()));
        let counts = self.listener.counts();
        let delivery = match self.batches {
            Some(batches) => batches.end(Account::default(), self.clock.now().wall).await.1,
            None => Ok(None),
        };
        Ended { counts, interrupted, damage, delivery: printed.and(delivery) }
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

fn closed(written: io::Result<()>) -> Result<(), Complaint> {
    written.map_err(|error| {
        Complaint::new(
            Exit::Other,
            format!("標準出力に書けません（{error}）。出力先を確かめてください"),
            format!("stdout cannot be written ({error}); check where it goes"),
        )
    })
}

fn unreadable(path: &Path, why: &str) -> Complaint {
    let shown = path.display();
    Complaint::new(
        Exit::Input,
        format!(
            "キャプチャ {shown} が読めません（{why}）。パスと形式（pcap か pcapng）を確かめてください"
        ),
        format!(
            "the capture {shown} cannot be read ({why}); check the path and the format (pcap or pcapng)"
        ),
    )
}

fn deaf(interface: &str, error: &io::Error) -> Complaint {
    let kind = error.kind();
    let (exit, ja, en) = if kind == io::ErrorKind::PermissionDenied {
        (
            Exit::Privilege,
            "root か CAP_NET_RAW で実行してください",
            "run it as root or with CAP_NET_RAW",
        )
    } else if kind == io::ErrorKind::Unsupported {
        (Exit::Network, "このシステムでは --pcap を使ってください", "use --pcap on this system")
    } else {
        (Exit::Network, "名前を確かめてください（`ip link`）", "check its name (`ip link`)")
    };
    Complaint::new(
        exit,
        format!("インターフェース {interface} を聴けません（{error}）。{ja}"),
        format!("the interface {interface} cannot be heard ({error}); {en}"),
    )
}

fn silent() -> Complaint {
    Complaint::new(
        Exit::Network,
        "どのインターフェースも読めなくなりました。インターフェースが残っているか確かめて、聴き直してください",
        "no interface can be read any more; check that they are still there, and listen again",
    )
}
