//! What decisions name a row of the ledger by, wherever it stands: rows move when others are put in.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use super::normal::nfkc;
use super::step;
use super::{Entry, Ledger};

/// A row of the ledger by what it says of itself ([`step::key`]), in one spelling. Rows that say the
/// same are told apart by their order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryKey(pub String);

/// One spelling of what is written wide or narrow, large or small, with or without spaces.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        // As below, which leaves ASCII as it is.
        let signs = text.chars().filter(|sign| !sign.is_whitespace());
        return signs.map(|sign| sign.to_ascii_lowercase()).collect();
    }
    nfkc(text).to_lowercase().split_whitespace().collect()
}

impl Ledger {
    /// The key of every entry, in the order of [`Ledger::entries`]; no two are the same.
    pub fn keys(&self) -> Vec<EntryKey> {
        let key = |entry: &Entry| {
            let counted = self.sheets.get(entry.sheet).is_some_and(|sheet| sheet.counted);
            fold(&step::key(entry, counted))
        };
        let keys: Vec<String> = self.entries.iter().map(key).collect();
        let mut seen: HashMap<&str, usize, RandomState> = HashMap::default();
        let counted = keys.iter().map(|key| {
            let count = seen.entry(key).or_default();
            *count += 1;
            *count
        });
        let counts: Vec<usize> = counted.collect();
        let key = |(key, count): (String, usize)| {
            EntryKey(if count == 1 { key } else { format!("{key}#{count}") })
        };
        keys.into_iter().zip(counts).map(key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Sheet;
    use crate::reconcile::tests::row;

    fn keys(entries: Vec<Entry>, counted: bool) -> Vec<String> {
        let sheets = vec![Sheet { counted, ..Sheet::default() }];
        let ledger = Ledger { sheets, entries, ..Ledger::default() };
        ledger.keys().into_iter().map(|key| key.0).collect()
    }

    #[test]
    fn a_row_keeps_its_key_when_it_moves_and_when_its_number_is_written_wider() {
        let one =
            Entry { asset_number: "ＰＣ－０１２".to_owned(), ..row(5, "", "10.0.0.1", "") };
        let two = Entry { asset_number: "pc-012".to_owned(), ..row(50, "", "10.0.0.2", "") };
        assert_eq!(keys(vec![one], false), keys(vec![two], false));
    }

    #[test]
    fn a_row_counter_is_no_key() {
        let counted = |number: &str| Entry {
            asset_number: number.to_owned(),
            ..row(5, "", "", "00:1a:2b:00:00:0a")
        };
        assert_eq!(keys(vec![counted("7")], true), keys(vec![counted("8")], true));
    }

    #[test]
    fn rows_that_say_the_same_are_told_apart() {
        let same = || Entry { asset_number: "ME-0001".to_owned(), ..row(5, "", "", "") };
        let keys = keys(vec![same(), same(), same()], false);
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    }
}
