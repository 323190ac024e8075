//! Which subjects are one device because they say the same identifier, and which say it because it was
//! cloned.
//!
//! An identifier that two subjects say one after the other is carried on: a card was replaced, a MAC
//! address made up anew. One that they say side by side is of one device with two cards, or of two
//! devices with one identifier; names, interface tables and serial numbers tell which. In doubt nothing
//! is joined.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::time::Timestamp;

use super::links::Links;
use super::sessions::{Sessions, Span};
use super::subject::{Groups, Subject};
use super::word::{Kind, Word};
use super::{HashMap, HashSet};

/// More devices than this never have one identifier of hardware side by side.
const CARDS: usize = 4;

/// What one group of subjects said, and when.
#[derive(Default)]
struct Voice {
    words: HashMap<Word, Span>,
    /// Whether it told its interfaces.
    told: bool,
    /// Whether a burned-in MAC address is its own.
    burned_in: bool,
}

/// Two subjects that one word joined.
pub(super) struct Tie<'a> {
    pub(super) word: Word,
    pub(super) subjects: [Subject<'a>; 2],
}

/// What is known of everybody before anything is joined here, so that the order of joining does not
/// matter.
struct Known<'k, 'a> {
    sessions: &'k Sessions<'a>,
    voices: HashMap<Subject<'a>, Voice>,
}

/// Joins who says the same. `told` are those that told their interfaces.
pub(super) fn join<'a>(
    sessions: &Sessions<'a>,
    links: &Links<'a>,
    (groups, told): (&mut Groups<'a>, &HashSet<Subject<'a>>),
) -> Vec<Tie<'a>> {
    let mut ties = units(sessions, links, groups);
    let mut known = Known { sessions, voices: HashMap::default() };
    let mut holders: BTreeMap<Word, BTreeSet<Subject<'a>>> = BTreeMap::new();
    for (subject, said) in &sessions.by {
        for session in said {
            let root = groups.root(links.part(*subject, (session.place, session.from)));
            let voice = known.voices.entry(root).or_default();
            for word in session.words.iter().filter(|word| word.kind != Kind::Unit) {
                voice.hear(*word, session.from);
                if !word.kind.is_name() {
                    holders.entry(*word).or_default().insert(root);
                }
            }
        }
    }
    for subject in told {
        known.voices.entry(groups.root(*subject)).or_default().told = true;
    }
    for (root, voice) in &mut known.voices {
        // The smallest subject of a group is a burned-in MAC address if there is one.
        voice.burned_in = matches!(root, Subject::Mac(_));
    }
    for (word, holders) in holders.into_iter().filter(|(_, holders)| holders.len() > 1) {
        for (a, b) in known.pairs(word, &holders) {
            ties.push(Tie { word, subjects: [a, b] });
        }
    }
    ties.retain(|tie| groups.join(tie.subjects[0], tie.subjects[1]));
    ties
}

/// An address whose holder told the MAC address of its card.
fn units<'a>(sessions: &Sessions<'a>, links: &Links<'a>, groups: &mut Groups<'a>) -> Vec<Tie<'a>> {
    let mut ties = Vec::new();
    for (subject, said) in &sessions.by {
        if matches!(subject, Subject::Mac(_)) {
            continue;
        }
        let mut known = BTreeSet::new();
        for session in said {
            let own = links.part(*subject, (session.place, session.from));
            let units: Vec<_> = session
                .words
                .iter()
                .filter_map(|word| Some((*word, *sessions.units.get(word)?)))
                .collect();
            // Of two cards told at once one cannot say whose the other is.
            let [(word, mac)] = units.as_slice() else { continue };
            if !links.is_shared(*mac) && known.insert((own, *mac)) {
                ties.push(Tie { word: *word, subjects: [own, Subject::Mac(*mac)] });
            }
        }
    }
    ties.retain(|tie| groups.join(tie.subjects[0], tie.subjects[1]));
    ties
}

impl Voice {
    fn hear(&mut self, word: Word, at: Timestamp) {
        let span = self.words.entry(word).or_insert((at, at));
        *span = (span.0.min(at), span.1.max(at));
    }

    fn of(&self, kind: Kind) -> BTreeSet<Word> {
        self.words.keys().copied().filter(|word| word.kind == kind).collect()
    }

    /// Whether both have identifiers of this kind and none in common.
    fn differs(&self, other: &Self, kind: Kind) -> bool {
        let (a, b) = (self.of(kind), other.of(kind));
        !a.is_empty() && !b.is_empty() && a.is_disjoint(&b)
    }

    fn shares(&self, other: &Self, kind: Kind) -> bool {
        !self.of(kind).is_disjoint(&other.of(kind))
    }

    /// Whether their names are other names.
    fn is_named_otherwise(&self, other: &Self) -> bool {
        let names = [Kind::SystemName, Kind::HostName];
        names.iter().any(|kind| self.differs(other, *kind))
            && !names.iter().any(|kind| self.shares(other, *kind))
    }
}

/// Who said a word, and when.
type Holder<'a> = (Span, Subject<'a>);

impl<'a> Known<'_, 'a> {
    /// Which of those that say a word are one device.
    fn pairs(
        &self,
        word: Word,
        holders: &BTreeSet<Subject<'a>>,
    ) -> Vec<(Subject<'a>, Subject<'a>)> {
        let span = |root: &Subject<'a>| Some((*self.voices.get(root)?.words.get(&word)?, *root));
        let mut all: Vec<Holder<'a>> = holders.iter().filter_map(span).collect();
        all.sort_unstable();
        let in_turn = all.windows(2).all(|pair| matches!(pair, [a, b] if a.0.1 < b.0.0));
        if in_turn {
            return self.chain(&all, false);
        }
        if word.kind.is_hardware() {
            return if all.len() <= CARDS && self.is_one(&all) {
                self.chain(&all, true)
            } else {
                Vec::new()
            };
        }
        if !self.sessions.tells(word) {
            return Vec::new();
        }
        let mut by_name: BTreeMap<Word, Vec<Holder<'a>>> = BTreeMap::new();
        for holder in &all {
            let Some(voice) = self.voices.get(&holder.1) else { continue };
            let names = voice.words.keys().filter(|word| word.kind.is_name());
            for name in names.filter(|name| self.sessions.tells(**name)) {
                by_name.entry(*name).or_default().push(*holder);
            }
        }
        by_name.values().flat_map(|holders| self.chain(holders, true)).collect()
    }

    /// Those that follow each other and do not contradict each other.
    fn chain(&self, holders: &[Holder<'a>], at_once: bool) -> Vec<(Subject<'a>, Subject<'a>)> {
        let pairs = holders.windows(2).filter_map(|pair| match pair {
            [a, b] if !self.apart(a.1, b.1, at_once) => Some((a.1, b.1)),
            _ => None,
        });
        pairs.collect()
    }

    /// Whether several that say one serial number at one time are the cards of one device.
    fn is_one(&self, holders: &[Holder<'a>]) -> bool {
        let any_apart = holders.iter().enumerate().any(|(index, a)| {
            let rest = holders.get(index + 1..).unwrap_or_default();
            rest.iter().any(|b| self.apart(a.1, b.1, true))
        });
        let named = |holder: &Holder<'a>| {
            let voice = self.voices.get(&holder.1);
            voice.is_some_and(|voice| {
                voice.words.keys().any(|word| word.kind.is_name() && self.sessions.tells(*word))
            })
        };
        let vague = |holder: &Holder<'a>| {
            let voice = self.voices.get(&holder.1);
            voice.is_some_and(|voice| {
                voice.words.keys().any(|word| word.kind.is_name() && !self.sessions.tells(*word))
            })
        };
        !any_apart
            && (holders.iter().all(named) || (holders.len() == 2 && !holders.iter().any(vague)))
    }

    /// Whether something shows that these are two devices.
    fn apart(&self, a: Subject<'a>, b: Subject<'a>, at_once: bool) -> bool {
        let (Some(one), Some(other)) = (self.voices.get(&a), self.voices.get(&b)) else {
            return true;
        };
        let unlisted = (one.told && other.burned_in) || (other.told && one.burned_in);
        one.is_named_otherwise(other)
            || one.differs(other, Kind::Serial)
            || (at_once && (unlisted || one.differs(other, Kind::Guid)))
    }
}
