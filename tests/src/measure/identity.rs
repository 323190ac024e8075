//! `cargo measure identity`: the year of a hospital, resolved, against its truth.

use std::fmt::Write;
use std::time::Instant;

use anyhow::{Result, anyhow, bail, ensure};
use daicho_collector::decision::Standing;
use daicho_collector::evidence;
use daicho_collector::fingerprint::Rows;
use daicho_collector::resolve::{self, Device, Join, JoinReason};
use serde::Serialize;

use crate::sim::year::judge::{Case, Judged, Tally, judge};
use crate::sim::year::{Happening, Plan, Year};

/// The year of the figure. It may not be looked at to improve a rule; years below 100 are for that.
const FIGURE: Plan = Plan { seed: 101, devices: 5_000 };
/// How many of the worst cases are told.
const WORST: usize = 8;

/// A line for machines.
#[derive(Serialize)]
struct Line {
    measure: &'static str,
    seed: u64,
    devices: u64,
    observations: usize,
    resolved: usize,
    seconds: f64,
    precision: f64,
    recall: f64,
    tally: Tally,
}

/// Makes the year, resolves it and prints what came of it.
///
/// # Errors
/// If an argument cannot be understood or the shipped fingerprints cannot be read.
pub fn run(arguments: &[String]) -> Result<()> {
    let rows = Rows::builtin().map_err(|bad| anyhow!("{bad}"))?;
    let plan = plan(arguments)?;
    let year = Year::of(plan);
    let begun = Instant::now();
    let claims = evidence::weigh(&year.seen);
    let devices = resolve::resolve(&claims, &rows).devices;
    let seconds = begun.elapsed().as_secs_f64();
    let judged = judge(&year, &resolve::place(&claims, &Standing::default()));
    report(&judged, &year, &devices);
    let all = judged.all;
    let line = Line {
        measure: "identity",
        seed: plan.seed,
        devices: all.bodies,
        observations: year.seen.len(),
        resolved: devices.len(),
        seconds,
        precision: all.precision(),
        recall: all.recall(),
        tally: all,
    };
    print(&line)
}

fn plan(arguments: &[String]) -> Result<Plan> {
    let mut plan = FIGURE;
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--seed" => plan.seed = value.parse()?,
            [name, value] if name == "--devices" => plan.devices = value.parse()?,
            _ => bail!("write `cargo measure identity [--seed N] [--devices N]`"),
        }
    }
    ensure!((100..=200_000).contains(&plan.devices), "--devices is 100 to 200000");
    Ok(plan)
}

#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn print(line: &Line) -> Result<()> {
    println!(
        "{} devices, {} observations of {} weeks, {} devices resolved in {:.2} s",
        line.devices,
        line.observations,
        crate::sim::year::WEEKS,
        line.resolved,
        line.seconds
    );
    println!("{}", serde_json::to_string(line)?);
    Ok(())
}

fn row(name: &str, tally: &Tally) -> String {
    format!(
        "{name:<16} {:>7} {:>7} {:>9} {:>6} {:>6} {:>7} {:>9.5} {:>9.5} {:>9.5}",
        tally.bodies,
        tally.whole,
        tally.right,
        tally.wrong,
        tally.missed,
        tally.hidden,
        tally.precision(),
        tally.recall(),
        tally.recall_of_all(),
    )
}

fn word(happening: Happening) -> String {
    serde_json::to_value(happening)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn report(judged: &Judged, year: &Year, devices: &[Device]) {
    println!(
        "{:<16} {:>7} {:>7} {:>9} {:>6} {:>6} {:>7} {:>9} {:>9} {:>9}",
        "happening",
        "devices",
        "whole",
        "right",
        "wrong",
        "missed",
        "hidden",
        "precision",
        "recall",
        "of all"
    );
    for (happening, tally) in &judged.each {
        println!("{}", row(&word(*happening), tally));
    }
    println!("{}", row("all", &judged.all));
    if !judged.cases.is_empty() {
        println!("the worst cases:");
    }
    for case in judged.cases.iter().take(WORST) {
        println!("{}", told(case, year, devices));
    }
}

/// A case with the devices, their addresses, and why they are held to be one.
fn told(case: &Case, year: &Year, devices: &[Device]) -> String {
    let mut text = if case.merged {
        format!("  {} pairs put together that are not one:", case.pairs)
    } else {
        format!("  {} pairs not put together:", case.pairs)
    };
    for (body, happening) in case.bodies.iter().take(6) {
        let _ = write!(text, "\n    {} {body}", word(*happening));
        let of = year.identities.iter().filter(|identity| identity.body == *body);
        for identity in of.take(4) {
            let tokens: Vec<&str> = identity.tokens.iter().map(String::as_str).collect();
            let _ = write!(
                text,
                "\n      truly {} {} {}: {}",
                identity.network,
                identity.ip,
                identity.mac,
                tokens.join(", ")
            );
        }
    }
    let named = devices.iter().filter(|device| case.devices.contains(&device.id));
    for device in named.take(4) {
        let _ = write!(text, "\n    {}", device.id.0);
        let by_link = |join: &&Join| matches!(join.reason, JoinReason::MacHadAddress { .. });
        let (linked, told): (Vec<_>, Vec<_>) = device.joins.iter().partition(by_link);
        for join in told.iter().chain(&linked).take(8) {
            let _ = write!(text, "\n      {:?}", join.reason);
        }
    }
    text
}
