//! A PostgreSQL server of the caller's own: its data in a temporary folder, reached by a socket in the
//! same folder and by no port, or by TLS on a port of loopback; ended with the value.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use tempfile::TempDir;

/// Between two looks at a server that starts.
const GLANCE: Duration = Duration::from_millis(50);
/// Looks before it is given up: 30 seconds.
const LOOKS: usize = 600;

/// A server.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    server: Option<Child>,
    /// Where it listens for TLS, if it does.
    port: Option<u16>,
}

/// Why there can be no server here; `None` if there can.
pub fn obstacle() -> Option<String> {
    if programs().is_none() {
        return Some("the package postgresql is not installed".to_owned());
    }
    (geteuid().is_root() && user().is_none()).then(|| "there is no user postgres".to_owned())
}

/// Where Debian keeps the programs of the newest version.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

fn user() -> Option<User> {
    User::from_name("postgres").ok().flatten()
}

/// A program of the server, as the user that it may run as: it refuses to be root.
fn program(programs: &Path, name: &str) -> Command {
    let mut command = Command::new(programs.join(name));
    if let Some(user) = user().filter(|_| geteuid().is_root()) {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

impl Cluster {
    /// Makes one and starts it. Its superuser is called `daicho`.
    ///
    /// # Errors
    /// If a program of the server fails; what it says is on the terminal.
    pub fn start() -> Result<Self> {
        let mut cluster = Self::made()?;
        cluster.up()?;
        Ok(cluster)
    }

    /// The same, on a port of loopback where it takes nothing but TLS, with this certificate and its
    /// key (PEM).
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn over_tls(certificate: &str, key: &str) -> Result<Self> {
        let mut cluster = Self::made()?;
        let data = cluster.folder.path().join("data");
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let file = data.join(name);
            std::fs::write(&file, text)?;
            std::fs::set_permissions(&file, Permissions::from_mode(0o600))?;
            if let Some(user) = user().filter(|_| geteuid().is_root()) {
                chown(&file, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
            }
        }
        let rules = data.join("pg_hba.conf");
        let text = std::fs::read_to_string(&rules)?.replace("\nhost ", "\nhostssl ");
        std::fs::write(&rules, text)?;
        // It was free a moment ago.
        cluster.port = Some(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
        cluster.up()?;
        Ok(cluster)
    }

    fn made() -> Result<Self> {
        let programs = programs().context("the package postgresql is not installed")?;
        let folder = tempfile::tempdir()?;
        if let Some(user) = user().filter(|_| geteuid().is_root()) {
            chown(folder.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        let mut made = program(&programs, "initdb");
        made.arg("-D").arg(folder.path().join("data"));
        made.args(["-U", "daicho", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "-N"]);
        ensure!(made.status()?.success(), "initdb failed");
        Ok(Self { folder, programs, server: None, port: None })
    }

    /// A program that speaks to the server, or is it.
    fn program(&self, name: &str) -> Command {
        let mut command = program(&self.programs, name);
        if let Some(port) = self.port {
            command.env("PGPORT", port.to_string());
        }
        command
    }

    /// Starts the server again, after [`Self::down`].
    ///
    /// # Errors
    /// If it does not start within 30 seconds.
    pub fn up(&mut self) -> Result<()> {
        let mut server = self.program("postgres");
        server.arg("-D").arg(self.folder.path().join("data"));
        server.arg("-k").arg(self.folder.path()).arg("-F");
        match self.port {
            Some(_) => server.args(["-h", "127.0.0.1", "-c", "ssl=on"]),
            None => server.args(["-h", ""]),
        };
        self.server = Some(server.stderr(Stdio::null()).spawn()?);
        for _ in 0..LOOKS {
            let mut ready = self.program("pg_isready");
            ready.arg("-q").arg("-h").arg(self.folder.path());
            if ready.status()?.success() {
                return Ok(());
            }
            std::thread::sleep(GLANCE);
        }
        bail!("the server did not start")
    }

    /// Ends the server at once: whoever is connected is cut off.
    ///
    /// # Errors
    /// If it cannot be told.
    pub fn down(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        kill(Pid::from_raw(i32::try_from(server.id())?), Signal::SIGINT)?;
        server.wait()?;
        Ok(())
    }

    /// The URL of an empty database, which this makes.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn database(&self, name: &str) -> Result<String> {
        let mut made = self.program("createdb");
        made.args(["-U", "daicho", "-h"]).arg(self.folder.path()).arg(name);
        ensure!(made.status()?.success(), "createdb failed");
        Ok(self.url(name))
    }

    /// The URL of a database.
    pub fn url(&self, name: &str) -> String {
        match self.port {
            Some(port) => format!("postgres://daicho@localhost:{port}/{name}?sslmode=verify-full"),
            None => format!("postgres://daicho@/{name}?host={}", self.folder.path().display()),
        }
    }

    /// What a statement gives, as lines of fields divided by `|`.
    ///
    /// # Errors
    /// If it fails; what the server says is on the terminal.
    pub fn query(&self, database: &str, text: &str) -> Result<String> {
        let mut psql = self.program("psql");
        psql.args(["-X", "-A", "-t", "-U", "daicho", "-d", database, "-c", text, "-h"]);
        let output = psql.arg(self.folder.path()).stdout(Stdio::piped()).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Who drops it cannot be told any more.
        let _ = self.down();
    }
}
