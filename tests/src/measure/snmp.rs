//! `cargo measure snmp`: what 4,000 devices are and hold, read by our agent and by the peers from the
//! same SNMP agents; and a forwarding table of 100,000 rows, in round trips.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use daicho_common::batch::open_all;
use daicho_common::observation::{Fact, Outcome};
use ipnet::Ipv4Net;

use super::child::{self, Run};
use crate::sim::COMMUNITY;

/// A quick SNMP agent.
pub mod codec;
/// What the devices hold.
pub mod kinds;
/// The programs that we are measured beside.
pub mod peers;
/// The sockets of the devices.
pub mod responder;
/// The namespaces.
pub mod rig;
/// What a run came to.
pub mod row;

use codec::Mib;
use peers::{Peer, Way};
use responder::{Agents, Count};
use rig::Rig;
use row::Row;

/// Longest that one program may take.
const LIMIT: Duration = Duration::from_mins(1);
/// Every host of it is an agent.
const NETWORK: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(10, 210, 0, 0), 20);
/// Of each kind in the mix, devices that differ.
const VARIANTS: u8 = 16;
/// Rows of the large forwarding table, and the time to its switch and back.
const ROWS: u32 = 100_000;
const ROUND_TRIP: Duration = Duration::from_millis(5);
/// Columns that are read of a forwarding table: port and status (the address is the index).
const FORWARDING_COLUMNS: [u32; 2] = [2, 3];

/// Runs the whole measurement and hands each row to `tell` when it is there.
pub struct Snmp<'a> {
    /// The workspace.
    pub root: &'a Path,
    /// Takes the rows.
    pub tell: &'a mut dyn FnMut(&Row),
}

/// What a result file says.
#[derive(Debug, Default)]
struct Found {
    /// Who told what it is.
    targets: HashSet<IpAddr>,
    /// Rows of tables, by the table.
    rows: BTreeMap<String, u64>,
    /// Tables that were not read to the end.
    broken: u64,
}

impl Found {
    fn in_file(file: &Path) -> Result<Self> {
        let octets = fs::read(file)?;
        let batches = open_all(&octets).map_err(|(n, damage)| anyhow!("batch {n}: {damage}"))?;
        let mut found = Self::default();
        for observation in batches.iter().flat_map(|opened| &opened.batch.observations) {
            let fact = &observation.fact;
            if matches!(fact, Fact::System { .. }) {
                found.targets.extend(observation.speaker.ip);
            }
            if let Fact::TableRead(read) = fact {
                *found.rows.entry(read.table.clone()).or_default() += u64::from(read.rows);
                found.broken += u64::from(read.outcome != Outcome::Complete);
            }
        }
        Ok(found)
    }
}

/// A scan by our agent, with a state directory and a configuration of its own.
struct Ours {
    place: tempfile::TempDir,
    program: PathBuf,
}

impl Ours {
    fn new(root: &Path, network: Ipv4Net) -> Result<Self> {
        let place = tempfile::tempdir()?;
        let community = String::from_utf8_lossy(COMMUNITY);
        let config = format!(
            "[agent]\nname = \"measure\"\n[[network]]\nname = \"agents\"\ncidr = \"{network}\"\npolicy = \"gentle\"\n[network.snmp]\ncommunities = [\"{community}\"]\n"
        );
        fs::write(place.path().join("agent.toml"), config)?;
        let ours = Self { place, program: super::peers::agent(root) };
        // The key is made before, not while, the time runs.
        let made = ours.with(Command::new(&ours.program)).arg("key").output()?;
        made.status.success().then_some(ours).context("the agent cannot make a key")
    }

    fn with(&self, mut command: Command) -> Command {
        command.arg("--state").arg(self.place.path().join("state"));
        command.arg("--config").arg(self.place.path().join("agent.toml"));
        command
    }

    fn scan(&self, rig: &Rig, agents: &Arc<Agents>) -> Result<(Run, Arc<Count>, Found)> {
        let mut command = self.with(rig.asker.command(&self.program)?);
        let file = self.place.path().join("scan.daicho");
        command.args(["scan", "--all-declared", "-q", "-o"]).arg(&file);
        command.args(["--rate", "max", "--per-target", "1000"]);
        let (run, count) = rig.during(agents, || child::run(&mut command, LIMIT))?;
        Ok((run, count, Found::in_file(&file)?))
    }
}

impl Snmp<'_> {
    /// Every part.
    ///
    /// # Errors
    /// What a part stumbled over; the rows before it were told.
    pub fn run(&mut self) -> Result<()> {
        let rig = Rig::lay(NETWORK)?;
        let variants = (1..=VARIANTS).flat_map(|variant| kinds::MIX.map(|kind| (kind, variant)));
        let mibs = variants.map(|(kind, variant)| kinds::mib(kind, variant)).collect();
        let agents = Arc::new(Agents { mibs, delay: Duration::ZERO, under: Vec::new() });
        let ours = self.ours(&rig, &agents)?;
        for peer in peers::PEERS {
            self.peer((&rig, &agents), &peer, &ours)?;
        }
        drop(rig);
        self.forwarding()
    }

    /// Ours, the best of three runs.
    fn ours(&mut self, rig: &Rig, agents: &Arc<Agents>) -> Result<Row> {
        let ours = Ours::new(self.root, rig.network)?;
        let mut best: Option<Row> = None;
        for _ in 0..3 {
            let (run, count, found) = ours.scan(rig, agents)?;
            let of = rig.targets().len();
            let mut row = Row::new("daicho-agent --rate max", &run, (found.targets.len(), of));
            row.note = format!(
                "best of 3; {} rows of tables, {} tables broke off",
                found.rows.values().sum::<u64>(),
                found.broken
            );
            row.take(&count);
            if best.as_ref().is_none_or(|best| row.seconds < best.seconds) {
                best = Some(row);
            }
        }
        let best = best.context("no run")?;
        (self.tell)(&best);
        Ok(best)
    }

    fn peer(&mut self, (rig, agents): (&Rig, &Arc<Agents>), peer: &Peer, ours: &Row) -> Result<()> {
        if !peer.is_there() {
            (self.tell)(&Row::missing(peer.name));
            return Ok(());
        }
        let targets: Vec<_> = rig.targets().into_iter().take(peer.slice).collect();
        let list = tempfile::NamedTempFile::new()?;
        let lines: Vec<String> = targets.iter().map(Ipv4Addr::to_string).collect();
        fs::write(list.path(), lines.join("\n") + "\n")?;
        let mut command = rig.asker.command("sh")?;
        command.arg("-c").arg(peer.script(list.path()));
        let (run, count) = rig.during(agents, || child::run(&mut command, LIMIT))?;
        let answered = peer.answered(&run.output);
        let mut row = Row::new(peer.name, &run, (answered, targets.len()));
        if matches!(peer.way, Way::Walks(_)) {
            // The memory of the first process says nothing of the others.
            row.memory = 0.0;
        }
        row.take(&count);
        row.compare(ours);
        row.note = format!("{} of the {} targets, the same", targets.len(), rig.targets().len());
        if run.cut {
            row.note.push_str("; ended at the limit of a minute");
        }
        (self.tell)(&row);
        Ok(())
    }

    /// The large table.
    fn forwarding(&mut self) -> Result<()> {
        let network = Ipv4Net::new_assert(Ipv4Addr::new(10, 210, 0, 1), 32);
        let rig = Rig::lay(network)?;
        let mib = kinds::forwarding(ROWS);
        let entry = entry(kinds::FORWARDING);
        let fewest = mib.fewest_answers(&entry, &FORWARDING_COLUMNS);
        let (mibs, under): (Vec<Mib>, _) = (vec![mib], entry);
        let agents = Arc::new(Agents { mibs, delay: ROUND_TRIP, under });
        let ours = Ours::new(self.root, network)?;
        let (run, count, found) = ours.scan(&rig, &agents)?;
        let rows = found.rows.get("dot1dTpFdbTable").copied().unwrap_or_default();
        let rows = usize::try_from(rows)?;
        let mut row = Row::new("daicho-agent, forwarding table", &run, (rows, ROWS as usize));
        row.take(&count);
        row.part = "forwarding";
        let trips = usize::try_from(count.under())?;
        row.against = Some(("the fewest round trips", super::row::share(trips, fewest)));
        row.note = format!(
            "{trips} questions for it where {fewest} answers of {} octets hold it; found counts rows",
            codec::LARGEST
        );
        (self.tell)(&row);
        Ok(())
    }
}

fn entry(dotted: &str) -> Vec<u32> {
    dotted.split('.').filter_map(|number| number.parse().ok()).collect()
}
