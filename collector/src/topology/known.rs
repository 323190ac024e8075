//! Who is meant by a MAC address, a name or an address: a vertex of the network's graph.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::ObservationId;
use daicho_common::time::Timestamp;

use super::node::Node;
use crate::evidence::Claim;
use crate::mib::adjacent::{Adjacent, Name};
use crate::resolve::{Device, DeviceId};

/// A device by its place among the devices; above them, somebody who is only spoken of.
pub(super) type Vertex = usize;

/// The directory.
pub(super) struct Known {
    macs: HashMap<Mac, Vertex>,
    /// Cards that several devices have in turn: who had it when, ascending.
    turns: HashMap<Mac, Vec<(Timestamp, Vertex)>>,
    /// `None` where several are called so.
    names: HashMap<String, Option<Vertex>>,
    addresses: HashMap<IpAddr, Option<Vertex>>,
    devices: usize,
    /// Those who are only spoken of, by what they are called.
    strangers: BTreeMap<String, Vertex>,
}

/// A name without its domain, as names are compared.
fn bare(name: &str) -> String {
    name.split('.').next().unwrap_or_default().trim().to_lowercase()
}

fn only<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Option<Vertex>>, key: K, vertex: Vertex) {
    map.entry(key)
        .and_modify(|known| *known = known.filter(|known| *known == vertex))
        .or_insert(Some(vertex));
}

impl Known {
    pub(super) fn new(devices: &[Device], nodes: &BTreeMap<usize, Node>) -> Self {
        let mut known = Self {
            macs: HashMap::new(),
            turns: HashMap::new(),
            names: HashMap::new(),
            addresses: HashMap::new(),
            devices: devices.len(),
            strangers: BTreeMap::new(),
        };
        for (vertex, device) in devices.iter().enumerate() {
            for mac in device.macs.iter().filter(|mac| mac.value.names_a_device()) {
                known.macs.insert(mac.value, vertex);
            }
            for name in device.names.iter().map(|name| bare(&name.value)) {
                only(&mut known.names, name, vertex);
            }
            for address in &device.addresses {
                only(&mut known.addresses, address.ip, vertex);
            }
        }
        for (vertex, node) in nodes {
            for name in &node.chassis {
                if let Name::Words(words) = name {
                    only(&mut known.names, bare(words.as_str()), *vertex);
                }
            }
        }
        known
    }

    /// Reads who had the cards that several devices have in turn (a dock), and when.
    pub(super) fn turns(
        &mut self,
        claims: &[Claim<'_>],
        speakers: &BTreeMap<ObservationId, DeviceId>,
        devices: &[Device],
    ) {
        let mut holders: HashMap<Mac, usize> = HashMap::new();
        for mac in devices.iter().flat_map(|device| &device.macs) {
            *holders.entry(mac.value).or_default() += 1;
        }
        holders.retain(|mac, count| *count > 1 && mac.names_a_device());
        if holders.is_empty() {
            return;
        }
        let vertices: HashMap<&DeviceId, Vertex> =
            devices.iter().enumerate().map(|(vertex, device)| (&device.id, vertex)).collect();
        for claim in claims {
            let Some(mac) = claim.speaker.mac.filter(|mac| holders.contains_key(mac)) else {
                continue;
            };
            for sighting in &claim.sightings {
                let holder = speakers.get(&sighting.id).and_then(|id| vertices.get(id));
                if let Some(vertex) = holder {
                    self.turns.entry(mac).or_default().push((sighting.at(), *vertex));
                }
            }
        }
        for turns in self.turns.values_mut() {
            turns.sort_unstable();
        }
        for (mac, turns) in &self.turns {
            if let Some((_, last)) = turns.last() {
                self.macs.insert(*mac, *last);
            }
        }
    }

    /// Whose MAC address it is; of a card that several have in turn, who had it last.
    pub(super) fn of(&self, mac: Mac) -> Option<Vertex> {
        self.macs.get(&mac).copied()
    }

    /// Who had the card at that time: whoever was seen with it nearest to then.
    pub(super) fn of_at(&self, mac: Mac, at: Timestamp) -> Option<Vertex> {
        let Some(turns) = self.turns.get(&mac) else { return self.of(mac) };
        let far = |when: Timestamp| when.micros().abs_diff(at.micros());
        turns.iter().min_by_key(|(when, _)| far(*when)).map(|(_, vertex)| *vertex)
    }

    fn called(&self, name: &str) -> Option<Vertex> {
        let name = bare(name);
        (!name.is_empty()).then(|| self.names.get(&name).copied().flatten()).flatten()
    }

    /// The device that a neighbour is, if it is a device that is known.
    pub(super) fn device(&self, adjacent: &Adjacent) -> Option<Vertex> {
        let by = |name: &Name| match name {
            Name::Mac(mac) => self.of(*mac),
            Name::Address(ip) => self.addresses.get(ip).copied().flatten(),
            Name::Words(words) => self.called(words.as_str()),
        };
        let by_port = match &adjacent.port {
            Name::Mac(mac) => self.of(*mac),
            Name::Address(_) | Name::Words(_) => None,
        };
        by(&adjacent.chassis)
            .or(by_port)
            .or_else(|| adjacent.addresses.iter().find_map(|ip| by(&Name::Address(*ip))))
            .or_else(|| self.called(adjacent.name.as_str()))
    }

    /// The device that a neighbour is, by an address of its own: its name alone could be another's.
    pub(super) fn by_address(&self, adjacent: &Adjacent) -> Option<Vertex> {
        let mac = [&adjacent.chassis, &adjacent.port].into_iter().find_map(|name| match name {
            Name::Mac(mac) => self.of(*mac),
            Name::Address(_) | Name::Words(_) => None,
        });
        let chassis = match &adjacent.chassis {
            Name::Address(ip) => Some(*ip),
            Name::Mac(_) | Name::Words(_) => None,
        };
        mac.or_else(|| {
            let said = chassis.iter().chain(&adjacent.addresses);
            said.copied().find_map(|ip| self.addresses.get(&ip).copied().flatten())
        })
    }

    /// The same; somebody unknown becomes a vertex of its own, by what it is called.
    pub(super) fn vertex(&mut self, adjacent: &Adjacent) -> Vertex {
        if let Some(vertex) = self.device(adjacent) {
            return vertex;
        }
        self.somebody(called(adjacent))
    }

    /// Somebody unknown who is called thus.
    pub(super) fn somebody(&mut self, called: String) -> Vertex {
        let next = self.devices + self.strangers.len();
        *self.strangers.entry(called).or_insert(next)
    }

    /// What somebody is called who is only spoken of; empty if it is a device.
    pub(super) fn stranger(&self, vertex: Vertex) -> &str {
        let found = self.strangers.iter().find(|(_, known)| **known == vertex);
        found.map_or("", |(name, _)| name.as_str())
    }
}

/// What a neighbour is called: its name, else its chassis.
fn called(adjacent: &Adjacent) -> String {
    if !adjacent.name.is_empty() {
        return adjacent.name.to_string();
    }
    match (&adjacent.chassis, adjacent.addresses.first()) {
        (Name::Words(words), _) if !words.is_empty() => words.to_string(),
        (Name::Mac(_) | Name::Words(_), Some(ip)) | (Name::Address(ip), _) => ip.to_string(),
        (Name::Mac(mac), None) => mac.to_string(),
        (Name::Words(words), None) => words.to_string(),
    }
}
