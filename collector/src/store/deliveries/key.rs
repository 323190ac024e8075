//! What a fact is known by.

use std::net::IpAddr;

use daicho_common::observation::{Observation, Speaker};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Octets of a key that say where it belongs.
const PLACE: usize = 8;
/// Octets of a key.
const LENGTH: usize = 24;
/// FNV-1a of 32 bits: where it begins, and what it multiplies by.
const FNV: (u32, u32) = (0x811c_9dc5, 0x0100_0193);

/// What a fact is known by: eight octets that are alike for what one speaker says in one network, and near
/// each other for neighbours, then the first sixteen of the SHA-256 of what is said. So what a delivery
/// brings lies together in the tables however many facts there are, and nothing is taken for something
/// else. Both are functions of the text, and stand in databases: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::store) struct Key(pub(in crate::store) [u8; LENGTH]);

/// What of a fact's text says where it belongs.
#[derive(Deserialize)]
struct Placed {
    vantage: Vantage,
    speaker: Speaker,
}

#[derive(Deserialize)]
struct Vantage {
    network: String,
}

impl Key {
    /// Of an observation that says this text ([`crate::archive::Content::write`]).
    pub(in crate::store) fn of(observation: &Observation, text: &[u8]) -> Self {
        Self::new(place(&observation.vantage.network, observation.speaker), text)
    }

    /// Of a text. One that cannot be read belongs nowhere in particular.
    pub(in crate::store) fn of_text(text: &str) -> Self {
        let read = serde_json::from_str::<Placed>(text).ok();
        Self::new(
            read.map_or([0; PLACE], |it| place(&it.vantage.network, it.speaker)),
            text.as_bytes(),
        )
    }

    fn new(place: [u8; PLACE], text: &[u8]) -> Self {
        let mut key = [0; LENGTH];
        let octets = place.into_iter().chain(Sha256::digest(text));
        key.iter_mut().zip(octets).for_each(|(to, from)| *to = from);
        Self(key)
    }
}

/// Two octets of the network's name, and six of the speaker's address.
fn place(network: &str, speaker: Speaker) -> [u8; PLACE] {
    let mut place = [0; PLACE];
    place[..2].copy_from_slice(&folded(network.as_bytes()));
    match (speaker.ip, speaker.mac) {
        (Some(IpAddr::V4(ip)), _) => place[4..].copy_from_slice(&ip.octets()),
        (Some(IpAddr::V6(ip)), _) => {
            let octets = ip.octets();
            place[2..4].copy_from_slice(&folded(&octets[..8]));
            place[4..].copy_from_slice(&octets[12..]);
        }
        (None, Some(mac)) => place[2..].copy_from_slice(&mac.octets()),
        (None, None) => {}
    }
    place
}

fn folded(octets: &[u8]) -> [u8; 2] {
    let (begin, by) = FNV;
    let hash = octets.iter().fold(begin, |hash, octet| (hash ^ u32::from(*octet)).wrapping_mul(by));
    let [a, b, c, d] = hash.to_be_bytes();
    [a ^ c, b ^ d]
}

#[cfg(test)]
mod tests {
    use daicho_common::observation::{Fact, Method, Reply, Vantage};
    use daicho_common::time::Timestamp;

    use super::*;
    use crate::archive::Content;

    fn key(network: &str, speaker: Speaker, reply: Reply) -> Key {
        let vantage = Vantage { agent: "a".into(), interface: "e".into(), network: network.into() };
        let observation = Observation {
            at: Timestamp::from_micros(7),
            vantage: vantage.into(),
            method: Method::TcpSyn,
            speaker,
            fact: Fact::Answered(reply),
        };
        let text = Content::text(&observation);
        let key = Key::of(&observation, text.as_bytes());
        assert_eq!(Key::of_text(&text), key, "{text}");
        key
    }

    #[test]
    fn what_one_speaker_says_lies_together_and_neighbours_beside_it() {
        let ip = |ip: &str| Speaker { ip: Some(ip.parse().unwrap()), mac: None };
        let of = |at: &str| key("病棟3F", ip(at), Reply::Echo).0;
        assert_eq!(of("10.0.0.7")[..8], key("病棟3F", ip("10.0.0.7"), Reply::TcpOpen(80)).0[..8]);
        assert_ne!(of("10.0.0.7"), key("病棟3F", ip("10.0.0.7"), Reply::TcpOpen(80)).0);
        assert_ne!(of("10.0.0.7")[..8], key("外来", ip("10.0.0.7"), Reply::Echo).0[..8]);
        assert!(of("10.0.0.7")[..8] < of("10.0.0.8")[..8]);
        assert!(of("2001:db8::7")[..8] < of("2001:db8::8")[..8]);
        let mac = Speaker { ip: None, mac: Some("00:1a:2b:00:00:07".parse().unwrap()) };
        assert_eq!(key("病棟3F", mac, Reply::Echo).0[2..8], [0, 0x1a, 0x2b, 0, 0, 7]);
    }

    #[test]
    fn keys_are_those_that_stand_in_databases() {
        let speaker = Speaker { ip: Some("10.20.0.7".parse().unwrap()), mac: None };
        let key = key("病棟3F", speaker, Reply::Echo);
        assert_eq!(
            crate::people::log::hex(&key.0),
            "a19100000a140007ad4b982d3ae6c107101616362d6ce35f"
        );
    }

    #[test]
    fn a_text_that_cannot_be_read_has_a_key_too() {
        assert_eq!(Key::of_text("?").0[..8], [0; 8]);
        assert_ne!(Key::of_text("?"), Key::of_text("!"));
    }
}
