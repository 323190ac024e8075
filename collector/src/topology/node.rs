//! A network device as its tables show it: ports, bundles, what was heard on each port, and who
//! stands at the other end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use daicho_common::addr::Mac;
use daicho_common::observation::table::{Rows, TableRead};
use daicho_common::observation::{Fact, ObservationId};
use daicho_common::time::Timestamp;

use super::database;
use super::port::Port;
use super::renumber::Numbers;
use crate::evidence::Claim;
use crate::mib::adjacent::{self, Added, Adjacent, Local, Name, OwnPort};
use crate::mib::station::Admitted;
use crate::mib::{bridge, neighbour, spanning_tree, station};
use crate::resolve::{Device, DeviceId};

/// Ten minutes, in microseconds: rows further apart are of different readings of a table.
pub(super) const READING_GAP: i64 = 600_000_000;

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

/// What the spanning tree says of a cable: the bridge that speaks for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Designated {
    /// The own port; of a bundle, the whole.
    pub(super) port: u32,
    pub(super) bridge: Mac,
    /// Priority and number of that bridge's port.
    pub(super) far: u16,
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
    pub(super) own_ports: Vec<OwnPort>,
    pub(super) base_ports: BTreeMap<u32, u32>,
    /// Whom it resolved, as a router: on which of its interfaces.
    pub(super) neighbours: BTreeMap<Mac, (u32, ObservationId)>,
    pub(super) vlan_names: BTreeMap<u16, String>,
    /// VLANs that are set up; empty if it does not tell.
    pub(super) vlans: BTreeSet<u16>,
    /// Whether its forwarding tables tell VLANs or databases apart.
    pub(super) by_vlan: bool,
    /// Ports that the spanning tree keeps from forwarding.
    pub(super) blocked: BTreeSet<u32>,
    /// Ports for whose cables another bridge speaks.
    pub(super) designated: Vec<Designated>,
    /// Ports that run at half duplex.
    pub(super) half_duplex: BTreeSet<u32>,
    /// Ports that deliver power to a device.
    pub(super) powered: BTreeSet<u32>,
    /// Wireless clients, each with the radio, where the device itself is not the access point.
    pub(super) clients: Vec<(Mac, Option<Mac>, ObservationId)>,
    /// The wired address of each radio's access point.
    pub(super) points: BTreeMap<Mac, Mac>,
    /// Ports on which somebody is let in by IEEE 802.1X.
    pub(super) let_in: BTreeSet<u32>,
    /// Whom it connects with which port beside its forwarding table.
    pub(super) admitted: Vec<(Admitted, ObservationId)>,
}

/// What one device told.
#[derive(Default)]
struct Told<'a> {
    rows: BTreeMap<&'a str, Vec<(Timestamp, ObservationId, &'a Rows)>>,
    /// Of interfaces only: whoever is heard or answers otherwise tells nothing of its ports.
    interfaces: Vec<(Timestamp, ObservationId, &'a Fact)>,
    /// When each table was last read to its end without a row.
    empty: BTreeMap<&'a str, Timestamp>,
}

impl<'a> Told<'a> {
    /// How reading of tables ended.
    fn ended(&mut self, read: &'a TableRead, at: Timestamp) {
        if read.found_nothing() {
            for table in read.tables() {
                let last = self.empty.entry(table).or_insert(at);
                *last = at.max(*last);
            }
        }
    }

    /// Puts all in order, and leaves out rows of tables that were found empty since: whoever was told
    /// of there is gone. Forwarding tables stay: a station may sleep.
    fn settle(&mut self) {
        self.interfaces.sort_unstable_by_key(|(at, id, _)| (*at, *id));
        for rows in self.rows.values_mut() {
            rows.sort_unstable_by_key(|(at, id, _)| (*at, *id));
        }
        let empty = &self.empty;
        self.rows.retain(|table, rows| {
            let since = empty.get(table).zip(rows.last());
            *table == "forwarding"
                || since.is_none_or(|(empty, (last, ..))| {
                    empty.micros().saturating_sub(last.micros()) <= READING_GAP
                })
        });
    }
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
        if let Fact::TableRead(read) = claim.fact
            && let Some(last) = claim.sightings.last()
            && let Some(place) = speakers.get(&last.id).and_then(|id| places.get(id))
        {
            told.entry(*place).or_default().ended(read, last.at());
        }
        for sighting in &claim.sightings {
            let Some(place) = speakers.get(&sighting.id).and_then(|id| places.get(id)) else {
                continue;
            };
            let told = told.entry(*place).or_default();
            if let Fact::Rows(rows) = claim.fact {
                let table = told.rows.entry(family(rows)).or_default();
                table.push((sighting.at(), sighting.id, rows));
            } else if let Fact::Interface { .. } = claim.fact {
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
    /// Whether it told anything of what is around it, or is a bridge.
    fn tells(&self) -> bool {
        !self.looks.is_empty()
            || !self.beside.is_empty()
            || !self.neighbours.is_empty()
            || !self.base_ports.is_empty()
            || !self.designated.is_empty()
            || !self.clients.is_empty()
            || !self.admitted.is_empty()
    }

    /// Whether it forwards frames and tells what it heard.
    pub(super) fn hears(&self) -> bool {
        !self.looks.is_empty()
    }

    fn read(device: usize, known: &Device, mut told: Told<'_>) -> Self {
        let mut node = Self { device, ..Self::default() };
        node.own.extend(known.macs.iter().map(|mac| mac.value));
        told.settle();
        for (_, _, fact) in last_reading(&told.interfaces) {
            node.interface(fact);
        }
        for rows in told.rows.values() {
            for (_, _, rows) in last_reading(rows) {
                node.table(rows);
            }
        }
        if let Some(rows) = told.rows.get("pethPsePortTable") {
            let rows = last_reading(rows).iter().map(|(_, _, rows)| *rows);
            node.powered = bridge::powered(rows).into_iter().map(|port| node.index(port)).collect();
        }
        if let Some(rows) = told.rows.get("entPhysicalTable") {
            let entities: Vec<&Rows> =
                last_reading(rows).iter().map(|(_, _, rows)| *rows).collect();
            node.stacked = bridge::stacked(&entities);
        }
        if let Some(rows) = told.rows.get("dot1xAuthConfigTable") {
            let ports = last_reading(rows).iter().flat_map(|(_, _, rows)| station::let_in(rows));
            node.let_in = ports.collect();
        }
        let mut vlans = BTreeMap::new();
        for rows in told.rows.values() {
            for (_, source, rows) in last_reading(rows) {
                vlans.extend(bridge::filters(rows));
                node.around(rows, *source);
                node.stations(rows, *source);
            }
        }
        node.complete(&told);
        if let Some(rows) = told.rows.get("forwarding") {
            if vlans.is_empty() {
                vlans = database::of(&node, rows.iter().map(|(_, _, rows)| *rows));
            }
            node.by_vlan = rows.iter().any(|(_, _, rows)| bridge::tells_vlans(rows));
            let together = |a: &(Timestamp, _, _), b: &(Timestamp, _, _)| {
                b.0.micros().saturating_sub(a.0.micros()) <= READING_GAP
            };
            let ports = told.rows.get("dot1dBasePortTable").map(Vec::as_slice);
            let numbers = Numbers::read(&told.interfaces, ports.unwrap_or_default());
            let looks =
                rows.chunk_by(together).filter_map(|chunk| node.look(chunk, &vlans, &numbers));
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
        self.vlans.extend(bridge::vlans(rows));
        self.half_duplex.extend(bridge::half_duplex(rows));
        self.vlan_names
            .extend(bridge::vlan_names(rows).map(|(vlan, name)| (vlan, name.to_string())));
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

    /// Puts to each neighbour what other tables say of it.
    fn complete(&mut self, told: &Told<'_>) {
        let mut added: HashMap<(Local, u32), Vec<Added>> = HashMap::new();
        for rows in told.rows.values().flat_map(|rows| last_reading(rows)) {
            for (key, one) in adjacent::added(rows.2) {
                added.entry(key).or_default().push(one);
            }
        }
        for beside in &mut self.beside {
            let adjacent = &mut beside.adjacent;
            for one in added.get(&(adjacent.local, adjacent.entry)).into_iter().flatten() {
                match one {
                    Added::Address(ip) => adjacent.addresses.push(*ip),
                    Added::Inventory(inventory) => adjacent.inventory = inventory.clone(),
                    Added::Telephone => adjacent.does.telephone = true,
                }
            }
        }
    }

    /// What a table says of the spanning tree and of stations by name.
    fn stations(&mut self, rows: &Rows, source: ObservationId) {
        for port in spanning_tree::ports(rows) {
            let index = self.whole(self.index(port.port));
            if port.blocked {
                self.blocked.insert(index);
            }
            if !self.own.contains(&port.designated) {
                let (bridge, far) = (port.designated, port.designated_port);
                self.designated.push(Designated { port: index, bridge, far, source });
            }
        }
        self.points.extend(station::points(rows));
        self.clients.extend(station::clients(rows).map(|one| (one.mac, one.radio, source)));
        let admitted = station::admitted(rows, &self.let_in).map(|one| (one, source));
        self.admitted.extend(admitted);
    }

    /// What a table says of what is around.
    fn around(&mut self, rows: &Rows, source: ObservationId) {
        for adjacent in adjacent::read(rows) {
            let port = self.local(adjacent.local);
            self.beside.push(Beside { port, adjacent, source });
        }
        for row in neighbour::read(rows) {
            self.neighbours.entry(row.mac).or_insert((row.interface, source));
        }
    }

    fn look(
        &self,
        chunk: &[(Timestamp, ObservationId, &Rows)],
        vlans: &BTreeMap<u32, u16>,
        numbers: &Numbers<'_>,
    ) -> Option<Look> {
        let at = chunk.last()?.0;
        let mut heard: Vec<Heard> = Vec::new();
        for (at, source, rows) in chunk {
            let index = |port| {
                let then = numbers.index_then(port, *at).unwrap_or_else(|| self.index(port));
                numbers.index_now(then, *at)
            };
            heard.extend(bridge::forwarding(rows).filter_map(|row| {
                let vlan = match row.of {
                    bridge::Database::Only => None,
                    bridge::Database::Vlan(vlan) => Some(vlan),
                    bridge::Database::Filter(id) => vlans.get(&id).copied(),
                };
                Some(Heard { mac: row.mac, port: index(row.port)?, vlan, source: *source })
            }));
        }
        heard.sort_unstable();
        heard.dedup_by_key(|one| (one.mac, one.port, one.vlan));
        Some(Look { at, heard })
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
