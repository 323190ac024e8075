//! A network device as its tables show it: ports, bundles, what was heard on each port, and who
//! stands at the other end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use daicho_common::addr::Mac;
use daicho_common::observation::table::Rows;
use daicho_common::observation::{Fact, ObservationId};
use daicho_common::time::Timestamp;

use crate::evidence::Claim;
use crate::mib::adjacent::{self, Adjacent, Local, Name, OwnPort};
use crate::mib::{bridge, neighbour};
use crate::resolve::{Device, DeviceId};

/// Ten minutes, in microseconds: rows further apart are of different readings of a table.
const READING_GAP: i64 = 600_000_000;

/// A port or other interface.
#[derive(Clone, Debug, Default)]
pub(super) struct Port {
    /// ifName, else ifDescr, else its number.
    pub(super) name: String,
    pub(super) description: String,
    pub(super) alias: String,
    kind: u32,
    mac: Option<Mac>,
    /// Its untagged VLAN.
    pub(super) vlan: Option<u16>,
}

/// A station heard on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heard {
    pub(super) mac: Mac,
    /// ifIndex; of a bundle, the whole's.
    pub(super) port: u32,
    pub(super) vlan: Option<u16>,
    pub(super) source: ObservationId,
}

/// One reading of the forwarding tables.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// When it ended.
    pub(super) at: Timestamp,
    /// Ascending.
    pub(super) heard: Vec<Heard>,
}

/// A neighbour on a cable.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    /// ifIndex of the own port itself, not of a bundle.
    pub(super) port: u32,
    pub(super) adjacent: Adjacent,
    pub(super) source: ObservationId,
}

/// A network device with tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Which of the devices.
    pub(super) device: usize,
    /// MAC addresses of its own.
    pub(super) own: BTreeSet<Mac>,
    pub(super) ports: BTreeMap<u32, Port>,
    /// From a member to the whole.
    pub(super) bundles: BTreeMap<u32, u32>,
    /// Ascending in time.
    pub(super) looks: Vec<Look>,
    pub(super) beside: Vec<Beside>,
    /// How it names itself to neighbours.
    pub(super) chassis: Vec<Name>,
    /// How many chassis it is stacked of; 0 if it is no stack.
    pub(super) stacked: usize,
    own_ports: Vec<OwnPort>,
    base_ports: BTreeMap<u32, u32>,
    /// Whom it resolved on its links, as a router.
    pub(super) neighbours: BTreeMap<Mac, ObservationId>,
}

/// What one device told.
#[derive(Default)]
struct Told<'a> {
    rows: BTreeMap<&'a str, Vec<(Timestamp, ObservationId, &'a Rows)>>,
    interfaces: Vec<(Timestamp, ObservationId, &'a Fact)>,
}

/// Forwarding tables are read together, so that readings are cut the same for all VLANs.
fn family(rows: &Rows) -> &str {
    if bridge::is_forwarding(rows) { "forwarding" } else { &rows.table }
}

/// The last of the readings into which ascending times are cut.
fn last_reading<T>(told: &[(Timestamp, ObservationId, T)]) -> &[(Timestamp, ObservationId, T)] {
    told.chunk_by(|a, b| b.0.micros().saturating_sub(a.0.micros()) <= READING_GAP)
        .next_back()
        .unwrap_or_default()
}

/// Every device that told a table of what is around it, by its place among the devices.
pub(super) fn read(
    claims: &[Claim<'_>],
    speakers: &BTreeMap<ObservationId, DeviceId>,
    devices: &[Device],
) -> BTreeMap<usize, Node> {
    let places: HashMap<&DeviceId, usize> =
        devices.iter().enumerate().map(|(place, device)| (&device.id, place)).collect();
    let mut told: BTreeMap<usize, Told<'_>> = BTreeMap::new();
    for claim in claims {
        for sighting in &claim.sightings {
            let Some(place) = speakers.get(&sighting.id).and_then(|id| places.get(id)) else {
                continue;
            };
            let told = told.entry(*place).or_default();
            if let Fact::Rows(rows) = claim.fact {
                let table = told.rows.entry(family(rows)).or_default();
                table.push((sighting.at(), sighting.id, rows));
            } else {
                told.interfaces.push((sighting.at(), sighting.id, claim.fact));
            }
        }
    }
    let node = |(place, told): (usize, Told<'_>)| {
        Some((place, Node::read(place, devices.get(place)?, told)))
    };
    told.into_iter().filter_map(node).filter(|(_, node)| node.tells()).collect()
}

impl Node {
    /// Whether it told anything of what is around it.
    fn tells(&self) -> bool {
        !self.looks.is_empty() || !self.beside.is_empty() || !self.neighbours.is_empty()
    }

    /// Whether it forwards frames and tells what it heard.
    pub(super) fn hears(&self) -> bool {
        !self.looks.is_empty()
    }

    fn read(device: usize, known: &Device, mut told: Told<'_>) -> Self {
        let mut node = Self { device, ..Self::default() };
        node.own.extend(known.macs.iter().map(|mac| mac.value));
        told.interfaces.sort_unstable_by_key(|(at, id, _)| (*at, *id));
        for (_, _, fact) in last_reading(&told.interfaces) {
            node.interface(fact);
        }
        for rows in told.rows.values_mut() {
            rows.sort_unstable_by_key(|(at, id, _)| (*at, *id));
        }
        for rows in told.rows.values() {
            for (_, _, rows) in last_reading(rows) {
                node.table(rows);
            }
        }
        if let Some(rows) = told.rows.get("entPhysicalTable") {
            let entities: Vec<&Rows> =
                last_reading(rows).iter().map(|(_, _, rows)| *rows).collect();
            node.stacked = bridge::stacked(&entities);
        }
        let mut vlans = BTreeMap::new();
        for rows in told.rows.values() {
            for (_, source, rows) in last_reading(rows) {
                vlans.extend(bridge::filters(rows));
                node.around(rows, *source);
            }
        }
        if let Some(rows) = told.rows.get("forwarding") {
            let together = |a: &(Timestamp, _, _), b: &(Timestamp, _, _)| {
                b.0.micros().saturating_sub(a.0.micros()) <= READING_GAP
            };
            let looks = rows.chunk_by(together).filter_map(|chunk| node.look(chunk, &vlans));
            node.looks = looks.collect();
        }
        node
    }

    fn interface(&mut self, fact: &Fact) {
        let Fact::Interface { index, name, description, alias, kind, mac, up: _ } = fact else {
            return;
        };
        let shown = [name, description].into_iter().find(|text| !text.is_empty());
        self.own.extend(mac.filter(|mac| mac.names_a_device()));
        let port = Port {
            name: shown.map_or_else(|| index.to_string(), ToString::to_string),
            description: description.to_string(),
            alias: alias.to_string(),
            kind: *kind,
            mac: *mac,
            vlan: None,
        };
        self.ports.insert(*index, port);
    }

    /// What a table says of the device itself; interfaces come first, base ports before their VLANs.
    fn table(&mut self, rows: &Rows) {
        self.base_ports.extend(bridge::base_ports(rows));
        self.own.extend(bridge::own_macs(rows).filter(|mac| mac.names_a_device()));
        self.own_ports.extend(adjacent::own_ports(rows));
        self.chassis.extend(adjacent::own_chassis(rows));
        let stack = rows.table == "ifStackTable";
        for (member, whole) in bridge::bundled(rows) {
            if !stack || self.ports.get(&whole).is_some_and(Port::is_bundle) {
                self.bundles.insert(member, whole);
            }
        }
        for own in bridge::own_vlans(rows) {
            let (index, vlan) = match own {
                bridge::OwnVlan::OfBasePort(port, vlan) => (self.index(port), vlan),
                bridge::OwnVlan::OfInterface(index, vlan) => (index, vlan),
            };
            if let Some(port) = self.ports.get_mut(&index) {
                port.vlan = Some(vlan);
            }
        }
    }

    /// What a table says of what is around.
    fn around(&mut self, rows: &Rows, source: ObservationId) {
        for adjacent in adjacent::read(rows) {
            let port = self.local(adjacent.local);
            self.beside.push(Beside { port, adjacent, source });
        }
        for row in neighbour::read(rows) {
            self.neighbours.entry(row.mac).or_insert(source);
        }
    }

    fn look(
        &self,
        chunk: &[(Timestamp, ObservationId, &Rows)],
        vlans: &BTreeMap<u32, u16>,
    ) -> Option<Look> {
        let at = chunk.last()?.0;
        let mut heard: Vec<Heard> = Vec::new();
        for (_, source, rows) in chunk {
            heard.extend(bridge::forwarding(rows).map(|row| Heard {
                mac: row.mac,
                port: self.index(row.port),
                vlan: match row.of {
                    bridge::Database::Only => None,
                    bridge::Database::Vlan(vlan) => Some(vlan),
                    // Most bridges number their databases as their VLANs where they do not say.
                    bridge::Database::Filter(id) if vlans.is_empty() => {
                        u16::try_from(id).ok().filter(|vlan| (1..=4094).contains(vlan))
                    }
                    bridge::Database::Filter(id) => vlans.get(&id).copied(),
                },
                source: *source,
            }));
        }
        heard.sort_unstable();
        heard.dedup_by_key(|one| (one.mac, one.port, one.vlan));
        Some(Look { at, heard })
    }

    /// The ifIndex of a port of the bridge; the same number where the bridge does not say.
    fn index(&self, base_port: u32) -> u32 {
        self.base_ports.get(&base_port).copied().unwrap_or(base_port)
    }

    /// The ifIndex of the port on which a neighbour was heard.
    fn local(&self, local: Local) -> u32 {
        let number = match local {
            Local::Interface(index) => return index,
            Local::LldpPort(number) => number,
        };
        let announced = self.own_ports.iter().find(|port| port.local == local);
        announced
            .and_then(|port| {
                self.named(&port.name).or_else(|| self.called(port.description.as_str()))
            })
            .unwrap_or_else(|| self.index(number))
    }

    /// The port that is announced thus.
    fn named(&self, name: &Name) -> Option<u32> {
        match name {
            Name::Mac(mac) => {
                let mut with = self.ports.iter().filter(|(_, port)| port.mac == Some(*mac));
                with.next().map(|(index, _)| *index).filter(|_| with.next().is_none())
            }
            Name::Words(words) => self.called(words.as_str()).or_else(|| {
                // A locally assigned number is mostly the ifIndex.
                words.as_str().parse().ok().filter(|index| self.ports.contains_key(index))
            }),
            Name::Address(_) => None,
        }
    }

    /// The port that is called thus: by its name, else by its description, else by its alias.
    fn called(&self, words: &str) -> Option<u32> {
        if words.is_empty() {
            return None;
        }
        let by = |of: fn(&Port) -> &str| {
            let mut with =
                self.ports.iter().filter(|(_, port)| of(port).eq_ignore_ascii_case(words));
            with.next().map(|(index, _)| *index).filter(|_| with.next().is_none())
        };
        by(|port| &port.name).or_else(|| by(|port| &port.description)).or_else(|| by(|p| &p.alias))
    }

    /// The port that a neighbour says it is connected to, as far as it can be told.
    pub(super) fn announced(&self, adjacent: &Adjacent) -> Option<u32> {
        let own = self.own_ports.iter().find(|port| port.name == adjacent.port);
        own.map(|port| self.local(port.local))
            .or_else(|| self.named(&adjacent.port))
            .or_else(|| self.called(adjacent.port_description.as_str()))
    }

    /// The whole that a port belongs to; itself if it stands alone.
    pub(super) fn whole(&self, port: u32) -> u32 {
        self.bundles.get(&port).copied().unwrap_or(port)
    }

    /// The last reading.
    pub(super) fn last(&self) -> &[Heard] {
        self.looks.last().map(|look| look.heard.as_slice()).unwrap_or_default()
    }
}

impl Port {
    /// Whether it is made of other ports: ieee8023adLag(161), or propVirtual(53) by a bundle's name.
    fn is_bundle(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        let called = ["po", "lag", "trk", "ae", "bond"].iter().any(|start| name.starts_with(start));
        self.kind == 161 || self.kind == 53 && called
    }
}
