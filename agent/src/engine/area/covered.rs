//! How far each method got in a network, said so that covered and not covered cannot be mixed up.

use std::collections::BTreeMap;

use daicho_common::address_set::AddressSet;
use daicho_common::coverage::{Coverage, NotAsked, Why};
use daicho_common::observation::Method;
use daicho_common::time::{Now, Timestamp};

use super::{Area, Row};
use crate::engine::checkpoint::Settled;
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
            done: done.unwrap_or_default().min(self.hosts.count()),
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
        let among = |host| self.hosts.get(host) || self.own.get(host);
        // What is left when the interface was given up had no way to go.
        let ended = self.footing.is_lost().then_some(Why::Unreachable).or(ended);
        self.rows.iter().map(|row| self.cover(row, ended, (begun, now.wall), among)).collect()
    }

    /// What needs not be asked again: addresses that stayed silent to the end and, if `whole`, those
    /// that answered and were questioned to the end.
    pub(in crate::engine) fn settled(&self, whole: bool, begun: Timestamp, now: Now) -> Settled {
        let sighting = self.network.policy == Policy::Sighting;
        let among = |host| {
            let swept = !self.sweeps.is_empty() && !self.unread && self.is_swept(host);
            let questioned = whole && (sighting || self.through.get(host));
            self.hosts.get(host) && swept && (!self.live.get(host) || questioned)
        };
        let mut addresses =
            self.earlier.as_ref().map(|it| it.addresses.clone()).unwrap_or_default();
        self.runs(
            among,
            |_| (),
            |(), (first, last)| addresses.insert_range(self.ip(first).into(), self.ip(last).into()),
        );
        let span = (begun, now.wall);
        let cover = |row: &Row| self.cover(row, None, span, among);
        Settled {
            cidr: self.network.cidr,
            vlan: self.vlan(),
            addresses,
            coverage: self.rows.iter().map(cover).collect(),
        }
    }

    /// Takes over what an interrupted scan had settled, if that looked at this network in the same
    /// way. Returns how many addresses that are.
    pub(in crate::engine) fn take_over(&mut self, earlier: &Settled) -> u128 {
        let same = earlier.cidr == self.network.cidr
            && earlier.vlan == self.vlan()
            && earlier.coverage.len() == self.rows.len()
            && earlier.coverage.iter().zip(&self.rows).all(|(coverage, row)| {
                let unused = matches!(row.basis, Basis::Unused(_));
                coverage.method == row.method
                    && coverage.vantage == *self.vantage
                    && (coverage.tries == 0) == unused
            });
        if !same {
            return 0;
        }
        for host in 0..self.size {
            if earlier.addresses.contains(self.ip(host).into()) {
                self.hosts.put(host, false);
            }
        }
        self.earlier = Some(earlier.clone());
        earlier.addresses.len()
    }

    fn cover(
        &self,
        row: &Row,
        ended: Option<Why>,
        span: (Timestamp, Timestamp),
        among: impl Fn(u32) -> bool + Copy,
    ) -> Coverage {
        let mut asked = AddressSet::new();
        let mut not_asked: BTreeMap<Why, AddressSet> = BTreeMap::new();
        self.runs(
            among,
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
            among,
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
        let (mut from, mut to) = (from.unwrap_or(span.0), to.unwrap_or(span.1));
        let earlier = self.earlier.iter().flat_map(|earlier| &earlier.coverage);
        for earlier in earlier.filter(|earlier| earlier.method == row.method) {
            asked.extend(&earlier.asked);
            answered.extend(&earlier.answered);
            for NotAsked { addresses, why } in &earlier.not_asked {
                not_asked.entry(*why).or_default().extend(addresses);
            }
            (from, to) = (from.min(earlier.from), to.max(earlier.to));
        }
        Coverage {
            vantage: (*self.vantage).clone(),
            method: row.method,
            cidr: self.network.cidr,
            from,
            to: to.max(from),
            tries: self.tries_of(row),
            asked,
            answered,
            not_asked: not_asked
                .into_iter()
                .map(|(why, addresses)| NotAsked { addresses, why })
                .collect(),
        }
    }

    /// How often a silent address is asked.
    fn tries_of(&self, row: &Row) -> u8 {
        match row.basis {
            Basis::Unused(_) => 0,
            Basis::Interviews => self.tries,
            Basis::Sweep(n) => self.sweeps.get(n).map_or(self.tries, Sweep::tries),
        }
    }

    /// Calls `take` with every longest run of addresses `among` these of which `class` says the same.
    fn runs<C: Copy + PartialEq>(
        &self,
        among: impl Fn(u32) -> bool,
        class: impl Fn(u32) -> C,
        mut take: impl FnMut(C, (u32, u32)),
    ) {
        let mut run: Option<(C, (u32, u32))> = None;
        for host in (0..self.size).filter(|&host| among(host)) {
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
                if asked && !row.answered.get(host) && row.method == Method::NeighbourTable {
                    return self.unread.then_some(Why::NotRead);
                }
                (!asked).then(|| {
                    let refusal = sweep.refusal(host).or_else(|| self.sender.unfit());
                    refusal.or(ended).unwrap_or(Why::Interrupted)
                })
            }
            Basis::Interviews if row.asked.get(host) => None,
            Basis::Interviews => Some(self.why_no_interview(row, host, ended)),
        }
    }

    fn why_no_interview(&self, row: &Row, host: u32, ended: Option<Why>) -> Why {
        let refused = row.refused.iter().find(|(_, hosts)| hosts.get(host)).map(|(why, _)| *why);
        let barred = || {
            let mut refusals = self.sweeps.iter().filter_map(|sweep| sweep.refusal(host));
            refusals.find(|why| *why != Why::NotNeeded)
        };
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
