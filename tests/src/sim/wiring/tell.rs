//! What the switches and the router answer over SNMP on two days, as observations.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::addr::Mac;
use daicho_common::observation::table::{Cell, MOST_ROWS, Row, Rows};
use daicho_common::observation::{Fact, Method, Observation, Speaker, Vantage};
use daicho_common::time::Timestamp;

use super::lay::MANAGEMENT;
use super::{Speaks, Style, Switch, Wiring};
use crate::sim::dice::Dice;

/// One day, in microseconds: the second day begins here.
pub(in crate::sim) const DAY: i64 = 86_400_000_000;
/// The salt of the dice of the first day.
const SALT: u64 = 1_000;

/// A row of a forwarding table: VLAN, whose frames, the bridge's number of the port.
type Heard = (u16, Mac, u32);

/// One switch that answers, on one day.
struct Told<'w> {
    wiring: &'w Wiring,
    switch: &'w Switch,
    at: i64,
    said: Vec<Observation>,
}

fn int(number: u32) -> Cell {
    Cell::Integer(i32::try_from(number).unwrap_or(i32::MAX))
}

fn row(index: &[u32], cells: &[(&str, Cell)]) -> Row {
    let cells = cells.iter().map(|(name, cell)| ((*name).to_owned(), cell.clone())).collect();
    Row { index: index.to_vec(), cells }
}

fn octets(mac: Mac) -> [u32; 6] {
    mac.octets().map(u32::from)
}

fn physical(mac: Mac) -> Cell {
    Cell::from_octets(&mac.octets())
}

/// The address of a port of a switch.
fn port_mac(switch: &Switch, port: u32) -> Mac {
    let [a, b, c, d, high, low] = switch.mac.octets();
    let number = u32::from_be_bytes([0, 0, high, low]) + port;
    let [.., high, low] = number.to_be_bytes();
    Mac::new([a, b, c, d, high, low])
}

impl Wiring {
    /// Everything that an agent sees of it on two days.
    pub fn observations(&self) -> Vec<Observation> {
        let mut all = Vec::new();
        for day in 0..2 {
            let forwarding = self.forwarding(day);
            for (number, switch) in self.switches.iter().enumerate().filter(|(_, s)| s.snmp) {
                let slot = i64::try_from(number).unwrap_or(0) * 2_000_000;
                let at = i64::try_from(day).unwrap_or(0) * DAY + slot + 1_000_000;
                let mut told = Told { wiring: self, switch, at, said: Vec::new() };
                told.itself(number);
                told.beside(number);
                told.forwarding(forwarding.get(&number).map(Vec::as_slice).unwrap_or_default());
                if switch.up.is_none() {
                    told.neighbours(day);
                }
                all.append(&mut told.said);
            }
        }
        all
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
            if day == 1 && station.at[0] != at {
                heard.entry(station.at[0].0).or_default().push((
                    station.vlan,
                    station.mac,
                    station.at[0].1,
                ));
            }
        }
        for (number, switch) in self.switches.iter().enumerate() {
            // Each has just been asked, or speaks with its neighbours.
            self.pass(&mut heard, (switch.mac, MANAGEMENT, (number, 0)), (&mut dice, 1000));
        }
        heard
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
            let there = dice.chance(if way.contains(&from) || core { sure } else { 250 });
            let Some(port) = self.toward(from, at).filter(|port| there && *port > 0) else {
                continue;
            };
            heard.entry(from).or_default().push((vlan, mac, port));
        }
    }
}

impl Told<'_> {
    fn say(&mut self, method: Method, fact: Fact) {
        self.at += 1_000;
        let vantage =
            Vantage { agent: "wiring".into(), interface: String::new(), network: "管理".into() };
        let mac = (method == Method::Arp).then_some(self.switch.mac);
        let speaker = Speaker { ip: Some(self.switch.ip.into()), mac };
        let at = Timestamp::from_micros(self.at);
        self.said.push(Observation { at, vantage, method, speaker, fact });
    }

    fn table(&mut self, table: &str, context: &str, rows: &[Row]) {
        for rows in rows.chunks(MOST_ROWS) {
            let (table, context, rows) = (table.to_owned(), context.to_owned(), rows.to_vec());
            self.say(Method::Snmp, Fact::Rows(Box::new(Rows { table, context, rows })));
        }
    }

    fn itself(&mut self, number: usize) {
        let switch = self.switch;
        self.say(Method::Arp, Fact::Arp { ip: switch.ip, mac: switch.mac });
        self.say(
            Method::Snmp,
            Fact::System {
                description: "L2 switch".into(),
                object_id: "1.3.6.1.4.1.207.1.14.1".into(),
                name: switch.name.as_str().into(),
                location: "".into(),
                contact: "".into(),
            },
        );
        let base = [("dot1dBaseBridgeAddress", physical(switch.mac))];
        self.table("dot1dBase", "", &[row(&[], &base)]);
        for port in 1..=switch.ports {
            let mac = port_mac(switch, port);
            self.interface((switch.index(port), 6), &switch.port_name(port), mac);
        }
        let mut ports: Vec<Row> = (1..=switch.ports)
            .map(|port| row(&[port], &[("dot1dBasePortIfIndex", int(switch.index(port)))]))
            .collect();
        let mut bundled = Vec::new();
        for (first, members) in self.bundles(number) {
            let (base, index, name) = switch.bundle(first);
            self.interface((index, 161), &name, port_mac(switch, first));
            ports.push(row(&[base], &[("dot1dBasePortIfIndex", int(index))]));
            bundled.extend(members.iter().map(|member| {
                row(&[switch.index(*member)], &[("dot3adAggPortAttachedAggID", int(index))])
            }));
        }
        self.table("dot1dBasePortTable", "", &ports);
        self.table("dot3adAggPortTable", "", &bundled);
        self.vlans(number);
        if switch.chassis > 1 {
            let whole = row(&[1], &[("entPhysicalClass", int(11))]);
            let one =
                |n| row(&[n], &[("entPhysicalClass", int(3)), ("entPhysicalContainedIn", int(1))]);
            let all: Vec<Row> =
                std::iter::once(whole).chain((2..2 + switch.chassis).map(one)).collect();
            self.table("entPhysicalTable", "", &all);
        }
    }

    fn interface(&mut self, (index, kind): (u32, u32), name: &str, mac: Mac) {
        let description = format!("interface {name}");
        self.say(
            Method::Snmp,
            Fact::Interface {
                index,
                alias: format!("{} {name}", self.switch.name).as_str().into(),
                name: name.into(),
                description: description.as_str().into(),
                kind,
                mac: Some(mac),
                up: true,
            },
        );
    }

    /// First ports and members of the bundles of which the switch tells.
    fn bundles(&self, number: usize) -> Vec<(u32, Vec<u32>)> {
        let mut bundles = Vec::new();
        for (other, switch) in self.wiring.switches.iter().enumerate() {
            let Some(up) = &switch.up else { continue };
            let here = if other == number {
                up.cables.iter().map(|(own, _)| *own).collect::<Vec<_>>()
            } else if up.to == number {
                up.cables.iter().map(|(_, above)| *above).collect()
            } else {
                continue;
            };
            if self.wiring.is_bundled(other, number) {
                bundles.extend(here.first().map(|first| (*first, here.clone())));
            }
        }
        bundles
    }

    fn vlans(&mut self, number: usize) {
        let switch = self.switch;
        let own = self.wiring.vlans.iter().filter(|(of, ..)| *of == number);
        let (table, rows): (_, Vec<Row>) = match switch.style {
            Style::Contexts => (
                "vmMembershipTable",
                own.map(|(_, port, vlan)| {
                    row(&[switch.index(*port)], &[("vmVlan", int((*vlan).into()))])
                })
                .collect(),
            ),
            Style::Databases | Style::Vlans => (
                "dot1qPortVlanTable",
                own.map(|(_, port, vlan)| row(&[*port], &[("dot1qPvid", int((*vlan).into()))]))
                    .collect(),
            ),
            Style::Plain => return,
        };
        self.table(table, "", &rows);
        if switch.style == Style::Databases {
            let vlans = self.wiring.stations.iter().map(|station| station.vlan);
            let vlans: BTreeSet<u32> = vlans.chain([MANAGEMENT]).map(u32::from).collect();
            let id = |vlan: u32| row(&[0, vlan], &[("dot1qVlanFdbId", int(vlan / 10 + 1))]);
            let rows: Vec<Row> = vlans.into_iter().map(id).collect();
            self.table("dot1qVlanCurrentTable", "", &rows);
        }
    }

    fn forwarding(&mut self, heard: &[Heard]) {
        let mut by_context: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        let style = self.switch.style;
        for (vlan, mac, port) in heard {
            let plain = [("dot1dTpFdbPort", int(*port)), ("dot1dTpFdbStatus", int(3))];
            let (context, row) = match style {
                Style::Contexts => (vlan.to_string(), row(&octets(*mac), &plain)),
                Style::Plain => (String::new(), row(&octets(*mac), &plain)),
                Style::Databases | Style::Vlans => {
                    let vlan = u32::from(*vlan);
                    let id = if style == Style::Vlans { vlan } else { vlan / 10 + 1 };
                    let mut index = vec![id];
                    index.extend(octets(*mac));
                    let cells = [("dot1qTpFdbPort", int(*port)), ("dot1qTpFdbStatus", int(3))];
                    (String::new(), row(&index, &cells))
                }
            };
            by_context.entry(context).or_default().push(row);
        }
        let table = match style {
            Style::Contexts | Style::Plain => "dot1dTpFdbTable",
            Style::Databases | Style::Vlans => "dot1qTpFdbTable",
        };
        for (context, mut rows) in by_context {
            rows.sort_unstable();
            rows.dedup_by(|a, b| a.index == b.index);
            self.table(table, &context, &rows);
        }
    }

    /// Whom the switch hears beside it.
    fn beside(&mut self, number: usize) {
        let (wiring, switch) = (self.wiring, self.switch);
        let (mut lldp, mut cdp) = (Vec::new(), Vec::new());
        let mut hear = |port: u32, other: &Switch, far: u32| {
            if switch.lldp && other.lldp {
                lldp.push(bridge(switch.index(port), other, far));
            }
        };
        for (other, near) in wiring.switches.iter().enumerate() {
            for (own, above) in near.up.iter().flat_map(|up| &up.cables) {
                if near.up.as_ref().is_some_and(|up| up.to == number) {
                    hear(*above, near, *own);
                } else if let Some(far) = near.up.as_ref().and_then(|up| wiring.switches.get(up.to))
                    && other == number
                {
                    hear(*own, far, *above);
                }
            }
        }
        let here = wiring.stations.iter().filter(|station| station.at[1].0 == number);
        for station in here.filter(|_| switch.lldp) {
            let index = switch.index(station.at[1].1);
            match station.speaks {
                Speaks::Nothing => {}
                Speaks::LldpTelephone => lldp.push(end_station(index, station.mac, 0x24)),
                Speaks::LldpPoint => lldp.push(end_station(index, station.mac, 0x10)),
                Speaks::CdpTelephone => cdp.push(row(
                    &[index, 1],
                    &[
                        (
                            "cdpCacheDeviceId",
                            Cell::Text(
                                format!(
                                    "SEP{}",
                                    station.mac.to_string().replace(':', "").to_uppercase()
                                )
                                .as_str()
                                .into(),
                            ),
                        ),
                        ("cdpCacheDevicePort", Cell::Text("Port 1".into())),
                        ("cdpCachePlatform", Cell::Text("IP Phone".into())),
                        ("cdpCacheCapabilities", Cell::from_octets(&[0, 0, 0, 0x90])),
                    ],
                )),
            }
        }
        if switch.lldp {
            self.own_ports();
        }
        for (number, row) in (1..).zip(&mut lldp) {
            row.index.push(number);
        }
        self.table("lldpRemTable", "", &lldp);
        self.table("cdpCacheTable", "", &cdp);
    }

    /// How it announces its ports.
    fn own_ports(&mut self) {
        let switch = self.switch;
        let own: Vec<Row> = (1..=switch.ports)
            .map(|port| {
                let name = Cell::from_octets(switch.port_name(port).as_bytes());
                row(
                    &[switch.index(port)],
                    &[("lldpLocPortIdSubtype", int(5)), ("lldpLocPortId", name)],
                )
            })
            .collect();
        self.table("lldpLocPortTable", "", &own);
    }

    /// Whom the router resolved.
    fn neighbours(&mut self, day: usize) {
        let awake = self.wiring.stations.iter().filter(|one| one.awake.get(day) == Some(&true));
        let rows: Vec<Row> = awake
            .filter_map(|station| {
                let mut index = vec![u32::from(station.vlan)];
                index.extend(station.ip?.octets().map(u32::from));
                Some(row(
                    &index,
                    &[
                        ("ipNetToMediaPhysAddress", physical(station.mac)),
                        ("ipNetToMediaType", int(3)),
                    ],
                ))
            })
            .collect();
        self.table("ipNetToMediaTable", "", &rows);
    }
}

/// A switch as another hears it; the last number of the index is still missing.
fn bridge(index: u32, other: &Switch, far: u32) -> Row {
    row(
        &[0, index],
        &[
            ("lldpRemChassisIdSubtype", int(4)),
            ("lldpRemChassisId", physical(other.mac)),
            ("lldpRemPortIdSubtype", int(5)),
            ("lldpRemPortId", Cell::from_octets(other.port_name(far).as_bytes())),
            ("lldpRemSysName", Cell::Text(other.name.as_str().into())),
            ("lldpRemSysCapEnabled", Cell::from_octets(&[0x20, 0])),
        ],
    )
}

/// A telephone or an access point as its switch hears it.
fn end_station(index: u32, mac: Mac, does: u8) -> Row {
    row(
        &[0, index],
        &[
            ("lldpRemChassisIdSubtype", int(5)),
            ("lldpRemChassisId", Cell::from_octets(&[1, 192, 0, 2, 1])),
            ("lldpRemPortIdSubtype", int(3)),
            ("lldpRemPortId", physical(mac)),
            ("lldpRemSysCapEnabled", Cell::from_octets(&[does, 0])),
        ],
    )
}
