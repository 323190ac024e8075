//! Captures through the listener, beside tshark: nothing panics, and for LLDP, CDP, DHCP, ARP and
//! spanning tree the fields are equal, frame by frame.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::Context;
use daicho_agent::capture::{Frame, Frames};
use daicho_agent::listen::{Listener, Place};

/// Frames built by our own encoders.
mod made;
mod ours;
mod tshark;

use tshark::{PROTOCOLS, Protocol, Row};

/// Protocols that may stand around one that is compared; behind any other it is inside a tunnel or
/// quoted in an error, and not a device's own word on this link.
const AROUND: [&str; 12] =
    ["frame", "eth", "ethertype", "vlan", "llc", "sll", "raw", "null", "ip", "ipv6", "udp", "pvst"];

/// How one protocol compares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tally {
    frames: u64,
    fields: u64,
    equal: u64,
    inside: u64,
    broken: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    captures: u64,
    frames: u64,
    facts: u64,
    malformed: u64,
    /// Captures that only we read.
    alone: u64,
    panics: Vec<String>,
    tallies: BTreeMap<&'static str, Tally>,
    disagreements: Vec<String>,
}

impl Report {
    /// Whether nothing panicked and every field is equal.
    pub fn is_clean(&self) -> bool {
        self.panics.is_empty() && self.disagreements.is_empty()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { captures, frames, facts, malformed, alone, .. } = self;
        writeln!(
            f,
            "{captures} captures ({alone} not read by tshark), {frames} frames, {facts} facts, {malformed} malformed"
        )?;
        for (name, tally) in &self.tallies {
            let Tally { frames, fields, equal, inside, broken } = tally;
            writeln!(
                f,
                "{name:5} {frames:6} frames, {equal} of {fields} fields equal; {inside} in tunnels, {broken} refused by both"
            )?;
        }
        for line in self.panics.iter().chain(&self.disagreements) {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

/// Reads every capture of a folder, and one of frames that our encoders made.
///
/// # Errors
/// If the folder cannot be read or tshark does not run.
pub fn compare(folder: &Path) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let place = tempfile::tempdir()?;
    let made = place.path().join("made-by-our-encoders.pcap");
    std::fs::write(&made, made::capture())?;
    paths.push(made);
    for path in paths {
        let heard = catch_unwind(AssertUnwindSafe(|| hear(&path)));
        match heard {
            Ok(frames) => report.add(&path, &frames?)?,
            Err(_) => report.panics.push(format!("{}: panicked", path.display())),
        }
    }
    Ok(report)
}

/// The frames of a capture as far as it is whole, with what the listener made of them.
struct Heard {
    frames: Vec<Frame>,
    facts: u64,
    malformed: u64,
}

fn hear(path: &Path) -> anyhow::Result<Heard> {
    let file = BufReader::new(File::open(path)?);
    let mut heard = Heard { frames: Vec::new(), facts: 0, malformed: 0 };
    let mut listener = Listener::new("measure");
    let place = Place {
        interface: String::new(),
        networks: Vec::new(),
        on_link: Vec::new(),
        only_these: false,
    };
    let Ok(frames) = Frames::new(file) else { return Ok(heard) };
    for frame in frames {
        let Ok(frame) = frame else { break };
        heard.facts += listener.hear(&place, &frame).len() as u64;
        heard.frames.push(frame);
    }
    heard.malformed = listener.counts().malformed.values().sum();
    Ok(heard)
}

impl Report {
    fn add(&mut self, path: &Path, heard: &Heard) -> anyhow::Result<()> {
        self.captures += 1;
        self.frames += heard.frames.len() as u64;
        self.facts += heard.facts;
        self.malformed += heard.malformed;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for protocol in &PROTOCOLS {
            let Some(rows) = tshark::read(path, protocol)? else {
                self.alone += 1;
                return Ok(());
            };
            for (number, frame) in (1u64..).zip(&heard.frames) {
                let place = format!("{name} frame {number}");
                self.compare(&place, protocol, frame, rows.get(&number));
            }
        }
        Ok(())
    }

    fn compare(&mut self, place: &str, protocol: &Protocol, frame: &Frame, row: Option<&Row>) {
        let tally = self.tallies.entry(protocol.name).or_default();
        let ours = ours::read(frame).filter(|(method, _)| *method == protocol.method);
        let row = row.filter(|row| {
            let around = row.path.split(':').take_while(|name| *name != protocol.name);
            let outside = around.into_iter().all(|name| AROUND.contains(&name));
            tally.inside += u64::from(!outside);
            // RARP and ARP of other hardware have none of the addresses that are compared.
            outside && row.values.values().flatten().count() > 1
        });
        let (fields, row) = match (ours, row) {
            (None, None) => return,
            (Some((_, Err(_))), None) => {
                tally.broken += 1;
                return;
            }
            (Some((_, Err(_))), Some(row)) if row.broken => {
                tally.broken += 1;
                return;
            }
            (Some((_, Ok(fields))), Some(row)) => (fields, row),
            (ours, row) => {
                let (name, theirs) = (protocol.name, row.map(|row| &row.values));
                let line = format!("{place}: {name}: ours {ours:?}, tshark {theirs:?}");
                self.disagreements.push(line);
                return;
            }
        };
        tally.frames += 1;
        for field in protocol.fields {
            let ours: Vec<&str> =
                fields.iter().filter(|(name, _)| name == field).map(|(_, v)| v.as_str()).collect();
            let theirs = values(row, field);
            tally.fields += 1;
            let shown: Vec<&str> = ours.iter().copied().filter(|v| !v.is_empty()).collect();
            if shown == theirs {
                tally.equal += 1;
            } else {
                let line = format!("{place}: {field}: ours {ours:?}, tshark {theirs:?}");
                self.disagreements.push(line);
            }
        }
    }
}

/// What tshark says of a field. End and pad are no options to us.
fn values<'a>(row: &'a Row, field: &str) -> Vec<&'a str> {
    let all = row.values.get(field).into_iter().flatten().map(String::as_str);
    all.filter(|value| field != "dhcp.option.type" || !matches!(*value, "0" | "255")).collect()
}
