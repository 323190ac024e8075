//! How far a scan got: while it runs, and when it is over.

use std::time::Duration;

use daicho_common::coverage::{Coverage, Sent};
use daicho_common::time::Tick;

use crate::engine::area::Extent;

/// How far a scan has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Addresses that will be asked for a sign of life.
    pub planned: u64,
    /// Of these, how many answered, spent all their tries or may not be asked.
    pub done: u64,
    /// Addresses that gave a sign of life.
    pub found: u64,
    /// Of these, how many were questioned to the end, or are not to be questioned.
    pub questioned: u64,
    /// Of these, how many were left in peace, because they or the first of their network went silent
    /// when they were questioned.
    pub backed_off: u64,
    /// Packets sent.
    pub packets: u64,
    /// Packets a second over the last second or so.
    pub rate: u32,
    /// Estimate of the time left; `None` until there is something to judge by.
    pub left: Option<Duration>,
}

/// What came in that was nobody's answer. Nothing else changes by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    /// Frames that could not be decoded, or that name no possible host.
    pub malformed: u64,
    /// Well-formed inputs that answer nothing that was asked, or come from outside the scope; and
    /// datagrams that the dialogue they came to could not read.
    pub unasked: u64,
    /// Claims left out because an address had too many link-layer addresses already.
    pub overflow: u64,
    /// Frames that the system had no room for. The silent on that link were asked again.
    pub dropped: u64,
    /// How often an interface of the agent's own went down under a question, or lost its address.
    /// What was not answered then was asked again, or was not asked by the account.
    pub outages: u64,
}

/// The account of a scan when it is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How far each method got in each network.
    pub coverage: Vec<Coverage>,
    /// What was sent, by network, kind and target, as far as it was not taken out before.
    pub sent: Vec<Sent>,
    /// What came in that was nobody's answer.
    pub strays: Strays,
}

/// Measures the rate of sending.
#[derive(Debug)]
pub(super) struct Meter {
    begun: Tick,
    now: Tick,
    /// Start of the second that is being counted, and packets in it.
    second: (Tick, u32),
    rate: u32,
}

impl Meter {
    /// Nothing was sent yet.
    pub(super) const fn new(now: Tick) -> Self {
        Self { begun: now, now, second: (now, 0), rate: 0 }
    }

    /// Time went on.
    pub(super) fn tick(&mut self, now: Tick) {
        self.now = self.now.max(now);
        let (since, packets) = self.second;
        let micros = now.since(since).as_micros();
        if micros >= 1_000_000 {
            self.rate = u32::try_from(u128::from(packets) * 1_000_000 / micros).unwrap_or(u32::MAX);
            self.second = (now, 0);
        }
    }

    /// A packet was sent.
    pub(super) const fn count(&mut self) {
        self.second.1 += 1;
    }

    /// How far the scan has got. The sweeps and the interviews run side by side, so the time left is
    /// the longer of what each of them needs at the speed that it had so far.
    pub(super) fn progress(
        &self,
        extents: impl Iterator<Item = Extent>,
        packets: u64,
        finished: bool,
    ) -> Progress {
        let mut progress = Progress { packets, rate: self.rate, ..Progress::default() };
        let mut steps = (0, 0);
        for extent in extents {
            progress.planned += u64::from(extent.planned);
            progress.done += u64::from(extent.done);
            progress.found += u64::from(extent.found);
            progress.questioned += u64::from(extent.questioned);
            progress.backed_off += u64::from(extent.backed_off);
            steps = (steps.0 + extent.steps.0, steps.1 + extent.steps.1);
        }
        let sweeps = self.left(steps);
        let interviews = self.left((progress.questioned, progress.found));
        progress.left = match (sweeps, interviews) {
            _ if finished => Some(Duration::ZERO),
            (Some(a), Some(b)) => Some(a.max(b)),
            (left, None) | (None, left) => left,
        };
        progress
    }

    /// The time that the rest needs if it goes on like this.
    fn left(&self, (done, all): (u64, u64)) -> Option<Duration> {
        let micros = self.now.since(self.begun).as_micros();
        let rest = all.saturating_sub(done);
        let left = (micros * u128::from(rest)).checked_div(u128::from(done))?;
        Some(Duration::from_micros(u64::try_from(left).unwrap_or(u64::MAX)))
    }
}
