use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};

use super::*;
use crate::engine::order::mix;
use crate::engine::question::MDNS;
use crate::probe::mdns::GROUP;

/// What hosts answer.
mod answers;
/// An answer on its way.
mod reaction;

pub(super) use answers::arp_says;
use answers::{arp_reply, endpoint, named, print_service};
use reaction::{Event, Reaction, speaker};

/// What a host of the net does.
#[derive(Clone, Debug, Default)]
pub(super) struct Host {
    /// Its link-layer addresses: it answers ARP once with each.
    pub(super) macs: Vec<Mac>,
    /// Open TCP ports.
    pub(super) open: Vec<u16>,
    /// Whether it refuses all other TCP and UDP ports, or drops.
    pub(super) refuses: bool,
    /// Whether it answers echo requests.
    pub(super) echoes: bool,
    /// Whether it answers timestamp requests.
    pub(super) stamps: bool,
    /// TCP ports that return what they get, in two pieces, and close after `bye`.
    pub(super) echoing: Vec<u16>,
    /// Open UDP ports: it returns what it gets with the first octet of the flags set to 0x84.
    pub(super) talks: Vec<u16>,
}

impl Host {
    pub(super) fn with_mac(number: u8) -> Self {
        Self { macs: vec![Mac::new([0, 0x1a, 0x2b, 0, 0, number])], ..Self::default() }
    }
}

/// The net.
pub(super) struct Net {
    pub(super) hosts: HashMap<IpAddr, Host>,
    /// Everything that was sent.
    pub(super) record: Vec<(Tick, Packet)>,
    /// Every answer that was handed in.
    pub(super) replies: Vec<(Tick, IpAddr)>,
    /// Percentage of packets that are lost, in each direction.
    pub(super) loss: u64,
    /// How long an answer takes.
    pub(super) delay: Duration,
    /// A host never answers again once it was asked anything above the link.
    pub(super) falls_when_asked: bool,
    /// Nobody answers a datagram after so many were answered.
    pub(super) mute_after: Option<usize>,
    /// An answer to a datagram takes 400 ms after so many.
    pub(super) slow_after: Option<usize>,
    datagrams: usize,
    /// Random octets instead of every answer.
    pub(super) noise: bool,
    /// A printer that answers questions of DNS-SD, whoever they are to.
    pub(super) printer: Option<IpAddr>,
    /// A root device that answers searches of SSDP's group, and no others.
    pub(super) root_device: Option<IpAddr>,
    /// The system refuses to send to these.
    pub(super) unsendable: Vec<IpAddr>,
    /// The system refuses to send datagrams to these.
    pub(super) unsendable_datagrams: Vec<IpAddr>,
    /// What is added to every acknowledgment number: hosts that lie.
    pub(super) lie: u32,
    /// When a SYN-ACK came to the system, which resets it, and from whom.
    pub(super) resets: Vec<(Tick, IpAddr)>,
    /// The system's neighbour table before the scan.
    pub(super) table: BTreeMap<IpAddr, Mac>,
    /// Between these ticks the neighbour table cannot be read.
    pub(super) unreadable: (Tick, Tick),
    /// Go on with this.
    pub(super) earlier: Option<Checkpoint>,
    /// Whether the checkpoint is taken as after a result that arrived.
    pub(super) whole: bool,
    /// Stop at this tick.
    pub(super) stop: Option<Tick>,
    /// From when to when nothing passes the agent's own interface.
    pub(super) outage: Option<(Tick, Tick)>,
    /// What the system says of its interfaces, and when.
    pub(super) links: BTreeMap<Tick, Vec<Link>>,
    /// What the wall clock shows at a tick.
    pub(super) wall: fn(Tick) -> Timestamp,
    /// A name server that names every address.
    pub(super) namer: Option<IpAddr>,
    /// Follow these leads.
    pub(super) leads: Option<Leads>,
    /// Connections that the engine was done with.
    pub(super) over: Vec<SocketAddr>,
    pieces: u64,
    coming: BTreeMap<(Tick, u64), Reaction>,
    dice: u64,
}

/// What became of a scan.
pub(super) struct Outcome {
    pub(super) account: Account,
    pub(super) observations: Vec<Observation>,
    pub(super) progress: Progress,
    pub(super) ended: Tick,
    pub(super) checkpoint: Checkpoint,
}

impl Outcome {
    /// Facts by method, in order.
    pub(super) fn facts(&self) -> Vec<(Method, Fact)> {
        self.observations.iter().map(|o| (o.method, o.fact.clone())).collect()
    }
}

impl Net {
    pub(super) fn new(hosts: impl IntoIterator<Item = (IpAddr, Host)>) -> Self {
        Self {
            hosts: hosts.into_iter().collect(),
            record: Vec::new(),
            replies: Vec::new(),
            loss: 0,
            delay: Duration::from_millis(2),
            falls_when_asked: false,
            mute_after: None,
            slow_after: None,
            datagrams: 0,
            noise: false,
            printer: None,
            root_device: None,
            unsendable: Vec::new(),
            unsendable_datagrams: Vec::new(),
            lie: 0,
            resets: Vec::new(),
            table: BTreeMap::new(),
            unreadable: (Tick::ZERO, Tick::ZERO),
            earlier: None,
            whole: false,
            stop: None,
            outage: None,
            links: BTreeMap::new(),
            wall: |tick| {
                Timestamp::from_micros(1_800_000_000_000_000 + tick.micros().cast_signed())
            },
            namer: None,
            leads: None,
            over: Vec::new(),
            pieces: 0,
            coming: BTreeMap::new(),
            dice: 7,
        }
    }

    fn roll(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(1);
        mix(self.dice)
    }

    fn is_down(&self, now: Tick) -> bool {
        self.outage.is_some_and(|(from, to)| from <= now && now < to)
    }

    fn is_lost(&mut self) -> bool {
        self.loss > 0 && self.roll() % 100 < self.loss
    }

    fn answer(&mut self, now: Tick, reaction: Reaction) {
        if self.is_lost() {
            return;
        }
        let reaction = if self.noise { self.scramble(reaction) } else { reaction };
        let order = self.roll();
        let mut delay = self.delay;
        if matches!(reaction, Reaction::Datagram(..)) {
            self.datagrams += 1;
            if self.mute_after.is_some_and(|most| self.datagrams > most) {
                return;
            }
            if self.slow_after.is_some_and(|most| self.datagrams > most) {
                delay = Duration::from_millis(400);
            }
        }
        self.coming.insert((now.after(delay), order), reaction);
    }

    /// A packet arrives.
    fn take(&mut self, now: Tick, packet: &Packet) {
        self.record.push((now, packet.clone()));
        let (to, port) = governor::subject(packet).expect("a packet with a subject");
        let datagram = matches!(packet, Packet::Datagram { .. });
        if self.unsendable.contains(&to) || (datagram && self.unsendable_datagrams.contains(&to)) {
            let order = self.roll();
            self.coming.insert((now, order), Reaction::NotSent(packet.clone(), true));
            return;
        }
        if self.is_down(now) {
            return;
        }
        if self.falls_when_asked && datagram {
            self.hosts.remove(&to);
        }
        if let (Some(ip), Packet::Datagram { outlet: Outlet::Mdns, octets, .. }) =
            (self.printer.filter(|ip| to == *ip || to == GROUP), packet)
        {
            let from = SocketAddr::new(ip, MDNS);
            self.answer(now, Reaction::Datagram(Outlet::Mdns, from, print_service(octets)));
            return;
        }
        if let (Some(ip), Packet::Datagram { octets, .. }) =
            (self.root_device.filter(|_| to == crate::probe::group::GROUP), packet)
        {
            let searched = port == Some(crate::probe::ssdp::PORT);
            let response = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n";
            let answer = if searched { response.to_vec() } else { endpoint(octets) };
            let from = SocketAddr::new(ip, 40_000);
            self.answer(now, Reaction::Datagram(Outlet::Udp, from, answer));
            return;
        }
        if let (Some(ip), Packet::Datagram { outlet: Outlet::Udp, octets, to, .. }) =
            (self.namer.filter(|ip| to == *ip), packet)
            && to.port() == crate::probe::dns::PORT
        {
            self.answer(
                now,
                Reaction::Datagram(Outlet::Udp, SocketAddr::new(ip, 53), named(octets)),
            );
            return;
        }
        let lost = self.is_lost();
        if let Some(host) = self.hosts.get(&to).cloned().filter(|_| !lost) {
            self.ask(host, packet, port.unwrap_or_default(), now);
        }
    }

    /// A host gets a packet.
    fn ask(&mut self, host: Host, packet: &Packet, port: u16, now: Tick) {
        match packet {
            Packet::Frame { octets, .. } => {
                for mac in host.macs {
                    self.answer(now, Reaction::Frame(arp_reply(mac, octets)));
                }
            }
            Packet::Echo { to, sequence, payload } if host.echoes => {
                self.answer(now, Reaction::Echo(*to, *sequence, payload.clone()));
            }
            Packet::Timestamp { to, sequence, originate } if host.stamps => {
                self.answer(now, Reaction::Stamp((*to).into(), *sequence, *originate));
            }
            Packet::Datagram { outlet, to, octets, .. } => {
                if let Some(mac) = host.macs.first().filter(|_| *outlet == Outlet::Connected) {
                    self.table.insert(to.ip(), *mac);
                }
                if host.talks.contains(&port) {
                    let mut octets = octets.clone();
                    octets[2] = 0x84;
                    self.answer(now, Reaction::Datagram(*outlet, *to, octets));
                } else if host.refuses {
                    self.answer(now, Reaction::Unreachable(*outlet, *to));
                }
            }
            Packet::Syn { to, sequence } => {
                let acknowledges = sequence.wrapping_add(1).wrapping_add(self.lie);
                if host.open.contains(&port) {
                    self.answer(now, Reaction::SynAck(*to, acknowledges));
                } else if host.refuses {
                    self.answer(now, Reaction::Reset(*to, acknowledges));
                }
            }
            Packet::Connect { to } if host.open.contains(&port) => {
                self.answer(now, Reaction::Connected(*to));
            }
            Packet::Open { to } if host.echoing.contains(&port) => {
                self.answer(now, Reaction::Stream(*to, Event::Opened));
            }
            Packet::Open { to } if host.refuses => {
                self.answer(now, Reaction::Stream(*to, Event::Refused));
            }
            Packet::Say { to, octets } if host.echoing.contains(&port) => {
                self.echo_words(*to, octets, now);
            }
            Packet::Connect { to } if host.refuses => self.answer(now, Reaction::Refused(*to)),
            Packet::Echo { .. }
            | Packet::Timestamp { .. }
            | Packet::Connect { .. }
            | Packet::Open { .. }
            | Packet::Say { .. } => {}
        }
    }

    /// Says it back in two pieces, in order, which a connection keeps and this net's dice does not.
    fn echo_words(&mut self, to: SocketAddr, octets: &[u8], now: Tick) {
        let (first, second) = octets.split_at(octets.len() / 2);
        let mut events: Vec<_> = [first, second].map(|part| Event::Octets(part.to_vec())).into();
        events.extend((octets == b"bye").then_some(Event::Closed));
        for event in events {
            let at = (now.after(self.delay), self.pieces);
            self.coming.insert(at, Reaction::Stream(to, event));
            self.pieces += 1;
        }
    }

    fn hand_in(&mut self, engine: &mut Engine, reaction: &Reaction, now: Now) {
        let input = match reaction {
            Reaction::Frame(octets) => Input::Frame { interface: "eth0", octets },
            Reaction::Echo(from, sequence, payload) => {
                Input::EchoReply { from: *from, sequence: *sequence, payload }
            }
            Reaction::Stamp(from, sequence, originate) => {
                Input::TimestampReply { from: *from, sequence: *sequence, originate: *originate }
            }
            Reaction::Datagram(outlet, from, octets) => {
                Input::Datagram { outlet: *outlet, from: *from, octets }
            }
            Reaction::Unreachable(outlet, to) => {
                Input::PortUnreachable { outlet: *outlet, to: *to }
            }
            Reaction::Connected(to) => Input::Connected { to: *to },
            Reaction::Refused(to) => Input::Refused { to: *to },
            Reaction::Stream(to, event) => Input::Stream {
                to: *to,
                event: match event {
                    Event::Opened => Stream::Opened,
                    Event::Refused => Stream::Refused,
                    Event::Octets(octets) => Stream::Octets(octets),
                    Event::Closed => Stream::Closed,
                },
            },
            Reaction::SynAck(from, acknowledges) => {
                self.resets.push((now.tick, (*from.ip()).into()));
                Input::SynAck { from: *from, acknowledges: *acknowledges }
            }
            Reaction::Reset(from, acknowledges) => {
                Input::Reset { from: *from, acknowledges: *acknowledges }
            }
            Reaction::NotSent(packet, unreachable) => {
                Input::NotSent { packet, unreachable: *unreachable }
            }
        };
        if let Some(from) = speaker(reaction) {
            self.replies.push((now.tick, from));
        }
        engine.handle(input, now);
    }

    /// Answers one frame at once.
    pub(super) fn answer_frame(&mut self, engine: &mut Engine, packet: &Packet, now: Now) {
        self.take(now.tick, packet);
        while let Some((_, reaction)) = self.coming.pop_first() {
            self.hand_in(engine, &reaction, now);
        }
    }

    /// Runs a scan to its end.
    pub(super) fn run(&mut self, plan: Plan, means: &Means, interviewer: Interviewer) -> Outcome {
        let start = Tick::from_micros(1_000_000);
        let mut now = Now { tick: start, wall: (self.wall)(start) };
        let mut engine = Engine::new(plan, means, interviewer, now);
        if let Some(earlier) = &self.earlier {
            engine.resume(earlier);
        }
        if let Some(leads) = self.leads.take() {
            engine.follow(leads);
        }
        let mut observations = Vec::new();
        loop {
            while let Some(cleared) = engine.poll_transmit(now) {
                self.take(now.tick, cleared.packet());
            }
            observations.extend(std::iter::from_fn(|| engine.poll_observation()));
            self.over.extend(std::iter::from_fn(|| engine.poll_hang_up()));
            if engine.is_finished() {
                break;
            }
            let (from, to) = self.unreadable;
            if engine.wants_neighbours() && from <= now.tick && now.tick < to {
                engine.handle(Input::NeighboursUnreadable, now);
                continue;
            }
            if engine.wants_neighbours() {
                for (&ip, &mac) in &self.table {
                    engine.handle(Input::Neighbour { interface: "eth0", ip, mac }, now);
                }
                engine.handle(Input::NeighboursRead, now);
                assert!(!engine.wants_neighbours());
                continue;
            }
            let coming = self.coming.keys().next().map(|(at, _)| *at);
            let looked = self.links.keys().next().copied();
            let next = [engine.poll_timeout(), coming, self.stop, looked];
            let next = next.into_iter().flatten().min();
            let tick = now.tick.max(next.expect("a scan that is not finished waits for something"));
            now = Now { tick, wall: (self.wall)(tick) };
            if self.stop.is_some_and(|stop| stop <= tick) {
                engine.stop(now);
                assert!(engine.is_finished() && engine.poll_timeout().is_none());
            }
            while let Some(entry) = self.coming.first_entry().filter(|e| e.key().0 <= now.tick) {
                let reaction = entry.remove();
                if !self.is_down(now.tick) {
                    self.hand_in(&mut engine, &reaction, now);
                }
            }
            while let Some(entry) = self.links.first_entry().filter(|e| *e.key() <= now.tick) {
                engine.handle(Input::Links(&entry.remove()), now);
            }
        }
        let progress = engine.progress();
        let ended = Tick::from_micros(now.tick.micros() - start.micros());
        let checkpoint = engine.checkpoint(self.whole, now);
        Outcome { account: engine.finish(now), observations, progress, ended, checkpoint }
    }

    /// How often each address was asked.
    pub(super) fn asked(&self) -> BTreeMap<IpAddr, usize> {
        let mut asked = BTreeMap::new();
        for (_, packet) in &self.record {
            *asked.entry(governor::subject(packet).unwrap().0).or_default() += 1;
        }
        asked
    }
}

/// Hosts at these addresses of 10.20.0.0/16, as (third, fourth octet), that answer ARP.
pub(super) fn hosts(at: impl IntoIterator<Item = (u8, u8)>) -> Vec<(IpAddr, Host)> {
    let host = |(c, d)| (Ipv4Addr::new(10, 20, c, d).into(), Host::with_mac(d));
    at.into_iter().map(host).collect()
}

/// A printer that announces itself.
pub(super) fn talker() -> Host {
    Host { talks: vec![MDNS], ..Host::with_mac(9) }
}
