//! What the table can be filtered by: words, of which a row has none, one or several.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// What is filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The verdicts, as [`crate::reconcile::Verdict::name`] names them.
    Verdict,
    /// Whether the checklist covers it: `inside`, `outside`, `undecided`.
    Scope,
    /// What it is, as [`crate::fingerprint::Class`] is written.
    Class,
    /// The networks in which it was seen.
    Network,
    /// Its maker, as it was seen.
    Vendor,
    /// Where it stands ([`super::place`]).
    Place,
}

impl By {
    /// How many there are.
    pub const COUNT: usize = 6;
    /// All, in the order in which they are shown.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Verdict, Self::Scope, Self::Class, Self::Network, Self::Vendor, Self::Place];

    /// Its place in [`Self::ALL`].
    pub const fn number(self) -> usize {
        self as usize
    }

    /// Its name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Scope => "scope",
            Self::Class => "class",
            Self::Network => "network",
            Self::Vendor => "vendor",
            Self::Place => "place",
        }
    }
}

/// The words of one facet, and which rows have which.
#[derive(Clone, Debug, Default)]
pub(super) struct Facet {
    words: Vec<String>,
    numbers: HashMap<String, u32, RandomState>,
    has: Vec<u32>,
    /// Where in `has` the words of each row end.
    ends: Vec<usize>,
}

impl Facet {
    /// Adds the next row with its words.
    pub(super) fn push<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        let from = self.has.len();
        for word in words {
            let number = self.number(word).unwrap_or_else(|| self.learn(word));
            if self.has.get(from..).is_some_and(|has| !has.contains(&number)) {
                self.has.push(number);
            }
        }
        self.ends.push(self.has.len());
    }

    fn learn(&mut self, word: &str) -> u32 {
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(word.to_owned());
        self.numbers.insert(word.to_owned(), number);
        number
    }

    /// The number of a word, if any row has it.
    pub(super) fn number(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }

    /// The numbers of the words of a row.
    pub(super) fn of(&self, row: usize) -> &[u32] {
        let from = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let to = self.ends.get(row).copied().unwrap_or_default();
        self.has.get(from.unwrap_or_default()..to).unwrap_or_default()
    }

    /// How many words there are.
    pub(super) const fn words(&self) -> usize {
        self.words.len()
    }

    /// The words, in the order of their numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }
}
