//! Every text that users see, in Japanese and in English, from `words/ja.toml` and `words/en.toml`.
//!
//! `build.rs` makes [`Word`] from both files: a text missing in either does not compile. Sentences
//! made of domain values are in [`phrase`].

use std::fmt::Display;

use serde::{Deserialize, Serialize};

/// Domain values as words and sentences.
pub mod phrase;

include!(concat!(env!("OUT_DIR"), "/word.rs"));

/// A language that the collector speaks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// 日本語.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// The text in this language.
    pub fn say(self, word: Word) -> &'static str {
        match self {
            Self::Ja => word.ja(),
            Self::En => word.en(),
        }
    }

    /// The text in this language with `{0}`, `{1}` … filled in. What is filled in is not searched
    /// for placeholders again.
    pub fn fill(self, word: Word, with: &[&dyn Display]) -> String {
        let mut filled = String::new();
        let mut rest = self.say(word);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let hole = after
                .split_once('}')
                .and_then(|(digits, rest)| Some((with.get(digits.parse::<usize>().ok()?)?, rest)));
            if let Some((value, after)) = hole {
                filled.push_str(&value.to_string());
                rest = after;
            } else {
                filled.push('{');
                rest = after;
            }
        }
        filled + rest
    }

    /// The other language.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Ja => Self::En,
            Self::En => Self::Ja,
        }
    }

    /// The language's code (ISO 639-1).
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// The language with this code, if it is spoken here.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "ja" => Some(Self::Ja),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_searched_again() {
        let filled = Lang::En.fill(Word::StartScanLine, &[&"{1}", &"b", &"c"]);
        assert!(filled.contains("{1}"), "{filled}");
    }

    #[test]
    fn no_text_is_empty_and_no_text_calls_an_unknown_device_illegal() {
        for word in Word::ALL {
            assert!(!word.ja().is_empty() && !word.en().is_empty(), "{word:?}");
            assert!(!word.ja().contains("不正機器"), "{word:?}");
        }
    }
}
