//! How far IPv6 got.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;

use daicho_common::address_set::AddressSet;
use daicho_common::coverage::{Coverage, NotAsked, Why};
use daicho_common::observation::{Method, Vantage};
use daicho_common::time::{Now, Timestamp};
use ipnet::{IpNet, Ipv6Net};

use super::ground::Part;
use super::{Progress, Six};
use crate::engine::area::Extent;
use crate::engine::footing::Footing;

/// The addresses of `net` that none of `taken`, which ascend, is.
fn rest(net: Ipv6Net, taken: impl Iterator<Item = Ipv6Addr>) -> AddressSet {
    let (mut set, mut open) = (AddressSet::new(), Some(u128::from(net.network())));
    let last = u128::from(net.broadcast());
    for ip in taken.map(u128::from) {
        if let (Some(first), Some(before)) = (open, ip.checked_sub(1)) {
            set.insert_range(Ipv6Addr::from(first).into(), Ipv6Addr::from(before).into());
        }
        open = ip.checked_add(1);
    }
    if let Some(first) = open {
        set.insert_range(Ipv6Addr::from(first).into(), Ipv6Addr::from(last).into());
    }
    set
}

impl Six {
    /// How far each part has got.
    pub(in crate::engine) fn extents(&self) -> impl Iterator<Item = Extent> + '_ {
        self.parts.iter().map(|part| {
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let over = |it: &&super::Neighbour| it.answered || it.spent || it.refused.is_some();
            let done = count(part.known.values().filter(over).count());
            let found = count(part.known.values().filter(|it| it.answered).count());
            let planned = count(part.known.len());
            let steps = (u64::from(done), u64::from(planned));
            Extent { planned, done, found, questioned: found, steps, backed_off: 0 }
        })
    }

    /// The coverage of every part, as [`crate::engine::area::Area::coverage`].
    pub(in crate::engine) fn coverage(
        &self,
        ended: Option<Why>,
        begun: Timestamp,
        now: Now,
    ) -> Vec<Coverage> {
        let parts = self.ground.parts.iter().zip(&self.parts).enumerate();
        parts
            .flat_map(|(n, (of, part))| {
                let lost = of.street.ok().and_then(|n| self.footings.get(n));
                let lost = lost.is_some_and(Footing::is_lost).then_some(Why::Unreachable);
                let ended = lost.or(ended);
                let (from, to) = part.span.unwrap_or((begun, now.wall));
                let blank = |method| self.blank(of, method, (from, to.max(from)));
                let solicited = self.solicited(of, part, ended, blank(Method::Ndp));
                let called = self.called(of, part, ended, blank(Method::IcmpEcho));
                let talked = self.talked_of(n, (of, part), ended, blank);
                [solicited, called].into_iter().chain(talked).collect::<Vec<_>>()
            })
            .collect()
    }

    /// How far the methods above the link got with those who answered; nothing where nobody did.
    fn talked_of(
        &self,
        n: usize,
        (of, part): (&Part, &Progress),
        ended: Option<Why>,
        blank: impl Fn(Method) -> Coverage,
    ) -> Vec<Coverage> {
        let answered = part.known.iter().filter(|(_, it)| it.answered).map(|(ip, _)| *ip);
        let answered: BTreeSet<Ipv6Addr> = answered.collect();
        let (Ok(street), Some(network)) = (of.street, self.networks.get(of.network)) else {
            return Vec::new();
        };
        let Some(talks) = self.talks.get(street).filter(|_| !answered.is_empty()) else {
            return Vec::new();
        };
        let asked = network.questions.asked.iter().filter(|(_, ports)| !ports.is_empty());
        let mut methods: BTreeSet<Method> = asked.map(|(method, _)| *method).collect();
        methods.extend([Method::Snmp, Method::Mdns]);
        methods.extend(talks.rows.keys().filter(|(part, _)| *part == n).map(|(_, it)| *it));
        let own: BTreeSet<Ipv6Addr> = self.own(of).collect();
        let taken: BTreeSet<Ipv6Addr> = answered.union(&own).copied().collect();
        let unknown = rest(of.net, taken.into_iter());
        let row = |method| {
            let mut coverage = blank(method);
            let row = talks.rows.get(&(n, method));
            let mut left: BTreeMap<Why, AddressSet> = BTreeMap::new();
            left.insert(Why::NoSignOfLife, unknown.clone());
            left.insert(Why::Own, own.iter().map(|ip| (*ip).into()).collect());
            let uncredited = method == Method::Snmp && network.credentials.is_empty();
            for ip in &answered {
                if row.is_some_and(|row| row.asked.contains(ip)) {
                    coverage.asked.insert((*ip).into());
                    continue;
                }
                let why = row.and_then(|row| row.refused.get(ip).copied());
                let why = why.or_else(|| talks.left(*ip)).or(ended).unwrap_or(if uncredited {
                    Why::NoCredential
                } else {
                    Why::Interrupted
                });
                left.entry(why).or_default().insert((*ip).into());
            }
            if let Some(row) = row {
                coverage.answered = row.answered.iter().map(|ip| (*ip).into()).collect();
                (coverage.from, coverage.to) = row.span.unwrap_or((coverage.from, coverage.to));
            }
            coverage.tries = if coverage.asked.is_empty() { 0 } else { self.tries };
            coverage.not_asked = not_asked(left);
            coverage
        };
        methods.into_iter().map(row).collect()
    }

    fn blank(&self, of: &Part, method: Method, (from, to): (Timestamp, Timestamp)) -> Coverage {
        let street = of.street.ok().and_then(|street| self.ground.streets.get(street));
        Coverage {
            vantage: Vantage {
                agent: self.agent.clone(),
                interface: street.map(|street| street.interface.clone()).unwrap_or_default(),
                network: of.name.clone(),
            },
            method,
            cidr: IpNet::V6(of.net),
            from,
            to,
            tries: 0,
            asked: AddressSet::new(),
            answered: AddressSet::new(),
            not_asked: Vec::new(),
        }
    }

    fn solicited(
        &self,
        of: &Part,
        part: &Progress,
        ended: Option<Why>,
        mut coverage: Coverage,
    ) -> Coverage {
        let mut left: BTreeMap<Why, AddressSet> = BTreeMap::new();
        let own: Vec<Ipv6Addr> = self.own(of).collect();
        let mut taken: Vec<Ipv6Addr> = part.known.keys().copied().chain(own.clone()).collect();
        taken.sort_unstable();
        left.insert(of.street.err().unwrap_or(Why::NoSignOfLife), rest(of.net, taken.into_iter()));
        for ip in own {
            left.entry(Why::Own).or_default().insert(ip.into());
        }
        for (ip, neighbour) in &part.known {
            if neighbour.answered || (neighbour.spent && neighbour.refused.is_none()) {
                coverage.asked.insert((*ip).into());
            } else {
                let why = neighbour.refused.or(ended).unwrap_or(Why::Interrupted);
                left.entry(why).or_default().insert((*ip).into());
            }
            if neighbour.answered {
                coverage.answered.insert((*ip).into());
            }
        }
        coverage.tries = if coverage.asked.is_empty() { 0 } else { self.tries };
        coverage.not_asked = not_asked(left);
        coverage
    }

    /// An echo request to all nodes asks every address of the link.
    fn called(
        &self,
        of: &Part,
        part: &Progress,
        ended: Option<Why>,
        mut coverage: Coverage,
    ) -> Coverage {
        let street = of.street.and_then(|n| self.ground.streets.get(n).ok_or(Why::Unreachable));
        let own: Vec<Ipv6Addr> = self.own(of).collect();
        let mut left = BTreeMap::new();
        let all = rest(of.net, own.iter().copied());
        let called = || {
            let on_link = self.ground.parts.iter().zip(&self.parts);
            let mut on_link = on_link.filter(|(other, _)| other.street == of.street);
            on_link.find_map(|(_, part)| part.called)
        };
        match street.and_then(|street| street.groups) {
            Err(why) => _ = left.insert(why, all),
            Ok(()) if called().is_none() => {
                left.insert(ended.unwrap_or(Why::SendFailed), all);
            }
            Ok(()) => {
                coverage.tries = 1;
                coverage.asked = all;
                coverage.answered = part.echoed.iter().map(|ip| (*ip).into()).collect();
            }
        }
        left.insert(Why::Own, own.into_iter().map(Into::into).collect());
        coverage.not_asked = not_asked(left);
        coverage
    }

    fn own(&self, of: &Part) -> impl Iterator<Item = Ipv6Addr> {
        let street = of.street.ok().and_then(|street| self.ground.streets.get(street));
        let mut own = street.map(|street| street.own.clone()).unwrap_or_default();
        own.retain(|ip| of.net.contains(ip));
        own.sort_unstable();
        own.dedup();
        own.into_iter()
    }
}

fn not_asked(left: BTreeMap<Why, AddressSet>) -> Vec<NotAsked> {
    let left = left.into_iter().filter(|(_, addresses)| !addresses.is_empty());
    left.map(|(why, addresses)| NotAsked { addresses, why }).collect()
}
