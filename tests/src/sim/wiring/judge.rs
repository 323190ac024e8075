//! What the collector found, against the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use daicho_collector::picture::Picture;
use daicho_collector::resolve::{Attached, Device, DeviceId, Through};
use daicho_collector::topology::{Confidence, End, Link};
use daicho_common::addr::Mac;
use serde::Serialize;

use super::{Between, Speaks, Switch, Wiring};

/// Right, wrong and missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Found, and so.
    pub right: usize,
    /// Said, but not so: invented.
    pub wrong: usize,
    /// So, but not found.
    pub missing: usize,
}

/// How well a wiring was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Links between network devices.
    pub links: Count,
    /// Stations at their ports.
    pub places: Count,
    /// Of the missing places those for which the port before the last was told, as such.
    pub partly: usize,
    /// VLANs of places.
    pub vlans: Count,
    /// Hubs.
    pub hubs: Count,
}

impl Count {
    /// Of those that are there, the part that was found.
    #[expect(clippy::cast_precision_loss, reason = "counts of a simulation are small")]
    pub fn found(self) -> f64 {
        self.right as f64 / (self.right + self.missing).max(1) as f64
    }

    /// Of what was said, the part that is wrong.
    #[expect(clippy::cast_precision_loss, reason = "counts of a simulation are small")]
    pub fn false_part(self) -> f64 {
        self.wrong as f64 / (self.right + self.wrong).max(1) as f64
    }

    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missing += other.missing;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, wrong) = (self.found() * 100.0, self.false_part() * 100.0);
        write!(f, "{:>6} {found:>7.2} % {:>5} {wrong:>6.2} %", self.right, self.wrong)
    }
}

impl Score {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.links.add(other.links);
        self.places.add(other.places);
        self.vlans.add(other.vlans);
        self.hubs.add(other.hubs);
        self.partly += other.partly;
    }
}

/// A port, by the switch's number and the port's first; of a bundle, of its first cable.
type At = (usize, u32);

/// The wiring beside the picture.
struct Judge<'w> {
    wiring: &'w Wiring,
    picture: &'w Picture,
    owners: BTreeMap<Mac, &'w Device>,
}

impl Wiring {
    /// How well the picture shows it.
    pub fn judge(&self, picture: &Picture) -> Score {
        let owners = picture
            .devices
            .iter()
            .flat_map(|device| device.macs.iter().map(move |mac| (mac.value, device)));
        let judge = Judge { wiring: self, picture, owners: owners.collect() };
        let (places, vlans, partly) = judge.places();
        Score { links: judge.links(), places, vlans, partly, hubs: judge.hubs() }
    }

    /// Hubs that show: behind which two were awake on one day, and both days if they are only two.
    pub fn showing_hubs(&self) -> BTreeSet<At> {
        let mut awake: BTreeMap<At, [usize; 2]> = BTreeMap::new();
        for station in self.stations.iter().filter(|one| one.between == Between::Hub) {
            let days = awake.entry(station.at[1]).or_default();
            for (count, awake) in days.iter_mut().zip(station.awake) {
                *count += usize::from(awake);
            }
        }
        let shows = |(at, days): (&At, &[usize; 2])| {
            let snmp = self.switches.get(at.0).is_some_and(|switch| switch.snmp);
            let likely = days.iter().any(|day| *day > 2) || days.iter().all(|day| *day > 1);
            (snmp && likely).then_some(*at)
        };
        awake.iter().filter_map(shows).collect()
    }

    /// The port's number by its name, the bundle's as its first cable's.
    fn port(&self, switch: usize, name: &str) -> Option<u32> {
        let of = self.switches.get(switch)?;
        let port = (1..=of.ports)
            .find(|port| of.port_name(*port) == name || of.bundle(*port).2 == name)?;
        Some(self.first_of_bundle(switch, port))
    }

    fn first_of_bundle(&self, switch: usize, port: u32) -> u32 {
        for (other, of) in self.switches.iter().enumerate() {
            let Some(up) = &of.up else { continue };
            let here: Vec<u32> = if other == switch {
                up.cables.iter().map(|(own, _)| *own).collect()
            } else if up.to == switch {
                up.cables.iter().map(|(_, above)| *above).collect()
            } else {
                continue;
            };
            if here.contains(&port) {
                return here.first().copied().unwrap_or(port);
            }
        }
        port
    }
}

impl Judge<'_> {
    fn switch(&self, device: &DeviceId) -> Option<usize> {
        let of = |switch: &Switch| self.owners.get(&switch.mac).is_some_and(|d| d.id == *device);
        self.wiring.switches.iter().position(of)
    }

    /// Both ends of every link that is there, by device, with ports where their switch has a say.
    fn links(&self) -> Count {
        let mut there: BTreeMap<(DeviceId, DeviceId), (At, Option<At>)> = BTreeMap::new();
        for (number, switch) in self.wiring.switches.iter().enumerate() {
            let Some((up, above)) =
                switch.up.as_ref().and_then(|up| Some((up, self.wiring.switches.get(up.to)?)))
            else {
                continue;
            };
            let ids = self.owners.get(&above.mac).zip(self.owners.get(&switch.mac));
            let ports = up.cables.first().copied();
            if let (Some((near, far)), Some((own, port))) = (ids, ports) {
                let ends = ((up.to, port), Some((number, own)));
                there.insert((near.id.clone(), far.id.clone()), ends);
            }
        }
        for station in self.wiring.stations.iter().filter(|s| s.speaks == Speaks::LldpPoint) {
            let at = station.at[1];
            let Some(switch) = self.wiring.switches.get(at.0).filter(|s| s.snmp && s.lldp) else {
                continue;
            };
            if let Some((near, far)) =
                self.owners.get(&switch.mac).zip(self.owners.get(&station.mac))
            {
                there.insert((near.id.clone(), far.id.clone()), (at, None));
            }
        }
        let mut count = Count::default();
        let mut met = BTreeSet::new();
        for link in &self.picture.topology.links {
            match self.link(link, &there) {
                Some(pair) if met.insert(pair.clone()) => count.right += 1,
                Some(_) | None => count.wrong += 1,
            }
        }
        count.missing = there.len() - met.len();
        count
    }

    fn link(
        &self,
        link: &Link,
        there: &BTreeMap<(DeviceId, DeviceId), (At, Option<At>)>,
    ) -> Option<(DeviceId, DeviceId)> {
        let (near, far) = (link.near.device.clone()?, link.far.device.clone()?);
        let turned = (far.clone(), near.clone());
        let (pair, ends) = if let Some(ends) = there.get(&turned) {
            (turned, (&link.far, &link.near, ends))
        } else {
            let pair = (near, far);
            let ends = there.get(&pair)?;
            (pair, (&link.near, &link.far, ends))
        };
        let (above, below, (at_above, at_below)) = ends;
        let right = self.is_at(above, *at_above) && at_below.is_none_or(|at| self.is_at(below, at));
        right.then_some(pair)
    }

    /// Whether the end is this port. The port of a switch that does not answer is told by others.
    fn is_at(&self, end: &End, (switch, port): At) -> bool {
        let silent = self.wiring.switches.get(switch).is_some_and(|switch| !switch.snmp);
        silent && end.port.is_empty()
            || self.wiring.port(switch, &end.port)
                == Some(self.wiring.first_of_bundle(switch, port))
    }

    fn places(&self) -> (Count, Count, usize) {
        let (mut places, mut vlans, mut partly) = (Count::default(), Count::default(), 0);
        let burned_in = |station: &&super::Station| station.mac.names_a_device();
        for station in self.wiring.stations.iter().filter(burned_in) {
            let day = usize::from(station.awake[1]);
            if !station.awake.contains(&true) {
                continue;
            }
            let at = station.at.get(day).copied().unwrap_or(station.at[1]);
            let attached = self.owners.get(&station.mac).map(|device| &device.attached);
            let attached = attached.into_iter().flatten().find(|one| one.value.mac == station.mac);
            match attached.map(|one| self.place(&one.value, at)) {
                Some(Some(true)) => places.right += 1,
                Some(Some(false)) => places.wrong += 1,
                Some(None) => {
                    partly += 1;
                    places.missing += 1;
                }
                None => places.missing += 1,
            }
            if let Some(vlan) = attached.and_then(|one| one.value.vlan) {
                if vlan == station.vlan { vlans.right += 1 } else { vlans.wrong += 1 }
            }
        }
        (places, vlans, partly)
    }

    /// Whether that is the place; none if it is on the way there, and said so.
    fn place(&self, attached: &Attached, at: At) -> Option<bool> {
        let Some(switch) = self.switch(&attached.switch) else { return Some(false) };
        let Some(port) = self.wiring.port(switch, &attached.port) else { return Some(false) };
        let way = self.wiring.way_up(at.0);
        let mute = self.wiring.switches.get(at.0).is_some_and(|switch| !switch.snmp);
        let Some(Through::Beyond(_)) = attached.through else {
            return Some((switch, port) == at);
        };
        let Some(place) = way.iter().position(|step| *step == switch) else {
            // Frames for everybody come to a switch that is not on the way by its own uplink.
            let up = self.wiring.switches.get(switch).and_then(|switch| switch.up.as_ref());
            let leads = up.is_some_and(|up| up.cables.first().is_some_and(|(own, _)| *own == port));
            return if leads { None } else { Some(false) };
        };
        let below = place.checked_sub(1).and_then(|below| way.get(below)).copied();
        let up = below.and_then(|below| self.wiring.switches.get(below)?.up.as_ref());
        let leads = up.is_some_and(|up| up.cables.first().is_some_and(|(_, above)| *above == port));
        // Behind a switch that does not answer, the port before it is all that can be known.
        match (leads, mute && place == 1) {
            (false, _) => Some(false),
            (true, true) => Some(true),
            (true, false) => None,
        }
    }

    fn hubs(&self) -> Count {
        let there = self.wiring.showing_hubs();
        let all: BTreeSet<At> = (self.wiring.stations.iter())
            .filter(|station| station.between == Between::Hub)
            .map(|station| station.at[1])
            .collect();
        let likely =
            self.picture.topology.hubs().filter(|hub| hub.confidence == Confidence::Likely);
        let found: BTreeSet<Option<At>> = likely
            .map(|hub| {
                let switch = self.switch(hub.at.device.as_ref()?)?;
                Some((switch, self.wiring.port(switch, &hub.at.port)?))
            })
            .collect();
        let right = there.iter().filter(|at| found.contains(&Some(**at))).count();
        let wrong = found.iter().filter(|at| at.is_none_or(|at| !all.contains(&at))).count();
        Count { right, wrong, missing: there.len() - right }
    }
}
