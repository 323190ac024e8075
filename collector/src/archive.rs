//! Observations kept packed: a hospital's are many, and of all of them together only a few are looked at
//! at a time.
//!
//! What is said is kept once, in blocks of JSON under Zstandard; an observation is the number of what it
//! says, a time, and the beginning of its id: some twelve octets. A [`Hand`] takes out what is wanted and holds the
//! blocks that it opened last. [`Seen`] is the same for observations that are not packed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use daicho_common::observation::{
    Fact, Method, Observation, ObservationId, Speaker, Vantage, Vantages,
};
use daicho_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zstd::bulk::{Compressor, Decompressor};

use crate::parallel;

mod hand;
pub(crate) mod leb128;
mod opened;
mod packing;
mod places;
mod sightings;

pub use hand::{Hand, Seen};
pub use packing::Packing;
use places::Places;
use sightings::Sightings;

/// Facts in a block: fewer pack worse, more cost more for one of them.
const BLOCK: usize = 128;
/// How hard Zstandard tries: a second for a million facts, and 6 % larger than twice that.
const LEVEL: i32 = 1;
/// Observations of a stretch that are taken out at a time.
const STRETCH: usize = 4096;

/// An observation without its time: what is said again and again is kept once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Where it was seen.
    pub vantage: Arc<Vantage>,
    /// How it was learned.
    pub method: Method,
    /// Who said it.
    pub speaker: Speaker,
    /// What was said.
    pub fact: Fact,
}

/// The same, borrowed.
#[derive(Serialize)]
struct ContentOf<'a> {
    vantage: &'a Vantage,
    method: Method,
    speaker: Speaker,
    fact: &'a Fact,
}

impl Content {
    /// What an observation says, as JSON: `{"vantage":…,"method":…,"speaker":…,"fact":…}`.
    pub fn text(observation: &Observation) -> String {
        let mut text = Vec::with_capacity(256);
        Self::write(observation, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// The same, written behind what is there.
    pub fn write(observation: &Observation, to: &mut Vec<u8>) {
        let Observation { vantage, method, speaker, fact, .. } = observation;
        let content = ContentOf { vantage, method: *method, speaker: *speaker, fact };
        // Serialising these types cannot fail: no map has a key that is not a string.
        let _ = serde_json::to_writer(to, &content);
    }

    /// The id of the observation that says this text at a time: what [`Observation::id`] gives, without
    /// writing again what was written. The time is the first member of an observation's JSON.
    pub fn id(text: &[u8], at: Timestamp) -> ObservationId {
        let mut digest = Sha256::new();
        digest.update(format!("{{\"at\":{},", at.micros()));
        digest.update(text.strip_prefix(b"{").unwrap_or(text));
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(digest.finalize()) {
            *to = from;
        }
        ObservationId::new(id)
    }
}

/// A text is no [`Content`], or an observation says what is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what an observation says cannot be read")]
pub struct Broken;

/// Some facts, packed.
#[derive(Clone, Debug)]
struct Block {
    octets: Arc<[u8]>,
    /// Octets of the texts, each with a line feed behind it.
    length: usize,
}

impl Block {
    fn pack(texts: &[String]) -> Result<Self, Broken> {
        let mut lines = Vec::with_capacity(texts.iter().map(|text| text.len() + 1).sum());
        for text in texts {
            serde_json::from_str::<Content>(text).map_err(|_| Broken)?;
            lines.extend_from_slice(text.as_bytes());
            lines.push(b'\n');
        }
        let mut compressor = Compressor::new(LEVEL).map_err(|_| Broken)?;
        let octets = compressor.compress(&lines).map_err(|_| Broken)?;
        Ok(Self { octets: octets.into(), length: lines.len() })
    }

    /// The texts. What was packed here cannot fail to unpack.
    fn texts(&self, by: &mut Decompressor<'_>) -> Vec<u8> {
        by.decompress(&self.octets, self.length).unwrap_or_default()
    }

    fn open(&self, by: &mut Decompressor<'_>) -> Vec<Content> {
        let mut vantages = Vantages::default();
        let texts = self.texts(by);
        let read = |line: &[u8]| {
            // Each was read before it was packed.
            let mut content: Content = serde_json::from_slice(line).ok()?;
            content.vantage = vantages.shared(content.vantage);
            Some(content)
        };
        lines(&texts).filter_map(read).collect()
    }
}

fn lines(texts: &[u8]) -> impl Iterator<Item = &[u8]> {
    // JSON has no line feed inside.
    texts.split(|octet| *octet == b'\n').filter(|line| !line.is_empty())
}

/// A sighting on its way into an archive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sighting {
    at: i64,
    id: u64,
    fact: u32,
}

/// Observations, packed, in the order in which they were put in.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    blocks: Vec<Block>,
    facts: u32,
    /// Keys of facts that follow one another: the first key of each run, and the number of its fact.
    runs: Vec<(i64, u32)>,
    sightings: Sightings,
    places: Places,
}

impl Archive {
    /// How many observations there are.
    pub fn len(&self) -> usize {
        self.sightings.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of the last fact, if there is one.
    pub fn last_key(&self) -> Option<i64> {
        let (key, number) = *self.runs.last()?;
        Some(key + i64::from(self.facts - number) - 1)
    }

    /// Puts in what is said, each under a key that is larger than those before.
    pub fn packing(&mut self) -> Packing<'_> {
        Packing::of(self)
    }

    /// Puts in observations: which fact each says, and when. They follow those that are here, in order of
    /// time, then of id.
    ///
    /// # Errors
    /// If one says what is not there.
    pub fn saw(&mut self, seen: &[(i64, Timestamp)]) -> Result<(), Broken> {
        let seen = self.in_order(seen)?;
        self.put(seen.iter().map(|Sighting { at, id, fact }| ((*fact, *at), *id)));
        Ok(())
    }

    /// Puts in sightings, each with the first octets of its id.
    fn put(&mut self, seen: impl Iterator<Item = ((u32, i64), u64)> + Clone) {
        let first = u32::try_from(self.len()).unwrap_or(u32::MAX);
        self.places.add(seen.clone().map(|(_, id)| id).zip(first..));
        seen.for_each(|(sighting, _)| self.sightings.push(sighting));
    }

    /// These, named by what they say, in order of time, then of id.
    fn in_order(&self, seen: &[(i64, Timestamp)]) -> Result<Vec<Sighting>, Broken> {
        let mut sightings = Vec::with_capacity(seen.len());
        for (key, at) in seen {
            let fact = self.number(*key).ok_or(Broken)?;
            sightings.push(Sighting { at: at.micros(), id: 0, fact });
        }
        // What stands in one block is named while it is open.
        sightings.sort_unstable_by_key(|it| it.fact);
        let length = sightings.len().div_ceil(parallel::hands()).max(STRETCH);
        let named = {
            let parts: Vec<&[Sighting]> = sightings.chunks(length).collect();
            parallel::map(&parts, |part| self.named(part))
        };
        let named = named.into_iter().collect::<Option<Vec<_>>>().ok_or(Broken)?;
        for (sighting, id) in sightings.iter_mut().zip(named.into_iter().flatten()) {
            sighting.id = id;
        }
        sightings.sort_unstable();
        Ok(sightings)
    }

    fn named(&self, sightings: &[Sighting]) -> Option<Vec<u64>> {
        let mut by = Decompressor::new().ok()?;
        let mut ids = Vec::with_capacity(sightings.len());
        for part in sightings.chunk_by(|a, b| a.fact as usize / BLOCK == b.fact as usize / BLOCK) {
            let block = part.first().and_then(|it| self.blocks.get(it.fact as usize / BLOCK));
            let texts = block.map(|block| block.texts(&mut by)).unwrap_or_default();
            let texts: Vec<&[u8]> = lines(&texts).collect();
            ids.extend(part.iter().map(|it| {
                let text = texts.get(it.fact as usize % BLOCK).copied().unwrap_or_default();
                beginning(Content::id(text, Timestamp::from_micros(it.at)))
            }));
        }
        Some(ids)
    }

    fn number(&self, key: i64) -> Option<u32> {
        let run = self.runs.partition_point(|(first, _)| *first <= key).checked_sub(1)?;
        let (first, number) = *self.runs.get(run)?;
        let end = self.runs.get(run + 1).map_or(self.facts, |(_, number)| *number);
        let number = number.checked_add(u32::try_from(key - first).ok()?)?;
        (number < end).then_some(number)
    }

    /// The observation of this id.
    pub fn find(&self, id: ObservationId) -> Option<Observation> {
        self.places.alike(id).filter_map(|at| self.one(at)).find(|it| it.id() == id)
    }

    /// When the observation of this id was.
    pub fn when(&self, id: ObservationId) -> Option<Timestamp> {
        let mut alike = self.places.alike(id);
        let at = alike.next()?;
        if alike.next().is_some() {
            return self.find(id).map(|it| it.at);
        }
        self.sightings.get(at as usize).map(|(_, at)| Timestamp::from_micros(at))
    }

    /// Those of these ids that are here, in their order here.
    pub fn those(&self, ids: impl IntoIterator<Item = ObservationId>) -> Vec<Observation> {
        let ids: HashSet<ObservationId> = ids.into_iter().collect();
        let mut numbers: Vec<u32> = ids.iter().flat_map(|id| self.places.alike(*id)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let found = Seen::Packed(self).hand().some(numbers).into_iter().map(Cow::into_owned);
        found.filter(|it| ids.contains(&it.id())).collect()
    }

    /// One alone, without reading what lies beside it.
    fn one(&self, number: u32) -> Option<Observation> {
        let (fact, at) = self.sightings.get(number as usize)?;
        let (fact, at) = (fact as usize, Timestamp::from_micros(at));
        let read = |line: &[u8]| serde_json::from_slice(line).ok();
        let Content { vantage, method, speaker, fact } =
            opened::line(self.blocks.get(fact / BLOCK)?, fact % BLOCK, read)?;
        Some(Observation { at, vantage, method, speaker, fact })
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Observation> + '_ {
        Seen::Packed(self).iter().map(Cow::into_owned)
    }
}

impl From<Vec<Observation>> for Archive {
    fn from(observations: Vec<Observation>) -> Self {
        let mut made = Self::default();
        let mut packing = made.packing();
        let texts = observations.iter().map(Content::text);
        // What was just written can be read.
        let packed = (0..).zip(texts).try_for_each(|(key, text)| packing.add(key, text));
        let _ = packed.and_then(|()| packing.end());
        let ids: Vec<u64> = observations.iter().map(|one| beginning(one.id())).collect();
        let sightings = (0..).zip(&observations).map(|(fact, one)| (fact, one.at.micros()));
        made.put(sightings.zip(ids.iter().copied()));
        made
    }
}

impl PartialEq for Archive {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<const N: usize> PartialEq<[Observation; N]> for Archive {
    fn eq(&self, other: &[Observation; N]) -> bool {
        self.len() == N && self.iter().eq(other.iter().cloned())
    }
}

/// The first octets of an id, as a number.
fn beginning(id: ObservationId) -> u64 {
    id.octets().into_iter().take(8).fold(0, |number, octet| number << 8 | u64::from(octet))
}

#[cfg(test)]
mod tests;
