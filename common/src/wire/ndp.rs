//! Neighbour discovery for IPv6 (RFC 4861 §4), from the ICMPv6 type on.
//!
//! The checksum covers a pseudo-header that is not here: who has the addresses verifies it.

use std::net::Ipv6Addr;

use crate::addr::Mac;
use crate::wire::{Malformed, Wire, take};

/// Option 1, source link-layer address (§4.6.1).
const SOURCE_LINK_LAYER: u8 = 1;
/// Option 2, target link-layer address (§4.6.1).
const TARGET_LINK_LAYER: u8 = 2;

/// A neighbour discovery option as sent (§4.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NdpOption {
    /// 1 source and 2 target link-layer address, 3 prefix information, 5 MTU, 25 DNS servers.
    pub kind: u8,
    /// Without type and length: 6 octets, or 14, 22 and so on.
    pub value: Vec<u8>,
}

/// What kind of message, with its own fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// Type 133 (§4.1).
    RouterSolicitation {
        /// Reserved, as sent.
        reserved: u32,
    },
    /// Type 134 (§4.2).
    RouterAdvertisement {
        /// Hop limit that hosts should use; 0 unspecified.
        hop_limit: u8,
        /// Bit 7 managed, bit 6 other configuration, bits 4–3 preference (RFC 4191).
        flags: u8,
        /// Seconds as a default router; 0: none.
        lifetime_secs: u16,
        /// Milliseconds a neighbour stays reachable; 0 unspecified.
        reachable_millis: u32,
        /// Milliseconds between solicitations; 0 unspecified.
        retransmit_millis: u32,
    },
    /// Type 135 (§4.3).
    NeighbourSolicitation {
        /// Reserved, as sent.
        reserved: u32,
        /// Who is asked for.
        target: Ipv6Addr,
    },
    /// Type 136 (§4.4).
    NeighbourAdvertisement {
        /// Bit 31 router, 30 solicited, 29 override; the rest reserved, as sent.
        flags: u32,
        /// Who answers.
        target: Ipv6Addr,
    },
    /// Type 137 (§4.5).
    Redirect {
        /// Reserved, as sent.
        reserved: u32,
        /// The better first hop.
        target: Ipv6Addr,
        /// For this destination.
        destination: Ipv6Addr,
    },
}

/// A neighbour discovery message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ndp {
    /// As sent.
    pub checksum: u16,
    /// What it says.
    pub body: Body,
    /// In the order sent.
    pub options: Vec<NdpOption>,
}

impl Ndp {
    /// The sender's link-layer address, where it says it.
    pub fn source_mac(&self) -> Option<Mac> {
        self.link_layer(SOURCE_LINK_LAYER)
    }

    /// The target's link-layer address, where it is said.
    pub fn target_mac(&self) -> Option<Mac> {
        self.link_layer(TARGET_LINK_LAYER)
    }

    fn link_layer(&self, kind: u8) -> Option<Mac> {
        self.options.iter().find(|o| o.kind == kind).and_then(|o| Mac::from_slice(&o.value))
    }

    /// The prefixes of a router advertisement (§4.6.2), with their lengths in bits.
    pub fn prefixes(&self) -> impl Iterator<Item = (Ipv6Addr, u8)> + '_ {
        self.options.iter().filter(|o| o.kind == 3).filter_map(|o| {
            let length = *o.value.first()?;
            let prefix = o.value.get(14..30)?;
            Some((Ipv6Addr::from(<[u8; 16]>::try_from(prefix).ok()?), length))
                .filter(|(_, length)| *length <= 128)
        })
    }
}

fn options(mut octets: &[u8]) -> Result<Vec<NdpOption>, Malformed> {
    let mut options = Vec::new();
    while !octets.is_empty() {
        let ([kind, length], rest) = take::<2>(octets)?;
        let length = (usize::from(length) * 8)
            .checked_sub(2)
            .ok_or(Malformed::Inconsistent { field: "option length" })?;
        let (value, rest) = rest
            .split_at_checked(length)
            .ok_or(Malformed::Truncated { need: length, have: rest.len() })?;
        options.push(NdpOption { kind, value: value.to_vec() });
        octets = rest;
    }
    Ok(options)
}

fn body(kind: u8, octets: &[u8]) -> Result<(Body, &[u8]), Malformed> {
    let (head, rest) = take::<4>(octets)?;
    let reserved = u32::from_be_bytes(head);
    match kind {
        133 => Ok((Body::RouterSolicitation { reserved }, rest)),
        134 => {
            let [hop_limit, flags, a, b] = head;
            let (reachable, rest) = take::<4>(rest)?;
            let (retransmit, rest) = take::<4>(rest)?;
            let body = Body::RouterAdvertisement {
                hop_limit,
                flags,
                lifetime_secs: u16::from_be_bytes([a, b]),
                reachable_millis: u32::from_be_bytes(reachable),
                retransmit_millis: u32::from_be_bytes(retransmit),
            };
            Ok((body, rest))
        }
        135..=137 => {
            let (target, rest) = take::<16>(rest)?;
            let target = Ipv6Addr::from(target);
            match kind {
                135 => Ok((Body::NeighbourSolicitation { reserved, target }, rest)),
                136 => Ok((Body::NeighbourAdvertisement { flags: reserved, target }, rest)),
                _ => {
                    let (destination, rest) = take::<16>(rest)?;
                    let destination = destination.into();
                    Ok((Body::Redirect { reserved, target, destination }, rest))
                }
            }
        }
        kind => Err(Malformed::Unsupported { field: "type", value: kind.into() }),
    }
}

impl Wire for Ndp {
    /// Reads to the end of the octets.
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let ([kind, code, a, b], rest) = take::<4>(octets)?;
        if code != 0 {
            return Err(Malformed::Unsupported { field: "code", value: code.into() });
        }
        let (body, rest) = body(kind, rest)?;
        let ndp = Self { checksum: u16::from_be_bytes([a, b]), body, options: options(rest)? };
        Ok((ndp, &[]))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let (kind, fixed) = match &self.body {
            Body::RouterSolicitation { reserved } => (133, reserved.to_be_bytes().to_vec()),
            Body::RouterAdvertisement {
                hop_limit,
                flags,
                lifetime_secs,
                reachable_millis,
                retransmit_millis,
            } => {
                let mut fixed = vec![*hop_limit, *flags];
                fixed.extend_from_slice(&lifetime_secs.to_be_bytes());
                fixed.extend_from_slice(&reachable_millis.to_be_bytes());
                fixed.extend_from_slice(&retransmit_millis.to_be_bytes());
                (134, fixed)
            }
            Body::NeighbourSolicitation { reserved, target } => {
                (135, [reserved.to_be_bytes().as_slice(), &target.octets()].concat())
            }
            Body::NeighbourAdvertisement { flags, target } => {
                (136, [flags.to_be_bytes().as_slice(), &target.octets()].concat())
            }
            Body::Redirect { reserved, target, destination } => (
                137,
                [reserved.to_be_bytes().as_slice(), &target.octets(), &destination.octets()]
                    .concat(),
            ),
        };
        out.extend_from_slice(&[kind, 0]);
        out.extend_from_slice(&self.checksum.to_be_bytes());
        out.extend_from_slice(&fixed);
        for option in &self.options {
            // Options are whole numbers of eight octets (§4.6); what does not fill one is padded.
            let units = (option.value.len() + 2).div_ceil(8).clamp(1, 255);
            let mut value = option.value.clone();
            value.resize(units * 8 - 2, 0);
            out.extend_from_slice(&[option.kind, u8::try_from(units).unwrap_or(255)]);
            out.extend_from_slice(&value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_advertisement_reads_as_it_was_written() {
        let octets: Vec<u8> = [
            &[136, 0, 0xab, 0xcd, 0x60, 0, 0, 0][..],
            &"fe80::1".parse::<Ipv6Addr>().unwrap().octets(),
            &[2, 1, 0x00, 0x00, 0xf4, 1, 2, 3],
        ]
        .concat();
        let (ndp, rest) = Ndp::decode(&octets).unwrap();
        assert!(rest.is_empty());
        assert_eq!(ndp.target_mac(), Some("00:00:f4:01:02:03".parse().unwrap()));
        assert_eq!(ndp.source_mac(), None);
        let mut out = Vec::new();
        ndp.encode(&mut out);
        assert_eq!(out, octets);
        for end in 0..octets.len() {
            assert_eq!(Ndp::decode(&octets[..end]).is_ok(), end == 24, "{end}");
        }
    }

    #[test]
    fn the_prefix_of_a_router_is_read() {
        let mut value = vec![64, 0xc0];
        value.extend_from_slice(&[0; 12]);
        value.extend_from_slice(&"2001:db8:20::".parse::<Ipv6Addr>().unwrap().octets());
        let ndp = Ndp {
            checksum: 0,
            body: Body::RouterAdvertisement {
                hop_limit: 64,
                flags: 0,
                lifetime_secs: 1800,
                reachable_millis: 0,
                retransmit_millis: 0,
            },
            options: vec![NdpOption { kind: 3, value }],
        };
        let mut out = Vec::new();
        ndp.encode(&mut out);
        let (read, _) = Ndp::decode(&out).unwrap();
        assert_eq!(read.prefixes().collect::<Vec<_>>(), [("2001:db8:20::".parse().unwrap(), 64)]);
    }

    #[test]
    fn an_option_of_length_zero_does_not_loop() {
        let octets = [133, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 3, 4, 5, 6];
        let damage = Malformed::Inconsistent { field: "option length" };
        assert_eq!(Ndp::decode(&octets), Err(damage));
    }

    proptest! {
        #[test]
        fn whatever_decodes_encodes_to_what_decodes_the_same(
            kind in 132u8..139, tail in proptest::collection::vec(any::<u8>(), 0..100)
        ) {
            let octets = [&[kind, 0], &tail[..]].concat();
            if let Ok((ndp, _)) = Ndp::decode(&octets) {
                let _ = (ndp.source_mac(), ndp.target_mac(), ndp.prefixes().count());
                let mut out = Vec::new();
                ndp.encode(&mut out);
                prop_assert_eq!(out, octets);
            }
        }
    }
}
