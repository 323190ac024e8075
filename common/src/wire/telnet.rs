//! Telnet (RFC 854): data, commands, negotiation of options and subnegotiations (RFC 855).

use super::Malformed;

/// Interpret as command.
const IAC: u8 = 255;
/// Begin of a subnegotiation.
const SB: u8 = 250;
/// End of a subnegotiation.
const SE: u8 = 240;

/// Longest subnegotiation that is read, in octets.
pub const MOST_SUBNEGOTIATION: usize = 4096;

/// What one side wants of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// It wants to do it itself.
    Will,
    /// It does not.
    Wont,
    /// It wants the other side to do it.
    Do,
    /// It does not want that.
    Dont,
}

impl Verb {
    const fn code(self) -> u8 {
        match self {
            Self::Will => 251,
            Self::Wont => 252,
            Self::Do => 253,
            Self::Dont => 254,
        }
    }

    /// What says no to this; `None` to what is a no itself.
    pub const fn refusal(self) -> Option<Self> {
        match self {
            Self::Will => Some(Self::Dont),
            Self::Do => Some(Self::Wont),
            Self::Wont | Self::Dont => None,
        }
    }
}

/// One item of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An octet of data.
    Data(u8),
    /// A command without an option, such as NOP or GA: any code but those of the other variants.
    Command(u8),
    /// Negotiation of an option.
    Negotiation(Verb, u8),
    /// A subnegotiation, at most [`MOST_SUBNEGOTIATION`] octets: the option and what follows it.
    Subnegotiation(Vec<u8>),
}

impl Item {
    /// The first item and the octets after it; `None` if it is not all there yet.
    ///
    /// # Errors
    /// [`Malformed`] if a subnegotiation is too long or ends in another way than by IAC SE.
    pub fn decode(octets: &[u8]) -> Result<Option<(Self, &[u8])>, Malformed> {
        let (code, rest) = match octets {
            [IAC, IAC, rest @ ..] => return Ok(Some((Self::Data(IAC), rest))),
            [IAC, code, rest @ ..] => (*code, rest),
            [IAC] | [] => return Ok(None),
            [octet, rest @ ..] => return Ok(Some((Self::Data(*octet), rest))),
        };
        let verb = match code {
            251 => Verb::Will,
            252 => Verb::Wont,
            253 => Verb::Do,
            254 => Verb::Dont,
            SB => return subnegotiation(rest),
            _ => return Ok(Some((Self::Command(code), rest))),
        };
        let option = rest.split_first();
        Ok(option.map(|(option, rest)| (Self::Negotiation(verb, *option), rest)))
    }

    /// Appends the octets of this item.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Data(IAC) => out.extend([IAC, IAC]),
            Self::Data(octet) => out.push(*octet),
            Self::Command(code) => out.extend([IAC, *code]),
            Self::Negotiation(verb, option) => out.extend([IAC, verb.code(), *option]),
            Self::Subnegotiation(octets) => {
                out.extend([IAC, SB]);
                for octet in octets.iter().take(MOST_SUBNEGOTIATION) {
                    Self::Data(*octet).encode(out);
                }
                out.extend([IAC, SE]);
            }
        }
    }
}

/// What follows IAC SB.
fn subnegotiation(mut octets: &[u8]) -> Result<Option<(Item, &[u8])>, Malformed> {
    let mut read = Vec::new();
    loop {
        let (octet, rest) = match octets {
            [IAC, SE, rest @ ..] => return Ok(Some((Item::Subnegotiation(read), rest))),
            [IAC, IAC, rest @ ..] => (IAC, rest),
            [IAC, _, ..] => return Err(Malformed::Inconsistent { field: "IAC SE" }),
            [IAC] | [] => return Ok(None),
            [octet, rest @ ..] => (*octet, rest),
        };
        if read.len() == MOST_SUBNEGOTIATION {
            return Err(Malformed::Inconsistent { field: "subnegotiation" });
        }
        read.push(octet);
        octets = rest;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(mut octets: &[u8]) -> Result<Vec<Item>, Malformed> {
        let mut items = Vec::new();
        while let Some((item, rest)) = Item::decode(octets)? {
            items.push(item);
            octets = rest;
        }
        Ok(items)
    }

    #[test]
    fn options_commands_and_data_are_told_apart() {
        let octets = b"a\xff\xfd\x18\xff\xf9\xff\xff\xff\xfa\x18\x01\xff\xff\xff\xf0b\xff\xfb";
        let expected = vec![
            Item::Data(b'a'),
            Item::Negotiation(Verb::Do, 24),
            Item::Command(249),
            Item::Data(255),
            Item::Subnegotiation(vec![24, 1, 255]),
            Item::Data(b'b'),
        ];
        assert_eq!(all(octets), Ok(expected));
    }

    #[test]
    fn a_subnegotiation_without_end_is_awaited_and_a_long_or_broken_one_is_malformed() {
        assert_eq!(Item::decode(b"\xff\xfa\x18abc"), Ok(None));
        assert_eq!(Item::decode(b"\xff\xfa\x18abc\xff"), Ok(None));
        assert!(Item::decode(b"\xff\xfa\x18abc\xff\xfb\x01").is_err());
        assert!(Item::decode(&[vec![IAC, SB], vec![0; 1 << 20]].concat()).is_err());
    }

    fn item() -> impl Strategy<Value = Item> {
        let verbs =
            prop_oneof![Just(Verb::Will), Just(Verb::Wont), Just(Verb::Do), Just(Verb::Dont)];
        prop_oneof![
            any::<u8>().prop_map(Item::Data),
            (240u8..250).prop_map(Item::Command),
            (verbs, any::<u8>()).prop_map(|(verb, option)| Item::Negotiation(verb, option)),
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(Item::Subnegotiation),
        ]
    }

    proptest! {
        #[test]
        fn nothing_panics_and_items_survive(
            octets in proptest::collection::vec(any::<u8>(), 0..200),
            items in proptest::collection::vec(item(), 0..20)
        ) {
            let _ = all(&octets);
            let mut out = Vec::new();
            for item in &items {
                item.encode(&mut out);
            }
            prop_assert_eq!(all(&out), Ok(items));
        }
    }
}
