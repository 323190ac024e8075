//! An interview of a recording: the agent's own dialogue, and at the other side an SNMP agent in memory
//! that holds what was recorded. No packet and no time passes.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_snmp::{Oid, Value as Wire};
use daicho_agent::plan::credential::{Community, Credential};
use daicho_agent::probe::Dialogue;
use daicho_agent::probe::snmp::{Catalog, Keyring, Snmp, Terms};
use daicho_common::observation::{Fact, Outcome, Reply, table::TableRead};
use daicho_common::time::Tick;
use serde_json::Value as Json;

use super::recording;
use crate::sim::answer::snmp::answer_objects;
use crate::tables::{Recording, Value};

/// Under which the recordings are served.
pub(in crate::measure) const COMMUNITY: &str = "public";

/// More questions than any device may need: an interview that asks them does not end.
const MOST: usize = 100_000;

/// Objects by community.
pub(in crate::measure) type Objects = BTreeMap<Vec<u8>, Vec<(Oid, Wire)>>;

/// What came of an interview.
pub(super) struct Interview {
    /// The facts.
    pub(super) facts: Vec<Fact>,
    file: String,
    packets: usize,
    /// Objects recorded.
    objects: usize,
}

/// Holds an interview of a device of `truth.json`, with everything that its recording holds; `None`
/// if the recording is not there.
pub(super) fn hold(
    (folder, known): (&Path, &Json),
    catalog: &Arc<Catalog>,
) -> anyhow::Result<Option<Interview>> {
    let file = known["file"].as_str().context("a device of truth.json has no file")?;
    let walk = known["format"].as_str() == Some("snmpwalk");
    let Some(served) = serving((folder, file), walk)? else { return Ok(None) };
    let objects = served.get(COMMUNITY.as_bytes()).map_or(0, Vec::len);
    let (facts, packets) = talk(&served, catalog).with_context(|| file.to_owned())?;
    Ok(Some(Interview { facts, file: file.to_owned(), packets, objects }))
}

/// What an agent with this recording holds, by community; `None` if the recording is not there.
///
/// # Errors
/// If what lies beside it cannot be read.
pub(in crate::measure) fn serving(
    (folder, file): (&Path, &str),
    walk: bool,
) -> anyhow::Result<Option<Objects>> {
    let Ok(octets) = std::fs::read(folder.join(file)) else { return Ok(None) };
    let own = wire(&recording::read(&octets, walk));
    let mut served = Objects::from([(COMMUNITY.as_bytes().to_vec(), own)]);
    served.extend(vlans(folder, file)?);
    Ok(Some(served))
}

/// The recordings beside this one that hold what the device says of single VLANs: `name@10.snmprec`.
fn vlans(folder: &Path, file: &str) -> anyhow::Result<Objects> {
    let path = folder.join(file);
    let (Some(beside), Some(stem)) = (path.parent(), path.file_stem()) else {
        return Ok(Objects::new());
    };
    let begin = format!("{}@", stem.to_string_lossy());
    let mut found = Objects::new();
    for entry in std::fs::read_dir(beside)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let vlan = name.strip_prefix(&begin).and_then(|rest| rest.strip_suffix(".snmprec"));
        if let Some(vlan) = vlan {
            let objects = wire(&recording::read(&std::fs::read(entry.path())?, false));
            found.insert(format!("{COMMUNITY}@{vlan}").into_bytes(), objects);
        }
    }
    Ok(found)
}

/// The objects as they travel, ascending. Counters, gauges and ticks are no longer told apart.
fn wire(recording: &Recording) -> Vec<(Oid, Wire)> {
    let value = |value: &Value| match value {
        Value::Integer(number) => Wire::Integer(*number),
        Value::Unsigned(number) => {
            u32::try_from(*number).map_or(Wire::Counter64(*number), Wire::Gauge32)
        }
        Value::Octets(octets) => Wire::OctetString(octets.clone().into()),
        Value::ObjectId(id) => Wire::ObjectIdentifier(Oid::from_slice(id)),
        Value::Address(octets) => Wire::IpAddress(*octets),
    };
    recording.iter().map(|(id, said)| (Oid::from_slice(id), value(said))).collect()
}

fn talk(served: &Objects, catalog: &Arc<Catalog>) -> anyhow::Result<(Vec<Fact>, usize)> {
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, 161));
    let public = [Credential::V2c(Community::new(COMMUNITY))];
    let keyring = Arc::new(Keyring::new(&public, 1, None));
    let terms = Terms { keyring, catalog: Arc::clone(catalog), harm: true };
    let mut snmp = Snmp::new(target, &terms, Duration::from_secs(1), 1, 1);
    let (mut now, mut packets) = (Tick::ZERO, 0);
    let mut facts = vec![Fact::Answered(Reply::Echo)];
    while !snmp.is_finished() {
        if let Some(ask) = snmp.poll_transmit(now) {
            packets += 1;
            ensure!(packets < MOST, "the interview does not end");
            let under = |community: &[u8]| served.get(community).map(Vec::as_slice);
            if let Some(answer) = answer_objects(under, &ask.octets) {
                snmp.handle_datagram(target, &answer, now);
            }
        } else if let Some(later) = snmp.poll_timeout() {
            now = later;
        }
        facts.extend(std::iter::from_fn(|| snmp.poll_fact()));
    }
    facts.extend(std::iter::from_fn(|| snmp.poll_fact()));
    Ok((facts, packets))
}

impl Interview {
    /// Tables and questions that did not come to their ends, with their outcomes.
    fn broken(&self) -> impl Iterator<Item = (String, Outcome)> {
        let ended = self.facts.iter().filter_map(|fact| {
            if let Fact::TableRead(TableRead { table, outcome, .. }) = fact {
                return Some((table.clone(), *outcome));
            }
            let Fact::Asked { question, outcome } = fact else { return None };
            Some((format!("{question:?}"), *outcome))
        });
        ended.filter(|(_, outcome)| *outcome != Outcome::Complete)
    }
}

/// What the interviews cost, and where they broke off.
pub(super) struct Costs<'i>(pub(super) &'i [Interview]);

impl fmt::Display for Costs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut by_packets: Vec<&Interview> = self.0.iter().collect();
        by_packets.sort_by_key(|interview| interview.packets);
        let at = |hundredth: usize| {
            let at = (by_packets.len().saturating_sub(1)) * hundredth / 100;
            by_packets.get(at).map_or(0, |interview| interview.packets)
        };
        let (median, most, worst) = (at(50), at(95), at(100));
        writeln!(f, "packets a device: median {median}, 95th percentile {most}, worst {worst}")?;
        for Interview { file, packets, objects, .. } in by_packets.iter().rev().take(5) {
            writeln!(f, "  {packets:>6} for {file} ({objects} objects recorded)")?;
        }
        let mut broken: BTreeMap<(String, Outcome), usize> = BTreeMap::new();
        for ended in self.0.iter().flat_map(Interview::broken) {
            *broken.entry(ended).or_default() += 1;
        }
        writeln!(f, "tables and questions that did not come to their ends:")?;
        for ((what, outcome), count) in broken {
            writeln!(f, "  {count:>4} {what}: {outcome:?}")?;
        }
        Ok(())
    }
}
