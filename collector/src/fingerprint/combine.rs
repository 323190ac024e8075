//! How competing claims combine: the better grade wins, then the greater weight; claims that agree
//! support each other; claims that contradict each other at the same grade and weight cancel out.
//!
//! Of classes a finer name agrees with its coarser one ([`Class::refines`]), and takes its place where
//! it is of the same grade and weighs at least half as much.
//!
//! How sure a value is, 1–100 ([`confidence`]): the weight of its best claim, lessened by what its
//! grade lacks (nothing of what was answered, a tenth of what another device reported, three tenths
//! of what was announced, half of what was inferred); ten more where claims of another kind agree;
//! then half of the strength of the strongest claim that contradicts it is taken off. Below 34 is low,
//! below 67 middle.

use super::Class;
use crate::evidence::{Grade, Sourced, Sources};

/// A value somebody claims, with what it rests on.
#[derive(Clone, Debug)]
pub struct Candidate<'s, T> {
    /// The value.
    pub value: T,
    /// How it is bound to the device.
    pub grade: Grade,
    /// What it counts within its grade.
    pub weight: u8,
    /// What it rests on.
    pub sources: &'s Sources,
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
        sources: Sources,
    },
}

/// Combines candidates; `same` compares two values, so that spelling need not contradict. The
/// order of the candidates decides nothing but which of two spellings of the same is shown: the
/// smaller one.
pub fn combine<T: Clone + Ord>(
    candidates: &[Candidate<'_, T>],
    same: impl Fn(&T, &T) -> bool,
) -> Combined<T> {
    let Some(top) = candidates.iter().map(|c| (c.grade, c.weight)).max() else {
        return Combined::Nothing;
    };
    let best = || candidates.iter().filter(|c| (c.grade, c.weight) == top);
    let Some(value) = best().map(|c| &c.value).min() else { return Combined::Nothing };
    if best().any(|c| !same(&c.value, value)) {
        return Combined::Contradiction { grade: top.0, sources: sources(best()) };
    }
    let agreeing = candidates.iter().filter(|c| same(&c.value, value));
    Combined::Agreed(Sourced { value: value.clone(), grade: top.0, sources: sources(agreeing) })
}

/// What these rest on, ascending, each once.
fn sources<'c, 's: 'c, T: 'c>(chosen: impl Iterator<Item = &'c Candidate<'s, T>>) -> Sources {
    Sources::of(chosen.flat_map(|c| c.sources).copied())
}

/// Combines classes: as [`combine`], and a finer name takes the place of its coarser one. Two finer
/// names at odds leave the coarser.
pub fn combine_classes(candidates: &[Candidate<'_, Class>]) -> Combined<Class> {
    let Some(top) = candidates.iter().map(|c| (c.grade, c.weight)).max() else {
        return Combined::Nothing;
    };
    let best = || candidates.iter().filter(|c| (c.grade, c.weight) == top);
    let Some(coarse) = best().map(|c| c.value.coarser().unwrap_or(c.value)).min() else {
        return Combined::Nothing;
    };
    if best().any(|c| !c.value.agrees(coarse)) {
        return combine(candidates, Class::eq);
    }
    let enough = |c: &&Candidate<'_, Class>| {
        c.grade == top.0 && c.weight.saturating_mul(2) >= top.1 && c.value.refines(coarse)
    };
    let finer: Vec<Candidate<'_, Class>> = candidates.iter().filter(enough).cloned().collect();
    let (value, grade) = match combine(&finer, Class::eq) {
        Combined::Agreed(found) => (found.value, found.grade),
        Combined::Nothing | Combined::Contradiction { .. } => (coarse, top.0),
    };
    let agreeing = candidates.iter().filter(|c| c.value.agrees(value));
    Combined::Agreed(Sourced { value, grade, sources: sources(agreeing) })
}

/// What a claim of this grade and weight counts, 0–100.
pub fn strength(grade: Grade, weight: u8) -> u8 {
    let tenths: u16 = match grade {
        Grade::Asserted | Grade::Queried => 10,
        Grade::Reported => 9,
        Grade::Announced => 7,
        Grade::Inferred => 5,
    };
    let weight = u16::from(weight.min(100));
    u8::try_from(weight.saturating_mul(tenths) / 10).unwrap_or(100)
}

/// How sure a value is whose best claim has this strength; `supported`, whether claims of another
/// kind agree; `against`, the strength of the strongest claim that contradicts it.
pub fn confidence(best: u8, supported: bool, against: Option<u8>) -> u8 {
    let more = if supported { 10 } else { 0 };
    let less = against.map_or(0, |against| against / 2);
    best.saturating_add(more).min(100).saturating_sub(less).max(1)
}
