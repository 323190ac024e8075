//! ARP packets for IPv4 over Ethernet (RFC 826). Every other hardware or protocol type is refused.

use std::net::Ipv4Addr;

use super::{Malformed, Wire, take};
use crate::addr::Mac;

/// Octets of a packet, without the frame's header and padding.
pub const LENGTH: usize = 28;
/// `ar$hrd` of Ethernet (IANA "ARP Parameters").
const HARDWARE_ETHERNET: u16 = 1;
/// `ar$pro` of IPv4.
const PROTOCOL_IPV4: u16 = 0x0800;

/// `ar$op` (IANA "ARP Parameters"); unknown numbers survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation(pub u16);

impl Operation {
    /// Who has the target address?
    pub const REQUEST: Self = Self(1);
    /// The sender has it.
    pub const REPLY: Self = Self(2);
}

/// An ARP packet. The sender fields are a statement in requests and replies alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Arp {
    /// Request or reply.
    pub operation: Operation,
    /// `ar$sha`.
    pub sender_mac: Mac,
    /// `ar$spa`; 0.0.0.0 in a probe for a duplicate address (RFC 5227 §2.1.1).
    pub sender_ip: Ipv4Addr,
    /// `ar$tha`; of no meaning in a request.
    pub target_mac: Mac,
    /// `ar$tpa`.
    pub target_ip: Ipv4Addr,
}

fn expect(field: &'static str, value: u32, wanted: u32) -> Result<(), Malformed> {
    if value == wanted { Ok(()) } else { Err(Malformed::Unsupported { field, value }) }
}

impl Wire for Arp {
    fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (hardware, rest) = take::<2>(bytes)?;
        let (protocol, rest) = take::<2>(rest)?;
        let ([hardware_length, protocol_length], rest) = take::<2>(rest)?;
        let (operation, rest) = take::<2>(rest)?;
        expect("ar$hrd", u16::from_be_bytes(hardware).into(), HARDWARE_ETHERNET.into())?;
        expect("ar$pro", u16::from_be_bytes(protocol).into(), PROTOCOL_IPV4.into())?;
        expect("ar$hln", hardware_length.into(), 6)?;
        expect("ar$pln", protocol_length.into(), 4)?;
        let (sender_mac, rest) = take::<6>(rest)?;
        let (sender_ip, rest) = take::<4>(rest)?;
        let (target_mac, rest) = take::<6>(rest)?;
        let (target_ip, rest) = take::<4>(rest)?;
        let packet = Self {
            operation: Operation(u16::from_be_bytes(operation)),
            sender_mac: Mac::new(sender_mac),
            sender_ip: sender_ip.into(),
            target_mac: Mac::new(target_mac),
            target_ip: target_ip.into(),
        };
        Ok((packet, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&HARDWARE_ETHERNET.to_be_bytes());
        out.extend_from_slice(&PROTOCOL_IPV4.to_be_bytes());
        out.extend_from_slice(&[6, 4]);
        out.extend_from_slice(&self.operation.0.to_be_bytes());
        out.extend_from_slice(&self.sender_mac.octets());
        out.extend_from_slice(&self.sender_ip.octets());
        out.extend_from_slice(&self.target_mac.octets());
        out.extend_from_slice(&self.target_ip.octets());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REPLY: [u8; LENGTH] = [
        0, 1, 8, 0, 6, 4, 0, 2, 0x00, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 10, 20, 0, 7, 0x00, 0x50, 0x56,
        0x01, 0x02, 0x03, 10, 20, 0, 2,
    ];

    fn reply() -> Arp {
        Arp {
            operation: Operation::REPLY,
            sender_mac: Mac::new([0x00, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e]),
            sender_ip: Ipv4Addr::new(10, 20, 0, 7),
            target_mac: Mac::new([0x00, 0x50, 0x56, 0x01, 0x02, 0x03]),
            target_ip: Ipv4Addr::new(10, 20, 0, 2),
        }
    }

    #[test]
    fn a_reply_decodes_and_its_padding_is_left_over() {
        let padded = [&REPLY[..], &[0; 18]].concat();
        assert_eq!(Arp::decode(&padded), Ok((reply(), &[0; 18][..])));
    }

    #[test]
    fn a_reply_encodes_to_the_octets_of_the_standard() {
        let mut out = Vec::new();
        reply().encode(&mut out);
        assert_eq!(out, REPLY);
    }

    #[test]
    fn other_hardware_protocols_lengths_and_short_packets_are_refused() {
        for (octet, field) in [(1, "ar$hrd"), (2, "ar$pro"), (4, "ar$hln"), (5, "ar$pln")] {
            let mut packet = REPLY;
            packet[octet] ^= 0x10;
            assert!(
                matches!(Arp::decode(&packet), Err(Malformed::Unsupported { field: f, .. }) if f == field),
                "{field}"
            );
        }
        for length in 0..LENGTH {
            assert!(
                matches!(Arp::decode(&REPLY[..length]), Err(Malformed::Truncated { .. })),
                "{length}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_packet_survives_the_round_trip(
            operation: u16, sender: ([u8; 6], [u8; 4]), target: ([u8; 6], [u8; 4]),
        ) {
            let packet = Arp {
                operation: Operation(operation),
                sender_mac: Mac::new(sender.0),
                sender_ip: sender.1.into(),
                target_mac: Mac::new(target.0),
                target_ip: target.1.into(),
            };
            let mut out = Vec::new();
            packet.encode(&mut out);
            prop_assert_eq!(Arp::decode(&out), Ok((packet, &[][..])));
        }

        #[test]
        fn what_decodes_encodes_to_the_same_octets(tail: Vec<u8>, noise: Vec<u8>) {
            for bytes in [[&REPLY[..8], &tail].concat(), noise] {
                if let Ok((packet, rest)) = Arp::decode(&bytes) {
                    let mut out = Vec::new();
                    packet.encode(&mut out);
                    out.extend_from_slice(rest);
                    prop_assert_eq!(out, bytes);
                }
            }
        }
    }
}
