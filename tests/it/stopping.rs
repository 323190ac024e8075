//! A scan that delivers to a collector is ended from there.

use std::time::Instant;

use super::heard::Running;
use super::lab::programs::{built_into, open};
use super::rig::{Rig, User, arp};

/// 253 addresses in more than twelve seconds.
const PACE: &str = "packets_per_second = 20\ntimeout_ms = 200\ntries = 1";

#[test]
fn a_collector_ends_the_scan_of_one_agent_within_a_second() {
    let Some(rig) = Rig::up("stopped", [5, 9]) else { return };
    let collector = built_into("daicho-collector", &rig.path(""));
    let program = || rig.here.command(&collector).unwrap();
    let database = rig.path("collector.db");
    let mut serve = program();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(&database);
    let (serving, rest) = Running::until(serve, "http://");
    let url = format!("http://{}", rest.split('/').next().unwrap());
    let stop = |agent: &str| {
        let mut stop = program();
        let output = stop.args(["stop", agent, "--db"]).arg(&database).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    // What was said before the scan is not said to it.
    assert!(stop("rig").contains("まだ何も届いていません"));

    let mut witness = rig.witness();
    let mut scan = rig.scan(User::Root, PACE, "scan.daicho");
    let agent = scan.args(["--to", &url]).spawn().unwrap();
    (0..20).for_each(|_| drop(witness.next()));
    stop("another");
    (0..20).for_each(|_| drop(witness.next()));
    stop("rig");
    let said = Instant::now();
    let output = agent.wait_with_output().unwrap();
    println!("ended {:?} after the collector was told", said.elapsed());
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let after = witness.stop().len();
    // The command itself takes a moment: three seconds' worth are borne, of the eleven left.
    assert!(after < 60, "{after} requests after the stop was wanted");
    let batch = open(&rig.result(User::Root, "scan.daicho"));
    assert!(arp(&batch).asked.len() < 150, "the coverage says how far it got");
    assert!(stop("rig").contains("1 秒以内"), "by now it is known");
    assert_eq!(serving.end(), Some(0));
}
