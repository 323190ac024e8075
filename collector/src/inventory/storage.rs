//! Whether a printer keeps documents: yes, no or unknown, always with what it rests on.
//!
//! "Yes" needs a sign (`config/inventory/storage.toml`): a fixed disk among the devices or storages
//! that the printer lists (HOST-RESOURCES-MIB), or an alert about one (Printer-MIB). "No" is said of a
//! plain printer only, whose lists of storage and of devices were both read to their ends, name no disk
//! and nothing large, and have all that Printer-MIB refers to: a multifunction printer may have a disk
//! that it does not list, so there silence proves nothing. Where neither is proven, its service or its
//! model may tell.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::observation::ObservationId;
use serde::{Deserialize, Serialize};

use super::{Told, of};

/// What the file says.
mod signs;
#[cfg(test)]
mod tests;

use signs::{Signs, shipped};

/// Whether documents are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeps {
    /// A disk or a document storage was seen, its service says so, or its model is sold with one only.
    Yes,
    /// The device lists its storage, and no disk is among it.
    No,
    /// Nothing proves either.
    Unknown,
}

/// The verdict, with its reasons in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Storage {
    /// Whether documents are kept.
    pub keeps: Keeps,
    /// Why; at least one.
    pub reasons: Vec<Reason>,
}

/// One reason, in the languages of users.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reason {
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Texts {
            ja: String,
            en: String,
        }
        Texts::deserialize(deserializer).map(|Texts { ja, en }| Self { ja, en })
    }
}

/// The tables in which a disk would be listed.
pub const LISTS: [&str; 2] = ["hrStorageTable", "hrDeviceTable"];

/// Reasons with the observations that they rest on.
#[derive(Default)]
struct Found {
    reasons: BTreeSet<Reason>,
    sources: BTreeSet<ObservationId>,
}

impl Found {
    fn add(&mut self, reason: Reason, from: &[ObservationId]) {
        self.reasons.insert(reason);
        self.sources.extend(from);
    }

    fn verdict(self, keeps: Keeps) -> (Storage, Vec<ObservationId>) {
        let reasons = self.reasons.into_iter().collect();
        (Storage { keeps, reasons }, self.sources.into_iter().collect())
    }
}

/// The verdict of a printer with the observations it rests on. `whole` are the tables that were read
/// to their ends; `multifunction`, whether it is more than a printer.
pub fn verdict(
    told: &[Told<'_>],
    whole: &BTreeSet<&str>,
    multifunction: bool,
) -> Option<(Storage, Vec<ObservationId>)> {
    let signs = shipped()?;
    let shown = disks(signs, told);
    if !shown.reasons.is_empty() {
        return Some(shown.verdict(Keeps::Yes));
    }
    let read = |table: &&str| whole.contains(table) && of(told, table).next().is_some();
    let read = LISTS.iter().all(read);
    let mut found = if read { doubts(signs, told) } else { Found::default() };
    for table in LISTS {
        found.sources.extend(of(told, table).flat_map(|(_, from)| from));
    }
    if !read {
        found.reasons.insert(signs.rest.not_read.clone());
    } else if multifunction {
        found.reasons.insert(signs.rest.may_not_be_listed.clone());
    } else if found.reasons.is_empty() {
        found.reasons.insert(signs.rest.only_memory.clone());
        return Some(found.verdict(Keeps::No));
    }
    Some(found.verdict(Keeps::Unknown))
}

/// The disks that are shown, and who else names them.
fn disks(signs: &Signs, told: &[Told<'_>]) -> Found {
    let mut found = Found::default();
    let mut disks: BTreeMap<(&str, u32), String> = BTreeMap::new();
    for sign in &signs.shows {
        for (row, from) in of(told, &sign.table) {
            let Some(said) = sign.said(row) else { continue };
            found.add(sign.reason(&said), from);
            if let [number] = row.index.as_slice() {
                disks.entry((sign.table.as_str(), *number)).or_insert(said);
            }
        }
    }
    for reference in &signs.references {
        for (row, from) in of(told, &reference.table) {
            let named = reference.named(row).map(|number| (reference.list.as_str(), number));
            if let Some(said) = named.and_then(|disk| disks.get(&disk)) {
                found.add(reference.reason(said), from);
            }
        }
    }
    found
}

/// What forbids to say that there is no disk, of a printer that shows none.
fn doubts(signs: &Signs, told: &[Told<'_>]) -> Found {
    let mut found = Found::default();
    for doubt in &signs.doubts {
        for (row, from) in of(told, &doubt.table) {
            if let Some(said) = doubt.said(row) {
                found.add(doubt.reason(&said), from);
            }
        }
    }
    for reference in &signs.references {
        let listed: BTreeSet<u32> =
            of(told, &reference.list).filter_map(|(row, _)| row.index.first().copied()).collect();
        for (row, from) in of(told, &reference.table) {
            if reference.named(row).is_some_and(|number| !listed.contains(&number)) {
                found.add(signs.rest.names_others.clone(), from);
            }
        }
    }
    for (row, from) in of(told, "hrStorageTable") {
        if let Some(reason) = signs.rest.large.reason(row) {
            found.add(reason, from);
        }
    }
    found
}

/// Of a printer whose services say that it stores documents. That one says nothing proves nothing.
pub fn said() -> Option<Storage> {
    let reasons = vec![shipped()?.rest.service_says.clone()];
    Some(Storage { keeps: Keeps::Yes, reasons })
}

/// Of a printer of this model, if all of its series have a disk. Of others nothing follows.
pub fn of_model(model: &str) -> Option<Storage> {
    let (signs, model) = (shipped()?, model.trim());
    let known = signs.models.iter().any(|regex| regex.is_match(model));
    let reasons = vec![signs.rest.model_has.filled(model)];
    known.then_some(Storage { keeps: Keeps::Yes, reasons })
}
