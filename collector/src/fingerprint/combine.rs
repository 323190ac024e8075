//! How competing claims combine: the better grade wins, then the greater weight; claims that agree
//! support each other; claims that contradict each other at the same grade and weight cancel out.

use std::collections::BTreeSet;

use daicho_common::observation::ObservationId;

use crate::evidence::{Grade, Sourced};

/// A value somebody claims, with what it rests on.
#[derive(Clone, Debug)]
pub struct Candidate<T> {
    /// The value.
    pub value: T,
    /// How it is bound to the device.
    pub grade: Grade,
    /// What it counts within its grade.
    pub weight: u8,
    /// What it rests on.
    pub sources: Vec<ObservationId>,
}

/// What the candidates come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Combined<T> {
    /// Nobody claimed anything.
    Nothing,
    /// The best candidates agree; everyone who agrees with them is among the sources.
    Agreed(Sourced<T>),
    /// The best candidates contradict each other.
    Contradiction {
        /// Their grade.
        grade: Grade,
        /// What they rest on, ascending.
        sources: Vec<ObservationId>,
    },
}

/// Combines candidates; `same` compares two values, so that spelling need not contradict. The
/// order of the candidates decides nothing but which of two spellings of the same is shown: the
/// smaller one.
pub fn combine<T: Clone + Ord>(
    candidates: &[Candidate<T>],
    same: impl Fn(&T, &T) -> bool,
) -> Combined<T> {
    let Some(top) = candidates.iter().map(|c| (c.grade, c.weight)).max() else {
        return Combined::Nothing;
    };
    let best = || candidates.iter().filter(|c| (c.grade, c.weight) == top);
    let Some(value) = best().map(|c| &c.value).min() else { return Combined::Nothing };
    let collect = |chosen: &mut dyn Iterator<Item = &Candidate<T>>| {
        let ids: BTreeSet<ObservationId> = chosen.flat_map(|c| c.sources.clone()).collect();
        ids.into_iter().collect::<Vec<_>>()
    };
    if best().any(|c| !same(&c.value, value)) {
        return Combined::Contradiction { grade: top.0, sources: collect(&mut best()) };
    }
    let mut agreeing = candidates.iter().filter(|c| same(&c.value, value));
    Combined::Agreed(Sourced {
        value: value.clone(),
        grade: top.0,
        sources: collect(&mut agreeing),
    })
}
