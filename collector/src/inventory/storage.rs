//! Whether a printer keeps documents: yes, no or unknown, always with what it rests on.
//!
//! "Yes" needs a sign (`config/inventory/storage.toml`): a fixed disk among the devices or storages
//! that the printer lists. "No" is said of a plain printer only, whose lists of storage and of devices
//! were both read to their ends and name no disk: a multifunction printer may have one that it does
//! not list, so there silence proves nothing. Where neither is proven, its service or its model may tell.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use daicho_common::observation::ObservationId;
use daicho_common::observation::table::Row;
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::rule::With;
use super::{Told, of, text};
use crate::fingerprint::pattern;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sign: Vec<WrittenSign>,
    only_memory: Reason,
    may_not_be_listed: Reason,
    not_read: Reason,
    service_says: Reason,
    model: Vec<WrittenModel>,
    model_has: Reason,
}

/// Models that have a disk.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenModel {
    regex: String,
    /// Names that it must match, and names that it must not.
    example: Vec<String>,
    unlike: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSign {
    table: String,
    #[serde(default)]
    with: Vec<With>,
    column: String,
    regex: Option<String>,
    ja: String,
    en: String,
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

/// What shows a disk.
struct Sign {
    table: String,
    with: Vec<With>,
    column: String,
    regex: Option<Regex>,
    words: Reason,
}

struct Signs {
    all: Vec<Sign>,
    only_memory: Reason,
    may_not_be_listed: Reason,
    not_read: Reason,
    service_says: Reason,
    models: Vec<Regex>,
    model_has: Reason,
}

const SHIPPED: &str = include_str!("../../../config/inventory/storage.toml");

/// `None` only if the file shipped cannot be read, which a test rules out.
static SIGNS: LazyLock<Option<Signs>> = LazyLock::new(|| parse(SHIPPED).ok());

fn parse(text: &str) -> Result<Signs, String> {
    let written: Written = toml::from_str(text).map_err(|error| error.to_string())?;
    let sign = |WrittenSign { table, with, column, regex, ja, en }| {
        let regex = regex.as_deref().map(pattern::compile).transpose();
        let regex = regex.map_err(|error| error.to_string())?;
        Ok(Sign { table, with, column, regex, words: Reason { ja, en } })
    };
    let signs: Result<Vec<Sign>, String> = written.sign.into_iter().map(sign).collect();
    let models = written.model.into_iter().map(WrittenModel::proven);
    let models = models.collect::<Result<_, _>>()?;
    let Written { only_memory, may_not_be_listed, not_read, service_says, model_has, .. } = written;
    let all = signs?;
    Ok(Signs { all, only_memory, may_not_be_listed, not_read, service_says, models, model_has })
}

impl WrittenModel {
    /// What it matches, if that is what it says of itself.
    fn proven(self) -> Result<Regex, String> {
        let regex = pattern::compile(&self.regex).map_err(|error| error.to_string())?;
        let missed = self.example.iter().find(|name| !regex.is_match(name));
        match missed.or_else(|| self.unlike.iter().find(|name| regex.is_match(name))) {
            Some(name) => Err(format!("{}: {name}", self.regex)),
            None if self.example.is_empty() => Err(format!("{}: no example", self.regex)),
            None => Ok(regex),
        }
    }
}

impl Sign {
    /// What the sign says of a row.
    fn shown(&self, row: &Row) -> Option<Reason> {
        if !self.with.iter().all(|with| with.holds(row)) {
            return None;
        }
        let said = row.cells.get(&self.column).and_then(text)?;
        if self.regex.as_ref().is_some_and(|regex| !regex.is_match(&said)) {
            return None;
        }
        let fill = |text: &str| text.replace("{0}", &said);
        Some(Reason { ja: fill(&self.words.ja), en: fill(&self.words.en) })
    }
}

/// The tables in which a disk would be listed.
pub const LISTS: [&str; 2] = ["hrStorageTable", "hrDeviceTable"];

/// The verdict of a printer with the observations it rests on. `whole` are the tables that were read
/// to their ends; `multifunction`, whether it is more than a printer.
pub fn verdict(
    told: &[Told<'_>],
    whole: &BTreeSet<&str>,
    multifunction: bool,
) -> Option<(Storage, Vec<ObservationId>)> {
    let signs = SIGNS.as_ref()?;
    let mut reasons = BTreeSet::new();
    let mut sources = BTreeSet::new();
    for sign in &signs.all {
        for (row, from) in of(told, &sign.table) {
            if let Some(reason) = sign.shown(row) {
                reasons.insert(reason);
                sources.extend(from);
            }
        }
    }
    if !reasons.is_empty() {
        return Some(with(Keeps::Yes, reasons.into_iter().collect(), sources));
    }
    for table in LISTS {
        sources.extend(of(told, table).flat_map(|(_, from)| from));
    }
    let listed = LISTS.iter().all(|table| of(told, table).next().is_some());
    let (keeps, reason) = if !listed || !LISTS.iter().all(|table| whole.contains(table)) {
        (Keeps::Unknown, &signs.not_read)
    } else if multifunction {
        (Keeps::Unknown, &signs.may_not_be_listed)
    } else {
        (Keeps::No, &signs.only_memory)
    };
    Some(with(keeps, vec![reason.clone()], sources))
}

/// Of a printer whose services say that it stores documents. That one says nothing proves nothing.
pub fn said() -> Option<Storage> {
    let reasons = vec![SIGNS.as_ref()?.service_says.clone()];
    Some(Storage { keeps: Keeps::Yes, reasons })
}

/// Of a printer of this model, if all of its series have a disk. Of others nothing follows.
pub fn of_model(model: &str) -> Option<Storage> {
    let signs = SIGNS.as_ref()?;
    let known = signs.models.iter().any(|regex| regex.is_match(model.trim()));
    let fill = |text: &str| text.replace("{0}", model.trim());
    let reason = Reason { ja: fill(&signs.model_has.ja), en: fill(&signs.model_has.en) };
    known.then(|| Storage { keeps: Keeps::Yes, reasons: vec![reason] })
}

fn with(
    keeps: Keeps,
    reasons: Vec<Reason>,
    sources: BTreeSet<ObservationId>,
) -> (Storage, Vec<ObservationId>) {
    (Storage { keeps, reasons }, sources.into_iter().collect())
}
