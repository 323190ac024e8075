//! What a row of the ledger is known by, wherever it stands: rows move when others are put in.

use serde::{Deserialize, Serialize};

use super::normal::nfkc;
use super::{Entry, Ledger};

/// A row of the ledger by what it says of itself: its 管理番号, else its serial number, MAC address,
/// host name, or name and place. Rows that say the same are told apart by their order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryKey(pub String);

/// A 管理番号 of so few digits and nothing else may be a mere row counter, which moves.
const COUNTER: usize = 3;

/// One spelling of what is written wide or narrow, large or small, with or without spaces.
fn fold(text: &str) -> String {
    nfkc(text).to_lowercase().split_whitespace().collect()
}

fn own(entry: &Entry) -> String {
    let number = fold(&entry.asset_number);
    let counter = number.len() <= COUNTER && number.bytes().all(|octet| octet.is_ascii_digit());
    if !counter {
        return format!("number:{number}");
    }
    let serial = fold(&entry.serial);
    if serial.len() > COUNTER {
        return format!("serial:{serial}");
    }
    if let Some(mac) = entry.macs.iter().min() {
        return format!("mac:{mac}");
    }
    let host = fold(&entry.host_name);
    if !host.is_empty() {
        return format!("host:{host}");
    }
    let address = entry.ips.first().map(ToString::to_string).unwrap_or_default();
    let said = [&entry.name, &entry.location, &address].map(|part| fold(part));
    format!("row:{}:{number}", said.join("/"))
}

impl Ledger {
    /// The key of every entry, in the order of [`Ledger::entries`]; no two are the same.
    pub fn keys(&self) -> Vec<EntryKey> {
        let mut seen = std::collections::HashMap::<String, usize>::new();
        self.entries
            .iter()
            .map(|entry| {
                let key = own(entry);
                let count = seen.entry(key.clone()).or_default();
                *count += 1;
                EntryKey(if *count == 1 { key } else { format!("{key}#{count}") })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::tests::row;

    fn keys(entries: Vec<Entry>) -> Vec<String> {
        let ledger = Ledger { entries, ..Ledger::default() };
        ledger.keys().into_iter().map(|key| key.0).collect()
    }

    #[test]
    fn a_row_keeps_its_key_when_it_moves_and_when_its_number_is_written_wider() {
        let one =
            Entry { asset_number: "ＰＣ－０１２".to_owned(), ..row(5, "", "10.0.0.1", "") };
        let two = Entry { asset_number: "pc-012".to_owned(), ..row(50, "", "10.0.0.2", "") };
        assert_eq!(keys(vec![one]), keys(vec![two]));
    }

    #[test]
    fn a_row_counter_is_no_key() {
        let counted = |number: &str| Entry {
            asset_number: number.to_owned(),
            ..row(5, "", "", "00:1a:2b:00:00:0a")
        };
        assert_eq!(keys(vec![counted("7")]), keys(vec![counted("8")]));
    }

    #[test]
    fn rows_that_say_the_same_are_told_apart() {
        let same = || Entry { asset_number: "ME-0001".to_owned(), ..row(5, "", "", "") };
        let keys = keys(vec![same(), same(), same()]);
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    }
}
