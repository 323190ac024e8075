//! The scan as a state machine without a socket or a clock.
//!
//! The driver (`run`, or a test) repeats: hand in what happened ([`Engine::handle`]), send what is
//! cleared ([`Engine::poll_transmit`] or [`Engine::poll_frames`] until there is none), take what was learned
//! ([`Engine::poll_observation`] until `None`), read the neighbour table if
//! [`Engine::wants_neighbours`], sleep until [`Engine::poll_timeout`] or an input; and ends when
//! [`Engine::is_finished`], with [`Engine::finish`]. Time comes in as [`Now`]. The engine stamps
//! observations and is the only place that does.
//!
//! Inside, turns go down and packets come up: an agenda of networks ([`area`]), in each an agenda of
//! sweeps and interviews, and before the wire the [`governor`]. Nothing looks at all hosts at once.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::coverage::{Sent, Why};
use daicho_common::observation::{Fact, Method, Observation};
use daicho_common::time::{Now, Tick};

use crate::plan::{Link, Means, Network, Plan};
use crate::probe::Dialogue;

/// How far a scan got: while it runs, and when it is over.
mod account;
/// Turns by time.
mod agenda;
/// One declared network under scan.
mod area;
/// One bit an address.
mod bitmap;
/// What a scan has asked to the end.
pub mod checkpoint;
/// Whether the agent's own interface bears questions.
mod footing;
/// How often something may pass.
mod gate;
/// The only door to the wire: scope, deny list, forbidden ports, pace, budget, and the count.
pub mod governor;
/// What comes in, and whom it is for.
mod inlet;
/// Questions to one live host.
mod interview;
/// A shuffled order in constant memory.
mod order;
/// What goes out and what comes in, as values.
mod packet;
/// How well a target bears being asked.
mod pulse;
/// The questions of a sweep as packets.
mod question;
/// How a network can be looked at from here.
mod reach;
/// Which addresses may be asked at all.
mod scope;
/// IPv6 on the links.
mod six;
/// Asking every address for a sign of life.
mod sweep;
/// When the neighbour table is to be read.
mod table;

pub use account::{Account, Progress, Strays};
pub use governor::Cleared;
pub use packet::{Input, Outlet, Packet};

use account::Meter;
use agenda::Agenda;
use area::{Area, Notes, Turn};
use checkpoint::Checkpoint;
use governor::Governor;
use six::Six;
use table::Table;

/// Which dialogues a live host of a network gets, in order. The engine does not ask it under
/// [`crate::plan::Policy::Sighting`].
pub type Interviewer = Box<dyn Fn(&Network, IpAddr) -> Vec<Box<dyn Dialogue>> + Send>;

/// Which dialogues follow from something that a host said in its interview: a service at a port leads
/// to the question what it says of itself.
pub type Leads = Box<dyn Fn(&Network, IpAddr, (Method, &Fact)) -> Vec<Box<dyn Dialogue>> + Send>;

/// Who decides what a host is asked.
struct Questions {
    first: Interviewer,
    then: Leads,
}

/// Whether a host may have this link-layer address.
fn names_somebody(mac: Mac) -> bool {
    !mac.is_group() && mac != Mac::ZERO
}

/// How an interface stands.
#[derive(Clone, Copy)]
enum Stands<'a> {
    /// It went down.
    Lost {
        /// For good.
        gone: bool,
    },
    /// As it is among these.
    As(&'a [Link]),
}

/// The scan.
pub struct Engine {
    governor: Governor,
    areas: Vec<Area>,
    six: Six,
    /// Areas by number, and after them the parts of IPv6.
    agenda: Agenda<usize>,
    questions: Questions,
    notes: Notes,
    table: Table,
    meter: Meter,
    timeout: Duration,
    begun: Now,
    /// Why the scan ends before its time, and when it has ended: until then answers are awaited.
    ended: Option<(Why, Tick)>,
    finished: bool,
}

impl Engine {
    /// A scan of `plan` with what the system allows, begun at `now`.
    pub fn new(plan: Plan, means: &Means, interviewer: Interviewer, now: Now) -> Self {
        let area = |(n, network): (usize, &Network)| Area::new(n, network, &plan, means);
        let areas: Vec<Area> = plan.networks.iter().enumerate().map(area).collect();
        let mut agenda = Agenda::new();
        for (n, area) in areas.iter().enumerate() {
            if let Some(at) = area.next() {
                agenda.put(n, at);
            }
        }
        let six = Six::new(&plan, means);
        six.wishes().for_each(|(part, at)| agenda.put(areas.len() + part, at));
        let by_mac = !(plan.deny.macs.is_empty() && plan.deny.ouis.is_empty())
            || areas.iter().any(Area::tells_classes);
        let on_link = areas.iter().any(Area::is_on_link);
        let mut engine = Self {
            table: Table::new(
                means.neighbour_table,
                by_mac && on_link,
                areas.iter().any(Area::overhears) || six.has_links(),
            ),
            agenda,
            areas,
            six,
            questions: Questions { first: interviewer, then: Box::new(|_, _, _| Vec::new()) },
            notes: Notes::default(),
            meter: Meter::new(now.tick),
            timeout: plan.pace.timeout,
            governor: Governor::new(plan, means),
            begun: now,
            ended: None,
            finished: false,
        };
        engine.conclude();
        engine
    }

    /// Follows leads in interviews; without this call none are followed.
    pub fn follow(&mut self, leads: Leads) {
        self.questions.then = leads;
    }

    /// The next packet that may leave now. Those before it have left by now.
    pub fn poll_transmit(&mut self, now: Now) -> Option<Cleared> {
        self.governor.departed(now);
        self.next_cleared(now)
    }

    /// Adds to `cleared` the packets that may leave now, until there are `most`, or up to the first
    /// that is no frame: frames leave many at a time, everything else by itself. Those of the call
    /// before have left by now.
    pub fn poll_frames(&mut self, now: Now, most: usize, cleared: &mut Vec<Cleared>) {
        self.governor.departed(now);
        while cleared.len() < most {
            let Some(next) = self.next_cleared(now) else { return };
            let frame = matches!(next.packet(), Packet::Frame { .. });
            cleared.push(next);
            if !frame {
                return;
            }
        }
    }

    fn next_cleared(&mut self, now: Now) -> Option<Cleared> {
        self.meter.tick(now.tick);
        if self.has_ended(now) {
            return None;
        }
        self.table.poll(now.tick);
        while !self.table.holds() && self.governor.opens() <= now.tick {
            let Some(n) = self.agenda.due(now.tick) else { break };
            let (network, turn) = self.turn(n, now);
            match turn {
                Turn::Send(cleared) => {
                    self.agenda.put(n, self.governor.network_opens(network).max(now.tick));
                    self.meter.count();
                    return Some(cleared);
                }
                Turn::Rest(Some(until)) => self.agenda.put(n, until),
                Turn::Rest(None) => {}
                Turn::Exhausted => {
                    self.governor.close(Why::Budget);
                    self.ended = Some((Why::Budget, now.tick.after(self.timeout)));
                    return None;
                }
            }
        }
        self.conclude();
        None
    }

    /// The turn of an area, or of a part of IPv6. Also says which network it belongs to.
    fn turn(&mut self, n: usize, now: Now) -> (usize, Turn) {
        let Some(area) = self.areas.get_mut(n) else {
            let part = n.saturating_sub(self.areas.len());
            let interface = self.six.interface(part).unwrap_or_default();
            let mut on_link = self.areas.iter().filter(|area| area.is_on(interface, None));
            let swept = on_link.all(Area::is_over_with_sweeps);
            let desk = (&mut self.governor, &self.questions, &mut self.notes);
            return (self.six.network(part), self.six.turn((part, swept), desk, now));
        };
        let resolving = area.is_resolving();
        let turn = area.turn(&mut self.governor, &self.questions, &mut self.notes, now);
        if resolving {
            self.table.resolving(now.tick, area.is_resolving());
        }
        (n, turn)
    }

    /// Whether the scan is over, or is only waiting for the last answers after an early end.
    fn has_ended(&mut self, now: Now) -> bool {
        if let Some((_, until)) = self.ended
            && !self.finished
            && until <= now.tick
        {
            self.areas.iter_mut().for_each(|area| area.expire(now));
            self.finished = true;
        }
        self.finished || self.ended.is_some()
    }

    /// The scan is over when nobody wants a turn and the neighbour table was read to the last.
    fn conclude(&mut self) {
        self.finished |= self.agenda.next().is_none() && self.table.is_idle();
    }

    /// When [`Self::poll_transmit`] wants to be called again if nothing comes in; `None` if only an
    /// input (or nothing at all) can make a difference.
    pub fn poll_timeout(&self) -> Option<Tick> {
        if self.finished {
            return None;
        }
        if let Some((_, until)) = self.ended {
            return Some(until);
        }
        let turn = self.agenda.next().filter(|_| !self.table.holds());
        let turn = turn.map(|next| next.max(self.governor.opens()));
        turn.into_iter().chain(self.table.next()).min()
    }

    /// The next thing learned, oldest first. Still to be emptied after the end.
    pub fn poll_observation(&mut self) -> Option<Observation> {
        self.notes.observations.pop_front()
    }

    /// The next connection that is over and to be closed, in good order where that is possible.
    pub fn poll_hang_up(&mut self) -> Option<SocketAddr> {
        let over = self.notes.over.pop_front()?;
        self.governor.hung_up();
        Some(over)
    }

    /// Whether the neighbour table is to be read now. The driver then hands in one
    /// [`Input::Neighbour`] a row and [`Input::NeighboursRead`], or [`Input::NeighboursUnreadable`]:
    /// until then a scan with link-layer addresses on its deny list sends nothing, and no scan that
    /// rests on the table ends.
    pub fn wants_neighbours(&self) -> bool {
        self.table.is_wanted() && !self.finished && self.ended.is_none()
    }

    /// How far it has got.
    pub fn progress(&self) -> Progress {
        let extents = self.areas.iter().map(Area::extent).chain(self.six.extents());
        self.meter.progress(extents, self.governor.sent(), self.finished)
    }

    /// What came in so far that was nobody's answer.
    pub fn strays(&self) -> Strays {
        self.notes.strays
    }

    /// Goes on where an interrupted scan was: what is settled there is not asked again, and stands in
    /// the coverage as it was. Networks that can be looked at otherwise than then begin anew. To be
    /// called before the first packet. Returns how many addresses are settled.
    pub fn resume(&mut self, earlier: &Checkpoint) -> u128 {
        self.governor.count_earlier(earlier.sent);
        let mut settled = 0;
        for area in &mut self.areas {
            for network in &earlier.networks {
                settled += area.take_over(network);
            }
        }
        settled
    }

    /// How far the scan has got: of the silent addresses, or if `whole` of those too that answered
    /// and were questioned to the end.
    pub fn checkpoint(&self, whole: bool, now: Now) -> Checkpoint {
        let settled = |area: &Area| area.settled(whole, self.begun.wall, now);
        let networks = self.areas.iter().map(settled).collect();
        Checkpoint { networks, sent: self.governor.spent() }
    }

    /// Ends the scan: nothing is cleared any more, what is left counts as interrupted.
    pub fn stop(&mut self, now: Now) {
        if !self.finished {
            self.governor.close(Why::Interrupted);
            self.ended.get_or_insert((Why::Interrupted, now.tick));
            self.finished = true;
        }
    }

    /// Whether nothing more will be sent and nothing more is awaited.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Takes at most `most` rows of what was sent out of the account, fewer only if there are no
    /// more: the account of a large network is long. For when the scan is finished.
    pub fn take_sent(&mut self, most: usize) -> Vec<Sent> {
        self.governor.take_account(most)
    }

    /// The account. A scan that is not finished is stopped first.
    pub fn finish(mut self, now: Now) -> Account {
        self.stop(now);
        let ended = self.ended.map(|(why, _)| why);
        let cover = |area: &Area| area.coverage(ended, self.begun.wall, now);
        let six = self.six.coverage(ended, self.begun.wall, now);
        Account {
            coverage: self.areas.iter().flat_map(cover).chain(six).collect(),
            sent: self.governor.account(),
            strays: self.notes.strays,
        }
    }
}

#[cfg(test)]
mod tests;
