//! ICMP echo, request and reply. Every other message is refused by its type: nothing here needs it.

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

    proptest! {
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
        }
    }
}
