//! The site that is read: made in a folder of its own, and served by the built collector.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use daicho_collector::book;
use daicho_collector::credential;
use daicho_collector::people::Role;
use daicho_collector::register::Stocktaking;
use daicho_collector::store::{By, NewAccount, NewBook, Store};
use daicho_common::address_set::AddressSet;
use daicho_common::batch::{Batch, Header, open_all};
use daicho_common::coverage::{Coverage, PacketKind, Sent};
use daicho_common::observation::{Method, Observation};
use daicho_common::time::Timestamp;
use nix::unistd::{SysconfVar, sysconf};
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use tempfile::TempDir;

use crate::measure::derive::seen;
use crate::sim::wiring::{Plan, Wiring};

/// The seed of the large network.
const LARGE: u64 = 501;
/// Observations of one batch.
const BATCH: usize = 20_000;

/// A site that is served.
pub(super) struct Site {
    server: Child,
    pub(super) address: SocketAddr,
    pub(super) cookie: String,
    pub(super) token: String,
    /// From the server's start until it served.
    pub(super) began: Duration,
    _folder: TempDir,
}

impl Site {
    /// Makes the site, in this folder if one is named, and has it served.
    pub(super) fn start(
        root: &Path,
        kept: Option<&Path>,
        fill: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Self> {
        let program = program(root)?;
        let folder = tempfile::tempdir()?;
        let db = kept.unwrap_or_else(|| folder.path()).join("daicho.db");
        if !db.exists() {
            fill(&db)?;
        }
        let cookie = enter(&db)?;
        let begun = Instant::now();
        let mut server = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--db"])
            .arg(&db)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut said = BufReader::new(server.stderr.take().context("no stderr")?);
        let address = loop {
            let mut line = String::new();
            ensure!(said.read_line(&mut line)? > 0, "the server ended before it served");
            let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
            if let Some(address) = address {
                break address.parse()?;
            }
        };
        // What it says later is read, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::stderr()));
        let token = credential::form_token(&cookie);
        Ok(Self { server, address, cookie, token, began: begun.elapsed(), _folder: folder })
    }

    fn proc(&self, file: &str) -> PathBuf {
        format!("/proc/{}/{file}", self.server.id()).into()
    }

    /// Its processor time, the system's for it too, in steps of the clock tick.
    pub(super) fn processor(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(self.proc("stat"))?;
        let fields: Vec<&str> =
            stat.rsplit_once(')').context("proc(5)")?.1.split_whitespace().collect();
        let ticks: u64 =
            fields.get(11..13).context("proc(5)")?.iter().flat_map(|one| one.parse::<u64>()).sum();
        let a_second = u64::try_from(sysconf(SysconfVar::CLK_TCK)?.context("no clock tick")?)?;
        Ok(Duration::from_millis(ticks * 1000 / a_second))
    }

    fn status(&self, which: &str) -> Result<u64> {
        let status = std::fs::read_to_string(self.proc("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(which)).context("proc(5)")?;
        let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes << 10)
    }

    /// Its resident memory, in octets.
    pub(super) fn resident(&self) -> Result<u64> {
        self.status("VmRSS:")
    }

    /// The most of it since the peak was forgotten.
    pub(super) fn peak(&self) -> Result<u64> {
        self.status("VmHWM:")
    }

    /// Has the peak begin anew (proc(5), `clear_refs`).
    pub(super) fn forget_peak(&self) -> Result<()> {
        Ok(std::fs::write(self.proc("clear_refs"), "5")?)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn program(root: &Path) -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let program = target.unwrap_or_else(|| root.join("target")).join("release/daicho-collector");
    ensure!(program.exists(), "{} was not built", program.display());
    Ok(program)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it")]
fn trouble(error: daicho_collector::store::StoreError) -> anyhow::Error {
    anyhow!("{error}")
}

/// Fills a database with a large network as its switches tell it, and with no ledger.
pub(super) fn wired(db: &Path) -> Result<()> {
    let store = Store::open(db).map_err(trouble)?;
    let seen = Wiring::lay_as(Plan::LARGE, LARGE).observations();
    deliver(&store, &seen, (Vec::new(), Vec::new()))?;
    administrator(&store)
}

/// Fills a database with so many devices, and a ledger that has them.
pub(super) fn listed(db: &Path, devices: usize) -> Result<()> {
    let store = Store::open(db).map_err(trouble)?;
    let now = Timestamp::from_micros(1_700_000_100_000_000);
    let observations = seen::observations(devices);
    let coverage = coverage(&observations)?;
    deliver(&store, &observations, (coverage, sent(&observations)))?;
    let octets = seen::ledger(0..devices, devices).into_bytes();
    let ledger = book::read("台帳.csv", &octets).map_err(|complaint| anyhow!("{complaint:?}"))?;
    let name = "台帳.csv".to_owned();
    let book = NewBook { name, octets, ledger, at: now, by: "measure".to_owned() };
    store.import(book).map_err(trouble)?;
    let round = Stocktaking {
        id: "2026-1".to_owned(),
        scope: "全館".to_owned(),
        covers: Vec::new(),
        from: None,
        due: "2099-03-31".parse().map_err(|_| anyhow!("no date"))?,
        signatures: Vec::new(),
    };
    store.begin_round(round, by()).map_err(trouble)?;
    administrator(&store)
}

fn administrator(store: &Store) -> Result<()> {
    let new = NewAccount {
        name: "sato".to_owned(),
        called: "佐藤".to_owned(),
        role: Role::Administrator,
        party: None,
        password: None,
    };
    store.add_account(new, false, by()).map_err(trouble)?;
    Ok(())
}

/// Begins a session of the administrator, and returns its secret.
fn enter(db: &Path) -> Result<String> {
    let store = Store::open(db).map_err(trouble)?;
    let (account, _) = store.account("sato").map_err(trouble)?.context("no account")?;
    let (secret, kept) = credential::secret().map_err(|_| anyhow!("no random numbers"))?;
    store.begin_session(account, kept, by()).map_err(trouble)?;
    Ok(secret)
}

fn by() -> By {
    By::here("measure".to_owned(), daicho_collector::clock::now())
}

/// One look by ARP at each network, to which all that is there answered.
fn coverage(observations: &[Observation]) -> Result<Vec<Coverage>> {
    let mut networks: std::collections::BTreeMap<&str, (Arc<_>, AddressSet)> =
        std::collections::BTreeMap::new();
    for one in observations.iter().filter(|one| one.method == Method::Arp) {
        let network = networks
            .entry(one.vantage.network.as_str())
            .or_insert_with(|| (Arc::clone(&one.vantage), AddressSet::new()));
        one.speaker.ip.into_iter().for_each(|ip| network.1.insert(ip));
    }
    let from = Timestamp::from_micros(1_700_000_000_000_000);
    let coverage = |(vantage, answered): (Arc<daicho_common::observation::Vantage>, AddressSet)| {
        let first = answered.iter().next().context("an empty network")?;
        Ok(Coverage {
            vantage: (*vantage).clone(),
            method: Method::Arp,
            cidr: ipnet::IpNet::new(first, 22)?.trunc(),
            from,
            to: Timestamp::from_micros(from.micros() + 60_000_000),
            tries: 1,
            asked: answered.clone(),
            answered,
            not_asked: Vec::new(),
        })
    };
    networks.into_values().map(coverage).collect()
}

/// One question by ARP to each device.
fn sent(observations: &[Observation]) -> Vec<Sent> {
    let asked = observations.iter().filter(|one| one.method == Method::Arp);
    let sent = asked.filter_map(|one| {
        Some(Sent {
            network: one.vantage.network.clone(),
            target: one.speaker.ip?,
            kind: PacketKind::ArpRequest,
            packets: 1,
            octets: 42,
            first: one.at,
            last: one.at,
        })
    });
    sent.collect()
}

fn deliver(
    store: &Store,
    observations: &[Observation],
    (coverage, sent): (Vec<Coverage>, Vec<Sent>),
) -> Result<()> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
    let pkcs8 = pkcs8.map_err(|_| anyhow!("no random numbers"))?;
    let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).map_err(|error| anyhow!("{error}"))?;
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let batches = observations.len().div_ceil(BATCH);
    for (number, some) in observations.chunks(BATCH).enumerate() {
        let last = number + 1 == batches;
        let header = Header {
            agent: "agent-1".to_owned(),
            scan: "agent-1 1".to_owned(),
            sequence: u32::try_from(number + 1)?,
            last,
            from: at,
            to: Timestamp::from_micros(at.micros() + 60_000_000),
            software: "measure".to_owned(),
        };
        let (coverage, sent) =
            if last { (coverage.clone(), sent.clone()) } else { (Vec::new(), Vec::new()) };
        let batch = Batch { header, coverage, sent, observations: some.to_vec() };
        let sealed = batch.seal(&key).map_err(|damage| anyhow!("{damage}"))?;
        let opened = open_all(&sealed).map_err(|(_, damage)| anyhow!("{damage}"))?;
        store.append(opened, at).map_err(|error| anyhow!("{error}"))?;
    }
    Ok(())
}
