//! One host of the lab: a network namespace and, inside, namespaces for processes, mounts and the
//! name. Its first process is a shell that is told by a pipe what to start.
//!
//! When the pipe closes, because the lab goes down or because its process died however suddenly,
//! the shell ends, and with the first process of a process namespace the kernel ends all others
//! (pid_namespaces(7)). So no daemon outlives its lab, whatever it forked and whoever it became.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::hosts::{Daemon, Spec};
use super::ready::Ready;
use crate::netns::Namespace;

/// How long a daemon may take until it answers; avahi-daemon probes for its names for about a
/// second (RFC 6762 §8.1), everything else takes a fraction.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the processes of a host may take to end.
const FAREWELL: Duration = Duration::from_secs(10);
/// How often something is looked at again where nothing wakes us up.
const AGAIN: Duration = Duration::from_millis(20);

/// A host that was booted. Dropping it ends its processes, then removes its namespace.
#[derive(Debug)]
pub struct Host {
    spec: &'static Spec,
    directory: PathBuf,
    /// `unshare`, which ends when the host's first process has ended, and that when all have.
    process: Child,
    orders: Option<ChildStdin>,
    namespace: Namespace,
}

impl Host {
    /// Starts the host's shell in `namespace`, with `directory` for its files.
    pub(super) fn boot(
        spec: &'static Spec,
        namespace: Namespace,
        directory: &Path,
    ) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let log = File::create(directory.join("init.log"))?;
        let mut process = namespace
            .command("unshare")?
            .args(["--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "--"])
            .args(["sh", "-eu"])
            .env("D", directory)
            .env("LANG", "C.UTF-8")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("unshare (Debian package util-linux)")?;
        let orders = process.stdin.take();
        let mut host = Self { spec, directory: directory.to_owned(), process, orders, namespace };
        host.order(&format!("hostname {}", spec.name))?;
        // What the machine has in /run stays out of sight and out of reach.
        host.order("mount -t tmpfs -o mode=755 tmpfs /run")?;
        Ok(host)
    }

    /// What it is to be.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// Empties its neighbour table.
    pub(super) fn forget_neighbours(&self) -> Result<()> {
        self.namespace.ip(&["neigh", "flush", "all"]).map(drop)
    }

    /// Its network namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The id of the process whose end is the end of the host.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    fn order(&mut self, line: &str) -> Result<()> {
        let name = self.spec.name;
        let orders = self.orders.as_mut().with_context(|| format!("{name} was shut down"))?;
        writeln!(orders, "{line}").with_context(|| format!("{name}: {}", self.log("init")))
    }

    /// Starts the daemons one after the other, each when the one before has answered `asker`.
    pub(super) fn start_daemons(&mut self, asker: &Namespace) -> Result<()> {
        for daemon in self.spec.daemons {
            self.start(daemon)?;
            for ready in daemon.ready {
                self.wait(daemon, ready, asker)?;
            }
        }
        Ok(())
    }

    fn start(&mut self, daemon: &Daemon) -> Result<()> {
        for (path, content) in daemon.files {
            let path = self.directory.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&self.directory))?;
            let directory = self.directory.to_string_lossy();
            let content = content.replace("{dir}", &directory).replace("{name}", self.spec.name);
            fs::write(path, content)?;
        }
        for line in daemon.before {
            self.order(line)?;
        }
        let Daemon { name, run, .. } = daemon;
        // The end of a daemon is written down, so that nobody waits for one that is no more.
        self.order(&format!(
            "{{ end=0; {run} >\"$D/{name}.log\" 2>&1 || end=$?; \
             echo \"{name} with code $end\" >>\"$D/ended\"; }} &"
        ))
    }

    fn wait(&mut self, daemon: &Daemon, ready: &Ready, asker: &Namespace) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let (ip, directory) = (self.spec.ip, self.directory.clone());
        loop {
            let began = Instant::now();
            if asker.enter(|| ready.ask(ip, &directory))? {
                return Ok(());
            }
            let trouble = if let Some(end) = self.process.try_wait()? {
                format!("the host ended with {end}: {}", self.log("init"))
            } else if let Some(early) = self.ended_early() {
                early
            } else if Instant::now() > deadline {
                format!("no answer to {ready:?} in {} s", PATIENCE.as_secs())
            } else {
                // A question that was refused at once is asked again a little later.
                std::thread::sleep(AGAIN.saturating_sub(began.elapsed()));
                continue;
            };
            bail!("{} on {}: {trouble}\n{}", daemon.name, self.spec.name, self.log(daemon.name));
        }
    }

    /// The daemons that ended though nobody told them to, if any did.
    pub fn ended_early(&self) -> Option<String> {
        let ended = fs::read_to_string(self.directory.join("ended")).ok()?;
        Some(format!("{}: {}", self.spec.name, ended.trim().replace('\n', ", ")))
    }

    /// The end of a daemon's log.
    pub fn log(&self, daemon: &str) -> String {
        let log = fs::read(self.directory.join(format!("{daemon}.log"))).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
    }

    /// Ends every process of the host and waits until all have ended.
    ///
    /// # Errors
    /// If they had to be killed, or even that did not help.
    pub(super) fn shut_down(&mut self) -> Result<()> {
        drop(self.orders.take());
        let deadline = Instant::now() + FAREWELL;
        while self.process.try_wait()?.is_none() {
            if Instant::now() > deadline {
                self.process.kill()?;
                self.process.wait()?;
                bail!("{} did not end by itself", self.spec.name);
            }
            std::thread::sleep(AGAIN);
        }
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // After an orderly shut-down this finds the process ended; otherwise there is nobody left
        // to tell that it had to be killed.
        drop(self.shut_down());
    }
}
