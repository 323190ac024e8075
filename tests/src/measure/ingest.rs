//! `cargo measure ingest`: devices × 20 facts delivered to the store in batches of 5,000 devices, each a
//! commit of its own that is on the disk before the next; then the same once more, a week later, with
//! nothing changed. On a file, and on a PostgreSQL server beside it where one is installed.
//!
//! Every run is a program of its own. Its time is that of the store alone: making up the observations
//! is not counted, and what is resident of the program holds one batch of them. In the end everything is
//! read and a picture derived, as the collector does when it starts: the most that this took, and what
//! stays resident.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use daicho_collector::fingerprint::Rows;
use daicho_collector::picture::{Criteria, Live, Picture, Rulings};
use daicho_collector::store::{Appended, Ground, Place, Server, Store};
use daicho_common::batch::{AgentKey, Batch, Header, Opened};
use daicho_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::child;
use super::derive::{processor, resident, seen};
use crate::cluster::{self, Cluster};

/// Devices of the figure.
const DEVICES: usize = 100_000;
/// Devices of a batch.
const BATCH: usize = 5_000;
/// A week in microseconds.
const WEEK: i64 = 7 * 86_400 * 1_000_000;
/// Longest that one run may take.
const LIMIT: Duration = Duration::from_mins(15);
/// What the command calls itself with.
const ONE: &str = "one";

/// What a run came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    measure: String,
    engine: String,
    what: String,
    observations: usize,
    /// Of the store, from the first batch to the last commit.
    seconds: f64,
    /// Processor time of the whole program meanwhile, in seconds.
    cpu: f64,
    per_second: f64,
    /// Most resident memory.
    mebibytes: u64,
    /// Resident at the end.
    left: u64,
}

/// Runs all, or with a number so many devices.
///
/// # Errors
/// If an argument cannot be understood or a run fails.
pub fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => all(DEVICES),
        [how, what, at, devices] if how == ONE => one(what, at, devices.parse()?),
        [devices] => all(devices.parse()?),
        _ => bail!("write `cargo measure ingest [DEVICES]`"),
    }
}

#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn all(devices: usize) -> Result<()> {
    println!(
        "{:<11} {:<9} {:>13} {:>9} {:>9} {:>13} {:>7} {:>7}",
        "engine", "what", "observations", "seconds", "CPU s", "a second", "MiB", "left"
    );
    let folder = tempfile::tempdir()?;
    let mut lines = scans(&folder.path().join("daicho.db").display().to_string(), devices)?;
    if let Some(why) = cluster::obstacle() {
        println!("PostgreSQL: {why}");
    } else {
        let cluster = Cluster::start()?;
        lines.extend(scans(&cluster.database("measure")?, devices)?);
    }
    println!("{}", lines.join("\n"));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn scans(at: &str, devices: usize) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for what in ["first", "unchanged", "picture"] {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["ingest", ONE, what, at, &devices.to_string()]);
        let run = child::run(&mut command, LIMIT)?;
        ensure!(!run.cut, "{what} took longer than {} s", LIMIT.as_secs());
        let line: Line = serde_json::from_str(run.output.trim()).context("what a run came to")?;
        println!(
            "{:<11} {:<9} {:>13} {:>9.2} {:>9.2} {:>13.0} {:>7} {:>7}",
            line.engine,
            line.what,
            line.observations,
            line.seconds,
            line.cpu,
            line.per_second,
            line.mebibytes,
            line.left
        );
        lines.push(run.output.trim().to_owned());
    }
    Ok(lines)
}

/// Fills a file as so many scans do.
pub(super) fn fill(file: &Path, devices: usize, scans: u8) -> Result<()> {
    let store = Store::open(Place::from(file))?;
    (0..scans).try_for_each(|scan| deliver(&store, devices, scan).map(drop))
}

/// One run.
#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn one(what: &str, at: &str, devices: usize) -> Result<()> {
    let (place, engine) = if Server::is_named_by(at) {
        let server = Server::parse(at, None, None).map_err(|(_, why)| anyhow::anyhow!(why))?;
        (Place::on(server, "daicho.db".into()), "PostgreSQL")
    } else {
        (Place::from(Path::new(at)), "SQLite")
    };
    let store = Store::open(place)?;
    let mut held = None;
    let (observations, time, cpu) = match what {
        "first" => deliver(&store, devices, 0)?,
        "unchanged" => deliver(&store, devices, 1)?,
        _ => picture(&store, &mut held)?,
    };
    let seconds = time.as_secs_f64();
    let count = f64::from(u32::try_from(observations)?);
    let line = Line {
        measure: "ingest".to_owned(),
        engine: engine.to_owned(),
        what: what.to_owned(),
        observations,
        seconds,
        cpu,
        per_second: count / seconds.max(1e-9),
        mebibytes: resident("VmHWM:")?,
        left: resident("VmRSS:")?,
    };
    println!("{}", serde_json::to_string(&line)?);
    drop(held);
    Ok(())
}

fn deliver(store: &Store, devices: usize, scan: u8) -> Result<(usize, Duration, f64)> {
    let (mut observations, mut time, mut cpu) = (0, Duration::ZERO, 0.0);
    for (start, sequence) in (0..devices).step_by(BATCH).zip(1_u32..) {
        let some = start..devices.min(start + BATCH);
        let batch = batch(scan, sequence, seen::some(some, i64::from(scan) * WEEK));
        observations += batch.batch.observations.len();
        let (begun, spent) = (Instant::now(), processor()?);
        let received = Timestamp::from_micros(1_700_000_000_000_000);
        let done = store.append(vec![batch], received)?;
        time += begun.elapsed();
        cpu += processor()? - spent;
        ensure!(matches!(done[..], [Appended::New { .. }]), "a batch was known");
    }
    Ok((observations, time, cpu))
}

fn batch(
    scan: u8,
    sequence: u32,
    observations: Vec<daicho_common::observation::Observation>,
) -> Opened {
    let header = Header {
        agent: "agent-1".into(),
        scan: format!("scan-{scan}"),
        sequence,
        last: false,
        from: Timestamp::from_micros(1_700_000_000_000_000),
        to: Timestamp::from_micros(1_700_000_000_000_001),
        software: "measure".into(),
    };
    let [a, b, c, d] = sequence.to_be_bytes();
    let mut digest = [scan; 32];
    digest[..4].copy_from_slice(&[a, b, c, d]);
    let batch = Batch { header, coverage: vec![], sent: vec![], observations };
    Opened { batch, key: AgentKey::new([1; 32]), digest, mark: None }
}

/// What a collector holds while it serves.
type Held = Option<(Ground, Live, Picture)>;

/// Reading everything and deriving a picture, as the collector does when it starts.
fn picture(store: &Store, held: &mut Held) -> Result<(usize, Duration, f64)> {
    let fingerprints = Rows::builtin().map_err(|bad| anyhow::anyhow!("{bad}"))?;
    let criteria = Criteria { fingerprints, rulings: Rulings::default() };
    let (begun, spent) = (Instant::now(), processor()?);
    let ground = store.ground()?;
    let now = Timestamp::from_micros(1_701_000_000_000_000);
    let by = (&criteria.fingerprints, &criteria.rulings);
    let mut live = Live::default();
    let picture = live.next(Picture::default(), &ground.basis(now), by);
    ensure!(!picture.devices.is_empty(), "there are devices");
    let count = ground.observations.len();
    *held = Some((ground, live, picture));
    Ok((count, begun.elapsed(), processor()? - spent))
}
