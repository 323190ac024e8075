//! `cargo measure derive`: devices × 20 facts against as many ledger rows, from nothing.
//!
//! Every size runs in a program of its own, so that its peak of memory is its own; the peak holds the
//! observations too, which the collector reads from its store. The slope is the exponent of the cost
//! between a size and the one before: 1 is linear.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use daicho_collector::book;
use daicho_collector::fingerprint::Rows;
use daicho_collector::ledger::Ledger;
use daicho_collector::picture::{Basis, Criteria, Live, Picture, Rulings};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use serde::{Deserialize, Serialize};

use super::child;

pub(super) mod seen;

/// The sizes of the figure.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// The size that is asked for by itself.
const LARGE: usize = 1_000_000;
/// Rows of a book.
const BOOK: usize = 500_000;
/// Longest that one size may take.
const LIMIT: Duration = Duration::from_mins(15);
/// What the command calls itself with.
const ONE: &str = "one";

/// What a size came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    measure: String,
    devices: usize,
    observations: usize,
    rows: usize,
    matches: usize,
    findings: usize,
    /// Of deriving the picture, less what came before.
    seconds: f64,
    /// Processor time of the same, in seconds: what it takes where nothing else runs.
    cpu: f64,
    /// Most resident memory, observations and ledger too.
    mebibytes: u64,
    /// Of it what was resident before the picture was derived.
    before: u64,
    /// Of the picture after a scan in which one device in a hundred changed.
    again_seconds: f64,
    /// Processor time of the same.
    again_cpu: f64,
}

/// Runs all sizes, or those that are named; of one size by itself only that.
///
/// # Errors
/// If an argument cannot be understood or a size fails.
pub fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => sizes(&SIZES),
        [how] if how == "large" => sizes(&[SIZES.as_slice(), &[LARGE]].concat()),
        [how, size] if how == ONE => one(size.parse()?),
        [size] => sizes(&[size.parse()?]),
        _ => bail!("write `cargo measure derive [large | DEVICES]`"),
    }
}

#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn sizes(sizes: &[usize]) -> Result<()> {
    println!(
        "{:>9} {:>13} {:>9} {:>9} {:>9} {:>9} {:>8} {:>7} {:>9} {:>9}",
        "devices",
        "observations",
        "findings",
        "seconds",
        "CPU s",
        "MiB",
        "before",
        "slope",
        "1 % s",
        "CPU s"
    );
    let mut before: Option<Line> = None;
    let mut lines = Vec::new();
    for size in sizes {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["derive", ONE, &size.to_string()]);
        let run = child::run(&mut command, LIMIT)?;
        ensure!(!run.cut, "{size} devices took longer than {} s", LIMIT.as_secs());
        let line: Line =
            serde_json::from_str(run.output.trim()).context("what one size came to")?;
        let slope = before.as_ref().map_or_else(String::new, |before| slope(before, &line));
        println!(
            "{:>9} {:>13} {:>9} {:>9.2} {:>9.2} {:>9} {:>8} {slope:>7} {:>9.2} {:>9.2}",
            line.devices,
            line.observations,
            line.findings,
            line.seconds,
            line.cpu,
            line.mebibytes,
            line.before,
            line.again_seconds,
            line.again_cpu
        );
        lines.push(run.output.trim().to_owned());
        before = Some(line);
    }
    println!("{}", lines.join("\n"));
    Ok(())
}

fn slope(before: &Line, line: &Line) -> String {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let times = (line.cpu / before.cpu.max(1e-9)).ln();
    format!("{:.2}", times / (number(line.devices) / number(before.devices)).ln())
}

/// One size.
#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn one(devices: usize) -> Result<()> {
    let fingerprints = Rows::builtin().map_err(|bad| anyhow!("{bad}"))?;
    let criteria = Criteria { fingerprints, rulings: Rulings::default() };
    let mut seen = seen::observations(devices);
    let ledger = ledger(devices)?;
    let before = resident("VmRSS:")?;
    let (begun, spent) = (Instant::now(), processor()?);
    let (mut kept, by) = (Live::default(), (&criteria.fingerprints, &criteria.rulings));
    let picture = kept.next(Picture::default(), &Basis::seen(&seen, &[], &ledger), by);
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), processor()? - spent);
    let (mebibytes, observations) = (resident("VmHWM:")?, seen.len());
    seen.extend(seen::changed(devices));
    let (begun, spent) = (Instant::now(), processor()?);
    let picture = kept.next(picture, &Basis::seen(&seen, &[], &ledger), by);
    let line = Line {
        measure: "derive".to_owned(),
        devices: picture.devices.len(),
        observations,
        rows: ledger.entries.len(),
        matches: picture.matches.len(),
        findings: picture.findings.len(),
        seconds,
        cpu,
        mebibytes,
        before,
        again_seconds: begun.elapsed().as_secs_f64(),
        again_cpu: processor()? - spent,
    };
    println!("{}", serde_json::to_string(&line)?);
    Ok(())
}

/// The ledger, in as many books as rows ask for: a file of more than a million is refused.
fn ledger(devices: usize) -> Result<Ledger> {
    let mut ledger = Ledger::default();
    for (number, from) in (1..).zip((0..devices).step_by(BOOK)) {
        let text = seen::ledger(from..devices.min(from + BOOK), devices);
        let read = book::read(&format!("書庫{number}.csv"), text.as_bytes());
        ledger.append(read.map_err(|complaint| anyhow!("{complaint:?}"))?);
    }
    Ok(ledger)
}

/// Processor time of this program in seconds, the system's for it too.
pub(super) fn processor() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let seconds = |time: TimeVal| {
        Ok::<_, anyhow::Error>(Duration::from_micros(u64::try_from(time.num_microseconds())?))
    };
    Ok((seconds(usage.user_time())? + seconds(usage.system_time())?).as_secs_f64())
}

/// Memory of this program in MiB (proc(5)).
pub(super) fn resident(which: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(which)).context("proc(5)")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes / 1024)
}
