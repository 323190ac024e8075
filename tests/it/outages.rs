//! The agent's own interface goes down, comes back, or gets another address in mid-scan.

use std::io::{BufRead, BufReader, Read};
use std::net::IpAddr;
use std::process::{Child, ChildStderr};

use daicho_common::batch::Batch;
use daicho_common::coverage::Why;

use super::rig::{Request, Rig, User, arp, found, result};

/// 253 addresses twice in five seconds.
const PACE: &str = "packets_per_second = 100\ntimeout_ms = 400\ntries = 2\nlink_wait_seconds = 20";

fn neighbours() -> Vec<u8> {
    (3..250).step_by(3).collect()
}

/// Waits until the agent says that its interface went down.
fn told(agent: &mut Child) -> BufReader<ChildStderr> {
    let mut said = BufReader::new(agent.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("an interface of this machine went down") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "the agent ended");
    }
    said
}

/// Whom the coverage calls absent though it is there.
fn wronged(batch: &Batch) -> Vec<u8> {
    let absent = |last: &u8| arp(batch).shows_absence(IpAddr::from([10, 99, 2, *last]));
    neighbours().into_iter().filter(absent).collect()
}

/// A scan during which one end of the cable goes down, and comes back once the agent has noticed.
fn falls_and_comes_back(purpose: &str, ours: bool) {
    let Some(rig) = Rig::up(purpose, neighbours()) else { return };
    let mut witness = rig.witness();
    let mut agent = rig.scan(User::Root, PACE, "scan.daicho").spawn().unwrap();
    (0..60).for_each(|_| _ = witness.next());
    let end = if ours { &rig.here } else { &rig.there };
    end.ip(&["link", "set", "eth0", "down"]).unwrap();
    let mut said = told(&mut agent);
    end.ip(&["link", "set", "eth0", "up"]).unwrap();
    said.read_to_string(&mut String::new()).unwrap();
    let batch = result(agent, &rig.result(User::Root, "scan.daicho"));
    assert_eq!(found(&batch), neighbours());
    assert_eq!(wronged(&batch), [0; 0]);
    assert_eq!(arp(&batch).asked.len(), 253);
}

#[test]
fn every_host_is_found_though_the_interface_went_down_and_came_back() {
    falls_and_comes_back("fall-own", true);
}

#[test]
fn every_host_is_found_though_the_cable_was_out_and_the_system_refused_nothing() {
    falls_and_comes_back("fall-cable", false);
}

#[test]
fn a_cable_that_stays_out_ends_the_scan_and_shows_nobody_absent() {
    let Some(rig) = Rig::up("fall-dead", neighbours()) else { return };
    let mut witness = rig.witness();
    let pace = PACE.replace("= 20", "= 1");
    let mut agent = rig.scan(User::Root, &pace, "scan.daicho").spawn().unwrap();
    (0..60).for_each(|_| _ = witness.next());
    rig.there.ip(&["link", "set", "eth0", "down"]).unwrap();
    let mut said = told(&mut agent);
    // It ends by itself, or this waits for ever.
    said.read_to_string(&mut String::new()).unwrap();
    let batch = result(agent, &rig.result(User::Root, "scan.daicho"));
    assert_eq!(wronged(&batch), [0; 0]);
    let left = &arp(&batch).not_asked;
    let unreachable = left.iter().find(|it| it.why == Why::Unreachable).unwrap();
    assert!(unreachable.addresses.len() > 200, "{left:?}");
    // In the moment of the fall the system may refuse a frame rather than lose it.
    assert!(
        left.iter().all(|it| matches!(it.why, Why::Unreachable | Why::SendFailed | Why::Own)),
        "{left:?}"
    );
}

#[test]
fn after_a_change_of_address_no_question_says_the_old_one_for_long() {
    let Some(rig) = Rig::up("fall-address", neighbours()) else { return };
    let mut witness = rig.witness();
    let mut agent = rig.scan(User::Root, PACE, "scan.daicho").spawn().unwrap();
    (0..60).for_each(|_| assert_eq!(witness.next().who, "10.99.2.1"));
    rig.here.ip(&["addr", "del", "10.99.2.1/24", "dev", "eth0"]).unwrap();
    rig.here.ip(&["addr", "add", "10.99.2.254/24", "dev", "eth0"]).unwrap();
    let mut talk = agent.stderr.take().unwrap();
    talk.read_to_string(&mut String::new()).unwrap();
    let batch = result(agent, &rig.result(User::Root, "scan.daicho"));
    let late = witness.stop();
    let first = late.iter().position(|it| it.who == "10.99.2.254").unwrap();
    // It looks every tenth of a second, at a hundred packets a second.
    assert!(first < 60, "{first} more with the old address");
    let new = |it: &Request| it.who == "10.99.2.254" && it.whom != "10.99.2.254";
    assert!(late.len() > 300 && late[first..].iter().all(new), "{late:?}");
    assert_eq!((found(&batch), wronged(&batch)), (neighbours(), vec![]));
    assert_eq!(arp(&batch).asked.len(), 252, "neither of its two");
}
