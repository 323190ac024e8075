//! Observations kept packed: a hospital's are many, and of all of them together only a few are looked at
//! at a time.
//!
//! What is said is kept once, in blocks of JSON under Zstandard; an observation is the number of what it
//! says, a time, and the beginning of its id: 24 octets. A [`Hand`] takes out what is wanted and holds the
//! blocks that it opened last. [`Seen`] is the same for observations that are not packed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use daicho_common::observation::{
    Fact, Method, Observation, ObservationId, Speaker, Vantage, Vantages,
};
use daicho_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zstd::bulk::{Compressor, Decompressor};

use crate::parallel;

/// Facts in a block: fewer pack worse, more cost more for one of them.
const BLOCK: usize = 128;
/// Blocks that a hand holds. The facts of one device lie near each other, as the delivery that brought
/// them was kept: within 64 blocks.
const SLOTS: usize = 128;
/// Blocks that are packed at a time, for each thread.
const AT_ONCE: usize = 32;
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
        let Observation { vantage, method, speaker, fact, .. } = observation;
        let content = ContentOf { vantage, method: *method, speaker: *speaker, fact };
        // Serialising these types cannot fail: no map has a key that is not a string.
        serde_json::to_string(&content).unwrap_or_default()
    }

    /// The id of the observation that says this text at a time: what [`Observation::id`] gives, without
    /// writing again what was written. The time is the first member of an observation's JSON.
    pub fn id(text: &str, at: Timestamp) -> ObservationId {
        let mut digest = Sha256::new();
        digest.update(format!("{{\"at\":{},", at.micros()));
        digest.update(text.strip_prefix('{').unwrap_or(text));
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

/// Observations, packed, in the order in which they were put in.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    blocks: Vec<Block>,
    facts: u32,
    /// Keys of facts that follow one another: the first key of each run, and the number of its fact.
    runs: Vec<(i64, u32)>,
    /// Of each observation what it says, when, and the first octets of its id.
    says: Vec<u32>,
    times: Vec<i64>,
    ids: Vec<u64>,
    /// Observations in the order of their ids.
    order: Vec<u32>,
}

impl Archive {
    /// How many observations there are.
    pub fn len(&self) -> usize {
        self.says.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.says.is_empty()
    }

    /// The key of the last fact, if there is one.
    pub fn last_key(&self) -> Option<i64> {
        let (key, number) = *self.runs.last()?;
        Some(key + i64::from(self.facts - number) - 1)
    }

    /// Puts in what is said, each under a key that is larger than those before.
    pub fn packing(&mut self) -> Packing<'_> {
        let mut waiting = Vec::new();
        if !(self.facts as usize).is_multiple_of(BLOCK)
            && let Ok(mut by) = Decompressor::new()
            && let Some(block) = self.blocks.pop()
        {
            let texts = block.texts(&mut by);
            waiting.extend(lines(&texts).map(|line| String::from_utf8_lossy(line).into_owned()));
        }
        Packing { archive: self, waiting }
    }

    /// Puts in observations: which fact each says, when, and its id.
    ///
    /// # Errors
    /// If one says what is not there.
    pub fn saw(
        &mut self,
        seen: impl IntoIterator<Item = (i64, Timestamp, ObservationId)>,
    ) -> Result<(), Broken> {
        let done = seen.into_iter().try_for_each(|(key, at, id)| {
            let fact = self.number(key).ok_or(Broken)?;
            self.says.push(fact);
            self.times.push(at.micros());
            self.ids.push(beginning(id));
            Ok(())
        });
        let (from, to) = (self.order.len(), self.says.len());
        self.order.extend((from..to).filter_map(|at| u32::try_from(at).ok()));
        let ids = &self.ids;
        if let Some(new) = self.order.get_mut(from..) {
            new.sort_unstable_by_key(|at| ids.get(*at as usize));
        }
        // Two runs in order, which are merged in one pass.
        self.order.sort_by_key(|at| ids.get(*at as usize));
        done
    }

    fn number(&self, key: i64) -> Option<u32> {
        let run = self.runs.partition_point(|(first, _)| *first <= key).checked_sub(1)?;
        let (first, number) = *self.runs.get(run)?;
        let end = self.runs.get(run + 1).map_or(self.facts, |(_, number)| *number);
        let number = number.checked_add(u32::try_from(key - first).ok()?)?;
        (number < end).then_some(number)
    }

    /// The numbers of observations whose id may be this one: hardly ever more than one.
    fn alike(&self, id: ObservationId) -> impl Iterator<Item = u32> + '_ {
        let wanted = beginning(id);
        let of = move |at: &u32| self.ids.get(*at as usize).copied().unwrap_or_default();
        let from = self.order.partition_point(|at| of(at) < wanted);
        let rest = self.order.get(from..).unwrap_or_default();
        rest.iter().copied().take_while(move |at| of(at) == wanted)
    }

    /// The observation of this id.
    pub fn find(&self, id: ObservationId) -> Option<Observation> {
        let mut by = Decompressor::new().ok()?;
        self.alike(id).filter_map(|at| self.one(at, &mut by)).find(|it| it.id() == id)
    }

    /// When the observation of this id was.
    pub fn when(&self, id: ObservationId) -> Option<Timestamp> {
        let mut alike = self.alike(id);
        let at = alike.next()?;
        if alike.next().is_some() {
            return self.find(id).map(|it| it.at);
        }
        self.times.get(at as usize).copied().map(Timestamp::from_micros)
    }

    /// Those of these ids that are here, in their order here.
    pub fn those(&self, ids: impl IntoIterator<Item = ObservationId>) -> Vec<Observation> {
        let ids: HashSet<ObservationId> = ids.into_iter().collect();
        let mut numbers: Vec<u32> = ids.iter().flat_map(|id| self.alike(*id)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let found = Seen::Packed(self).hand().some(numbers).into_iter().map(Cow::into_owned);
        found.filter(|it| ids.contains(&it.id())).collect()
    }

    /// One alone, without reading what lies beside it.
    fn one(&self, number: u32, by: &mut Decompressor<'_>) -> Option<Observation> {
        let fact = *self.says.get(number as usize)? as usize;
        let at = Timestamp::from_micros(*self.times.get(number as usize)?);
        let texts = self.blocks.get(fact / BLOCK)?.texts(by);
        let Content { vantage, method, speaker, fact } =
            serde_json::from_slice(lines(&texts).nth(fact % BLOCK)?).ok()?;
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
        let seen = (0..).zip(&observations).map(|(key, it)| (key, it.at, it.id()));
        let _ = made.saw(seen);
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

/// Puts facts into an archive, which is of no use unless it is brought to its [`Packing::end`].
#[derive(Debug)]
pub struct Packing<'a> {
    archive: &'a mut Archive,
    /// Texts that fill no block yet.
    waiting: Vec<String>,
}

impl Packing<'_> {
    /// Puts in a fact as JSON, under a key that is larger than all before it.
    ///
    /// # Errors
    /// If this or one before it is no [`Content`].
    pub fn add(&mut self, key: i64, text: String) -> Result<(), Broken> {
        let follows = self.archive.last_key().is_some_and(|last| last.checked_add(1) == Some(key));
        if !follows {
            self.archive.runs.push((key, self.archive.facts));
        }
        self.archive.facts = self.archive.facts.checked_add(1).ok_or(Broken)?;
        self.waiting.push(text);
        if self.waiting.len() < BLOCK * AT_ONCE * parallel::hands() { Ok(()) } else { self.pack() }
    }

    /// The end of it.
    ///
    /// # Errors
    /// If a text is no [`Content`].
    pub fn end(mut self) -> Result<(), Broken> {
        self.pack()
    }

    fn pack(&mut self) -> Result<(), Broken> {
        let parts: Vec<&[String]> = self.waiting.chunks(BLOCK).collect();
        let blocks = parallel::map(&parts, |texts| Block::pack(texts));
        for block in blocks {
            self.archive.blocks.push(block?);
        }
        self.waiting.clear();
        Ok(())
    }
}

/// Observations, packed or not; each has a number, from 0.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// As they are.
    Plain(&'a [Observation]),
    /// Packed.
    Packed(&'a Archive),
}

impl<'a> From<&'a [Observation]> for Seen<'a> {
    fn from(observations: &'a [Observation]) -> Self {
        Self::Plain(observations)
    }
}

impl<'a> From<&'a Vec<Observation>> for Seen<'a> {
    fn from(observations: &'a Vec<Observation>) -> Self {
        Self::Plain(observations)
    }
}

impl<'a> From<&'a Archive> for Seen<'a> {
    fn from(archive: &'a Archive) -> Self {
        Self::Packed(archive)
    }
}

impl<'a> Seen<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Self::Plain(observations) => observations.len(),
            Self::Packed(archive) => archive.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Takes observations out; each thread needs one of its own.
    pub fn hand(self) -> Hand<'a> {
        Hand { seen: self, slots: Vec::new(), by: None }
    }

    /// All of them, in their order.
    pub fn iter(self) -> impl Iterator<Item = Cow<'a, Observation>> {
        let mut hand = self.hand();
        let count = u32::try_from(self.len()).unwrap_or(u32::MAX);
        (0..count).filter_map(move |number| hand.take(number))
    }

    /// These, in parts.
    pub fn stretch(self, range: Range<usize>) -> impl Iterator<Item = Vec<Cow<'a, Observation>>> {
        let mut hand = self.hand();
        range.clone().step_by(STRETCH).map(move |from| {
            let part = from..range.end.min(from + STRETCH);
            hand.some(part.filter_map(|number| u32::try_from(number).ok()))
        })
    }
}

/// Takes observations out, and holds the blocks that it opened last.
pub struct Hand<'a> {
    seen: Seen<'a>,
    /// The block in each slot, by its number.
    slots: Vec<Option<(usize, Vec<Content>)>>,
    by: Option<Decompressor<'static>>,
}

impl std::fmt::Debug for Hand<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hand").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}

impl<'a> Hand<'a> {
    /// The observation of this number.
    pub fn take(&mut self, number: u32) -> Option<Cow<'a, Observation>> {
        match self.seen {
            Seen::Plain(observations) => observations.get(number as usize).map(Cow::Borrowed),
            Seen::Packed(archive) => self.unpack(archive, number).map(Cow::Owned),
        }
    }

    /// Those of these numbers, in their order.
    pub fn some(&mut self, numbers: impl IntoIterator<Item = u32>) -> Vec<Cow<'a, Observation>> {
        numbers.into_iter().filter_map(|number| self.take(number)).collect()
    }

    fn unpack(&mut self, archive: &Archive, number: u32) -> Option<Observation> {
        let fact = *archive.says.get(number as usize)? as usize;
        let at = Timestamp::from_micros(*archive.times.get(number as usize)?);
        let (block, place) = (fact / BLOCK, fact % BLOCK);
        self.slots.resize_with(SLOTS, || None);
        let slot = self.slots.get_mut(block % SLOTS)?;
        if slot.as_ref().is_none_or(|(held, _)| *held != block) {
            if self.by.is_none() {
                self.by = Decompressor::new().ok();
            }
            *slot = Some((block, archive.blocks.get(block)?.open(self.by.as_mut()?)));
        }
        let Content { vantage, method, speaker, fact } = slot.as_ref()?.1.get(place)?.clone();
        Some(Observation { at, vantage, method, speaker, fact })
    }
}

#[cfg(test)]
mod tests;
