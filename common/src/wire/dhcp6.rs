//! DHCP for IPv6 (RFC 8415 §8, §9, §21): UDP 546 and 547.
//!
//! Options are kept as sent and in order; relayed messages are opened by [`Dhcp6::relayed`].

use std::net::Ipv6Addr;

use crate::addr::Mac;
use crate::wire::{Malformed, Wire, take};

/// Option 1, the client's DUID (RFC 8415 §21.2).
pub const CLIENT_ID: u16 = 1;
/// Option 2, the server's DUID (RFC 8415 §21.3).
pub const SERVER_ID: u16 = 2;
/// Option 6, what the client asks for (RFC 8415 §21.7).
pub const OPTION_REQUEST: u16 = 6;
/// Option 9, a message inside a relay's (RFC 8415 §21.10).
pub const RELAY_MESSAGE: u16 = 9;
/// Option 16, the vendor class (RFC 8415 §21.16).
pub const VENDOR_CLASS: u16 = 16;
/// Option 39, the client's fully qualified domain name (RFC 4704 §4).
pub const CLIENT_FQDN: u16 = 39;

/// An option as sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Option6 {
    /// The code.
    pub code: u16,
    /// At most 65,535 octets.
    pub value: Vec<u8>,
}

/// What comes before the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Head {
    /// Between client and server (§8): 1 solicit, 2 advertise, 3 request, 4 confirm, 5 renew,
    /// 6 rebind, 7 reply, 8 release, 9 decline, 10 reconfigure, 11 information-request.
    Client {
        /// The message type.
        kind: u8,
        /// 24 bits.
        transaction: u32,
    },
    /// Between relay and server (§9): 12 relay-forward, 13 relay-reply.
    Relay {
        /// The message type.
        kind: u8,
        /// Relays passed.
        hops: u8,
        /// An address on the client's link.
        link: Ipv6Addr,
        /// The client, or the relay before.
        peer: Ipv6Addr,
    },
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dhcp6 {
    /// What comes before the options.
    pub head: Head,
    /// In the order sent.
    pub options: Vec<Option6>,
}

impl Dhcp6 {
    /// The first option of this code.
    pub fn option(&self, code: u16) -> Option<&[u8]> {
        self.options.iter().find(|o| o.code == code).map(|o| o.value.as_slice())
    }

    /// The link-layer address in the client's DUID, where it has one: DUID-LLT (§11.2) or DUID-LL
    /// (§11.4) of Ethernet. It names one of the client's interfaces, not always this one.
    pub fn client_mac(&self) -> Option<Mac> {
        match self.option(CLIENT_ID)? {
            [0, 1, 0, 1, _, _, _, _, mac @ ..] | [0, 3, 0, 1, mac @ ..] => Mac::from_slice(mac),
            _ => None,
        }
    }

    /// The message that a relay carries.
    pub fn relayed(&self) -> Option<Self> {
        Self::decode(self.option(RELAY_MESSAGE)?).ok().map(|(message, _)| message)
    }
}

impl Wire for Dhcp6 {
    /// Reads to the end of the octets.
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let ([kind], rest) = take::<1>(octets)?;
        let (head, mut rest) = match kind {
            12 | 13 => {
                let ([hops], rest) = take::<1>(rest)?;
                let (link, rest) = take::<16>(rest)?;
                let (peer, rest) = take::<16>(rest)?;
                (Head::Relay { kind, hops, link: link.into(), peer: peer.into() }, rest)
            }
            0 => return Err(Malformed::Unsupported { field: "msg-type", value: 0 }),
            kind => {
                let ([a, b, c], rest) = take::<3>(rest)?;
                (Head::Client { kind, transaction: u32::from_be_bytes([0, a, b, c]) }, rest)
            }
        };
        let mut options = Vec::new();
        while !rest.is_empty() {
            let ([a, b, c, d], after) = take::<4>(rest)?;
            let length = usize::from(u16::from_be_bytes([c, d]));
            let (value, after) = after
                .split_at_checked(length)
                .ok_or(Malformed::Truncated { need: length, have: after.len() })?;
            options.push(Option6 { code: u16::from_be_bytes([a, b]), value: value.to_vec() });
            rest = after;
        }
        Ok((Self { head, options }, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self.head {
            Head::Client { kind, transaction } => {
                let [_, a, b, c] = transaction.to_be_bytes();
                out.extend_from_slice(&[kind, a, b, c]);
            }
            Head::Relay { kind, hops, link, peer } => {
                out.extend_from_slice(&[kind, hops]);
                out.extend_from_slice(&link.octets());
                out.extend_from_slice(&peer.octets());
            }
        }
        for Option6 { code, value } in &self.options {
            let value = value.get(..0xffff).unwrap_or(value);
            out.extend_from_slice(&code.to_be_bytes());
            out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
            out.extend_from_slice(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SOLICIT: &[u8] = &[
        1, 0x12, 0x34, 0x56, // solicit
        0, 1, 0, 10, 0, 3, 0, 1, 0x00, 0x00, 0xf4, 1, 2, 3, // client DUID-LL
        0, 6, 0, 4, 0, 23, 0, 24, // asks for DNS servers and domains
    ];

    #[test]
    fn a_solicit_reads_as_it_was_written_also_through_a_relay() {
        let (message, _) = Dhcp6::decode(SOLICIT).unwrap();
        assert_eq!(message.head, Head::Client { kind: 1, transaction: 0x12_3456 });
        assert_eq!(message.client_mac(), Some("00:00:f4:01:02:03".parse().unwrap()));
        let mut out = Vec::new();
        message.encode(&mut out);
        assert_eq!(out, SOLICIT);
        let relay = Dhcp6 {
            head: Head::Relay {
                kind: 12,
                hops: 0,
                link: Ipv6Addr::LOCALHOST,
                peer: Ipv6Addr::LOCALHOST,
            },
            options: vec![Option6 { code: RELAY_MESSAGE, value: out }],
        };
        let mut out = Vec::new();
        relay.encode(&mut out);
        assert_eq!(Dhcp6::decode(&out).unwrap().0.relayed(), Some(message));
    }

    #[test]
    fn every_cut_inside_an_option_is_refused() {
        let ends: Vec<usize> =
            (0..=SOLICIT.len()).filter(|&end| Dhcp6::decode(&SOLICIT[..end]).is_ok()).collect();
        assert_eq!(ends, [4, 18, 26]);
    }

    proptest! {
        #[test]
        fn whatever_decodes_encodes_to_what_decodes_the_same(
            octets in proptest::collection::vec(any::<u8>(), 0..120)
        ) {
            if let Ok((message, _)) = Dhcp6::decode(&octets) {
                let _ = (message.client_mac(), message.relayed());
                let mut out = Vec::new();
                message.encode(&mut out);
                prop_assert_eq!(out, octets);
            }
        }
    }
}
