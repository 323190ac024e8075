//! `cargo measure topology`: wirings laid from seeds, how much of them is found in the tables of
//! their switches, and how long a large network takes.

use std::time::Instant;

use anyhow::{Result, anyhow};
use daicho_collector::fingerprint::Rows;
use daicho_collector::ledger::Ledger;
use daicho_collector::picture;
use serde::Serialize;

use crate::sim::wiring::{DAYS, Plan, Score, Wiring};

/// Hospitals for the figure. None of them may be looked at to improve a rule.
const FIGURE: std::ops::RangeInclusive<u64> = 101..=120;
/// Hospitals to improve rules on.
const TUNING: std::ops::RangeInclusive<u64> = 1..=10;
/// The large network.
const LARGE: u64 = 501;

/// A line for machines.
#[derive(Default, Serialize)]
struct Line {
    measure: &'static str,
    first_seed: u64,
    /// On how many days the tables were read.
    days: usize,
    hospitals: usize,
    switches: usize,
    stations: usize,
    observations: usize,
    /// Of deriving the whole picture.
    seconds: f64,
    score: Score,
}

impl Line {
    fn new(measure: &'static str, first_seed: u64, plan: Plan) -> Self {
        Self { measure, first_seed, days: plan.days, ..Self::default() }
    }

    /// Lays, reads and judges one more.
    fn take(&mut self, wiring: &Wiring, rows: &Rows) {
        let seen = wiring.observations();
        let begun = Instant::now();
        let picture = picture::of_scan(&seen, &[], &Ledger::default(), rows);
        self.seconds += begun.elapsed().as_secs_f64();
        self.score.add(wiring.judge(&picture));
        self.hospitals += 1;
        self.switches += wiring.switches.len();
        self.stations += wiring.stations.len();
        self.observations += seen.len();
    }

    #[expect(clippy::print_stdout, reason = "this is what the command prints")]
    fn print(&self) -> Result<()> {
        let score = &self.score;
        println!(
            "{} hospitals from seed {}, read on {} days: {} switches, {} stations, {} observations, \
             derived in {:.2} s",
            self.hospitals,
            self.first_seed,
            self.days,
            self.switches,
            self.stations,
            self.observations,
            self.seconds
        );
        println!("                      right     found  wrong    false");
        println!("links                {}", score.links);
        println!(
            "  held to be in doubt {:>5} so, {} not so",
            score.doubted.right, score.doubted.wrong
        );
        println!("places               {}   ({} more on the way)", score.places, score.partly);
        println!("  in some table      {}", score.shown);
        println!(
            "  in no table at all    {} of {}: the switch itself is named, its port is not known",
            score.named.right,
            score.named.right + score.named.wrong + score.named.missing
        );
        let known = score.places.right + score.named.right;
        let all = score.places.right + score.places.missing;
        println!("  at the port, or behind the switch of which no table tells: {known} of {all}");
        println!("VLANs                {}", score.vlans);
        println!("hubs                 {}", score.hubs);
        println!("  in some table      {}", score.hubs_shown);
        println!("  of {} with at least two awake at once", score.hubs.right + score.hubs.missing);
        println!(
            "  held to be possible {:>5} so, {} not so",
            score.hubs_possible.right, score.hubs_possible.wrong
        );
        for (what, count) in &score.misses {
            println!("{count:>7} {what}");
        }
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }
}

/// Lays, reads and judges, and prints what came of it.
///
/// # Errors
/// If the shipped fingerprints cannot be read or a line cannot be written.
pub fn run() -> Result<()> {
    hospitals(FIGURE, Plan::HOSPITAL)?;
    hospitals(FIGURE, Plan::HOSPITAL.read_on(1))?;
    large(LARGE)
}

/// The same of the hospitals that rules may be improved on, or of those from another seed on, of which
/// there are so many; of none, a large network.
///
/// # Errors
/// The same, or if the figure's own hospitals are asked for.
pub fn tune(from: Option<(u64, u64)>) -> Result<()> {
    match from {
        None => {
            hospitals(TUNING, Plan::HOSPITAL)?;
            hospitals(TUNING, Plan::HOSPITAL.read_on(1))
        }
        Some((from, 0)) if from != LARGE => large(from),
        Some((from, count)) if from > *FIGURE.end() && count > 0 => {
            hospitals(from..=from.saturating_add(count - 1), Plan::HOSPITAL)
        }
        Some(_) => Err(anyhow!("rules are not improved on hospitals of the figure")),
    }
}

fn hospitals(seeds: std::ops::RangeInclusive<u64>, plan: Plan) -> Result<()> {
    let rows = Rows::builtin().map_err(|bad| anyhow!("{bad}"))?;
    let mut line = Line::new("topology", *seeds.start(), plan);
    for seed in seeds {
        line.take(&Wiring::lay_as(plan, seed), &rows);
    }
    line.print()
}

fn large(seed: u64) -> Result<()> {
    let rows = Rows::builtin().map_err(|bad| anyhow!("{bad}"))?;
    for plan in [Plan::LARGE, Plan::LARGE.read_on(DAYS)] {
        let mut line = Line::new("topology large", seed, plan);
        line.take(&Wiring::lay_as(plan, seed), &rows);
        line.print()?;
    }
    Ok(())
}
