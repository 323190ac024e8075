//! Hot Standby Router Protocol: version 1 (RFC 2281 §5.1), and of version 2 the group state TLV as
//! Cisco publishes it. UDP 1985 to 224.0.0.2, 224.0.0.102 or ff02::66.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::addr::Mac;
use crate::wire::{Malformed, Wire, take};

/// UDP port.
pub const PORT: u16 = 1985;

/// A hello, coup or resign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Hsrp {
    /// Version 1.
    V1 {
        /// 0 hello, 1 coup, 2 resign.
        opcode: u8,
        /// 0 initial, 1 learn, 2 listen, 4 speak, 8 standby, 16 active.
        state: u8,
        /// Seconds between hellos.
        hello_secs: u8,
        /// Seconds for which a hello holds.
        hold_secs: u8,
        /// Who is preferred.
        priority: u8,
        /// 0–255.
        group: u8,
        /// As sent.
        reserved: u8,
        /// Eight octets in the clear, as sent. They are a secret of sorts: never shown.
        authentication: [u8; 8],
        /// The virtual address.
        address: Ipv4Addr,
    },
    /// Version 2, its first TLV (type 1, 40 octets), and the rest as sent.
    V2 {
        /// 0 hello, 1 coup, 2 resign.
        opcode: u8,
        /// 0 disabled, 1 initial, 2 learn, 3 listen, 4 speak, 5 standby, 6 active.
        state: u8,
        /// 4 or 6.
        ip_version: u8,
        /// 0–4095.
        group: u16,
        /// The sender's own address.
        identifier: Mac,
        /// Who is preferred.
        priority: u32,
        /// Milliseconds between hellos.
        hello_millis: u32,
        /// Milliseconds for which a hello holds.
        hold_millis: u32,
        /// The virtual address, 16 octets as sent.
        address: [u8; 16],
        /// What follows, as sent.
        rest: Vec<u8>,
    },
}

impl Hsrp {
    /// The virtual address, where one is known (a learning router has none).
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::V1 { address, .. } => Some(IpAddr::from(*address)),
            Self::V2 { ip_version: 6, address, .. } => Some(Ipv6Addr::from(*address).into()),
            Self::V2 { address: [a, b, c, d, ..], .. } => {
                Some(Ipv4Addr::new(*a, *b, *c, *d).into())
            }
        }
        .filter(|address| !address.is_unspecified())
    }

    /// The group's number.
    pub fn group(&self) -> u16 {
        match self {
            Self::V1 { group, .. } => (*group).into(),
            Self::V2 { group, .. } => *group,
        }
    }

    /// Whether the sender forwards for the group.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::V1 { state: 16, .. } | Self::V2 { state: 6, .. })
    }
}

fn v1(octets: &[u8]) -> Result<(Hsrp, &[u8]), Malformed> {
    let ([_version, opcode, state, hello_secs], rest) = take::<4>(octets)?;
    let ([hold_secs, priority, group, reserved], rest) = take::<4>(rest)?;
    let (authentication, rest) = take::<8>(rest)?;
    let (address, rest) = take::<4>(rest)?;
    let address = address.into();
    let hsrp = Hsrp::V1 {
        opcode,
        state,
        hello_secs,
        hold_secs,
        priority,
        group,
        reserved,
        authentication,
        address,
    };
    Ok((hsrp, rest))
}

fn v2(octets: &[u8]) -> Result<(Hsrp, &[u8]), Malformed> {
    let ([kind, length, version, opcode], rest) = take::<4>(octets)?;
    if (kind, length, version) != (1, 40, 2) {
        return Err(Malformed::Unsupported { field: "group state TLV", value: kind.into() });
    }
    let ([state, ip_version, g, h], rest) = take::<4>(rest)?;
    let (identifier, rest) = take::<6>(rest)?;
    let (priority, rest) = take::<4>(rest)?;
    let (hello, rest) = take::<4>(rest)?;
    let (hold, rest) = take::<4>(rest)?;
    let (address, rest) = take::<16>(rest)?;
    let hsrp = Hsrp::V2 {
        opcode,
        state,
        ip_version,
        group: u16::from_be_bytes([g, h]),
        identifier: Mac::new(identifier),
        priority: u32::from_be_bytes(priority),
        hello_millis: u32::from_be_bytes(hello),
        hold_millis: u32::from_be_bytes(hold),
        address,
        rest: rest.to_vec(),
    };
    Ok((hsrp, &[]))
}

impl Wire for Hsrp {
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        match octets.first() {
            // Version 1 begins with its version, 0; version 2 with a TLV type, 1 or more.
            Some(0) => v1(octets),
            _ => v2(octets),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::V1 {
                opcode,
                state,
                hello_secs,
                hold_secs,
                priority,
                group,
                reserved,
                authentication,
                address,
            } => {
                let fixed =
                    [0, *opcode, *state, *hello_secs, *hold_secs, *priority, *group, *reserved];
                out.extend_from_slice(&fixed);
                out.extend_from_slice(authentication);
                out.extend_from_slice(&address.octets());
            }
            Self::V2 {
                opcode,
                state,
                ip_version,
                group,
                identifier,
                priority,
                hello_millis,
                hold_millis,
                address,
                rest,
            } => {
                out.extend_from_slice(&[1, 40, 2, *opcode, *state, *ip_version]);
                out.extend_from_slice(&group.to_be_bytes());
                out.extend_from_slice(&identifier.octets());
                for field in [priority, hello_millis, hold_millis] {
                    out.extend_from_slice(&field.to_be_bytes());
                }
                out.extend_from_slice(address);
                out.extend_from_slice(rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HELLO: [u8; 20] =
        [0, 0, 16, 3, 10, 110, 5, 0, b'c', b'i', b's', b'c', b'o', 0, 0, 0, 10, 20, 0, 1];

    #[test]
    fn a_hello_of_version_1_reads_as_it_was_written() {
        let (hsrp, rest) = Hsrp::decode(&HELLO).unwrap();
        assert!(rest.is_empty() && hsrp.is_active());
        assert_eq!(hsrp.address(), Some("10.20.0.1".parse().unwrap()));
        assert_eq!(hsrp.group(), 5);
        let mut out = Vec::new();
        hsrp.encode(&mut out);
        assert_eq!(out, HELLO);
    }

    #[test]
    fn every_cut_is_refused() {
        for end in 0..HELLO.len() {
            assert!(Hsrp::decode(&HELLO[..end]).is_err());
        }
    }

    proptest! {
        #[test]
        fn whatever_decodes_encodes_to_what_decodes_the_same(
            first in any::<bool>(), tail in proptest::collection::vec(any::<u8>(), 0..70)
        ) {
            let head: &[u8] = if first { &[0] } else { &[1, 40, 2] };
            let octets = [head, &tail].concat();
            if let Ok((hsrp, rest)) = Hsrp::decode(&octets) {
                let _ = (hsrp.address(), hsrp.group(), hsrp.is_active());
                let mut out = Vec::new();
                hsrp.encode(&mut out);
                out.extend_from_slice(rest);
                prop_assert_eq!(out, octets);
            }
        }
    }
}
