//! Rows as facts.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::observation::table::{self, Cell, Row, TableRead};
use daicho_common::observation::{Fact, Outcome};
use daicho_common::text::Text;

use super::catalog::{Described, Kind};
use super::message::Value;
use super::session::Context;
use super::walk::Rows;

/// Most rows of one fact.
pub(super) const MOST: usize = table::MOST_ROWS;

/// Longest string that is passed on, in octets: the port list of a switch with 4,096 ports is 512
/// (RFC 4363), and nothing that is read here is longer.
const LONGEST: usize = 2_048;

/// Tables whose last index number is a VLAN: dot1qVlanCurrentTable, dot1qVlanStaticTable (RFC 4363),
/// vtpVlanTable (CISCO-VTP-MIB).
const VLAN_TABLES: [&str; 3] = ["dot1qVlanCurrentTable", "dot1qVlanStaticTable", "vtpVlanTable"];

/// What some rows come to.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The rows, in facts.
    pub(super) facts: Vec<Fact>,
    /// How many rows have a cell.
    pub(super) rows: usize,
    /// VLANs that they name.
    pub(super) vlans: Vec<u16>,
    /// Whether a cell was left out, because it was too long.
    pub(super) flawed: bool,
}

/// The facts that these rows of the table make.
pub(super) fn facts(table: &Described, context: &Context, rows: Rows) -> Told {
    let mut told = Told::default();
    let mut chunk = Vec::new();
    let fact = |rows| {
        let (table, context) = (table.name.clone(), context.name());
        Fact::Rows(Box::new(table::Rows { table, context, rows }))
    };
    let names_vlans = VLAN_TABLES.contains(&table.name.as_str());
    for (index, cells) in rows {
        told.vlans.extend(index.last().filter(|_| names_vlans).and_then(|number| vlan(*number)));
        let mut named = BTreeMap::new();
        for (id, value) in cells {
            let Ok(at) = table.columns.binary_search_by_key(&id, |column| column.id) else {
                continue;
            };
            let Some(column) = table.columns.get(at) else { continue };
            told.flawed |= matches!(&value, Value::Octets(octets) if octets.len() > LONGEST);
            if let Some(cell) = cell(column.kind, value) {
                named.insert(column.name.clone(), cell);
            }
        }
        if named.is_empty() {
            continue;
        }
        told.rows += 1;
        chunk.push(Row { index, cells: named });
        if chunk.len() >= MOST {
            told.facts.push(fact(std::mem::take(&mut chunk)));
        }
    }
    if !chunk.is_empty() {
        told.facts.push(fact(chunk));
    }
    told
}

/// The fact that a table was read.
pub(super) fn read(table: String, context: &Context, rows: usize, outcome: Outcome) -> Fact {
    let rows = u32::try_from(rows).unwrap_or(u32::MAX);
    Fact::TableRead(TableRead { table, also: Vec::new(), context: context.name(), rows, outcome })
}

/// The fact that a device has none of these tables; none if there are none.
pub(super) fn absent(tables: BTreeSet<String>) -> Option<Fact> {
    let mut tables = tables.into_iter();
    let table = tables.next()?;
    let (also, context) = (tables.collect(), String::new());
    Some(Fact::TableRead(TableRead { table, also, context, rows: 0, outcome: Outcome::Complete }))
}

fn cell(kind: Kind, value: Value) -> Option<Cell> {
    match value {
        Value::Integer(number) => Some(Cell::Integer(number)),
        Value::Unsigned(number) => Some(Cell::Unsigned(number)),
        Value::Octets(octets) if octets.len() > LONGEST => None,
        Value::Octets(octets) if kind == Kind::Text => Some(Cell::Text(Text::from_wire(&octets))),
        Value::Octets(octets) => Some(Cell::from_octets(&octets)),
        Value::Oid(oid) => Some(Cell::ObjectId(oid.to_string())),
        Value::Address(address) => Some(Cell::Address(address)),
        Value::Missing | Value::End | Value::Other => None,
    }
}

/// A VLAN with a forwarding table: 1002 to 1005 are those of token ring and FDDI, and have none.
fn vlan(number: u32) -> Option<u16> {
    let vlan = u16::try_from(number).ok()?;
    ((1..=4094).contains(&vlan) && !(1002..=1005).contains(&vlan)).then_some(vlan)
}
