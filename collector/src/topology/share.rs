//! Ports on which several stations are heard, and why: a hub, a telephone, an access point, the host
//! of virtual machines.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::addr::Mac;
use daicho_common::observation::ObservationId;
use serde::Serialize;

use super::kin::Kin;
use super::known::{Known, Vertex};
use super::limits::Limits;
use super::node::{Beside, Node};
use super::place::Spots;
use crate::fingerprint::Class;
use crate::resolve::Device;

/// Why several stations are heard on one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A hub or switch without management (ダムハブ).
    Hub,
    /// Telephones with computers behind them.
    Telephones,
    /// A wireless access point.
    AccessPoint,
    /// The host of virtual machines.
    VirtualMachines,
    /// More than a hub has room for: a switch that nothing is known of.
    UnknownSwitch,
    /// One device that sends in several VLANs: a host of virtual machines, a router, an access point.
    Trunk,
    /// A device that the switch powers (Power over Ethernet): a telephone or an access point.
    Powered,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// It may be so: somebody should look.
    Possible,
    /// It is hardly anything else.
    Likely,
}

/// A reason, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// So many stations were heard in one reading.
    Together {
        /// How many, virtual machines and telephones not counted.
        stations: usize,
    },
    /// Several stations were heard in so many readings.
    Again {
        /// How many readings.
        readings: usize,
    },
    /// The switch speaks with neighbours on other ports, but not on this one.
    NoNeighbour,
    /// The port runs at half duplex, as a repeater makes it; what forwards by itself does not.
    HalfDuplex,
    /// The switch supplies power to the device on the port (POWER-ETHERNET-MIB), as it does to telephones,
    /// access points and cameras; a hub takes none.
    PoweredOverEthernet,
    /// A neighbour on the port says that it is a telephone.
    TelephoneSaysSo,
    /// A device on the port is a telephone by what is known of it.
    TelephoneByClass,
    /// Most stations of a maker's block in this network are telephones, and this is one of the block.
    TelephoneByKin,
    /// A station has an address in a network in which telephones are at home.
    TelephoneByNetwork,
    /// The stations are in different VLANs: one of them tags its frames, as telephones do.
    DifferentVlans,
    /// Frames of several VLANs besides the port's own were heard at one time: no telephone tags in
    /// more than one.
    SeveralVlans {
        /// How many, the port's own not counted; at least 2.
        vlans: usize,
    },
    /// A neighbour on the port says that it is an access point.
    AccessPointSaysSo,
    /// A device on the port is an access point by what is known of it.
    AccessPointByClass,
    /// An access point or its controller lists a station on the port as its client.
    AccessPointListsThem,
    /// Most stations of a maker's block in this network are access points, and this is one of the
    /// block.
    AccessPointByKin,
    /// Most addresses are random, as wireless clients make them.
    RandomAddresses,
    /// So many addresses are of the kind that hypervisors give.
    VirtualMachineAddresses {
        /// How many.
        machines: usize,
    },
}

/// A port with several stations, before it is put into words.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    pub(super) switch: Vertex,
    pub(super) port: u32,
    pub(super) cause: Cause,
    pub(super) confidence: Confidence,
    pub(super) reasons: Vec<Reason>,
    /// Those heard in the latest reading that are not the cause itself.
    pub(super) stations: BTreeSet<Mac>,
    pub(super) sources: BTreeSet<ObservationId>,
}

/// Stations of one device are one; two addresses in a row are a host and its management controller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Station {
    Device(Vertex),
    Mac(Mac),
}

/// What is known for judging ports.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) devices: &'a [Device],
    pub(super) known: &'a Known,
    pub(super) spots: &'a Spots,
    pub(super) limits: &'a Limits,
    pub(super) kin: &'a Kin,
    /// Wireless clients that an access point lists.
    pub(super) clients: &'a BTreeSet<Mac>,
}

/// One reading of one port: station, VLANs, sources.
type Heard = BTreeMap<Mac, (BTreeSet<Option<u16>>, ObservationId)>;

/// Every port of a node, not leading to another switch, on which several stations were ever heard
/// together.
pub(super) fn crowds(node: &Node, facts: Facts<'_>) -> Vec<Crowd> {
    let mut ports: BTreeMap<u32, Vec<(i64, Heard)>> = BTreeMap::new();
    for look in &node.looks {
        let mut heard: BTreeMap<u32, Heard> = BTreeMap::new();
        for row in &look.heard {
            let port = node.whole(row.port);
            if facts.is_station(node, (port, row.mac)) {
                let of = heard.entry(port).or_default().entry(row.mac);
                of.or_insert_with(|| (BTreeSet::new(), row.source)).0.insert(row.vlan);
            }
        }
        for (port, heard) in heard {
            ports.entry(port).or_default().push((look.at.micros(), heard));
        }
    }
    let several = |(_, looks): &(u32, Vec<(i64, Heard)>)| looks.iter().any(|(_, h)| h.len() > 1);
    ports
        .into_iter()
        .filter(several)
        .filter_map(|(port, looks)| Judge { node, port, facts }.judge(&looks))
        .collect()
}

impl Facts<'_> {
    /// Whether the station hangs on this port, not on another, and is no bridge itself.
    fn is_station(&self, node: &Node, (port, mac): (u32, Mac)) -> bool {
        !self.spots.is_inner(node.device, port)
            && self
                .spots
                .of
                .get(&mac)
                .is_some_and(|spot| (spot.switch, spot.port) == (node.device, port))
    }

    fn class(&self, mac: Mac) -> Option<Class> {
        let device = self.known.of(mac).and_then(|vertex| self.devices.get(vertex))?;
        device.class.as_ref().map(|class| class.value)
    }

    fn station(&self, mac: Mac) -> Station {
        self.known.of(mac).map_or(Station::Mac(mac), Station::Device)
    }
}

/// One port before its judge.
#[derive(Clone, Copy)]
struct Judge<'a> {
    node: &'a Node,
    port: u32,
    facts: Facts<'a>,
}

impl Judge<'_> {
    fn judge(self, looks: &[(i64, Heard)]) -> Option<Crowd> {
        let all: BTreeSet<Mac> =
            looks.iter().flat_map(|(_, heard)| heard.keys()).copied().collect();
        let beside: Vec<&Beside> = (self.node.beside.iter())
            .filter(|beside| self.node.whole(beside.port) == self.port)
            .collect();
        let points = self.access_points(&all, &beside);
        let telephones = self.telephones(looks, &beside);
        let machines = all.iter().filter(|mac| self.facts.limits.is_virtual_machine(**mac)).count();
        let verdict = points
            .or_else(|| self.virtual_machines(&all, machines))
            .or_else(|| self.trunk(looks, &telephones))
            .or_else(|| self.telephones_only(looks, &telephones))
            .or_else(|| self.powered(looks, &telephones))
            .or_else(|| self.hub(looks, &telephones))?;
        let (cause, confidence, reasons) = verdict;
        let itself = |mac: &Mac| match cause {
            Cause::Telephones => telephones.0.contains(mac),
            Cause::AccessPoint => {
                self.facts.class(*mac) == Some(Class::Wireless)
                    || self.facts.kin.is_point(*mac)
                    || beside.iter().any(|beside| {
                        self.facts
                            .known
                            .device(&beside.adjacent)
                            .is_some_and(|device| self.facts.known.of(*mac) == Some(device))
                    })
            }
            Cause::VirtualMachines => !self.facts.limits.is_virtual_machine(*mac),
            Cause::Hub | Cause::UnknownSwitch | Cause::Trunk | Cause::Powered => false,
        };
        let last = looks.last().map(|(_, heard)| heard);
        let sources = looks.iter().flat_map(|(_, heard)| heard.values().map(|(_, source)| *source));
        let said = beside.iter().map(|beside| beside.source);
        Some(Crowd {
            switch: self.node.device,
            port: self.port,
            cause,
            confidence,
            reasons,
            stations: last
                .into_iter()
                .flat_map(|heard| heard.keys())
                .filter(|mac| !itself(mac))
                .copied()
                .collect(),
            sources: sources.chain(said).collect(),
        })
    }

    fn access_points(self, all: &BTreeSet<Mac>, beside: &[&Beside]) -> Option<Verdict> {
        let sure = |reason| Some((Cause::AccessPoint, Confidence::Likely, vec![reason]));
        let does =
            |beside: &&Beside| beside.adjacent.does.access_point && !beside.adjacent.does.telephone;
        if beside.iter().any(does) {
            return sure(Reason::AccessPointSaysSo);
        }
        if all.iter().any(|mac| self.facts.class(*mac) == Some(Class::Wireless)) {
            return sure(Reason::AccessPointByClass);
        }
        if all.iter().any(|mac| self.facts.clients.contains(mac)) {
            return sure(Reason::AccessPointListsThem);
        }
        if all.iter().any(|mac| self.facts.kin.is_point(*mac)) {
            return sure(Reason::AccessPointByKin);
        }
        let random = |mac: &&Mac| mac.is_local() && !self.facts.limits.is_virtual_machine(**mac);
        let random = all.iter().filter(random).count();
        (random > 0 && random * 2 >= all.len())
            .then(|| (Cause::AccessPoint, Confidence::Possible, vec![Reason::RandomAddresses]))
    }

    /// MAC addresses that are telephones', and why.
    fn telephones(
        self,
        looks: &[(i64, Heard)],
        beside: &[&Beside],
    ) -> (BTreeSet<Mac>, Vec<Reason>) {
        let (mut telephones, mut reasons) = (BTreeSet::new(), BTreeSet::new());
        let said: BTreeSet<Option<Vertex>> = beside
            .iter()
            .filter(|beside| beside.adjacent.does.telephone)
            .map(|beside| self.facts.known.device(&beside.adjacent))
            .collect();
        let several = self.tagged(looks, &|mac| self.telephone(mac, &said).is_none()) > 1;
        for (mac, (vlans, _)) in looks.iter().flat_map(|(_, heard)| heard) {
            let tagged = !self.others(vlans).is_empty();
            let alone = tagged && !several && !self.facts.limits.is_virtual_machine(*mac);
            let known = self.telephone(*mac, &said);
            let Some(reason) = known.or(alone.then_some(Reason::DifferentVlans)) else { continue };
            telephones.insert(*mac);
            reasons.insert(reason);
        }
        (telephones, reasons.into_iter().collect())
    }

    /// Why the station is a telephone, whatever VLAN its frames are in.
    fn telephone(self, mac: Mac, said: &BTreeSet<Option<Vertex>>) -> Option<Reason> {
        let device = self.facts.known.of(mac);
        if device.is_some() && said.contains(&device) {
            Some(Reason::TelephoneSaysSo)
        } else if self.facts.class(mac) == Some(Class::Phone) {
            Some(Reason::TelephoneByClass)
        } else if self.facts.kin.is_telephone(mac) {
            Some(Reason::TelephoneByKin)
        } else {
            self.facts.kin.is_voice(mac).then_some(Reason::TelephoneByNetwork)
        }
    }

    /// VLANs that are not the port's own: their frames are tagged. None where its own is not known.
    fn others(self, vlans: &BTreeSet<Option<u16>>) -> BTreeSet<u16> {
        let own = self.node.ports.get(&self.port).and_then(|port| port.vlan);
        let others = vlans.iter().flatten().copied();
        others.filter(|vlan| own.is_some_and(|own| own != *vlan)).collect()
    }

    /// In how many VLANs besides the port's own such stations were heard at one time.
    fn tagged(self, looks: &[(i64, Heard)], wanted: &dyn Fn(Mac) -> bool) -> usize {
        let of = |(_, heard): &(i64, Heard)| {
            let heard = heard.iter().filter(|(mac, _)| wanted(**mac));
            heard.flat_map(|(_, (vlans, _))| self.others(vlans)).collect::<BTreeSet<_>>().len()
        };
        looks.iter().map(of).max().unwrap_or(0)
    }

    /// A telephone tags in the one VLAN for telephones; what sends in several is none.
    fn trunk(
        self,
        looks: &[(i64, Heard)],
        (telephones, _): &(BTreeSet<Mac>, Vec<Reason>),
    ) -> Option<Verdict> {
        let vlans = self.tagged(looks, &|mac| !telephones.contains(&mac));
        let reasons = vec![Reason::SeveralVlans { vlans }];
        (vlans > 1).then_some((Cause::Trunk, Confidence::Likely, reasons))
    }

    fn virtual_machines(self, all: &BTreeSet<Mac>, machines: usize) -> Option<Verdict> {
        let real = self.count(all.iter().copied());
        let reasons = || vec![Reason::VirtualMachineAddresses { machines }];
        (machines > 0 && (real <= 1 || machines > 1 && real == 2))
            .then(|| (Cause::VirtualMachines, Confidence::Likely, reasons()))
    }

    /// Each telephone has one socket.
    fn telephones_only(
        self,
        looks: &[(i64, Heard)],
        (telephones, reasons): &(BTreeSet<Mac>, Vec<Reason>),
    ) -> Option<Verdict> {
        let most = self.most(looks, telephones)?;
        (!telephones.is_empty() && most <= telephones.len())
            .then(|| (Cause::Telephones, Confidence::Likely, reasons.clone()))
    }

    /// What takes power is no hub. Which of the stations it is does not show.
    fn powered(
        self,
        looks: &[(i64, Heard)],
        (telephones, _): &(BTreeSet<Mac>, Vec<Reason>),
    ) -> Option<Verdict> {
        let stations = self.most(looks, telephones).filter(|stations| *stations > 1)?;
        let reasons = vec![Reason::Together { stations }, Reason::PoweredOverEthernet];
        self.node.powered.contains(&self.port).then_some((
            Cause::Powered,
            Confidence::Possible,
            reasons,
        ))
    }

    /// The most stations at one time.
    fn most(self, looks: &[(i64, Heard)], telephones: &BTreeSet<Mac>) -> Option<usize> {
        looks.iter().map(|(_, heard)| self.behind(heard, telephones)).max()
    }

    fn behind(self, heard: &Heard, telephones: &BTreeSet<Mac>) -> usize {
        self.count(heard.keys().copied().filter(|mac| !telephones.contains(mac)))
    }

    /// How many stations these are, virtual machines left out.
    fn count(self, macs: impl Iterator<Item = Mac>) -> usize {
        let real = macs.filter(|mac| !self.facts.limits.is_virtual_machine(*mac));
        let mut stations: BTreeMap<Station, Mac> = BTreeMap::new();
        for mac in real {
            stations.entry(self.facts.station(mac)).or_insert(mac);
        }
        let mut firsts: Vec<u64> = stations.values().map(|mac| number(*mac)).collect();
        firsts.sort_unstable();
        let pairs = firsts.windows(2).filter(|pair| match pair {
            [a, b] => b - a <= 2,
            _ => false,
        });
        firsts.len() - pairs.count()
    }

    fn hub(
        self,
        looks: &[(i64, Heard)],
        (telephones, _): &(BTreeSet<Mac>, Vec<Reason>),
    ) -> Option<Verdict> {
        let limits = self.facts.limits;
        let counts: Vec<usize> =
            looks.iter().map(|(_, heard)| self.behind(heard, telephones)).collect();
        let stations = counts.iter().copied().max().unwrap_or(0);
        let again = counts.iter().filter(|count| **count >= limits.stations_again).count();
        if stations < 2 {
            return None;
        }
        let mut reasons = vec![Reason::Together { stations }];
        if again > 1 {
            reasons.push(Reason::Again { readings: again });
        }
        let speaks =
            self.node.beside.iter().any(|beside| self.node.whole(beside.port) != self.port);
        let here = self.node.beside.iter().any(|beside| self.node.whole(beside.port) == self.port);
        if speaks && !here {
            reasons.push(Reason::NoNeighbour);
        }
        // Old gear and a duplex that was set by hand make half duplex too, with one station on the port
        // and sometimes a visitor: it counts only where several are there in half of the readings or more.
        let together = counts.iter().filter(|count| **count > 1).count();
        let half = self.node.half_duplex.contains(&self.port) && together * 2 >= counts.len();
        if half {
            reasons.push(Reason::HalfDuplex);
        }
        if stations > limits.stations_most {
            return Some((Cause::UnknownSwitch, Confidence::Possible, reasons));
        }
        let likely = half || stations >= limits.stations_once || again >= limits.readings;
        let confidence = if likely { Confidence::Likely } else { Confidence::Possible };
        Some((Cause::Hub, confidence, reasons))
    }
}

type Verdict = (Cause, Confidence, Vec<Reason>);

fn number(mac: Mac) -> u64 {
    mac.octets().iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}
