//! What the agent may still do while it scans or listens.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use super::rig::{Rig, User, arp, found, result};

/// Requests after which it is looked at the threads.
const LOOKS: usize = 25;
const PACE: &str = "packets_per_second = 200\ntimeout_ms = 200\ntries = 2";
/// The sets that say what a thread may do, or get, in `proc_pid_status(5)`.
const SETS: [&str; 4] = ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"];

/// What every thread of a process may do: rows of its sets that are not empty.
pub(super) fn held(process: u32) -> (usize, Vec<String>) {
    let tasks: Vec<PathBuf> = fs::read_dir(format!("/proc/{process}/task"))
        .unwrap()
        .map(|task| task.unwrap().path())
        .collect();
    // A thread may end between the two.
    let states = tasks.iter().filter_map(|task| fs::read_to_string(task.join("status")).ok());
    let rows = states.flat_map(|state| state.lines().map(str::to_owned).collect::<Vec<_>>());
    let held = rows.filter(|row| {
        SETS.iter().any(|set| row.starts_with(set)) && !row.ends_with("\t0000000000000000")
    });
    (tasks.len(), held.collect())
}

fn scans_with_nothing(user: User, purpose: &str) {
    let Some(rig) = Rig::up(purpose, [9, 77, 200]) else { return };
    let mut witness = rig.witness();
    let agent = rig.scan(user, PACE, "scan.daicho").spawn().unwrap();
    for _ in 0..LOOKS {
        witness.next();
        let (threads, held) = held(agent.id());
        assert!(threads > 3, "the main thread, two workers and the writer: {threads}");
        assert_eq!(held, [""; 0]);
    }
    let batch = result(agent, &rig.result(user, "scan.daicho"));
    assert_eq!(found(&batch), [9, 77, 200]);
    assert_eq!(arp(&batch).asked.len(), 253, "all but itself");
    assert!(witness.stop().len() > 400, "the silent were asked twice, by frames");
}

#[test]
fn no_thread_of_a_scan_by_root_has_a_capability() {
    scans_with_nothing(User::Root, "bare-root");
}

#[test]
fn a_scan_with_nothing_but_raw_sockets_does_all_that_root_does_and_keeps_not_even_those() {
    scans_with_nothing(User::Raw, "bare-raw");
}

#[test]
fn no_thread_that_listens_has_a_capability() {
    for (user, purpose) in [(User::Root, "ear-root"), (User::Raw, "ear-raw")] {
        let Some(rig) = Rig::up(purpose, [9]) else { return };
        let file = rig.result(user, "heard.daicho");
        let mut command = rig.agent(user);
        command.args(["listen", "--interface", "eth0", "--jsonl", "--for", "3", "-o"]).arg(&file);
        let mut agent = command.spawn().unwrap();
        let heard = BufReader::new(agent.stdout.take().unwrap());
        let (tell, told) = mpsc::channel();
        let reader = std::thread::spawn(move || _ = heard.lines().try_for_each(|it| tell.send(it)));
        // The neighbour's kernel asks for one address after another, until one was heard.
        let asking = rig.there.enter(|| UdpSocket::bind("10.99.2.9:0")).unwrap().unwrap();
        let asked = (20..250_u8).find(|last| {
            asking.send_to(b"x", (Ipv4Addr::new(10, 99, 2, *last), 9)).unwrap();
            told.recv_timeout(Duration::from_millis(100)).is_ok()
        });
        let (threads, held) = held(agent.id());
        assert!(asked.is_some());
        assert!(threads > 3 && held.is_empty(), "{threads}, {held:?}");
        assert!(!result(agent, &file).observations.is_empty());
        reader.join().unwrap();
    }
}

#[test]
fn root_is_told_before_the_first_packet_that_it_could_not_write_the_result() {
    let Some(rig) = Rig::up("bare-folder", [9]) else { return };
    let folder = rig.path("of-another");
    fs::create_dir(&folder).unwrap();
    nix::unistd::chown(&folder, Some(1.into()), Some(1.into())).unwrap();
    let witness = rig.witness();
    let mut command = rig.agent(User::Root);
    command.args(["scan", "--network", "10.99.2.0/24", "-o"]).arg(folder.join("scan.daicho"));
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("of-another"), "{said}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(witness.stop().is_empty());
}
