//! The devices that are asked: printers, switches and servers, with what such devices hold under the
//! subtrees that everybody here reads. Made up, with the columns and the sizes of real ones.

use async_snmp::{Oid, Value};
use daicho_common::addr::Mac;

use super::codec::Mib;
use crate::sim::mib::{Agent, Port};

/// The kind of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// With HOST-RESOURCES-MIB and Printer-MIB.
    Printer,
    /// With ENTITY-MIB and many interfaces.
    Switch,
    /// With HOST-RESOURCES-MIB.
    Server,
}

/// Of ten devices, which are what.
pub const MIX: [Kind; 10] = [
    Kind::Printer,
    Kind::Switch,
    Kind::Printer,
    Kind::Server,
    Kind::Printer,
    Kind::Printer,
    Kind::Switch,
    Kind::Server,
    Kind::Printer,
    Kind::Server,
];

/// Columns 9 to 22 of ifTable and 2 to 14, 16, 17 and 19 of ifXTable are counters and the like.
const IF_TABLE: [u32; 10] = [1, 3, 6, 1, 2, 1, 2, 2, 1, 0];
const IF_X_TABLE: [u32; 11] = [1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 0];
const ENTITY: &str = "1.3.6.1.2.1.47.1.1.1.1";
const HOST: &str = "1.3.6.1.2.1.25";
const PRINTER: &str = "1.3.6.1.2.1.43";

/// Objects under way.
#[derive(Default)]
struct Objects(Vec<(Oid, Value)>);

fn text(text: &str) -> Value {
    Value::OctetString(text.as_bytes().to_vec().into())
}

fn oid(dotted: &str) -> Value {
    Value::ObjectIdentifier(Oid::parse(dotted).unwrap_or_else(|_| Oid::new([0, 0])))
}

impl Objects {
    /// Puts a row of a table: its columns one after the other.
    fn row(&mut self, (under, entry): (&str, &str), index: &[u32], cells: Vec<(u32, Value)>) {
        for (column, value) in cells {
            let numbers = under.split('.').chain(entry.split('.')).filter(|it| !it.is_empty());
            let numbers = numbers.filter_map(|number| number.parse().ok());
            self.0.push((Oid::new(numbers.chain([column]).chain(index.iter().copied())), value));
        }
    }

    fn counters(&mut self, ports: u32) {
        let put = |all: &mut Vec<(Oid, Value)>, entry: &[u32], column: u32, index, value| {
            let numbers = entry.iter().take(entry.len() - 1).copied();
            all.push((Oid::new(numbers.chain([column, index])), value));
        };
        for index in 1..=ports {
            let count = |column: u32| Value::Counter32(index * 7_654_321 + column * 1009);
            put(&mut self.0, &IF_TABLE, 9, index, Value::TimeTicks(index * 100));
            for column in 10..=20 {
                put(&mut self.0, &IF_TABLE, column, index, count(column));
            }
            put(&mut self.0, &IF_TABLE, 21, index, Value::Gauge32(0));
            put(&mut self.0, &IF_TABLE, 22, index, oid("0.0"));
            for column in 2..=5 {
                put(&mut self.0, &IF_X_TABLE, column, index, count(column));
            }
            for column in 6..=13 {
                let value = Value::Counter64(u64::from(index) << 33 | u64::from(column));
                put(&mut self.0, &IF_X_TABLE, column, index, value);
            }
            for (column, value) in [(14, 1), (16, 2), (17, 1)] {
                put(&mut self.0, &IF_X_TABLE, column, index, Value::Integer(value));
            }
            put(&mut self.0, &IF_X_TABLE, 19, index, Value::TimeTicks(0));
        }
    }

    fn entity(&mut self, (index, class, inside): (u32, i32, i32), name: &str, serial: &str) {
        let cells = vec![
            (2, text(&format!("{name} of a switch"))),
            (3, oid("1.3.6.1.4.1.99999.12.3.1")),
            (4, Value::Integer(inside)),
            (5, Value::Integer(class)),
            (6, Value::Integer(index.cast_signed())),
            (7, text(name)),
            (8, text("A1")),
            (9, text("5.01")),
            (10, text("8.2.4")),
            (11, text(serial)),
            (12, text("Nippon Kiki")),
            (13, text("NK-2428")),
            (14, text("")),
            (15, text("")),
            (16, Value::Integer(if class == 10 { 2 } else { 1 })),
        ];
        self.row((ENTITY, ""), &[index], cells);
    }

    fn device(&mut self, index: u32, kind: u32, description: &str) {
        let cells = vec![
            (1, Value::Integer(index.cast_signed())),
            (2, oid(&format!("{HOST}.3.1.{kind}"))),
            (3, text(description)),
            (4, oid("0.0")),
            (5, Value::Integer(2)),
            (6, Value::Counter32(0)),
        ];
        self.row((HOST, "3.2.1"), &[index], cells);
    }

    fn storage(&mut self, index: u32, kind: u32, description: &str) {
        let cells = vec![
            (1, Value::Integer(index.cast_signed())),
            (2, oid(&format!("{HOST}.2.1.{kind}"))),
            (3, text(description)),
            (4, Value::Integer(4096)),
            (5, Value::Integer(12_345_678)),
            (6, Value::Integer(2_345_678)),
            (7, Value::Counter32(0)),
        ];
        self.row((HOST, "2.3.1"), &[index], cells);
    }

    fn printer(&mut self, serial: &str) {
        self.device(1, 5, "Nippon Kiki NK-C3510");
        self.device(2, 3, "main processor");
        self.device(3, 4, "NK network card");
        self.device(4, 6, "internal disk");
        self.storage(1, 2, "RAM");
        self.storage(2, 4, "internal disk");
        self.row((HOST, "3.5.1"), &[1], vec![(1, Value::Integer(3)), (2, text("\0"))]);
        self.row((HOST, "3.3.1"), &[2], vec![(1, oid("0.0")), (2, Value::Integer(4))]);
        let numbers = (1..=15).map(|column| (column, Value::Integer(1)));
        let named = [(16, text("NK-C3510")), (17, text(serial)), (18, Value::Integer(1))];
        self.row((PRINTER, "5.1.1"), &[1], numbers.chain(named).collect());
        for tray in 1..=3 {
            let cells = (2..=12).map(|column| (column, Value::Integer(500)));
            let named = [(13, text(&format!("Tray {tray}"))), (14, text("NK")), (15, text("T"))];
            self.row((PRINTER, "8.2.1"), &[1, tray], cells.chain(named).collect());
        }
        let marker = (2..=15_u32).map(|column| (column, Value::Integer(4 + column.cast_signed())));
        self.row((PRINTER, "10.2.1"), &[1, 1], marker.collect());
        for colour in 1..=4 {
            let cells = (2..=5).map(|column| (column, Value::Integer(3)));
            let named = [(6, text("Toner cartridge")), (7, Value::Integer(19))];
            let left = [(8, Value::Integer(20_000)), (9, Value::Integer(7_000))];
            let cells = cells.chain(named).chain(left).collect();
            self.row((PRINTER, "11.1.1"), &[1, colour], cells);
        }
        self.row((PRINTER, "16.5.1"), &[1, 1], vec![(2, text("Ready"))]);
    }

    fn server(&mut self) {
        let scalars = vec![
            (1, Value::TimeTicks(8_640_000)),
            (4, text("BOOT_IMAGE=/vmlinuz ro quiet")),
            (5, Value::Gauge32(3)),
            (6, Value::Gauge32(211)),
            (7, Value::Integer(0)),
        ];
        self.row((HOST, "1"), &[0], scalars);
        for core in 0..8 {
            self.device(196_608 + core, 3, "processor of a server at 2.40 GHz");
            let load = vec![(1, oid("0.0")), (2, Value::Integer(7))];
            self.row((HOST, "3.3.1"), &[196_608 + core], load);
        }
        for (index, name) in (262_145..).zip(["lo", "eth0", "eth1"]) {
            self.device(index, 4, &format!("network interface {name}"));
        }
        for (index, name) in (393_232..).zip(["/dev/sda", "/dev/sdb"]) {
            self.device(index, 6, &format!("SCSI disk ({name})"));
            let disk = vec![(1, 1), (2, 2), (3, 2), (4, 976_762_584)];
            let disk = disk.into_iter().map(|(id, cell)| (id, Value::Integer(cell))).collect();
            self.row((HOST, "3.6.1"), &[index], disk);
        }
        let memory = ["Physical memory", "Virtual memory", "Cached memory", "Swap space"];
        for (index, name) in [1, 3, 7, 10].into_iter().zip(memory) {
            self.storage(index, 2, name);
        }
        for (index, name) in (31..).zip(["/", "/var", "/home", "/srv/pacs", "/boot"]) {
            self.storage(index, 4, name);
        }
    }
}

fn ports(kind: Kind, variant: u8) -> Vec<Port> {
    let named: Vec<String> = match kind {
        Kind::Printer => vec!["lo0".into(), "eth0".into()],
        Kind::Switch => (1..=28).map(|port| format!("GigabitEthernet1/0/{port}")).collect(),
        Kind::Server => vec!["lo".into(), "eth0".into(), "eth1".into()],
    };
    let port = |(name, n): (String, u8)| Port {
        index: u32::from(n) + 1,
        kind: if name.starts_with("lo") { 24 } else { 6 },
        mac: (!name.starts_with("lo")).then(|| Mac::new([2, 0x42, 0, 0, variant, n])),
        alias: if kind == Kind::Switch { "東病棟".into() } else { String::new() },
        up: n % 3 != 2,
        ip: (n == 1).then(|| ([10, 210, 0, variant.max(1)].into(), 20)),
        name,
    };
    named.into_iter().zip(0..).map(port).collect()
}

/// What the devices of this kind hold; variants differ in names, serial numbers and addresses.
pub fn mib(kind: Kind, variant: u8) -> Mib {
    let ports = ports(kind, variant);
    let count = u32::try_from(ports.len()).unwrap_or_default();
    let (object_id, description) = match kind {
        Kind::Printer => ("1.3.6.1.4.1.99999.1.1", "Nippon Kiki NK-C3510 version 5.01"),
        Kind::Switch => ("1.3.6.1.4.1.99999.2.28", "Nippon Kiki NK-2428 switch, 8.2.4"),
        Kind::Server => ("1.3.6.1.4.1.8072.3.2.10", "Linux server 6.1.0-18-amd64 x86_64"),
    };
    let name = format!("NK-{variant:03}");
    let (location, tables) = ("本館2F", Vec::new());
    let agent = Agent { object_id, description, name: &name, location, ports, tables, newer: true };
    let mut objects = Objects(agent.objects());
    objects.counters(count);
    let serial = format!("SN{variant:06}");
    match kind {
        Kind::Printer => objects.printer(&serial),
        Kind::Server => objects.server(),
        Kind::Switch => {
            objects.entity((1, 3, 0), "chassis", &serial);
            for (index, name) in (2..).zip(["power supply 1", "power supply 2", "fan", "module"]) {
                objects.entity((index, if index < 4 { 6 } else { 7 }, 1), name, "");
            }
            for port in 1..=count {
                objects.entity((100 + port, 10, 1), &format!("port {port}"), "");
            }
        }
    }
    Mib::new(objects.0)
}

/// A switch with a forwarding table of so many rows.
pub fn forwarding(rows: u32) -> Mib {
    let ports = ports(Kind::Switch, 1);
    let agent = Agent {
        object_id: "1.3.6.1.4.1.99999.2.28",
        description: "Nippon Kiki NK-2428 switch, 8.2.4",
        name: "core",
        location: "本館2F",
        ports,
        tables: Vec::new(),
        newer: true,
    };
    let mut objects = Objects(agent.objects());
    for port in 1..=28 {
        let index = Value::Integer(port);
        let cells = vec![(1, Value::Integer(port)), (2, index)];
        objects.row(("1.3.6.1.2.1.17.1.4.1", ""), &[port.cast_unsigned()], cells);
    }
    for station in 0..rows {
        // Spread over the addresses as those of many makers are.
        let [a, b, c, d] = station.wrapping_mul(2_654_435_761).to_be_bytes();
        let mac = [0x00, 0x1b, a, b, c, d];
        let cells = vec![
            (1, Value::OctetString(mac.to_vec().into())),
            (2, Value::Integer((station % 28 + 1).cast_signed())),
            (3, Value::Integer(3)),
        ];
        objects.row((FORWARDING, ""), &mac.map(u32::from), cells);
    }
    Mib::new(objects.0)
}

/// The entry of dot1dTpFdbTable (RFC 4188).
pub const FORWARDING: &str = "1.3.6.1.2.1.17.4.3.1";
