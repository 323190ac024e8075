//! `retain`: old observations are folded, as far as that changes nothing.

use std::collections::HashSet;
use std::io::Write;

use daicho_common::complaint::Complaint;
use daicho_common::observation::{Observation, ObservationId};
use daicho_common::time::Timestamp;

use super::{Author, to_stdout, who};
use crate::day::Day;
use crate::picture::{Basis, Criteria};
use crate::report::gather;
use crate::store::{By, Ground, Store};
use crate::words::Word;
use crate::{clock, ingest, retention};

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;

pub(super) fn retain(options: &Author) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let lang = options.lang;
    let store = Store::open_existing(&config.database)
        .map_err(|error| error.complaint(&config.database))?;
    let config = super::with_settings(&config, &store)?;
    let Some(days) = config.retention_days else {
        return to_stdout(|out| writeln!(out, "{}", lang.say(Word::SafetyKeepsAll)));
    };
    let trouble = |error: crate::store::StoreError| error.complaint(store.path());
    let ground = store.ground().map_err(trouble)?;
    let now = clock::now();
    let until = Timestamp::from_micros(now.micros().saturating_sub(i64::from(days) * DAY));
    let folded = foldable(&ground, &ingest::criteria(&config)?, (now, until));
    let (count, whole) = (folded.len(), ground.observations.len());
    if count > 0 {
        let by = By::here(who(options.by.as_ref()), now);
        store.fold(ground.observations.those(folded), days, by).map_err(trouble)?;
    }
    let said = lang.fill(Word::SafetyFolded, &[&days, &whole, &count]);
    to_stdout(|out| writeln!(out, "{said}"))
}

/// What can be folded without changing what is known: with what people said, and if they took all of it
/// back.
fn foldable(
    ground: &Ground,
    criteria: &Criteria,
    (now, until): (Timestamp, Timestamp),
) -> HashSet<ObservationId> {
    let all: Vec<Observation> = ground.observations.iter().collect();
    let groups = retention::between(&all, until);
    if groups.is_empty() {
        return HashSet::new();
    }
    let as_of = gather::noon(Day::of(now));
    let said = |observations: &[Observation]| {
        let whole = Basis { observations: observations.into(), ..ground.basis(as_of) };
        let bare = Basis { decisions: &[], ..whole };
        [whole, bare].map(|basis| retention::said(&criteria.picture(&basis)))
    };
    let before = said(&all);
    retention::foldable(&groups, |out| {
        let left = all.iter().filter(|it| !out.contains(&it.id()));
        said(&left.cloned().collect::<Vec<_>>()) == before
    })
}
