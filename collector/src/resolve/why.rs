//! Why a field says what it says: the best claim for it, the strongest against it, and how sure it is.

use std::sync::Arc;

use daicho_common::text::Short;
use serde::Serialize;

use crate::evidence::{Grade, Sources};
use crate::fingerprint::combine::{confidence, strength};
use crate::fingerprint::{Class, Place, Reading, spelling};

/// Longest text kept of what was said, in signs.
const LONGEST: usize = 120;

/// A reading with how it is bound to the device, and where it was read.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) reading: Arc<Reading>,
    pub(super) grade: Grade,
    pub(super) sources: Sources,
    pub(super) place: Arc<Place>,
    pub(super) said: Arc<str>,
}

/// A field of a device that is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Claimed {
    /// What it is.
    Class,
    /// Maker.
    Vendor,
    /// Model.
    Model,
    /// Serial number.
    Serial,
    /// Version of its firmware.
    Version,
    /// Operating system.
    Os,
}

/// What one claim rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ground {
    /// Where it was read.
    pub place: Arc<Place>,
    /// What stood there, at most 120 signs of it; empty where a table was read.
    pub said: Arc<str>,
    /// How it is bound to the device.
    pub grade: Grade,
    /// What it counts within its grade, 1–100.
    pub weight: u8,
    /// The observations.
    pub sources: Sources,
}

/// Why a field says what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The field.
    pub field: Claimed,
    /// What it says; a class as it is serialised.
    pub value: Short,
    /// How sure that is, 1–100, by the rule of [`crate::fingerprint::combine`].
    pub confidence: u8,
    /// The best claim for it.
    pub ground: Ground,
    /// The strongest claim against it, if it counts at least half as much.
    pub against: Option<Box<Against>>,
}

/// A claim that contradicts a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Against {
    /// What it says instead.
    pub value: Short,
    /// What it rests on.
    pub ground: Ground,
}

impl Told {
    fn ground(&self) -> Ground {
        let said = if self.said.len() <= LONGEST {
            Arc::clone(&self.said)
        } else {
            shortened(self.said.as_ref().to_owned()).into()
        };
        Ground {
            place: Arc::clone(&self.place),
            said,
            grade: self.grade,
            weight: self.reading.weight,
            sources: self.sources.clone(),
        }
    }

    fn strength(&self) -> u8 {
        strength(self.grade, self.reading.weight)
    }
}

/// At most 120 signs of a text.
pub(super) fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text.shrink_to_fit();
    text
}

/// A class as rows write it.
fn word(class: Class) -> Short {
    match serde_json::to_value(class) {
        Ok(serde_json::Value::String(word)) => word.into(),
        _ => Short::default(),
    }
}

/// Why the field has this value; `of` tells what a reading says of the field, `same` whether two
/// values can both be so.
fn why<'t, T: Ord>(
    told: &'t [Told],
    (field, chosen): (Claimed, &T),
    of: impl Fn(&'t Reading) -> Option<T>,
    same: impl Fn(&T, &T) -> bool,
    show: impl Fn(&T) -> Short,
) -> Option<Why> {
    let mut claims: Vec<(T, &Told)> =
        told.iter().filter_map(|told| Some((of(&told.reading)?, told))).collect();
    // The order in which rows and facts come decides nothing.
    claims.sort_by(|a, b| {
        let rank = |told: &Told| (told.grade, told.reading.weight);
        rank(b.1).cmp(&rank(a.1)).then_with(|| a.0.cmp(&b.0)).then_with(|| {
            (&a.1.place, &a.1.said, &a.1.sources).cmp(&(&b.1.place, &b.1.said, &b.1.sources))
        })
    });
    let agrees = |claim: &&(T, &Told)| same(&claim.0, chosen);
    let exact = claims.iter().find(|claim| claim.0 == *chosen);
    let (_, best) = exact.or_else(|| claims.iter().find(agrees))?;
    let strongest = claims.iter().filter(agrees).map(|(_, told)| told.strength()).max()?;
    let supported = claims.iter().filter(agrees).any(|(_, told)| told.place != best.place);
    let against = claims.iter().find(|claim| !same(&claim.0, chosen));
    let less = against.map(|(_, told)| told.strength());
    let shown = against.filter(|(_, told)| told.strength().saturating_mul(2) >= strongest);
    Some(Why {
        field,
        value: show(chosen),
        confidence: confidence(strongest, supported, less),
        ground: best.ground(),
        against: shown
            .map(|(value, told)| Box::new(Against { value: show(value), ground: told.ground() })),
    })
}

/// Why the class is this; of a contradiction between the best both sides.
pub(super) fn class(told: &[Told], class: Class) -> Option<Why> {
    if class != Class::Unknown {
        return why(
            told,
            (Claimed::Class, &class),
            |it| it.class,
            |a, b| a.agrees(*b),
            |it| word(*it),
        );
    }
    let of = |it: &Told| Some((it.grade, it.reading.weight, it.reading.class?));
    let first = told.iter().filter_map(of).max()?.2;
    let mut why = why(told, (Claimed::Class, &first), |it| it.class, Class::eq, |it| word(*it))?;
    why.confidence = 1;
    Some(why)
}

/// Why a text is this.
pub(super) fn text<'t>(
    told: &'t [Told],
    (field, chosen): (Claimed, &'t str),
    of: impl Fn(&'t Reading) -> &'t Option<String>,
) -> Option<Why> {
    let same = |a: &&str, b: &&str| spelling::same(a, b);
    why(told, (field, &chosen), |it| of(it).as_deref(), same, |it| (*it).into())
}
