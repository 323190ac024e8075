use proptest::prelude::*;

use super::*;

/// A data unit written out by hand from the clauses cited above.
const PDU: &[u8] = &[
    0x02, 0x07, 0x04, 0x00, 0x00, 0xf4, 0x11, 0x22, 0x33, // chassis: MAC address
    0x04, 0x05, 0x05, b'g', b'e', b'-', b'1', // port: interface name
    0x06, 0x02, 0x00, 0x78, // 120 s
    0x0a, 0x04, b's', b'w', b'-', b'3', // system name
    0x0e, 0x04, 0x00, 0x14, 0x00, 0x04, // bridge and router, bridge enabled
    0x10, 0x0c, 0x05, 0x01, 10, 20, 0, 2, 0x02, 0, 0, 0, 7, 0x00, // 10.20.0.2, ifIndex 7
    0xfe, 0x06, 0x00, 0x80, 0xc2, 0x01, 0x00, 0x14, // port VLAN 20
    0xfe, 0x08, 0x00, 0x12, 0xbb, 0x08, b'S', b'N', b'4', b'2', // MED serial number
    0x00, 0x00,
];

#[test]
fn a_data_unit_reads_as_it_was_written() {
    let (lldp, rest) = Lldp::decode(PDU).unwrap();
    assert!(rest.is_empty());
    assert_eq!(lldp.chassis.mac(), Some("00:00:f4:11:22:33".parse().unwrap()));
    assert_eq!(lldp.port.id.as_slice(), b"ge-1");
    assert_eq!(lldp.ttl_secs, 120);
    assert_eq!(lldp.port_vlan(), Some(20));
    assert_eq!(lldp.inventory().serial, Some(b"SN42".as_slice()));
    let Some(Tlv::Management(management)) = lldp.tlvs.get(2) else { panic!("{lldp:?}") };
    assert_eq!(management.ip(), Some("10.20.0.2".parse().unwrap()));
    assert_eq!(management.interface, 7);
    let mut out = Vec::new();
    lldp.encode(&mut out);
    assert_eq!(out, PDU);
}

#[test]
fn a_cut_data_unit_is_refused_or_shorter_but_never_wrong() {
    let (whole, _) = Lldp::decode(PDU).unwrap();
    for end in 0..PDU.len() - 2 {
        if let Ok((cut, _)) = Lldp::decode(&PDU[..end]) {
            assert_eq!(cut.chassis, whole.chassis);
            assert!(whole.tlvs.starts_with(&cut.tlvs), "{end}");
        }
    }
}

#[test]
fn mandatory_tlvs_come_first_and_once() {
    assert!(Lldp::decode(&PDU[9..]).is_err());
    let twice = [&PDU[..20], &PDU[..9]].concat();
    assert!(Lldp::decode(&twice).is_err());
}

proptest! {
    #[test]
    fn whatever_decodes_encodes_to_what_decodes_the_same(
        octets in proptest::collection::vec(any::<u8>(), 0..300), keep in any::<bool>()
    ) {
        let octets = if keep { [&PDU[..20], &octets].concat() } else { octets };
        if let Ok((lldp, _)) = Lldp::decode(&octets) {
            let mut out = Vec::new();
            lldp.encode(&mut out);
            prop_assert_eq!(Lldp::decode(&out).unwrap().0, lldp);
        }
    }
}
