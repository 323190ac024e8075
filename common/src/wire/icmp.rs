//! ICMP echo and timestamp, request and reply. Every other message is refused by its type: nothing
//! here needs it.

use super::{Malformed, Wire, checksum, take};

/// An ICMP echo message (RFC 792, "Echo or Echo Reply Message"). It is as long as the IPv4 payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Whether it is the reply (type 0) or the request (type 8).
    pub reply: bool,
    /// Which process asked.
    pub identifier: u16,
    /// Which of its questions.
    pub sequence: u16,
    /// Octets that the reply returns.
    pub payload: Vec<u8>,
}

impl Echo {
    /// The reply that a host gives to this request.
    #[must_use]
    pub fn answered(&self) -> Self {
        Self { reply: true, ..self.clone() }
    }
}

impl Wire for Echo {
    /// Reads all of `bytes`: ICMP has no length of its own, so nothing is ever left over.
    fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let ([kind, code, _, _, i1, i0, s1, s0], payload) = take::<8>(bytes)?;
        let reply = match kind {
            0 => true,
            8 => false,
            _ => return Err(Malformed::Unsupported { field: "Type", value: u32::from(kind) }),
        };
        if code != 0 {
            return Err(Malformed::Unsupported { field: "Code", value: u32::from(code) });
        }
        if checksum(&[bytes]) != 0 {
            return Err(Malformed::Checksum);
        }
        let echo = Self {
            reply,
            identifier: u16::from_be_bytes([i1, i0]),
            sequence: u16::from_be_bytes([s1, s0]),
            payload: payload.to_vec(),
        };
        Ok((echo, &[]))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let kind = if self.reply { 0 } else { 8 };
        let [i1, i0] = self.identifier.to_be_bytes();
        let [s1, s0] = self.sequence.to_be_bytes();
        let [c1, c0] = checksum(&[&[kind, 0, i1, i0, s1, s0], &self.payload]).to_be_bytes();
        out.extend([kind, 0, c1, c0, i1, i0, s1, s0]);
        out.extend(&self.payload);
    }
}

/// An ICMP timestamp message (RFC 792, "Timestamp or Timestamp Reply Message"), 20 octets. The times
/// are milliseconds since midnight UT, or anything else with [`NON_STANDARD`] set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Whether it is the reply (type 14) or the request (type 13).
    pub reply: bool,
    /// Which process asked.
    pub identifier: u16,
    /// Which of its questions.
    pub sequence: u16,
    /// When the request left; the reply returns it.
    pub originate: u32,
    /// When the request arrived; 0 in the request.
    pub receive: u32,
    /// When the reply left; 0 in the request.
    pub transmit: u32,
}

/// The bit by which a timestamp says that it is no time of day (RFC 792).
pub const NON_STANDARD: u32 = 1 << 31;

impl Wire for Timestamp {
    fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let ([kind, code, _, _, i1, i0, s1, s0, times @ ..], rest) = take::<20>(bytes)?;
        let reply = match kind {
            13 => false,
            14 => true,
            _ => return Err(Malformed::Unsupported { field: "Type", value: u32::from(kind) }),
        };
        if code != 0 {
            return Err(Malformed::Unsupported { field: "Code", value: u32::from(code) });
        }
        let message = bytes.get(..20).unwrap_or_default();
        if checksum(&[message]) != 0 {
            return Err(Malformed::Checksum);
        }
        let [o3, o2, o1, o0, r3, r2, r1, r0, t3, t2, t1, t0] = times;
        let timestamp = Self {
            reply,
            identifier: u16::from_be_bytes([i1, i0]),
            sequence: u16::from_be_bytes([s1, s0]),
            originate: u32::from_be_bytes([o3, o2, o1, o0]),
            receive: u32::from_be_bytes([r3, r2, r1, r0]),
            transmit: u32::from_be_bytes([t3, t2, t1, t0]),
        };
        Ok((timestamp, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let kind = if self.reply { 14 } else { 13 };
        let [i1, i0] = self.identifier.to_be_bytes();
        let [s1, s0] = self.sequence.to_be_bytes();
        let times = [self.originate, self.receive, self.transmit].map(u32::to_be_bytes);
        let times = times.as_flattened();
        let [c1, c0] = checksum(&[&[kind, 0, i1, i0, s1, s0], times]).to_be_bytes();
        out.extend([kind, 0, c1, c0, i1, i0, s1, s0]);
        out.extend(times);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 0800+1234+0001+6162+6364 = defb; its complement is 2104.
    const REQUEST: [u8; 12] = [8, 0, 0x21, 0x04, 0x12, 0x34, 0, 1, b'a', b'b', b'c', b'd'];

    fn request() -> Echo {
        Echo { reply: false, identifier: 0x1234, sequence: 1, payload: b"abcd".to_vec() }
    }

    #[test]
    fn an_echo_request_has_these_octets() {
        let mut octets = Vec::new();
        request().encode(&mut octets);
        assert_eq!(octets, REQUEST);
        assert_eq!(Echo::decode(&REQUEST), Ok((request(), &[][..])));
    }

    #[test]
    fn other_messages_damage_and_stumps_are_refused() {
        let mut octets = Vec::new();
        request().answered().encode(&mut octets);
        assert_eq!(octets[0], 0);
        let mut altered = octets.clone();
        altered[9] ^= 1;
        assert_eq!(Echo::decode(&altered), Err(Malformed::Checksum));
        altered[0] = 3;
        assert_eq!(Echo::decode(&altered), Err(Malformed::Unsupported { field: "Type", value: 3 }));
        for end in 0..8 {
            assert_eq!(
                Echo::decode(&octets[..end]),
                Err(Malformed::Truncated { need: 8, have: end })
            );
        }
    }

    fn asked() -> Timestamp {
        let (originate, receive, transmit) = (0x8000_0001, 0, 0);
        Timestamp { reply: false, identifier: 0x1234, sequence: 1, originate, receive, transmit }
    }

    /// 0d00+1234+0001+8000+0001 = 9f36; its complement is 60c9.
    #[test]
    fn a_timestamp_request_has_these_octets() {
        let mut octets = Vec::new();
        asked().encode(&mut octets);
        let head = [13, 0, 0x60, 0xc9, 0x12, 0x34, 0, 1, 0x80, 0, 0, 1];
        assert_eq!(octets, [&head[..], &[0; 8]].concat());
        octets.push(7);
        assert_eq!(Timestamp::decode(&octets), Ok((asked(), &[7][..])));
    }

    #[test]
    fn a_timestamp_that_is_none_is_refused() {
        let mut octets = Vec::new();
        Timestamp { reply: true, receive: 5, transmit: 6, ..asked() }.encode(&mut octets);
        for end in 0..20 {
            assert_eq!(
                Timestamp::decode(&octets[..end]),
                Err(Malformed::Truncated { need: 20, have: end })
            );
        }
        for at in 2..20 {
            let mut altered = octets.clone();
            altered[at] ^= 1;
            assert_eq!(Timestamp::decode(&altered), Err(Malformed::Checksum), "{at}");
        }
        for (at, field) in [(0, "Type"), (1, "Code")] {
            let mut altered = octets.clone();
            altered[at] = 8;
            assert_eq!(
                Timestamp::decode(&altered),
                Err(Malformed::Unsupported { field, value: 8 })
            );
        }
        assert!(Echo::decode(&octets).is_err());
    }

    proptest! {
        #[test]
        fn a_timestamp_that_was_encoded_decodes_to_itself(
            (reply, identifier, sequence) in any::<(bool, u16, u16)>(),
            (originate, receive, transmit) in any::<(u32, u32, u32)>(),
        ) {
            let value = Timestamp { reply, identifier, sequence, originate, receive, transmit };
            let mut octets = Vec::new();
            value.encode(&mut octets);
            prop_assert_eq!(Timestamp::decode(&octets), Ok((value, &[][..])));
        }

        #[test]
        fn what_was_encoded_decodes_to_itself(
            (reply, identifier, sequence) in any::<(bool, u16, u16)>(),
            payload in prop::collection::vec(any::<u8>(), 0..65),
        ) {
            let echo = Echo { reply, identifier, sequence, payload };
            let mut octets = Vec::new();
            echo.encode(&mut octets);
            prop_assert_eq!(Echo::decode(&octets), Ok((echo, &[][..])));
        }

        #[test]
        fn random_octets_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Echo::decode(&octets);
            let _ = Timestamp::decode(&octets);
        }
    }
}
