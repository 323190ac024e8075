//! The turns of sweeps and of live hosts, and what is taken out of an interview.

use std::collections::hash_map::Entry;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use daicho_common::coverage::Why;
use daicho_common::observation::Observation;
use daicho_common::time::{Now, Tick};

use super::browsing::{self, is_news};
use super::canary::Canary;
use super::follow;
use super::{Area, Notes, Source};
use crate::engine::Questions;
use crate::engine::governor::{Governor, Request, Verdict};
use crate::engine::interview::{self, End, Interview};
use crate::engine::scope::{Place, address};
use crate::engine::sweep;

/// Most interviews open at once in one network; other live hosts wait for a place.
pub(super) const OPEN: usize = 1024;

impl Area {
    /// A sweep's turn.
    pub(super) fn sweep(&mut self, n: usize, governor: &mut Governor, now: Now) -> Option<Verdict> {
        let number = self.number;
        let sweep = self.sweeps.get_mut(n)?;
        let second = sweep.technique.is_second_chance();
        let spared = |host| second && self.live.get(host);
        // Who is spared is waited for by nobody.
        let opens = |host| {
            let place = Place { network: number, host };
            if spared(host) { Tick::ZERO } else { governor.target_opens(place) }
        };
        let item = match sweep.turn(now, &self.hosts, opens) {
            sweep::Turn::Ask(item) => item,
            sweep::Turn::Rest(until) => {
                self.agenda.put(Source::Sweep(n), until);
                return None;
            }
            sweep::Turn::Done => {
                self.sweep_done(n, now);
                return None;
            }
        };
        if spared(item.host) {
            sweep.bar(item.host, Why::NotNeeded);
            self.agenda.put(Source::Sweep(n), now.tick);
            return None;
        }
        let packet = sweep.technique.packet(
            (item.pass, item.slot),
            address(self.first, item.host),
            self.seed,
        );
        let (kind, answer_by) = (sweep.technique.kind(), sweep.answer_by(now.tick));
        let verdict = governor.clear(Request { packet, kind, answer_by }, now);
        let next = match &verdict {
            Verdict::Go(_) => {
                sweep.asked(item, now);
                now.tick
            }
            Verdict::WaitUntil(until) => {
                sweep.put_aside(item, *until);
                *until
            }
            Verdict::Refuse(why) => {
                if *why != Why::Budget {
                    sweep.bar(item.host, *why);
                }
                now.tick
            }
        };
        self.agenda.put(Source::Sweep(n), next);
        Some(verdict)
    }

    /// The turn of a live host.
    pub(super) fn interview(
        &mut self,
        host: u32,
        governor: &mut Governor,
        questions: &Questions,
        now: Now,
    ) -> Option<Verdict> {
        let ip = IpAddr::V4(self.ip(host));
        let whom = SocketAddr::new(ip, 0);
        let opens = (governor.asking_opens(self.place(host), now), governor.may_connect());
        let (network, ports, knock) = (&self.network, &self.reach.knocks, self.reach.knock);
        let pace = (self.timeout, self.bearing);
        let interview = match self.open.entry(host) {
            Entry::Occupied(open) => open.into_mut(),
            // Who was questioned to the end is asked only what follows from a later answer.
            Entry::Vacant(room) if self.through.get(host) => {
                room.insert(Interview::new(whom, (knock, &[]), Vec::new(), pace))
            }
            Entry::Vacant(room) => {
                let first = (questions.first)(network, ip);
                room.insert(Interview::new(whom, (knock, ports), first, pace))
            }
        };
        for (method, fact) in self.answers.remove(&host).unwrap_or_default() {
            interview.suggest(method, fact);
        }
        let (packet, kind, answer_by) = loop {
            match interview.turn(now.tick, opens) {
                interview::Turn::Ask(packet, kind, by) => break (packet, kind, by),
                interview::Turn::Rest(until) => {
                    self.agenda.put(Source::Host(host), until);
                    return None;
                }
                interview::Turn::Done if !follow(interview, (network, ip), questions) => {
                    return None;
                }
                interview::Turn::Done => {}
            }
        };
        let verdict = governor.clear(Request { packet, kind, answer_by }, now);
        let next = match &verdict {
            Verdict::Go(_) => {
                let method = interview.method();
                if let Some(row) = self.rows.iter_mut().find(|row| Some(row.method) == method) {
                    row.begin(now.wall);
                }
                answer_by
            }
            // The gates were found open above. Should they close all the same, the question counts
            // as lost, and the interview asks again when it gives up.
            Verdict::WaitUntil(until) => *until,
            Verdict::Refuse(why) => {
                interview.not_sent(*why);
                now.tick
            }
        };
        self.agenda.put(Source::Host(host), next);
        Some(verdict)
    }

    /// Takes what the interview with this host has to say; lets the next host in if it is over.
    pub(super) fn collect(&mut self, host: u32, notes: &mut Notes, now: Now) {
        let speaker = self.speaker(host);
        let Some(interview) = self.open.get_mut(&host) else { return };
        while let Some((method, fact)) = interview.poll_fact() {
            if self.reach.browses
                && browsing::is_asked_of_groups(method, &fact)
                && !is_news(&mut self.said, host, &fact)
            {
                continue;
            }
            notes.observations.push_back(Observation {
                at: now.wall,
                vantage: Arc::clone(&self.vantage),
                method,
                speaker,
                fact,
            });
        }
        let mut backed_off = false;
        while let Some((method, end)) = interview.poll_end() {
            backed_off |= end == End::NotAsked(Why::BackedOff);
            let Some(row) = self.rows.iter_mut().find(|row| row.method == method) else { continue };
            row.end(host, end, now, self.size);
        }
        self.backed_off += u32::from(backed_off);
        notes.over.extend(std::iter::from_fn(|| interview.poll_hang_up()));
        if interview.is_done() {
            let silent = interview.fell_silent();
            self.open.remove(&host);
            self.agenda.drop(Source::Host(host));
            self.admitted = self.admitted.saturating_sub(1);
            self.questioned += u32::from(self.through.set(host));
            self.canary_done(host, silent, now);
            self.admit(now.tick);
        }
    }

    /// Opens interviews while there is room.
    pub(super) fn admit(&mut self, now: Tick) {
        while self.has_room(OPEN) {
            let Some(host) = self.waiting.pop_front() else { return };
            self.admitted += 1;
            if self.canary == Canary::Wanted {
                self.canary = Canary::Asked(host);
            }
            self.agenda.put(Source::Host(host), now);
        }
    }
}
