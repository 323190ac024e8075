//! How well a target bears being asked, and the room that it is given when it does not.
//!
//! A device that answered and then falls silent, or takes much longer than it used to, may be
//! suffering from the questions. Each sign of that doubles the time until the next question, and
//! each answer in good time halves it again; after too many silences the device is left in peace.

use std::collections::VecDeque;
use std::time::Duration;

use daicho_common::time::Tick;

/// Longest time between two questions.
const LONGEST: Duration = Duration::from_secs(30);
/// Response times that are remembered.
const REMEMBERED: usize = 9;
/// Fewest response times that a median says something of.
const ENOUGH: usize = 3;
/// A response is slow if it takes this many times the median, and longer than [`SLOW`].
const TIMES: u32 = 4;
/// See [`TIMES`].
const SLOW: Duration = Duration::from_millis(200);

/// The course of one dialogue with one target.
#[derive(Debug)]
pub(super) struct Pulse {
    /// Time between two questions to a target at ease.
    spacing: Duration,
    /// Silences in a row that are borne.
    patience: u8,
    doublings: u32,
    times: VecDeque<Duration>,
    /// When the question in flight left, and until when its answer is awaited.
    asked: Option<(Tick, Tick)>,
    last: Tick,
    silences: u8,
}

impl Pulse {
    /// Of a target that may be asked every `spacing`, until it was silent `patience` times in a row.
    pub(super) const fn new(spacing: Duration, patience: u8) -> Self {
        Self {
            spacing,
            patience,
            doublings: 0,
            times: VecDeque::new(),
            asked: None,
            last: Tick::ZERO,
            silences: 0,
        }
    }

    /// A question leaves; its answer is awaited until `by`.
    pub(super) fn ask(&mut self, now: Tick, by: Tick) {
        (self.asked, self.last) = (Some((now, by)), now);
    }

    /// The question in flight was answered.
    pub(super) fn answer(&mut self, now: Tick) {
        let Some((asked, _)) = self.asked.take() else { return };
        let took = now.since(asked);
        let slow = took > SLOW && self.median().is_some_and(|median| took > median * TIMES);
        self.doublings = if slow { self.doubled() } else { self.doublings.saturating_sub(1) };
        self.silences = 0;
        if self.times.len() >= REMEMBERED {
            self.times.pop_front();
        }
        self.times.push_back(took);
    }

    /// Time went on: a question whose answer is no longer awaited was met by silence. That counts
    /// only if the target had answered before.
    pub(super) fn expire(&mut self, now: Tick) {
        if self.asked.is_none_or(|(_, by)| by > now) {
            return;
        }
        self.asked = None;
        if !self.times.is_empty() {
            self.doublings = self.doubled();
            self.silences = self.silences.saturating_add(1);
        }
    }

    /// The question in flight did not leave, or came back as refused: that says nothing.
    pub(super) fn forget(&mut self) {
        self.asked = None;
    }

    /// Another dialogue begins: what it speaks, the target may never have answered.
    pub(super) fn turn_over(&mut self) {
        (self.asked, self.silences) = (None, 0);
        self.times.clear();
    }

    /// When the target has had the room that it needs.
    pub(super) fn opens(&self) -> Tick {
        match self.doublings {
            0 => Tick::ZERO,
            _ => self.last.after(self.room()),
        }
    }

    /// Whether the target is to be left in peace.
    pub(super) const fn is_spent(&self) -> bool {
        self.silences >= self.patience
    }

    fn room(&self) -> Duration {
        self.spacing.saturating_mul(1 << self.doublings.min(31)).min(LONGEST)
    }

    fn doubled(&self) -> u32 {
        if self.room() < LONGEST { self.doublings + 1 } else { self.doublings }
    }

    fn median(&self) -> Option<Duration> {
        let mut times: Vec<Duration> = self.times.iter().copied().collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().filter(|_| times.len() >= ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Tick {
        Tick::from_micros(millis * 1000)
    }

    fn pulse() -> Pulse {
        Pulse::new(Duration::from_millis(500), 3)
    }

    fn ask(pulse: &mut Pulse, at: u64, took: u64) {
        pulse.ask(ms(at), ms(at + 1000));
        pulse.answer(ms(at + took));
    }

    #[test]
    fn a_target_that_grows_slow_gets_room_and_loses_it_when_it_is_well_again() {
        let mut pulse = pulse();
        for n in 0..4 {
            ask(&mut pulse, n * 1000, 60);
            assert_eq!(pulse.opens(), Tick::ZERO);
        }
        ask(&mut pulse, 4000, 200);
        assert_eq!(pulse.opens(), Tick::ZERO, "not slow yet");
        ask(&mut pulse, 5000, 300);
        assert_eq!(pulse.opens(), ms(6000));
        ask(&mut pulse, 7000, 800);
        assert_eq!(pulse.opens(), ms(9000));
        ask(&mut pulse, 9000, 50);
        ask(&mut pulse, 10_000, 50);
        assert_eq!(pulse.opens(), Tick::ZERO);
    }

    #[test]
    fn a_target_that_never_answered_is_silent_without_consequence() {
        let mut pulse = pulse();
        for n in 0..9 {
            pulse.ask(ms(n * 1000), ms(n * 1000 + 900));
            pulse.expire(ms(n * 1000 + 900));
        }
        assert!(!pulse.is_spent() && pulse.opens() == Tick::ZERO);
    }

    #[test]
    fn silences_in_a_row_double_the_room_up_to_half_a_minute_and_then_spend_it() {
        let mut pulse = Pulse::new(Duration::from_millis(500), 9);
        ask(&mut pulse, 0, 20);
        let mut rooms = Vec::new();
        for n in 1..9_u64 {
            let at = n * 100_000;
            pulse.ask(ms(at), ms(at + 1000));
            pulse.expire(ms(at + 999));
            assert!(!pulse.is_spent());
            pulse.expire(ms(at + 1000));
            rooms.push(pulse.opens().since(ms(at)).as_millis());
        }
        assert_eq!(rooms, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert!(!pulse.is_spent());
        pulse.ask(ms(1_000_000), ms(1_001_000));
        pulse.expire(ms(1_001_000));
        assert!(pulse.is_spent());
    }
}
