//! `cargo measure accuracy DIR`: how well devices are identified, over the wire and with the programs
//! as a user runs them.
//!
//! `DIR/snmp` (or `DIR`) holds recordings of real SNMP agents, a list of their addresses and what is
//! known of each device. Every recording is served at its address in a network namespace;
//! `daicho-agent scan` asks them from another, over a router; `daicho-collector devices` prints what
//! it makes of the signed file; and that is judged. `DIR/banners.jsonl` holds single sentences of
//! devices, judged each for itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ipnet::Ipv4Net;
use serde_json::Value as Json;

use super::corpus::Knowledge;
use super::corpus::interview::COMMUNITY;
use super::judge::{FIELDS, Judge};
use super::snmp::responder::{Answer, Asked, Responder};
use super::snmp::rig;
use crate::demo::programs::{Programs, Signals};
use crate::netns::{may, remove_stale};
use crate::sim::answer::snmp::answer_objects;

mod banner;
mod fact;
mod place;
mod table;

use place::{Place, Shelf};
use table::Table;

/// Longest that the scan may take, and that the collector may.
const LIMIT: Duration = Duration::from_mins(5);
/// How it is used.
const USAGE: &str =
    "write `cargo measure accuracy DIR [--only snmp|banners] [--misses FIELD] [--lines FILE]`";

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    folder: PathBuf,
    /// Only this half.
    only: Option<String>,
    /// List what is not right in this field; that of a banner is written `banner.class`.
    misses: Option<String>,
    /// Where the collector's lines are written.
    lines: Option<PathBuf>,
}

impl Options {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "--only" => options.only = rest.next().cloned(),
                "--misses" => options.misses = rest.next().cloned(),
                "--lines" => options.lines = rest.next().map(PathBuf::from),
                folder if !folder.starts_with('-') && options.folder.as_os_str().is_empty() => {
                    options.folder = PathBuf::from(folder);
                }
                _ => bail!(USAGE),
            }
        }
        ensure!(!options.folder.as_os_str().is_empty(), USAGE);
        let halves = ["snmp", "banners"];
        ensure!(options.only.as_ref().is_none_or(|half| halves.contains(&half.as_str())), USAGE);
        if let Some(field) = &options.misses {
            let banner = field.starts_with("banner.");
            ensure!(
                banner || FIELDS.contains(&field.as_str()),
                "--misses takes one of {} or banner. and one of {}",
                FIELDS.join(", "),
                banner::FIELDS.join(", ")
            );
        }
        Ok(options)
    }

    fn wants(&self, half: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == half)
    }
}

/// Measures and prints, as the arguments after `accuracy` say, for the workspace at `root`.
///
/// # Errors
/// If the arguments make no sense, something is missing, or a program fails.
#[expect(clippy::print_stdout, reason = "this is what the command prints")]
#[expect(clippy::indexing_slicing, reason = "keys of an object that is made here")]
pub fn run(root: &Path, arguments: &[String]) -> Result<()> {
    let options = Options::read(arguments)?;
    let judge = Judge::new()?;
    let mut line = serde_json::json!({ "measure": "accuracy" });
    let banners = options.folder.join("banners.jsonl");
    if options.wants("snmp") {
        let (text, json) = wire(&options, &judge)?;
        println!("{text}");
        line["snmp"] = json;
    }
    if options.wants("banners") && banners.exists() {
        let misses = options.misses.as_deref();
        let all = banner::run(&banners, &Knowledge::Whole.fingerprints(root)?, &judge, misses)?;
        println!("{}", all.text());
        line["banners"] = all.json();
    } else if options.wants("banners") {
        println!("{} is not there: no banners", banners.display());
    }
    println!("{line}");
    Ok(())
}

impl Asked for Shelf {
    fn answer(&self, address: Ipv4Addr, octets: &[u8]) -> Option<Answer> {
        let held = self.agents.get(&address)?;
        let under = |community: &[u8]| held.get(community).map(Vec::as_slice);
        Some(Answer { octets: answer_objects(under, octets)?, under: false })
    }
}

/// What the run over the wire came to: the table, and the same for machines.
fn wire(options: &Options, judge: &Judge) -> Result<(String, Json)> {
    ensure!(may(), "accuracy is measured in network namespaces, which need root");
    let signals = Signals::take()?;
    remove_stale()?;
    let programs = Programs::build()?;
    let place = Place::find(&options.folder)?;
    let shelf = Arc::new(place.fill()?);
    signals.check()?;
    let scanned = scan(&place, &shelf, (&programs, &signals))?;
    if let Some(path) = &options.lines {
        fs::write(path, &scanned.lines).with_context(|| format!("{}", path.display()))?;
    }
    judged(&place, &shelf, (&scanned, judge, options.misses.as_deref()))
}

/// What came of the scan.
#[derive(Debug, Default)]
struct Scanned {
    /// The collector's lines, a device each.
    lines: String,
    /// Questions that arrived at the recordings, answers that left, and what was lost before.
    traffic: (u64, u64, u64),
    /// Whether the scan ended by itself.
    ended: bool,
    scan: Duration,
    collect: Duration,
}

/// Serves, scans, and lets the collector make devices of it.
fn scan(
    place: &Place,
    shelf: &Arc<Shelf>,
    (programs, signals): (&Programs, &Signals),
) -> Result<Scanned> {
    let own = tempfile::tempdir()?;
    let (file, printed) = (own.path().join("scan.daicho"), own.path().join("devices.jsonl"));
    let networks = place.networks()?;
    fs::write(own.path().join("agent.toml"), config(&networks))?;
    let held: Vec<Ipv4Net> = shelf.agents.keys().map(|ip| Ipv4Net::from(*ip)).collect();
    let (asker, far) = rig::lay(&networks, &Ipv4Net::aggregate(&held))?;
    let responder = Responder::start(&far, shelf)?;
    let begun = Instant::now();
    let mut agent = asker.command(&programs.agent)?;
    agent.arg("--state").arg(own.path().join("state"));
    agent.arg("--config").arg(own.path().join("agent.toml"));
    agent.args(["scan", "--all-declared", "-q", "--rate", "max", "--per-target", "1000", "-o"]);
    let ran = signals.run_within(agent.arg(&file), LIMIT);
    let scan = begun.elapsed();
    let count = responder.stop()?;
    let ended = ran.context("the scan")?;
    let begun = Instant::now();
    let mut collector = std::process::Command::new(&programs.collector);
    collector.arg("devices").arg(&file).arg("--jsonl").stdout(File::create(&printed)?);
    let collected = signals.run_within(&mut collector, LIMIT).context("the collector")?;
    ensure!(collected, "the collector takes longer than {LIMIT:?}");
    let printing = begun.elapsed();
    let (questions, answers) = count.asked();
    let traffic = (questions, answers, count.dropped());
    Ok(Scanned { lines: fs::read_to_string(&printed)?, traffic, ended, scan, collect: printing })
}

/// The configuration of an agent that may ask whatever it can.
fn config(networks: &[Ipv4Net]) -> String {
    let mut config = "[agent]\nname = \"measure\"\n".to_owned();
    for network in networks {
        // Writing to a string cannot fail.
        let _ = write!(
            config,
            "[[network]]\ncidr = \"{network}\"\npolicy = \"full\"\n[network.snmp]\ncommunities = [\"{COMMUNITY}\"]\n"
        );
    }
    config
}

#[expect(clippy::indexing_slicing, reason = "keys of an object that is made here")]
fn judged(
    place: &Place,
    shelf: &Shelf,
    (scanned, judge, misses): (&Scanned, &Judge, Option<&str>),
) -> Result<(String, Json)> {
    let lines: Vec<Json> =
        scanned.lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let mut by_address: HashMap<&str, &Json> = HashMap::new();
    for line in &lines {
        if let Some(ip) = line["ip"].as_str() {
            by_address.entry(ip).or_insert(line);
        }
    }
    let mut table = Table::default();
    let mut unfound = Vec::new();
    for truth in &place.truth {
        let ip = truth["ip"].as_str().context("a device of truth.json has no ip")?;
        let found = by_address.get(ip).copied();
        if found.is_none() {
            unfound.push(ip);
        }
        table.add(judge, (truth, found.unwrap_or(&Json::Null)), misses);
    }
    let served: HashSet<String> = shelf.agents.keys().map(Ipv4Addr::to_string).collect();
    let elsewhere: BTreeMap<&str, &Json> = by_address
        .iter()
        .filter(|(ip, _)| !served.contains(**ip))
        .map(|(ip, it)| (*ip, *it))
        .collect();
    let without = lines.iter().filter(|line| line["ip"].is_null()).count();
    let mut text = table.text();
    let Scanned { traffic: (asked, answered, dropped), ended, scan, collect, .. } = scanned;
    let (scan, collect) = (scan.as_secs_f64(), collect.as_secs_f64());
    writeln!(
        text,
        "scan {scan:.1} s, {asked} SNMP questions, {answered} answers, {dropped} lost before the recordings; devices made in {collect:.1} s"
    )?;
    if !ended {
        writeln!(text, "the scan was ended at its limit of {LIMIT:?}: the figures are too low")?;
    }
    writeln!(
        text,
        "{} lines of devices at other addresses and {without} without any: what the tables of those asked tell of others",
        elsewhere.len()
    )?;
    if !unfound.is_empty() {
        writeln!(text, "not found at their addresses: {}", unfound.join(" "))?;
    }
    if !shelf.missing.is_empty() {
        writeln!(text, "{} recordings are not there:", shelf.missing.len())?;
        shelf.missing.iter().try_for_each(|file| writeln!(text, "  {file}"))?;
    }
    let mut json = table.json();
    json["served"] = shelf.agents.len().into();
    json["missing"] = shelf.missing.len().into();
    json["elsewhere"] = elsewhere.len().into();
    json["questions"] = (*asked).into();
    json["dropped"] = (*dropped).into();
    json["scan_seconds"] = scan.into();
    json["devices_seconds"] = collect.into();
    json["ended"] = (*ended).into();
    Ok((text, json))
}

#[cfg(test)]
mod tests;
