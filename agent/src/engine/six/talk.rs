//! Interviews by IPv6: who is known by IPv6 only is asked what a host of its network is asked.
//!
//! A device with both families is asked by IPv4 and not again, and one with several IPv6 addresses by
//! one of them: the link-layer address tells. So nobody is asked before the sweeps of IPv4 on the link
//! are over and every address of IPv6 that was heard of was asked for.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::coverage::Why;
use daicho_common::observation::{Method, Observation, Speaker, Vantage};
use daicho_common::time::{Now, Tick};

use super::ground::derived;
use super::row::Row;
use super::{Job, Neighbour, Six};
use crate::engine::area::{CLAIMS, Notes, follow};
use crate::engine::governor::{Governor, Request, Verdict};
use crate::engine::interview::{self, Interview};
use crate::engine::question::Knock;
use crate::engine::{Packet, Questions};
use crate::plan::{Network, Policy};

/// Most interviews open at once on one link.
const OPEN: usize = 64;

/// How often it is looked whether the sweeps are over, at most.
const GLANCE: Duration = Duration::from_millis(500);

/// How the first interview on a link goes, as in [`crate::engine::area`]: the others begin when its
/// host is seen to have borne it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Canary {
    Wanted,
    Asked(Ipv6Addr),
    /// It was silent in the end, and is asked whether it still has its address, so many times yet.
    Watched(Ipv6Addr, u8),
    Well,
    Fell,
}

/// The interviews of one link.
pub(super) struct Talks {
    /// Link-layer addresses with an IPv4 address.
    four: HashSet<Mac>,
    /// Addresses that answered, by the link-layer address that has them.
    faces: BTreeMap<Mac, BTreeSet<Ipv6Addr>>,
    /// Link-layer addresses of which it is decided whether they are asked, and by which address.
    settled: HashSet<Mac>,
    waiting: VecDeque<Ipv6Addr>,
    open: BTreeMap<Ipv6Addr, Interview>,
    canary: Canary,
    /// Addresses that answered and are not asked more.
    left: BTreeMap<Ipv6Addr, Why>,
    /// Hosts that were left in peace.
    pub(super) backed_off: u32,
    /// How far each method got with each part's hosts.
    pub(super) rows: BTreeMap<(usize, Method), Row>,
}

impl Talks {
    pub(super) fn new(canary: bool) -> Self {
        Self {
            four: HashSet::new(),
            faces: BTreeMap::new(),
            settled: HashSet::new(),
            waiting: VecDeque::new(),
            open: BTreeMap::new(),
            canary: if canary { Canary::Wanted } else { Canary::Well },
            left: BTreeMap::new(),
            backed_off: 0,
            rows: BTreeMap::new(),
        }
    }

    /// Why an address that answered was not asked more, if that was decided.
    pub(super) fn left(&self, ip: Ipv6Addr) -> Option<Why> {
        self.left.get(&ip).copied()
    }

    /// Whether another interview may be opened.
    fn has_room(&self) -> bool {
        match self.canary {
            Canary::Well => self.open.len() < OPEN,
            Canary::Wanted => self.open.is_empty(),
            Canary::Asked(_) | Canary::Watched(..) | Canary::Fell => false,
        }
    }
}

impl Six {
    /// The part whose agenda the interviews of a link are in.
    fn home(&self, street: usize) -> Option<usize> {
        self.ground.parts.iter().position(|part| part.street == Ok(street))
    }

    /// The interface of a part.
    pub(in crate::engine) fn interface(&self, part: usize) -> Option<&str> {
        Some(self.ground.streets.get(self.street(part)?)?.interface.as_str())
    }

    /// Somebody with this link-layer address has an IPv4 address on this interface.
    pub(in crate::engine) fn has_four(&mut self, interface: &str, mac: Mac) {
        let talks = self.ground.on(interface).and_then(|street| self.talks.get_mut(street));
        if let Some(talks) = talks.filter(|talks| talks.four.len() < super::MACS) {
            talks.four.insert(mac);
        }
    }

    /// This address answered, and `mac` has it.
    pub(super) fn meet(&mut self, street: usize, (ip, mac): (Ipv6Addr, Mac), now: Tick) {
        let soon = now.after(self.timeout);
        let home = self.home(street);
        let Some(talks) = self.talks.get_mut(street) else { return };
        let faces = talks.faces.entry(mac).or_default();
        if faces.contains(&ip) || faces.len() >= CLAIMS {
            return;
        }
        faces.insert(ip);
        if talks.settled.contains(&mac) {
            talks.left.insert(ip, Why::NotNeeded);
        } else if let Some(home) = home.and_then(|home| self.parts.get_mut(home)) {
            home.agenda.hasten(Job::Admit, soon);
        }
    }

    /// Whether an address on this link is still being asked for.
    fn is_seeking(&self, street: usize) -> bool {
        let parts = self.ground.parts.iter().zip(&self.parts);
        let mut on_link = parts.filter(|(of, _)| of.street == Ok(street));
        let open = |it: &Neighbour| !it.answered && !it.spent && it.refused.is_none();
        on_link.any(|(_, part)| part.known.values().any(open))
    }

    /// By which rules this address on this link is asked, or why it is not.
    fn rules(&self, street: usize, ip: Ipv6Addr) -> Result<&Network, Why> {
        let on = self.ground.streets.get(street).ok_or(Why::Unreachable)?;
        on.talks?;
        let (_, part) = self.ground.part_of(street, ip).ok_or(Why::Policy)?;
        let number = if ip.is_unicast_link_local() { on.local? } else { part.network };
        let network = self.networks.get(number).ok_or(Why::Policy)?;
        if network.policy == Policy::Sighting { Err(Why::Policy) } else { Ok(network) }
    }

    /// The address by which a device is asked: a declared one, made of its link-layer address, before
    /// one that it may have for a day only (RFC 8981), and one that means something on the link only
    /// last.
    fn face(
        &self,
        street: usize,
        (mac, faces): (Mac, &BTreeSet<Ipv6Addr>),
        governor: &mut Governor,
    ) -> Result<Ipv6Addr, Why> {
        let on = self.ground.streets.get(street).ok_or(Why::Unreachable)?;
        let talks = self.talks.get(street).ok_or(Why::Unreachable)?;
        if talks.four.contains(&mac) || mac.virtual_router().is_some() {
            return Err(Why::NotNeeded);
        }
        // A device that was denied or is only to be sighted by one of its addresses is so by all.
        for ip in faces {
            let place = governor.enrol(street, *ip).ok_or(Why::Policy)?;
            if governor.denies_six(*ip, place) {
                return Err(Why::Denied);
            }
            if governor.only_sights(place) || (!on.asks_medical && governor.is_medical(mac)) {
                return Err(Why::Policy);
            }
        }
        let subnets = self.ground.parts.iter().flat_map(|part| part.subnets.iter());
        let stable: HashSet<Ipv6Addr> = subnets.map(|subnet| derived(*subnet, mac)).collect();
        let rank = |ip: &&Ipv6Addr| (ip.is_unicast_link_local(), !stable.contains(*ip), **ip);
        let mut why = Why::Policy;
        let allowed = faces.iter().filter(|ip| match self.rules(street, **ip) {
            Ok(_) => true,
            Err(refusal) => {
                why = refusal;
                false
            }
        });
        allowed.min_by_key(rank).copied().ok_or(why)
    }

    /// Decides who is asked, and lets in whom there is room for.
    pub(super) fn admit(&mut self, n: usize, governor: &mut Governor, swept: bool, now: Now) {
        let Some(street) = self.street(n) else { return };
        if !swept || self.is_seeking(street) {
            let later = now.tick.after(self.timeout.max(GLANCE));
            if let Some(part) = self.parts.get_mut(n) {
                part.agenda.put(Job::Admit, later);
            }
            return;
        }
        let Some(talks) = self.talks.get(street) else { return };
        let new = talks.faces.iter().filter(|(mac, _)| !talks.settled.contains(*mac));
        let new: Vec<(Mac, BTreeSet<Ipv6Addr>)> =
            new.map(|(mac, faces)| (*mac, faces.clone())).collect();
        for (mac, faces) in new {
            let chosen = self.face(street, (mac, &faces), governor);
            let Some(talks) = self.talks.get_mut(street) else { return };
            talks.settled.insert(mac);
            let why = chosen.err().unwrap_or(Why::NotNeeded);
            let others = faces.iter().filter(|ip| chosen != Ok(**ip));
            talks.left.extend(others.map(|ip| (*ip, why)));
            talks.waiting.extend(chosen);
        }
        self.let_in(n, now.tick);
    }

    /// Opens interviews while there is room; where the first host fell, nobody else is asked.
    fn let_in(&mut self, n: usize, now: Tick) {
        let Some(street) = self.street(n) else { return };
        let (Some(talks), Some(part)) = (self.talks.get_mut(street), self.parts.get_mut(n)) else {
            return;
        };
        if talks.canary == Canary::Fell {
            let left = talks.waiting.drain(..).map(|ip| (ip, Why::BackedOff));
            let left: Vec<_> = left.collect();
            talks.backed_off += u32::try_from(left.len()).unwrap_or(u32::MAX);
            talks.left.extend(left);
        }
        // A place is taken when its interview begins, in its turn.
        if talks.has_room()
            && let Some(ip) = talks.waiting.pop_front()
        {
            if talks.canary == Canary::Wanted {
                talks.canary = Canary::Asked(ip);
            }
            part.agenda.put(Job::Talk(ip), now);
        }
    }

    /// The turn of an interview.
    pub(super) fn talk(
        &mut self,
        (n, ip): (usize, Ipv6Addr),
        (governor, questions, notes): (&mut Governor, &Questions, &mut Notes),
        now: Now,
    ) -> Option<Verdict> {
        let street = self.street(n)?;
        let index = self.ground.streets.get(street)?.index;
        let scope = if ip.is_unicast_link_local() { index } else { 0 };
        let (part, _) = self.ground.part_of(street, ip)?;
        let network = self.rules(street, ip).ok()?.clone();
        let place = governor.enrol(street, ip)?;
        let whom = SocketAddr::V6(SocketAddrV6::new(ip, 0, 0, scope));
        let bearing = (self.timeout, self.bearing);
        let opens = governor.asking_opens(place, now).max(governor.network_opens(place.network));
        let talks = self.talks.get_mut(street)?;
        let new = !talks.open.contains_key(&ip);
        let interview = talks.open.entry(ip).or_insert_with(|| {
            let first = (questions.first)(&network, IpAddr::V6(ip));
            Interview::new(whom, (Knock::Connect, &[]), first, bearing)
        });
        let verdict = loop {
            match interview.turn(now.tick, (opens, governor.may_connect())) {
                interview::Turn::Ask(packet, kind, by) => {
                    let method = interview.method();
                    let request = Request { packet, kind, answer_by: by };
                    let verdict = governor.clear(request, now);
                    let next = match &verdict {
                        Verdict::Go(_) => {
                            if let Some(method) = method {
                                talks.rows.entry((part, method)).or_default().pass(now.wall);
                            }
                            by
                        }
                        Verdict::WaitUntil(until) => *until,
                        Verdict::Refuse(why) => {
                            interview.not_sent(*why);
                            now.tick
                        }
                    };
                    self.parts.get_mut(n)?.agenda.put(Job::Talk(ip), next);
                    break Some(verdict);
                }
                interview::Turn::Rest(until) => {
                    self.parts.get_mut(n)?.agenda.put(Job::Talk(ip), until);
                    break None;
                }
                interview::Turn::Done
                    if !follow(interview, (&network, IpAddr::V6(ip)), questions) =>
                {
                    break None;
                }
                interview::Turn::Done => {}
            }
        };
        self.collect((street, ip), notes, now);
        if new {
            self.let_in(n, now.tick);
        }
        verdict
    }

    /// Takes what the interview with this address has to say; lets the next in if it is over.
    fn collect(&mut self, (street, ip): (usize, Ipv6Addr), notes: &mut Notes, now: Now) {
        let (Some((part, of)), Some(on)) =
            (self.ground.part_of(street, ip), self.ground.streets.get(street))
        else {
            return;
        };
        let Some(talks) = self.talks.get_mut(street) else { return };
        let Some(interview) = talks.open.get_mut(&ip) else { return };
        let vantage = Vantage {
            agent: self.agent.clone(),
            interface: on.interface.clone(),
            network: of.name.clone(),
        };
        let claims = self.parts.get(part).and_then(|part| part.known.get(&ip));
        let mac = match claims.map(|neighbour| neighbour.claims.as_slice()) {
            Some([(source, _)]) => Some(*source),
            _ => None,
        };
        let speaker = Speaker { ip: Some(ip.into()), mac };
        while let Some((method, fact)) = interview.poll_fact() {
            let vantage = vantage.clone().into();
            let seen = Observation { at: now.wall, vantage, method, speaker, fact };
            notes.observations.push_back(seen);
        }
        let mut peace = false;
        while let Some((method, end)) = interview.poll_end() {
            peace |= end == interview::End::NotAsked(Why::BackedOff);
            talks.rows.entry((part, method)).or_default().end(ip, end, now.wall);
        }
        talks.backed_off += u32::from(peace);
        notes.over.extend(std::iter::from_fn(|| interview.poll_hang_up()));
        if interview.is_done() {
            let silent = interview.fell_silent();
            talks.open.remove(&ip);
            self.talked((street, ip), silent, now);
        }
    }

    /// The interview with this address is over; `silent` if its last question was not answered.
    fn talked(&mut self, (street, ip): (usize, Ipv6Addr), silent: bool, now: Now) {
        let Some(home) = self.home(street) else { return };
        let tries = self.tries.max(2);
        let (Some(talks), Some(part)) = (self.talks.get_mut(street), self.parts.get_mut(home))
        else {
            return;
        };
        part.agenda.drop(Job::Talk(ip));
        if talks.canary == Canary::Asked(ip) {
            // Silence alone proves nothing: who has no service is silent, and well.
            talks.canary = if silent { Canary::Watched(ip, tries) } else { Canary::Well };
            if silent {
                part.agenda.put(Job::Watch, now.tick);
            }
        }
        self.let_in(home, now.tick);
    }

    /// Whom the watch asks, as the solicitation's target; `None` if it is over.
    pub(super) fn watched(&mut self, n: usize, now: Tick) -> Option<Ipv6Addr> {
        let street = self.street(n)?;
        let talks = self.talks.get_mut(street)?;
        match talks.canary {
            Canary::Watched(_, 0) => {
                talks.canary = Canary::Fell;
                self.let_in(n, now);
                None
            }
            Canary::Watched(ip, tries) => {
                talks.canary = Canary::Watched(ip, tries - 1);
                Some(ip)
            }
            Canary::Wanted | Canary::Asked(_) | Canary::Well | Canary::Fell => {
                self.let_in(n, now);
                None
            }
        }
    }

    /// The question of the watch has to wait: it counts when it is asked.
    pub(super) fn watch_later(&mut self, n: usize) {
        let talks = self.street(n).and_then(|street| self.talks.get_mut(street));
        if let Some(Talks { canary: Canary::Watched(_, tries), .. }) = talks {
            *tries = tries.saturating_add(1);
        }
    }

    /// The question of the watch did not leave, so its silence proves nothing.
    pub(super) fn unwatch(&mut self, n: usize, now: Tick) {
        let talks = self.street(n).and_then(|street| self.talks.get_mut(street));
        if let Some(talks) = talks {
            talks.canary = Canary::Well;
            self.let_in(n, now);
        }
    }

    /// The system did not send a question to this address.
    pub(super) fn watch_not_sent(&mut self, interface: &str, ip: Ipv6Addr) {
        let talks = self.ground.on(interface).and_then(|street| self.talks.get_mut(street));
        if let Some(talks) = talks
            && matches!(talks.canary, Canary::Watched(watched, _) if watched == ip)
        {
            // What did not leave proves nothing; the turn of the watch lets the others in.
            talks.canary = Canary::Well;
        }
    }

    /// This address gave a sign of life.
    pub(super) fn spoke(&mut self, street: usize, ip: Ipv6Addr, now: Tick) {
        let Some(talks) = self.talks.get_mut(street) else { return };
        if !matches!(talks.canary, Canary::Watched(watched, _) if watched == ip) {
            return;
        }
        talks.canary = Canary::Well;
        let Some(home) = self.home(street) else { return };
        if let Some(part) = self.parts.get_mut(home) {
            part.agenda.drop(Job::Watch);
        }
        self.let_in(home, now);
    }

    /// The link on which an interview with this address is open.
    fn street_of(&self, from: SocketAddrV6) -> Option<usize> {
        let ip = *from.ip();
        let is_open = |street: &usize| {
            self.talks.get(*street).is_some_and(|talks| talks.open.contains_key(&ip))
        };
        if ip.is_unicast_link_local() {
            self.ground.numbered(from.scope_id()).filter(is_open)
        } else {
            (0..self.talks.len()).find(is_open)
        }
    }

    /// Lets the open interview with this address hear something. Returns whether it was of use.
    pub(in crate::engine) fn answered(
        &mut self,
        from: SocketAddrV6,
        (governor, notes): (&mut Governor, &mut Notes),
        now: Now,
        hear: impl FnOnce(&mut Interview, SocketAddr) -> bool,
    ) -> bool {
        let ip = *from.ip();
        let Some(street) = self.street_of(from) else { return false };
        let talks = self.talks.get_mut(street);
        let Some(interview) = talks.and_then(|talks| talks.open.get_mut(&ip)) else { return false };
        // A dialogue knows no zone.
        if !hear(interview, SocketAddr::new(ip.into(), from.port())) {
            return false;
        }
        if let Some(place) = governor.enrol(street, ip) {
            governor.settle(place);
        }
        if let Some(home) = self.home(street).and_then(|home| self.parts.get_mut(home)) {
            home.agenda.put(Job::Talk(ip), now.tick);
        }
        self.collect((street, ip), notes, now);
        true
    }

    /// The system did not send a packet of an interview. Returns whether it was one.
    pub(in crate::engine) fn talk_not_sent(
        &mut self,
        (packet, to, why): (&Packet, SocketAddrV6, Why),
        (governor, notes): (&mut Governor, &mut Notes),
        now: Now,
    ) -> bool {
        let mut kind = None;
        let known = self.answered(to, (governor, notes), now, |interview, _| {
            kind = interview.not_sent(why);
            kind.is_some()
        });
        if let Some(kind) = kind {
            governor.not_sent(packet, kind);
        }
        known
    }
}
