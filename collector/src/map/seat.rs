//! Where every end device hangs: on a port of a network device, behind a hub that must be there, or
//! where nobody knows.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Vertex;
use crate::resolve::{Attached, Device, Through};
use crate::topology::{Cause, Shared, Topology};

/// A port by its name, in an order in which 2 comes before 10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port(pub(super) String);

impl Port {
    /// Pieces of digits as numbers, all else as text.
    fn pieces(&self) -> Vec<(u64, &str)> {
        let digit = |c: char| c.is_ascii_digit();
        let mut pieces = Vec::new();
        let mut rest = self.0.as_str();
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c| digit(c) != digit(first)).unwrap_or(rest.len());
            let (piece, after) = rest.split_at(end);
            let number = piece.parse().unwrap_or(u64::from(digit(first)));
            pieces.push(if digit(first) { (number, "") } else { (0, piece) });
            rest = after;
        }
        pieces
    }
}

impl Ord for Port {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.pieces().cmp(&other.pieces()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Port {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A device on a port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat<'a> {
    pub(super) device: &'a Device,
    pub(super) at: &'a Attached,
}

impl Seat<'_> {
    /// Whether it hangs on another device of the same port: an access point, a telephone, a host.
    pub(super) const fn is_carried(&self) -> bool {
        matches!(
            self.at.through,
            Some(
                Through::AccessPoint
                    | Through::Telephone
                    | Through::Host
                    | Through::Trunk
                    | Through::Powered
            )
        )
    }
}

/// What hangs on one port.
#[derive(Debug, Default)]
pub(super) struct Seats<'a>(pub(super) Vec<Seat<'a>>);

/// A hub that must be there.
#[derive(Debug)]
pub(super) struct Hub<'a> {
    pub(super) shared: &'a Shared,
    pub(super) devices: Vec<&'a Device>,
}

/// What hangs on one network device.
#[derive(Debug, Default)]
pub(super) struct Held<'a> {
    pub(super) ports: BTreeMap<Port, Seats<'a>>,
    pub(super) hubs: BTreeMap<Port, Hub<'a>>,
}

impl<'a> Held<'a> {
    /// Every device that hangs on it without a hub between, one that has two ports once.
    pub(super) fn direct(&self) -> Vec<&'a Device> {
        let devices = self.ports.values().flat_map(|seats| &seats.0).map(|seat| seat.device);
        once(devices)
    }
}

/// Each device once, in the order of their names.
pub(super) fn once<'a>(devices: impl Iterator<Item = &'a Device>) -> Vec<&'a Device> {
    let mut devices: Vec<&Device> = devices.collect();
    devices.sort_by(|a, b| a.id.cmp(&b.id));
    devices.dedup_by(|a, b| a.id == b.id);
    devices
}

/// Where everything hangs.
#[derive(Debug, Default)]
pub(super) struct Seating<'a> {
    pub(super) held: BTreeMap<Vertex, Held<'a>>,
    /// Devices of which nobody says where they hang, by their network.
    pub(super) nowhere: BTreeMap<&'a str, Vec<&'a Device>>,
}

impl<'a> Seating<'a> {
    /// Seats all devices but those that are vertices themselves; `far` tells who is at the other end of a
    /// port.
    pub(super) fn find(
        (devices, topology): (&'a [Device], &'a Topology),
        is_vertex: impl Fn(&Device) -> bool,
        far: &BTreeMap<(&str, &str), Vertex>,
    ) -> Self {
        let mut seating = Self::default();
        let hubs = topology.shared.iter().filter_map(|shared| {
            let hub = matches!(shared.cause, Cause::Hub | Cause::UnknownSwitch);
            let device = shared.at.device.as_ref().filter(|_| hub)?;
            Some(((device.0.as_str(), shared.at.port.as_str()), shared))
        });
        let hubs: BTreeMap<(&str, &str), &Shared> = hubs.collect();
        for ((switch, port), shared) in &hubs {
            let held = seating.held.entry(Vertex::known(switch)).or_default();
            let hub = Hub { shared, devices: Vec::new() };
            held.hubs.insert(Port((*port).to_owned()), hub);
        }
        for device in devices.iter().filter(|device| !is_vertex(device)) {
            if device.attached.is_empty() {
                let network = device.addresses.first().map_or("", |at| at.network.as_str());
                seating.nowhere.entry(network).or_default().push(device);
            }
            let mut taken = BTreeSet::new();
            for attached in &device.attached {
                let at = &attached.value;
                if taken.insert((&at.switch, &at.port)) {
                    seating.seat(Seat { device, at }, far);
                }
            }
        }
        seating
    }

    fn seat(&mut self, seat: Seat<'a>, far: &BTreeMap<(&str, &str), Vertex>) {
        let (switch, port) = (seat.at.switch.0.as_str(), seat.at.port.as_str());
        let here = Vertex::known(switch);
        let behind = far.get(&(switch, port)).filter(|far| **far != here);
        let name = Port(port.to_owned());
        if matches!(seat.at.through, Some(Through::Hub | Through::UnknownSwitch))
            && let Some(hub) = self.held.get_mut(&here).and_then(|held| held.hubs.get_mut(&name))
        {
            hub.devices.push(seat.device);
            return;
        }
        let beyond = seat.at.through.is_some();
        let (vertex, name) = match behind.filter(|_| beyond) {
            // Which of its ports is not known.
            Some(far) => (far.clone(), Port(String::new())),
            None => (here, name),
        };
        let held = self.held.entry(vertex).or_default();
        held.ports.entry(name).or_default().0.push(seat);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_stand_in_the_order_in_which_people_count_them() {
        let mut ports = ["Gi1/0/10", "Gi1/0/2", "Gi1/0/1", "", "Te1/1/1", "2", "10"]
            .map(|name| Port(name.to_owned()));
        ports.sort();
        let names: Vec<&str> = ports.iter().map(|port| port.0.as_str()).collect();
        assert_eq!(names, ["", "Gi1/0/1", "Gi1/0/2", "Gi1/0/10", "Te1/1/1", "2", "10"]);
    }
}
