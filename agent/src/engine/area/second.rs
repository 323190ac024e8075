//! The sweep of those who stayed silent to all others: it begins when they have ended, and whoever
//! has answered by then is left out of it.

use daicho_common::time::{Now, Tick};

use super::{Area, Source};
use crate::engine::sweep::Sweep;

impl Area {
    /// Every sweep wants its turn but the second chance.
    pub(super) fn begin_sweeps(&mut self, at: Tick) {
        for (n, _) in self.sweeps.iter().enumerate().filter(|(_, sweep)| !is_second(sweep)) {
            self.agenda.put(Source::Sweep(n), at);
        }
    }

    /// The sweep at this position has ended: if it was the last of the others, the second chance
    /// begins. A sweep may end more than once, when an answer comes after it had been given up.
    pub(super) fn sweep_done(&mut self, n: usize, now: Now) {
        let mut others = self.sweeps.iter().filter(|sweep| !is_second(sweep));
        if self.sweeps.get(n).is_none_or(is_second) || !others.all(Sweep::is_done) {
            return;
        }
        if let Some(second) = self.sweeps.iter().position(is_second) {
            self.agenda.hasten(Source::Sweep(second), now.tick);
        }
    }

    /// Whether every sweep has asked this address to the end, or left it out because another had
    /// its answer.
    pub(super) fn is_swept(&self, host: u32) -> bool {
        let spared = self.live.get(host);
        self.sweeps.iter().all(|sweep| sweep.is_asked(host) || (spared && is_second(sweep)))
    }
}

fn is_second(sweep: &Sweep) -> bool {
    sweep.technique.is_second_chance()
}
