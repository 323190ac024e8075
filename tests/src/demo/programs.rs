//! The real programs: built, run, stopped.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

/// Time between looks whether a program has ended.
const TURN: Duration = Duration::from_millis(50);
/// Turns that a program gets to end by itself: 5 s.
const PATIENCE: u32 = 100;

/// Where the programs are.
#[derive(Debug)]
pub struct Programs {
    /// `daicho-agent`.
    pub agent: PathBuf,
    /// `daicho-collector`.
    pub collector: PathBuf,
}

impl Programs {
    /// Builds both, in the profile of this program, and finds them beside it.
    ///
    /// # Errors
    /// If they do not build; Cargo has said why.
    pub fn build() -> Result<Self> {
        let own = env::current_exe()?;
        let folder = own.parent().context("this program is in no folder")?;
        let mut cargo = crate::cargo::cargo();
        cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        // Of the whole workspace: their dependencies have the same features then as this program's.
        cargo.args(["build", "--workspace", "--bin", "daicho-agent", "--bin", "daicho-collector"]);
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        cargo.stdout(Stdio::null());
        ensure!(cargo.status()?.success(), "the programs do not build");
        let [agent, collector] = ["daicho-agent", "daicho-collector"].map(|name| folder.join(name));
        ensure!(agent.exists() && collector.exists(), "no programs in {}", folder.display());
        Ok(Self { agent, collector })
    }
}

/// What a program prints as JSON.
///
/// # Errors
/// If it fails or prints something else.
pub fn json(command: &mut Command) -> Result<Value> {
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{command:?} failed");
    serde_json::from_slice(&output.stdout).with_context(|| format!("{command:?} printed no JSON"))
}

/// The user or the system asked for the end.
#[derive(Debug)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Stopped {}

/// Takes the signals that end a program, so that nothing is left behind: they are looked for while a
/// program runs and between steps.
///
/// They are caught, not blocked: what is blocked stays so in the programs that are run, which then
/// could not be stopped.
#[derive(Debug)]
pub struct Signals {
    asked: Receiver<()>,
}

impl Signals {
    /// Takes them from now on.
    ///
    /// # Errors
    /// If the system has no descriptors or threads left.
    pub fn take() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let inside = runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        drop(inside);
        let (tell, asked) = channel();
        std::thread::Builder::new().spawn(move || {
            runtime.block_on(async move {
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                        _ = hang_up.recv() => {}
                    }
                    if tell.send(()).is_err() {
                        return;
                    }
                }
            });
        })?;
        Ok(Self { asked })
    }

    /// Whether nobody asked for the end.
    ///
    /// # Errors
    /// [`Stopped`] if somebody did.
    pub fn check(&self) -> Result<()> {
        self.wait(Duration::ZERO)
    }

    fn wait(&self, turn: Duration) -> Result<()> {
        match self.asked.recv_timeout(turn) {
            Ok(()) => Err(Stopped.into()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(()),
        }
    }

    /// Runs a program to its end. A signal ends it too.
    ///
    /// # Errors
    /// [`Stopped`] after a signal; otherwise if the program fails.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        self.run_within(command, Duration::MAX).map(|_ended| ())
    }

    /// Runs a program to its end, or asks it to end when it has run for `limit`. A signal ends it
    /// too. Whether it ended by itself.
    ///
    /// # Errors
    /// [`Stopped`] after a signal; otherwise if the program fails.
    pub fn run_within(&self, command: &mut Command, limit: Duration) -> Result<bool> {
        let mut child = command.spawn().with_context(|| format!("{command:?} cannot be run"))?;
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if begun.elapsed() > limit {
                self.end(&mut child)?;
                return Ok(false);
            }
            if let Err(stopped) = self.wait(TURN) {
                self.end(&mut child)?;
                return Err(stopped);
            }
        };
        self.check()?;
        ensure!(status.success(), "{status} ({command:?})");
        Ok(true)
    }

    /// Asks a program to end, waits until it has, and ends it if it does not or if the user asks
    /// again.
    fn end(&self, child: &mut Child) -> Result<()> {
        // From a terminal it got the signal too, and may be gone already.
        let process = i32::try_from(child.id()).map(Pid::from_raw)?;
        let _ = kill(process, Signal::SIGTERM);
        for _ in 0..PATIENCE {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            if self.wait(TURN).is_err() {
                break;
            }
        }
        child.kill()?;
        child.wait()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
