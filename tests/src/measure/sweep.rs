//! `cargo measure sweep`: our sweep beside a bare sender and beside the peers, on one link.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use daicho_common::batch::open_all;
use ipnet::Ipv4Net;

use super::bare::Way;
use super::child::{self, Run};
use super::responder::{Population, Record};
use super::rig::{INTERFACE, ROUTED, Rig};
use super::row::{Row, share};
use super::{bare, peers};

/// Longest that one program may take.
const LIMIT: Duration = Duration::from_mins(1);
/// How long every sweep waits for an answer where it is as fast as it can be.
const WAIT: Duration = Duration::from_millis(100);
/// A fifth of the addresses has a host, and a fiftieth of the answers is lost.
const POPULATION: Population = Population { seed: 20_260_401, density: 20, loss: 2 };
/// The cap under which ours and arp-scan are compared, packets a second.
const CAP: u32 = 1000;

/// Runs the whole measurement and hands each row to `tell` when it is there.
pub struct Sweep<'a> {
    /// The workspace.
    pub root: &'a Path,
    /// Takes the rows.
    pub tell: &'a mut dyn FnMut(&Row),
}

fn row(part: &'static str, name: &str, network: Ipv4Net, run: (Duration, Duration)) -> Row {
    Row {
        part,
        name: name.to_owned(),
        network: network.to_string(),
        seconds: run.0.as_secs_f64(),
        cpu: run.1.as_secs_f64(),
        packets: 0,
        found: 0,
        of: 0,
        span: 0.0,
        densest: 0,
        memory: 0.0,
        ratio: None,
        note: String::new(),
    }
}

fn mebibytes(octets: u64) -> f64 {
    f64::from(u32::try_from(octets >> 10).unwrap_or(u32::MAX)) / 1024.0
}

/// A scan by our agent, with a state directory and a configuration of its own.
struct Agent {
    place: tempfile::TempDir,
    program: PathBuf,
}

impl Agent {
    fn new(root: &Path, network: Ipv4Net, written: &str) -> Result<Self> {
        let place = tempfile::tempdir()?;
        let config = format!(
            "[agent]\nname = \"measure\"\n[pace]\n{written}\n[[network]]\nname = \"link\"\ncidr = \"{network}\"\npolicy = \"sighting\"\n"
        );
        fs::write(place.path().join("agent.toml"), config)?;
        let agent = Self { place, program: peers::agent(root) };
        // The key is made before, not while, the time runs.
        let made = agent.with(Command::new(&agent.program)).arg("key").output()?;
        made.status.success().then_some(agent).context("the agent cannot make a key")
    }

    fn with(&self, mut command: Command) -> Command {
        command.arg("--state").arg(self.place.path().join("state"));
        command.arg("--config").arg(self.place.path().join("agent.toml"));
        command
    }

    fn scan(&self, rig: &Rig, options: &[&str], limit: Duration) -> Result<(Run, Record)> {
        let mut command = self.with(rig.asker.command(&self.program)?);
        command.args(["scan", "--all-declared", "-q", "-o"]).arg(self.file()).args(options);
        rig.during(|| child::run(&mut command, limit))
    }

    fn file(&self) -> PathBuf {
        self.place.path().join("scan.daicho")
    }

    /// The different addresses that the result file says answered ARP.
    fn found(&self) -> Result<usize> {
        let octets = fs::read(self.file())?;
        let batches = open_all(&octets).map_err(|(n, damage)| anyhow!("batch {n}: {damage}"))?;
        let speakers = batches.iter().flat_map(|opened| &opened.batch.observations);
        let speakers = speakers.filter_map(|observation| observation.speaker.ip);
        Ok(speakers.collect::<std::collections::HashSet<IpAddr>>().len())
    }
}

impl Sweep<'_> {
    /// Every part.
    ///
    /// # Errors
    /// What a part stumbled over; the rows before it were told.
    pub fn run(&mut self) -> Result<()> {
        let link = Ipv4Net::new(Ipv4Addr::new(10, 77, 0, 0), 16)?;
        let rig = Rig::lay(link, POPULATION)?;
        let calls = self.bare(&rig, Way::Calls)?;
        let reference = self.bare(&rig, Way::Ring)?.min(calls);
        self.opened(&rig, reference)?;
        for peer in peers::PEERS {
            self.peer(&rig, peer, reference)?;
        }
        drop(rig);
        self.capped()?;
        self.gentle()?;
        self.large()
    }

    /// A reference: the best of three runs.
    fn bare(&mut self, rig: &Rig, way: Way) -> Result<f64> {
        let own = (rig.mac()?, rig.own);
        let targets: Vec<_> = rig.network.hosts().filter(|host| *host != rig.own).collect();
        let mut best: Option<Row> = None;
        for _ in 0..3 {
            let (bare, record) =
                rig.during(|| bare::run((&rig.asker, INTERFACE, way), own, &targets, WAIT))?;
            let name = match way {
                Way::Calls => "bare three-pass sender, sendmmsg",
                Way::Ring => "bare three-pass sender, TX ring",
            };
            let mut row = row("opened", name, rig.network, (bare.time, bare.cpu));
            (row.found, row.of) = (bare.found, rig.to_find(rig.network));
            "the best of 3 runs".clone_into(&mut row.note);
            let row = row.with(&record);
            if best.as_ref().is_none_or(|best| row.seconds < best.seconds) {
                best = Some(row);
            }
        }
        let best = best.context("no run")?;
        (self.tell)(&best);
        Ok(best.seconds)
    }

    /// Ours with the governor opened: the best of three runs too.
    fn opened(&mut self, rig: &Rig, reference: f64) -> Result<()> {
        let agent = Agent::new(self.root, rig.network, "tries = 3")?;
        let options = ["--rate", "max", "--per-target", "1000", "--timeout", "100"];
        let mut best: Option<Row> = None;
        for _ in 0..3 {
            let (run, record) = agent.scan(rig, &options, LIMIT)?;
            let name = "daicho-agent --rate max";
            let mut row = row("opened", name, rig.network, (run.time, run.cpu)).with(&record);
            (row.found, row.of) = (agent.found()?, rig.to_find(rig.network));
            row.memory = mebibytes(run.memory);
            row.ratio = Some(("bare", row.seconds / reference));
            "the best of 3 runs".clone_into(&mut row.note);
            if best.as_ref().is_none_or(|best| row.seconds < best.seconds) {
                best = Some(row);
            }
        }
        (self.tell)(&best.context("no run")?);
        Ok(())
    }

    fn peer(&mut self, rig: &Rig, peer: peers::Peer, reference: f64) -> Result<()> {
        let whole = if peer.routed { ROUTED.parse()? } else { rig.network };
        let network = Ipv4Net::new(whole.network(), peer.prefix.max(whole.prefix_len()))?;
        let mut command = peer.command(rig.asker.command(peer.program)?, &network.to_string());
        // fping says by its exit code that somebody did not answer; the output tells who did.
        if peer.routed {
            let options = peer.options.join(" ");
            command = rig.asker.command("sh")?;
            command.args(["-c", &format!("{} {options} {network} 2>&1; true", peer.program)]);
        }
        let (run, record) = rig.during(|| child::run(&mut command, LIMIT))?;
        let mut row = row("opened", peer.name, network, (run.time, run.cpu)).with(&record);
        let alive = |address| network.contains(&address) && rig.population.lives(address);
        row.found = peers::found(&run.output, |it| alive(it) && it != rig.own)?;
        row.of = rig.to_find(network);
        row.memory = mebibytes(run.memory);
        let slices = f64::from(1_u32 << (network.prefix_len() - whole.prefix_len()));
        row.ratio = Some(("bare", row.seconds * slices / reference));
        if slices > 1.0 {
            row.note = format!("on a /{}; the ratio is scaled to the /16", network.prefix_len());
        }
        if run.cut {
            row.note.push_str("; ended at the limit of a minute");
        }
        (self.tell)(&row);
        Ok(())
    }

    /// Ours and arp-scan under the same cap.
    fn capped(&mut self) -> Result<()> {
        let rig = Rig::lay(Ipv4Net::new(Ipv4Addr::new(10, 77, 0, 0), 22)?, POPULATION)?;
        let to_find = rig.to_find(rig.network);
        let agent = Agent::new(self.root, rig.network, "tries = 3")?;
        let cap = CAP.to_string();
        let options = ["--rate", &cap, "--per-target", "2", "--timeout", "500"];
        let (run, record) = agent.scan(&rig, &options, LIMIT)?;
        let mut ours = row("capped", "daicho-agent --rate 1000", rig.network, (run.time, run.cpu));
        (ours.found, ours.of, ours.memory) = (agent.found()?, to_find, mebibytes(run.memory));
        let ours = allowed(ours.with(&record));
        (self.tell)(&ours);
        let mut command = rig.asker.command("arp-scan")?;
        command.args(["-I", INTERFACE, "-q", "-x", "-g", "-i", "1", "-r", "3", "-t", "500"]);
        command.arg(rig.network.to_string());
        let (run, record) = rig.during(|| child::run(&mut command, LIMIT))?;
        let mut theirs = row("capped", "arp-scan -i 1 -r 3", rig.network, (run.time, run.cpu));
        theirs.found = peers::found(&run.output, |it| rig.network.contains(&it) && it != rig.own)?;
        (theirs.of, theirs.memory) = (to_find, mebibytes(run.memory));
        let mut theirs = allowed(theirs.with(&record));
        let ratio = share(ours.packets, theirs.packets);
        theirs.note = format!("ours sent {ratio:.3} times as many packets");
        (self.tell)(&theirs);
        Ok(())
    }

    /// What one target gets at the default rate.
    fn gentle(&mut self) -> Result<()> {
        let rig = Rig::lay(Ipv4Net::new(Ipv4Addr::new(10, 77, 0, 0), 22)?, POPULATION)?;
        let agent = Agent::new(self.root, rig.network, "")?;
        let (run, record) = agent.scan(&rig, &[], LIMIT)?;
        let mut row =
            row("default rate", "daicho-agent", rig.network, (run.time, run.cpu)).with(&record);
        (row.found, row.of) = (agent.found()?, rig.to_find(rig.network));
        row.memory = mebibytes(run.memory);
        row.note = format!("at most {} to a target in 500 ms", row.densest);
        (self.tell)(&row);
        Ok(())
    }

    /// The memory of the largest network that is scanned.
    fn large(&mut self) -> Result<()> {
        let rig = Rig::lay(Ipv4Net::new(Ipv4Addr::new(10, 64, 0, 0), 12)?, POPULATION)?;
        let agent = Agent::new(self.root, rig.network, "tries = 3")?;
        let options = ["--rate", "max", "--per-target", "1000", "--timeout", "100"];
        let (run, record) = agent.scan(&rig, &options, LIMIT)?;
        let name = "daicho-agent --rate max, /12";
        let mut row = row("memory", name, rig.network, (run.time, run.cpu)).with(&record);
        (row.found, row.of) = (agent.found()?, rig.to_find(rig.network));
        row.memory = mebibytes(run.memory);
        (self.tell)(&row);
        Ok(())
    }
}

/// Says how long the questions took beside what the cap allows for so many.
fn allowed(mut row: Row) -> Row {
    let gaps = u32::try_from(row.packets.saturating_sub(1)).unwrap_or(u32::MAX);
    row.ratio = Some(("the cap's time", row.span / (f64::from(gaps) / f64::from(CAP))));
    row
}
