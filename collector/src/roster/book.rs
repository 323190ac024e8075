//! The rows of the ledger as a list that is searched and filtered, in the order of the book.

use std::sync::{Arc, Mutex, PoisonError};

use super::fold::fold;
use super::haystack::Haystack;
use super::term::Term;
use crate::ledger::{Entry, Ledger, Row};
use crate::reconcile::Verdict;

/// Answers that are kept, so that turning a page asks nothing anew.
const KEPT: usize = 16;

/// What somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words; a row has to have all of them.
    pub words: String,
    /// The verdict, by [`Verdict::name`]; empty: any.
    pub verdict: String,
    /// The number of the sheet; none: any.
    pub sheet: Option<usize>,
}

/// Where a row is: in its entry, or in a part of it.
#[derive(Clone, Copy, Debug)]
struct At {
    sheet: usize,
    entry: usize,
    part: Option<usize>,
    /// By [`Verdict::rank`]; none if the row was held against nothing.
    rank: Option<usize>,
}

/// An index over the rows of a ledger.
#[derive(Debug, Default)]
pub struct Pages {
    rows: Vec<At>,
    texts: Haystack,
    answers: Mutex<Vec<(Wanted, Arc<Vec<u32>>)>>,
}

impl Pages {
    /// The index over this ledger; `verdict` tells what became of an entry.
    pub fn of<'v>(ledger: &Ledger, verdict: impl Fn(&Entry) -> Option<&'v Verdict>) -> Self {
        let mut made = Self::default();
        for (number, entry) in ledger.entries.iter().enumerate() {
            let rank = verdict(entry).map(Verdict::rank);
            made.rows.push(At { sheet: entry.sheet, entry: number, part: None, rank });
            for (part, of) in entry.parts.iter().enumerate() {
                let part = Some(part);
                made.rows.push(At { sheet: of.sheet, entry: number, part, rank });
            }
        }
        // Within a sheet they stay in the order of the entries.
        made.rows.sort_by_key(|row| row.sheet);
        for at in &made.rows {
            let cells = ledger.entries.get(at.entry).map(|entry| cells(entry, *at));
            let text = cells.unwrap_or_default().join("\n");
            made.texts.push(&fold(&text));
        }
        made
    }

    /// How many rows there are.
    pub const fn count(&self) -> usize {
        self.rows.len()
    }

    /// The rows that fit, in the order of the book.
    pub fn find(&self, wanted: &Wanted) -> Arc<Vec<u32>> {
        // An answer is put there whole, so a panic elsewhere cannot have left half of one.
        let answers = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = answers().iter().find(|(asked, _)| asked == wanted) {
            return Arc::clone(found);
        }
        let rank = Verdict::NAMES.iter().position(|name| *name == wanted.verdict);
        let fits = self.texts.matching(&Term::all(&wanted.words), &[]);
        let rows = (0_u32..).zip(&self.rows).zip(fits);
        let rows = rows.filter(|((_, at), fits)| {
            *fits
                && (wanted.verdict.is_empty() || rank.is_some() && at.rank == rank)
                && wanted.sheet.is_none_or(|sheet| at.sheet == sheet)
        });
        let found = Arc::new(rows.map(|((number, _), _)| number).collect());
        let mut kept = answers();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((wanted.clone(), Arc::clone(&found)));
        found
    }

    /// The row of this number in the ledger that the index is over, with the number of its sheet.
    pub fn row<'l>(&self, ledger: &'l Ledger, number: u32) -> Option<(usize, Row<'l>)> {
        let at = *self.rows.get(number as usize)?;
        let entry = ledger.entries.get(at.entry)?;
        let row = match at.part {
            None => Row {
                place: &entry.place,
                cells: &entry.cells,
                hidden: entry.hidden,
                struck: entry.struck,
                entry,
            },
            Some(part) => {
                let part = entry.parts.get(part)?;
                Row {
                    place: &part.place,
                    cells: &part.cells,
                    hidden: part.hidden,
                    struck: part.struck,
                    entry,
                }
            }
        };
        Some((at.sheet, row))
    }
}

fn cells(entry: &Entry, at: At) -> Vec<String> {
    let part = at.part.and_then(|part| entry.parts.get(part));
    part.map_or(&entry.cells, |part| &part.cells).clone()
}
