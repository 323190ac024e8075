//! Network namespaces and the cables between them.
//!
//! Every interface and address is made inside a namespace that this room made; none is ever put
//! into the machine's own. A namespace goes away when its value is dropped. A process that was
//! killed leaves its namespaces behind: [`remove_stale`] finds them by the process id in their
//! names, and every name is made by [`name`].

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use nix::sched::{CloneFlags, setns, unshare};

/// A switch with VLANs.
pub mod switch;

/// Where iproute2 mounts the namespaces that have a name.
const MOUNTED: &str = "/run/netns";
/// What every namespace of ours is called first.
const OURS: &str = "daicho";

/// The name of a namespace of this process: `daicho-<process id>-<purpose>-<part>`.
pub fn name(purpose: &str, part: &str) -> String {
    format!("{OURS}-{}-{purpose}-{part}", std::process::id())
}

/// Whether this process may make network namespaces. Tries it in a thread that then ends.
pub fn may() -> bool {
    let tried = std::thread::spawn(|| unshare(CloneFlags::CLONE_NEWNET).is_ok()).join();
    tried.unwrap_or(false) && nix::unistd::geteuid().is_root() && find_ip().is_some()
}

fn find_ip() -> Option<PathBuf> {
    ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
}

/// Runs iproute2's `ip` with these arguments.
///
/// # Errors
/// If it is not installed or says no; what it said is in the error.
fn ip<S: AsRef<OsStr>>(arguments: &[S]) -> Result<String> {
    let program = find_ip().context("`ip` (Debian package iproute2) is not installed")?;
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said: Vec<_> = arguments.iter().map(|a| a.as_ref().to_string_lossy()).collect();
        bail!("ip {}: {}", said.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Removes the namespaces that a process of ours left behind when it was killed: those with a
/// [`name`] whose process no longer runs. Returns their names.
///
/// # Errors
/// If a namespace that is there cannot be removed.
pub fn remove_stale() -> Result<Vec<String>> {
    let mut removed = Vec::new();
    let Ok(entries) = std::fs::read_dir(MOUNTED) else { return Ok(removed) };
    for name in entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
        let Some(process) = owner(&name) else { continue };
        if !Path::new(&format!("/proc/{process}")).exists() {
            match ip(&["netns", "del", &name]) {
                Ok(_) => removed.push(name),
                // Another process that cleans up at the same time was quicker.
                Err(_) if !Path::new(MOUNTED).join(&name).exists() => {}
                Err(error) => return Err(error),
            }
        }
    }
    removed.sort();
    Ok(removed)
}

/// The process that made a namespace of this name, if it is one of ours.
fn owner(name: &str) -> Option<u32> {
    let (process, _) = name.strip_prefix(OURS)?.strip_prefix('-')?.split_once('-')?;
    process.parse().ok()
}

/// A network namespace with its loopback interface up; removed when dropped.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes a namespace. One of the same name is removed first.
    ///
    /// # Errors
    /// If this process may not ([`may`]) or `ip` is missing.
    pub fn create(name: String) -> Result<Self> {
        if Path::new(MOUNTED).join(&name).exists() {
            ip(&["netns", "del", &name])?;
        }
        ip(&["netns", "add", &name])?;
        let namespace = Self { name };
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `ip` inside, for example `&["addr", "add", "10.20.0.9/22", "dev", "eth0"]`.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn ip(&self, arguments: &[&str]) -> Result<String> {
        ip(&[&["-n", &self.name], arguments].concat())
    }

    /// A command that runs inside, to be given arguments and spawned.
    ///
    /// # Errors
    /// If `ip` is not installed.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut command = Command::new(find_ip().context("`ip` is not installed")?);
        command.args(["netns", "exec", &self.name]).arg(program);
        Ok(command)
    }

    /// Runs `work` in a thread of its own that lives inside; sockets that it opens stay inside
    /// wherever they are used later.
    ///
    /// # Errors
    /// If the namespace cannot be entered, or the work panicked.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let inside = File::open(Path::new(MOUNTED).join(&self.name))
            .with_context(|| format!("namespace {} is gone", self.name))?;
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || -> Result<T> {
                setns(inside, CloneFlags::CLONE_NEWNET).context("setns")?;
                Ok(work())
            });
            thread.join().unwrap_or_else(|_| bail!("the work in the namespace panicked"))
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; the next run removes what is left.
        drop(ip(&["netns", "del", &self.name]));
    }
}

/// One end of a cable: a namespace and the name that the interface gets there.
pub type Plug<'a> = (&'a Namespace, &'a str);

/// Lays a cable (a veth pair) between two namespaces and sets both ends up. Neither end is ever
/// outside a namespace.
///
/// # Errors
/// What `ip` said, for example that an interface of this name is there.
pub fn cable((one, here): Plug<'_>, (other, there): Plug<'_>) -> Result<()> {
    ensure!(here.len() < 16 && there.len() < 16, "an interface name has at most 15 octets");
    one.ip(&["link", "add", here, "type", "veth", "peer", "name", there, "netns", other.name()])?;
    one.ip(&["link", "set", here, "up"])?;
    other.ip(&["link", "set", there, "up"])?;
    Ok(())
}

#[cfg(test)]
mod tests;
