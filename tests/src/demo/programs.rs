//! The real programs: built, run, stopped.

use std::env;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use serde_json::Value;

/// Milliseconds between looks whether a program has ended.
const TURN: u16 = 50;

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
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        cargo.args([
            "build",
            "--quiet",
            "--package",
            "daicho-agent",
            "--package",
            "daicho-collector",
        ]);
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

/// Holds back the signals that end a program, so that nothing is left behind: they are looked for
/// while a program runs and between steps.
#[derive(Debug)]
pub struct Signals {
    queue: SignalFd,
}

impl Signals {
    /// Holds them from now on, in this thread and those that it starts.
    ///
    /// # Errors
    /// If the system has no descriptors left.
    pub fn hold() -> Result<Self> {
        let mut signals = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            signals.add(signal);
        }
        signals.thread_block()?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Self { queue: SignalFd::with_flags(&signals, flags)? })
    }

    /// Whether nobody asked for the end.
    ///
    /// # Errors
    /// [`Stopped`] if somebody did.
    pub fn check(&self) -> Result<()> {
        match self.queue.read_signal()? {
            Some(_) => Err(Stopped.into()),
            None => Ok(()),
        }
    }

    /// Runs a program to its end. A signal ends it too.
    ///
    /// # Errors
    /// [`Stopped`] after a signal; otherwise if the program fails.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        let mut child = command.spawn().with_context(|| format!("{command:?} cannot be run"))?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            let mut ready = [PollFd::new(self.queue.as_fd(), PollFlags::POLLIN)];
            poll(&mut ready, PollTimeout::from(TURN))?;
            if let Err(stopped) = self.check() {
                end(&mut child)?;
                return Err(stopped);
            }
        };
        self.check()?;
        ensure!(status.success(), "{} ({command:?})", status);
        Ok(())
    }
}

/// Asks a program to end and waits until it has.
fn end(child: &mut Child) -> Result<()> {
    // From a terminal it got the signal too, and may be gone already.
    let process = i32::try_from(child.id()).map(Pid::from_raw)?;
    let _ = kill(process, Signal::SIGTERM);
    child.wait()?;
    Ok(())
}
