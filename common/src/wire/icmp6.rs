//! ICMPv6 echo (RFC 4443 §4) and the question of multicast listener discovery (RFC 3810 §5.1), as
//! they stand in an IPv6 packet: the checksum covers the packet's addresses, so they are given.

use std::net::Ipv6Addr;

use super::ipv6::{HOP_BY_HOP, ICMP, Ipv6, upper_checksum};
use super::{Malformed, take};

/// Type of an echo request.
pub const ECHO_REQUEST: u8 = 128;
/// Type of an echo reply.
pub const ECHO_REPLY: u8 = 129;
/// Type of a listener query.
pub const LISTENER_QUERY: u8 = 130;

/// The hop-by-hop header with the router alert option for listener discovery (RFC 2711 §2.1).
const ROUTER_ALERT: [u8; 8] = [ICMP, 0, 5, 2, 0, 0, 1, 0];

/// An ICMPv6 echo message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Whether it is the reply or the request.
    pub reply: bool,
    /// Which process asked.
    pub identifier: u16,
    /// Which of its questions.
    pub sequence: u16,
    /// Octets that the reply returns.
    pub payload: Vec<u8>,
}

impl Echo {
    /// Reads a message whose checksum was verified.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut or no echo.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let ([kind, code, _, _, i1, i0, s1, s0], payload) = take::<8>(octets)?;
        let reply = match kind {
            ECHO_REPLY => true,
            ECHO_REQUEST => false,
            _ => return Err(Malformed::Unsupported { field: "Type", value: kind.into() }),
        };
        if code != 0 {
            return Err(Malformed::Unsupported { field: "Code", value: code.into() });
        }
        let identifier = u16::from_be_bytes([i1, i0]);
        let sequence = u16::from_be_bytes([s1, s0]);
        Ok(Self { reply, identifier, sequence, payload: payload.to_vec() })
    }

    /// The message without its checksum.
    pub fn message(&self) -> Vec<u8> {
        let kind = if self.reply { ECHO_REPLY } else { ECHO_REQUEST };
        let (identifier, sequence) = (self.identifier.to_be_bytes(), self.sequence.to_be_bytes());
        [&[kind, 0, 0, 0], &identifier[..], &sequence, &self.payload].concat()
    }
}

/// A general query of version 2, without its checksum: who listens to whichever group? Answers come
/// within `within_millis`, which is cut to 32,767.
///
/// Robustness and interval are zero, so that routers and switches keep their own.
pub fn listener_query(within_millis: u16) -> Vec<u8> {
    let mut message = vec![LISTENER_QUERY, 0, 0, 0];
    message.extend(within_millis.min(0x7fff).to_be_bytes());
    message.extend([0; 22]);
    message
}

/// The packet that carries this message, its checksum put in. Listener queries go with the router
/// alert option (RFC 3810 §5).
pub fn packet(
    (source, destination): (Ipv6Addr, Ipv6Addr),
    hop_limit: u8,
    mut message: Vec<u8>,
) -> Ipv6 {
    if let Some(field) = message.get_mut(2..4) {
        field.fill(0);
    }
    let sum = upper_checksum((source, destination), ICMP, &message);
    if let Some(field) = message.get_mut(2..4) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
    let alert = message.first() == Some(&LISTENER_QUERY);
    let (next_header, payload) =
        if alert { (HOP_BY_HOP, [&ROUTER_ALERT, &message[..]].concat()) } else { (ICMP, message) };
    Ipv6 { flow: 0, next_header, hop_limit, source, destination, payload }
}

/// The ICMPv6 message in a packet, from its type on.
///
/// # Errors
/// [`Malformed`] if it carries none or its checksum is wrong.
pub fn message(packet: &Ipv6) -> Result<&[u8], Malformed> {
    let upper = packet.upper().ok_or(Malformed::Inconsistent { field: "extension headers" })?;
    let (protocol, octets) = upper;
    if protocol != ICMP {
        return Err(Malformed::Unsupported { field: "Next Header", value: protocol.into() });
    }
    if upper_checksum((packet.source, packet.destination), ICMP, octets) != 0 {
        return Err(Malformed::Checksum);
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::Wire;
    use crate::wire::igmp::{Membership, decode_v6};

    const ENDS: (Ipv6Addr, Ipv6Addr) =
        (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1));

    #[test]
    fn a_query_is_read_as_one_for_all_groups_and_alerts_routers() {
        let packet = packet(ENDS, 1, listener_query(1000));
        assert_eq!((packet.next_header, packet.hop_limit, packet.payload.len()), (0, 1, 36));
        let read = message(&packet).unwrap();
        assert_eq!(read[4..6], [0x03, 0xe8]);
        assert_eq!(decode_v6(read), Ok(Membership::Query { group: Ipv6Addr::UNSPECIFIED }));
    }

    #[test]
    fn damage_and_other_protocols_are_refused() {
        let echo = Echo { reply: true, identifier: 7, sequence: 9, payload: vec![1, 2, 3] };
        let sound = packet(ENDS, 255, echo.message());
        assert_eq!(Echo::decode(message(&sound).unwrap()), Ok(echo));
        let mut damaged = sound.clone();
        damaged.payload[9] ^= 1;
        assert_eq!(message(&damaged), Err(Malformed::Checksum));
        let elsewhere = Ipv6 { destination: ENDS.0, ..sound.clone() };
        assert_eq!(message(&elsewhere), Err(Malformed::Checksum));
        let other = Ipv6 { next_header: 17, ..sound };
        assert!(matches!(message(&other), Err(Malformed::Unsupported { .. })));
    }

    proptest! {
        #[test]
        fn what_was_packed_unpacks_to_itself(
            (reply, identifier, sequence) in any::<(bool, u16, u16)>(),
            payload in prop::collection::vec(any::<u8>(), 0..65),
        ) {
            let echo = Echo { reply, identifier, sequence, payload };
            let mut octets = Vec::new();
            packet(ENDS, 64, echo.message()).encode(&mut octets);
            let (read, _) = Ipv6::decode(&octets).unwrap();
            prop_assert_eq!(message(&read).and_then(Echo::decode), Ok(echo));
        }

        #[test]
        fn random_octets_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Echo::decode(&octets);
        }
    }
}
