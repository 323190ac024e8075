//! What was said at one time in one place by which a device may be known again, put together.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::time::Timestamp;

use super::gather;
use super::links::Links;
use super::subject::Subject;
use super::word::{self, Kind, Word};
use super::{HashMap, HashSet};
use crate::evidence::{Claim, Seen};

/// Ten minutes, in microseconds: what is said further apart may be of two devices.
const GAP: i64 = 600_000_000;

/// What one subject said at one time from one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session<'a> {
    pub(super) from: Timestamp,
    /// The network, and the address if it had one.
    pub(super) place: Place<'a>,
    pub(super) words: BTreeSet<Word>,
}

/// Where something was said.
pub(super) type Place<'a> = (&'a str, Option<IpAddr>);

/// A word as it was first spelt, with what shows it.
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) seen: Seen,
}

/// First and last time.
pub(super) type Span = (Timestamp, Timestamp);

/// Everything said, by who said it as far as links tell.
#[derive(Default)]
pub(super) struct Sessions<'a> {
    pub(super) by: BTreeMap<Subject<'a>, Vec<Session<'a>>>,
    /// Words that tell nobody from others: two devices say them side by side.
    pub(super) vague: HashSet<Word>,
    /// The cards of which [`Kind::Unit`] words are.
    pub(super) units: HashMap<Word, Mac>,
    /// Who said which word where.
    pub(super) shown: HashMap<(Subject<'a>, Place<'a>, Word), Shown>,
}

impl<'a> Sessions<'a> {
    /// Collects what was said. What several devices may have said, because they contest an address or
    /// share it, is left out.
    pub(super) fn read(claims: &[Claim<'a>], links: &Links<'a>) -> Self {
        let mut sessions = Self::default();
        let mut said: BTreeMap<(Subject<'a>, Place<'a>), Vec<(Timestamp, Word)>> = BTreeMap::new();
        for claim in claims {
            let spoken = word::spoken(claim);
            let words: Vec<_> = spoken.iter().map(|one| (word::word(one), one)).collect();
            for (word, (kind, text)) in &words {
                if let (Kind::Unit, Ok(mac)) = (kind, text.parse()) {
                    sessions.units.insert(*word, mac);
                }
            }
            if words.is_empty() {
                continue;
            }
            for sighting in &claim.sightings {
                let Some(subject) = gather::speaker(links, claim, sighting) else { continue };
                if links.is_doubtful(claim, sighting.at()) {
                    continue;
                }
                let place = (claim.network, claim.speaker.ip);
                let said = said.entry((subject, place)).or_default();
                for (word, (_, text)) in &words {
                    said.push((sighting.at(), *word));
                    sessions.show((subject, place, *word), text, Seen::once(sighting));
                }
            }
        }
        for ((subject, place), mut said) in said {
            said.sort_unstable();
            sessions.by.entry(subject).or_default().extend(cut(place, &said));
        }
        for said in sessions.by.values_mut() {
            said.sort_by_key(|session| session.from);
        }
        sessions.vague = vague(&sessions.by);
        sessions
    }

    fn show(&mut self, key: (Subject<'a>, Place<'a>, Word), text: &str, seen: Seen) {
        let shown = self.shown.entry(key).or_insert_with(|| Shown { text: text.to_owned(), seen });
        if text < shown.text.as_str() {
            text.clone_into(&mut shown.text);
        }
        shown.seen.extend(seen);
    }

    /// Whether a word tells a device from others.
    pub(super) fn tells(&self, word: Word) -> bool {
        !self.vague.contains(&word)
    }
}

/// Cuts ascending sayings where nothing was said for a while.
fn cut<'a>(place: Place<'a>, said: &[(Timestamp, Word)]) -> Vec<Session<'a>> {
    let together = |a: &(Timestamp, Word), b: &(Timestamp, Word)| {
        b.0.micros().saturating_sub(a.0.micros()) <= GAP
    };
    let one = |run: &[(Timestamp, Word)]| {
        let from = run.first()?.0;
        Some(Session { from, place, words: run.iter().map(|(_, word)| *word).collect() })
    };
    said.chunk_by(together).filter_map(one).collect()
}

/// Of which kinds a word may be said with one value only at a time.
fn goes_with_one(word: Kind, other: Kind) -> bool {
    match word {
        Kind::Unit => false,
        Kind::SystemName | Kind::HostName => matches!(
            other,
            Kind::Serial | Kind::Guid | Kind::HostKey | Kind::Certificate | Kind::Uuid
        ),
        Kind::Serial | Kind::Uuid | Kind::Guid | Kind::HostKey | Kind::Certificate => {
            other.is_name() || (other == Kind::Guid && word != Kind::Guid)
        }
    }
}

/// Words said side by side with two values of another kind that are never said together: a name that
/// two servers have, a key that two computers have.
fn vague(by: &BTreeMap<Subject<'_>, Vec<Session<'_>>>) -> HashSet<Word> {
    let all: BTreeSet<Word> = by.values().flatten().flat_map(|one| &one.words).copied().collect();
    // Words are in order of their kinds. Most devices say one of each.
    if all.iter().zip(all.iter().skip(1)).all(|(word, next)| word.kind != next.kind) {
        return HashSet::default();
    }
    let mut beside: HashMap<(Word, Word), Span> = HashMap::default();
    let mut together: HashSet<(Word, Word)> = HashSet::default();
    for session in by.values().flatten() {
        for &word in &session.words {
            for &other in session.words.iter().filter(|other| **other != word) {
                if other.kind == word.kind {
                    together.insert((word, other));
                }
                if goes_with_one(word.kind, other.kind) {
                    let span = beside.entry((word, other)).or_insert((session.from, session.from));
                    *span = (span.0.min(session.from), span.1.max(session.from));
                }
            }
        }
    }
    let mut each: HashMap<(Word, Kind), Vec<(Span, Word)>> = HashMap::default();
    for ((word, other), span) in beside {
        each.entry((word, other.kind)).or_default().push((span, other));
    }
    let clash = |spans: &mut Vec<(Span, Word)>| {
        spans.sort_unstable();
        let mut latest: Option<(Span, Word)> = None;
        spans.iter().any(|&(span, other)| {
            let clashes = latest.is_some_and(|(before, one)| {
                before.1 >= span.0 && !together.contains(&(one, other))
            });
            if latest.is_none_or(|(before, _)| before.1 < span.1) {
                latest = Some((span, other));
            }
            clashes
        })
    };
    each.into_iter()
        .filter_map(|((word, _), mut spans)| clash(&mut spans).then_some(word))
        .collect()
}
