//! UDP datagrams in IPv4. Their checksum covers the addresses outside, so they do not fit
//! [`Wire`](super::Wire): both directions take the two addresses.

use std::net::Ipv4Addr;

use super::ipv4::{MAX_PAYLOAD as MAX_DATAGRAM, UDP};
use super::{Malformed, checksum, take};

/// Octets of a header.
const HEADER: usize = 8;

/// Longest payload in IPv4, in octets.
pub const MAX_PAYLOAD: usize = MAX_DATAGRAM - HEADER;

/// A UDP datagram (RFC 768).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Udp {
    /// From which port.
    pub source: u16,
    /// To which port.
    pub destination: u16,
    /// At most [`MAX_PAYLOAD`] octets; what goes beyond is cut off when encoding.
    pub payload: Vec<u8>,
}

/// The pseudo header (RFC 768, "Fields") with the length of the datagram.
fn pseudo_header(from: Ipv4Addr, to: Ipv4Addr, length: u16) -> [u8; 12] {
    let [s3, s2, s1, s0] = from.octets();
    let [d3, d2, d1, d0] = to.octets();
    let [l1, l0] = length.to_be_bytes();
    [s3, s2, s1, s0, d3, d2, d1, d0, 0, UDP, l1, l0]
}

impl Udp {
    /// The datagram at the start of the payload of a packet between these addresses, and the octets
    /// after it. A checksum of zero means that the sender made none.
    pub fn decode(from: Ipv4Addr, to: Ipv4Addr, bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let ([s1, s0, d1, d0, l1, l0, c1, c0], _) = take::<HEADER>(bytes)?;
        let length = u16::from_be_bytes([l1, l0]);
        let need = usize::from(length);
        let (datagram, rest) =
            bytes.split_at_checked(need).ok_or(Malformed::Truncated { need, have: bytes.len() })?;
        let payload = datagram.get(HEADER..).ok_or(Malformed::Inconsistent { field: "Length" })?;
        let summed = [c1, c0] != [0, 0];
        if summed && checksum(&[&pseudo_header(from, to, length), datagram]) != 0 {
            return Err(Malformed::Checksum);
        }
        let datagram = Self {
            source: u16::from_be_bytes([s1, s0]),
            destination: u16::from_be_bytes([d1, d0]),
            payload: payload.to_vec(),
        };
        Ok((datagram, rest))
    }

    /// Appends the octets of this datagram between these addresses, with its checksum.
    pub fn encode(&self, from: Ipv4Addr, to: Ipv4Addr, out: &mut Vec<u8>) {
        let payload = self.payload.get(..MAX_PAYLOAD).unwrap_or(&self.payload);
        let length = u16::try_from(HEADER + payload.len()).unwrap_or(u16::MAX);
        let [s1, s0] = self.source.to_be_bytes();
        let [d1, d0] = self.destination.to_be_bytes();
        let [l1, l0] = length.to_be_bytes();
        let ports = [s1, s0, d1, d0, l1, l0];
        let sum = match checksum(&[&pseudo_header(from, to, length), &ports, payload]) {
            // Zero on the wire would mean "none"; all ones is the same number (RFC 768).
            0 => u16::MAX,
            sum => sum,
        };
        out.extend(ports);
        out.extend(sum.to_be_bytes());
        out.extend(payload);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FROM: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const TO: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    fn sample() -> Udp {
        Udp { source: 0x1000, destination: 161, payload: vec![0xaa] }
    }

    /// 0a00+0001+0a00+0002+0011+0009 + 1000+00a1+0009+aa00 = cec7; its complement is 3138.
    const OCTETS: [u8; 9] = [0x10, 0x00, 0x00, 0xa1, 0x00, 0x09, 0x31, 0x38, 0xaa];

    #[test]
    fn a_datagram_has_these_octets() {
        let mut octets = Vec::new();
        sample().encode(FROM, TO, &mut octets);
        assert_eq!(octets, OCTETS);
        assert_eq!(Udp::decode(FROM, TO, &OCTETS), Ok((sample(), &[][..])));
    }

    #[test]
    fn a_datagram_for_another_address_has_a_wrong_checksum() {
        let other = Ipv4Addr::new(10, 0, 0, 3);
        assert_eq!(Udp::decode(FROM, other, &OCTETS), Err(Malformed::Checksum));
    }

    #[test]
    fn no_checksum_is_accepted_and_padding_left_over() {
        let mut octets = OCTETS.to_vec();
        octets[6..8].fill(0);
        octets.extend([0, 0]);
        assert_eq!(Udp::decode(FROM, TO, &octets), Ok((sample(), &[0, 0][..])));
    }

    #[test]
    fn stumps_and_impossible_lengths_are_refused() {
        for end in 0..OCTETS.len() {
            let error = Udp::decode(FROM, TO, &OCTETS[..end]).unwrap_err();
            assert!(matches!(error, Malformed::Truncated { have, .. } if have == end), "{error}");
        }
        let mut octets = OCTETS;
        octets[5] = 7;
        assert_eq!(
            Udp::decode(FROM, TO, &octets),
            Err(Malformed::Inconsistent { field: "Length" })
        );
    }

    #[test]
    fn a_sum_of_zero_is_sent_as_all_ones() {
        // The words other than the payload add up to 24c9; ffff − 24c9 = db36.
        let udp = Udp { payload: vec![0xdb, 0x36], ..sample() };
        let mut octets = Vec::new();
        udp.encode(FROM, TO, &mut octets);
        assert_eq!(octets[6..8], [0xff, 0xff]);
        assert_eq!(Udp::decode(FROM, TO, &octets), Ok((udp, &[][..])));
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(
            (source, destination, from, to) in any::<(u16, u16, Ipv4Addr, Ipv4Addr)>(),
            payload in prop::collection::vec(any::<u8>(), 0..65),
        ) {
            let udp = Udp { source, destination, payload };
            let mut octets = Vec::new();
            udp.encode(from, to, &mut octets);
            prop_assert_eq!(Udp::decode(from, to, &octets), Ok((udp, &[][..])));
        }

        #[test]
        fn random_octets_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Udp::decode(FROM, TO, &octets);
        }
    }
}
