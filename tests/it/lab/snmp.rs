//! SNMP v3 with Debian's snmpd, and the table that lldpd gives it.

use std::net::IpAddr;

use daicho_common::batch::Batch;
use daicho_common::observation::{Fact, Method, Outcome, Question};

use super::programs::Scan;

const SWITCH: &str = "10.77.0.2";

/// A user as it is written in the configuration.
fn user(name: &str, (auth, auth_password): (&str, &str), privacy: &str) -> String {
    format!(
        "[[network.snmp.user]]\nname = \"{name}\"\nauth = \"{auth}\"\n\
         auth_password = \"{auth_password}\"\nprivacy = \"{privacy}\"\n\
         privacy_password = \"lab-kensa-privacy\"\n"
    )
}

/// What the switch said by SNMP.
fn said(batch: &Batch) -> Vec<&Fact> {
    let switch: IpAddr = SWITCH.parse().unwrap();
    let own = batch.observations.iter().filter(|o| o.speaker.ip == Some(switch));
    own.filter(|o| o.method == Method::Snmp).map(|o| &o.fact).collect()
}

#[test]
fn a_switch_is_read_as_a_user_of_v3_and_a_wrong_password_is_told() {
    let Some(lab) = super::lab() else { return };
    let right = "lab-kensa-auth";
    for (name, auth, privacy) in [("watch", "sha256", "aes128"), ("strong", "sha512", "aes256")] {
        let users = user(name, (auth, right), privacy);
        let batch = Scan { snmp_users: &users, ..Scan::default() }.run(&lab, name);
        let said = said(&batch);
        let named =
            |fact: &&Fact| matches!(fact, Fact::System { name, .. } if name.as_str() == "sw-2f-01");
        assert!(said.iter().any(named), "{name}: {said:?}");
        let read = |fact: &&Fact| {
            matches!(fact, Fact::TableRead(read)
                if read.tables().any(|table| table == "lldpRemTable") && read.outcome == Outcome::Complete)
        };
        assert!(said.iter().any(read), "{name}: {said:?}");
    }
    let users = user("watch", ("sha256", "not-the-password"), "aes128");
    let batch = Scan { snmp_users: &users, ..Scan::default() }.run(&lab, "wrong");
    let refused = Fact::Asked { question: Question::SnmpSystem, outcome: Outcome::Refused };
    let said = said(&batch);
    assert!(said.contains(&&refused), "{said:?}");
    let nothing = |fact: &&Fact| matches!(fact, Fact::Asked { .. } | Fact::TableRead(_));
    assert!(said.iter().all(nothing), "{said:?}");
    lab.down().unwrap();
}
