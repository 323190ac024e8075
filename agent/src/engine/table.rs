//! When the neighbour table is to be read.
//!
//! Before the first packet, if link-layer addresses are denied: an address known to belong to one
//! of them must not be asked even once. Then from time to time while the system is being made to
//! resolve, for it forgets who did not answer and soon who did; and once more at the end.

use std::time::Duration;

use daicho_common::time::Tick;

/// How often the table is read while the system resolves.
const EVERY: Duration = Duration::from_millis(200);
/// After how many failures in a row what stood in the table meanwhile counts as lost: 2 s, well
/// below the 5 s that the system keeps an entry at least (`gc_interval`, arp(7)).
const PATIENCE: u8 = 10;

/// The wish to read the table.
#[derive(Debug)]
pub(super) struct Table {
    readable: bool,
    holds: bool,
    wanted: bool,
    next: Option<Tick>,
    /// Failures in a row.
    failures: u8,
}

impl Table {
    /// Reads at once if the scan `holds` for it or somebody `overhears`.
    pub(super) const fn new(readable: bool, holds: bool, overhears: bool) -> Self {
        let wanted = readable && (holds || overhears);
        Self { readable, holds: readable && holds, wanted, next: None, failures: 0 }
    }

    /// Time went on.
    pub(super) fn poll(&mut self, now: Tick) {
        if self.next.is_some_and(|next| next <= now) {
            (self.wanted, self.next) = (true, None);
        }
    }

    /// The system is being made to resolve: read again before long; if that is over, now.
    pub(super) fn resolving(&mut self, now: Tick, goes_on: bool) {
        if !self.readable {
            return;
        }
        if goes_on {
            if !self.wanted {
                self.next.get_or_insert(now.after(EVERY));
            }
        } else {
            (self.wanted, self.next) = (true, None);
        }
    }

    /// The table was read.
    pub(super) fn read(&mut self, now: Tick, resolving: bool) {
        (self.holds, self.wanted, self.failures) = (false, false, 0);
        self.next = resolving.then(|| now.after(EVERY)).filter(|_| self.readable);
    }

    /// The table could not be read. It is tried again before long; returns whether that was in vain
    /// so often that nobody can tell any more who stood in it.
    pub(super) fn failed(&mut self, now: Tick, resolving: bool) -> bool {
        self.failures = self.failures.saturating_add(1);
        let lost = self.failures >= PATIENCE;
        self.wanted = false;
        self.holds &= !lost;
        self.next = (resolving || !lost).then(|| now.after(EVERY)).filter(|_| self.readable);
        lost
    }

    /// Whether nothing may be sent before the table was read.
    pub(super) const fn holds(&self) -> bool {
        self.holds
    }

    /// Whether it is to be read now.
    pub(super) const fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// When it is to be read next, if that lies ahead.
    pub(super) const fn next(&self) -> Option<Tick> {
        self.next
    }

    /// Whether no reading is wanted.
    pub(super) const fn is_idle(&self) -> bool {
        !self.wanted && self.next.is_none()
    }
}
