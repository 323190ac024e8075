//! `kill -9` of collector and agent at random moments while batches are delivered: what the agent no
//! longer keeps the collector has, once. A few times here; `DAICHO_KILLS=200` for many.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use daicho_agent::count::Count;
use daicho_agent::key;
use daicho_agent::spool::{MOST, Spool};
use daicho_collector::store::Store;
use daicho_common::batch::{Batch, Header};
use daicho_common::observation::{
    Fact, Method, Observation, ObservationId, Reply, Speaker, Vantage,
};
use daicho_common::time::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

use super::heard::Running;

/// Kills, unless the environment says how many.
const KILLS: u32 = 6;
/// Batches that come with each.
const BATCHES: u32 = 6;
/// Observations in each.
const OBSERVATIONS: u32 = 400;

struct Site {
    folder: tempfile::TempDir,
    programs: PathBuf,
    kept: BTreeSet<ObservationId>,
    batches: u64,
}

impl Site {
    fn database(&self) -> PathBuf {
        self.folder.path().join("collector.db")
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    fn serve(&self, door: &str) -> (Running, String) {
        let mut serve = Command::new(self.programs.join("daicho-collector"));
        serve.args(["serve", "--listen", "127.0.0.1:0", "--agents", door, "--db"]);
        serve.arg(self.database());
        let (serving, rest) = Running::until(serve, "エージェント専用の口は ");
        (serving, rest.split_whitespace().next().unwrap().to_owned())
    }

    fn agent(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join("daicho-agent"));
        command.arg("--state").arg(self.state()).args(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Keeps some more batches, as a scan does.
    fn more(&mut self) {
        let state = self.state();
        let (key, spool) = (key::load_or_create(&state).unwrap(), Spool::of(&state, MOST));
        for _ in 0..BATCHES {
            self.batches += 1;
            let batch = batch(self.batches);
            self.kept.extend(batch.observations.iter().map(Observation::id));
            let turn = Count::of(&state).turn(spool.marks().unwrap()).unwrap();
            let sealed = batch.seal_marked(&key, turn.mark()).unwrap();
            spool.keep(turn.mark(), &sealed, &key).unwrap();
            turn.take().unwrap();
        }
    }
}

fn batch(number: u64) -> Batch {
    let number = i64::try_from(number).unwrap();
    let at = Timestamp::from_micros(1_775_003_400_000_000 + number * 1_000_000);
    let vantage = Vantage { agent: "east".into(), interface: "e".into(), network: "n".into() };
    let seen = |n: u32| Observation {
        at: Timestamp::from_micros(at.micros() + i64::from(n)),
        vantage: vantage.clone().into(),
        method: Method::IcmpEcho,
        speaker: Speaker { ip: Some((0x0a14_0000 + n).to_be_bytes().into()), mac: None },
        fact: Fact::Answered(Reply::Echo),
    };
    let header = Header {
        agent: "east".into(),
        scan: format!("east@{number}"),
        sequence: 1,
        last: true,
        from: at,
        to: at,
        software: "test".into(),
    };
    let observations = (0..OBSERVATIONS).map(seen).collect();
    Batch { header, coverage: vec![], sent: vec![], observations }
}

fn random() -> u8 {
    let mut octet = [0];
    SystemRandom::new().fill(&mut octet).unwrap();
    octet[0]
}

fn enrolled(site: &Site, door: &str) {
    let mut invite = Command::new(site.programs.join("daicho-collector"));
    let output = invite.args(["agent", "invite", "east", "--db"]).arg(site.database()).output();
    let code = String::from_utf8(output.unwrap().stdout).unwrap();
    let code = code.lines().next().unwrap();
    let enrol = site.agent(&["enrol", "--collector", door, "--code", code]).status().unwrap();
    assert!(enrol.success());
}

fn held(database: &Path) -> (BTreeSet<ObservationId>, usize) {
    let ground = Store::open_existing(database).unwrap().ground().unwrap();
    let ids: BTreeSet<_> = ground.observations.iter().map(|one| one.id()).collect();
    (ids, ground.observations.len())
}

fn kill(mut child: Child) {
    // It may have ended by itself.
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_counts_twice_whoever_is_killed_when() {
    let kills = std::env::var("DAICHO_KILLS").ok().and_then(|kills| kills.parse().ok());
    let kills: u32 = kills.unwrap_or(KILLS);
    let (folder, programs) = (tempfile::tempdir().unwrap(), crate::built::folder());
    let mut site = Site { folder, programs, kept: BTreeSet::new(), batches: 0 };
    let (mut serving, door) = site.serve("127.0.0.1:0");
    enrolled(&site, &door);
    let to = format!("https://{door}");
    for round in 0..kills {
        site.more();
        let sending = site.agent(&["send", "--to", &to]).spawn().unwrap();
        // A random moment is what is tested: there is no event to wait for.
        std::thread::sleep(Duration::from_millis(u64::from(random())));
        if round % 2 == 0 {
            drop(serving);
            kill(sending);
            serving = site.serve(&door).0;
        } else {
            kill(sending);
        }
    }
    let sent = site.agent(&["send", "--to", &to]).status().unwrap();
    assert!(sent.success(), "what was left is delivered");
    assert_eq!(serving.end(), Some(0));
    let (ids, count) = held(&site.database());
    assert_eq!((ids.len(), count), (site.kept.len(), site.kept.len()), "all, and each once");
    assert_eq!(ids, site.kept);
    let agents = Store::open_existing(site.database()).unwrap().admissions().list().unwrap();
    assert_eq!(agents[0].gaps, []);
    println!("{kills} kills, {} batches, {count} observations", site.batches);
}
