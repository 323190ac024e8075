//! Printers print whatever comes to their ports for printing, and HL7's port takes whatever comes for a
//! message: nothing may come, however a network is scanned and by whom.

use daicho_tests::lab::trap::{PORTS, Trap};
use daicho_tests::lab::wiretap::Sent;

use super::harm::watch;
use super::programs::{Scan, User};

#[test]
fn nothing_comes_to_a_port_that_prints_in_any_mode_with_or_without_privilege() {
    let Some(lab) = super::lab() else { return };
    let traps: Vec<Trap> =
        lab.hosts().iter().map(|host| Trap::set(host.namespace()).unwrap()).collect();
    for policy in ["sighting", "gentle", "full"] {
        for user in [User::Root, User::Nobody] {
            // To look without asking anybody takes raw sockets: there is nothing that nobody could do.
            if policy == "sighting" && user == User::Nobody {
                continue;
            }
            let name = format!("{policy}-{user:?}");
            let network = format!("policy = \"{policy}\"");
            let scan = Scan { user, network: &network, ..Scan::default() };
            let (_, frames) = watch(&lab, &scan, &name);
            assert!(frames.len() > 250, "{name}: the witness saw the sweep: {}", frames.len());
            // A SYN that is taken back connects nothing, so that only the witness sees it.
            for sent in frames.iter().map(|frame| frame.sent().unwrap()) {
                let Sent::Ip { port, .. } = sent else { continue };
                assert!(!PORTS.contains(&port), "{name}: {sent:?}");
            }
            for (host, trap) in lab.hosts().iter().zip(&traps) {
                assert_eq!(trap.sprung().unwrap(), [], "{name}: {}", host.spec().name);
            }
        }
    }
    lab.down().unwrap();
}
