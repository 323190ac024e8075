//! Observations taken out of an archive, or out of a list of them.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use daicho_common::observation::Observation;
use daicho_common::time::Timestamp;
use zstd::bulk::Decompressor;

use super::sightings::Reading;
use super::{Archive, BLOCK, Content, STRETCH};

/// Blocks that a hand holds. The facts of one device lie near each other, as the delivery that brought
/// them was kept: within 64 blocks.
const SLOTS: usize = 128;

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

impl<'a> From<&'a Arc<Archive>> for Seen<'a> {
    fn from(archive: &'a Arc<Archive>) -> Self {
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
        Hand { seen: self, slots: Vec::new(), by: None, reading: Reading::default() }
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
    reading: Reading,
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
        let (fact, at) = archive.sightings.read(number as usize, &mut self.reading)?;
        let (fact, at) = (fact as usize, Timestamp::from_micros(at));
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
