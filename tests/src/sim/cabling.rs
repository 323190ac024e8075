//! The cables of the hospital: which device hangs on which port, with what between. The outcome is a
//! [`Wiring`], so what the switches tell of it is told as of any other wiring.
//!
//! A core in the server room, a switch in each place: of three the first hangs on the core by two
//! cables, the others on it. Telephones with computers behind them, access points with notebooks, and
//! hubs that nobody wrote down.

use std::collections::{BTreeMap, BTreeSet};

use super::wiring::{Between, DAYS, Plan, Speaks, Station, Style, Switch, Uplink, Wiring};
use super::{Device, Ground, Kind, Nic, Reach, Segment};

/// Devices that share a port by a hub. Four or more each: fewer than three show in one reading to
/// nobody, and a row may have aged out.
const HUBS: [&[&str]; 7] = [
    &["lab-001", "lab-002", "lab-003", "lab-004", "lab-005"],
    &["lab-007", "lab-008", "lab-009", "lab-010"],
    &["kpc-001", "kpc-002", "kpc-003", "kpc-004"],
    &["pc-014", "pc-026", "pc-038", "pc-050", "stranger-004"],
    &["bed-004", "bed-010", "bed-016", "bed-028"],
    &["ward-001", "ward-005", "ward-013", "ward-017"],
    &["ward-002", "ward-006", "ward-014", "stranger-009"],
];

/// The switch in the middle.
const CORE: usize = 0;
/// Of how many switches in a row the first hangs on the core.
const ROW: usize = 3;
/// Ports that the switch of a place keeps for switches below it.
const KEPT: u32 = 2;

/// Lays the cables between these devices; the seed chooses which rows age out of tables.
///
/// On loopback a device cannot be told by its MAC address, unless it tells it itself: what answers
/// there otherwise would stand in the tables as somebody else, so it is left out.
pub(super) fn lay(
    (ground, seed): (Ground, u64),
    segments: &[Segment],
    devices: &[(&Device, bool)],
) -> Wiring {
    let mut layer = Layer::new(segments, devices);
    let heard: Vec<&Device> = devices
        .iter()
        .filter(|(device, tells)| {
            let untouched = || layer.reach(device) == Some(Reach::Untouched);
            !is_managed(device) && (ground == Ground::Wire || *tells || untouched())
        })
        .map(|(device, _)| *device)
        .collect();
    layer.hubs(&heard);
    layer.telephones(&heard);
    layer.points(&heard);
    for device in heard {
        layer.alone(device);
    }
    let Layer { switches, stations, vlans, .. } = layer;
    let (reserve, gone) = (Vec::new(), Vec::new());
    Wiring {
        switches,
        stations,
        vlans,
        reserve,
        gone,
        seed,
        plan: Plan { days: 2, ..Plan::HOSPITAL },
    }
}

struct Layer<'a> {
    segments: &'a [Segment],
    switches: Vec<Switch>,
    stations: Vec<Station>,
    vlans: Vec<(usize, u32, u16)>,
    /// The next free port of each switch.
    free: Vec<u32>,
    /// The switch of each place.
    places: BTreeMap<&'a str, usize>,
    laid: BTreeSet<&'a str>,
}

fn is_managed(device: &Device) -> bool {
    device.kind == Kind::Switch && !device.make.object_id.is_empty()
}

/// How many ports the switch has, and of how many chassis it is made.
fn size(device: &Device) -> (u32, u32) {
    let ports = if device.make.model.contains("48") { 52 } else { 28 };
    if device.key.starts_with("core") { (2 * ports, 2) } else { (ports, 1) }
}

impl<'a> Layer<'a> {
    /// The switches, with the cables between them.
    fn new(segments: &'a [Segment], devices: &[(&'a Device, bool)]) -> Self {
        let (stations, vlans, laid) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut layer = Layer {
            segments,
            switches: Vec::new(),
            stations,
            vlans,
            free: Vec::new(),
            places: BTreeMap::new(),
            laid,
        };
        let all = devices.iter().map(|(device, _)| *device);
        let all: Vec<&'a Device> = all.filter(|device| is_managed(device)).collect();
        let core = all.iter().filter(|device| device.key.starts_with("core"));
        let floors = all.iter().filter(|device| !device.key.starts_with("core"));
        for (number, device) in core.chain(floors).enumerate() {
            layer.switch(number, device);
        }
        layer
    }

    fn switch(&mut self, number: usize, device: &'a Device) {
        let Some(nic) = device.nics.first() else { return };
        let (ports, chassis) = size(device);
        let place = number.saturating_sub(1) % ROW;
        let up = (number != CORE).then(|| {
            let (to, cables) = if place == 0 { (CORE, 2) } else { (number - place, 1) };
            let mut above =
                || self.free.get_mut(to).map_or(0, |free| std::mem::replace(free, *free + 1));
            let cables = (1..=cables).map(|own| (own, above())).collect();
            // Some makes say nothing of bundles.
            Uplink { to, cables, told: number % 2 == 1 }
        });
        self.free.push(up.as_ref().map_or(1, |up| up.cables.len() + 1).try_into().unwrap_or(1));
        let style = match device.make.vendor {
            "シスコシステムズ" => Style::Contexts,
            "アラクサラ" => Style::Databases,
            _ => Style::Vlans,
        };
        self.places.insert(&device.place, number);
        self.switches.push(Switch {
            name: device.name.clone(),
            mac: nic.mac,
            ip: nic.ip,
            style,
            ports,
            snmp: true,
            lldp: true,
            chassis,
            up,
            // No spanning tree: there are no loops.
            tree: false,
            gives: 1000,
        });
    }

    fn segment(&self, device: &Device) -> Option<&'a Segment> {
        let ip = device.nics.first()?.ip;
        self.segments.iter().find(|segment| segment.cidr.contains(&ip))
    }

    fn reach(&self, device: &Device) -> Option<Reach> {
        self.segment(device).map(|segment| segment.reach)
    }

    /// A free port where the device stands; in the server room if there is none.
    fn socket(&mut self, device: &Device) -> (usize, u32) {
        let kept = |at: usize| if at != CORE && at % ROW == 1 { KEPT } else { 0 };
        let room = |at: &usize| {
            let ports = self.switches.get(*at).map_or(0, |switch| switch.ports);
            self.free.get(*at).is_some_and(|free| *free + kept(*at) <= ports)
        };
        let near = self.places.get(device.place.as_str()).copied();
        let at = near.filter(room).unwrap_or(CORE);
        let port = self.free.get_mut(at).map_or(0, |free| std::mem::replace(free, *free + 1));
        (at, port)
    }

    /// Puts the device's first interface on the port.
    fn station(&mut self, device: &'a Device, at: (usize, u32), how: (Between, Speaks)) {
        self.laid.insert(&device.key);
        if let Some(nic) = device.nics.first() {
            self.plug(*nic, at, how);
        }
    }

    fn plug(&mut self, nic: Nic, at: (usize, u32), (between, speaks): (Between, Speaks)) {
        let segment = self.segments.iter().find(|segment| segment.cidr.contains(&nic.ip));
        let vlan = segment.map_or(1, |segment| segment.vlan);
        let (mac, ip, awake) = (nic.mac, Some(nic.ip), [true; DAYS]);
        self.stations.push(Station { mac, ip, vlan, at: [at; DAYS], between, speaks, awake });
        // A telephone tags its own frames; the port's VLAN is that of the computer behind.
        let known = self.vlans.iter().any(|(switch, port, _)| (*switch, *port) == at);
        if speaks != Speaks::LldpTelephone && !known {
            self.vlans.push((at.0, at.1, vlan));
        }
    }

    fn hubs(&mut self, heard: &[&'a Device]) {
        for keys in HUBS {
            let find = |key: &&str| heard.iter().find(|device| device.key == **key);
            let there: Vec<&'a Device> = keys.iter().filter_map(find).copied().collect();
            let Some(first) = there.first() else { continue };
            let at = self.socket(first);
            for device in there {
                self.station(device, at, (Between::Hub, Speaks::Nothing));
            }
        }
    }

    /// Each on a port, with a computer of the same place behind it if there is one.
    fn telephones(&mut self, heard: &[&'a Device]) {
        for telephone in heard.iter().filter(|device| device.key.starts_with("tel")) {
            let at = self.socket(telephone);
            let behind = |device: &&&'a Device| {
                device.key.starts_with("pc")
                    && device.place == telephone.place
                    && !self.laid.contains(device.key.as_str())
            };
            let behind = heard.iter().find(behind);
            self.station(telephone, at, (Between::Nothing, Speaks::LldpTelephone));
            if let Some(computer) = behind {
                self.station(computer, at, (Between::Telephone, Speaks::Nothing));
            }
        }
    }

    /// Each with the notebooks of its place, and with whoever has a random address there.
    fn points(&mut self, heard: &[&'a Device]) {
        for point in heard.iter().filter(|device| device.kind == Kind::AccessPoint) {
            let at = self.socket(point);
            self.station(point, at, (Between::Nothing, Speaks::LldpPoint));
            let random = |device: &Device| device.nics.iter().any(|nic| nic.mac.is_local());
            let wireless = |device: &&&Device| {
                device.place == point.place && (device.key.starts_with("note") || random(device))
            };
            for device in heard.iter().filter(wireless) {
                self.station(device, at, (Between::Point, Speaks::Nothing));
            }
        }
    }

    /// Whatever has no port yet: a port for each interface.
    fn alone(&mut self, device: &'a Device) {
        if self.laid.insert(&device.key) {
            for nic in &device.nics {
                let at = self.socket(device);
                self.plug(*nic, at, (Between::Nothing, Speaks::Nothing));
            }
        }
    }
}

#[cfg(test)]
mod tests;
