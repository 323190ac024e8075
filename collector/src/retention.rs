//! What of old observations may be folded: of what was said again and again, the first and the last
//! time are kept. Whether that changes anything is not reasoned about but tried. The picture that
//! follows from what would be left is held against the one that stands, with what people said and
//! without it, so that a word may be withdrawn later; where they differ, less is folded.

use std::collections::{BTreeMap, HashMap, HashSet};

use daicho_common::observation::{Observation, ObservationId};
use daicho_common::time::Timestamp;
use serde_json::Value;

use crate::picture::Picture;

/// Pictures that are tried before what is left stays as it is.
const TRIES: usize = 64;
/// Fields that list single observations.
const LISTS: [&str; 3] = ["sources", "against", "evidence"];

/// Observations of one speaker in one network that could be folded, by their ids.
type Group = Vec<ObservationId>;

/// What lies between the first and the last time that somebody said something, of what was said
/// `until` then. By who said it: neighbours are folded together.
pub fn between(observations: &[Observation], until: Timestamp) -> Vec<Group> {
    let mut said: HashMap<ObservationId, Vec<usize>> = HashMap::new();
    for (number, observation) in observations.iter().enumerate().filter(|(_, it)| it.at < until) {
        said.entry(without_time(observation)).or_default().push(number);
    }
    let mut groups: BTreeMap<_, Group> = BTreeMap::new();
    for mut times in said.into_values().filter(|times| times.len() > 2) {
        let when = |number: &usize| observations.get(*number).map(|it| (it.at, it.id()));
        times.sort_by_cached_key(when);
        let inner = times.get(1..times.len() - 1).unwrap_or_default();
        for observation in inner.iter().filter_map(|number| observations.get(*number)) {
            let (network, speaker) = (&observation.vantage.network, observation.speaker);
            let key = (network.clone(), speaker.ip, speaker.mac);
            groups.entry(key).or_default().push(observation.id());
        }
    }
    groups.into_values().collect()
}

/// What is said, whenever it is.
fn without_time(observation: &Observation) -> ObservationId {
    Observation { at: Timestamp::from_micros(0), ..observation.clone() }.id()
}

/// What can be folded so that `same` still holds of the rest: it is asked with the ids that are left
/// out.
pub fn foldable(
    groups: &[Group],
    mut same: impl FnMut(&HashSet<ObservationId>) -> bool,
) -> HashSet<ObservationId> {
    let mut folded = HashSet::new();
    let mut waiting = vec![groups];
    for _ in 0..TRIES {
        let Some(part) = waiting.pop() else { break };
        let mut tried: HashSet<ObservationId> = folded.clone();
        tried.extend(part.iter().flatten());
        if tried.len() == folded.len() || same(&tried) {
            folded = tried;
        } else if part.len() > 1 {
            let (one, other) = part.split_at(part.len() / 2);
            waiting.extend([other, one]);
        }
    }
    folded
}

/// Everything that a picture says, but for which single observations it says it by.
pub fn said(picture: &Picture) -> Value {
    // Serialising a picture cannot fail: every map in it has strings for keys.
    let mut said = serde_json::to_value(picture).unwrap_or_default();
    strip(&mut said);
    said
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !LISTS.contains(&name.as_str()));
            fields.values_mut().for_each(strip);
        }
        Value::Array(values) => values.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
