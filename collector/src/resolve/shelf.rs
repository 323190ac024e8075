//! The tables that a device told, put before [`crate::inventory`], and what comes back as fields.

use std::collections::BTreeSet;
use std::sync::Arc;

use daicho_common::observation::{Fact, ObservationId, Outcome};
use daicho_common::text::Short;

use super::gather::Gathered;
use super::portray::{Said, current};
use super::why;
use crate::evidence::{Grade, Sourced, SourcedText, Sources};
use crate::fingerprint::{Class, Place};
use crate::inventory::parts::{self, Part};
use crate::inventory::storage::{self, Storage};
use crate::inventory::{Claimed, Rules, Told, enterprise};

/// The tables of one device that are current.
pub(super) struct Tables<'a> {
    told: Vec<Told<'a>>,
    /// Tables that were read to their ends.
    whole: BTreeSet<&'a str>,
}

fn answered<T>((value, sources): (T, Vec<ObservationId>)) -> Sourced<T> {
    Sourced { value, grade: Grade::Queried, sources: sources.into() }
}

impl<'a> Tables<'a> {
    pub(super) fn of(gathered: &Gathered<'a>) -> Self {
        let said = current(gathered.kind(|fact| matches!(fact, Fact::Rows(_))));
        let told = said.into_iter().filter_map(|(fact, _, seen)| {
            let Fact::Rows(rows) = fact else { return None };
            Some(Told { rows, at: seen.last(), sources: seen.sources().to_vec() })
        });
        let ended = current(gathered.kind(|fact| matches!(fact, Fact::TableRead(_))));
        let whole = ended.into_iter().filter_map(|(fact, ..)| {
            let Fact::TableRead(read) = fact else { return None };
            let own = read.context.is_empty() && read.outcome == Outcome::Complete;
            own.then_some(read.tables())
        });
        Self { told: told.collect(), whole: whole.flatten().collect() }
    }

    /// What the tables say the device is, for one that described itself like this.
    pub(super) fn claims(&self, systems: &[Said<'_>]) -> Vec<why::Told> {
        let system = systems.iter().max_by_key(|(_, _, seen)| seen.last());
        let (object_id, description) = match system {
            Some((Fact::System { object_id, description, .. }, ..)) => {
                (object_id.as_str(), description.as_str())
            }
            _ => ("", ""),
        };
        let claims = Rules::builtin().read(object_id, &self.told).into_iter();
        let claims = claims.chain(enterprise::read(description, &self.told));
        let told = |claimed: Claimed| why::Told {
            reading: Arc::new(claimed.reading),
            grade: Grade::Queried,
            sources: claimed.sources.into(),
            place: Arc::new(Place::Table),
            said: "".into(),
        };
        claims.map(told).collect()
    }

    /// The identifier of the only maker's tree of an agent whose sysObjectID says nothing of a maker.
    pub(super) fn tree(&self, systems: &[Said<'_>]) -> Option<(String, Sources)> {
        let says_whose = systems.iter().any(|(fact, ..)| {
            matches!(fact, Fact::System { object_id, .. } if enterprise::maker(object_id).is_some())
        });
        let tree = if says_whose { None } else { enterprise::tree(&self.told) };
        tree.map(|(id, sources)| (id, sources.into()))
    }

    /// The storage verdict of a printer.
    pub(super) fn storage(&self, class: Option<&Sourced<Class>>) -> Option<Sourced<Storage>> {
        let class = class?;
        if !matches!(class.value, Class::Printer | Class::Mfp) {
            return None;
        }
        let multifunction = class.value == Class::Mfp;
        let (value, mut sources) = storage::verdict(&self.told, &self.whole, multifunction)?;
        if sources.is_empty() {
            // That nothing was read rests on what made it a printer.
            sources = class.sources.to_vec();
        }
        Some(Sourced { value, grade: Grade::Inferred, sources: sources.into() })
    }

    pub(super) fn parts(&self) -> Vec<Sourced<Part>> {
        parts::parts(&self.told).into_iter().map(answered).collect()
    }

    pub(super) fn software(&self) -> Vec<SourcedText> {
        let told = parts::software(&self.told).into_iter();
        told.map(|(name, seen)| answered((Short::from(name), seen))).collect()
    }

    pub(super) fn pages(&self) -> Option<Sourced<u64>> {
        parts::pages(&self.told).map(answered)
    }
}
