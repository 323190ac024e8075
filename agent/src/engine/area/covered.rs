//! How far each method got in a network, said so that covered and not covered cannot be mixed up.

use std::collections::BTreeMap;

use daicho_common::address_set::AddressSet;
use daicho_common::coverage::{Coverage, NotAsked, Why};
use daicho_common::observation::Method;
use daicho_common::time::{Now, Timestamp};

use super::{Area, Row};
use crate::engine::reach::Basis;
use crate::engine::sweep::Sweep;
use crate::plan::Policy;

/// How far a network has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Extent {
    pub(in crate::engine) planned: u32,
    pub(in crate::engine) done: u32,
    pub(in crate::engine) found: u32,
    pub(in crate::engine) questioned: u32,
    pub(in crate::engine) backed_off: u32,
    /// Steps of the sweeps taken, and all of them.
    pub(in crate::engine) steps: (u64, u64),
}

impl Area {
    /// How far it has got.
    pub(in crate::engine) fn extent(&self) -> Extent {
        let done = self.sweeps.iter().map(Sweep::settled).min();
        let steps = self.sweeps.iter().map(Sweep::steps);
        let found = self.live.count();
        let sighting = self.network.policy == Policy::Sighting;
        Extent {
            planned: done.map_or(0, |_| self.hosts.count()),
            done: done.unwrap_or_default(),
            found,
            questioned: if sighting { found } else { self.questioned },
            backed_off: self.backed_off,
            steps: steps.fold((0, 0), |(a, b), (done, all)| (a + done, b + all)),
        }
    }

    /// The coverage of every method that has a meaning here. `ended` is why the scan ended before
    /// its time, if it did.
    pub(in crate::engine) fn coverage(
        &self,
        ended: Option<Why>,
        begun: Timestamp,
        now: Now,
    ) -> Vec<Coverage> {
        self.rows.iter().map(|row| self.cover(row, ended, (begun, now.wall))).collect()
    }

    fn cover(&self, row: &Row, ended: Option<Why>, span: (Timestamp, Timestamp)) -> Coverage {
        let mut asked = AddressSet::new();
        let mut not_asked: BTreeMap<Why, AddressSet> = BTreeMap::new();
        self.runs(
            |host| self.why_not(row, host, ended),
            |why, (first, last)| {
                let addresses = match why {
                    Some(why) => not_asked.entry(why).or_default(),
                    None => &mut asked,
                };
                addresses.insert_range(self.ip(first).into(), self.ip(last).into());
            },
        );
        let mut answered = AddressSet::new();
        self.runs(
            |host| row.answered.get(host) && self.why_not(row, host, ended).is_none(),
            |yes, (first, last)| {
                if yes {
                    answered.insert_range(self.ip(first).into(), self.ip(last).into());
                }
            },
        );
        let (from, to) = match row.basis {
            Basis::Sweep(n) => {
                self.sweeps.get(n).map_or((None, None), |sweep| (sweep.from, sweep.to))
            }
            Basis::Interviews => (row.from, row.to),
            Basis::Unused(_) => (None, None),
        };
        let from = from.unwrap_or(span.0);
        Coverage {
            vantage: self.vantage.clone(),
            method: row.method,
            cidr: self.network.cidr,
            from,
            to: to.unwrap_or(span.1).max(from),
            tries: if matches!(row.basis, Basis::Unused(_)) { 0 } else { self.tries },
            asked,
            answered,
            not_asked: not_asked
                .into_iter()
                .map(|(why, addresses)| NotAsked { addresses, why })
                .collect(),
        }
    }

    /// Calls `take` with every longest run of host addresses of which `class` says the same.
    fn runs<C: Copy + PartialEq>(
        &self,
        class: impl Fn(u32) -> C,
        mut take: impl FnMut(C, (u32, u32)),
    ) {
        let mut run: Option<(C, (u32, u32))> = None;
        for host in (0..self.size).filter(|&host| self.hosts.get(host) || self.own.get(host)) {
            let this = class(host);
            match &mut run {
                Some((class, (_, last))) if *class == this && *last + 1 == host => *last = host,
                _ => {
                    if let Some((class, range)) = run.replace((this, (host, host))) {
                        take(class, range);
                    }
                }
            }
        }
        if let Some((class, range)) = run {
            take(class, range);
        }
    }

    /// Why this method did not ask this address to the end; `None` if it did.
    fn why_not(&self, row: &Row, host: u32, ended: Option<Why>) -> Option<Why> {
        if self.own.get(host) {
            return Some(Why::Own);
        }
        match row.basis {
            Basis::Unused(why) => Some(why),
            Basis::Sweep(n) => {
                let sweep = self.sweeps.get(n)?;
                let asked = row.answered.get(host) || sweep.is_asked(host);
                (!asked).then(|| sweep.refusal(host).or(ended).unwrap_or(Why::Interrupted))
            }
            Basis::Interviews if row.asked.get(host) => None,
            Basis::Interviews => Some(self.why_no_interview(row, host, ended)),
        }
    }

    fn why_no_interview(&self, row: &Row, host: u32, ended: Option<Why>) -> Why {
        let refused = row.refused.iter().find(|(_, hosts)| hosts.get(host)).map(|(why, _)| *why);
        let barred = || self.sweeps.iter().find_map(|sweep| sweep.refusal(host));
        let unswept = || self.sweeps.iter().any(|sweep| !sweep.is_asked(host));
        if let Some(why) = refused.or_else(barred) {
            why
        } else if self.nameless.get(host) {
            ended.unwrap_or(Why::Policy)
        } else if self.live.get(host) {
            // It was questioned, but there was no dialogue of this method to have with it.
            let without = if row.method == Method::Snmp { Why::NoCredential } else { Why::Policy };
            ended.unwrap_or(without)
        } else {
            ended.filter(|_| unswept()).unwrap_or(Why::NoSignOfLife)
        }
    }
}
