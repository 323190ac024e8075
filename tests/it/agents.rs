//! Agents that a collector knows: enrolled by a code, at work for it, stopped, refused, cut off.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use daicho_collector::store::{Job, JobState, Store};

use super::heard::Running;
use super::lab::programs::built_into;
use super::rig::{NETWORK, Rig, User};

/// 253 addresses in more than twelve seconds.
const PACE: &str = "packets_per_second = 20\ntimeout_ms = 200\ntries = 1";
/// Between two looks at what has no way to say that it changed.
const GLANCE: Duration = Duration::from_millis(20);
/// Looks before a test fails instead of standing still.
const LOOKS: usize = 3000;

struct Site {
    rig: Rig,
    collector: PathBuf,
    database: PathBuf,
    door: String,
    _serving: Running,
}

impl Site {
    fn up(purpose: &str) -> Option<Self> {
        let rig = Rig::up(purpose, [5, 9])?;
        let collector = built_into("daicho-collector", &rig.path(""));
        let database = rig.path("collector.db");
        let mut serve = rig.here.command(&collector).unwrap();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--agents", "127.0.0.1:0", "--db"]);
        serve.arg(&database);
        let (serving, rest) = Running::until(serve, "エージェント専用の口は ");
        let door = rest.split_whitespace().next().unwrap().to_owned();
        Some(Self { rig, collector, database, door, _serving: serving })
    }

    fn collector(&self, arguments: &[&str]) -> String {
        let mut command = self.rig.here.command(&self.collector).unwrap();
        let output = command.args(arguments).arg("--db").arg(&self.database).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn agent(&self, arguments: &[&str]) -> Command {
        let config = self.rig.path("agent.toml");
        let text = format!(
            "[agent]\nname = \"elsewhere\"\n[pace]\n{PACE}\n[[network]]\nname = \"ward\"\ncidr = \"{NETWORK}\"\npolicy = \"sighting\"\n\
             [collector]\nmay_declare = [\"10.99.3.0/28\"]\n"
        );
        std::fs::write(&config, text).unwrap();
        let mut command = self.rig.agent(User::Root);
        command.arg("--config").arg(config).args(arguments);
        command
    }

    fn enrol(&self, code: &str) -> (Option<i32>, String) {
        let output =
            self.agent(&["enrol", "--collector", &self.door, "--code", code]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    fn job(&self, so: impl Fn(&Job) -> bool) -> Job {
        job(&self.database, so)
    }
}

/// The latest job, once it stands so.
pub(crate) fn job(database: &Path, so: impl Fn(&Job) -> bool) -> Job {
    let store = Store::open_existing(database).unwrap();
    for _ in 0..LOOKS {
        let latest = store.jobs().list().unwrap().into_iter().next();
        if let Some(job) = latest.filter(&so) {
            return job;
        }
        std::thread::sleep(GLANCE);
    }
    panic!("{:?}", store.jobs().list());
}

/// An agent at work; one that a failed test leaves behind is killed.
struct Working(Child);

impl Drop for Working {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The processes that a process has started and that are there.
pub(super) fn children(of: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let process: u32 = entry.ok()?.file_name().into_string().ok()?.parse().ok()?;
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        status.lines().any(|row| row == format!("PPid:\t{of}")).then_some(process)
    });
    all.collect()
}

fn code(invited: &str) -> &str {
    invited.lines().next().unwrap()
}

#[test]
fn an_agent_enrols_scans_when_told_to_stops_within_a_second_and_is_cut_off() {
    let Some(site) = Site::up("work") else { return };
    let invited = site.collector(&["agent", "invite", "rig"]);
    let (done, said) = site.enrol(code(&invited));
    assert_eq!(done, Some(0), "{said}");
    let (again, said) = site.enrol(code(&invited));
    assert!(again == Some(8) && said.contains("使用済み"), "{said}");

    let mut work = site.agent(&["work"]);
    let mut work = Working(work.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let mut witness = site.rig.witness();
    site.collector(&["scan", "now", "rig", "--network", "ward", "--reach", "full"]);
    (0..20).for_each(|_| drop(witness.next()));
    let children = children(work.0.id());
    assert_eq!(children.len(), 2, "the one that talks to the collector, and the scan");
    for child in children {
        assert_eq!(super::privilege::held(child).1, [""; 0], "only the one that starts scans may");
    }
    site.collector(&["stop", "rig"]);
    let stopped = site.job(|job| job.state.is_over());
    assert_eq!(stopped.state, JobState::Stopped, "{stopped:?}");
    assert!(stopped.stage.unwrap().packets > 0, "how far it got is known");
    // The command itself takes a moment: three seconds' worth are borne, of the eleven left.
    let after = witness.stop().len();
    assert!(after < 60, "{after} requests after the stop was wanted");

    site.collector(&["scan", "now", "rig", "--network", "10.99.3.0/24"]);
    let refused = site.job(|job| job.id > stopped.id && job.state.is_over());
    assert_eq!(refused.state, JobState::Refused);
    assert!(refused.said.unwrap().en.contains("not declared"));

    declared_on_pages(&site, refused.id);

    let store = Store::open_existing(&site.database).unwrap();
    let coverage = store.ground().unwrap().coverage;
    assert!(coverage.iter().all(|it| it.vantage.agent == "rig"), "{coverage:?}");
    assert!(!coverage.is_empty(), "what it had found was delivered");
    assert!(site.collector(&["agent", "list"]).contains("まで有効"));

    site.collector(&["agent", "revoke", "rig"]);
    assert_eq!(work.0.wait().unwrap().code(), Some(8), "it is told, and ends");
    assert!(site.collector(&["agent", "list"]).contains("失効"));
}

/// What is declared at the collector is scanned as far as `agent.toml` permits, without what is denied
/// there, and nothing beyond.
fn declared_on_pages(site: &Site, before: u64) {
    site.rig.here.ip(&["addr", "add", "10.99.3.1/28", "dev", "eth0"]).unwrap();
    for last in [5, 6] {
        let address = format!("10.99.3.{last}/28");
        site.rig.there.ip(&["addr", "add", &address, "dev", "eth0"]).unwrap();
    }
    let settings = site.rig.path("settings.toml");
    let network = |name: &str, cidr: &str| {
        format!(
            "[[network]]\nname = \"{name}\"\ncidr = \"{cidr}\"\nagent = \"rig\"\npolicy = \"full\"\n"
        )
    };
    let annex = network("annex", "10.99.3.0/28");
    let elsewhere = network("elsewhere", "10.99.4.0/28");
    let text = format!("[deny]\nnets = [\"10.99.3.6\"]\n{annex}{elsewhere}");
    std::fs::write(&settings, text).unwrap();
    site.collector(&["settings", "import", settings.to_str().unwrap()]);
    site.collector(&["scan", "now", "rig", "--network", "elsewhere"]);
    let refused = site.job(|job| job.id > before && job.state.is_over());
    assert_eq!(refused.state, JobState::Refused, "the agent's own file does not permit it");
    let witness = site.rig.witness();
    site.collector(&["scan", "now", "rig", "--network", "annex"]);
    let done = site.job(|job| job.id > refused.id && job.state.is_over());
    assert_eq!(done.state, JobState::Done, "{done:?}");
    let asked: Vec<String> = witness.stop().into_iter().map(|request| request.whom).collect();
    assert!(asked.contains(&"10.99.3.5".to_owned()), "{asked:?}");
    assert!(!asked.contains(&"10.99.3.6".to_owned()), "it is denied at the collector: {asked:?}");
}

#[test]
fn a_code_of_another_collector_is_noticed_before_anything_is_sent() {
    let Some(site) = Site::up("code") else { return };
    let Some(other) = Site::up("code2") else { return };
    let invited = other.collector(&["agent", "invite", "rig"]);
    let (refused, said) = site.enrol(code(&invited));
    assert!(refused == Some(8) && said.contains("何も送っていません"), "{said}");
    let slip = code(&invited).replacen(['A', 'B', 'C'], "7", 1);
    assert_eq!(site.enrol(&slip).0, Some(if slip == code(&invited) { 8 } else { 2 }));
}
