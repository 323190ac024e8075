//! `cargo measure topology`: wirings laid from seeds, how much of them is found in the tables of
//! their switches, and how long a large network takes.

use std::time::Instant;

use anyhow::{Result, anyhow};
use daicho_collector::fingerprint::Rows;
use daicho_collector::ledger::Ledger;
use daicho_collector::picture;
use serde::Serialize;

use crate::sim::wiring::{Plan, Score, Wiring};

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
    hospitals: usize,
    switches: usize,
    stations: usize,
    observations: usize,
    /// Of deriving the whole picture.
    seconds: f64,
    score: Score,
}

impl Line {
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
            "{} hospitals from seed {}: {} switches, {} stations, {} observations, derived in {:.2} s",
            self.hospitals,
            self.first_seed,
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
        println!("VLANs                {}", score.vlans);
        println!("hubs                 {}", score.hubs);
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
    hospitals(FIGURE)?;
    large(LARGE)
}

/// The same of the hospitals that rules may be improved on, or of those from another seed on, of which
/// there are so many; of none, a large network.
///
/// # Errors
/// The same, or if the figure's own hospitals are asked for.
pub fn tune(from: Option<(u64, u64)>) -> Result<()> {
    match from {
        None => hospitals(TUNING),
        Some((from, 0)) if from != LARGE => large(from),
        Some((from, count)) if from > *FIGURE.end() && count > 0 => {
            hospitals(from..=from.saturating_add(count - 1))
        }
        Some(_) => Err(anyhow!("rules are not improved on hospitals of the figure")),
    }
}

fn hospitals(seeds: std::ops::RangeInclusive<u64>) -> Result<()> {
    let rows = Rows::builtin().map_err(|bad| anyhow!("{bad}"))?;
    let mut line = Line { measure: "topology", first_seed: *seeds.start(), ..Line::default() };
    for seed in seeds {
        line.take(&Wiring::lay(seed), &rows);
    }
    line.print()
}

fn large(seed: u64) -> Result<()> {
    let rows = Rows::builtin().map_err(|bad| anyhow!("{bad}"))?;
    let mut line = Line { measure: "topology large", first_seed: seed, ..Line::default() };
    line.take(&Wiring::lay_as(Plan::LARGE, seed), &rows);
    line.print()
}
