//! IPv6 packets. Extension headers stay in the payload; [`Ipv6::upper`] reads past those that every
//! node may get on its own link.

use std::net::Ipv6Addr;

use super::{Malformed, Wire, checksum, take};

/// Octets of the fixed header.
const HEADER: usize = 40;
/// Extension headers read past before a packet is left alone.
const MAX_EXTENSIONS: usize = 4;

/// Longest payload, in octets (jumbograms are not read).
pub const MAX_PAYLOAD: usize = 0xffff;

/// Next-header number of the hop-by-hop options (IANA "protocol numbers").
pub const HOP_BY_HOP: u8 = 0;
/// Next-header number of ICMPv6.
pub const ICMP: u8 = 58;
/// Next-header number of the destination options.
pub const DESTINATION_OPTIONS: u8 = 60;

/// An IPv6 packet (RFC 8200 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv6 {
    /// Traffic class, 8 bits, and flow label, 20 bits; what goes beyond is cut off when encoding.
    pub flow: u32,
    /// What the payload begins with, for example [`ICMP`].
    pub next_header: u8,
    /// Hops left.
    pub hop_limit: u8,
    /// From whom.
    pub source: Ipv6Addr,
    /// To whom.
    pub destination: Ipv6Addr,
    /// At most [`MAX_PAYLOAD`] octets; what goes beyond is cut off when encoding.
    pub payload: Vec<u8>,
}

impl Ipv6 {
    /// The protocol above the hop-by-hop and destination options, and its octets; `None` if they
    /// break off or there are more than four such headers. Other extension headers count as what
    /// is above.
    pub fn upper(&self) -> Option<(u8, &[u8])> {
        let (mut kind, mut octets) = (self.next_header, self.payload.as_slice());
        for _ in 0..MAX_EXTENSIONS {
            if !matches!(kind, HOP_BY_HOP | DESTINATION_OPTIONS) {
                return Some((kind, octets));
            }
            let &[next, length, ..] = octets else { return None };
            octets = octets.get((usize::from(length) + 1) * 8..)?;
            kind = next;
        }
        None
    }
}

/// The Internet checksum of an upper layer's octets with the pseudo-header before them (RFC 8200
/// §8.1). Zero over octets that hold their own correct checksum.
pub fn upper_checksum(
    (source, destination): (Ipv6Addr, Ipv6Addr),
    protocol: u8,
    octets: &[u8],
) -> u16 {
    let length = u32::try_from(octets.len()).unwrap_or(u32::MAX).to_be_bytes();
    let (source, destination) = (source.octets(), destination.octets());
    checksum(&[&source, &destination, &length, &[0, 0, 0, protocol], octets])
}

impl Wire for Ipv6 {
    /// The octets after the packet are link-layer padding.
    fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (word, rest) = take::<4>(bytes)?;
        let ([l1, l0, next_header, hop_limit], rest) = take::<4>(rest)?;
        let (source, rest) = take::<16>(rest)?;
        let (destination, rest) = take::<16>(rest)?;
        let word = u32::from_be_bytes(word);
        if word >> 28 != 6 {
            return Err(Malformed::Unsupported { field: "Version", value: word >> 28 });
        }
        let length = usize::from(u16::from_be_bytes([l1, l0]));
        let (payload, rest) = rest
            .split_at_checked(length)
            .ok_or(Malformed::Truncated { need: HEADER + length, have: bytes.len() })?;
        let packet = Self {
            flow: word & 0x0fff_ffff,
            next_header,
            hop_limit,
            source: source.into(),
            destination: destination.into(),
            payload: payload.to_vec(),
        };
        Ok((packet, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let payload = self.payload.get(..MAX_PAYLOAD).unwrap_or(&self.payload);
        let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        out.extend((6 << 28 | (self.flow & 0x0fff_ffff)).to_be_bytes());
        out.extend(length.to_be_bytes());
        out.extend([self.next_header, self.hop_limit]);
        out.extend(self.source.octets());
        out.extend(self.destination.octets());
        out.extend(payload);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(next_header: u8, payload: Vec<u8>) -> Ipv6 {
        Ipv6 {
            flow: 0x00a_bcde,
            next_header,
            hop_limit: 255,
            source: "fe80::1".parse().unwrap(),
            destination: "ff02::1".parse().unwrap(),
            payload,
        }
    }

    #[test]
    fn a_packet_has_these_octets() {
        let mut octets = Vec::new();
        packet(ICMP, vec![1, 2, 3]).encode(&mut octets);
        assert_eq!(octets[..8], [0x60, 0x0a, 0xbc, 0xde, 0, 3, 58, 255]);
        assert_eq!(octets[8..10], [0xfe, 0x80]);
        assert_eq!(octets[24..26], [0xff, 0x02]);
        octets.push(0);
        assert_eq!(Ipv6::decode(&octets), Ok((packet(ICMP, vec![1, 2, 3]), &[0][..])));
        for end in 0..43 {
            assert!(matches!(Ipv6::decode(&octets[..end]), Err(Malformed::Truncated { .. })));
        }
        octets[0] = 0x45;
        assert!(Ipv6::decode(&octets).is_err());
    }

    #[test]
    fn options_before_the_message_are_read_past_and_chains_end() {
        let alert = [58, 0, 5, 2, 0, 0, 1, 0, 0x8f];
        assert_eq!(packet(HOP_BY_HOP, alert.to_vec()).upper(), Some((ICMP, &[0x8f][..])));
        assert_eq!(packet(HOP_BY_HOP, alert[..7].to_vec()).upper(), None);
        assert_eq!(packet(HOP_BY_HOP, vec![]).upper(), None);
        assert_eq!(packet(HOP_BY_HOP, vec![0; 800]).upper(), None);
        assert_eq!(packet(6, vec![9]).upper(), Some((6, &[9][..])));
    }

    #[test]
    fn a_checksum_over_a_sound_message_is_zero() {
        // An echo request from fe80::1 to ff02::1 with identifier 0x1234 and sequence 1; worked out
        // by hand: fe80+0001+ff02+0001+000c+003a+8000+1234+0001+6162+6364 = 354c5, folded 54c8, and
        // its complement is ab37.
        let ends = ("fe80::1".parse().unwrap(), "ff02::1".parse().unwrap());
        let mut octets = [128, 0, 0, 0, 0x12, 0x34, 0, 1, b'a', b'b', b'c', b'd'];
        let sum = upper_checksum(ends, ICMP, &octets);
        assert_eq!(sum, 0xab37);
        octets[2..4].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(upper_checksum(ends, ICMP, &octets), 0);
        octets[11] ^= 1;
        assert_ne!(upper_checksum(ends, ICMP, &octets), 0);
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(
            flow in 0u32..1 << 28, next_header: u8, hop_limit: u8, source: u128, destination: u128,
            payload in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let (source, destination) = (source.into(), destination.into());
            let packet = Ipv6 { flow, next_header, hop_limit, source, destination, payload };
            let mut octets = Vec::new();
            packet.encode(&mut octets);
            let _ = packet.upper();
            prop_assert_eq!(Ipv6::decode(&octets), Ok((packet, &[][..])));
        }

        #[test]
        fn random_octets_do_no_harm(mut octets in prop::collection::vec(any::<u8>(), 0..120)) {
            if let Some(first) = octets.first_mut() {
                *first = 0x60 | (*first & 0x0f);
            }
            if let Ok((packet, _)) = Ipv6::decode(&octets) {
                let _ = packet.upper();
            }
        }
    }
}
