//! One card or one address that several devices had, each in its time.
//!
//! A dock has the MAC address, whoever's laptop is in it; a pair of firewalls may share one that looks
//! burned in; an address behind a router passes from lease to lease with no link to show it. What the
//! device said at the time tells whose it was: sessions that share an identifier are one piece, and
//! what was not said goes to the nearest piece in time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::time::Timestamp;

use super::HashMap;
use super::sessions::{Place, Session, Sessions};
use super::subject::Subject;
use super::word::{Kind, Word};

/// When which piece was seen, ascending.
type Times = Vec<(Timestamp, u64)>;

/// When which piece of a card was seen: at an address, and anywhere.
#[derive(Default)]
struct Card<'a> {
    at: HashMap<Place<'a>, Times>,
    all: Times,
}

/// Cards and addresses that are parted.
#[derive(Default)]
pub(super) struct Parts<'a> {
    macs: HashMap<Mac, Card<'a>>,
    slots: HashMap<(&'a str, IpAddr), Times>,
}

/// What was said by one device.
#[derive(Default, Debug)]
struct Piece<'a> {
    words: BTreeSet<Word>,
    times: Vec<(Timestamp, Place<'a>)>,
}

impl Piece<'_> {
    fn strong(&self) -> impl Iterator<Item = Word> + '_ {
        self.words.iter().copied().filter(|word| !word.kind.is_name())
    }

    fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.times.iter().min()?.0, self.times.iter().max()?.0))
    }

    fn take(&mut self, other: Self) {
        self.words.extend(other.words);
        self.times.extend(other.times);
    }

    /// Whether both say different things where one device says one.
    fn contradicts(&self, other: &Self) -> bool {
        let of = |piece: &Self, kind: Kind| -> BTreeSet<Word> {
            piece.words.iter().copied().filter(|word| word.kind == kind).collect()
        };
        [Kind::Unit, Kind::Serial, Kind::Uuid, Kind::Guid, Kind::HostKey].into_iter().any(|kind| {
            let (a, b) = (of(self, kind), of(other, kind));
            !a.is_empty() && !b.is_empty() && a.is_disjoint(&b)
        })
    }

    /// Named by its smallest word, which a later scan can only make smaller.
    fn name(&self) -> u64 {
        let strong = self.strong().min().map(|word| word.hash);
        strong.or_else(|| self.words.first().map(|word| word.hash)).unwrap_or(0)
    }
}

impl<'a> Parts<'a> {
    /// Finds what must be parted. `split` are serial numbers that a person said are of two devices.
    pub(super) fn find(
        sessions: &Sessions<'a>,
        split: &[(Word, Word)],
        is_virtual: impl Fn(&str, IpAddr) -> bool,
    ) -> Self {
        let mut parts = Self::default();
        let mut holders: HashMap<Word, usize> = HashMap::default();
        for said in sessions.by.values() {
            let words: BTreeSet<Word> = said.iter().flat_map(|one| one.words.clone()).collect();
            for word in words {
                *holders.entry(word).or_default() += 1;
            }
        }
        for (subject, said) in &sessions.by {
            match *subject {
                Subject::Mac(mac) => {
                    let pieces = pieces(said, sessions, Some(Word::unit(mac)));
                    let elsewhere = |piece: &Piece<'_>| {
                        let mut words = piece.words.iter();
                        words.any(|word| holders.get(word).is_some_and(|count| *count > 1))
                    };
                    if is_shared(&pieces, elsewhere) || is_split(&pieces, split) {
                        parts.macs.insert(mac, card(&pieces));
                    }
                }
                Subject::Address(network, ip) if !is_virtual(network, ip) => {
                    let pieces = pieces(said, sessions, None);
                    if pieces.len() > 1 {
                        parts.slots.insert((network, ip), times(&pieces));
                    }
                }
                Subject::Address(..)
                | Subject::Shared(..)
                | Subject::Stay(..)
                | Subject::Private(..) => {}
            }
        }
        parts
    }

    /// The pieces of a card or of an address; itself, where it is whole.
    pub(super) fn pieces_of(&self, subject: Subject<'a>) -> BTreeSet<Subject<'a>> {
        let pieces: BTreeSet<Subject<'a>> = match subject {
            Subject::Mac(mac) => {
                let times = self.macs.get(&mac).map(|card| &card.all);
                times.into_iter().flatten().map(|(_, piece)| Subject::Shared(mac, *piece)).collect()
            }
            Subject::Address(network, ip) => {
                let times = self.slots.get(&(network, ip)).into_iter().flatten();
                times.map(|(_, piece)| Subject::Stay(network, ip, *piece)).collect()
            }
            Subject::Shared(..) | Subject::Stay(..) | Subject::Private(..) => BTreeSet::new(),
        };
        if pieces.is_empty() { BTreeSet::from([subject]) } else { pieces }
    }

    /// Whether this card is of several devices.
    pub(super) fn is_shared(&self, mac: Mac) -> bool {
        self.macs.contains_key(&mac)
    }

    /// Whose part it was at that time in that place, where it is parted.
    pub(super) fn of(
        &self,
        subject: Subject<'a>,
        (place, at): (Place<'a>, Timestamp),
    ) -> Subject<'a> {
        match subject {
            Subject::Mac(mac) => {
                let piece = self.macs.get(&mac).and_then(|card| {
                    let here = card.at.get(&place).and_then(|times| nearest(times, at));
                    here.or_else(|| nearest(&card.all, at))
                });
                piece.map_or(subject, |piece| Subject::Shared(mac, piece))
            }
            Subject::Address(network, ip) => {
                let piece = self.slots.get(&(network, ip)).and_then(|times| nearest(times, at));
                piece.map_or(subject, |piece| Subject::Stay(network, ip, piece))
            }
            Subject::Shared(..) | Subject::Stay(..) | Subject::Private(..) => subject,
        }
    }
}

fn nearest(times: &Times, at: Timestamp) -> Option<u64> {
    let after = times.partition_point(|(when, _)| *when <= at);
    let before = after.checked_sub(1).and_then(|index| times.get(index));
    let far = |when: Timestamp| when.micros().saturating_sub(at.micros()).saturating_abs();
    match (before, times.get(after)) {
        (Some(before), Some(after)) if far(after.0) < far(before.0) => Some(after.1),
        (Some(before), _) => Some(before.1),
        (None, after) => after.map(|(_, piece)| *piece),
    }
}

fn times(pieces: &[Piece<'_>]) -> Times {
    let of = |piece: &Piece<'_>| {
        let name = piece.name();
        piece.times.iter().map(move |(at, _)| (*at, name)).collect::<Vec<_>>()
    };
    let mut times: Times = pieces.iter().flat_map(of).collect();
    times.sort_unstable();
    times
}

fn card<'a>(pieces: &[Piece<'a>]) -> Card<'a> {
    let mut card = Card { all: times(pieces), ..Card::default() };
    for piece in pieces {
        for (at, place) in &piece.times {
            card.at.entry(*place).or_default().push((*at, piece.name()));
        }
    }
    card.at.values_mut().for_each(|times| times.sort_unstable());
    card
}

/// The pieces of what a subject said, ascending by their first time. `own` tells nothing here: the
/// card is what they have in common.
fn pieces<'a>(said: &[Session<'a>], sessions: &Sessions<'a>, own: Option<Word>) -> Vec<Piece<'a>> {
    let telling = |session: &Session<'_>| -> BTreeSet<Word> {
        let tells = |word: &Word| Some(*word) != own && sessions.tells(*word);
        session.words.iter().copied().filter(tells).collect()
    };
    let mut strong: Vec<Piece<'a>> = Vec::new();
    let mut named: Vec<Piece<'a>> = Vec::new();
    for session in said {
        let piece = Piece { words: telling(session), times: vec![(session.from, session.place)] };
        let is_strong = piece.strong().next().is_some();
        if is_strong {
            gather(&mut strong, piece, |a, b| a.strong().any(|word| b.words.contains(&word)));
        } else if !piece.words.is_empty() {
            gather(&mut named, piece, |a, b| !a.words.is_disjoint(&b.words));
        }
    }
    let mut whole: Vec<Piece<'a>> = Vec::new();
    for piece in strong.into_iter().chain(named) {
        gather(&mut whole, piece, |a, b| !a.words.is_disjoint(&b.words) && !a.contradicts(b));
    }
    whole.sort_by(|a, b| a.times.iter().min().cmp(&b.times.iter().min()));
    whole
}

/// Puts a piece to all those that it belongs to.
fn gather<'a>(
    pieces: &mut Vec<Piece<'a>>,
    mut piece: Piece<'a>,
    belongs: impl Fn(&Piece<'a>, &Piece<'a>) -> bool,
) {
    let mut apart = Vec::with_capacity(pieces.len() + 1);
    for other in pieces.drain(..) {
        if belongs(&piece, &other) {
            piece.take(other);
        } else {
            apart.push(other);
        }
    }
    apart.push(piece);
    *pieces = apart;
}

/// Whether a person said that what was said of a card is of two devices.
fn is_split(pieces: &[Piece<'_>], split: &[(Word, Word)]) -> bool {
    let holds = |word: &Word| pieces.iter().position(|piece| piece.words.contains(word));
    split.iter().any(|(a, b)| holds(a).zip(holds(b)).is_some_and(|(a, b)| a != b))
}

/// Whether a card is of several devices, and not of one that was named anew: one comes back after
/// another, and at least one of them is known elsewhere, or there are many, or their serial numbers
/// differ, or each has a place of its own (a bridge, or two cards with one MAC address).
fn is_shared<'a>(pieces: &[Piece<'a>], elsewhere: impl Fn(&Piece<'a>) -> bool) -> bool {
    if pieces.len() < 2 {
        return false;
    }
    let mut latest: BTreeMap<usize, Timestamp> = BTreeMap::new();
    let spans: Vec<_> = pieces.iter().filter_map(Piece::span).collect();
    let mut returns = false;
    for (index, (from, to)) in spans.iter().enumerate() {
        returns |= latest.values().any(|last| last > from);
        latest.insert(index, *to);
    }
    let places = |piece: &Piece<'a>| -> BTreeSet<Place<'a>> {
        piece.times.iter().map(|(_, place)| *place).collect()
    };
    let mut taken = BTreeSet::new();
    let apart = pieces.iter().all(|piece| {
        let places = places(piece);
        let fresh = taken.is_disjoint(&places);
        taken.extend(places);
        fresh
    });
    let serials = |piece: &&Piece<'a>| piece.words.iter().any(|word| word.kind == Kind::Serial);
    returns
        && (apart
            || pieces.iter().any(elsewhere)
            || pieces.len() > 2
            || pieces.iter().filter(serials).count() > 1)
}
