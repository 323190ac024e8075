use std::fs;
use std::path::Path;

use daicho_collector::store::JobState;
use nix::sys::signal::Signal;

use super::pages::Reader;
use super::system::{System, said};
use crate::heard::Running;
use crate::rig::{NETWORK, Rig};

const URL: &str = "http://127.0.0.1:8470";
const DOOR: &str = "127.0.0.1:8471";
const COLLECTOR: &str = "/etc/daicho/collector.toml";
const AGENT: &str = "/etc/daicho/agent.toml";
const DATABASE: &str = "/var/lib/daicho-collector/daicho.db";

/// What a hospital writes into the configurations that were installed.
fn configure(system: &System) {
    let door = format!("agents_listen = \"{DOOR}\"");
    let changes = [
        ("agents_listen = \"\"", door.as_str()),
        ("retention_days = 0\n", "retention_days = 90\n"),
    ];
    system.edit(COLLECTOR, &changes);
    let ward = format!("[[network]]\nname = \"ward\"\ncidr = \"{NETWORK}\"\npolicy = \"full\"\n");
    let changes = [
        ("target_packets_per_second = 2\n", "target_packets_per_second = 20\n"),
        ("timeout_ms = 1000", "timeout_ms = 300"),
        ("#[[network]]\n", ward.as_str()),
    ];
    system.edit(AGENT, &changes);
}

/// A command of the collector, as an administrator gives it.
fn collector(system: &System, words: &[&str]) -> String {
    let words = [&["daicho-collector"], words, &["--config", COLLECTOR]].concat();
    system.command("daicho-collector", &words)
}

/// Waits for the end of the only job.
fn done(system: &System) {
    let job = system.enter(|| crate::agents::job(Path::new(DATABASE), |job| job.state.is_over()));
    assert_eq!(job.state, JobState::Done, "{job:?}");
}

/// A row of a process's status (`proc_pid_status(5)`).
fn status(process: u32, row: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mut rows = status.lines().filter_map(|line| line.split_once(":\t"));
    rows.find(|(name, _)| *name == row).unwrap().1.to_owned()
}

/// Scans while it is looked at who has which privilege.
fn scan(system: &System, rig: &Rig, agent: &Running) {
    let mut witness = rig.witness();
    collector(system, &["scan", "now", "rig", "--network", "ward", "--reach", "full"]);
    (0..20).for_each(|_| drop(witness.next()));
    let children = crate::agents::children(agent.id());
    assert_eq!(children.len(), 2, "the one that talks to the collector, and the scan");
    for process in [&children[..], &[agent.id()]].concat() {
        assert_eq!(
            (status(process, "Seccomp"), status(process, "NoNewPrivs")),
            ("2".into(), "1".into())
        );
        assert!(!status(process, "Uid").contains("0\t0\t0\t0"));
        let held = crate::privilege::held(process).1;
        assert_eq!(held.is_empty(), process != agent.id(), "only the one that starts scans may");
    }
    done(system);
    assert!(witness.stop().len() > 200, "all of the network was asked for");
}

/// Runs a unit that ends by itself.
fn once(system: &System, name: &str) {
    let output = system.confined(&system.unit(name), |mut command| command.output().unwrap());
    assert!(output.status.success(), "{name}: {}", said(&output));
}

#[test]
fn both_programs_do_their_work_as_installed_and_confined_by_their_units() {
    let Some(system) = System::up() else { return };
    let rig = Rig::up("units", [5, 9]).unwrap();
    configure(&system);
    let start = |name: &str, says: &str| {
        let unit = system.unit(name);
        let begun = || system.confined(&unit, |command| Running::until(command, says));
        rig.here.enter(begun).unwrap()
    };
    let (serving, code) = start("daicho-collector.service", "setup?code=");
    let code = code.split_whitespace().next().unwrap();
    let mut reader = rig.here.enter(|| Reader::first(URL, code)).unwrap();
    rig.here.enter(|| reader.log_in_again()).unwrap();

    let invited = collector(&system, &["agent", "invite", "rig"]);
    let code = invited.lines().next().unwrap();
    let enrol = ["daicho-agent", "--config", AGENT, "enrol", "--collector", DOOR];
    let enrol = [&enrol[..], &["--code", code]].concat();
    rig.here.enter(|| system.command("daicho-agent", &enrol)).unwrap();
    let (working, _) = start("daicho-agent.service", "waits for orders");
    scan(&system, &rig, &working);

    rig.here.enter(|| assert!(reader.shows("10.99.2.5") && reader.shows("10.99.2.9"))).unwrap();
    rig.here.enter(|| reader.reports()).unwrap();
    once(&system, "daicho-collector-backup.service");
    once(&system, "daicho-collector-retain.service");
    let copies = system.enter(|| fs::read_dir("/var/lib/daicho-collector/copies").unwrap().count());
    assert!(copies > 0);
    assert_eq!(working.end_by(Signal::SIGTERM), Some(0));
    assert_eq!(serving.end_by(Signal::SIGTERM), Some(0));
}
