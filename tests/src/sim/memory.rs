//! The hospital in memory: the other side of the engine's seam. Packets go in, answers come out
//! after a delay that the seed chooses, or are lost; time is a number that jumps to the next event.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use daicho_agent::engine::{Account, Engine, Input, Interviewer, Outlet, Packet};
use daicho_agent::plan::credential::{Community, Credential};
use daicho_agent::plan::question::Questions;
use daicho_agent::plan::window::Windows;
use daicho_agent::plan::{DenyList, Link, Means, Medical, Network, Pace, Plan, Policy};
use daicho_agent::probe::mdns::Mdns;
use daicho_agent::probe::snmp::{Catalog, Keyring, Snmp, Terms};
use daicho_agent::probe::{Dialogue, Stream};
use daicho_common::observation::Observation;
use daicho_common::time::{Now, Tick, Timestamp};
use ipnet::IpNet;

use super::answer::{answer_dns_sd, answer_snmp, answer_words, frame, greeting};
use super::dice::Dice;
use super::furnish::AGENT_MAC;
use super::{COMMUNITY, Door, Hospital, Reach};

const SNMP: u16 = 161;
const MDNS: u16 = 5353;
const INTERFACE: &str = "eth0";
/// When the scan begins: 2026-11-01T00:00:00Z.
const BEGIN: i64 = 1_793_491_200_000_000;
/// More turns than any scan of a hospital takes.
const MOST_TURNS: u64 = 5_000_000;

/// How the network behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Chooses what is lost and how long answers take.
    pub seed: u64,
    /// Answers lost, in a thousand.
    pub lost: u64,
    /// The longest that an answer takes.
    pub delay: Duration,
}

/// What came of a scan.
#[derive(Debug)]
pub struct Scanned {
    /// What was learned.
    pub observations: Vec<Observation>,
    /// The account.
    pub account: Account,
    /// Packets sent.
    pub packets: u64,
    /// Of them, those to each address; an ARP request goes to whom it asks for.
    pub targets: BTreeMap<IpAddr, u64>,
    /// Octets or knocks at ports that must never be sent to.
    pub forbidden: u64,
    /// How long it took, by the virtual clock.
    pub took: Duration,
}

/// An answer on its way.
#[derive(Clone, Debug)]
enum Answer {
    Frame(Vec<u8>),
    Echo(IpAddr, u16, Vec<u8>),
    Timestamp(Ipv4Addr, u16, u32),
    Datagram(Outlet, SocketAddr, Vec<u8>),
    Unreachable(Outlet, SocketAddr),
    Connected(SocketAddr),
    Refused(SocketAddr),
    SynAck(SocketAddrV4, u32),
    Reset(SocketAddrV4, u32),
    Opened(SocketAddr),
    Shut(SocketAddr),
    Words(SocketAddr, Vec<u8>),
    Closed(SocketAddr),
}

impl Answer {
    fn input(&self) -> Input<'_> {
        match self {
            Self::Frame(octets) => Input::Frame { interface: INTERFACE, octets },
            Self::Echo(from, sequence, payload) => {
                Input::EchoReply { from: *from, sequence: *sequence, payload }
            }
            Self::Timestamp(from, sequence, originate) => {
                let (sequence, originate) = (*sequence, *originate);
                Input::TimestampReply { from: (*from).into(), sequence, originate }
            }
            Self::Datagram(outlet, from, octets) => {
                Input::Datagram { outlet: *outlet, from: *from, octets }
            }
            Self::Unreachable(outlet, to) => Input::PortUnreachable { outlet: *outlet, to: *to },
            Self::Connected(to) => Input::Connected { to: *to },
            Self::Refused(to) => Input::Refused { to: *to },
            Self::SynAck(from, acknowledges) => {
                Input::SynAck { from: *from, acknowledges: *acknowledges }
            }
            Self::Reset(from, acknowledges) => {
                Input::Reset { from: *from, acknowledges: *acknowledges }
            }
            Self::Opened(to) => Input::Stream { to: *to, event: Stream::Opened },
            Self::Shut(to) => Input::Stream { to: *to, event: Stream::Refused },
            Self::Words(to, words) => Input::Stream { to: *to, event: Stream::Octets(words) },
            Self::Closed(to) => Input::Stream { to: *to, event: Stream::Closed },
        }
    }
}

/// A plan to look at all networks of the hospital as `cargo demo` does.
pub fn plan(hospital: &Hospital) -> Plan {
    let pace = Pace {
        packets_per_second: 400,
        target_packets_per_second: 40,
        timeout: Duration::from_millis(400),
        tries: 3,
        budget: 0,
        ..Pace::default()
    };
    let networks = hospital.declared().map(|segment| {
        let sighting = segment.reach == Reach::Sighting;
        Network {
            ipv6: false,
            vlan: None,
            name: segment.name.into(),
            cidr: IpNet::V4(segment.cidr),
            policy: if sighting { Policy::Sighting } else { Policy::Gentle },
            medical: Medical::Sighting,
            packets_per_second: pace.packets_per_second,
            credentials: vec![Credential::V2c(Community::new(COMMUNITY))],
            snmp_port: SNMP,
            tcp_ports: vec![22, 80, 443, 445],
            questions: Questions::default(),
            windows: Windows::default(),
        }
    });
    let networks = networks.collect();
    let (deny, sighting) = (DenyList::default(), BTreeSet::new());
    Plan { agent: "memory".into(), networks, deny, sighting, pace, seed: 1 }
}

/// What the agent may do on the hospital's link: everything.
pub fn means(hospital: &Hospital) -> Means {
    let addresses = hospital.agent_addresses().into_iter();
    let addresses = addresses.filter_map(|(ip, prefix)| IpNet::new(ip.into(), prefix).ok());
    let link = Link {
        interface: INTERFACE.into(),
        index: 0,
        mac: Some(AGENT_MAC),
        addresses: addresses.collect(),
        frames: true,
        neighbours: false,
        vlans: BTreeSet::new(),
    };
    Means { links: vec![link], echo: true, timestamp: true, syn: true, neighbour_table: true }
}

fn interviewer(pace: Pace, catalog: Catalog) -> Interviewer {
    let terms = Terms {
        keyring: Arc::new(Keyring::new(&[Credential::V2c(Community::new(COMMUNITY))], 1, None)),
        catalog: Arc::new(catalog),
        harm: false,
    };
    Box::new(move |network: &Network, ip| -> Vec<Box<dyn Dialogue>> {
        let to = SocketAddr::new(ip, network.snmp_port);
        vec![
            Box::new(Snmp::new(to, &terms, pace.timeout, pace.tries, 1)),
            Box::new(Mdns::new(ip, pace.timeout, pace.tries, 1)),
        ]
    })
}

/// Scans the hospital from end to end, in no real time.
///
/// # Errors
/// If the scan does not come to an end.
pub fn scan(hospital: &Hospital, plan: Plan, weather: Weather) -> Result<Scanned> {
    let mut air = Air::new(hospital, weather);
    let interviewer = interviewer(plan.pace, Catalog::shipped()?);
    let mut engine = Engine::new(plan, &means(hospital), interviewer, air.now());
    let mut observations = Vec::new();
    let mut turns = 0;
    loop {
        while let Some(cleared) = engine.poll_transmit(air.now()) {
            air.send(cleared.packet());
        }
        if engine.wants_neighbours() {
            engine.handle(Input::NeighboursRead, air.now());
        }
        while let Some(observation) = engine.poll_observation() {
            observations.push(observation);
        }
        if engine.is_finished() {
            break;
        }
        turns += 1;
        ensure!(turns < MOST_TURNS && air.wait(engine.poll_timeout()), "the scan stands still");
        while let Some(answer) = air.arrived() {
            engine.handle(answer.input(), air.now());
        }
    }
    let account = engine.finish(air.now());
    let took = air.tick.since(Tick::ZERO);
    let Air { packets, targets, forbidden, .. } = air;
    Ok(Scanned { observations, account, packets, targets, forbidden, took })
}

/// What is between the agent and the devices.
struct Air<'a> {
    hospital: &'a Hospital,
    weather: Weather,
    dice: Dice,
    tick: Tick,
    coming: BTreeMap<(Tick, u64), Answer>,
    packets: u64,
    targets: BTreeMap<IpAddr, u64>,
    forbidden: u64,
}

impl<'a> Air<'a> {
    fn new(hospital: &'a Hospital, weather: Weather) -> Self {
        let coming = BTreeMap::new();
        let dice = Dice::new(weather.seed);
        let (tick, targets) = (Tick::ZERO, BTreeMap::new());
        Self { hospital, weather, dice, tick, coming, packets: 0, targets, forbidden: 0 }
    }

    fn now(&self) -> Now {
        let wall = Timestamp::from_micros(BEGIN).after(self.tick.since(Tick::ZERO));
        Now { tick: self.tick, wall }
    }

    /// Jumps to the next event. Returns whether there is one.
    fn wait(&mut self, timeout: Option<Tick>) -> bool {
        let arrival = self.coming.keys().next().map(|(tick, _)| *tick);
        let next = [arrival, timeout].into_iter().flatten().min();
        self.tick = next.map_or(self.tick, |next| next.max(self.tick));
        next.is_some()
    }

    fn arrived(&mut self) -> Option<Answer> {
        let entry = self.coming.first_entry()?;
        (entry.key().0 <= self.tick).then(|| entry.remove())
    }

    fn send(&mut self, packet: &Packet) {
        self.packets += 1;
        if let Some(to) = target(packet) {
            *self.targets.entry(to).or_default() += 1;
        }
        let mut before = Tick::ZERO;
        for answer in self.answers(packet) {
            // What comes over a connection is neither lost nor out of order.
            let over_connection = matches!(
                answer,
                Answer::Opened(_) | Answer::Shut(_) | Answer::Words(..) | Answer::Closed(_)
            );
            if over_connection {
                before = before.max(self.tick).after(Duration::from_micros(500));
                self.coming.insert((before, self.dice.throw()), answer);
                continue;
            }
            if self.dice.chance(self.weather.lost) {
                continue;
            }
            let delay = self.dice.below(self.weather.delay.as_micros().try_into().unwrap_or(0));
            let at = self.tick.after(Duration::from_micros(delay + 1));
            self.coming.insert((at, self.dice.throw()), answer);
        }
    }

    fn answers(&mut self, packet: &Packet) -> Vec<Answer> {
        match packet {
            Packet::Frame { octets, .. } => {
                frame::answer_arp(self.hospital, octets).map(Answer::Frame).into_iter().collect()
            }
            Packet::Echo { to, sequence, payload } => {
                let device = v4(*to).and_then(|ip| self.hospital.at(ip));
                let echo = device.filter(|(device, _)| device.answers.echo);
                echo.map(|_| Answer::Echo(*to, *sequence, payload.clone())).into_iter().collect()
            }
            Packet::Timestamp { to, sequence, originate } => {
                let device = self.hospital.at(*to).filter(|(device, _)| device.answers.echo);
                let stamp = device.map(|_| Answer::Timestamp(*to, *sequence, *originate));
                stamp.into_iter().collect()
            }
            Packet::Datagram { outlet, to, octets, .. } => {
                self.heed(to.port());
                self.datagram(*outlet, *to, octets)
            }
            Packet::Syn { to, sequence } => {
                self.heed(to.port());
                let device = self.hospital.at(*to.ip());
                match device.map(|(device, _)| device.tcp(to.port())) {
                    Some(Door::Open) => vec![Answer::SynAck(*to, sequence.wrapping_add(1))],
                    Some(Door::Refused) => vec![Answer::Reset(*to, sequence.wrapping_add(1))],
                    Some(Door::Silent) | None => Vec::new(),
                }
            }
            Packet::Open { to } => {
                self.heed(to.port());
                self.opened(*to)
            }
            Packet::Say { to, octets } => {
                self.heed(to.port());
                self.said(*to, octets)
            }
            Packet::Connect { to } => {
                self.heed(to.port());
                let device = v4(to.ip()).and_then(|ip| self.hospital.at(ip));
                match device.map(|(device, _)| device.tcp(to.port())) {
                    Some(Door::Open) => vec![Answer::Connected(*to)],
                    Some(Door::Refused) => vec![Answer::Refused(*to)],
                    Some(Door::Silent) | None => Vec::new(),
                }
            }
        }
    }

    fn opened(&self, to: SocketAddr) -> Vec<Answer> {
        let device = v4(to.ip()).and_then(|ip| self.hospital.at(ip));
        match device.map(|(device, _)| (device.tcp(to.port()), greeting(device, to.port()))) {
            Some((Door::Open, words)) => {
                let words = words.map(|words| Answer::Words(to, words));
                [Answer::Opened(to)].into_iter().chain(words).collect()
            }
            Some((Door::Refused, _)) => vec![Answer::Shut(to)],
            Some((Door::Silent, _)) | None => Vec::new(),
        }
    }

    /// The answer, if there is one; then the connection is closed.
    fn said(&self, to: SocketAddr, octets: &[u8]) -> Vec<Answer> {
        let device = v4(to.ip()).and_then(|ip| self.hospital.at(ip));
        let words = device.and_then(|(device, _)| answer_words(device, to.port(), octets));
        words
            .map(|words| Answer::Words(to, words))
            .into_iter()
            .chain([Answer::Closed(to)])
            .collect()
    }

    fn heed(&mut self, port: u16) {
        self.forbidden += u64::from(frame::forbidden(port));
    }

    fn datagram(&self, outlet: Outlet, to: SocketAddr, octets: &[u8]) -> Vec<Answer> {
        if to.ip().is_multicast() {
            return self.group(outlet, octets);
        }
        let Some((device, nic)) = v4(to.ip()).and_then(|ip| self.hospital.at(ip)) else {
            return Vec::new();
        };
        let (said, listens) = match to.port() {
            SNMP => (answer_snmp(device, octets), device.answers.snmp.is_some()),
            MDNS => (answer_dns_sd(device, nic.ip, octets), !device.answers.services.is_empty()),
            _ => (None, false),
        };
        match said {
            Some(said) => vec![Answer::Datagram(outlet, to, said)],
            None if !listens && device.answers.resets => vec![Answer::Unreachable(outlet, to)],
            None => Vec::new(),
        }
    }

    /// Everybody on the link who has something to say.
    fn group(&self, outlet: Outlet, octets: &[u8]) -> Vec<Answer> {
        let on_link =
            |ip| self.hospital.segment_of(ip).is_some_and(|segment| segment.reach == Reach::Link);
        let devices = self.hospital.devices.iter();
        let nics = devices.flat_map(|device| device.nics.iter().map(move |nic| (device, nic)));
        nics.filter(|(_, nic)| on_link(nic.ip))
            .filter_map(|(device, nic)| {
                let said = answer_dns_sd(device, nic.ip, octets)?;
                Some(Answer::Datagram(outlet, SocketAddr::from((nic.ip, MDNS)), said))
            })
            .collect()
    }
}

/// Whom the packet is for; of a frame, the address that it asks for (RFC 826).
fn target(packet: &Packet) -> Option<IpAddr> {
    match packet {
        Packet::Frame { octets, .. } => {
            let asked: [u8; 4] = octets.get(38..42)?.try_into().ok()?;
            Some(Ipv4Addr::from(asked).into())
        }
        Packet::Echo { to, .. } => Some(*to),
        Packet::Timestamp { to, .. } => Some((*to).into()),
        Packet::Syn { to, .. } => Some((*to.ip()).into()),
        Packet::Datagram { to, .. }
        | Packet::Connect { to }
        | Packet::Open { to }
        | Packet::Say { to, .. } => Some(to.ip()),
    }
}

fn v4(ip: IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests;
