//! A scan that was killed goes on where it was.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;

use daicho_agent::engine::checkpoint::Checkpoint;

use super::rig::{Rig, User, arp, found, result};

/// 253 addresses in six seconds and a half; it is kept every five how far that got.
const PACE: &str = "packets_per_second = 40\ntimeout_ms = 200\ntries = 1";

/// What the killed agent had kept, once it is there.
fn kept(rig: &Rig) -> Option<Checkpoint> {
    let files = fs::read_dir(rig.path("Root")).unwrap().map(|file| file.unwrap().path());
    let mut files = files.filter(|file| file.extension().is_some_and(|end| end == "resume"));
    Some(serde_json::from_slice(&fs::read(files.next()?).unwrap()).unwrap())
}

#[test]
fn after_a_kill_only_the_rest_is_asked_and_every_host_is_found() {
    let neighbours: Vec<u8> = (5..250).step_by(5).collect();
    let Some(rig) = Rig::up("killed", neighbours.iter().copied()) else { return };
    let mut witness = rig.witness();
    let mut agent = rig.scan(User::Root, PACE, "scan.daicho").spawn().unwrap();
    let mut before = 0;
    while kept(&rig).is_none() {
        witness.next();
        before += 1;
    }
    agent.kill().unwrap();
    agent.wait().unwrap();
    before += witness.stop().len();
    assert!(!rig.result(User::Root, "scan.daicho").exists(), "half a result is none");
    let settled = kept(&rig).unwrap().networks.remove(0).addresses;
    assert!(settled.len() > 80, "{settled:?}");

    let witness = rig.witness();
    let mut resumed = rig.scan(User::Root, PACE, "scan.daicho");
    let agent = resumed.arg("--resume").spawn().unwrap();
    let batch = result(agent, &rig.result(User::Root, "scan.daicho"));
    let asked: BTreeSet<IpAddr> =
        witness.stop().iter().map(|it| it.whom.parse().unwrap()).collect();
    assert!(asked.iter().all(|ip| !settled.contains(*ip)), "{asked:?}");
    assert_eq!(asked.len() as u128, 253 - settled.len());
    assert!(before + asked.len() < 253 + 100, "{before} and {}", asked.len());
    assert_eq!(found(&batch), neighbours);
    assert_eq!(arp(&batch).asked.len(), 253, "the union of both");
    assert_eq!(arp(&batch).answered.len(), neighbours.len() as u128);
    assert!(kept(&rig).is_none(), "there is nothing left to go on with");
}
