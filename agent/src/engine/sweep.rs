//! Asking every address of a network for a sign of life, by one technique.
//!
//! A sweep goes over the addresses in passes, so that a silent address is asked again only after
//! all others had their turn. An address whose turn comes while the governor keeps it waiting is put
//! aside and does not hold up the rest. State is a few bits and one counter an address.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet, VecDeque};
use std::time::Duration;

use daicho_common::coverage::Why;
use daicho_common::time::{Now, Tick, Timestamp};

use crate::engine::bitmap::Bitmap;
use crate::engine::order::Order;
use crate::engine::question::Technique;

/// Most addresses put aside at once; the sweep rests when there are more.
const ASIDE: usize = 4096;
/// Most passes that are added because answers were lost, here or on their way.
const MORE: u8 = 3;
/// Another pass is worth its packets while more than one host in so many is thought to be missed.
const MISSED: f64 = 2000.0;

/// One question: which pass, which port of [`Technique::Tcp`], which address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Item {
    pub(super) pass: u8,
    pub(super) slot: u16,
    pub(super) host: u32,
}

/// What a sweep does with its turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It asks this.
    Ask(Item),
    /// It has nothing to do before this tick.
    Rest(Tick),
    /// Every address was asked to the end.
    Done,
}

/// A sweep under way.
#[derive(Debug)]
pub(super) struct Sweep {
    pub(super) technique: Technique,
    order: Order,
    size: u32,
    tries: u8,
    /// Passes that may still be added.
    more: u8,
    slots: u16,
    timeout: Duration,
    next: Option<(u8, u16, u32)>,
    steps: u64,
    aside: BinaryHeap<Reverse<(Tick, Item)>>,
    awaiting: VecDeque<(Tick, Item)>,
    voided: HashSet<Item>,
    /// Asked at least once.
    begun: Bitmap,
    /// By slot: something came back, a refusal too.
    heard: Vec<Bitmap>,
    /// Gave a sign of life.
    alive: Bitmap,
    /// How many of those only when they were asked again.
    late: u32,
    /// Questions that were answered, given up or not needed any more.
    concluded: Vec<u32>,
    /// All of them were.
    spent: Bitmap,
    settled: Bitmap,
    /// The governor refused: not asked again.
    barred: Bitmap,
    refused: BTreeMap<Why, Bitmap>,
    /// When the first question left.
    pub(super) from: Option<Timestamp>,
    /// When the last answer came or the last try ran out.
    pub(super) to: Option<Timestamp>,
}

impl Sweep {
    /// A sweep over `2^bits` addresses.
    pub(super) fn new(technique: Technique, bits: u8, seed: u64, pace: (u8, Duration)) -> Self {
        let size = 1 << bits;
        let tries = technique.tries(pace.0.max(1));
        let slots = match &technique {
            Technique::Tcp(_, ports) => u16::try_from(ports.len()).unwrap_or(u16::MAX),
            Technique::Arp { .. } | Technique::Nudge | Technique::Echo | Technique::Timestamp => 1,
        };
        Self {
            technique,
            order: Order::new(bits, seed),
            size,
            tries,
            more: MORE,
            slots,
            timeout: pace.1,
            next: (slots > 0).then_some((0, 0, 0)),
            steps: 0,
            aside: BinaryHeap::new(),
            awaiting: VecDeque::new(),
            voided: HashSet::new(),
            begun: Bitmap::new(size),
            heard: vec![Bitmap::new(size); slots.into()],
            alive: Bitmap::new(size),
            late: 0,
            concluded: vec![0; size as usize],
            spent: Bitmap::new(size),
            settled: Bitmap::new(size),
            barred: Bitmap::new(size),
            refused: BTreeMap::new(),
            from: None,
            to: None,
        }
    }

    /// What to do now. `hosts` are the addresses to ask; `opens` says when one may be asked.
    pub(super) fn turn(&mut self, now: Now, hosts: &Bitmap, opens: impl Fn(u32) -> Tick) -> Turn {
        self.expire(now);
        while let Some(item) = self.upcoming(now.tick, hosts) {
            if self.is_needless(item) || !hosts.get(item.host) {
                self.conclude(item);
                continue;
            }
            let at = opens(item.host);
            if at <= now.tick {
                return Turn::Ask(item);
            }
            self.aside.push(Reverse((at, item)));
        }
        let aside = self.aside.peek().map(|Reverse((at, _))| *at);
        let awaited = self.awaiting.front().map(|(at, _)| *at);
        match aside.into_iter().chain(awaited).min() {
            Some(at) => Turn::Rest(at),
            None if self.may_have_missed() && self.ask_again() => self.turn(now, hosts, opens),
            None => Turn::Done,
        }
    }

    /// Whether so many answered only when asked again that others are likely to have been missed
    /// by every pass: if each exchange fails with probability p, p to the number of passes.
    fn may_have_missed(&self) -> bool {
        let asks = matches!(self.technique, Technique::Arp { .. } | Technique::Echo);
        let failing = f64::from(self.late) / f64::from(self.alive.count().max(1));
        asks && failing.powi(i32::from(self.tries)) * MISSED > 1.0
    }

    /// The next question by rights: one put aside whose time has come, else the next in order.
    fn upcoming(&mut self, now: Tick, hosts: &Bitmap) -> Option<Item> {
        if let Some(Reverse((at, item))) = self.aside.peek().copied() {
            if at <= now {
                self.aside.pop();
                return Some(item);
            }
            if self.aside.len() >= ASIDE {
                return None;
            }
        }
        while let Some((pass, slot, position)) = self.next {
            self.steps += 1;
            self.next = self.step(pass, slot, position);
            let host = self.order.at(position);
            if hosts.get(host) {
                return Some(Item { pass, slot, host });
            }
        }
        None
    }

    fn step(&self, pass: u8, slot: u16, position: u32) -> Option<(u8, u16, u32)> {
        if position + 1 < self.size {
            Some((pass, slot, position + 1))
        } else if slot + 1 < self.slots {
            Some((pass, slot + 1, 0))
        } else {
            (pass + 1 < self.tries).then_some((pass + 1, 0, 0))
        }
    }

    fn is_needless(&self, item: Item) -> bool {
        self.barred.get(item.host)
            || self.heard_at(item)
            || (item.pass > 0 && self.alive.get(item.host))
    }

    fn heard_at(&self, item: Item) -> bool {
        self.heard.get(usize::from(item.slot)).is_some_and(|heard| heard.get(item.host))
    }

    /// The question left; its answer is awaited from now on.
    pub(super) fn asked(&mut self, item: Item, now: Now) {
        self.begun.set(item.host);
        // It left after all; what the governor refused stays refused.
        for why in [Why::SendFailed, Why::Unreachable] {
            self.refused.get_mut(&why).map(|refused| refused.put(item.host, false));
        }
        self.awaiting.push_back((now.tick.after(self.timeout), item));
        self.begin(now.wall);
    }

    /// The first question left no later than this: the wall clock may have been set back since.
    fn begin(&mut self, at: Timestamp) {
        self.from = Some(self.from.map_or(at, |from| from.min(at)));
    }

    /// The question has to wait.
    pub(super) fn put_aside(&mut self, item: Item, until: Tick) {
        self.aside.push(Reverse((until, item)));
    }

    /// The governor refused the question. The address is left alone, unless only the port was wrong.
    pub(super) fn bar(&mut self, host: u32, why: Why) {
        self.refuse(host, why);
        if why != Why::ForbiddenPort {
            self.barred.set(host);
            self.settled.set(host);
        }
    }

    fn refuse(&mut self, host: u32, why: Why) {
        self.refused.entry(why).or_insert_with(|| Bitmap::new(self.size)).set(host);
    }

    /// The system did not send a question to this address and port. Returns whether one was awaited.
    pub(super) fn not_sent(&mut self, slot: u16, host: u32, why: Why) -> bool {
        let mut latest = self.awaiting.iter().rev().map(|(_, item)| *item);
        let found = latest.find(|item| item.slot == slot && item.host == host);
        let voided = found.is_some_and(|item| self.voided.insert(item));
        if voided {
            self.refuse(host, why);
        }
        voided
    }

    /// Something came back from this address; `alive` if it is a sign of life. Returns whether it
    /// was the first from this slot.
    pub(super) fn hear(&mut self, slot: u16, host: u32, alive: bool, now: Now) -> bool {
        let Some(heard) = self.heard.get_mut(usize::from(slot)) else { return false };
        let first = heard.set(host);
        if alive {
            let again = self.concluded.get(host as usize).is_some_and(|passes| *passes > 0);
            self.late += u32::from(self.alive.set(host) && again);
            self.settled.set(host);
        }
        if self.from.is_some() {
            self.begin(now.wall);
        }
        self.to = self.to.max(Some(now.wall));
        first
    }

    /// How often a silent address is asked.
    pub(super) const fn tries(&self) -> u8 {
        self.tries
    }

    /// The silent get one more pass. Returns whether they do: at most [`MORE`] are added, and a pass
    /// that was added and has not begun is enough.
    pub(super) fn ask_again(&mut self) -> bool {
        let last = self.next.map_or(self.tries, |(pass, ..)| pass + 1);
        if self.more == 0 || self.slots == 0 || last < self.tries {
            return false;
        }
        self.more -= 1;
        self.next.get_or_insert((self.tries, 0, 0));
        self.tries = self.tries.saturating_add(1);
        true
    }

    /// Answers to what was asked last may have been lost here: those questions count for nothing and
    /// are put again. Returns whether there are any.
    pub(super) fn recall(&mut self, now: Tick) -> bool {
        self.voided.clear();
        self.aside.extend(self.awaiting.drain(..).map(|(_, item)| Reverse((now, item))));
        !self.aside.is_empty()
    }

    /// Takes note of the tries that ran out.
    pub(super) fn expire(&mut self, now: Now) {
        while let Some(&(by, item)) = self.awaiting.front() {
            if by > now.tick && !self.heard_at(item) {
                break;
            }
            self.awaiting.pop_front();
            if !self.voided.remove(&item) {
                self.conclude(item);
                self.to = self.to.max(Some(now.wall));
            }
        }
    }

    fn conclude(&mut self, item: Item) {
        let Some(concluded) = self.concluded.get_mut(item.host as usize) else { return };
        *concluded += 1;
        if *concluded == u32::from(self.tries) * u32::from(self.slots) {
            self.spent.set(item.host);
            self.settled.set(item.host);
        }
    }

    /// Whether an answer now could end the sweep.
    pub(super) fn is_ending(&self) -> bool {
        self.next.is_none() && self.aside.is_empty()
    }

    /// Whether every address was asked to the end.
    pub(super) fn is_done(&self) -> bool {
        self.is_ending() && self.awaiting.is_empty()
    }

    /// Whether this address was asked at least once.
    pub(super) fn has_begun(&self, host: u32) -> bool {
        self.begun.get(host)
    }

    /// The first port slot from which this address answered.
    pub(super) fn slot_heard(&self, host: u32) -> Option<u16> {
        (0..).zip(&self.heard).find(|(_, heard)| heard.get(host)).map(|(slot, _)| slot)
    }

    /// Whether this address gave a sign of life or was asked to the end.
    pub(super) fn is_asked(&self, host: u32) -> bool {
        self.alive.get(host) || (!self.barred.get(host) && self.spent.get(host))
    }

    /// Why this address was not asked.
    pub(super) fn refusal(&self, host: u32) -> Option<Why> {
        self.refused.iter().find(|(_, bits)| bits.get(host)).map(|(why, _)| *why)
    }

    /// How many addresses answered, spent their tries or were refused.
    pub(super) const fn settled(&self) -> u32 {
        self.settled.count()
    }

    /// Steps of the way taken, and the length of the way.
    pub(super) fn steps(&self) -> (u64, u64) {
        let all = u64::from(self.size) * u64::from(self.slots) * u64::from(self.tries);
        (self.steps, all)
    }

    /// Until when the answer to a question that leaves now is awaited.
    pub(super) fn answer_by(&self, now: Tick) -> Tick {
        now.after(self.timeout)
    }
}
