use serde_json::json;

use super::*;
use crate::sim::Ground;

/// The export of a collector that found everything.
fn export(hospital: &Hospital) -> Vec<Value> {
    let there = there(hospital).unwrap();
    let place = |nic: &crate::sim::Nic| {
        let ((switch, port), between) = there.get(&nic.mac)?;
        let mut place = json!({ "mac": nic.mac.to_string(), "switch_name": switch, "port": port });
        if *between == Between::Hub {
            place["through"] = "hub".into();
        }
        Some(json!({ "value": place }))
    };
    let device = |device: &crate::sim::Device| {
        let addresses: Vec<_> = device.nics.iter().map(|nic| json!({ "ip": nic.ip })).collect();
        let attached: Vec<_> = device.nics.iter().filter_map(place).collect();
        json!({ "addresses": addresses, "attached": attached })
    };
    hospital.devices.iter().map(device).collect()
}

#[test]
fn a_device_at_a_wrong_port_an_invented_hub_and_a_device_in_no_table_are_noticed() {
    let hospital = Hospital::furnish(2026, Ground::Wire);
    let shape = |devices: &[Value]| Shape::of(&hospital, &devices.into()).unwrap();
    let found = export(&hospital);
    let right = shape(&found);
    assert_eq!((right.wrong.len(), right.hubs, right.tabled), (0, 7, 51));
    let at = |key: &str| hospital.devices.iter().position(|device| device.key == key).unwrap();
    for (key, change) in [
        ("pc-030", ("/attached/0/value/port", json!("1/0/1"))),
        ("pc-030", ("/attached/0/value/switch_name", json!("SW-CORE"))),
        (
            "server-003",
            ("/attached/0/value", {
                let mut place = found[at("server-003")]["attached"][0]["value"].clone();
                place["through"] = "hub".into();
                place
            }),
        ),
        ("ward-007", ("/addresses", json!([]))),
    ] {
        let mut wrong = found.clone();
        *wrong[at(key)].pointer_mut(change.0).unwrap() = change.1;
        assert_eq!(shape(&wrong).wrong.len(), 1, "{key} {}", change.0);
    }
    let mut far = found.clone();
    far[at("pc-030")]["attached"][0]["value"]["through"] = json!({ "beyond": "SW-CORE" });
    let far = shape(&far);
    assert_eq!((far.wrong.len(), far.beyond, far.placed), (0, 1, right.placed - 1));
}
