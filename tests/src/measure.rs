//! `cargo measure`: figures of speed, cost and completeness beside other programs, each in one run
//! on links that the measurement itself laid. A table for people, a line of JSON a row for
//! machines.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// `cargo measure accuracy`.
pub mod accuracy;
/// The reference for a sweep.
pub mod bare;
/// `cargo measure corpus`.
pub mod corpus;
/// A program measured from outside.
pub mod child;
/// `cargo measure derive`.
pub mod derive;
/// `cargo measure identity`.
pub mod identity;
/// `cargo measure ingest`.
pub mod ingest;
/// Right, wrong or not said.
pub mod judge;
/// `cargo measure ledger`.
pub mod ledger;
/// `cargo measure pages`.
pub mod pages;
/// The programs that we are measured beside.
pub mod peers;
/// A link full of hosts.
pub mod responder;
/// The namespaces.
pub mod rig;
/// Frames sent by a mapped ring.
pub mod ring;
/// What a run came to.
pub mod row;
/// `cargo measure snmp`.
pub mod snmp;
/// `cargo measure sweep`.
pub mod sweep;
/// `cargo measure topology`.
pub mod topology;
/// `cargo measure upkeep`.
pub mod upkeep;

/// Does what the arguments say, for the workspace at `root`.
///
/// # Errors
/// If there is no such measurement, something that it needs is missing, or a run fails.
pub fn run(root: &Path, arguments: &[String]) -> Result<()> {
    match arguments {
        [what, rest @ ..] if what == "accuracy" => accuracy::run(root, rest),
        [what] if what == "sweep" => sweep(root),
        [what, folder, rest @ ..] if what == "corpus" => corpus(root, Path::new(folder), rest),
        [what] if what == "ledger" => ledger(root, ledger::ROWS),
        [what, rows] if what == "ledger" => ledger(root, rows.parse()?),
        [what, rest @ ..] if what == "pages" => {
            build(root, "daicho-collector")?;
            pages::run(root, rest)
        }
        [what] if what == "snmp" => snmp(root),
        [what, rest @ ..] if what == "derive" => derive::run(rest),
        [what, rest @ ..] if what == "identity" => identity::run(rest),
        [what, rest @ ..] if what == "ingest" => ingest::run(rest),
        [what] if what == "upkeep" => upkeep(root, upkeep::DEVICES),
        [what, devices] if what == "upkeep" => upkeep(root, devices.parse()?),
        [what] if what == "topology" => topology::run(),
        [what, how] if what == "topology" && how == "tune" => topology::tune(None),
        [what, how, from, count] if what == "topology" && how == "tune" => {
            topology::tune(Some((from.parse()?, count.parse()?)))
        }
        _ => bail!(
            "write `cargo measure accuracy DIR`, `cargo measure derive [large | DEVICES]`, `cargo measure identity [--seed N] [--devices N]`, `cargo measure ingest [DEVICES]`, `cargo measure ledger [ROWS]`, `cargo measure pages [map | DEVICES [FOLDER]]`, `cargo measure sweep`, `cargo measure snmp`, `cargo measure topology [tune [SEED COUNT]]`, `cargo measure upkeep [DEVICES]` or `cargo measure corpus DIR [LINES] [--without-maker-rows]`"
        ),
    }
}

#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn corpus(root: &Path, folder: &Path, rest: &[String]) -> Result<()> {
    let (flags, lines): (Vec<&String>, Vec<&String>) =
        rest.iter().partition(|argument| argument.starts_with("--"));
    let knowledge = match flags.as_slice() {
        [] => corpus::Knowledge::Whole,
        [flag] if *flag == "--without-maker-rows" => corpus::Knowledge::WithoutMakers,
        _ => bail!("the only flag is --without-maker-rows"),
    };
    let report = corpus::run(root, folder, knowledge)?;
    print!("{}", report.text);
    if let Some(path) = lines.first() {
        std::fs::write(path, report.lines).with_context(|| (*path).clone())?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn sweep(root: &Path) -> Result<()> {
    ensure!(crate::netns::may(), "a sweep is measured in network namespaces, which need root");
    crate::netns::remove_stale()?;
    peers::install()?;
    build(root, "daicho-agent")?;
    let mut lines = Vec::new();
    println!("{}", row::heading());
    let mut tell = |row: &row::Row| {
        println!("{row}");
        lines.extend(serde_json::to_string(row));
    };
    let done = sweep::Sweep { root, tell: &mut tell }.run().context("sweep");
    println!("{}", lines.join("\n"));
    done
}

#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn ledger(root: &Path, rows: u32) -> Result<()> {
    build(root, "daicho-collector")?;
    let mut lines = Vec::new();
    let mut tell = |row: &ledger::Row| {
        println!("{row}");
        lines.extend(serde_json::to_string(row));
    };
    let done = ledger::run(root, rows, &mut tell).context("ledger");
    println!("{}", lines.join("\n"));
    done
}

fn upkeep(root: &Path, devices: usize) -> Result<()> {
    build(root, "daicho-collector")?;
    upkeep::run(root, devices)
}

/// Builds the program that is measured.
fn build(root: &Path, package: &str) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = ["build", "--release", "--package", package];
    let done = Command::new(cargo).args(build).current_dir(root).status()?;
    ensure!(done.success(), "{package} does not build");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn snmp(root: &Path) -> Result<()> {
    ensure!(crate::netns::may(), "SNMP is measured in network namespaces, which need root");
    crate::netns::remove_stale()?;
    snmp::peers::install()?;
    build(root, "daicho-agent")?;
    let mut lines = Vec::new();
    println!("{}", snmp::row::heading());
    let mut tell = |row: &snmp::row::Row| {
        println!("{row}");
        lines.extend(serde_json::to_string(row));
    };
    let done = snmp::Snmp { root, tell: &mut tell }.run().context("snmp");
    println!("{}", lines.join("\n"));
    done
}
