//! What headings and words mean, as data (`config/ledger/columns.toml`, DOMAIN §4): parsed, checked,
//! and ready to be asked. Knows nothing of sheets; [`super::header`] asks it for headings and
//! [`super::normal`] for words.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::normal::{heading_key, nfkc, word_key};
use super::{Field, State};

/// The table that is released with the program.
const RELEASED: &str = include_str!("../../../config/ledger/columns.toml");

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    headings: BTreeMap<Field, Headings>,
    words: Words,
    states: States,
    notes: Notes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Headings {
    names: Vec<String>,
    weak: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    yes: Vec<String>,
    no: Vec<String>,
    remote: Vec<String>,
    nothing: Vec<String>,
    dhcp: Vec<String>,
    offline: Vec<String>,
    labels: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct States {
    in_use: Vec<String>,
    spare: Vec<String>,
    stopped: Vec<String>,
    retired: Vec<String>,
    not_yet: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notes {
    begin: Vec<String>,
    total: Vec<String>,
}

/// Why a table of headings and words cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadColumns {
    /// Not TOML, an unknown key, or a missing one.
    #[error("{0}")]
    Syntax(String),
    /// The heading stands under two fields, or twice under one.
    #[error("the heading {heading:?} stands under {first:?} and again under {second:?}")]
    HeadingTwice {
        /// The heading as written the second time.
        heading: String,
        /// Where it stood first.
        first: Field,
        /// Where it stands again.
        second: Field,
    },
    /// The heading has neither a letter nor a digit, so it could never be found.
    #[error("the heading {0:?} has neither a letter nor a digit")]
    HeadingEmpty(String),
}

/// What a heading means, and how surely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The field.
    pub field: Field,
    /// Whether it means the field only where no other column of the sheet does.
    pub weak: bool,
}

/// Sets of words, asked by [`word_key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// 有, ○, あり.
    Yes,
    /// 無, ×, なし.
    No,
    /// A line for remote maintenance.
    Remote,
    /// Nothing is declared.
    Nothing,
    /// The address is given by DHCP.
    Dhcp,
    /// On no network.
    Offline,
    /// Says which interface an address belongs to.
    Label,
    /// A sum, not a device.
    Total,
}

/// The table of headings and words, checked.
#[derive(Clone, Debug)]
pub struct Columns {
    headings: HashMap<String, Meaning>,
    senses: HashMap<String, Vec<Sense>>,
    /// Octets of the longest word that has a sense; most cells are longer and need no look.
    longest_word: usize,
    /// Words of state by key, the longest first, so that the first found wins.
    states: Vec<(String, State)>,
    /// The same words, for cells that hold nothing else.
    exact_states: HashMap<String, State>,
    not_yet: Vec<String>,
    note_begins: Vec<String>,
    offline: HashSet<String>,
}

impl Columns {
    /// The table released with the program.
    ///
    /// # Errors
    /// Never for a released program: the suite parses it.
    pub fn released() -> Result<Self, BadColumns> {
        Self::parse(RELEASED)
    }

    /// Reads a table in the form of `config/ledger/columns.toml`.
    ///
    /// # Errors
    /// If it is not TOML of that form, or a heading stands under two fields.
    pub fn parse(text: &str) -> Result<Self, BadColumns> {
        let written: Written =
            toml::from_str(text).map_err(|error| BadColumns::Syntax(error.to_string()))?;
        let headings = check_headings(&written.headings)?;
        let mut columns = Self {
            headings,
            senses: HashMap::new(),
            longest_word: 0,
            exact_states: HashMap::new(),
            states: states(&written.states),
            not_yet: written.states.not_yet.iter().map(|word| word_key(word)).collect(),
            note_begins: written.notes.begin.iter().map(|word| nfkc(word).into_owned()).collect(),
            offline: written.words.offline.iter().map(|word| word_key(word)).collect(),
        };
        let Words { yes, no, remote, nothing, dhcp, offline, labels } = &written.words;
        for (words, sense) in [
            (yes, Sense::Yes),
            (no, Sense::No),
            (remote, Sense::Remote),
            (nothing, Sense::Nothing),
            (dhcp, Sense::Dhcp),
            (offline, Sense::Offline),
            (labels, Sense::Label),
            (&written.notes.total, Sense::Total),
        ] {
            for word in words {
                columns.senses.entry(word_key(word)).or_default().push(sense);
            }
        }
        columns.longest_word = columns.senses.keys().map(String::len).max().unwrap_or(0);
        let exact = columns.states.iter().filter(|(word, _)| !columns.not_yet.contains(word));
        columns.exact_states = exact.cloned().collect();
        Ok(columns)
    }

    /// What a heading means: the whole of it; else its part before brackets and without a digit at
    /// the end; else, of a heading joined from several rows, the one field that its parts mean (a
    /// weak part gives way).
    pub fn meaning(&self, heading: &str) -> Option<Meaning> {
        if let Some(found) = self.whole(heading) {
            return Some(found);
        }
        let normal = nfkc(heading);
        let mut found: Option<Meaning> = None;
        for part in normal.split([' ', '_', '\n']).filter(|part| !part.is_empty()) {
            let Some(meaning) = self.whole(part) else { continue };
            match found {
                Some(before) if before.weak != meaning.weak => {
                    found = Some(if before.weak { meaning } else { before });
                }
                Some(before) if before.field != meaning.field => return None,
                Some(_) | None => found = Some(meaning),
            }
        }
        found
    }

    fn whole(&self, heading: &str) -> Option<Meaning> {
        let key = heading_key(heading);
        if let Some(found) = self.headings.get(&key) {
            return Some(*found);
        }
        let normal = nfkc(heading);
        let bare = normal.split(['(', '[', '【', '<', ':', '※']).next().unwrap_or_default();
        let key = heading_key(bare);
        let undigited = key.trim_end_matches(|c: char| c.is_ascii_digit());
        self.headings.get(&key).or_else(|| self.headings.get(undigited)).copied()
    }

    /// Whether the word, as given by [`word_key`], has this sense.
    pub fn is(&self, key: &str, sense: Sense) -> bool {
        self.senses(key).contains(&sense)
    }

    /// Every sense of the word.
    pub fn senses(&self, key: &str) -> &[Sense] {
        if key.len() > self.longest_word {
            return &[];
        }
        self.senses.get(key).map_or(&[], Vec::as_slice)
    }

    /// The state that a cell declares; `None` if it holds no word of state.
    pub fn state(&self, cell: &str) -> Option<State> {
        let key = word_key(cell);
        if let Some(state) = self.exact_states.get(&key) {
            return Some(*state);
        }
        if self.not_yet.iter().any(|word| key.contains(word)) {
            return Some(State::InUse);
        }
        self.states.iter().find(|(word, _)| key.contains(word)).map(|(_, state)| *state)
    }

    /// Whether a row of this one cell is a note or the heading of a section.
    pub fn begins_a_note(&self, cell: &str) -> bool {
        let normal = nfkc(cell.trim());
        self.note_begins.iter().any(|begin| normal.starts_with(begin))
    }

    /// Whether a remark declares the thing to be on no network: a phrase of it begins with such a
    /// word and does not deny it.
    pub fn remark_says_offline(&self, remark: &str) -> bool {
        if remark.is_empty() {
            return false;
        }
        let normal = nfkc(remark);
        normal
            .split(['、', '。', ',', ';', '/', '\n', '(', ')', '[', ']', ' ', '・', ':'])
            .map(word_key)
            .filter(|phrase| !phrase.is_empty())
            .any(|phrase| {
                !["ない", "解消", "予定", "だった", "保守"].iter().any(|no| phrase.contains(no))
                    && self.offline.iter().any(|word| phrase.starts_with(word.as_str()))
            })
    }

    /// Every heading known, by key, with its meaning.
    pub fn headings(&self) -> impl Iterator<Item = (&str, Meaning)> {
        self.headings.iter().map(|(key, meaning)| (key.as_str(), *meaning))
    }
}

fn check_headings(
    written: &BTreeMap<Field, Headings>,
) -> Result<HashMap<String, Meaning>, BadColumns> {
    let mut checked: HashMap<String, Meaning> = HashMap::new();
    for (&field, headings) in written {
        let names = headings.names.iter().map(|name| (name, false));
        for (heading, weak) in names.chain(headings.weak.iter().map(|name| (name, true))) {
            let key = heading_key(heading);
            if key.is_empty() {
                return Err(BadColumns::HeadingEmpty(heading.clone()));
            }
            if let Some(before) = checked.insert(key, Meaning { field, weak }) {
                return Err(BadColumns::HeadingTwice {
                    heading: heading.clone(),
                    first: before.field,
                    second: field,
                });
            }
        }
    }
    Ok(checked)
}

fn states(written: &States) -> Vec<(String, State)> {
    let mut words: Vec<(String, State)> = [
        (&written.in_use, State::InUse),
        (&written.spare, State::Spare),
        (&written.stopped, State::Stopped),
        (&written.retired, State::Retired),
    ]
    .into_iter()
    .flat_map(|(words, state)| words.iter().map(move |word| (word_key(word), state)))
    .collect();
    words.sort_by(|a, b| b.0.chars().count().cmp(&a.0.chars().count()).then(a.0.cmp(&b.0)));
    words
}

#[cfg(test)]
mod tests;
