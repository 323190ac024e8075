//! What the collector found, against the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use daicho_collector::picture::Picture;
use daicho_collector::resolve::{Attached, Device, DeviceId, Through};
use daicho_collector::topology::{Confidence, End, Link};
use daicho_common::addr::Mac;
use serde::Serialize;

use super::{Between, DAYS, Speaks, Switch, Wiring};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Links between network devices that are held to be likely.
    pub links: Count,
    /// Links held to be possible only: how many are so and how many not.
    pub doubted: Count,
    /// Stations with an address of their own that were awake, at their ports: all, whether or not any
    /// table shows them there.
    pub places: Count,
    /// Those of them that a table of their own switch shows on some day: a forwarding table, or the
    /// table of its neighbours.
    pub shown: Count,
    /// The others, of which no table anywhere holds the port: right where the switch itself is named as
    /// the one behind which they are.
    pub named: Count,
    /// Of the missing places those for which a port on the way was told, as such.
    pub partly: usize,
    /// VLANs of places.
    pub vlans: Count,
    /// Hubs: all behind which at least two stations were awake on one day, wherever they hang.
    pub hubs: Count,
    /// Those of them of which a table of their own switch shows at least two stations at once.
    pub hubs_shown: Count,
    /// Ports at which a hub is held to be possible only.
    pub hubs_possible: Count,
    /// Whatever is wrong or missing, by what it is.
    pub misses: BTreeMap<String, usize>,
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
        self.doubted.add(other.doubted);
        self.places.add(other.places);
        self.shown.add(other.shown);
        self.named.add(other.named);
        self.hubs_possible.add(other.hubs_possible);
        for (what, count) in other.misses {
            *self.misses.entry(what).or_default() += count;
        }
        self.vlans.add(other.vlans);
        self.hubs.add(other.hubs);
        self.hubs_shown.add(other.hubs_shown);
        self.partly += other.partly;
    }
}

/// Both ends of links, by their devices; of an access point its switch's end only.
type Laid = BTreeMap<(DeviceId, DeviceId), (At, Option<At>)>;

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
        let mut score = Score::default();
        judge.links(&mut score);
        judge.places(&mut score);
        judge.hubs(&mut score);
        score
    }

    /// Every hub with how many stations behind it were awake on each day, where at least two were.
    fn hubs(&self) -> BTreeMap<At, [usize; DAYS]> {
        let mut awake: BTreeMap<At, [usize; DAYS]> = BTreeMap::new();
        for station in self.stations.iter().filter(|one| one.between == Between::Hub) {
            let days = awake.entry(station.now()).or_default();
            for (count, awake) in days.iter_mut().zip(station.awake).take(self.plan.days) {
                *count += usize::from(awake);
            }
        }
        awake.retain(|_, days| days.iter().any(|count| *count > 1));
        awake
    }

    /// Hubs of which the table of their own switch shows at least two stations on one day.
    fn hubs_shown(&self) -> BTreeSet<At> {
        let mut shown = BTreeSet::new();
        for day in 0..self.plan.days {
            let there = self.shown_on(day);
            let mut at: BTreeMap<At, usize> = BTreeMap::new();
            let hubs = self.stations.iter().filter(|one| one.between == Between::Hub);
            for station in hubs.filter(|one| there.contains(&(one.now().0, one.mac))) {
                *at.entry(station.now()).or_default() += 1;
            }
            shown.extend(at.into_iter().filter(|(_, count)| *count > 1).map(|(at, _)| at));
        }
        shown
    }

    /// Whether the switch has the station among its neighbours (LLDP, CDP).
    fn is_spoken_of(&self, station: &super::Station, switch: usize) -> bool {
        let tells = self.switches.get(switch).is_some_and(|of| of.snmp && of.lldp);
        tells && station.speaks != Speaks::Nothing
    }

    /// Why no table holds the port of who hangs on this switch.
    fn why_not_told(&self, switch: usize) -> &'static str {
        match self.switches.get(switch) {
            Some(of) if !of.snmp => "in no table, its switch does not answer",
            Some(of) if of.gives < 1000 => "in no table, that of its switch breaks off",
            _ => "in no table, the row was left out",
        }
    }

    /// Ports that several computers had at one time, one of them before it was carried elsewhere.
    fn shared(&self) -> BTreeSet<At> {
        let mut shared = BTreeSet::new();
        for day in 0..self.plan.days {
            let there = self.stations.iter().filter(|one| one.awake.get(day) == Some(&true));
            let mut at: BTreeMap<At, (usize, bool)> = BTreeMap::new();
            for (station, place) in there.filter_map(|one| Some((one, *one.at.get(day)?))) {
                let count = at.entry(place).or_default();
                count.0 += 1;
                count.1 |= place != station.now();
            }
            let several = at.into_iter().filter(|(_, (count, moved))| *count > 1 && *moved);
            shared.extend(several.map(|(place, _)| place));
        }
        shared
    }

    /// What really hangs on a port.
    fn there(&self, at: At) -> String {
        let between: BTreeSet<String> = (self.stations.iter())
            .filter(|station| station.now() == at)
            .map(|station| match (station.between, station.speaks) {
                (Between::Nothing, Speaks::Nothing) => {
                    format!("{:02x?}", &station.mac.octets()[..3])
                }
                (between, speaks) => format!("{between:?}/{speaks:?}"),
            })
            .collect();
        let style = self.switches.get(at.0).map(|switch| switch.style);
        format!("{style:?} {between:?}")
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

    /// Links, found and missing.
    fn links(&self, score: &mut Score) {
        let there = self.laid();
        let mut met = BTreeSet::new();
        for link in &self.picture.topology.links {
            let pair = self.link(link, &there);
            let count = match link.confidence {
                Confidence::Likely => &mut score.links,
                Confidence::Possible => &mut score.doubted,
            };
            match pair {
                Some(pair)
                    if link.confidence == Confidence::Possible || met.insert(pair.clone()) =>
                {
                    count.right += 1;
                }
                Some(_) | None => {
                    count.wrong += 1;
                    if link.confidence == Confidence::Likely {
                        let what = format!("link invented, said by {:?}", link.said);
                        *score.misses.entry(what).or_default() += 1;
                    }
                }
            }
        }
        for (pair, ends) in there.iter().filter(|(pair, _)| !met.contains(*pair)) {
            score.links.missing += 1;
            let doubted = self.picture.topology.links.iter().any(|link| {
                let ends = [link.near.device.as_ref(), link.far.device.as_ref()];
                ends.contains(&Some(&pair.0)) && ends.contains(&Some(&pair.1))
            });
            let of = |at: At| self.wiring.switches.get(at.0).map(|s| (s.snmp, s.lldp, s.tree));
            let (above, below) = (of(ends.0), ends.1.and_then(of));
            let what =
                format!("link missing (snmp, lldp, tree) {above:?} {below:?}, doubted {doubted}");
            *score.misses.entry(what).or_default() += 1;
        }
    }

    /// Both ends of every link that is there, by device, with ports where their switch has a say.
    fn laid(&self) -> Laid {
        let mut there = Laid::new();
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
            let at = station.now();
            let Some(switch) = self.wiring.switches.get(at.0).filter(|s| s.snmp && s.lldp) else {
                continue;
            };
            if let Some((near, far)) =
                self.owners.get(&switch.mac).zip(self.owners.get(&station.mac))
            {
                there.insert((near.id.clone(), far.id.clone()), (at, None));
            }
        }
        for (a, b) in &self.wiring.reserve {
            let of = |at: &At| self.wiring.switches.get(at.0).and_then(|s| self.owners.get(&s.mac));
            if let Some((near, far)) = of(a).zip(of(b)) {
                there.insert((near.id.clone(), far.id.clone()), (*a, Some(*b)));
            }
        }
        there
    }

    fn link(&self, link: &Link, there: &Laid) -> Option<(DeviceId, DeviceId)> {
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

    fn places(&self, score: &mut Score) {
        let shown = self.wiring.shown();
        let burned_in = |station: &&super::Station| station.mac.names_a_device();
        for station in self.wiring.stations.iter().filter(burned_in) {
            let days = station.awake.get(..self.wiring.plan.days).unwrap_or_default();
            let Some(at) =
                days.iter().rposition(|awake| *awake).and_then(|day| station.at.get(day))
            else {
                continue;
            };
            let attached = self.owners.get(&station.mac).map(|device| &device.attached);
            let attached = attached.into_iter().flatten().find(|one| one.value.mac == station.mac);
            let told =
                shown.contains(&(at.0, station.mac)) || self.wiring.is_spoken_of(station, at.0);
            let place = attached.map(|one| self.place(&one.value, *at));
            for count in [Some(&mut score.places), told.then_some(&mut score.shown)] {
                let Some(count) = count else { continue };
                match place {
                    Some(Some(true)) => count.right += 1,
                    Some(Some(false)) => count.wrong += 1,
                    Some(None) | None => count.missing += 1,
                }
            }
            score.partly += usize::from(place == Some(None));
            let behind = attached.is_some_and(|one| self.is_behind(&one.value, at.0));
            if !told {
                match place {
                    Some(Some(false)) => score.named.wrong += 1,
                    Some(None) if behind => score.named.right += 1,
                    Some(Some(true) | None) | None => score.named.missing += 1,
                }
            }
            if place != Some(Some(true)) {
                let what = format!(
                    "place {}: {}",
                    match place {
                        Some(Some(_)) => self.mistaken(attached.map(|one| &one.value), *at),
                        Some(None) if behind => "behind its switch, port not known".to_owned(),
                        Some(None) => "on the way".to_owned(),
                        None => "missing".to_owned(),
                    },
                    if told { "its switch shows it" } else { self.wiring.why_not_told(at.0) },
                );
                *score.misses.entry(what).or_default() += 1;
            }
            if let Some(vlan) = attached.and_then(|one| one.value.vlan) {
                let vlans = &mut score.vlans;
                if vlan == station.vlan { vlans.right += 1 } else { vlans.wrong += 1 }
            }
        }
    }

    /// Whether that is the place; none if it is on the way there, and said so.
    fn place(&self, attached: &Attached, at: At) -> Option<bool> {
        let Some(switch) = self.switch(&attached.switch) else { return Some(false) };
        let Some(port) = self.wiring.port(switch, &attached.port) else { return Some(false) };
        let way = self.wiring.way_up(at.0);
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
        if leads { None } else { Some(false) }
    }

    /// How a place is wrong.
    fn mistaken(&self, told: Option<&Attached>, at: At) -> String {
        let there = self.wiring.there(at);
        let Some(told) = told else { return there };
        let switch = self.switch(&told.switch);
        let port = switch.and_then(|of| Some((of, self.wiring.port(of, &told.port)?)));
        let whose = if switch == Some(at.0) { "its own switch" } else { "another switch" };
        let instead = port.map_or_else(|| told.port.clone(), |port| self.wiring.there(port));
        format!("wrong ({there}; told of {whose}, {instead}, through {:?})", told.through)
    }

    /// Whether the place says that this switch is the next before the station.
    fn is_behind(&self, attached: &Attached, switch: usize) -> bool {
        let Some(Through::Beyond(called)) = &attached.through else { return false };
        self.switch(&DeviceId(called.as_str().into())) == Some(switch)
            || self.wiring.switches.get(switch).is_some_and(|of| of.name == *called)
    }

    /// The ports of hubs that are held to be so sure.
    fn held(&self, confidence: Confidence) -> BTreeSet<At> {
        let hubs = self.picture.topology.hubs().filter(|hub| hub.confidence == confidence);
        hubs.filter_map(|hub| {
            let switch = self.switch(hub.at.device.as_ref()?)?;
            Some((switch, self.wiring.port(switch, &hub.at.port)?))
        })
        .collect()
    }

    fn hubs(&self, score: &mut Score) {
        let there = self.wiring.hubs();
        let all: BTreeSet<At> = (self.wiring.stations.iter())
            .filter(|station| station.between == Between::Hub)
            .map(super::Station::now)
            .collect();
        let found = self.held(Confidence::Likely);
        let possible = self.held(Confidence::Possible);
        score.hubs_possible.right += possible.intersection(&all).count();
        score.hubs_possible.wrong += possible.difference(&all).count();
        let shared = self.wiring.shared();
        let shown = self.wiring.hubs_shown();
        for (at, days) in &there {
            let counts =
                [Some(&mut score.hubs), shown.contains(at).then_some(&mut score.hubs_shown)];
            for count in counts.into_iter().flatten() {
                count.right += usize::from(found.contains(at));
                count.missing += usize::from(!found.contains(at));
            }
            if found.contains(at) {
                continue;
            }
            let switch = self.wiring.switches.get(at.0);
            let what = if switch.is_some_and(|switch| !switch.snmp) {
                "hub on a switch that does not answer"
            } else if switch.is_some_and(|switch| switch.gives < 1000) {
                "hub on a switch that breaks off its table"
            } else if days.iter().all(|count| *count < 3)
                && days.iter().filter(|count| **count > 1).count() < 2
            {
                "hub with two stations, together only once"
            } else {
                "hub, other"
            };
            *score.misses.entry(what.to_owned()).or_default() += 1;
        }
        // Where the laying itself put several computers into one socket on a day, something stands
        // between, whatever it is.
        for at in found.difference(&all).filter(|at| !shared.contains(at)) {
            score.hubs.wrong += 1;
            let what = format!("no hub but {}", self.wiring.there(*at));
            *score.misses.entry(what).or_default() += 1;
        }
    }
}
