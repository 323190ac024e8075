//! Books that were uploaded and are not imported yet. They are in memory only and bounded in number, size
//! and time: who uploaded one sees it, and nobody else.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Bytes;
use daicho_common::time::Timestamp;

use crate::credential::{Failed, Kept, kept, secret};
use crate::ledger::profile::Profile;
use crate::ledger::rebase::Prefer;

/// How long a book waits.
const HOLDS: Duration = Duration::from_hours(1);
/// Most books that wait.
const MOST: usize = 16;
/// Most octets that wait.
const OCTETS: usize = 128 << 20;

/// A book that was uploaded.
#[derive(Clone, Debug)]
pub(in crate::web) struct Draft {
    /// The number of the account that uploaded it.
    pub(super) owner: i64,
    /// Under which name it is to be kept.
    pub(in crate::web) name: String,
    pub(super) octets: Bytes,
    /// What the person said that columns mean, where that is not what is kept or proposed.
    pub(super) profiles: Vec<Profile>,
    /// Which side holds where both changed.
    pub(super) prefer: Option<Prefer>,
}

/// The books.
#[derive(Debug, Default)]
pub(in crate::web) struct Drafts(HashMap<Kept, (Draft, Timestamp)>);

impl Drafts {
    /// Keeps a book; returns the secret by which it is found.
    pub(super) fn put(&mut self, draft: Draft, now: Timestamp) -> Result<String, Failed> {
        let (secret, key) = secret()?;
        self.0.retain(|_, (_, until)| now < *until);
        self.0.insert(key, (draft, now.after(HOLDS)));
        while self.0.len() > MOST || self.octets() > OCTETS {
            let others = self.0.iter().filter(|(one, _)| **one != key);
            let Some(oldest) = others.min_by_key(|(_, (_, until))| *until).map(|(one, _)| *one)
            else {
                break;
            };
            self.0.remove(&oldest);
        }
        Ok(secret)
    }

    fn octets(&self) -> usize {
        self.0.values().map(|(draft, _)| draft.octets.len()).sum()
    }

    /// The book of this secret, if it is this account's and still waits.
    pub(super) fn get(&self, secret: &str, owner: i64, now: Timestamp) -> Option<Draft> {
        let (draft, until) = self.0.get(&kept(secret))?;
        (draft.owner == owner && now < *until).then(|| draft.clone())
    }

    /// Keeps what a person said of it.
    pub(super) fn say(&mut self, secret: &str, said: Draft) {
        if let Some((draft, _)) = self.0.get_mut(&kept(secret)) {
            *draft = said;
        }
    }

    /// Forgets it.
    pub(super) fn remove(&mut self, secret: &str) {
        self.0.remove(&kept(secret));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(owner: i64, octets: usize) -> Draft {
        let octets = Bytes::from(vec![0; octets]);
        Draft { owner, name: "台帳.csv".into(), octets, profiles: Vec::new(), prefer: None }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_book_waits_for_who_uploaded_it_for_an_hour() {
        let mut drafts = Drafts::default();
        let secret = drafts.put(draft(1, 1), at(0)).unwrap();
        assert!(drafts.get(&secret, 1, at(3599)).is_some());
        assert!(drafts.get(&secret, 2, at(1)).is_none(), "another's");
        assert!(drafts.get("x", 1, at(1)).is_none());
        assert!(drafts.get(&secret, 1, at(3600)).is_none());
        drafts.remove(&secret);
        assert!(drafts.get(&secret, 1, at(1)).is_none());
    }

    #[test]
    fn of_too_many_or_too_large_ones_the_oldest_are_forgotten() {
        let mut drafts = Drafts::default();
        let first = drafts.put(draft(1, 1), at(0)).unwrap();
        for second in 1..=16 {
            drafts.put(draft(1, 1), at(second)).unwrap();
        }
        assert!(drafts.get(&first, 1, at(20)).is_none());
        assert_eq!(drafts.0.len(), MOST);
        let (one, two) = (drafts.put(draft(1, 64 << 20), at(30)).unwrap(), draft(1, 65 << 20));
        let two = drafts.put(two, at(31)).unwrap();
        assert!(drafts.get(&one, 1, at(32)).is_none() && drafts.get(&two, 1, at(32)).is_some());
    }
}
