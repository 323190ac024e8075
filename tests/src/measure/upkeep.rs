//! `cargo measure upkeep`: a site of so many devices × 20 facts, read three times a week apart and older than
//! what is kept whole, moved from its file to a PostgreSQL server, folded there and in a file, and moved
//! back: seconds, processor time and memory of the built collector, which each time compares and tries all
//! that it does for real. What the server itself takes is not in it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::child::{self, Run};
use super::{ingest, ledger};
use crate::cluster::{self, Cluster};

/// Devices of the figure.
pub const DEVICES: usize = 10_000;
/// Scans.
const SCANS: u8 = 3;
/// Longest that one run may take.
const LIMIT: Duration = Duration::from_mins(20);

/// What a run came to.
#[derive(Clone, Debug, Serialize)]
struct Line {
    measure: &'static str,
    what: &'static str,
    devices: usize,
    seconds: f64,
    cpu: f64,
    mebibytes: u64,
}

/// Runs all, for so many devices.
///
/// # Errors
/// If there is no PostgreSQL, or a run fails.
#[expect(clippy::print_stdout, reason = "this is what the command prints")]
pub fn run(root: &Path, devices: usize) -> Result<()> {
    if let Some(why) = cluster::obstacle() {
        anyhow::bail!("PostgreSQL: {why}");
    }
    let program = ledger::collector(root)?;
    let cluster = Cluster::start()?;
    let url = cluster.database("upkeep")?;
    let folder = tempfile::tempdir()?;
    let site = folder.path().join("site.db");
    ingest::fill(&site, devices, SCANS)?;
    fs::copy(&site, folder.path().join("folded.db"))?;
    let keeps = "retention_days = 90\n";
    let configurations = [
        ("file.toml", format!("database = \"site.db\"\n{keeps}")),
        ("folded.toml", format!("database = \"folded.db\"\n{keeps}")),
        ("server.toml", format!("database = \"site.db\"\nstore = \"{url}\"\n{keeps}")),
    ];
    for (name, text) in configurations {
        fs::write(folder.path().join(name), text)?;
    }
    println!("{:<26} {:>9} {:>9} {:>9} {:>7}", "what", "devices", "seconds", "CPU s", "MiB");
    let mut lines = Vec::new();
    for (what, configuration, arguments) in [
        ("retain, file", "folded.toml", &["retain"][..]),
        ("migrate to the server", "file.toml", &["migrate", "--to", &url]),
        ("retain, server", "server.toml", &["retain"]),
        ("migrate back to a file", "server.toml", &["migrate", "--to", "back.db"]),
    ] {
        let mut command = Command::new(&program);
        command.current_dir(folder.path());
        command.args(arguments).args(["--config", configuration, "--lang", "en"]);
        let Run { time, cpu, memory, cut, .. } =
            child::run(&mut command, LIMIT).with_context(|| what.to_owned())?;
        ensure!(!cut, "{what} took longer than {LIMIT:?}");
        let (seconds, cpu) = (time.as_secs_f64(), cpu.as_secs_f64());
        let line = Line { measure: "upkeep", what, devices, seconds, cpu, mebibytes: memory >> 20 };
        println!("{what:<26} {devices:>9} {seconds:>9.2} {cpu:>9.2} {:>7}", line.mebibytes);
        lines.push(serde_json::to_string(&line)?);
    }
    println!("{}", lines.join("\n"));
    Ok(())
}
