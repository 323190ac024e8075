//! One declared network under scan: its sweeps, its live hosts and the interviews with them, and
//! how far each method got.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::RandomState;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::coverage::Why;
use daicho_common::observation::{Fact, Method, Observation, Speaker, Vantage};
use daicho_common::time::{Now, Tick};

use crate::engine::agenda::Agenda;
use crate::engine::bitmap::Bitmap;
use crate::engine::checkpoint::Settled;
use crate::engine::footing::Footing;
use crate::engine::governor::{Cleared, Governor, Verdict};
use crate::engine::interview::Interview;
use crate::engine::order::mix;
use crate::engine::question::Technique;
use crate::engine::reach::{Basis, Reach};
use crate::engine::scope::{Place, address, extent};
use crate::engine::sweep::Sweep;
use crate::engine::{Questions, Strays};
use crate::plan::{Means, Medical, Network, Pace, Plan, Policy};
use crate::probe::dns::Names;
use crate::probe::group::GroupQuestion;

/// Questions to everybody on the link.
mod browsing;
/// Names of addresses, asked of a name server.
mod naming;
/// The first interview of a network.
mod canary;
/// Coverage, once it is over.
mod covered;
/// What one method got from the inputs.
mod hearing;
/// What answers lead to.
mod leads;
/// The agent's own interface goes down, comes back, or gets another address.
mod outage;
/// How far one method got.
mod row;
/// The sweep of those who stayed silent to all others.
mod second;
/// Whether the agent's address in a VLAN is free.
mod sender;
/// The turns of sweeps and of live hosts.
mod turns;

use canary::Canary;
pub(super) use covered::Extent;
pub(super) use hearing::Desk;
pub(super) use leads::follow;
use row::Row;
use sender::Sender;

/// Most link-layer addresses that are noted for one address.
pub(super) const CLAIMS: usize = 8;

/// What was learned and what was not, on its way out.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) observations: VecDeque<Observation>,
    /// Connections that are over.
    pub(super) over: VecDeque<SocketAddr>,
    pub(super) strays: Strays,
}

/// Who wants a turn in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Source {
    Sender,
    Browse,
    Names,
    Sweep(usize),
    Canary,
    Host(u32),
}

/// What an area does with its turn.
pub(super) enum Turn {
    /// It sends this.
    Send(Cleared),
    /// It has nothing to send before this tick, or at all.
    Rest(Option<Tick>),
    /// The budget is used up.
    Exhausted,
}

/// A declared network under scan.
pub(super) struct Area {
    number: usize,
    network: Network,
    vantage: Arc<Vantage>,
    first: u32,
    size: u32,
    reach: Reach,
    /// Addresses that a host may have and that are not the agent's own.
    hosts: Bitmap,
    own: Bitmap,
    seed: u64,
    tries: u8,
    timeout: Duration,
    sender: Sender,
    sweeps: Vec<Sweep>,
    /// What everybody on the link is still asked.
    groups: Vec<Box<dyn GroupQuestion>>,
    /// How many endpoints were asked of a group where they are.
    resolved: usize,
    /// What hosts without an open interview answered to that, and may lead to more questions.
    answers: HashMap<u32, Vec<(Method, Fact)>>,
    names: Option<Names>,
    /// What mDNS said of a host, by a keyed hash: the browse and the interview hear the same.
    said: (RandomState, HashSet<u64>),
    rows: Vec<Row>,
    agenda: Agenda<Source>,
    live: Bitmap,
    /// Whether somebody is questioned only when the link-layer address shows that it may be.
    classes: bool,
    /// Live hosts whose link-layer address is not known yet.
    nameless: Bitmap,
    /// Link-layer addresses that claimed an address: source of the frame, and what it said.
    claims: HashMap<u32, Vec<(Mac, Mac)>>,
    waiting: VecDeque<u32>,
    /// How many were let in from `waiting` and are not through.
    admitted: usize,
    open: HashMap<u32, Interview>,
    questioned: u32,
    /// Live hosts that were questioned to the end, or are not to be questioned.
    through: Bitmap,
    /// The neighbour table could not be read in time: silence there shows nothing.
    unread: bool,
    /// What an interrupted scan had settled.
    earlier: Option<Settled>,
    canary: Canary,
    /// Live hosts that were left in peace.
    backed_off: u32,
    /// Time between two questions to one host, and silences of one that are borne.
    bearing: (Duration, u8),
    /// How the agent's own interface stands.
    footing: Footing,
}

/// Which numbers are addresses that a host may have, and which of them are the agent's own.
fn hosts(network: &Network, means: &Means, first: u32, size: u32) -> (Bitmap, Bitmap) {
    let (mut hosts, mut own) = (Bitmap::new(size), Bitmap::new(size));
    (0..size).for_each(|host| _ = hosts.set(host));
    let numbered = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u32::from(ip).checked_sub(first).filter(|host| *host < size),
        IpAddr::V6(_) => None,
    };
    let connected = means.links.iter().flat_map(|link| &link.addresses);
    for net in connected.clone().chain([&network.cidr]).filter(|net| net.prefix_len() < 31) {
        for ip in [net.network(), net.broadcast()] {
            numbered(ip).map(|host| hosts.put(host, false));
        }
    }
    let tagged = network.vlan.iter().filter_map(|vlan| vlan.address).map(IpAddr::V4);
    for host in connected.map(ipnet::IpNet::addr).chain(tagged).filter_map(numbered) {
        own.set(host);
        hosts.put(host, false);
    }
    (hosts, own)
}

/// The questions to the name server of the network, if it has one.
fn names(network: &Network, pace: Pace, seed: u64) -> Option<Names> {
    let [_, _, a, b, ..] = mix(seed).to_be_bytes();
    let first_id = u16::from_be_bytes([a, b]);
    let server = network.questions.name_server?;
    Some(Names::new(server, pace.timeout, pace.tries, first_id))
}

/// The network with the policy that it can be scanned by: in a VLAN nothing but ARP can be asked,
/// whatever was written.
fn as_scanned(network: &Network) -> Network {
    let policy = if network.vlan.is_some() { Policy::Sighting } else { network.policy };
    Network { policy, ..network.clone() }
}

impl Area {
    /// The scan of the network at this position in the plan.
    pub(super) fn new(number: usize, network: &Network, plan: &Plan, means: &Means) -> Self {
        let seed = mix(plan.seed ^ mix(number as u64));
        let reach = Reach::new(network, means, &plan.deny, seed);
        let (first, size) = extent(network.cidr).unwrap_or_default();
        let (hosts, own) = hosts(network, means, first, size);
        let bits = u8::try_from(size.max(1).ilog2()).unwrap_or_default();
        let pace = (plan.pace.tries, plan.pace.timeout);
        let sweeps = (0..).zip(&reach.sweeps);
        let sweeps =
            sweeps.map(|(n, technique)| Sweep::new(technique.clone(), bits, seed ^ n, pace));
        let row = |&(method, basis): &(Method, Basis)| Row::new(method, basis, size);
        let vantage = Arc::new(Vantage {
            agent: plan.agent.clone(),
            interface: reach.interface.clone(),
            network: network.name.clone(),
        });
        let classes =
            !plan.sighting.is_empty() && network.medical == Medical::Sighting && reach.shows_macs;
        let mut area = Self {
            number,
            network: as_scanned(network),
            vantage,
            first,
            size,
            hosts,
            own,
            seed,
            tries: plan.pace.tries,
            timeout: plan.pace.timeout,
            sender: Sender::Fit,
            sweeps: sweeps.collect(),
            groups: browsing::questions(network, &reach, plan.pace.timeout, seed),
            resolved: 0,
            answers: HashMap::new(),
            names: names(network, plan.pace, seed),
            said: (RandomState::new(), HashSet::new()),
            rows: reach.methods.iter().map(row).collect(),
            reach,
            agenda: Agenda::new(),
            live: Bitmap::new(size),
            classes,
            nameless: Bitmap::new(size),
            claims: HashMap::new(),
            waiting: VecDeque::new(),
            admitted: 0,
            open: HashMap::new(),
            questioned: 0,
            through: Bitmap::new(size),
            unread: false,
            earlier: None,
            canary: if plan.pace.canary { Canary::Wanted } else { Canary::Well },
            backed_off: 0,
            bearing: (plan.pace.spacing(), plan.pace.silences),
            footing: Footing::new(plan.pace.link_wait),
        };
        if !area.groups.is_empty() {
            area.agenda.put(Source::Browse, Tick::ZERO);
        }
        area.begin();
        area
    }

    fn begin(&mut self) {
        match self.sender_to_check() {
            Some(host) => {
                self.sender = Sender::checking(host);
                self.agenda.put(Source::Sender, Tick::ZERO);
            }
            None => self.begin_sweeps(Tick::ZERO),
        }
    }

    fn ip(&self, host: u32) -> Ipv4Addr {
        address(self.first, host)
    }

    fn place(&self, host: u32) -> Place {
        Place { network: self.number, host }
    }

    /// When a turn is wanted; `None` if only an input can make a difference.
    pub(super) fn next(&self) -> Option<Tick> {
        self.footing.next(self.agenda.next())
    }

    /// The interface that leads there; empty if the system's routing chooses.
    pub(super) fn interface(&self) -> &str {
        &self.reach.interface
    }

    /// The VLAN in which it is looked at by tagged frames.
    pub(super) fn vlan(&self) -> Option<u16> {
        self.network.vlan.as_ref().map(|vlan| vlan.id)
    }

    /// Whether frames of this interface and this VLAN are of this network.
    pub(super) fn is_on(&self, interface: &str, vlan: Option<u16>) -> bool {
        self.interface() == interface && self.vlan() == vlan
    }

    /// Whether the network is directly connected.
    pub(super) fn is_on_link(&self) -> bool {
        !self.reach.interface.is_empty()
    }

    /// Whether the class of a device decides what it is asked.
    pub(super) fn tells_classes(&self) -> bool {
        self.classes
    }

    /// Whether every address was asked for a sign of life to the end, or will not be any more.
    pub(super) fn is_over_with_sweeps(&self) -> bool {
        self.next().is_none() || self.sweeps.iter().all(Sweep::is_done)
    }

    /// Whether rows of the neighbour table are taken without having asked.
    pub(super) fn overhears(&self) -> bool {
        self.reach.overhears
    }

    /// Whether the system is being made to resolve the addresses.
    pub(super) fn is_resolving(&self) -> bool {
        self.is_on_link()
            && !self.footing.is_lost()
            && self
                .sweeps
                .iter()
                .any(|sweep| sweep.technique == Technique::Nudge && !sweep.is_done())
    }

    /// Answers may have been lost on their way in: the silent are asked once more.
    pub(super) fn ask_again(&mut self, now: Tick) {
        for (n, sweep) in self.sweeps.iter_mut().enumerate() {
            if matches!(sweep.technique, Technique::Arp { .. }) && sweep.ask_again() {
                self.agenda.hasten(Source::Sweep(n), now);
            }
        }
    }

    /// What stood in the neighbour table was lost: who did not answer by now may have.
    pub(super) fn lose_neighbours(&mut self) {
        self.unread |= self.sweeps.iter().any(|sweep| sweep.technique == Technique::Nudge);
    }

    /// Takes note of the tries that ran out, at the end of the scan.
    pub(super) fn expire(&mut self, now: Now) {
        self.sweeps.iter_mut().for_each(|sweep| sweep.expire(now));
    }

    /// Lets the first who wants a turn have it, until somebody sends something.
    pub(super) fn turn(
        &mut self,
        governor: &mut Governor,
        questions: &Questions,
        notes: &mut Notes,
        now: Now,
    ) -> Turn {
        if self.footing.poll(now.tick) {
            self.give_up();
        }
        while self.footing.is_firm() && governor.network_opens(self.number) <= now.tick {
            let Some(source) = self.agenda.due(now.tick) else { break };
            let verdict = match source {
                Source::Sender => self.check_sender(governor, now),
                Source::Browse => self.browse(governor, notes, now),
                Source::Names => self.ask_name(governor, notes, now),
                Source::Canary => self.watch(governor, now),
                Source::Sweep(n) => self.sweep(n, governor, now),
                Source::Host(host) => {
                    let verdict = self.interview(host, governor, questions, now);
                    self.collect(host, notes, now);
                    verdict
                }
            };
            match verdict {
                Some(Verdict::Go(cleared)) => return Turn::Send(cleared),
                Some(Verdict::Refuse(Why::Budget)) => return Turn::Exhausted,
                Some(Verdict::Refuse(_) | Verdict::WaitUntil(_)) | None => {}
            }
        }
        Turn::Rest(self.next().map(|next| next.max(governor.network_opens(self.number))))
    }

    /// Who speaks in an interview: with its link-layer address only if exactly one claimed the
    /// address in frames on this link.
    fn speaker(&self, host: u32) -> Speaker {
        let mac = match (self.sweeps.first().map(|sweep| &sweep.technique), self.claims.get(&host))
        {
            (Some(Technique::Arp { .. }), Some(claims)) => match claims.as_slice() {
                [(source, _)] => Some(*source),
                _ => None,
            },
            _ => None,
        };
        Speaker { ip: Some(self.ip(host).into()), mac }
    }

    fn observe(&self, notes: &mut Notes, now: Now, method: Method, said: (Speaker, Fact)) {
        let (vantage, (speaker, fact)) = (self.vantage.clone(), said);
        notes.observations.push_back(Observation { at: now.wall, vantage, method, speaker, fact });
    }
}
