//! Which MAC address answered for which IP address, when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Speaker};
use daicho_common::time::Timestamp;

use super::part::Parts;
use super::sessions::Place;
use super::subject::Subject;
use super::{HashMap, HashSet};
use crate::evidence::{Claim, Grade};

/// More addresses than this, in one network and within [`PROXY_SPAN`], are a proxy's (RFC 1027).
const PROXY_ABOVE: usize = 8;
/// The same for IPv6, where one host has several addresses and makes new ones day by day (RFC 8981).
const PROXY_ABOVE_V6: usize = 32;
/// One day, in microseconds: long enough for a slow sweep, too short for leases to pile up.
pub(super) const PROXY_SPAN: i64 = 86_400_000_000;
/// One minute, in microseconds: two MAC addresses that answer for one address within it contest it.
/// A lease that moves, or a standby that takes over, leaves a longer gap between two looks.
const CONTEST_SPAN: i64 = 60_000_000;

/// An address in a declared network.
type Slot<'a> = (&'a str, IpAddr);
/// Who answered when, ascending.
type Answers = Vec<(Timestamp, Mac)>;

/// Every answer on every link.
#[derive(Default)]
pub(super) struct Links<'a> {
    answers: HashMap<Slot<'a>, Answers>,
    by_mac: HashMap<(&'a str, Mac), Vec<(Timestamp, IpAddr)>>,
    proxies: HashSet<(&'a str, Mac)>,
    /// Whom an address said it was, by its interface table, where no link was seen.
    said: HashMap<Slot<'a>, Answers>,
    /// Whose a router says that an address is, for where neither is known.
    tabled: HashMap<Slot<'a>, Answers>,
    /// Cards and addresses that several devices had in turn.
    parts: Parts<'a>,
    networks: BTreeSet<&'a str>,
    /// Declared networks that are known although nothing was seen in them here. They are many for every
    /// cell, so they are not copied.
    others: Option<&'a BTreeSet<&'a str>>,
}

/// Whether an address can be one host's.
pub(super) fn is_host(ip: IpAddr) -> bool {
    !ip.is_unspecified() && !ip.is_multicast() && ip != IpAddr::V4(std::net::Ipv4Addr::BROADCAST)
}

/// The address and the MAC address that answered for it, if the claim shows them. Addresses that no
/// host has (0.0.0.0 of an ARP probe, RFC 5227) and MAC addresses that name nobody are left out, and
/// so is hearsay.
pub(super) fn binding(claim: &Claim<'_>) -> Option<(IpAddr, Mac)> {
    bound(claim.speaker, claim.grade, claim.fact)
}

/// The same of what a claim is made of.
pub(super) fn bound(speaker: Speaker, grade: Grade, fact: &Fact) -> Option<(IpAddr, Mac)> {
    if is_of_another(speaker, grade, fact) {
        return None;
    }
    let (ip, mac) = fact.binding().or(speaker.ip.zip(speaker.mac))?;
    (is_host(ip) && !mac.is_group() && mac != Mac::ZERO).then_some((ip, mac))
}

/// Whether somebody said, unasked, that another MAC address than its own has an address: that MAC
/// address was not seen (ARCHITECTURE.md, invariant 7).
pub(super) fn is_hearsay(claim: &Claim<'_>) -> bool {
    is_of_another(claim.speaker, claim.grade, claim.fact)
}

fn is_of_another(speaker: Speaker, grade: Grade, fact: &Fact) -> bool {
    let named = fact.binding().map(|(_, mac)| mac);
    grade == Grade::Announced
        && named.zip(speaker.mac).is_some_and(|(named, sender)| named != sender)
}

fn span(a: Timestamp, b: Timestamp) -> i64 {
    b.micros().saturating_sub(a.micros()).saturating_abs()
}

/// The entry nearest to `at`; of two equally near ones the earlier.
fn nearest(answers: &[(Timestamp, Mac)], at: Timestamp) -> Option<(Timestamp, Mac)> {
    let after = answers.partition_point(|(when, _)| *when <= at);
    let before = after.checked_sub(1).and_then(|index| answers.get(index)).copied();
    match (before, answers.get(after).copied()) {
        (Some(before), Some(after)) if span(at, after.0) < span(before.0, at) => Some(after),
        (Some(before), _) => Some(before),
        (None, after) => after,
    }
}

impl<'a> Links<'a> {
    /// Collects every binding.
    pub(super) fn read(claims: &[Claim<'a>]) -> Self {
        let mut links = Self::default();
        for claim in claims {
            links.networks.insert(claim.network);
            let Some((ip, mac)) = binding(claim) else { continue };
            let answers = links.answers.entry((claim.network, ip)).or_default();
            answers.extend(claim.sightings.iter().map(|sighting| (sighting.at(), mac)));
            if mac.names_a_device() {
                let held = links.by_mac.entry((claim.network, mac)).or_default();
                held.extend(claim.sightings.iter().map(|sighting| (sighting.at(), ip)));
            }
        }
        for answers in links.answers.values_mut() {
            answers.sort_unstable();
            answers.dedup();
        }
        links
    }

    /// Finds the proxies. Addresses that stand together in one device's own address table count as
    /// one device's, however many: `listed` has the tables by the address that gave them.
    pub(super) fn hold_back_proxies(&mut self, listed: &HashMap<Slot<'a>, BTreeSet<IpAddr>>) {
        for (&(network, mac), held) in &mut self.by_mac {
            let all: BTreeSet<IpAddr> = held.iter().map(|(_, ip)| *ip).collect();
            if all.len() <= PROXY_ABOVE {
                continue;
            }
            let own = all
                .iter()
                .filter_map(|ip| listed.get(&(network, *ip)))
                .map(|table| table.intersection(&all).copied().collect::<BTreeSet<_>>())
                .max_by(|a, b| a.len().cmp(&b.len()).then_with(|| b.cmp(a)))
                .unwrap_or_default();
            held.retain(|(_, ip)| !own.contains(ip));
            held.sort_unstable();
            let (four, six): (Vec<_>, Vec<_>) = held.iter().partition(|(_, ip)| ip.is_ipv4());
            if most_within(&four, PROXY_SPAN) > PROXY_ABOVE
                || most_within(&six, PROXY_SPAN) > PROXY_ABOVE_V6
            {
                self.proxies.insert((network, mac));
            }
        }
    }

    /// Whether this MAC address answers for others in this network.
    pub(super) fn is_proxy(&self, network: &'a str, mac: Mac) -> bool {
        self.proxies.contains(&(network, mac))
    }

    /// Whether this MAC address stands for one device in this network.
    pub(super) fn names(&self, network: &'a str, mac: Mac) -> bool {
        mac.names_a_device() && !self.is_proxy(network, mac)
    }

    /// Says that whoever spoke from `slot` at that time had this interface.
    pub(super) fn say(&mut self, slot: Slot<'a>, at: Timestamp, mac: Mac) {
        let said = self.said.entry(slot).or_default();
        let place = said.partition_point(|entry| *entry < (at, mac));
        said.insert(place, (at, mac));
    }

    /// A router resolved `slot` to this MAC address at that time. [`Links::sort_tabled`] follows.
    pub(super) fn table(&mut self, slot: Slot<'a>, at: Timestamp, mac: Mac) {
        self.tabled.entry(slot).or_default().push((at, mac));
    }

    /// Puts what routers resolved in order.
    pub(super) fn sort_tabled(&mut self) {
        for answers in self.tabled.values_mut() {
            answers.sort_unstable();
            answers.dedup();
        }
    }

    /// Whom something said from `ip` at that time is about, by links alone.
    pub(super) fn by_link(&self, (network, ip): Slot<'a>, at: Timestamp) -> Subject<'a> {
        let subject =
            match self.answers.get(&(network, ip)).and_then(|answers| nearest(answers, at)) {
                Some((_, mac)) if self.names(network, mac) => Subject::Mac(mac),
                Some((_, mac)) if mac.is_private() => Subject::Private(network, ip, mac),
                _ => Subject::Address(network, ip),
            };
        self.part(subject, ((network, Some(ip)), at))
    }

    /// Parts cards and addresses as these say.
    pub(super) fn part_by(&mut self, parts: Parts<'a>) {
        self.parts = parts;
    }

    /// The part of a subject in that place at that time, where several devices had it in turn.
    pub(super) fn part(&self, subject: Subject<'a>, when: (Place<'a>, Timestamp)) -> Subject<'a> {
        self.parts.of(subject, when)
    }

    /// The pieces of a card or of an address, where it is parted; else itself.
    pub(super) fn pieces_of(&self, subject: Subject<'a>) -> BTreeSet<Subject<'a>> {
        self.parts.pieces_of(subject)
    }

    /// Knows these declared networks too, although nothing was seen in them here.
    pub(super) fn know(&mut self, networks: &'a BTreeSet<&'a str>) {
        self.others = Some(networks);
    }

    /// A declared network in which something was seen.
    pub(super) fn network(&self, name: &str) -> Option<&'a str> {
        self.networks.get(name).or_else(|| self.others?.get(name)).copied()
    }

    /// Where this MAC address ever answered, on a link or in a router's table.
    pub(super) fn slots_of(&self, mac: Mac) -> BTreeSet<Slot<'a>> {
        let all = self.answers.iter().chain(&self.tabled);
        let held = all.filter(|(_, answers)| answers.iter().any(|(_, other)| *other == mac));
        held.map(|(slot, _)| *slot).collect()
    }

    /// Whether this MAC address is of several devices in turn.
    pub(super) fn is_shared(&self, mac: Mac) -> bool {
        self.parts.is_shared(mac)
    }

    /// Whether nobody can say who spoke, because several devices had the address about that time or
    /// share it.
    pub(super) fn is_doubtful(&self, claim: &Claim<'a>, at: Timestamp) -> bool {
        claim.speaker.ip.is_some_and(|ip| {
            let slot = (claim.network, ip);
            self.is_virtual(slot, at) || claim.speaker.mac.is_none() && self.is_contested(slot, at)
        })
    }

    /// Whom something said from `ip` at that time is about: the burned-in MAC address that answered
    /// for it nearest in time; else the device that the address said it was; else the address.
    pub(super) fn subject(&self, slot: Slot<'a>, at: Timestamp) -> Subject<'a> {
        let subject = self.by_link(slot, at);
        let linked = subject.is_linked() || self.is_virtual(slot, at);
        if linked { subject } else { self.unlinked(slot, at) }
    }

    /// The same for an address for which only a MAC address that names nobody answered.
    pub(super) fn unlinked(&self, (network, ip): Slot<'a>, at: Timestamp) -> Subject<'a> {
        let when = ((network, Some(ip)), at);
        let address = self.part(Subject::Address(network, ip), when);
        if matches!(address, Subject::Stay(..)) {
            return address;
        }
        let of = |known: &HashMap<Slot<'a>, Answers>| {
            known.get(&(network, ip)).and_then(|said| nearest(said, at))
        };
        match of(&self.said).or_else(|| of(&self.tabled)) {
            Some((_, mac)) if mac.is_private() => Subject::Private(network, ip, mac),
            Some((_, mac)) => self.part(Subject::Mac(mac), when),
            None => address,
        }
    }

    /// Whether redundant routers shared the address at that time.
    pub(super) fn is_virtual(&self, slot: Slot<'a>, at: Timestamp) -> bool {
        let nearest = self.answers.get(&slot).and_then(|answers| nearest(answers, at));
        nearest.is_some_and(|(_, mac)| mac.virtual_router().is_some())
    }

    /// Whether any device is known to have had the address, or routers to share it.
    pub(super) fn is_held(&self, slot: Slot<'a>) -> bool {
        self.said.contains_key(&slot)
            || self.answers.get(&slot).is_some_and(|answers| {
                answers
                    .iter()
                    .any(|(_, mac)| self.names(slot.0, *mac) || mac.virtual_router().is_some())
            })
    }

    /// Whether redundant routers ever shared the address.
    pub(super) fn is_ever_virtual(&self, slot: Slot<'_>) -> bool {
        let answers = self.answers.get(&slot);
        answers.is_some_and(|all| all.iter().any(|(_, mac)| mac.virtual_router().is_some()))
    }

    /// Whether two devices answered for the address about that time, so that nobody can say which of
    /// them spoke.
    pub(super) fn is_contested(&self, slot: Slot<'a>, at: Timestamp) -> bool {
        let Some(answers) = self.answers.get(&slot) else { return false };
        let Some((near, _)) = nearest(answers, at) else { return false };
        let from =
            answers.partition_point(|(when, _)| *when < near && span(*when, near) > CONTEST_SPAN);
        let about = answers.get(from..).unwrap_or_default().iter();
        let mut macs = about
            .take_while(|(when, _)| *when <= near || span(near, *when) <= CONTEST_SPAN)
            .filter(|(_, mac)| self.names(slot.0, *mac))
            .map(|(_, mac)| mac);
        macs.next().is_some_and(|first| macs.any(|mac| mac != first))
    }

    /// Addresses for which several MAC addresses that stand for devices answered within a minute.
    pub(super) fn conflicts(&self) -> BTreeMap<Slot<'a>, BTreeSet<Mac>> {
        let mut conflicts: BTreeMap<Slot<'a>, BTreeSet<Mac>> = BTreeMap::new();
        for (slot, answers) in &self.answers {
            let mut last: Option<(Timestamp, Mac)> = None;
            for &(at, mac) in answers.iter().filter(|(_, mac)| self.names(slot.0, *mac)) {
                let rival =
                    last.filter(|(when, other)| *other != mac && span(*when, at) <= CONTEST_SPAN);
                if let Some((_, other)) = rival {
                    conflicts.entry(*slot).or_default().extend([mac, other]);
                }
                last = Some((at, mac));
            }
        }
        conflicts
    }
}

/// Most distinct addresses in any stretch of time of this length; `held` ascends.
pub(super) fn most_within(held: &[(Timestamp, IpAddr)], length: i64) -> usize {
    let mut counts: HashMap<IpAddr, usize> = HashMap::default();
    let mut oldest = held.iter().peekable();
    let mut most = 0;
    for (at, ip) in held {
        *counts.entry(*ip).or_default() += 1;
        while let Some((_, old)) = oldest.next_if(|(when, _)| span(*when, *at) > length) {
            if let Some(count) = counts.get_mut(old) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(old);
                }
            }
        }
        most = most.max(counts.len());
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_networks_of_others_are_known_and_not_copied_for_every_cell() {
        let all = BTreeSet::from(["東病棟", "西病棟"]);
        let mut links = Links::default();
        links.know(&all);
        assert_eq!((links.network("西病棟"), links.network("南病棟")), (Some("西病棟"), None));
        assert!(links.networks.is_empty());
    }
}
