//! Ethernet II frame headers (IEEE 802.3-2018 §3.1.1) with at most one customer VLAN tag
//! (IEEE 802.1Q-2018 §9.6). Frames with a length instead of a type, and stacked customer tags, are
//! refused.

use super::{Malformed, Wire, take};
use crate::addr::Mac;

/// The tag protocol identifier of a customer VLAN tag.
const C_TAG: u16 = 0x8100;
/// Below this a type field is a length (IEEE 802.3-2018 §3.2.6).
const FIRST_TYPE: u16 = 0x0600;

/// What a frame carries (IANA "IEEE 802 Numbers"); never a length and never a customer tag's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EtherType(u16);

impl EtherType {
    /// IPv4.
    pub const IPV4: Self = Self(0x0800);
    /// ARP (RFC 826).
    pub const ARP: Self = Self(0x0806);
    /// IPv6.
    pub const IPV6: Self = Self(0x86dd);

    /// The type with this number; `None` where the number is a length or 0x8100.
    pub const fn new(number: u16) -> Option<Self> {
        if number < FIRST_TYPE || number == C_TAG { None } else { Some(Self(number)) }
    }

    /// Its number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// The control information of a VLAN tag: priority (3 bits), drop eligibility, VLAN identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub u16);

impl Tag {
    /// The VLAN identifier, 0–4095; 0 means that only the priority counts.
    pub const fn vlan(self) -> u16 {
        self.0 & 0x0fff
    }
}

/// The header of a frame; what follows it is the payload, padding included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ethernet {
    /// Whom the frame is for.
    pub destination: Mac,
    /// Who sent it on this link.
    pub source: Mac,
    /// The VLAN tag, if there is one.
    pub tag: Option<Tag>,
    /// What the payload is.
    pub ether_type: EtherType,
}

impl Wire for Ethernet {
    fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (destination, rest) = take::<6>(bytes)?;
        let (source, rest) = take::<6>(rest)?;
        let (number, rest) = take::<2>(rest)?;
        let (tag, number, rest) = if u16::from_be_bytes(number) == C_TAG {
            let (tag, rest) = take::<2>(rest)?;
            let (number, rest) = take::<2>(rest)?;
            (Some(Tag(u16::from_be_bytes(tag))), u16::from_be_bytes(number), rest)
        } else {
            (None, u16::from_be_bytes(number), rest)
        };
        let ether_type = EtherType::new(number)
            .ok_or(Malformed::Unsupported { field: "EtherType", value: number.into() })?;
        let (destination, source) = (Mac::new(destination), Mac::new(source));
        Ok((Self { destination, source, tag, ether_type }, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.destination.octets());
        out.extend_from_slice(&self.source.octets());
        if let Some(Tag(tag)) = self.tag {
            out.extend_from_slice(&C_TAG.to_be_bytes());
            out.extend_from_slice(&tag.to_be_bytes());
        }
        out.extend_from_slice(&self.ether_type.number().to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A tagged ARP broadcast: priority 5, VLAN 20.
    const TAGGED: [u8; 20] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x81, 0x00, 0xa0,
        0x14, 0x08, 0x06, 0xaa, 0xbb,
    ];

    fn tagged() -> Ethernet {
        Ethernet {
            destination: Mac::BROADCAST,
            source: Mac::new([0x00, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e]),
            tag: Some(Tag(0xa014)),
            ether_type: EtherType::ARP,
        }
    }

    #[test]
    fn a_tagged_frame_decodes_to_its_vlan_and_payload() {
        let (header, payload) = Ethernet::decode(&TAGGED).unwrap();
        assert_eq!(header, tagged());
        assert_eq!(header.tag.unwrap().vlan(), 20);
        assert_eq!(payload, [0xaa, 0xbb]);
    }

    #[test]
    fn a_header_encodes_to_the_octets_of_the_standard() {
        let mut out = Vec::new();
        tagged().encode(&mut out);
        assert_eq!(out, TAGGED[..18]);
        out.clear();
        Ethernet { tag: None, ether_type: EtherType::IPV4, ..tagged() }.encode(&mut out);
        assert_eq!(out[12..], [0x08, 0x00]);
    }

    #[test]
    fn lengths_stacked_tags_and_short_frames_are_refused() {
        let mut frame = TAGGED;
        frame[12..14].copy_from_slice(&[0x05, 0xdc]);
        assert_eq!(
            Ethernet::decode(&frame),
            Err(Malformed::Unsupported { field: "EtherType", value: 1500 })
        );
        let mut frame = TAGGED;
        frame[16..18].copy_from_slice(&[0x81, 0x00]);
        assert!(Ethernet::decode(&frame).is_err());
        for length in 0..18 {
            assert!(
                matches!(Ethernet::decode(&TAGGED[..length]), Err(Malformed::Truncated { .. })),
                "{length}"
            );
        }
    }

    #[test]
    fn a_tag_is_read_whole_whatever_is_in_it() {
        for (control, vlan) in [(0x0000, 0), (0xe000, 0), (0x1fff, 4095), (0xffff, 4095), (1, 1)] {
            let mut frame = TAGGED;
            frame[14..16].copy_from_slice(&u16::to_be_bytes(control));
            let (header, _) = Ethernet::decode(&frame).unwrap();
            assert_eq!((header.tag, header.tag.unwrap().vlan()), (Some(Tag(control)), vlan));
            let mut out = Vec::new();
            header.encode(&mut out);
            assert_eq!(out, frame[..18]);
        }
    }

    #[test]
    fn a_length_after_a_tag_is_refused_and_a_service_tag_is_only_a_type() {
        let mut frame = TAGGED;
        frame[16..18].copy_from_slice(&[0x00, 0x26]);
        assert_eq!(
            Ethernet::decode(&frame),
            Err(Malformed::Unsupported { field: "EtherType", value: 0x26 })
        );
        // A provider's tag (IEEE 802.1Q-2018 §9.5) hides whatever is in it: its frame is no ARP.
        let mut frame = TAGGED;
        frame[12..14].copy_from_slice(&[0x88, 0xa8]);
        let (header, payload) = Ethernet::decode(&frame).unwrap();
        assert_eq!((header.tag, header.ether_type.number()), (None, 0x88a8));
        assert_eq!(payload, &TAGGED[14..]);
    }

    proptest! {
        #[test]
        fn every_header_survives_the_round_trip(
            destination: [u8; 6], source: [u8; 6], tag: Option<u16>, number: u16,
        ) {
            if let Some(ether_type) = EtherType::new(number) {
                let (destination, source) = (Mac::new(destination), Mac::new(source));
                let header = Ethernet { destination, source, tag: tag.map(Tag), ether_type };
                let mut out = Vec::new();
                header.encode(&mut out);
                out.push(7);
                prop_assert_eq!(Ethernet::decode(&out), Ok((header, &[7][..])));
            }
        }

        #[test]
        fn what_decodes_encodes_to_the_same_octets(bytes: Vec<u8>) {
            if let Ok((header, payload)) = Ethernet::decode(&bytes) {
                let mut out = Vec::new();
                header.encode(&mut out);
                out.extend_from_slice(payload);
                prop_assert_eq!(out, bytes);
            }
        }
    }
}
