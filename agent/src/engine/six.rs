//! IPv6 on the links: who is there, by asking everybody at once where that is allowed, and by
//! asking for each address that was heard of or that a known link-layer address would have.
//!
//! The addresses of a network are never gone through one by one. Who answers a solicitation is
//! there; who stays silent does not have that address (RFC 4861 §7.2.4).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::coverage::{PacketKind, Why};
use daicho_common::observation::{Fact, Method, Observation, Speaker, Vantage};
use daicho_common::time::{Now, Tick, Timestamp};

use super::Questions;
use super::agenda::Agenda;
use super::area::{CLAIMS, Desk, Notes, Turn};
use super::footing::Footing;
use super::governor::{Governor, Request, Verdict};
use super::order::mix;
use crate::engine::Packet;
use crate::plan::{Means, Network, Plan};

mod announced;
mod covered;
/// The agent's own interface goes down and comes back.
mod outage;
/// What may be asked.
pub(super) mod ground;
mod hearing;
/// Questions as frames.
pub(super) mod question;
/// How far a method above the link got.
mod row;
/// Interviews with those who are known by IPv6 only.
mod talk;

use ground::{ALL_NODES, Ground, derived};
pub(super) use hearing::Heard;
use talk::Talks;

/// Most link-layer addresses of one link that addresses are derived from.
const MACS: usize = 1 << 14;

/// Who wants a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Job {
    /// The echo request to all nodes.
    Echo,
    /// The question who listens to which groups.
    Listeners,
    /// The answers to these two are awaited.
    Answers,
    /// The solicitation of this address.
    Solicit(Ipv6Addr),
    /// It is decided who of the link is asked more.
    Admit,
    /// The interview with this address.
    Talk(Ipv6Addr),
    /// Whether the first who was asked more is still there.
    Watch,
}

/// An address that was heard of or derived.
#[derive(Debug, Default)]
struct Neighbour {
    tries: u8,
    answered: bool,
    spent: bool,
    refused: Option<Why>,
    claims: Vec<(Mac, Mac)>,
}

/// How far one part of the ground got.
#[derive(Debug)]
struct Progress {
    agenda: Agenda<Job>,
    known: BTreeMap<Ipv6Addr, Neighbour>,
    /// Who answered the echo request to all nodes.
    echoed: BTreeSet<Ipv6Addr>,
    /// When the first and the last packet left or came.
    span: Option<(Timestamp, Timestamp)>,
    /// When the echo request to all nodes left.
    called: Option<Timestamp>,
}

/// IPv6 under scan.
pub(super) struct Six {
    ground: Ground,
    parts: Vec<Progress>,
    /// By link: whom addresses were derived from.
    macs: Vec<HashSet<Mac>>,
    agent: String,
    seed: u64,
    tries: u8,
    timeout: Duration,
    /// By link: how the agent's own interface stands.
    footings: Vec<Footing>,
    /// By link: the interviews.
    talks: Vec<Talks>,
    /// Time between two questions to one host, and silences of one that are borne.
    bearing: (Duration, u8),
    /// The networks of the plan.
    networks: Vec<Network>,
}

impl Six {
    /// What the plan has of IPv6.
    pub(super) fn new(plan: &Plan, means: &Means) -> Self {
        let ground = Ground::new(&plan.networks, means, &plan.deny);
        let mut six = Self {
            parts: ground.parts.iter().map(|_| Progress::new()).collect(),
            macs: vec![HashSet::new(); ground.streets.len()],
            ground,
            agent: plan.agent.clone(),
            seed: mix(plan.seed ^ 6),
            tries: plan.pace.tries,
            timeout: plan.pace.timeout,
            footings: Vec::new(),
            talks: Vec::new(),
            bearing: (plan.pace.spacing(), plan.pace.silences),
            networks: plan.networks.clone(),
        };
        let streets = six.ground.streets.iter();
        six.footings = streets.clone().map(|_| Footing::new(plan.pace.link_wait)).collect();
        six.talks = streets.map(|_| Talks::new(plan.pace.canary)).collect();
        for street in 0..six.ground.streets.len() {
            if let Some((part, _)) = six.ground.part_of(street, ALL_NODES)
                && let Some(part) = six.parts.get_mut(part)
            {
                part.agenda.put(Job::Echo, Tick::ZERO);
                part.agenda.put(Job::Listeners, Tick::ZERO);
            }
        }
        six
    }

    /// When each part wants a turn.
    pub(super) fn wishes(&self) -> impl Iterator<Item = (usize, Tick)> + '_ {
        let parts = self.parts.iter().enumerate();
        parts.filter_map(|(n, part)| self.next(n, part.agenda.next()).map(|at| (n, at)))
    }

    /// Whether there is a link on which anybody may be asked for.
    pub(super) fn has_links(&self) -> bool {
        !self.ground.streets.is_empty()
    }

    /// The network that a part belongs to.
    pub(super) fn network(&self, part: usize) -> usize {
        self.ground.parts.get(part).map_or(usize::MAX, |part| part.network)
    }

    /// The turn of a part; `swept` if the sweeps of IPv4 on its link are over.
    pub(super) fn turn(
        &mut self,
        (part, swept): (usize, bool),
        (governor, questions, notes): (&mut Governor, &Questions, &mut Notes),
        now: Now,
    ) -> Turn {
        let network = self.network(part);
        let street = self.street(part);
        if street.and_then(|n| self.footings.get_mut(n)).is_some_and(|it| it.poll(now.tick)) {
            self.give_up(street);
        }
        let firm = street.and_then(|n| self.footings.get(n)).is_none_or(Footing::is_firm);
        while firm && governor.network_opens(network) <= now.tick {
            let Some(job) = self.parts.get_mut(part).and_then(|it| it.agenda.due(now.tick)) else {
                break;
            };
            let verdict = match job {
                Job::Admit => {
                    self.admit(part, governor, swept, now);
                    None
                }
                Job::Talk(ip) => self.talk((part, ip), (governor, questions, notes), now),
                Job::Echo | Job::Listeners | Job::Answers | Job::Solicit(_) | Job::Watch => {
                    self.work(part, job, governor, now)
                }
            };
            match verdict {
                Some(Verdict::Go(cleared)) => return Turn::Send(cleared),
                Some(Verdict::Refuse(Why::Budget)) => return Turn::Exhausted,
                Some(Verdict::Refuse(_) | Verdict::WaitUntil(_)) | None => {}
            }
        }
        let next = self.parts.get(part).and_then(|part| part.agenda.next());
        let next = self.next(part, next);
        Turn::Rest(next.map(|next| next.max(governor.network_opens(network))))
    }

    fn work(&mut self, n: usize, job: Job, governor: &mut Governor, now: Now) -> Option<Verdict> {
        let street_number = self.ground.parts.get(n)?.street.ok()?;
        let watched = if job == Job::Watch { Some(self.watched(n, now.tick)?) } else { None };
        let street = self.ground.streets.get(street_number)?;
        let part = self.parts.get_mut(n)?;
        let (packet, kind, target) = match job {
            Job::Answers | Job::Admit | Job::Talk(_) => return None,
            Job::Watch => {
                let ip = watched?;
                (question::solicitation(street, ip), PacketKind::NeighbourSolicitation, ip)
            }
            Job::Echo => (question::echo(street, self.seed), PacketKind::Echo, ALL_NODES),
            Job::Listeners => {
                let within = u16::try_from(self.timeout.as_millis()).unwrap_or(u16::MAX);
                (question::listeners(street, within), PacketKind::ListenerQuery, ALL_NODES)
            }
            Job::Solicit(ip) => {
                let neighbour = part.known.get_mut(&ip)?;
                if neighbour.answered || neighbour.refused.is_some() {
                    return None;
                }
                if neighbour.tries >= self.tries {
                    neighbour.spent = true;
                    part.pass(now.wall);
                    return None;
                }
                (question::solicitation(street, ip), PacketKind::NeighbourSolicitation, ip)
            }
        };
        // Many answer a question to a group, so none is awaited before the next: the pace of the
        // group, as of one target, is what spaces them.
        let by = now.tick.after(self.timeout);
        let answer_by = if target == ALL_NODES { now.tick } else { by };
        let place = governor.enrol(street_number, target);
        let opens = place.map_or(Tick::ZERO, |place| governor.target_opens(place));
        let verdict = if opens > now.tick {
            Verdict::WaitUntil(opens)
        } else {
            governor.clear(Request { packet, kind, answer_by }, now)
        };
        part.asked(job, &verdict, by, now);
        match &verdict {
            Verdict::WaitUntil(_) if job == Job::Watch => self.watch_later(n),
            Verdict::Refuse(_) if job == Job::Watch => self.unwatch(n, now.tick),
            Verdict::Go(_) | Verdict::WaitUntil(_) | Verdict::Refuse(_) => {}
        }
        Some(verdict)
    }

    /// A link-layer address was seen on this interface: addresses that its owner may have.
    pub(super) fn derive(&mut self, interface: &str, mac: Mac, desk: &mut Desk<'_>) {
        let Some(street) = self.ground.on(interface) else { return };
        let Some(macs) = self.macs.get_mut(street) else { return };
        let own = self.ground.streets.get(street).is_some_and(|street| street.mac == mac);
        if own || mac.is_group() || mac == Mac::ZERO || mac.virtual_router().is_some() {
            return;
        }
        if macs.len() >= MACS {
            desk.notes.strays.overflow += u64::from(!macs.contains(&mac));
            return;
        }
        if !macs.insert(mac) {
            return;
        }
        let of_street = self.ground.parts.iter().filter(|part| part.street == Ok(street));
        let subnets: Vec<_> = of_street.flat_map(|part| part.subnets.iter().copied()).collect();
        for subnet in subnets {
            self.notice(street, (derived(subnet, mac), mac), desk);
        }
    }

    /// The system's neighbour table has this address: it is asked whether it is still there.
    pub(super) fn hear_of(&mut self, interface: &str, who: (Ipv6Addr, Mac), desk: &mut Desk<'_>) {
        if let Some(street) = self.ground.on(interface) {
            self.notice(street, who, desk);
        }
    }

    /// This address may belong to `mac`: it is asked for, unless it is denied. Returns its part.
    fn notice(
        &mut self,
        street: usize,
        (ip, mac): (Ipv6Addr, Mac),
        desk: &mut Desk<'_>,
    ) -> Option<usize> {
        let (n, _) = self.ground.part_of(street, ip).filter(|_| ground::is_host(ip))?;
        if self.ground.is_own(street, ip) {
            return None;
        }
        let Some(place) = desk.governor.enrol(street, ip) else {
            desk.notes.strays.overflow += 1;
            return None;
        };
        desk.governor.learn(place, mac);
        let part = self.parts.get_mut(n)?;
        let new = !part.known.contains_key(&ip);
        let neighbour = part.known.entry(ip).or_default();
        if desk.governor.denies_six(ip, place) {
            neighbour.refused = Some(Why::Denied);
        } else if new {
            part.agenda.put(Job::Solicit(ip), desk.now.tick);
        }
        Some(n)
    }

    /// The system did not send a frame to this address.
    pub(super) fn not_sent(
        &mut self,
        (packet, ip, why): (&Packet, Ipv6Addr, Why),
        governor: &mut Governor,
    ) -> bool {
        let Packet::Frame { interface, octets } = packet else { return false };
        let found = self.ground.on(interface).and_then(|street| self.ground.part_of(street, ip));
        let Some(part) = found.and_then(|(n, _)| self.parts.get_mut(n)) else { return false };
        if ip == ALL_NODES {
            let kind = question::group_kind(octets);
            if kind == PacketKind::Echo {
                part.called = None;
            }
            governor.not_sent(packet, kind);
            return true;
        }
        let Some(neighbour) = part.known.get_mut(&ip) else { return false };
        if neighbour.answered {
            // It was the question of the watch.
            self.watch_not_sent(interface, ip);
        } else {
            neighbour.refused = Some(why);
        }
        governor.not_sent(packet, PacketKind::NeighbourSolicitation);
        true
    }

    fn observe(
        &self,
        (part, method): (usize, Method),
        (ip, mac): (Ipv6Addr, Mac),
        fact: Fact,
        desk: &mut Desk<'_>,
    ) {
        let Some(of) = self.ground.parts.get(part) else { return };
        let street = of.street.ok().and_then(|street| self.ground.streets.get(street));
        let vantage = Vantage {
            agent: self.agent.clone(),
            interface: street.map(|street| street.interface.clone()).unwrap_or_default(),
            network: of.name.clone(),
        };
        let speaker = Speaker { ip: Some(IpAddr::V6(ip)), mac: Some(mac) };
        let (at, vantage) = (desk.now.wall, vantage.into());
        desk.notes.observations.push_back(Observation { at, vantage, method, speaker, fact });
    }
}

impl Progress {
    fn new() -> Self {
        Self {
            agenda: Agenda::new(),
            known: BTreeMap::new(),
            echoed: BTreeSet::new(),
            span: None,
            called: None,
        }
    }

    /// Something left or came.
    fn pass(&mut self, at: Timestamp) {
        let (from, to) = self.span.unwrap_or((at, at));
        // The wall clock may be set back.
        self.span = Some((from.min(at), to.max(at)));
    }

    /// What became of a question.
    fn asked(&mut self, job: Job, verdict: &Verdict, by: Tick, now: Now) {
        match verdict {
            Verdict::Go(_) => {
                self.pass(now.wall);
                match job {
                    Job::Solicit(ip) => {
                        if let Some(neighbour) = self.known.get_mut(&ip) {
                            neighbour.tries += 1;
                        }
                        self.agenda.put(job, by);
                    }
                    Job::Echo => {
                        self.called = Some(now.wall);
                        self.agenda.put(Job::Answers, by);
                    }
                    Job::Watch => self.agenda.put(job, by),
                    Job::Listeners | Job::Answers | Job::Admit | Job::Talk(_) => {
                        self.agenda.put(Job::Answers, by);
                    }
                }
            }
            Verdict::WaitUntil(until) => self.agenda.put(job, *until),
            Verdict::Refuse(why) => {
                if let Job::Solicit(ip) = job
                    && let Some(neighbour) = self.known.get_mut(&ip)
                    && *why != Why::Budget
                {
                    neighbour.refused = Some(*why);
                }
            }
        }
    }

    /// Notes who claims an address. Returns whether that is new and to be told.
    fn claim(&mut self, ip: Ipv6Addr, who: (Mac, Mac), notes: &mut Notes) -> bool {
        let claims = &mut self.known.entry(ip).or_default().claims;
        if claims.contains(&who) {
            return false;
        }
        if claims.len() >= CLAIMS {
            notes.strays.overflow += 1;
            return false;
        }
        claims.push(who);
        true
    }
}
