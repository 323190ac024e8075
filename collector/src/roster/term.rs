//! Words as people type them, and what fits them: part of a text, part of a MAC address in any notation,
//! part of an address by whole numbers, a whole address, or a network.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use memchr::memmem::Finder;

use super::fold::fold;

/// Most words of a question; the rest is not looked at.
const WORDS: usize = 16;

/// Something that fits a word.
#[derive(Clone, Debug)]
pub(super) enum Needle {
    /// A text holds this.
    Text(Finder<'static>),
    /// A text holds this where a number begins, and ends if `whole`.
    Octets { text: Finder<'static>, whole: bool },
    /// An address is in this network.
    Within(IpNet),
}

impl Needle {
    fn text(text: &str) -> Self {
        Self::Text(Finder::new(text).into_owned())
    }

    /// Where it is found in `text`, from this place on.
    pub(super) fn find(&self, text: &[u8], mut from: usize) -> Option<usize> {
        loop {
            let rest = text.get(from..)?;
            let (at, length, is_whole) = match self {
                Self::Text(finder) => return Some(from + finder.find(rest)?),
                Self::Octets { text, whole } => (text.find(rest)?, text.needle().len(), *whole),
                Self::Within(_) => return None,
            };
            let at = from + at;
            let digit =
                |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_digit);
            let goes_on = digit(at.checked_sub(1)) || is_whole && digit(Some(at + length));
            if !goes_on {
                return Some(at);
            }
            from = at + 1;
        }
    }

    /// Whether a row with this text and these addresses has it.
    pub(super) fn is_in(&self, text: &[u8], addresses: &[IpAddr]) -> bool {
        match self {
            Self::Within(network) => addresses.iter().any(|ip| network.contains(ip)),
            Self::Text(_) | Self::Octets { .. } => self.find(text, 0).is_some(),
        }
    }
}

/// A word, and what fits it: any of its needles.
#[derive(Clone, Debug)]
pub struct Term(Vec<Needle>);

impl Term {
    /// The words of a question, each as a term.
    pub fn all(words: &str) -> Vec<Self> {
        fold(words).split_whitespace().take(WORDS).map(Self::of).collect()
    }

    pub(super) fn needles(&self) -> &[Needle] {
        &self.0
    }

    /// A folded word.
    fn of(word: &str) -> Self {
        if let Ok(network) = word.parse::<IpNet>() {
            return Self(vec![Needle::Within(network.trunc())]);
        }
        if is_dotted(word) {
            let whole = word.parse::<Ipv4Addr>().is_ok();
            let text = Finder::new(word).into_owned();
            return Self(vec![Needle::Octets { text, whole }]);
        }
        let mut needles = vec![Needle::text(word)];
        needles.extend(pairs(word).map(|mac| Needle::text(&mac)));
        Self(needles)
    }
}

/// Whether it is part of an IPv4 address: numbers with dots between.
fn is_dotted(word: &str) -> bool {
    word.contains('.')
        && word.starts_with(|c: char| c.is_ascii_digit())
        && word.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.')
        && word.split('.').all(|part| part.len() <= 3)
}

/// Part of a MAC address that is written in groups, as pairs with colons between. Digits without a mark
/// between are sought as they are: texts of devices have both.
fn pairs(word: &str) -> Option<String> {
    let groups: Vec<&str> = word.split([':', '-', '.']).collect();
    let hexadecimal = |part: &str| part.bytes().all(|octet| octet.is_ascii_hexdigit());
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    if groups.len() < 2 || digits < 3 || !groups.iter().all(|group| hexadecimal(group)) {
        return None;
    }
    let mut written = String::new();
    for (number, group) in groups.iter().enumerate() {
        if number > 0 {
            written.push(':');
        }
        // The first group may lack its beginning, every other its end.
        let lead = if number == 0 { group.len() % 2 } else { 0 };
        for (at, digit) in group.chars().enumerate() {
            if at > 0 && at % 2 == lead {
                written.push(':');
            }
            written.push(digit);
        }
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(words: &str, text: &str) -> bool {
        let addresses: Vec<IpAddr> =
            text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let text = fold(text).replace(' ', "\n");
        Term::all(words).iter().all(|term| {
            term.needles().iter().any(|needle| needle.is_in(text.as_bytes(), &addresses))
        })
    }

    #[test]
    fn part_of_a_mac_address_is_found_in_any_notation() {
        let text = "00:1a:2b:3c:4d:5e 001a2b3c4d5e";
        for word in [
            "1a:2b",
            "1A-2B",
            "00-1A-2B-3C-4D-5E",
            "001a.2b3c.4d5e",
            "1a.2b3c",
            "a.2b3c",
            "001A2B",
            "3c4d5e",
            "a:2b",
            "２Ｂ：３Ｃ",
        ] {
            assert!(fits(word, text), "{word}");
        }
        for word in ["1a:2c", "2b-1a", "001a.2b3d"] {
            assert!(!fits(word, text), "{word}");
        }
    }

    #[test]
    fn part_of_an_address_is_found_by_whole_numbers_and_a_whole_one_is_exact() {
        for (word, text, found) in [
            ("10.20", "10.20.0.8", true),
            ("10.20", "110.20.0.8", false),
            ("0.8", "10.20.0.8", true),
            ("10.20.0.8", "10.20.0.80", false),
            ("10.20.0.8", "10.20.0.8", true),
            ("10.20.0.", "10.20.0.80", true),
            ("10.20.0.0/24", "10.20.0.200", true),
            ("10.20.0.0/24", "10.20.1.200", false),
            ("fe80::/10", "fe80::1", true),
        ] {
            assert_eq!(fits(word, text), found, "{word} in {text}");
        }
    }

    #[test]
    fn several_words_have_all_to_be_there() {
        assert!(fits("ﾅｰｽ　pc", "ナースPC-1"));
        assert!(!fits("ナース mfp", "ナースPC-1"));
        assert!(fits(" ", "anything"));
    }
}
