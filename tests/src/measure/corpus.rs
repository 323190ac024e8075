//! `cargo measure corpus DIR`: what the collector makes of recordings of real devices, against what
//! is known of them.
//!
//! The folder holds `truth.json` (a list of objects: `ip`, `file`, `family`, and what is known) and
//! the recordings it names (`OID|TAG|VALUE` a line, or what `snmpwalk -On` prints). Of each recording
//! the tables of `config/snmp` are taken as an agent would, and derived as any scan is; fingerprints
//! are read from the workspace, so that a row can be tried without building anything.
//!
//! With `--without-maker-rows` what is known of single makers' devices is left out, which tells what is
//! left of a device of a maker never met: the tables of `config/snmp/vendor_*`, and of the fingerprints
//! those that look at sysObjectID below a maker's number, or at sysDescr with one maker in mind. What
//! stays are the makers' numbers, words, shapes that makers share, and the standard tables.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use daicho_collector::ledger::Ledger;
use daicho_collector::picture;
use daicho_collector::report::json::Brief;
use daicho_collector::resolve::Device;
use daicho_common::observation::table::Rows;
use daicho_common::observation::{Fact, Method, Observation, Outcome, Speaker, Vantage, table};
use daicho_common::text::Text;
use daicho_common::time::Timestamp;
use serde_json::Value as Json;

/// An interview of a recording.
pub(in crate::measure) mod interview;
/// Recordings as written.
mod recording;
/// Right, wrong or not answered.
mod score;
/// Which rows count.
mod worth;

pub use worth::Knowledge;

/// What a run came to.
pub struct Report {
    /// The table for people.
    pub text: String,
    /// A device a line, for other tools.
    pub lines: String,
}

/// Scores the recordings of `folder` for the workspace at `root`.
///
/// # Errors
/// If the folder is no such folder, or data of the workspace cannot be read.
pub fn run(root: &Path, folder: &Path, knowledge: Knowledge) -> anyhow::Result<Report> {
    let truth = std::fs::read_to_string(folder.join("truth.json"))
        .with_context(|| format!("{} has no truth.json", folder.display()))?;
    let truth: Vec<Json> = serde_json::from_str(&truth).context("truth.json")?;
    let (catalog, fingerprints) =
        (Arc::new(knowledge.catalog(root)?), knowledge.fingerprints(root)?);
    let mut tally = score::Tally::new()?;
    let mut lines = String::new();
    let (mut missing, mut held) = (0, Vec::new());
    for known in &truth {
        let ip = known["ip"].as_str().context("a device of truth.json has no ip")?.parse()?;
        let Some(interview) = interview::hold((folder, known), &catalog)? else {
            missing += 1;
            continue;
        };
        let said = observed(ip, interview.facts.iter().cloned());
        let picture = picture::of_scan(&said, &[], &Ledger::default(), &fingerprints);
        // Its tables tell of other devices too.
        let its = |device: &&Device| device.addresses.iter().any(|address| address.ip == ip);
        let found = picture.devices.iter().find(its);
        held.push(interview);
        let found = found.map(|device| serde_json::to_value(Brief::from(device)));
        let mut found = found.transpose()?.unwrap_or(Json::Null);
        if let Json::Object(fields) = &mut found {
            // A stub may have given nothing but its address.
            fields.insert("ip".into(), known["ip"].clone());
            writeln!(lines, "{found}")?;
        }
        tally.add(known, &found);
    }
    let mut text = format!("{tally}{}", interview::Costs(&held));
    if missing > 0 {
        writeln!(text, "{missing} recordings are not in the folder (unpack large.tar.zst there)")?;
    }
    Ok(Report { text, lines })
}

/// The facts that an agent makes of tables that it read to their ends.
pub fn observations(ip: IpAddr, read: Vec<Rows>) -> Vec<Observation> {
    let mut facts = vec![Fact::Answered(daicho_common::observation::Reply::Echo)];
    let system = read.iter().find(|rows| rows.table == "system").and_then(|rows| rows.rows.first());
    if let Some(row) = system {
        let text = |column| row.text(column).cloned().unwrap_or_default();
        let object_id = match row.cells.get("sysObjectID") {
            Some(table::Cell::ObjectId(id)) => id.clone(),
            _ => String::new(),
        };
        facts.push(Fact::System {
            description: text("sysDescr"),
            object_id,
            name: Text::default(),
            location: Text::default(),
            contact: Text::default(),
        });
    }
    for rows in read {
        let ended = table::TableRead {
            also: Vec::new(),
            table: rows.table.clone(),
            context: String::new(),
            rows: u32::try_from(rows.rows.len()).unwrap_or(u32::MAX),
            outcome: Outcome::Complete,
        };
        facts.extend([Fact::Rows(Box::new(rows)), Fact::TableRead(ended)]);
    }
    observed(ip, facts)
}

/// Facts of one device as an agent sends them.
fn observed(ip: IpAddr, facts: impl IntoIterator<Item = Fact>) -> Vec<Observation> {
    let seen = facts.into_iter().map(|fact| Observation {
        at: Timestamp::from_micros(1_000_000),
        vantage: Vantage {
            agent: "measure".into(),
            interface: String::new(),
            network: "corpus".into(),
        }
        .into(),
        method: Method::Snmp,
        speaker: Speaker { ip: Some(ip), mac: None },
        fact,
    });
    seen.collect()
}
