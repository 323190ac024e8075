//! The first interview of a network runs alone to its end. Only when the host that was asked is seen
//! to have borne it do the others begin; if it went silent, nobody else there is asked.
//!
//! A host without SNMP and mDNS is silent to both and well all the same. So a silent end proves
//! nothing: the host is then asked once more for the sign of life that it gave in the sweep.

use daicho_common::coverage::Why;
use daicho_common::time::{Now, Tick};

use super::{Area, Source};
use crate::engine::governor::{Governor, Request, Verdict};
use crate::engine::scope::address;

/// How the first interview of a network goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Canary {
    /// Nobody was asked yet.
    Wanted,
    /// This host is questioned, and no other.
    Asked(u32),
    /// This host is asked for a sign of life.
    Watched(Watch),
    /// The others may be asked.
    Well,
    /// The host went silent after it was asked: nobody else is.
    Fell,
}

/// Whether a host is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watch {
    host: u32,
    /// The sweep and the port by which it answered.
    by: (usize, u16),
    tries: u8,
    /// Until when the answer is awaited.
    until: Tick,
    /// Whether a question left at all: one that did not proves nothing.
    sent: bool,
}

impl Watch {
    /// The last answer may have been lost here.
    pub(super) fn ask_again(&mut self) {
        self.tries = self.tries.max(1);
    }
}

impl Area {
    /// Whether another interview may be opened, given how many are.
    pub(super) fn has_room(&self, most: usize) -> bool {
        match self.canary {
            Canary::Well => self.admitted < most,
            Canary::Wanted => self.admitted == 0,
            Canary::Asked(_) | Canary::Watched(_) | Canary::Fell => false,
        }
    }

    /// The interview with this host is over; `silent` if its last question was not answered.
    pub(super) fn canary_done(&mut self, host: u32, silent: bool, now: Now) {
        if self.canary != Canary::Asked(host) {
            return;
        }
        match self.sign_given(host).filter(|_| silent) {
            Some(by) => {
                let (tries, until) = (self.tries.max(2), now.tick);
                self.canary = Canary::Watched(Watch { host, by, tries, until, sent: false });
                self.agenda.put(Source::Canary, now.tick);
            }
            None => self.canary = Canary::Well,
        }
    }

    /// The sweep, and the port, by which this host itself answered; `None` if only the system's
    /// table told of it, which forgets too slowly to tell again.
    fn sign_given(&self, host: u32) -> Option<(usize, u16)> {
        self.sweeps.iter().enumerate().find_map(|(n, sweep)| {
            let method = sweep.technique.method();
            let answered =
                self.rows.iter().any(|row| row.method == method && row.answered.get(host));
            sweep.slot_heard(host).filter(|_| answered).map(|slot| (n, slot))
        })
    }

    /// The turn of the watch.
    pub(super) fn watch(&mut self, governor: &mut Governor, now: Now) -> Option<Verdict> {
        let Canary::Watched(mut watch) = self.canary else { return None };
        let opens = watch.until.max(governor.target_opens(self.place(watch.host)));
        if opens > now.tick {
            self.agenda.put(Source::Canary, opens);
            return None;
        }
        if watch.tries == 0 {
            self.canary = if watch.sent { Canary::Fell } else { Canary::Well };
            self.go_on(now);
            return None;
        }
        let sweep = self.sweeps.get(watch.by.0)?;
        let ip = address(self.first, watch.host);
        let packet = sweep.technique.packet((watch.tries, watch.by.1), ip, self.seed);
        let (kind, answer_by) = (sweep.technique.kind(), sweep.answer_by(now.tick));
        let verdict = governor.clear(Request { packet, kind, answer_by }, now);
        match &verdict {
            Verdict::Go(_) => {
                (watch.tries, watch.until, watch.sent) = (watch.tries - 1, answer_by, true);
                self.canary = Canary::Watched(watch);
                self.agenda.put(Source::Canary, answer_by);
            }
            Verdict::WaitUntil(until) => self.agenda.put(Source::Canary, *until),
            Verdict::Refuse(_) => {
                self.canary = Canary::Well;
                self.go_on(now);
            }
        }
        Some(verdict)
    }

    /// This host gave a sign of life.
    pub(super) fn canary_spoke(&mut self, host: u32, governor: &mut Governor, now: Now) {
        if let Canary::Watched(watch) = self.canary
            && watch.host == host
            && watch.sent
        {
            governor.settle(self.place(host));
            self.canary = Canary::Well;
            self.agenda.drop(Source::Canary);
            self.go_on(now);
        }
    }

    /// The system did not send a question of the watch. Returns whether it was one.
    pub(super) fn watch_not_sent(&mut self, host: u32) -> bool {
        match &mut self.canary {
            Canary::Watched(watch) if watch.host == host && watch.sent => {
                watch.sent = false;
                true
            }
            Canary::Wanted
            | Canary::Asked(_)
            | Canary::Watched(_)
            | Canary::Well
            | Canary::Fell => false,
        }
    }

    /// It is known how the canary bore it: the others are asked, or none of them.
    fn go_on(&mut self, now: Now) {
        if self.canary == Canary::Fell {
            while let Some(host) = self.waiting.pop_front() {
                self.leave_alone(host, Why::BackedOff, now);
            }
        } else {
            self.admit(now.tick);
        }
    }
}
