//! Devices as a table that is searched, filtered, counted and sorted: an index over a picture, made once
//! and shared by everybody who looks at the same picture.
//!
//! A row is the place of a device in its picture. Every question is answered from folded texts, small
//! numbers and sorted orders, never by rendering rows that are not shown, so that a hundred thousand rows
//! cost as little as the page that is shown of them.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::parallel;

/// Rows of the ledger as such a list.
pub mod book;
/// What columns are sorted by.
mod column;
/// What can be filtered by, with counts.
mod facet;
/// Findings as an inbox.
pub mod inbox;
/// One spelling of what is written in many.
pub mod fold;
/// The texts of many rows, searched at once.
pub mod haystack;
/// A device with its rows of the ledger, as texts and words.
mod line;
/// Words that are sought, and what fits them.
mod term;

#[cfg(test)]
mod tests;

pub use column::Column;
pub use facet::By;
use facet::Facet;
use haystack::Haystack;
pub use line::{Row, Told, place};
pub use term::Term;

/// Answers that are kept, so that turning a page asks nothing anew.
const KEPT: usize = 16;

/// What somebody wants to see. Equal questions have equal answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words; a row has to have all of them.
    pub words: String,
    /// The word that each facet has to have, in the order of [`By::ALL`]; empty: any.
    pub filters: [String; By::COUNT],
    /// The column that the rows are sorted by; `None`: what needs somebody first.
    pub sort: Option<Column>,
    /// Whether the last stands first. Rows that say nothing stay last.
    pub descending: bool,
}

/// What fits a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The rows, in the order that was asked for.
    pub rows: Vec<u32>,
    /// Of each facet how many rows have each of its words and fit all else that was asked.
    counts: [Vec<usize>; By::COUNT],
}

/// What a facet has to have.
#[derive(Clone, Copy, Debug)]
enum Wish {
    /// Any word.
    Any,
    /// A word that no row has.
    Nothing,
    /// The word of this number.
    Word(u32),
}

impl Wish {
    fn of(facet: &Facet, word: &str) -> Self {
        if word.is_empty() {
            Self::Any
        } else {
            facet.number(word).map_or(Self::Nothing, Self::Word)
        }
    }

    fn is_met(self, facet: &Facet, row: usize) -> bool {
        match self {
            Self::Any => true,
            Self::Nothing => false,
            Self::Word(number) => facet.of(row).contains(&number),
        }
    }
}

/// Rows in the order of a column; the last of them say nothing there.
#[derive(Debug)]
struct Order {
    rows: Vec<u32>,
    silent: usize,
}

/// A row and what it is sorted by. Compared member by member: what says nothing stands behind all that
/// does, and most texts differ in their beginnings, for which no memory elsewhere is looked at.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sorted {
    silent: bool,
    beginning: u128,
    key: String,
    row: u32,
}

impl Sorted {
    fn new(key: String, row: usize) -> Self {
        let octets = key.bytes().chain(std::iter::repeat(0)).take(16);
        let beginning = octets.fold(0, |number, octet| number << 8 | u128::from(octet));
        Self { silent: key.is_empty(), beginning, key, row: u32::try_from(row).unwrap_or(u32::MAX) }
    }
}

/// An index over the devices of a picture.
#[derive(Debug, Default)]
pub struct Roster {
    words: Arc<Words>,
    orders: [OnceLock<Arc<Order>>; Column::COUNT + 1],
    answers: Mutex<Vec<(Query, Arc<Found>)>>,
}

/// What devices are found by.
#[derive(Debug, Default)]
struct Words {
    texts: Haystack,
    addresses: Vec<Vec<IpAddr>>,
    facets: [Facet; By::COUNT],
}

impl Roster {
    /// The index over `count` devices, of which `told` tells.
    pub fn of<'a>(count: usize, told: impl Fn(usize) -> Option<Told<'a>> + Sync) -> Self {
        let numbers: Vec<usize> = (0..count).collect();
        let lines = parallel::each(&numbers, |number| {
            told(*number).map(|told| line::Line::of(&told)).unwrap_or_default()
        });
        let mut made = Words::default();
        for line in lines {
            made.texts.push(&line.text);
            made.addresses.push(line.addresses);
            for (by, facet) in By::ALL.iter().zip(&mut made.facets) {
                let words = line.words.iter().filter(|(of, _)| of == by);
                facet.push(words.map(|(_, word)| word.as_ref()));
            }
        }
        Self { words: Arc::new(made), ..Self::default() }
    }

    /// The same after findings were answered, which changes nothing but how many wait for somebody.
    #[must_use]
    pub fn answered(&self) -> Self {
        let made = Self { words: Arc::clone(&self.words), ..Self::default() };
        let open = Column::Open.number() + 1;
        for (number, (order, known)) in made.orders.iter().zip(&self.orders).enumerate() {
            if let Some(known) = known.get().filter(|_| number != open) {
                // It has just been made, so nobody else filled it.
                let _ = order.set(Arc::clone(known));
            }
        }
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let same = answers.iter().filter(|(query, _)| query.sort != Some(Column::Open));
        let same = same.cloned().collect();
        drop(answers);
        Self { answers: Mutex::new(same), ..made }
    }

    /// Puts devices into the order of every column by which nobody sorted yet, so that nobody has to wait
    /// for it; until `enough` says that nobody will.
    pub fn arrange<'a>(
        &self,
        told: impl Fn(usize) -> Option<Told<'a>> + Sync,
        enough: impl Fn() -> bool,
    ) {
        for column in std::iter::once(None).chain(Column::ALL.into_iter().map(Some)) {
            if enough() {
                break;
            }
            self.order(column, &told);
        }
    }

    /// How many devices there are.
    pub fn count(&self) -> usize {
        self.words.addresses.len()
    }

    /// What fits the question. `told` tells of a device, for columns by which nobody sorted yet.
    pub fn find<'a>(
        &self,
        query: &Query,
        told: impl Fn(usize) -> Option<Told<'a>> + Sync,
    ) -> Arc<Found> {
        // An answer is put there whole, so a panic elsewhere cannot have left half of one.
        let answers = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = answers().iter().find(|(asked, _)| asked == query) {
            return Arc::clone(found);
        }
        let found = Arc::new(self.seek(query, told));
        let mut kept = answers();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((query.clone(), Arc::clone(&found)));
        found
    }

    fn seek<'a>(&self, query: &Query, told: impl Fn(usize) -> Option<Told<'a>> + Sync) -> Found {
        let mut fits = self.words.texts.matching(&Term::all(&query.words), &self.words.addresses);
        let mut counts = [const { Vec::new() }; By::COUNT];
        for (facet, count) in self.words.facets.iter().zip(&mut counts) {
            count.resize(facet.words(), 0);
        }
        let filters = self.words.facets.iter().zip(&query.filters);
        let wanted: Vec<Wish> = filters.map(|(facet, word)| Wish::of(facet, word)).collect();
        for (row, fits) in fits.iter_mut().enumerate().filter(|(_, fits)| **fits) {
            *fits = self.count_row(row, &wanted, &mut counts);
        }
        let order = self.order(query.sort, told);
        let fitting = |row: &&u32| fits.get(**row as usize).copied().unwrap_or_default();
        let (speaking, silent) = order.rows.split_at(order.silent.min(order.rows.len()));
        let rows = if query.descending {
            speaking.iter().rev().chain(silent).filter(fitting).copied().collect()
        } else {
            speaking.iter().chain(silent).filter(fitting).copied().collect()
        };
        Found { rows, counts }
    }

    /// Counts a row in each facet whose own filter is all that may keep it out. Whether nothing does.
    fn count_row(&self, row: usize, wanted: &[Wish], counts: &mut [Vec<usize>; By::COUNT]) -> bool {
        let both = || self.words.facets.iter().zip(wanted);
        let failed = both().filter(|(facet, wish)| !wish.is_met(facet, row)).count();
        if failed > 1 {
            return false;
        }
        for ((facet, wish), counts) in both().zip(counts) {
            if failed == 0 || !wish.is_met(facet, row) {
                for number in facet.of(row) {
                    if let Some(count) = counts.get_mut(*number as usize) {
                        *count += 1;
                    }
                }
            }
        }
        failed == 0
    }

    /// The words of a facet that rows have which fit all else, the most frequent first, then by the word.
    pub fn choices(&self, found: &Found, by: By) -> Vec<(&str, usize)> {
        let Some((facet, counts)) =
            self.words.facets.get(by.number()).zip(found.counts.get(by.number()))
        else {
            return Vec::new();
        };
        let mut choices: Vec<(&str, usize)> =
            facet.all().zip(counts).map(|(word, count)| (word, *count)).collect();
        choices.retain(|(_, count)| *count > 0);
        choices.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        choices
    }

    fn order<'a>(
        &self,
        column: Option<Column>,
        told: impl Fn(usize) -> Option<Told<'a>> + Sync,
    ) -> &Order {
        static NONE: Order = Order { rows: Vec::new(), silent: 0 };
        let Some(order) = self.orders.get(column.map_or(0, |column| column.number() + 1)) else {
            return &NONE;
        };
        order.get_or_init(|| {
            let keys = |rows: &std::ops::Range<usize>| {
                let key =
                    |row| told(row).map(|told| column::key(column, &told)).unwrap_or_default();
                let mut keys: Vec<Sorted> =
                    rows.clone().map(|row| Sorted::new(key(row), row)).collect();
                keys.sort_unstable();
                keys
            };
            let parts = parallel::map(&parallel::stretches(self.count()), keys);
            let mut keys: Vec<Sorted> = parts.into_iter().flatten().collect();
            parallel::merge(&mut keys);
            let silent = keys.partition_point(|sorted| !sorted.silent);
            Arc::new(Order { rows: keys.into_iter().map(|sorted| sorted.row).collect(), silent })
        })
    }
}
