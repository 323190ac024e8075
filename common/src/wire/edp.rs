//! Extreme Discovery Protocol, from the octet after the LLC/SNAP header on (destination
//! 00:e0:2b:00:00:00, SNAP OUI 00-e0-2b, protocol 0x00bb), as Extreme switches send it.
//!
//! Every TLV is kept in its order and as sent. The checksum is kept, not verified: a switch that is
//! wrong about it is still there.

use std::net::Ipv4Addr;

use crate::addr::Mac;
use crate::wire::{Malformed, Wire, take};

/// SNAP OUI and protocol identifier.
pub const SNAP: [u8; 5] = [0x00, 0xe0, 0x2b, 0x00, 0xbb];
/// First octet of every TLV.
const MARKER: u8 = 0x99;
/// TLV 1: the switch's name.
const DISPLAY: u8 = 1;
/// TLV 2: slot, port and software version.
const INFO: u8 = 2;
/// TLV 5: a VLAN of the port.
const VLAN: u8 = 5;

/// A type-length-value as sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tlv {
    /// 0 end, 1 display, 2 info, 5 VLAN, 8 ESRP.
    pub kind: u8,
    /// Without the four octets of marker, type and length.
    pub value: Vec<u8>,
}

/// An EDP packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edp {
    /// 1.
    pub version: u8,
    /// As sent.
    pub reserved: u8,
    /// As sent.
    pub checksum: u16,
    /// Counts the packets of a switch.
    pub sequence: u16,
    /// What `machine` is; 0: a MAC address.
    pub id_type: u16,
    /// The switch.
    pub machine: Mac,
    /// In order.
    pub tlvs: Vec<Tlv>,
}

/// What the info TLV says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Info {
    /// The slot that sent it, from 0.
    pub slot: u16,
    /// The port that sent it, from 0.
    pub port: u16,
    /// Version of the software: four numbers.
    pub version: [u8; 4],
}

impl Edp {
    fn first(&self, kind: u8) -> Option<&[u8]> {
        self.tlvs.iter().find(|tlv| tlv.kind == kind).map(|tlv| tlv.value.as_slice())
    }

    /// The switch's name, in octets as sent.
    pub fn name(&self) -> Option<&[u8]> {
        self.first(DISPLAY).map(|name| name.split(|b| *b == 0).next().unwrap_or_default())
    }

    /// Where the packet left, and by which software.
    pub fn info(&self) -> Option<Info> {
        let ([a, b, c, d], rest) = take::<4>(self.first(INFO)?).ok()?;
        let (_virtual_chassis_and_reserved, rest) = take::<8>(rest).ok()?;
        let (version, _) = take::<4>(rest).ok()?;
        Some(Info { slot: u16::from_be_bytes([a, b]), port: u16::from_be_bytes([c, d]), version })
    }

    /// The switch's addresses in the VLANs of the port.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        let vlans = self.tlvs.iter().filter(|tlv| tlv.kind == VLAN);
        vlans.filter_map(|tlv| {
            // Flags, reserved, VLAN identifier, reserved.
            let (_, rest) = take::<8>(&tlv.value).ok()?;
            let (address, _) = take::<4>(rest).ok()?;
            Some(Ipv4Addr::from(address)).filter(|address| !address.is_unspecified())
        })
    }
}

impl Wire for Edp {
    /// What follows the length that the header says is padding and is handed back.
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let ([version, reserved, a, b], _) = take::<4>(octets)?;
        if version != 1 {
            return Err(Malformed::Unsupported { field: "version", value: version.into() });
        }
        let length = usize::from(u16::from_be_bytes([a, b]));
        let (packet, padding) = octets
            .split_at_checked(length)
            .ok_or(Malformed::Truncated { need: length, have: octets.len() })?;
        let (_, rest) = take::<4>(packet)?;
        let ([a, b, c, d], rest) = take::<4>(rest)?;
        let (id_type, rest) = take::<2>(rest)?;
        let (machine, mut rest) = take::<6>(rest)?;
        let mut tlvs = Vec::new();
        while !rest.is_empty() {
            let ([marker, kind, a, b], after) = take::<4>(rest)?;
            if marker != MARKER {
                return Err(Malformed::Unsupported { field: "marker", value: marker.into() });
            }
            let length = usize::from(u16::from_be_bytes([a, b]))
                .checked_sub(4)
                .ok_or(Malformed::Inconsistent { field: "TLV length" })?;
            let (value, after) = after
                .split_at_checked(length)
                .ok_or(Malformed::Truncated { need: length, have: after.len() })?;
            tlvs.push(Tlv { kind, value: value.to_vec() });
            rest = after;
        }
        let edp = Self {
            version,
            reserved,
            checksum: u16::from_be_bytes([a, b]),
            sequence: u16::from_be_bytes([c, d]),
            id_type: u16::from_be_bytes(id_type),
            machine: Mac::new(machine),
            tlvs,
        };
        Ok((edp, padding))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let mut body = Vec::new();
        for Tlv { kind, value } in &self.tlvs {
            // What would go beyond the length of a packet is left out, as nothing could read it.
            if body.len() + value.len() + 4 > usize::from(u16::MAX) - 16 {
                break;
            }
            body.extend_from_slice(&[MARKER, *kind]);
            let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
            body.extend_from_slice(&length.to_be_bytes());
            body.extend_from_slice(value);
        }
        let length = u16::try_from(body.len() + 16).unwrap_or(u16::MAX);
        out.extend_from_slice(&[self.version, self.reserved]);
        for field in [length, self.checksum, self.sequence, self.id_type] {
            out.extend_from_slice(&field.to_be_bytes());
        }
        out.extend_from_slice(&self.machine.octets());
        out.extend_from_slice(&body);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn summit() -> Edp {
        let mut info = vec![0, 1, 0, 22, 0, 0, 0, 0, 0, 0, 0, 0, 7, 8, 3, 5];
        info.extend([0xff; 16]);
        let mut vlan = vec![0x80, 0, 0, 20, 0, 0, 0, 0, 10, 20, 0, 2];
        vlan.extend(b"ward\0");
        Edp {
            version: 1,
            reserved: 0,
            checksum: 0xbeef,
            sequence: 7,
            id_type: 0,
            machine: Mac::new([0x00, 0xe0, 0x2b, 1, 2, 3]),
            tlvs: vec![
                Tlv { kind: DISPLAY, value: b"sw-3f\0\0\0".to_vec() },
                Tlv { kind: INFO, value: info },
                Tlv { kind: VLAN, value: vlan },
                Tlv { kind: 0, value: Vec::new() },
            ],
        }
    }

    #[test]
    fn a_switch_says_its_name_port_version_and_address() {
        let mut octets = Vec::new();
        summit().encode(&mut octets);
        let length = octets.len();
        octets.extend([0; 9]);
        let (edp, padding) = Edp::decode(&octets).unwrap();
        assert_eq!((&edp, padding.len()), (&summit(), 9));
        assert_eq!(edp.name(), Some(b"sw-3f".as_slice()));
        assert_eq!(edp.info(), Some(Info { slot: 1, port: 22, version: [7, 8, 3, 5] }));
        assert_eq!(edp.addresses().collect::<Vec<_>>(), [Ipv4Addr::new(10, 20, 0, 2)]);
        for end in 0..length {
            assert!(Edp::decode(&octets[..end]).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn what_decodes_survives_encoding(
            head in any::<[u8; 13]>(),
            tlvs in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..6),
            noise in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let [reserved, a, b, c, d, e, f, mac @ ..] = head;
            let tlvs = tlvs.into_iter().map(|(kind, value)| Tlv { kind, value }).collect();
            let edp = Edp {
                version: 1,
                reserved,
                checksum: u16::from_be_bytes([a, b]),
                sequence: u16::from_be_bytes([c, d]),
                id_type: u16::from_be_bytes([e, f]),
                machine: Mac::new(mac),
                tlvs,
            };
            let mut out = Vec::new();
            edp.encode(&mut out);
            let (again, rest) = Edp::decode(&out).unwrap();
            let _ = (again.name(), again.info(), again.addresses().count());
            prop_assert_eq!((again, rest), (edp, &[][..]));
            let _ = Edp::decode(&noise);
            let _ = Edp::decode(&[&[1, 0, 0, 60][..], &noise, &[0; 60]].concat());
        }
    }
}
