//! NTLM ([MS-NLMP] §2.2.1): the first message, which names nobody, and the challenge that answers it
//! and says what the server is called and runs. The third message, by which somebody logs in, is not
//! known here.

use crate::text::Text;

use super::{Malformed, take};

/// The first octets of every message.
pub const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// Most attributes that are read of one challenge.
const MOST_PAIRS: usize = 32;

/// Octets before the payload of a challenge that has a version.
const HEAD: usize = 56;

/// `NTLMSSP_NEGOTIATE_UNICODE`.
const UNICODE: u32 = 0x0000_0001;
/// `NTLMSSP_NEGOTIATE_VERSION`: the version field is there.
const VERSION: u32 = 0x0200_0000;
/// Unicode or OEM, the target's name asked for, NTLM with extended session security, always sign, 128
/// and 56 bits, and a version: what every client offers. None says who asks.
const OFFERED: u32 = UNICODE | VERSION | 0xa008_8206;

/// What an attribute of the target is (`AvId`, §2.2.2.1).
pub mod attribute {
    /// NetBIOS name of the computer.
    pub const NB_COMPUTER: u16 = 1;
    /// NetBIOS name of its domain, or of the computer where it is in none.
    pub const NB_DOMAIN: u16 = 2;
    /// DNS name of the computer.
    pub const DNS_COMPUTER: u16 = 3;
    /// DNS name of its domain.
    pub const DNS_DOMAIN: u16 = 4;
    /// DNS name of its forest.
    pub const DNS_TREE: u16 = 5;
}

/// The first message (`NEGOTIATE_MESSAGE`, §2.2.1.1): no domain, no workstation, a version of zero and
/// revision 15.
pub fn negotiate() -> Vec<u8> {
    let mut out = SIGNATURE.to_vec();
    out.extend_from_slice(&1u32.to_le_bytes());
    out.extend_from_slice(&OFFERED.to_le_bytes());
    for _ in 0..2 {
        // Length, most length and offset of a field that is empty and stands at the end.
        out.extend_from_slice(&[0, 0, 0, 0, 40, 0, 0, 0]);
    }
    out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 15]);
    out
}

/// What the server answers (`CHALLENGE_MESSAGE`, §2.2.1.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// What was agreed upon, `NTLMSSP_NEGOTIATE_…`.
    pub flags: u32,
    /// The nonce.
    pub nonce: [u8; 8],
    /// Name of the target, in UTF-16 where the flags say so, else in the server's OEM code page.
    pub target: Vec<u8>,
    /// Attributes of the target and their values, names in UTF-16; at most 32.
    pub pairs: Vec<(u16, Vec<u8>)>,
    /// Major, minor, and build of its Windows, as it says (§2.2.2.10); zero where it does not say.
    pub version: (u8, u8, u16),
}

/// Length, most length, offset, and what lies there; nothing where the length is zero.
fn field(head: [u8; 8], message: &[u8]) -> Result<&[u8], Malformed> {
    let [a, b, _, _, at @ ..] = head;
    let length = usize::from(u16::from_le_bytes([a, b]));
    let at = usize::try_from(u32::from_le_bytes(at)).unwrap_or(usize::MAX);
    if length == 0 {
        return Ok(&[]);
    }
    let end = at.saturating_add(length);
    message.get(at..end).ok_or(Malformed::Truncated { need: end, have: message.len() })
}

fn pairs(mut octets: &[u8]) -> Result<Vec<(u16, Vec<u8>)>, Malformed> {
    let mut pairs = Vec::new();
    while !octets.is_empty() && pairs.len() < MOST_PAIRS {
        let ([a, b, c, d], rest) = take::<4>(octets)?;
        let (id, length) = (u16::from_le_bytes([a, b]), usize::from(u16::from_le_bytes([c, d])));
        if id == 0 {
            break;
        }
        let (value, rest) = rest
            .split_at_checked(length)
            .ok_or(Malformed::Truncated { need: length, have: rest.len() })?;
        pairs.push((id, value.to_vec()));
        octets = rest;
    }
    Ok(pairs)
}

/// UTF-16, low octet first, made safe; half a character at the end is left out.
pub fn utf16(octets: &[u8]) -> Text {
    let units = octets.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    let text: String =
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Text::clean(&text)
}

impl Challenge {
    /// Reads a message. Fields that an old server leaves out are empty.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut, another message, or a field lies outside.
    pub fn decode(message: &[u8]) -> Result<Self, Malformed> {
        let (signature, rest) = take::<8>(message)?;
        if signature != *SIGNATURE {
            return Err(Malformed::Inconsistent { field: "Signature" });
        }
        let (kind, rest) = take::<4>(rest)?;
        let kind = u32::from_le_bytes(kind);
        if kind != 2 {
            return Err(Malformed::Unsupported { field: "MessageType", value: kind });
        }
        let (target, rest) = take::<8>(rest)?;
        let (flags, rest) = take::<4>(rest)?;
        let (nonce, rest) = take::<8>(rest)?;
        let flags = u32::from_le_bytes(flags);
        // Servers before NTLMv2 end here.
        let info = take::<16>(rest).ok();
        let pairs = match info {
            Some(([_, _, _, _, _, _, _, _, info @ ..], _)) => pairs(field(info, message)?)?,
            None => Vec::new(),
        };
        let version =
            info.filter(|_| flags & VERSION != 0).and_then(|(_, rest)| take::<4>(rest).ok());
        let ([major, minor, low, high], _) = version.unwrap_or_default();
        Ok(Self {
            flags,
            nonce,
            target: field(target, message)?.to_vec(),
            pairs,
            version: (major, minor, u16::from_le_bytes([low, high])),
        })
    }

    /// The octets. Target and attributes are cut where they would not fit into 16 bits of length.
    pub fn encode(&self) -> Vec<u8> {
        let target = self.target.get(..self.target.len().min(0xffff)).unwrap_or_default();
        let mut info = Vec::new();
        for (id, value) in self.pairs.iter().take(MOST_PAIRS) {
            let Ok(length) = u16::try_from(value.len()) else { break };
            if info.len() + value.len() + 8 > 0xffff {
                break;
            }
            info.extend_from_slice(&id.to_le_bytes());
            info.extend_from_slice(&length.to_le_bytes());
            info.extend_from_slice(value);
        }
        info.extend_from_slice(&[0; 4]);
        let mut out = SIGNATURE.to_vec();
        out.extend_from_slice(&2u32.to_le_bytes());
        let place = |length: usize, at: usize| {
            let length = u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
            let at = u32::try_from(at).unwrap_or(u32::MAX).to_le_bytes();
            [length.as_slice(), &length, &at].concat()
        };
        out.extend(place(target.len(), HEAD));
        out.extend_from_slice(&self.flags.to_le_bytes());
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&[0; 8]);
        out.extend(place(info.len(), HEAD + target.len()));
        let (major, minor, build) = self.version;
        out.extend_from_slice(&[major, minor]);
        out.extend_from_slice(&build.to_le_bytes());
        out.extend_from_slice(&[0, 0, 0, 15]);
        out.extend_from_slice(target);
        out.extend(info);
        out
    }

    /// The value of an attribute.
    pub fn attribute(&self, id: u16) -> Option<Text> {
        self.pairs.iter().find(|(of, _)| *of == id).map(|(_, value)| utf16(value))
    }

    /// The name of the target.
    pub fn target_name(&self) -> Text {
        if self.flags & UNICODE == 0 { Text::from_wire(&self.target) } else { utf16(&self.target) }
    }

    /// The version of its Windows, for example `10.0.19045`; `None` where it does not say.
    pub fn build(&self) -> Option<Text> {
        let (major, minor, build) = self.version;
        (major != 0).then(|| Text::clean(&format!("{major}.{minor}.{build}")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn challenge() -> Challenge {
        Challenge {
            flags: OFFERED | 0x0080_0000,
            nonce: [1, 2, 3, 4, 5, 6, 7, 8],
            target: wide("WARD"),
            pairs: vec![
                (attribute::NB_DOMAIN, wide("WARD")),
                (attribute::NB_COMPUTER, wide("NURSE-07")),
                (attribute::DNS_COMPUTER, wide("nurse-07.ward.example")),
                (7, vec![0; 8]),
            ],
            version: (10, 0, 19045),
        }
    }

    #[test]
    fn the_first_message_is_forty_octets_and_names_nobody() {
        let octets = negotiate();
        assert_eq!(octets.len(), 40);
        assert_eq!(octets[..16], *b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2");
        assert_eq!(octets[16..24], [0, 0, 0, 0, 40, 0, 0, 0]);
    }

    #[test]
    fn a_challenge_says_who_the_server_is_and_what_it_runs() {
        let read = Challenge::decode(&challenge().encode()).unwrap();
        assert_eq!(read, challenge());
        assert_eq!(read.target_name().as_str(), "WARD");
        let named = |id| read.attribute(id).map(|text| text.as_str().to_owned());
        assert_eq!(named(attribute::NB_COMPUTER).as_deref(), Some("NURSE-07"));
        assert_eq!(named(attribute::DNS_COMPUTER).as_deref(), Some("nurse-07.ward.example"));
        assert_eq!(named(attribute::DNS_TREE), None);
        assert_eq!(read.build(), Some("10.0.19045".into()));
    }

    #[test]
    fn an_old_server_says_only_its_target_in_its_code_page() {
        let mut octets = SIGNATURE.to_vec();
        octets.extend([2, 0, 0, 0, 4, 0, 4, 0, 32, 0, 0, 0, 2, 2, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9]);
        octets.extend(b"\x8e\xf3\x95t");
        let read = Challenge::decode(&octets).unwrap();
        assert_eq!((read.target_name().as_str(), read.build()), ("受付", None));
    }

    #[test]
    fn fields_outside_the_message_and_cut_messages_are_malformed() {
        let octets = challenge().encode();
        for end in 0..octets.len() - 4 {
            assert!(Challenge::decode(&octets[..end]).is_err(), "{end}");
        }
        let mut outside = octets.clone();
        outside[16..20].copy_from_slice(&[0xff; 4]);
        assert!(Challenge::decode(&outside).is_err());
        let mut third = octets;
        third[8] = 3;
        assert!(Challenge::decode(&third).is_err());
    }

    #[test]
    fn attributes_without_end_are_bounded_and_broken_characters_replaced() {
        let many = Challenge { pairs: vec![(9, vec![0; 9]); 40], ..challenge() };
        assert_eq!(Challenge::decode(&many.encode()).unwrap().pairs.len(), MOST_PAIRS);
        assert_eq!(utf16(&[0x00, 0xd8, b'a', 0, b'b']).as_str(), "\u{fffd}a");
    }

    proptest! {
        #[test]
        fn nothing_panics_and_challenges_survive(
            octets in proptest::collection::vec(any::<u8>(), 0..200),
            flags: u32, nonce: [u8; 8], version: (u8, u8, u16),
            raw in proptest::collection::vec((1u16.., proptest::collection::vec(any::<u8>(), 0..20)), 0..8)
        ) {
            let _ = Challenge::decode(&octets).map(|c| (c.target_name(), c.build(), c.attribute(1)));
            let version = if flags & VERSION == 0 { (0, 0, 0) } else { version };
            let whole = Challenge { flags, nonce, target: octets, pairs: raw, version };
            prop_assert_eq!(Challenge::decode(&whole.encode()), Ok(whole));
        }
    }
}
