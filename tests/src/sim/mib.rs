//! What the SNMP agents of devices hold: system group (RFC 3418), ifTable and ifXTable (RFC 2863),
//! ipAddrTable (RFC 1213) and, for newer agents, ipAddressTable (RFC 4293); and the rows of further
//! tables ([`columns`]).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use async_snmp::{Oid, Value};
use daicho_common::addr::Mac;
use daicho_common::observation::table::{Cell, Row, Rows};

/// Which object a column is.
mod columns;

/// `IANAifType` ethernetCsmacd(6).
pub const ETHERNET: u32 = 6;
/// `IANAifType` softwareLoopback(24).
pub const LOOPBACK: u32 = 24;

/// An interface as the agent lists it.
#[derive(Clone, Debug)]
pub struct Port {
    /// ifIndex.
    pub index: u32,
    /// ifType.
    pub kind: u32,
    /// ifDescr and ifName.
    pub name: String,
    /// ifAlias.
    pub alias: String,
    /// ifPhysAddress; none for a loopback interface.
    pub mac: Option<Mac>,
    /// ifOperStatus.
    pub up: bool,
    /// Its address and the length of its prefix.
    pub ip: Option<(Ipv4Addr, u8)>,
}

/// What an agent says of itself.
#[derive(Clone, Debug)]
pub struct Agent<'a> {
    /// sysObjectID.
    pub object_id: &'a str,
    /// sysDescr.
    pub description: &'a str,
    /// sysName.
    pub name: &'a str,
    /// sysLocation.
    pub location: &'a str,
    /// Its interfaces.
    pub ports: Vec<Port>,
    /// Further tables.
    pub tables: Vec<Rows>,
    /// Whether it has ifXTable and ipAddressTable.
    pub newer: bool,
}

type Objects = BTreeMap<Oid, Value>;

fn text(text: &str) -> Value {
    Value::OctetString(text.as_bytes().to_vec().into())
}

fn put(objects: &mut Objects, root: &[u32], index: &[u32], value: Value) {
    objects.insert(Oid::new(root.iter().chain(index).copied()), value);
}

impl Agent<'_> {
    /// Its objects in ascending order.
    pub fn objects(&self) -> Vec<(Oid, Value)> {
        let mut objects = Objects::new();
        self.system(&mut objects);
        put(&mut objects, &[1, 3, 6, 1, 2, 1, 2, 1], &[0], integer(self.ports.len()));
        for rows in self.tables.iter().filter(|rows| rows.context.is_empty()) {
            table(&mut objects, rows);
        }
        for port in &self.ports {
            let index = port.index;
            interface(&mut objects, index, port);
            if self.newer {
                let x = [1, 3, 6, 1, 2, 1, 31, 1, 1, 1];
                put(&mut objects, &x, &[1, index], text(&port.name));
                put(&mut objects, &x, &[15, index], Value::Gauge32(1000));
                put(&mut objects, &x, &[18, index], text(&port.alias));
            }
            if let Some((ip, prefix)) = port.ip {
                old_address(&mut objects, index, ip, prefix);
                if self.newer {
                    new_address(&mut objects, index, ip, prefix);
                }
            }
        }
        objects.into_iter().collect()
    }

    /// The objects of each context beside its own, which have the bridge's ports too.
    pub fn contexts(&self) -> BTreeMap<String, Vec<(Oid, Value)>> {
        let mut contexts: BTreeMap<String, Objects> = BTreeMap::new();
        for rows in self.tables.iter().filter(|rows| !rows.context.is_empty()) {
            table(contexts.entry(rows.context.clone()).or_default(), rows);
        }
        for objects in contexts.values_mut() {
            let ports = self.tables.iter().filter(|rows| rows.table == "dot1dBasePortTable");
            ports.for_each(|rows| table(objects, rows));
        }
        contexts.into_iter().map(|(name, objects)| (name, objects.into_iter().collect())).collect()
    }

    fn system(&self, objects: &mut Objects) {
        let root = [1, 3, 6, 1, 2, 1, 1];
        // The identifiers are constants of the catalogue; a test walks every one of them.
        let object_id = Oid::parse(self.object_id).unwrap_or_else(|_| Oid::new([0, 0]));
        put(objects, &root, &[1, 0], text(self.description));
        put(objects, &root, &[2, 0], Value::ObjectIdentifier(object_id));
        put(objects, &root, &[3, 0], Value::TimeTicks(8_640_000));
        put(objects, &root, &[4, 0], text("情報システム室 内線2301"));
        put(objects, &root, &[5, 0], text(self.name));
        put(objects, &root, &[6, 0], text(self.location));
        put(objects, &root, &[7, 0], Value::Integer(72));
    }
}

fn integer(number: usize) -> Value {
    Value::Integer(i32::try_from(number).unwrap_or(i32::MAX))
}

/// The objects of these rows; a scalar has the instance 0 (RFC 2578 §7.7).
fn table(objects: &mut Objects, rows: &Rows) {
    for row in &rows.rows {
        for (column, cell) in &row.cells {
            // A test reads back every table that is told here.
            if let (Some(root), Some(value)) = (columns::oid(column), value(row, column, cell)) {
                put(objects, &root, if row.index.is_empty() { &[0] } else { &row.index }, value);
            }
        }
    }
}

fn value(row: &Row, column: &str, cell: &Cell) -> Option<Value> {
    Some(match cell {
        Cell::Integer(number) => Value::Integer(*number),
        Cell::Unsigned(number) => Value::Counter32(u32::try_from(*number).ok()?),
        Cell::Text(said) => text(said.as_str()),
        Cell::Octets(_) => Value::OctetString(row.octets(column)?.into()),
        Cell::ObjectId(id) => Value::ObjectIdentifier(Oid::parse(id).ok()?),
        Cell::Address(ip) => Value::IpAddress(ip.octets()),
    })
}

fn interface(objects: &mut Objects, index: u32, port: &Port) {
    let root = [1, 3, 6, 1, 2, 1, 2, 2, 1];
    let physical = port.mac.map_or_else(Vec::new, |mac| mac.octets().to_vec());
    put(objects, &root, &[1, index], integer(index as usize));
    put(objects, &root, &[2, index], text(&port.name));
    put(objects, &root, &[3, index], integer(port.kind as usize));
    put(objects, &root, &[4, index], Value::Integer(1500));
    put(objects, &root, &[5, index], Value::Gauge32(1_000_000_000));
    put(objects, &root, &[6, index], Value::OctetString(physical.into()));
    put(objects, &root, &[7, index], Value::Integer(1));
    put(objects, &root, &[8, index], Value::Integer(if port.up { 1 } else { 2 }));
}

fn old_address(objects: &mut Objects, index: u32, ip: Ipv4Addr, prefix: u8) {
    let root = [1, 3, 6, 1, 2, 1, 4, 20, 1];
    let [a, b, c, d] = ip.octets().map(u32::from);
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
    put(objects, &root, &[1, a, b, c, d], Value::IpAddress(ip.octets()));
    put(objects, &root, &[2, a, b, c, d], integer(index as usize));
    put(objects, &root, &[3, a, b, c, d], Value::IpAddress(mask.to_be_bytes()));
}

fn new_address(objects: &mut Objects, index: u32, ip: Ipv4Addr, prefix: u8) {
    let root = [1, 3, 6, 1, 2, 1, 4, 34, 1];
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
    let own = ip.octets().map(u32::from);
    let network = (u32::from(ip) & mask).to_be_bytes().map(u32::from);
    let prefixes = [1, 3, 6, 1, 2, 1, 4, 32, 1, 5, index, 1, 4];
    let pointer = [&prefixes, network.as_slice(), &[u32::from(prefix)]].concat();
    let row = |column: u32| [&[column, 1, 4], own.as_slice()].concat();
    put(objects, &root, &row(3), integer(index as usize));
    put(objects, &root, &row(4), Value::Integer(1));
    put(objects, &root, &row(5), Value::ObjectIdentifier(Oid::from_slice(&pointer)));
}
