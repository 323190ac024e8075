use std::collections::BTreeMap;

use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::CommunityMessage;
use async_snmp::pdu::{Pdu, PduBody, StandardPduType};
use async_snmp::{Oid, Value, VarBind};

use super::*;

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn the_arguments_are_a_folder_and_what_is_wanted_of_it() {
    let all = Options::read(&words("here --only snmp --misses vendor --lines out")).unwrap();
    let expected = Options {
        folder: "here".into(),
        only: Some("snmp".into()),
        misses: Some("vendor".into()),
        lines: Some("out".into()),
    };
    assert_eq!(all, expected);
    assert!(all.wants("snmp") && !all.wants("banners"));
    assert!(Options::read(&words("here --misses banner.class")).is_ok());
    for wrong in ["", "here there", "here --only dhcp", "here --misses colour", "here --odd"] {
        assert!(Options::read(&words(wrong)).is_err(), "{wrong}");
    }
}

/// A shelf of two agents, the second with a VLAN of its own.
fn shelf() -> Shelf {
    let object = |text: &str| {
        vec![(
            Oid::from_slice(&[1, 3, 6, 1, 2, 1, 1, 1, 0]),
            Value::OctetString(text.as_bytes().to_vec().into()),
        )]
    };
    let one = BTreeMap::from([(b"public".to_vec(), object("one"))]);
    let two = BTreeMap::from([
        (b"public".to_vec(), object("two")),
        (b"public@20".to_vec(), object("two in VLAN 20")),
    ]);
    let agents = [(Ipv4Addr::new(10, 0, 0, 1), one), (Ipv4Addr::new(10, 0, 0, 2), two)];
    Shelf { agents: agents.into(), missing: Vec::new() }
}

fn ask(shelf: &Shelf, (address, community): ([u8; 4], &str)) -> Option<String> {
    let name = Oid::from_slice(&[1, 3, 6, 1, 2, 1, 1, 1]);
    let pdu_type = StandardPduType::GetNextRequest;
    let body = PduBody::Standard { pdu_type, error_status: 0, error_index: 0 };
    let asked = Pdu::from_raw_parts(7, body, vec![VarBind::new(name, Value::Null)]);
    let message = CommunityMessage::v2c(community.to_owned(), asked).unwrap().encode().unwrap();
    let answer = shelf.answer(Ipv4Addr::from(address), &message)?;
    let decoded = CommunityMessage::decode(answer.octets.into(), DecodeConfig::default()).unwrap();
    let (_, _, binds) = decoded.value.into_pdu()?.into_raw_parts();
    let Value::OctetString(octets) = &binds.first()?.value else { return None };
    Some(String::from_utf8_lossy(octets).into_owned())
}

#[test]
fn each_address_answers_from_its_own_recording_and_in_the_context_asked() {
    let shelf = shelf();
    let answer = |address, community| ask(&shelf, (address, community));
    assert_eq!(answer([10, 0, 0, 1], "public").as_deref(), Some("one"));
    assert_eq!(answer([10, 0, 0, 2], "public").as_deref(), Some("two"));
    assert_eq!(answer([10, 0, 0, 2], "public@20").as_deref(), Some("two in VLAN 20"));
    assert_eq!(answer([10, 0, 0, 1], "public@20"), None);
    assert_eq!(answer([10, 0, 0, 1], "secret"), None);
    assert_eq!(answer([10, 0, 0, 3], "public"), None);
}

#[test]
fn a_device_is_judged_by_the_line_with_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let truth = serde_json::json!([
        { "ip": "10.0.0.1", "file": "a", "class": "nas", "class_accept": ["nas"], "vendor": "Zork" },
        { "ip": "10.0.0.2", "file": "b", "class": "ups", "class_accept": ["ups"] },
    ]);
    fs::write(folder.path().join("truth.json"), truth.to_string()).unwrap();
    fs::write(folder.path().join("list.txt"), "10.0.0.1 a\n10.0.0.2 b\n").unwrap();
    let place = Place::find(folder.path()).unwrap();
    let lines = "{\"ip\": \"10.0.0.1\", \"class\": \"nas\", \"vendor\": \"Nobody\"}\n{\"ip\": \"192.0.2.9\", \"class\": \"pc\"}\n{\"ip\": null}\n";
    let scanned = Scanned { lines: lines.to_owned(), ended: true, ..Scanned::default() };
    let (text, json) =
        judged(&place, &shelf(), (&scanned, &Judge::new().unwrap(), Some("vendor"))).unwrap();
    assert!(text.contains("not found at their addresses: 10.0.0.2"), "{text}");
    assert!(text.contains("10.0.0.1 wrong vendor"), "{text}");
    let all = &json["rows"]["all"];
    assert_eq!(
        (&all["devices"], &all["found"], &json["elsewhere"]),
        (&2.into(), &1.into(), &1.into())
    );
    assert_eq!(all["fields"]["class"], serde_json::json!({ "n": 2, "right": 1, "wrong": 0 }));
    assert_eq!(all["fields"]["vendor"], serde_json::json!({ "n": 1, "right": 0, "wrong": 1 }));
}
