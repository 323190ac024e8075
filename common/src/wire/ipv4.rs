//! IPv4 packets. Options are read past and not kept; fragments are kept as they are, not put
//! together.

use std::net::Ipv4Addr;

use super::{Malformed, Wire, checksum, take};

/// Octets of a header without options.
const HEADER: usize = 20;

/// Longest payload, in octets: what the 16-bit total length leaves after the header.
pub const MAX_PAYLOAD: usize = 0xffff - HEADER;

/// Protocol number of ICMP (IANA "protocol numbers").
pub const ICMP: u8 = 1;
/// Protocol number of TCP.
pub const TCP: u8 = 6;
/// Protocol number of UDP.
pub const UDP: u8 = 17;

/// An IPv4 packet (RFC 791 §3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv4 {
    /// Differentiated services and congestion notification (RFC 2474, RFC 3168).
    pub service: u8,
    /// Identification of the fragments of one packet.
    pub identification: u16,
    /// Whether it must not be fragmented.
    pub dont_fragment: bool,
    /// Whether fragments follow.
    pub more_fragments: bool,
    /// Where this fragment belongs, in units of 8 octets; 0–8191, more is cut to 13 bits.
    pub fragment_offset: u16,
    /// Hops left.
    pub ttl: u8,
    /// What the payload is, for example [`UDP`].
    pub protocol: u8,
    /// From whom.
    pub source: Ipv4Addr,
    /// To whom.
    pub destination: Ipv4Addr,
    /// At most [`MAX_PAYLOAD`] octets; what goes beyond is cut off when encoding.
    pub payload: Vec<u8>,
}

impl Ipv4 {
    /// An unfragmented packet with a time to live of 64 hops.
    pub const fn new(
        protocol: u8,
        source: Ipv4Addr,
        destination: Ipv4Addr,
        payload: Vec<u8>,
    ) -> Self {
        Self {
            service: 0,
            identification: 0,
            dont_fragment: false,
            more_fragments: false,
            fragment_offset: 0,
            ttl: 64,
            protocol,
            source,
            destination,
            payload,
        }
    }
}

impl Wire for Ipv4 {
    /// The octets after the packet are link-layer padding.
    fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (head, _) = take::<HEADER>(bytes)?;
        let [first, service, l1, l0, i1, i0, f1, f0, ttl, protocol, _, _, addresses @ ..] = head;
        if first >> 4 != 4 {
            let value = u32::from(first >> 4);
            return Err(Malformed::Unsupported { field: "Version", value });
        }
        let header = usize::from(first & 0x0f) * 4;
        let total = usize::from(u16::from_be_bytes([l1, l0]));
        if header < HEADER {
            return Err(Malformed::Inconsistent { field: "IHL" });
        }
        if total < header {
            return Err(Malformed::Inconsistent { field: "Total Length" });
        }
        let (packet, rest) = bytes
            .split_at_checked(total)
            .ok_or(Malformed::Truncated { need: total, have: bytes.len() })?;
        let (header, payload) =
            packet.split_at_checked(header).ok_or(Malformed::Inconsistent { field: "IHL" })?;
        if checksum(&[header]) != 0 {
            return Err(Malformed::Checksum);
        }
        let flags = u16::from_be_bytes([f1, f0]);
        if flags & 0x8000 != 0 {
            return Err(Malformed::Unsupported { field: "Flags", value: u32::from(flags >> 13) });
        }
        let [s3, s2, s1, s0, d3, d2, d1, d0] = addresses;
        let packet = Self {
            service,
            identification: u16::from_be_bytes([i1, i0]),
            dont_fragment: flags & 0x4000 != 0,
            more_fragments: flags & 0x2000 != 0,
            fragment_offset: flags & 0x1fff,
            ttl,
            protocol,
            source: Ipv4Addr::new(s3, s2, s1, s0),
            destination: Ipv4Addr::new(d3, d2, d1, d0),
            payload: payload.to_vec(),
        };
        Ok((packet, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let payload = self.payload.get(..MAX_PAYLOAD).unwrap_or(&self.payload);
        let total = u16::try_from(HEADER + payload.len()).unwrap_or(u16::MAX);
        let flags = u16::from(self.dont_fragment) << 14
            | u16::from(self.more_fragments) << 13
            | self.fragment_offset & 0x1fff;
        let mut before = Vec::with_capacity(10);
        before.extend([0x45, self.service]);
        before.extend(total.to_be_bytes());
        before.extend(self.identification.to_be_bytes());
        before.extend(flags.to_be_bytes());
        before.extend([self.ttl, self.protocol]);
        let (source, destination) = (self.source.octets(), self.destination.octets());
        let sum = checksum(&[&before, &source, &destination]);
        out.extend(before);
        out.extend(sum.to_be_bytes());
        out.extend(source);
        out.extend(destination);
        out.extend(payload);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 4500+0016+1c46+4000+4006+ac10+0a63+ac10+0a0c = 4df3 with carries; its complement is b20c.
    const HEADER_OCTETS: [u8; 20] = [
        0x45, 0x00, 0x00, 0x16, 0x1c, 0x46, 0x40, 0x00, 0x40, 0x06, 0xb2, 0x0c, 0xac, 0x10, 0x0a,
        0x63, 0xac, 0x10, 0x0a, 0x0c,
    ];

    fn sample() -> Ipv4 {
        Ipv4 {
            identification: 0x1c46,
            dont_fragment: true,
            ..Ipv4::new(
                TCP,
                Ipv4Addr::new(172, 16, 10, 99),
                Ipv4Addr::new(172, 16, 10, 12),
                vec![0xab, 0xcd],
            )
        }
    }

    #[test]
    fn a_packet_has_these_octets_and_padding_is_left_over() {
        let mut octets = HEADER_OCTETS.to_vec();
        octets.extend([0xab, 0xcd]);
        let mut encoded = Vec::new();
        sample().encode(&mut encoded);
        assert_eq!(encoded, octets);
        octets.extend([0; 24]);
        let (packet, rest) = Ipv4::decode(&octets).unwrap();
        assert_eq!(packet, sample());
        assert_eq!(rest, [0; 24]);
    }

    #[test]
    fn options_are_read_past() {
        let mut octets =
            vec![0x46, 0, 0, 25, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 7, 4, 4, 0, 9];
        let sum = checksum(&[&octets[..24]]).to_be_bytes();
        octets[10..12].copy_from_slice(&sum);
        assert_eq!(Ipv4::decode(&octets).unwrap().0.payload, [9]);
    }

    #[test]
    fn a_wrong_bit_in_the_header_is_noticed() {
        let mut octets = Vec::new();
        sample().encode(&mut octets);
        for bit in 0..HEADER * 8 {
            let mut altered = octets.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(Ipv4::decode(&altered).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn every_truncation_is_named() {
        let mut octets = Vec::new();
        sample().encode(&mut octets);
        for end in 0..octets.len() {
            let error = Ipv4::decode(&octets[..end]).unwrap_err();
            assert!(matches!(error, Malformed::Truncated { have, .. } if have == end), "{error}");
        }
    }

    #[test]
    fn lengths_that_contradict_each_other_are_refused() {
        for (at, octet, field) in [(0, 0x44, "IHL"), (3, 19, "Total Length")] {
            let mut octets = HEADER_OCTETS.to_vec();
            octets.extend([0xab, 0xcd]);
            octets[at] = octet;
            assert_eq!(Ipv4::decode(&octets), Err(Malformed::Inconsistent { field }));
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(
            (service, identification, ttl, protocol) in any::<(u8, u16, u8, u8)>(),
            (dont_fragment, more_fragments, fragment_offset) in (any::<bool>(), any::<bool>(), 0u16..0x2000),
            (source, destination) in any::<(Ipv4Addr, Ipv4Addr)>(),
            payload in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let packet = Ipv4 {
                service, identification, dont_fragment, more_fragments, fragment_offset, ttl,
                protocol, source, destination, payload,
            };
            let mut octets = Vec::new();
            packet.encode(&mut octets);
            prop_assert_eq!(Ipv4::decode(&octets), Ok((packet, &[][..])));
        }

        #[test]
        fn random_octets_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok((packet, rest)) = Ipv4::decode(&octets) {
                prop_assert!(HEADER + packet.payload.len() + rest.len() <= octets.len());
            }
        }
    }
}
