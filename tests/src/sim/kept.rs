//! The tables that devices keep beside their interfaces: switches of what hangs on them, the router of
//! whom it resolved, printers of what they are made of. They belong to one [`Wiring`].

use std::collections::BTreeMap;
use std::net::IpAddr;

use daicho_common::observation::Fact;
use daicho_common::observation::table::{Cell, Row, Rows};

use super::mib::Port;
use super::wiring::{DAY, Style, Switch, Wiring};
use super::{Device, Kind, Segment};

/// Where the core hears whom it would resolve, if it were the router.
const NEIGHBOURS: &str = "ipNetToMediaTable";
/// Of so many multifunction printers one lists a disk, one no disk, and one no parts at all.
const OF_PRINTERS: usize = 3;

/// The interfaces and tables of everybody who keeps any, by key.
#[derive(Debug, Default)]
pub(super) struct Kept {
    by_device: BTreeMap<String, (Vec<Port>, Vec<Rows>)>,
}

/// A row: its index and its cells.
type Told<'n> = (Vec<u32>, Vec<(&'n str, Cell)>);

fn rows(table: &str, rows: Vec<Told<'_>>) -> Rows {
    let row = |(index, cells): Told<'_>| Row {
        index,
        cells: cells.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect(),
    };
    let rows = rows.into_iter().map(row).collect();
    Rows { table: table.into(), context: String::new(), rows }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

impl Kept {
    /// What these devices keep on that day, wired like this.
    pub(super) fn of(
        (wiring, day): (&Wiring, i64),
        segments: &[Segment],
        devices: &[&Device],
    ) -> Self {
        let mut kept = Self::default();
        let said = wiring.observations().into_iter();
        let said = said.filter(|said| said.at.micros().div_euclid(DAY) == day);
        let at = |ip: Option<IpAddr>| {
            let has = |device: &&&Device| device.nics.iter().any(|nic| Some(nic.ip.into()) == ip);
            devices.iter().find(has)
        };
        let router = devices.iter().find(|device| device.kind == Kind::Router);
        for said in said {
            let Some(switch) = at(said.speaker.ip) else { continue };
            if let Fact::Interface { index, name, kind, mac, up, alias, .. } = said.fact {
                let (name, alias) = (name.as_str().to_owned(), alias.as_str().to_owned());
                kept.entry(switch).0.push(Port { index, kind, name, alias, mac, up, ip: None });
            } else if let Fact::Rows(rows) = said.fact {
                // The core switches; it is the router that resolves.
                let resolved = rows.table == NEIGHBOURS;
                let keeper = if resolved { router } else { Some(switch) };
                // Its chassis are told below, with their serial numbers.
                if let Some(keeper) = keeper.filter(|_| rows.table != "entPhysicalTable") {
                    kept.entry(keeper).1.push(*rows);
                }
            }
        }
        for device in devices {
            kept.add(device, wiring, segments);
        }
        kept
    }

    fn entry(&mut self, device: &Device) -> &mut (Vec<Port>, Vec<Rows>) {
        self.by_device.entry(device.key.clone()).or_default()
    }

    fn add(&mut self, device: &Device, wiring: &Wiring, segments: &[Segment]) {
        let tables = match device.kind {
            Kind::Switch => {
                let named = |switch: &&Switch| switch.name == device.name;
                let Some(switch) = wiring.switches.iter().find(named) else { return };
                vec![chassis(device, switch.chassis), itself(device), vlans(switch.style, segments)]
            }
            Kind::Mfp | Kind::Printer => {
                let mut tables = vec![printer(device), pages(device)];
                if let Some(disk) = lists_disk(device) {
                    tables.extend([memory(), parts(device, disk)]);
                }
                tables
            }
            Kind::Pc
            | Kind::Server
            | Kind::Utm
            | Kind::Router
            | Kind::AccessPoint
            | Kind::Nas
            | Kind::Ups
            | Kind::Bedside
            | Kind::Laboratory
            | Kind::Telephone => return,
        };
        self.entry(device).1.extend(tables);
    }

    /// What this device keeps.
    pub(super) fn take(&mut self, key: &str) -> (Vec<Port>, Vec<Rows>) {
        self.by_device.remove(key).unwrap_or_default()
    }
}

/// Whether the printer lists a disk among its parts; none if it lists no parts.
pub fn lists_disk(device: &Device) -> Option<bool> {
    if device.kind == Kind::Printer {
        return Some(false);
    }
    [None, Some(true), Some(false)].get(number(device) % OF_PRINTERS).copied().flatten()
}

/// The number in the device's key.
fn number(device: &Device) -> usize {
    device.key.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// entPhysicalTable: stack(11) of chassis(3), or one chassis.
fn chassis(device: &Device, chassis: u32) -> Rows {
    let one = |index: u32, within: i32, serial: &str| {
        let cells = vec![
            ("entPhysicalDescr", text(device.make.model)),
            ("entPhysicalContainedIn", Cell::Integer(within)),
            ("entPhysicalClass", Cell::Integer(3)),
            ("entPhysicalSerialNum", text(serial)),
            ("entPhysicalModelName", text(device.make.model)),
        ];
        (vec![index], cells)
    };
    if chassis == 1 {
        return rows("entPhysicalTable", vec![one(1, 0, &device.serial)]);
    }
    let mut all = vec![(vec![1], vec![("entPhysicalClass", Cell::Integer(11))])];
    all.push(one(2, 1, &device.serial));
    all.extend((3..2 + chassis).map(|n| one(n, 1, &format!("{}-{n}", device.serial))));
    rows("entPhysicalTable", all)
}

fn itself(device: &Device) -> Rows {
    let mac = device.nics.first().map_or([0; 6], |nic| nic.mac.octets());
    let cells = vec![
        ("lldpLocChassisIdSubtype", Cell::Integer(4)),
        ("lldpLocChassisId", Cell::from_octets(&mac)),
        ("lldpLocSysName", text(&device.name)),
    ];
    rows("lldpLocalSystemData", vec![(Vec::new(), cells)])
}

/// dot1qVlanStaticTable; of Cisco vtpVlanTable of domain 1, operational(1), ethernet(1).
fn vlans(style: Style, segments: &[Segment]) -> Rows {
    let vlan = |segment: &Segment| match style {
        Style::Contexts => {
            let cells = vec![
                ("vtpVlanState", Cell::Integer(1)),
                ("vtpVlanType", Cell::Integer(1)),
                ("vtpVlanName", text(segment.name)),
            ];
            (vec![1, segment.vlan.into()], cells)
        }
        Style::Databases | Style::Vlans | Style::Plain => {
            let cells = vec![
                ("dot1qVlanStaticName", text(segment.name)),
                ("dot1qVlanStaticRowStatus", Cell::Integer(1)),
            ];
            (vec![segment.vlan.into()], cells)
        }
    };
    let table = if style == Style::Contexts { "vtpVlanTable" } else { "dot1qVlanStaticTable" };
    rows(table, segments.iter().map(vlan).collect())
}

fn printer(device: &Device) -> Rows {
    let cells = vec![("prtGeneralSerialNumber", text(&device.serial))];
    rows("prtGeneralTable", vec![(vec![1], cells)])
}

fn pages(device: &Device) -> Rows {
    let pages = 10_000 + 1_733 * number(device) as u64;
    rows("prtMarkerTable", vec![(vec![1, 1], vec![("prtMarkerLifeCount", Cell::Unsigned(pages))])])
}

/// hrStorageRam(2) of RFC 2790.
fn memory() -> Rows {
    let cells = vec![
        ("hrStorageType", Cell::ObjectId("1.3.6.1.2.1.25.2.1.2".into())),
        ("hrStorageDescr", text("RAM")),
        ("hrStorageAllocationUnits", Cell::Integer(1024)),
        ("hrStorageSize", Cell::Integer(2_097_152)),
    ];
    rows("hrStorageTable", vec![(vec![1], cells)])
}

/// hrDevicePrinter(5), and hrDeviceDiskStorage(6) where there is one (RFC 2790).
fn parts(device: &Device, disk: bool) -> Rows {
    let part = |index: u32, kind: &str, words: &str| {
        let kind = Cell::ObjectId(format!("1.3.6.1.2.1.25.3.1.{kind}"));
        (vec![index], vec![("hrDeviceType", kind), ("hrDeviceDescr", text(words))])
    };
    let mut all = vec![part(1, "5", device.make.model)];
    all.extend(disk.then(|| part(2, "6", "HDD 320GB")));
    rows("hrDeviceTable", all)
}
