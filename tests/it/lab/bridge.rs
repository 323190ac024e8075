//! A bridge of the kernel behind Debian's snmpd, with lldpd as its subagent: what its tables show.

use daicho_collector::fingerprint::Rows;
use daicho_collector::ledger::Ledger;
use daicho_collector::picture;
use daicho_collector::resolve::Through;
use daicho_collector::topology::{Cause, Confidence};
use daicho_common::addr::Mac;
use daicho_tests::lab::BRIDGE;

use super::programs::Scan;

/// Who is where: MAC address, port, and what stands between.
const WIRING: [(&str, &str, Option<Through>); 7] = [
    ("00:0b:5d:79:00:01", "p1", None),
    ("00:0b:5d:79:00:12", "p2", None),
    ("00:0b:5d:79:00:23", "p3", Some(Through::Hub)),
    ("00:0b:5d:79:00:34", "p3", Some(Through::Hub)),
    ("00:0b:5d:79:00:45", "p3", Some(Through::Hub)),
    ("00:0b:5d:79:00:56", "p4", Some(Through::Telephone)),
    ("00:0f:d3:79:00:41", "p4", None),
];

#[test]
fn who_hangs_where_on_a_bridge_of_the_kernel_is_found_without_a_packet_to_them() {
    let Some(lab) = super::lab_of(BRIDGE) else { return };
    let batch = Scan::default().run(&lab, "bridge");
    lab.down().unwrap();
    let rows = Rows::builtin().unwrap();
    let picture = picture::of_scan(&batch.observations, &[], &Ledger::default(), &rows);
    let places = WIRING.map(|(mac, ..)| {
        let mac: Mac = mac.parse().unwrap();
        let device = picture.devices.iter().find(|it| it.macs.iter().any(|m| m.value == mac));
        let [at] = device.map(|it| it.attached.as_slice()).unwrap_or_default() else {
            panic!("{mac}: {device:#?}");
        };
        assert_eq!(at.value.switch_name, "sw-3f-01");
        (at.value.port.clone(), at.value.through.clone())
    });
    assert_eq!(places, WIRING.map(|(_, port, through)| (port.to_owned(), through)));
    let shared = &picture.topology.shared;
    let held: Vec<_> =
        shared.iter().map(|it| (it.at.port.as_str(), it.cause, it.confidence)).collect();
    let wanted =
        [("p3", Cause::Hub, Confidence::Likely), ("p4", Cause::Telephones, Confidence::Likely)];
    assert_eq!(held, wanted, "{shared:#?}");
}
