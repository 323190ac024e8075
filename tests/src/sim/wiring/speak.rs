//! What one switch, or the router, answers over SNMP on one day.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::addr::Mac;
use daicho_common::observation::table::{Cell, MOST_ROWS, Row, Rows};
use daicho_common::observation::{Fact, Method, Observation, Speaker, Vantage};
use daicho_common::time::Timestamp;

use super::lay::MANAGEMENT;
use super::tell::Heard;
use super::{Style, Switch, Wiring};

/// One switch that answers, on one day.
pub(super) struct Told<'w> {
    pub(super) wiring: &'w Wiring,
    pub(super) switch: &'w Switch,
    pub(super) at: i64,
    pub(super) said: Vec<Observation>,
}

pub(super) fn int(number: u32) -> Cell {
    Cell::Integer(i32::try_from(number).unwrap_or(i32::MAX))
}

pub(super) fn row(index: &[u32], cells: &[(&str, Cell)]) -> Row {
    let cells = cells.iter().map(|(name, cell)| ((*name).to_owned(), cell.clone())).collect();
    Row { index: index.to_vec(), cells }
}

pub(super) fn octets(mac: Mac) -> [u32; 6] {
    mac.octets().map(u32::from)
}

pub(super) fn physical(mac: Mac) -> Cell {
    Cell::from_octets(&mac.octets())
}

/// The address of a port of a switch.
pub(super) fn port_mac(switch: &Switch, port: u32) -> Mac {
    let [a, b, c, d, high, low] = switch.mac.octets();
    let number = u32::from_be_bytes([0, 0, high, low]) + port;
    let [.., high, low] = number.to_be_bytes();
    Mac::new([a, b, c, d, high, low])
}

impl Told<'_> {
    fn say(&mut self, method: Method, fact: Fact) {
        self.at += 1_000;
        let vantage =
            Vantage { agent: "wiring".into(), interface: String::new(), network: "管理".into() };
        let mac = (method == Method::Arp).then_some(self.switch.mac);
        let speaker = Speaker { ip: Some(self.switch.ip.into()), mac };
        let (at, vantage) = (Timestamp::from_micros(self.at), vantage.into());
        self.said.push(Observation { at, vantage, method, speaker, fact });
    }

    pub(super) fn table(&mut self, table: &str, context: &str, rows: &[Row]) {
        for rows in rows.chunks(MOST_ROWS) {
            let (table, context, rows) = (table.to_owned(), context.to_owned(), rows.to_vec());
            self.say(Method::Snmp, Fact::Rows(Box::new(Rows { table, context, rows })));
        }
    }

    pub(super) fn itself(&mut self, number: usize) {
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
        self.duplex(number);
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

    /// At which duplex each port in use runs.
    fn duplex(&mut self, number: usize) {
        let half = self.wiring.half_duplex();
        let ports = self.wiring.vlans.iter().filter(|(of, ..)| *of == number);
        let rows: Vec<Row> = ports
            .map(|(_, port, _)| {
                let status = if half.contains(&(number, *port)) { 2 } else { 3 };
                row(&[self.switch.index(*port)], &[("dot3StatsDuplexStatus", int(status))])
            })
            .collect();
        self.table("dot3StatsTable", "", &rows);
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

    pub(super) fn forwarding(&mut self, heard: &[Heard]) {
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

    /// Whom the router resolved.
    pub(super) fn neighbours(&mut self, day: usize) {
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
