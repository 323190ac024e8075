//! `cargo measure topology`: wirings laid from seeds, and how much of them is found in the tables of
//! their switches.

use std::time::Instant;

use anyhow::{Result, anyhow};
use daicho_collector::fingerprint::Rows;
use daicho_collector::ledger::Ledger;
use daicho_collector::picture;
use serde::Serialize;

use crate::sim::wiring::{Score, Wiring};

/// How many hospitals.
const SEEDS: u64 = 20;

/// A line for machines.
#[derive(Serialize)]
struct Line {
    measure: &'static str,
    seeds: u64,
    switches: usize,
    stations: usize,
    observations: usize,
    seconds: f64,
    score: Score,
}

/// Lays, reads and judges, and prints what came of it.
///
/// # Errors
/// If the shipped fingerprints cannot be read or a line cannot be written.
#[expect(clippy::print_stdout, reason = "this is what the command prints")]
pub fn run() -> Result<()> {
    let rows = Rows::builtin().map_err(|bad| anyhow!("{bad}"))?;
    let mut line = Line {
        measure: "topology",
        seeds: SEEDS,
        switches: 0,
        stations: 0,
        observations: 0,
        seconds: 0.0,
        score: Score::default(),
    };
    println!("seed  switches  stations  observations  seconds  links  places  hubs (found)");
    for seed in 1..=SEEDS {
        let wiring = Wiring::lay(seed);
        let seen = wiring.observations();
        let begun = Instant::now();
        let picture = picture::derive(&seen, &[], &Ledger::default(), &rows);
        let seconds = begun.elapsed().as_secs_f64();
        let score = wiring.judge(&picture);
        println!(
            "{seed:>4} {:>9} {:>9} {:>13} {seconds:>8.2} {:>6.3} {:>7.4} {:>5.3}",
            wiring.switches.len(),
            wiring.stations.len(),
            seen.len(),
            score.links.found(),
            score.places.found(),
            score.hubs.found(),
        );
        line.switches += wiring.switches.len();
        line.stations += wiring.stations.len();
        line.observations += seen.len();
        line.seconds += seconds;
        line.score.add(score);
    }
    let score = line.score;
    println!("          right     found  wrong    false");
    println!("links   {}", score.links);
    println!("places  {}   ({} told as far as the switch before)", score.places, score.partly);
    println!("VLANs   {}", score.vlans);
    println!("hubs    {}", score.hubs);
    println!("{}", serde_json::to_string(&line)?);
    Ok(())
}
