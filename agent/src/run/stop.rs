//! The user's wish to stop: Ctrl-C, or SIGTERM from whoever runs the agent.

use std::io;

use daicho_common::complaint::Exit;
use tokio::sync::mpsc::Receiver;

/// Resolves when the user wants to stop; a second time it ends the process at once, which loses
/// nothing that was found before: an output file is whole or not there, and what is being delivered
/// is in the spool.
#[cfg(unix)]
pub(super) fn signals() -> io::Result<Receiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (tell, told) = tokio::sync::mpsc::channel(1);
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
pub(super) fn signals() -> io::Result<Receiver<()>> {
    let (tell, told) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if tell.try_send(()).is_err() {
                std::process::exit(Exit::Interrupted.code().into());
            }
        }
    });
    Ok(told)
}
