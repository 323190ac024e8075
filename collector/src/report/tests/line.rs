//! A device in one line of JSON.

use super::*;

#[test]
fn a_device_in_one_line_says_null_where_nothing_is_known() {
    let mut unknown = device(9, "x", Class::Unknown);
    unknown.names.clear();
    unknown.vendor = None;
    let lines: Vec<serde_json::Value> = [device(7, "MFP-3F", Class::Mfp), unknown]
        .iter()
        .map(|device| serde_json::to_value(json::Brief::from(device)).unwrap())
        .collect();
    let expected = serde_json::json!({
        "ip": "10.20.0.7", "mac": "00:1a:2b:00:00:07", "class": "mfp", "kind": "mfp",
        "vendor": "リコー",
        "model": "IM C3000", "serial": null, "firmware": "1.02", "os": null, "mfp": true,
        "storage": null, "hostname": "MFP-3F"
    });
    assert_eq!(lines[0], expected);
    for key in ["class", "kind", "vendor", "serial", "firmware", "os", "mfp", "storage", "hostname"]
    {
        assert!(lines[1][key].is_null(), "{key}");
    }
    let mut printer = device(8, "LP-3F", Class::Printer);
    let mfp =
        |device: &Device| serde_json::to_value(json::Brief::from(device)).unwrap()["mfp"].clone();
    assert_eq!(mfp(&printer), false, "its model is known and none of a multifunction printer");
    printer.model = None;
    assert!(mfp(&printer).is_null(), "a printer of no known model may be either");
    let bedside = device(8, "x", Class::Bedside);
    let bedside = serde_json::to_value(json::Brief::from(&bedside)).unwrap();
    assert_eq!((&bedside["class"], &bedside["kind"]), (&"medical".into(), &"bedside".into()));
}

#[test]
fn a_device_in_one_line_stands_at_the_address_that_was_asked() {
    let mut router = device(7, "r1", Class::Router);
    let mut listed = router.addresses[0].clone();
    listed.ip = ip(1);
    router.addresses.insert(0, listed);
    let address = |router: &Device| serde_json::to_value(json::Brief::from(router)).unwrap();
    let own = |ip, asked| Join {
        reason: JoinReason::OwnAddress { ip, asked },
        sources: crate::evidence::Sources::new(),
    };
    router.joins = vec![own(ip(1), ip(7))];
    assert_eq!(address(&router)["ip"], "10.20.0.7", "it only lists the smaller one");
    router.joins.push(own(ip(7), ip(1)));
    assert_eq!(address(&router)["ip"], "10.20.0.1", "both answered: the smaller");
    router.addresses.clear();
    assert!(address(&router)["ip"].is_null());
}

#[test]
fn a_device_that_said_one_serial_number_at_two_addresses_has_a_line_for_each() {
    let mut both = device(7, "r1", Class::Router);
    let mut other = both.addresses[0].clone();
    other.ip = ip(9);
    both.addresses.push(other);
    assert_eq!(json::Brief::all(&both).len(), 1);
    let reason = JoinReason::SameIdentifier {
        kind: crate::resolve::IdentifierKind::Serial,
        value: "AB123".into(),
    };
    both.joins = vec![Join { reason, sources: crate::evidence::Sources::new() }];
    let lines = json::Brief::all(&both);
    let ips: Vec<_> =
        lines.iter().map(|line| serde_json::to_value(line).unwrap()["ip"].clone()).collect();
    assert_eq!(ips, ["10.20.0.7", "10.20.0.9"]);
}

#[test]
fn the_version_of_a_server_is_firmware_unless_it_tells_of_an_operating_system() {
    let mut told = device(7, "host-7", Class::Server);
    for (said, firmware, os) in [
        ("Integrated Lights-Out 9 1.02", Some("1.02"), None),
        ("Linux host 1.02 #1 SMP x86_64", None, Some("1.02")),
    ] {
        let sources = arp(7).id().into();
        told.description = Some(Sourced { value: said.into(), grade: Grade::Queried, sources });
        let line = serde_json::to_value(json::Brief::from(&told)).unwrap();
        assert_eq!((line["firmware"].as_str(), line["os"].as_str()), (firmware, os), "{said}");
    }
}
