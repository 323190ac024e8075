//! Who hears whom, day by day, and what comes of it as observations.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::addr::Mac;
use daicho_common::observation::Observation;

use super::lay::MANAGEMENT;
use super::speak::Told;
use super::{Between, Station, Wiring};
use crate::sim::dice::Dice;

/// One day, in microseconds: the second day begins here.
pub(in crate::sim) const DAY: i64 = 86_400_000_000;
/// The salt of the dice of the first day.
const SALT: u64 = 1_000;
/// The salt of the dice of half duplex.
const HALF_DUPLEX: u64 = 2_000;

/// A row of a forwarding table: VLAN, whose frames, the bridge's number of the port.
pub(super) type Heard = (u16, Mac, u32);

impl Wiring {
    /// Everything that an agent sees of it.
    pub fn observations(&self) -> Vec<Observation> {
        let mut all = Vec::new();
        for day in 0..self.plan.days {
            let forwarding = self.forwarding(day);
            for (number, switch) in self.switches.iter().enumerate().filter(|(_, s)| s.snmp) {
                let slot = i64::try_from(number).unwrap_or(0) * 2_000_000;
                let at = i64::try_from(day).unwrap_or(0) * DAY + slot + 1_000_000;
                let mut told = Told { wiring: self, switch, at, said: Vec::new() };
                told.itself(number);
                told.beside(number, day);
                told.tree(number);
                told.forwarding(forwarding.get(&number).map(Vec::as_slice).unwrap_or_default());
                if switch.up.is_none() {
                    told.neighbours(day);
                }
                all.append(&mut told.said);
            }
        }
        all
    }

    /// Ports that run at half duplex: those of the hubs of which one in four is a repeater, and of old
    /// gear, whatever hangs there.
    pub(super) fn half_duplex(&self) -> BTreeSet<(usize, u32)> {
        let mut dice = self.dice(HALF_DUPLEX);
        let hubs: BTreeSet<(usize, u32)> = (self.stations.iter())
            .filter(|station| station.between == Between::Hub)
            .map(Station::now)
            .collect();
        let ports = self.vlans.iter().map(|(switch, port, _)| (*switch, *port));
        ports.filter(|at| dice.chance(if hubs.contains(at) { 250 } else { 20 })).collect()
    }

    /// The port of `from`, as its bridge numbers it, through which it hears what is at `at`.
    fn toward(&self, from: usize, at: (usize, u32)) -> Option<u32> {
        if from == at.0 {
            return Some(at.1);
        }
        let way = self.way_up(at.0);
        let own = self.switches.get(from)?;
        if let Some(place) = way.iter().position(|switch| *switch == from) {
            let below = *way.get(place.checked_sub(1)?)?;
            let up = self.switches.get(below)?.up.as_ref()?;
            let (_, port) = up.cables.first()?;
            return Some(if self.is_bundled(below, from) { own.bundle(*port).0 } else { *port });
        }
        let (port, _) = own.up.as_ref()?.cables.first()?;
        Some(if self.is_bundled(from, from) { own.bundle(*port).0 } else { *port })
    }

    /// What every switch heard on a day.
    fn forwarding(&self, day: usize) -> BTreeMap<usize, Vec<Heard>> {
        let mut dice = self.dice(SALT + day as u64);
        let mut heard: BTreeMap<usize, Vec<Heard>> = BTreeMap::new();
        for station in &self.stations {
            let Some(at) = station.at.get(day).copied() else { continue };
            if station.awake.get(day) == Some(&true) {
                self.pass(&mut heard, (station.mac, station.vlan, at), (&mut dice, 990));
            }
            // On the day that it was moved its old row has not aged out.
            let before = day.checked_sub(1).and_then(|day| station.at.get(day)).copied();
            if let Some(before) = before.filter(|before| *before != at) {
                let row = (station.vlan, station.mac, before.1);
                heard.entry(before.0).or_default().push(row);
            }
        }
        for (number, switch) in self.switches.iter().enumerate() {
            // Each has just been asked, or speaks with its neighbours.
            self.pass(&mut heard, (switch.mac, MANAGEMENT, (number, 0)), (&mut dice, 1000));
        }
        for (number, rows) in &mut heard {
            // What is read in order of addresses and breaks off.
            let gives = self.switches.get(*number).map_or(0, |switch| switch.gives);
            rows.sort_unstable_by_key(|(vlan, mac, _)| (*mac, *vlan));
            rows.truncate(rows.len() * gives / 1000);
        }
        heard
    }

    /// Whom each switch shows on its own ports or elsewhere, on any day.
    pub(super) fn shown(&self) -> BTreeSet<(usize, Mac)> {
        (0..self.plan.days).flat_map(|day| self.shown_on(day)).collect()
    }

    /// The same on this day.
    pub(super) fn shown_on(&self, day: usize) -> BTreeSet<(usize, Mac)> {
        let tables = self.forwarding(day).into_iter();
        tables
            .filter(|(number, _)| self.switches.get(*number).is_some_and(|switch| switch.snmp))
            .flat_map(|(number, rows)| rows.into_iter().map(move |(_, mac, _)| (number, mac)))
            .collect()
    }

    /// Frames on their way to the core, and broadcasts elsewhere. `sure` in a thousand rows on the way
    /// are there.
    fn pass(
        &self,
        heard: &mut BTreeMap<usize, Vec<Heard>>,
        (mac, vlan, at): (Mac, u16, (usize, u32)),
        (dice, sure): (&mut Dice, u64),
    ) {
        let way = self.way_up(at.0);
        let core = way.len() == 1 && at.1 == 0;
        for from in 0..self.switches.len() {
            // The core is everybody's gateway.
            let sure = if core { 1000 } else { sure };
            let there =
                dice.chance(if way.contains(&from) || core { sure } else { self.plan.elsewhere });
            let Some(port) = self.toward(from, at).filter(|port| there && *port > 0) else {
                continue;
            };
            heard.entry(from).or_default().push((vlan, mac, port));
        }
    }
}
