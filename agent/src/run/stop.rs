//! The user's wish to stop: Ctrl-C, SIGTERM from whoever runs the agent, a file that appears, or the
//! collector that the result goes to.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use daicho_common::complaint::Exit;
use tokio::sync::mpsc::{Receiver, Sender};

use crate::export::Collector;
use crate::net::privilege;

/// How often it is looked whether the file that stops the scan is there, and the collector asked.
const LOOK: Duration = Duration::from_millis(250);

/// Tells of the wish to stop as soon as this file is there.
fn watch(file: PathBuf, tell: Sender<()>) {
    // It may be there already: then not one packet is to leave.
    if file.exists() {
        let _ = tell.try_send(());
        return;
    }
    tokio::spawn(async move {
        let mut ticker = tokio::time::interval(LOOK);
        while !file.exists() {
            ticker.tick().await;
        }
        tracing::info!(file = %file.display(), "stopped by its file");
        let _ = tell.try_send(());
    });
}

/// By what a scan can be stopped beside signals.
#[derive(Clone, Debug, Default)]
pub struct Stops {
    /// When this file appears.
    pub file: Option<PathBuf>,
    /// When this collector says so to the agent of this name.
    pub collector: Option<(Collector, String)>,
    /// When standard input closes.
    pub input: bool,
    /// After this long.
    pub span: Option<Duration>,
}

impl Stops {
    fn watch(self, tell: &Sender<()>) {
        if let Some(file) = self.file {
            watch(file, tell.clone());
        }
        if let Some((collector, agent)) = self.collector {
            tokio::spawn(ask(collector, agent, tell.clone()));
        }
        if self.input {
            let tell = tell.clone();
            // A thread, because reading from a terminal or a pipe cannot be given up.
            std::thread::spawn(move || {
                // It is begun while the sockets are not open yet, by a thread that may open them.
                privilege::drop_all();
                let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
                let _ = tell.try_send(());
            });
        }
        if let Some(span) = self.span {
            let tell = tell.clone();
            tokio::spawn(async move {
                tokio::time::sleep(span).await;
                let _ = tell.try_send(());
            });
        }
    }
}

/// Asks the collector time and again, and tells when somebody there has wanted to stop since the
/// first answer. One that does not answer stops nothing.
async fn ask(collector: Collector, agent: String, tell: Sender<()>) {
    let mut ticker = tokio::time::interval(LOOK);
    ticker.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut before = None;
    while !tell.is_closed() {
        ticker.tick().await;
        let (collector, agent) = (collector.clone(), agent.clone());
        let asked = tokio::task::spawn_blocking(move || collector.stops(&agent)).await;
        let Ok(Some(stops)) = asked else { continue };
        if stops > *before.get_or_insert(stops) {
            tracing::info!("stopped by the collector");
            let _ = tell.try_send(());
            return;
        }
    }
}

/// Resolves when the user wants to stop; a second time it ends the process at once, which loses
/// nothing that was found before: an output file is whole or not there, and what is being delivered
/// is in the spool.
#[cfg(unix)]
pub(super) fn wishes(stops: Stops) -> io::Result<Receiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (tell, told) = tokio::sync::mpsc::channel(1);
    stops.watch(&tell);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if tell.try_send(()).is_err() {
                std::process::exit(Exit::Interrupted.code().into());
            }
        }
    });
    Ok(told)
}

/// Resolves when the user wants to stop.
#[cfg(not(unix))]
pub(super) fn wishes(stops: Stops) -> io::Result<Receiver<()>> {
    let (tell, told) = tokio::sync::mpsc::channel(1);
    stops.watch(&tell);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if tell.try_send(()).is_err() {
                std::process::exit(Exit::Interrupted.code().into());
            }
        }
    });
    Ok(told)
}
