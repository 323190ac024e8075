//! Text that a network said, made safe in one place.
//!
//! Bytes are tainted until [`Text::from_wire`] has decoded them (UTF-8, else CP932 as Japanese
//! devices still send it, else Latin-1), taken out what could drive a terminal or reorder a page,
//! and cut them to a bounded length. Escaping for HTML, CSV or SQL is the writer's work.

use std::fmt;

use ecow::EcoString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod short;

pub use short::Short;

/// Longest text kept, in characters; SNMP's `DisplayString` ends at 255 (RFC 2579 §2).
pub const MAX_CHARS: usize = 1024;

/// A string from the network: bounded, with no control or bidirectional-override characters.
///
/// There are millions of them and most are short: up to 15 octets need no memory of their own, longer
/// ones are shared by their copies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(EcoString);

impl Text {
    /// Decodes and cleans bytes that a device sent.
    pub fn from_wire(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::clean(text),
            Err(_) => match encoding_rs::SHIFT_JIS
                .decode_without_bom_handling_and_without_replacement(bytes)
            {
                Some(text) => Self::clean(&text),
                None => Self::clean(&bytes.iter().map(|b| char::from(*b)).collect::<String>()),
            },
        }
    }

    /// Cleans text that was decoded elsewhere: line breaks become spaces, other control and
    /// bidirectional characters (Unicode Cc, and the overrides of UAX #9) become U+FFFD, the ends
    /// are trimmed.
    pub fn clean(text: &str) -> Self {
        let ends = |c: char| c.is_whitespace() || c == '\0';
        let text = text.trim_matches(ends);
        // So short a text has no more signs than may be kept, and of these nothing is to be changed.
        if text.len() <= MAX_CHARS && text.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
            return Self(text.into());
        }
        let mut kept = String::with_capacity(text.len().min(MAX_CHARS));
        kept.extend(text.chars().take(MAX_CHARS).map(|c| match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                char::REPLACEMENT_CHARACTER
            }
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        }));
        Self(kept.as_str().into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::clean(text)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    /// A batch is input like any other: its text is cleaned again.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        Ok(Self::clean(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_jis_and_utf8_read_as_the_same_words() {
        assert_eq!(Text::from_wire("会議室".as_bytes()).as_str(), "会議室");
        assert_eq!(Text::from_wire(&[0x89, 0xef, 0x8b, 0x63, 0x8e, 0xba]).as_str(), "会議室");
    }

    #[test]
    fn terminal_escapes_and_text_direction_overrides_do_not_survive() {
        assert_eq!(Text::from_wire(b"\x1b[31mred\0\0").as_str(), "\u{fffd}[31mred");
        assert_eq!(Text::clean("abc\u{202e}def\nghi").as_str(), "abc\u{fffd}def ghi");
    }

    #[test]
    fn a_megabyte_is_cut() {
        assert_eq!(Text::from_wire(&vec![b'x'; 1 << 20]).as_str().len(), MAX_CHARS);
    }

    #[test]
    fn cleaning_twice_changes_nothing() {
        for raw in
            ["  a \u{202e}", "\u{fffd}\u{7}", "ｱｲｳ　", " a plain text that is not so short\0"]
        {
            let once = Text::clean(raw);
            assert_eq!(Text::clean(once.as_str()), once);
        }
    }
}
