//! What the store knew at a moment, as one document: rows, devices, findings, register, coverage. It is
//! named by its digest, may be signed, and two of them can be held against each other. It holds what a
//! person would compare and leaves out what changes with every scan (times of sightings).

use std::borrow::Cow;
use std::collections::BTreeMap;

use daicho_common::coverage::Coverage;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::day::Day;
use crate::evidence::SourcedText;
use crate::finding::Finding;
use crate::ledger::{Entry, Ledger};
use crate::picture::Picture;
use crate::reconcile::Verdict;
use crate::register::Register;
use crate::resolve::Device;

/// What two snapshots differ in.
pub mod diff;
/// A signed snapshot as a file.
pub mod parcel;
/// A snapshot in numbers.
pub mod summary;

/// The form of the document; it changes when the meaning of a key does.
const FORM: u32 = 1;

/// Fields by name, ascending. What is empty is left out.
pub type Line = BTreeMap<Cow<'static, str>, String>;

/// The document. Its fields stand in the order of their names, as canonical JSON has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Books of record by name, each with when and by whom it was imported.
    pub books: BTreeMap<String, Line>,
    /// Networks by name and range, each with how far it was looked at.
    pub coverage: BTreeMap<String, Line>,
    /// The day that it is of.
    pub day: String,
    /// Devices by id.
    pub devices: BTreeMap<String, Line>,
    /// The edition of the rules that judged.
    pub edition: String,
    /// Findings by id.
    pub findings: BTreeMap<String, Line>,
    /// The form of the document.
    pub form: u32,
    /// Records beside the ledger by kind and name.
    pub register: BTreeMap<String, Line>,
    /// Rows of the ledger by what they are known by.
    pub rows: BTreeMap<String, Line>,
    /// A digest of the rules by which it was derived, in hexadecimal digits.
    pub rules: String,
}

/// A digest of a snapshot (SHA-256).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

/// Octets in hexadecimal digits.
pub fn hex(octets: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

impl Digest {
    /// All of it, in hexadecimal digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// What people call the snapshot by: its first twelve digits.
    pub fn short(&self) -> String {
        self.hex().chars().take(12).collect()
    }
}

/// What a snapshot is made of.
#[derive(Clone, Copy, Debug)]
pub struct Matter<'a> {
    /// What was derived.
    pub picture: &'a Picture,
    /// The book of record.
    pub ledger: &'a Ledger,
    /// What stands beside it.
    pub register: &'a Register,
    /// How far each method got.
    pub coverage: &'a [Coverage],
    /// Books by name, with when and by whom they were imported.
    pub books: &'a BTreeMap<String, Line>,
    /// The edition of the rules, and a digest of them.
    pub rules: (&'a str, &'a str),
    /// The day.
    pub day: Day,
}

impl Content {
    /// The document of a moment.
    pub fn of(matter: &Matter<'_>) -> Self {
        let keys = matter.ledger.keys();
        let verdicts: BTreeMap<_, _> = (matter.picture.matches.iter())
            .zip(&matter.picture.scopes)
            .filter_map(|(found, scoped)| Some((found.entry.as_ref()?, (found, scoped))))
            .collect();
        let mut rows: BTreeMap<String, Line> = BTreeMap::new();
        for (entry, key) in matter.ledger.entries.iter().zip(keys) {
            let mut line = row(entry);
            if let Some((found, scoped)) = verdicts.get(&entry.place) {
                put(&mut line, "verdict", &word(&Said { verdict: &found.verdict }));
                put(&mut line, "scope", &word(&scoped.scope));
            }
            rows.insert(key.0, line);
        }
        let devices = matter.picture.devices.iter().map(|one| (one.id.0.to_string(), device(one)));
        let findings = matter.picture.findings.iter().map(|one| (one.id.clone(), finding(one)));
        let records = matter.register.records();
        let register = records.iter().map(|record| {
            let text = record.to_json().unwrap_or_default();
            let line = Line::from([("content".into(), text)]);
            (format!("{} {}", record.kind().name(), record.id()), line)
        });
        Self {
            form: FORM,
            day: matter.day.to_string(),
            edition: matter.rules.0.to_owned(),
            rules: matter.rules.1.to_owned(),
            books: matter.books.clone(),
            rows,
            devices: devices.collect(),
            findings: findings.collect(),
            register: register.collect(),
            coverage: looked(matter.coverage),
        }
    }

    /// A document that somebody else wrote.
    ///
    /// # Errors
    /// If it is none of this form.
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        use serde::de::Error;
        let content: Self = serde_json::from_str(json)?;
        if content.form == FORM {
            Ok(content)
        } else {
            Err(Error::custom(format_args!("form {}, this program knows {FORM}", content.form)))
        }
    }

    /// The document as canonical JSON: keys in the order of their octets, no blanks (as RFC 8785 has
    /// it for texts and whole numbers).
    ///
    /// # Errors
    /// Never for what was made here; the error is that of serialising.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The digest of that JSON, without the JSON itself ever being in memory.
    ///
    /// # Errors
    /// As [`Content::to_json`].
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        let mut hasher = Hasher(Sha256::new());
        serde_json::to_writer(&mut hasher, self)?;
        Ok(Digest(hasher.0.finalize().into()))
    }
}

/// Digests what is written into it.
struct Hasher(Sha256);

impl std::io::Write for Hasher {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.update(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The digest of a document.
pub fn digest(json: &str) -> Digest {
    Digest(Sha256::digest(json.as_bytes()).into())
}

fn put(line: &mut Line, name: &'static str, value: &str) {
    if !value.is_empty() {
        line.insert(name.into(), value.to_owned());
    }
}

/// A verdict by its name alone.
#[derive(Serialize)]
struct Said<'a> {
    verdict: &'a Verdict,
}

/// A value of an enum as data writes it.
fn word(value: &impl Serialize) -> String {
    fn name(value: serde_json::Value) -> String {
        match value {
            serde_json::Value::String(word) => word,
            serde_json::Value::Object(mut map) => {
                map.remove("verdict").map(name).unwrap_or_default()
            }
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::Array(_) => String::new(),
        }
    }
    serde_json::to_value(value).map(name).unwrap_or_default()
}

fn joined<T: ToString>(values: impl Iterator<Item = T>) -> String {
    let mut texts: Vec<String> = values.map(|value| value.to_string()).collect();
    texts.dedup();
    texts.join(" / ")
}

fn row(entry: &Entry) -> Line {
    let mut line = Line::new();
    let place = &entry.place;
    put(&mut line, "place", &format!("{} {} {}", place.book, place.sheet, place.row));
    for (name, value) in [
        ("asset_number", &entry.asset_number),
        ("name", &entry.name),
        ("host_name", &entry.host_name),
        ("kind", &entry.kind),
        ("vendor", &entry.vendor),
        ("model", &entry.model),
        ("serial", &entry.serial),
        ("location", &entry.location),
        ("version", &entry.version),
        ("os", &entry.os),
        ("maintainer", &entry.maintainer),
        ("user", &entry.user),
        ("owner", &entry.owner),
        ("disclosure", &entry.disclosure),
    ] {
        put(&mut line, name, value);
    }
    put(&mut line, "ip", &joined(entry.ips.iter()));
    put(&mut line, "mac", &joined(entry.macs.iter()));
    put(&mut line, "state", &word(&entry.state));
    if let Some(remote) = entry.remote_maintenance {
        put(&mut line, "remote_maintenance", if remote { "yes" } else { "no" });
    }
    line
}

fn device(device: &Device) -> Line {
    let mut line = Line::new();
    let text = |claim: &Option<SourcedText>| {
        claim.as_ref().map(|claim| claim.value.to_string()).unwrap_or_default()
    };
    put(&mut line, "name", &device.called());
    put(&mut line, "mac", &joined(device.macs.iter().map(|mac| mac.value)));
    put(&mut line, "ip", &joined(device.addresses.iter().map(|address| address.ip)));
    let networks: std::collections::BTreeSet<&str> =
        device.addresses.iter().map(|address| address.network.as_str()).collect();
    put(&mut line, "network", &joined(networks.into_iter()));
    put(&mut line, "kind", &device.class.as_ref().map(|c| word(&c.value)).unwrap_or_default());
    put(&mut line, "vendor", &text(&device.vendor));
    put(&mut line, "model", &text(&device.model));
    put(&mut line, "serial", &text(&device.serial));
    put(&mut line, "version", &text(&device.version));
    put(&mut line, "os", &text(&device.os));
    let ports =
        device.attached.iter().map(|at| format!("{} {}", at.value.switch_name, at.value.port));
    put(&mut line, "port", &joined(ports));
    line
}

fn finding(finding: &Finding) -> Line {
    let mut line = Line::new();
    put(&mut line, "rule", &word(&finding.rule));
    put(&mut line, "severity", &word(&finding.severity));
    put(&mut line, "facts", &finding.facts.to_string());
    if let Some(answer) = &finding.answer {
        put(&mut line, "disposition", &answer.disposition.map(|it| word(&it)).unwrap_or_default());
        put(&mut line, "owner", &answer.owner);
        put(&mut line, "due", &answer.due.map(|due| due.to_string()).unwrap_or_default());
        put(&mut line, "by", &answer.by);
        put(&mut line, "why", &answer.why);
    }
    line
}

/// How many addresses of each network were asked, and how many answered.
fn looked(coverage: &[Coverage]) -> BTreeMap<String, Line> {
    let mut networks: BTreeMap<String, (u128, u128)> = BTreeMap::new();
    for one in coverage {
        let key = format!("{} {}", one.vantage.network, one.cidr);
        let (asked, answered) = networks.entry(key).or_default();
        *asked = (*asked).max(one.asked.len());
        *answered = (*answered).max(one.answered.len());
    }
    let line = |(asked, answered): (u128, u128)| {
        Line::from([("asked".into(), asked.to_string()), ("answered".into(), answered.to_string())])
    };
    networks.into_iter().map(|(key, counts)| (key, line(counts))).collect()
}

#[cfg(test)]
mod tests;
