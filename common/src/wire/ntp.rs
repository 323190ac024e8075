//! NTP packets (RFC 5905 §7.3): the header that client and server have in common.

use super::{Malformed, take};

/// `mode` of a client's question (RFC 5905 §7.3).
pub const CLIENT: u8 = 3;
/// `mode` of a server's answer.
pub const SERVER: u8 = 4;

/// A packet without extensions and authentication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Packet {
    /// Leap indicator, 0–3; 3 says that the clock is not set.
    pub leap: u8,
    /// Version, 0–7.
    pub version: u8,
    /// Mode, 0–7.
    pub mode: u8,
    /// 0 says that the reference is a kiss code (§7.4), 1 a primary server, 2–15 a secondary one, 16 that
    /// the clock is not set.
    pub stratum: u8,
    /// Longest time between questions, as a power of two in seconds.
    pub poll: i8,
    /// Precision of the clock, as a power of two in seconds.
    pub precision: i8,
    /// Delay to the reference, in seconds and 1/65536 of them.
    pub root_delay: u32,
    /// Dispersion to the reference, in seconds and 1/65536 of them.
    pub root_dispersion: u32,
    /// Four letters at stratum 0 and 1; of the others what tells their reference from others.
    pub reference: [u8; 4],
    /// When the clock was set, in seconds since 1900 and 1/2³² of them, as the three that follow.
    pub reference_time: u64,
    /// When the question left, by the client's clock.
    pub origin: u64,
    /// When the question came in.
    pub receive: u64,
    /// When this packet left.
    pub transmit: u64,
}

impl Packet {
    /// A client's question of version 4 that says nothing of the client's clock: only `transmit`, which
    /// an answer repeats as its `origin`.
    pub fn question(transmit: u64) -> Self {
        Self { version: 4, mode: CLIENT, transmit, ..Self::default() }
    }

    /// Reads the header; what follows it is passed over.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let ([head, stratum, poll, precision], rest) = take::<4>(octets)?;
        let (root_delay, rest) = take::<4>(rest)?;
        let (root_dispersion, rest) = take::<4>(rest)?;
        let (reference, rest) = take::<4>(rest)?;
        let (reference_time, rest) = take::<8>(rest)?;
        let (origin, rest) = take::<8>(rest)?;
        let (receive, rest) = take::<8>(rest)?;
        let (transmit, _) = take::<8>(rest)?;
        Ok(Self {
            leap: head >> 6,
            version: head >> 3 & 7,
            mode: head & 7,
            stratum,
            poll: i8::from_be_bytes([poll]),
            precision: i8::from_be_bytes([precision]),
            root_delay: u32::from_be_bytes(root_delay),
            root_dispersion: u32::from_be_bytes(root_dispersion),
            reference,
            reference_time: u64::from_be_bytes(reference_time),
            origin: u64::from_be_bytes(origin),
            receive: u64::from_be_bytes(receive),
            transmit: u64::from_be_bytes(transmit),
        })
    }

    /// The 48 octets. Of leap, version and mode only the bits that there is room for are written.
    pub fn encode(&self) -> Vec<u8> {
        let head = self.leap << 6 | (self.version & 7) << 3 | self.mode & 7;
        let mut out = vec![head, self.stratum];
        out.extend_from_slice(&self.poll.to_be_bytes());
        out.extend_from_slice(&self.precision.to_be_bytes());
        out.extend_from_slice(&self.root_delay.to_be_bytes());
        out.extend_from_slice(&self.root_dispersion.to_be_bytes());
        out.extend_from_slice(&self.reference);
        for time in [self.reference_time, self.origin, self.receive, self.transmit] {
            out.extend_from_slice(&time.to_be_bytes());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_question_tells_nothing_of_the_client() {
        let octets = Packet::question(0x0102_0304_0506_0708).encode();
        assert_eq!((octets.len(), octets[0]), (48, 0x23));
        assert!(octets[1..40].iter().all(|octet| *octet == 0));
        assert_eq!(octets[40..], [1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn a_packet_that_ends_early_is_malformed() {
        let octets = Packet::question(1).encode();
        for end in 0..48 {
            assert!(Packet::decode(&octets[..end]).is_err());
        }
    }

    proptest! {
        #[test]
        fn every_48_octets_survive(octets in proptest::collection::vec(any::<u8>(), 48)) {
            prop_assert_eq!(Packet::decode(&octets).map(|packet| packet.encode()), Ok(octets));
        }
    }
}
