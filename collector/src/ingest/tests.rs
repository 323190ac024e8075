use daicho_common::batch::Header;
use daicho_common::observation::{Method, Observation, Reply, Speaker, Vantage};
use daicho_common::time::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;

use super::*;

fn sealed(agent: &str, vantage_agent: &str, network: &str) -> Vec<u8> {
    let at = Timestamp::from_micros(1_775_003_400_000_000);
    let vantage =
        Vantage { agent: vantage_agent.into(), interface: "eth0".into(), network: network.into() };
    let batch = Batch {
        header: Header {
            agent: agent.into(),
            scan: "s".into(),
            sequence: 1,
            last: true,
            from: at,
            to: at,
            software: "test 1".into(),
        },
        coverage: vec![],
        sent: vec![],
        observations: vec![Observation {
            at,
            vantage: vantage.into(),
            method: Method::IcmpEcho,
            speaker: Speaker::default(),
            fact: Fact::Answered(Reply::Echo),
        }],
    };
    let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    batch.seal(&Ed25519KeyPair::from_pkcs8(seed.as_ref()).unwrap()).unwrap()
}

#[test]
fn a_batch_that_speaks_for_another_agent_is_refused() {
    assert!(open(&sealed("east", "east", "病棟")).is_ok());
    let refused = open(&sealed("east", "west", "病棟")).unwrap_err();
    assert_eq!(refused, Refusal::Impostor { agent: "east".into(), other: "west".into() });
    assert_eq!(refused.complaint("x").exit, Exit::Integrity);
}

#[test]
fn names_that_could_drive_a_terminal_are_refused_even_when_signed() {
    for network in ["a\u{1b}[2J", "a\u{202e}b", " a", &"長".repeat(300)] {
        let refused = open(&sealed("east", "east", network)).unwrap_err();
        assert!(matches!(refused, Refusal::Name(_)), "{network:?}");
    }
    assert!(matches!(open(&sealed("", "", "x")), Err(Refusal::Name(_))));
}

#[test]
fn what_follows_a_batch_is_not_passed_over() {
    let mut two = sealed("east", "east", "a");
    two.extend(sealed("east", "east", "a"));
    assert_eq!(open(&two).unwrap_err(), Refusal::Trailing);
}

#[test]
fn the_content_decides_what_a_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("台帳.csv");
    std::fs::write(&path, sealed("east", "east", "a")).unwrap();
    assert!(matches!(read_file(&path).unwrap(), Content::Batches(batches) if batches.len() == 1));
    std::fs::write(&path, "管理番号,機器名,IPアドレス\nA-1,端末,10.20.0.1\n").unwrap();
    assert!(matches!(read_file(&path).unwrap(), Content::Book { .. }));
}

#[test]
fn folders_add_rows_of_our_own_and_of_recog_and_the_list_of_the_ieee() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| std::fs::write(at(name), text).unwrap();
    let row = "[[row]]\non = 'description'\nprefix = 'Muster'\nclass = 'nas'\nweight = 99\n\
               example = [{ said = 'Muster 9' }]\n";
    write("own.toml", row);
    write("note.txt", "not read");
    write(
        "own.xml",
        "<fingerprints matches='ssh.banner'><fingerprint pattern='^Muster'>\
         <param pos='0' name='hw.vendor' value='Musterwerk'/></fingerprint></fingerprints>",
    );
    write("oui.txt", "AC-DE-48   (hex)\t\tMusterwerk\n");
    let folders = vec![folder.path().to_owned()];
    let mut knowledge = Knowledge {
        fingerprints: folders.clone(),
        recog: folders,
        mac_makers: Some(at("oui.txt")),
    };
    let rows = known(&knowledge).unwrap();
    assert_eq!(rows.len(), fingerprints().unwrap().len() + 2);
    assert_eq!(rows.maker("ac:de:48:00:00:01".parse().unwrap()), Some("Musterwerk"));
    write("own.toml", &row.replace("Muster 9", "Nothing"));
    let complaint = known(&knowledge).unwrap_err();
    assert_eq!(complaint.exit, Exit::Config);
    assert!(complaint.en.contains("own.toml, row 1"), "{complaint}");
    knowledge.fingerprints = vec![at("nowhere")];
    assert!(known(&knowledge).unwrap_err().ja.contains("nowhere"));
}
