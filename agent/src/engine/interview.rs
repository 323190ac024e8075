//! Questions to one live host: first the ports that the policy allows, then its dialogues, one
//! packet at a time.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use daicho_common::coverage::{PacketKind, Why};
use daicho_common::observation::{Fact, Method, Reply};
use daicho_common::time::Tick;

use crate::engine::pulse::Pulse;
use crate::engine::question::Knock;
use crate::engine::{Outlet, Packet};
use crate::probe::{Ask, Dialogue, Stream};

/// Most dialogues that follow from what one host said.
const MOST_LEADS: usize = 16;

/// How long an interview waits for a connection to become free in the whole scan.
const GLANCE: Duration = Duration::from_millis(100);

/// What an interview does with its turn.
#[derive(Debug)]
pub(super) enum Turn {
    /// It asks this, and awaits the answer until then.
    Ask(Packet, PacketKind, Tick),
    /// It has nothing to do before this tick.
    Rest(Tick),
    /// It is over.
    Done,
}

/// How a method ended with this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All was asked; something came back, or nothing.
    Asked {
        /// Whether something came back.
        answered: bool,
    },
    /// It could not be asked, or not to the end.
    NotAsked(Why),
}

/// An interview under way.
pub(super) struct Interview {
    /// Its address with port 0; one that means something on one link only says on which.
    host: SocketAddr,
    timeout: Duration,
    pulse: Pulse,
    /// Whether the last question that left was answered; true if none left.
    last_answered: bool,
    knock: Knock,
    ports: VecDeque<u16>,
    knocked: Option<(u16, Tick)>,
    connect: Option<End>,
    dialogues: VecDeque<Box<dyn Dialogue>>,
    /// Where the current dialogue asked last and as what, and whether it was answered yet.
    asked: Option<(Outlet, PacketKind)>,
    answered: bool,
    seen: HashSet<(Method, Fact)>,
    facts: VecDeque<(Method, Fact)>,
    ends: VecDeque<(Method, End)>,
    /// What was learned and may lead to more questions.
    leads: VecDeque<(Method, Fact)>,
    followed: usize,
    /// The port of the connection that is open or being opened.
    connection: Option<u16>,
    /// Connections that are over.
    over: VecDeque<SocketAddr>,
    /// Ports that were found shut: nothing is asked there.
    shut: HashSet<u16>,
    /// What is or was asked, and where.
    held: HashSet<(Method, u16, String)>,
}

/// Whether more questions may follow from this.
fn is_lead(fact: &Fact) -> bool {
    matches!(fact, Fact::Service { .. } | Fact::Ssdp(_) | Fact::Said(_))
}

/// What a dialogue asks, and where, if that is at a port.
fn held(dialogue: &dyn Dialogue) -> Option<(Method, u16, String)> {
    Some((dialogue.method(), dialogue.port()?, dialogue.subject().to_owned()))
}

/// The same host at this port.
const fn at(mut host: SocketAddr, port: u16) -> SocketAddr {
    host.set_port(port);
    host
}

/// What a dialogue wants to send, as a packet to this host.
fn packet(host: SocketAddr, ask: Ask) -> Packet {
    let (to, interface) = (at(host, ask.port), String::new());
    match (ask.outlet, ask.kind) {
        (Outlet::Stream, PacketKind::TcpOpen) => Packet::Open { to },
        (Outlet::Stream, _) => Packet::Say { to, octets: ask.octets },
        (outlet, _) => Packet::Datagram { outlet, interface, to, octets: ask.octets },
    }
}

impl Interview {
    /// An interview with `host`, whose port is nothing: knocks at `ports` and then `dialogues`, in order. How long an
    /// answer is awaited, the time between two questions, and the silences that are borne.
    pub(super) fn new(
        host: SocketAddr,
        (knock, ports): (Knock, &[u16]),
        dialogues: Vec<Box<dyn Dialogue>>,
        (timeout, (spacing, patience)): (Duration, (Duration, u8)),
    ) -> Self {
        Self {
            host,
            timeout,
            pulse: Pulse::new(spacing, patience),
            last_answered: true,
            knock,
            ports: ports.iter().copied().collect(),
            knocked: None,
            connect: (!ports.is_empty()).then_some(End::Asked { answered: false }),
            held: dialogues.iter().filter_map(|dialogue| held(&**dialogue)).collect(),
            dialogues: dialogues.into(),
            asked: None,
            answered: false,
            seen: HashSet::new(),
            facts: VecDeque::new(),
            ends: VecDeque::new(),
            leads: VecDeque::new(),
            followed: 0,
            connection: None,
            over: VecDeque::new(),
            shut: HashSet::new(),
        }
    }

    /// What to do now; `opens` is when the governor lets a packet go to this host, and whether a
    /// connection may be opened now. A dialogue is not polled before, for what it returns counts as
    /// sent.
    pub(super) fn turn(&mut self, now: Tick, (opens, connects): (Tick, bool)) -> Turn {
        if let Some((port, by)) = self.knocked {
            if by > now {
                return Turn::Rest(by);
            }
            self.shut.insert(port);
            self.knocked = None;
        }
        self.pulse.expire(now);
        if self.pulse.is_spent() {
            self.leave_in_peace();
        }
        let opens = opens.max(self.pulse.opens());
        loop {
            if self.skip_ended() {
                return Turn::Done;
            }
            if opens > now {
                return Turn::Rest(opens);
            }
            if let Some(port) = self.ports.pop_front() {
                let by = now.after(self.timeout);
                self.knocked = Some((port, by));
                self.last_answered = false;
                let packet = self.knock.packet(at(self.host, port));
                return Turn::Ask(packet, self.knock.kind(), by);
            }
            let Some(dialogue) = self.dialogues.front_mut() else { return Turn::Done };
            if dialogue.port().is_some() && self.connection.is_none() && !connects {
                return Turn::Rest(now.after(GLANCE));
            }
            if let Some(ask) = dialogue.poll_transmit(now) {
                self.asked = Some((ask.outlet, ask.kind));
                if ask.kind == PacketKind::TcpOpen {
                    let earlier = self.connection.replace(ask.port);
                    self.over.extend(earlier.map(|port| at(self.host, port)));
                }
                let by = dialogue.poll_timeout().unwrap_or(now.after(self.timeout));
                self.pulse.ask(now, by);
                self.last_answered = false;
                let kind = ask.kind;
                return Turn::Ask(packet(self.host, ask), kind, by);
            }
            let until = dialogue.poll_timeout().filter(|_| !dialogue.is_finished());
            self.drain();
            match until {
                Some(at) if at > now => return Turn::Rest(at),
                // A dialogue that wants nothing and awaits nothing is over, whatever it says.
                Some(_) | None => self.close(End::Asked { answered: self.answered }),
            }
        }
    }

    /// Closes what has ended. Returns whether that was all.
    fn skip_ended(&mut self) -> bool {
        if !self.ports.is_empty() {
            return false;
        }
        if let Some(end) = self.connect.take() {
            self.ends.push_back((self.knock.method(), end));
        }
        loop {
            let Some(dialogue) = self.dialogues.front() else { return true };
            let unasked = self.asked.is_none();
            if dialogue.is_finished() {
                self.close(End::Asked { answered: self.answered });
            } else if unasked && dialogue.port().is_some_and(|port| self.shut.contains(&port)) {
                // It is known already that nobody listens there.
                self.close(End::Asked { answered: false });
            } else {
                return false;
            }
        }
    }

    /// Ends the current dialogue.
    fn close(&mut self, end: End) {
        self.drain();
        if let Some(dialogue) = self.dialogues.pop_front() {
            self.ends.push_back((dialogue.method(), end));
        }
        self.hang_up();
        (self.asked, self.answered) = (None, false);
        self.pulse.turn_over();
    }

    /// The connection is over, if there is one.
    fn hang_up(&mut self) {
        if let Some(port) = self.connection.take() {
            self.over.push_back(at(self.host, port));
        }
    }

    /// Something that the host said elsewhere, and that may lead to more questions.
    pub(super) fn suggest(&mut self, method: Method, fact: Fact) {
        if is_lead(&fact) && self.leads.len() < MOST_LEADS {
            self.leads.push_back((method, fact));
        }
    }

    /// Something that was learned and may lead to more questions, oldest first.
    pub(super) fn poll_lead(&mut self) -> Option<(Method, Fact)> {
        self.leads.pop_front()
    }

    /// Asks this too, unless the same is or was asked at that port, or too much followed already.
    /// Returns whether it is asked.
    pub(super) fn follow(&mut self, dialogue: Box<dyn Dialogue>) -> bool {
        if self.followed >= MOST_LEADS || self.pulse.is_spent() {
            return false;
        }
        let new = held(&*dialogue).is_none_or(|it| self.held.insert(it));
        if new {
            self.followed += 1;
            self.dialogues.push_back(dialogue);
        }
        new
    }

    /// A connection that is over, oldest first.
    pub(super) fn poll_hang_up(&mut self) -> Option<SocketAddr> {
        self.over.pop_front()
    }

    /// Nothing more is asked: what is left counts as not asked.
    fn leave_in_peace(&mut self) {
        self.leads.clear();
        while let Some(dialogue) = self.dialogues.front_mut() {
            // What it says of its end would count what was not asked as silence.
            while dialogue.poll_fact().is_some() {}
            while dialogue.poll_aside().is_some() {}
            self.close(End::NotAsked(Why::BackedOff));
        }
    }

    /// Whether the last question was not answered.
    pub(super) const fn fell_silent(&self) -> bool {
        !self.last_answered
    }

    /// Takes over what the current dialogue learned, each thing once.
    fn drain(&mut self) {
        let Some(dialogue) = self.dialogues.front_mut() else { return };
        let method = dialogue.method();
        let said = std::iter::from_fn(|| dialogue.poll_fact().map(|fact| (method, fact)));
        let mut said: Vec<_> = said.collect();
        said.extend(std::iter::from_fn(|| dialogue.poll_aside()));
        for (method, fact) in said {
            if is_lead(&fact) && self.leads.len() < MOST_LEADS {
                self.leads.push_back((method, fact.clone()));
            }
            // Rows of tables are told once by themselves, and too many to be kept.
            if matches!(fact, Fact::Rows(_)) || self.seen.insert((method, fact.clone())) {
                self.facts.push_back((method, fact));
            }
        }
    }

    /// The last packet that was asked for did not leave. Returns what it had counted as, unless
    /// none is awaited.
    pub(super) fn not_sent(&mut self, why: Why) -> Option<PacketKind> {
        self.last_answered = true;
        if self.knocked.take().is_some() {
            self.connect = Some(End::NotAsked(why));
            Some(self.knock.kind())
        } else {
            let kind = self.asked.map(|(_, kind)| kind);
            if kind? == PacketKind::TcpOpen {
                self.connection = None;
            }
            self.pulse.forget();
            // What an abandoned dialogue says of its end would count the want of a way as silence.
            while let Some(true) = self.dialogues.front_mut().map(|d| d.poll_fact().is_some()) {}
            while let Some(true) = self.dialogues.front_mut().map(|d| d.poll_aside().is_some()) {}
            self.close(End::NotAsked(why));
            kind
        }
    }

    /// A datagram came from the host. Returns whether it answered what was asked.
    pub(super) fn hear(
        &mut self,
        outlet: Outlet,
        from: SocketAddr,
        octets: &[u8],
        now: Tick,
    ) -> bool {
        let asked = self.asked.map(|(outlet, _)| outlet);
        let current = self.dialogues.front_mut().filter(|_| asked == Some(outlet));
        let heard = current.is_some_and(|dialogue| dialogue.handle_datagram(from, octets, now));
        if heard {
            (self.answered, self.last_answered) = (true, true);
            self.pulse.answer(now);
            self.drain();
        }
        heard
    }

    /// A datagram came back. Returns whether it was one of this interview.
    pub(super) fn hear_unreachable(&mut self, outlet: Outlet, now: Tick) -> bool {
        let asked = self.asked.map(|(outlet, _)| outlet);
        let current = self.dialogues.front_mut().filter(|_| asked == Some(outlet));
        let heard = current.map(|dialogue| dialogue.handle_unreachable(now)).is_some();
        if heard {
            self.last_answered = true;
            self.pulse.forget();
            self.drain();
        }
        heard
    }

    /// Something happened to the connection to this port. Returns whether it answers what was asked.
    pub(super) fn hear_stream(&mut self, port: u16, event: Stream<'_>, now: Tick) -> bool {
        if self.connection != Some(port) {
            return false;
        }
        let current = self.dialogues.front_mut();
        let heard = current.is_some_and(|dialogue| dialogue.handle_stream(event, now));
        if !heard {
            return false;
        }
        self.last_answered = true;
        match event {
            Stream::Opened | Stream::Octets(_) => {
                self.answered = true;
                self.pulse.answer(now);
            }
            Stream::Refused => {
                self.shut.insert(port);
                self.pulse.forget();
            }
            Stream::Closed => self.pulse.forget(),
        }
        self.drain();
        true
    }

    /// A connection to this port was accepted or refused. Returns whether it was awaited.
    pub(super) fn hear_connect(&mut self, reply: Reply, port: u16) -> bool {
        let awaited = self.knocked.is_some_and(|(knocked, _)| knocked == port);
        if awaited {
            (self.knocked, self.last_answered) = (None, true);
            if self.connect == Some(End::Asked { answered: false }) {
                self.connect = Some(End::Asked { answered: true });
            }
            if matches!(reply, Reply::TcpRefused(_)) {
                self.shut.insert(port);
            }
            self.facts.push_back((self.knock.method(), Fact::Answered(reply)));
        }
        awaited
    }

    /// The method of the packet that was asked for last.
    pub(super) fn method(&self) -> Option<Method> {
        match self.knocked {
            Some(_) => Some(self.knock.method()),
            None => self.dialogues.front().map(|dialogue| dialogue.method()),
        }
    }

    /// Whether nothing more will be asked.
    pub(super) fn is_done(&self) -> bool {
        self.ports.is_empty()
            && self.knocked.is_none()
            && self.connect.is_none()
            && self.dialogues.is_empty()
    }

    /// What was learned, oldest first.
    pub(super) fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        self.facts.pop_front()
    }

    /// Methods that ended, oldest first.
    pub(super) fn poll_end(&mut self) -> Option<(Method, End)> {
        self.ends.pop_front()
    }
}
