//! The user's wish to stop: Ctrl-C, SIGTERM from whoever runs the agent, or a file that appears.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use daicho_common::complaint::Exit;
use tokio::sync::mpsc::{Receiver, Sender};

/// How often it is looked whether the file that stops the scan is there.
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

/// Resolves when the user wants to stop; a second time it ends the process at once, which loses
/// nothing that was found before: an output file is whole or not there, and what is being delivered
/// is in the spool.
#[cfg(unix)]
pub(super) fn wishes(file: Option<PathBuf>) -> io::Result<Receiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (tell, told) = tokio::sync::mpsc::channel(1);
    if let Some(file) = file {
        watch(file, tell.clone());
    }
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
pub(super) fn wishes(file: Option<PathBuf>) -> io::Result<Receiver<()>> {
    let (tell, told) = tokio::sync::mpsc::channel(1);
    if let Some(file) = file {
        watch(file, tell.clone());
    }
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if tell.try_send(()).is_err() {
                std::process::exit(Exit::Interrupted.code().into());
            }
        }
    });
    Ok(told)
}
