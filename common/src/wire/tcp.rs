//! TCP segments in IPv4, as far as a question whether a port is open needs them: the header, options
//! as octets, data as octets. The checksum covers the addresses outside, so that segments do not fit
//! [`Wire`](super::Wire). A segment has no length of its own: all of what is given belongs to it.

use std::net::Ipv4Addr;

use super::ipv4::{MAX_PAYLOAD as MAX_SEGMENT, TCP};
use super::{Malformed, checksum, take};

/// Octets of a header without options.
const HEADER: usize = 20;
/// Longest options, in octets: what a data offset of 15 words leaves.
pub const MAX_OPTIONS: usize = 40;
/// Longest data in IPv4 beside the longest options, in octets.
pub const MAX_DATA: usize = MAX_SEGMENT - HEADER - MAX_OPTIONS;

/// Synchronise sequence numbers (RFC 9293 §3.1, "Control bits"; so the others).
pub const SYN: u8 = 0x02;
/// Reset the connection.
pub const RST: u8 = 0x04;
/// The acknowledgment number counts.
pub const ACK: u8 = 0x10;

/// A TCP segment (RFC 9293 §3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// From which port.
    pub source: u16,
    /// To which port.
    pub destination: u16,
    /// Sequence number of the first octet, or of the SYN.
    pub sequence: u32,
    /// The sequence number expected next; counts only with [`ACK`].
    pub acknowledgment: u32,
    /// Control bits, from CWR (0x80) down to FIN (0x01).
    pub flags: u8,
    /// Octets that may be sent.
    pub window: u16,
    /// Where urgent data ends; counts only with URG.
    pub urgent: u16,
    /// Options as they are, at most [`MAX_OPTIONS`] octets. When encoding, what goes beyond is cut
    /// off, and a length that is no multiple of four is filled up with end-of-list octets (0).
    pub options: Vec<u8>,
    /// Data, at most [`MAX_DATA`] octets; what goes beyond is cut off when encoding.
    pub data: Vec<u8>,
}

/// The pseudo header (RFC 9293 §3.1, "Checksum").
fn pseudo_header(from: Ipv4Addr, to: Ipv4Addr, length: usize) -> [u8; 12] {
    let [s3, s2, s1, s0] = from.octets();
    let [d3, d2, d1, d0] = to.octets();
    let [l1, l0] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    [s3, s2, s1, s0, d3, d2, d1, d0, 0, TCP, l1, l0]
}

impl Tcp {
    /// The first segment of a connection, with the maximum segment size (option 2, RFC 9293 §3.7.1)
    /// and the window that an ordinary host on Ethernet begins with.
    pub fn syn(source: u16, destination: u16, sequence: u32) -> Self {
        let [m1, m0] = 1460_u16.to_be_bytes();
        Self {
            source,
            destination,
            sequence,
            acknowledgment: 0,
            flags: SYN,
            window: 64_240,
            urgent: 0,
            options: vec![2, 4, m1, m0],
            data: Vec::new(),
        }
    }

    /// The segment that is all of the payload of a packet between these addresses.
    pub fn decode(from: Ipv4Addr, to: Ipv4Addr, bytes: &[u8]) -> Result<Self, Malformed> {
        let segment = Self::read(bytes)?;
        if checksum(&[&pseudo_header(from, to, bytes.len()), bytes]) != 0 {
            return Err(Malformed::Checksum);
        }
        Ok(segment)
    }

    /// The same without a look at the checksum, which the sender on a virtual network leaves to
    /// hardware that is not there.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let (head, rest) = take::<HEADER>(bytes)?;
        let [s1, s0, d1, d0, q3, q2, q1, q0, a3, a2, a1, a0, offset, flags, w1, w0, _, _, u1, u0] =
            head;
        let header = usize::from(offset >> 4) * 4;
        let options =
            header.checked_sub(HEADER).ok_or(Malformed::Inconsistent { field: "Data Offset" })?;
        let (options, data) = rest
            .split_at_checked(options)
            .ok_or(Malformed::Truncated { need: header, have: bytes.len() })?;
        Ok(Self {
            source: u16::from_be_bytes([s1, s0]),
            destination: u16::from_be_bytes([d1, d0]),
            sequence: u32::from_be_bytes([q3, q2, q1, q0]),
            acknowledgment: u32::from_be_bytes([a3, a2, a1, a0]),
            flags,
            window: u16::from_be_bytes([w1, w0]),
            urgent: u16::from_be_bytes([u1, u0]),
            options: options.to_vec(),
            data: data.get(..MAX_DATA).unwrap_or(data).to_vec(),
        })
    }

    /// Appends the octets of this segment between these addresses, with its checksum.
    pub fn encode(&self, from: Ipv4Addr, to: Ipv4Addr, out: &mut Vec<u8>) {
        let mut options = self.options.get(..MAX_OPTIONS).unwrap_or(&self.options).to_vec();
        options.resize(options.len().next_multiple_of(4), 0);
        let data = self.data.get(..MAX_DATA).unwrap_or(&self.data);
        let header = HEADER + options.len();
        let [s1, s0] = self.source.to_be_bytes();
        let [d1, d0] = self.destination.to_be_bytes();
        let [q3, q2, q1, q0] = self.sequence.to_be_bytes();
        let [a3, a2, a1, a0] = self.acknowledgment.to_be_bytes();
        let offset = u8::try_from(header / 4).unwrap_or(15) << 4;
        let [w1, w0] = self.window.to_be_bytes();
        let [u1, u0] = self.urgent.to_be_bytes();
        let before = [s1, s0, d1, d0, q3, q2, q1, q0, a3, a2, a1, a0, offset, self.flags, w1, w0];
        let pseudo = pseudo_header(from, to, header + data.len());
        let sum = checksum(&[&pseudo, &before, &[u1, u0], &options, data]);
        out.extend(before);
        out.extend(sum.to_be_bytes());
        out.extend([u1, u0]);
        out.extend(options);
        out.extend(data);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FROM: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const TO: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    /// 0a00+0001+0a00+0002+0006+0018 + 8000+01bb+0102+0304+0000+0000+6002+faf0+0000+0204+05b4 =
    /// `1_fc8c` without the checksum, `fc8d` folded; its complement is 0372.
    const SYN_OCTETS: [u8; 24] = [
        0x80, 0x00, 0x01, 0xbb, 1, 2, 3, 4, 0, 0, 0, 0, 0x60, 0x02, 0xfa, 0xf0, 0x03, 0x72, 0, 0,
        2, 4, 0x05, 0xb4,
    ];

    fn octets(segment: &Tcp) -> Vec<u8> {
        let mut octets = Vec::new();
        segment.encode(FROM, TO, &mut octets);
        octets
    }

    #[test]
    fn a_first_segment_has_these_octets() {
        let syn = Tcp::syn(0x8000, 443, 0x0102_0304);
        assert_eq!(octets(&syn), SYN_OCTETS);
        assert_eq!(Tcp::decode(FROM, TO, &SYN_OCTETS), Ok(syn));
    }

    #[test]
    fn damage_and_other_addresses_are_found_by_the_checksum() {
        for at in (0..12).chain(13..24) {
            let mut altered = SYN_OCTETS;
            altered[at] ^= 1;
            assert_eq!(Tcp::decode(FROM, TO, &altered), Err(Malformed::Checksum), "{at}");
        }
        let other = Ipv4Addr::new(10, 0, 0, 3);
        assert_eq!(Tcp::decode(FROM, other, &SYN_OCTETS), Err(Malformed::Checksum));
        assert!(Tcp::read(&SYN_OCTETS).is_ok());
    }

    #[test]
    fn stumps_and_lying_offsets_are_refused() {
        for end in 0..20 {
            assert_eq!(
                Tcp::read(&SYN_OCTETS[..end]),
                Err(Malformed::Truncated { need: 20, have: end })
            );
        }
        let mut lying = SYN_OCTETS;
        lying[12] = 0xf0;
        assert_eq!(Tcp::read(&lying), Err(Malformed::Truncated { need: 60, have: 24 }));
        lying[12] = 0x40;
        assert_eq!(Tcp::read(&lying), Err(Malformed::Inconsistent { field: "Data Offset" }));
    }

    #[test]
    fn what_does_not_fit_is_cut_off() {
        let long = Tcp { options: vec![1; 41], data: vec![0; MAX_DATA + 1], ..Tcp::syn(1, 2, 3) };
        let again = Tcp::decode(FROM, TO, &octets(&long)).unwrap();
        assert_eq!((again.options.len(), again.data.len()), (MAX_OPTIONS, MAX_DATA));
        let odd = Tcp { options: vec![1], ..Tcp::syn(1, 2, 3) };
        assert_eq!(Tcp::decode(FROM, TO, &octets(&odd)).unwrap().options, [1, 0, 0, 0]);
    }

    fn segment() -> impl Strategy<Value = Tcp> {
        let data = prop::collection::vec(any::<u8>(), 0..65);
        let words = prop::collection::vec(any::<[u8; 4]>(), 0..=10);
        let head = any::<(u16, u16, u32, u32, u8, u16, u16)>();
        (head, words, data).prop_map(|(head, words, data)| {
            let (source, destination, sequence, acknowledgment, flags, window, urgent) = head;
            let options = words.concat();
            Tcp {
                source,
                destination,
                sequence,
                acknowledgment,
                flags,
                window,
                urgent,
                options,
                data,
            }
        })
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(segment in segment()) {
            prop_assert_eq!(Tcp::decode(FROM, TO, &octets(&segment)), Ok(segment));
        }

        #[test]
        fn random_octets_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(segment) = Tcp::read(&octets) {
                prop_assert_eq!(segment.data.len() + segment.options.len() + 20, octets.len());
            }
        }
    }
}
