//! What is read of a device, as data: tables, their columns, and the facts that their rows make.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Outcome, Question};
use daicho_common::text::Text;

use super::catalog::Catalog;
use super::message::Value;
use super::repetitions::Manner;
use super::walk::{self, Rows, Walk};

/// A table, or a part of one.
pub(super) struct Table {
    /// Its name in the MIB.
    pub(super) name: &'static str,
    /// The identifier of its entry.
    pub(super) entry: &'static [u32],
    /// The numbers of its columns.
    pub(super) columns: &'static [u32],
    /// Whether the question is answered in full if the device refuses this table.
    pub(super) optional: bool,
}

impl Table {
    /// A walk of what a topic needs of this table and what the catalogue wants of it, so that no
    /// object is asked for twice.
    pub(super) fn walk(&self, catalog: &Catalog, manner: Manner) -> Walk {
        let mut columns: BTreeSet<u32> = self.columns.iter().copied().collect();
        let mut most = walk::MAX_ROWS;
        if let Some((_, described)) = catalog.described(self.name, self.entry) {
            columns.extend(described.columns.iter().map(|column| column.id));
            most = most.max(described.most);
        }
        Walk::new(self.entry, columns.into_iter(), (most, manner))
    }
}

/// A question and the tables that answer it, in the order in which they are walked.
pub(super) struct Topic {
    /// The question.
    pub(super) question: Question,
    /// Its tables.
    pub(super) tables: &'static [Table],
    /// Whether the rows of the tables walked so far make the next one needless.
    pub(super) enough: fn(&[&Rows]) -> bool,
    /// The facts that the rows make, one `Rows` a table.
    pub(super) facts: fn(&[&Rows]) -> Vec<Fact>,
}

/// How a question ended whose tables ended like this.
pub(super) fn outcome_of(topic: &Topic, outcomes: &[Outcome], any_facts: bool) -> Outcome {
    let tables = topic.tables.iter().zip(outcomes);
    let fine = |(table, outcome): (&Table, &Outcome)| {
        *outcome == Outcome::Complete || *outcome == Outcome::Refused && table.optional
    };
    let worst = outcomes.iter().find(|outcome| **outcome != Outcome::Complete);
    match worst {
        None => Outcome::Complete,
        Some(_) if outcomes.contains(&Outcome::Complete) && tables.clone().all(fine) => {
            Outcome::Complete
        }
        Some(_) if any_facts => Outcome::Partial,
        Some(worst) => *worst,
    }
}

/// ifDescr, ifType, ifPhysAddress, ifOperStatus of ifTable (RFC 2863).
const IF_DESCR: u32 = 2;
const IF_TYPE: u32 = 3;
const IF_PHYS_ADDRESS: u32 = 6;
const IF_OPER_STATUS: u32 = 8;
const IF_TABLE: Table = Table {
    name: "ifTable",
    entry: &[1, 3, 6, 1, 2, 1, 2, 2, 1],
    columns: &[IF_DESCR, IF_TYPE, IF_PHYS_ADDRESS, IF_OPER_STATUS],
    optional: false,
};

/// ifName, ifAlias of ifXTable (RFC 2863).
const IF_NAME: u32 = 1;
const IF_ALIAS: u32 = 18;
const IF_X_TABLE: Table = Table {
    name: "ifXTable",
    entry: &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1],
    columns: &[IF_NAME, IF_ALIAS],
    optional: true,
};

/// ipAddressIfIndex, ipAddressType, ipAddressPrefix of ipAddressTable (RFC 4293).
const IP_ADDRESS_IF_INDEX: u32 = 3;
const IP_ADDRESS_TYPE: u32 = 4;
const IP_ADDRESS_PREFIX: u32 = 5;
const IP_ADDRESS_TABLE: Table = Table {
    name: "ipAddressTable",
    entry: &[1, 3, 6, 1, 2, 1, 4, 34, 1],
    columns: &[IP_ADDRESS_IF_INDEX, IP_ADDRESS_TYPE, IP_ADDRESS_PREFIX],
    optional: true,
};

/// ipAddressPrefixOrigin, the object that a value of ipAddressPrefix points at (RFC 4293).
const IP_ADDRESS_PREFIX_ENTRY: &[u32] = &[1, 3, 6, 1, 2, 1, 4, 32, 1];

/// ipAdEntIfIndex, ipAdEntNetMask of ipAddrTable (RFC 4293, deprecated there; RFC 1213).
const IP_AD_ENT_IF_INDEX: u32 = 2;
const IP_AD_ENT_NET_MASK: u32 = 3;
const IP_ADDR_TABLE: Table = Table {
    name: "ipAddrTable",
    entry: &[1, 3, 6, 1, 2, 1, 4, 20, 1],
    columns: &[IP_AD_ENT_IF_INDEX, IP_AD_ENT_NET_MASK],
    optional: true,
};

/// What is read after the system group, in this order.
pub(super) const TOPICS: &[Topic] = &[
    Topic {
        question: Question::SnmpInterfaces,
        tables: &[IF_TABLE, IF_X_TABLE],
        enough: |_| false,
        facts: interfaces,
    },
    Topic {
        question: Question::SnmpAddresses,
        tables: &[IP_ADDRESS_TABLE, IP_ADDR_TABLE],
        // Some devices keep only IPv6 in the newer table.
        enough: |rows| addresses(rows).iter().any(is_v4),
        facts: addresses,
    },
];

/// ifOperStatus up(1).
const UP: u32 = 1;

/// ipAddressType broadcast(3): no own address.
const BROADCAST: u32 = 3;

fn is_v4(fact: &Fact) -> bool {
    matches!(fact, Fact::InterfaceAddress { ip: IpAddr::V4(_), .. })
}

fn cell<'a>(rows: &[&'a Rows], table: usize, index: &[u32], column: u32) -> Option<&'a Value> {
    rows.get(table)?.get(index)?.get(&column)
}

fn number(value: Option<&Value>) -> Option<u32> {
    match value {
        Some(Value::Integer(number)) => u32::try_from(*number).ok(),
        Some(Value::Unsigned(number)) => u32::try_from(*number).ok(),
        _ => None,
    }
}

fn octets(value: Option<&Value>) -> &[u8] {
    match value {
        Some(Value::Octets(octets)) => octets,
        _ => &[],
    }
}

/// One fact a row, put together from both tables by ifIndex. A cell of the wrong type is empty.
fn interfaces(rows: &[&Rows]) -> Vec<Fact> {
    let indices: BTreeSet<&Vec<u32>> = rows.iter().flat_map(|rows| rows.keys()).collect();
    let mut facts = Vec::new();
    for key in indices {
        let &[index @ 1..=u32::MAX] = key.as_slice() else { continue };
        let text = |table, column| Text::from_wire(octets(cell(rows, table, key, column)));
        facts.push(Fact::Interface {
            index,
            name: text(1, IF_NAME),
            description: text(0, IF_DESCR),
            alias: text(1, IF_ALIAS),
            kind: number(cell(rows, 0, key, IF_TYPE)).unwrap_or(0),
            mac: Mac::from_slice(octets(cell(rows, 0, key, IF_PHYS_ADDRESS))),
            up: number(cell(rows, 0, key, IF_OPER_STATUS)) == Some(UP),
        });
    }
    facts
}

/// One fact an address; of an address in both tables, what the newer one says.
fn addresses(rows: &[&Rows]) -> Vec<Fact> {
    let mut seen = BTreeSet::new();
    let mut facts = Vec::new();
    let newer = rows.first().into_iter().flat_map(|rows| rows.iter()).map(|(key, _)| {
        let broadcast = number(cell(rows, 0, key, IP_ADDRESS_TYPE)) == Some(BROADCAST);
        let ip = inet_address(key).filter(|_| !broadcast);
        let prefix = ip.and_then(|ip| pointed_prefix(ip, cell(rows, 0, key, IP_ADDRESS_PREFIX)));
        (number(cell(rows, 0, key, IP_ADDRESS_IF_INDEX)), ip, prefix)
    });
    let older = rows.get(1).into_iter().flat_map(|rows| rows.iter()).map(|(key, _)| {
        let prefix = mask_length(cell(rows, 1, key, IP_AD_ENT_NET_MASK));
        (number(cell(rows, 1, key, IP_AD_ENT_IF_INDEX)), ipv4(key).map(IpAddr::V4), prefix)
    });
    for row in newer.chain(older) {
        let (Some(index), Some(ip), prefix) = row else { continue };
        if seen.insert((index, ip)) {
            facts.push(Fact::InterfaceAddress { index, ip, prefix });
        }
    }
    facts
}

/// Numbers of an index as octets; `None` if one is over 255.
fn to_octets(numbers: &[u32]) -> Option<Vec<u8>> {
    numbers.iter().map(|number| u8::try_from(*number).ok()).collect()
}

fn ipv4(numbers: &[u32]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(to_octets(numbers)?).ok().map(Ipv4Addr::from)
}

/// The address that an index holds: type, length, octets (RFC 4001 §3). The zone of ipv4z(3) and
/// ipv6z(4) is left out.
fn inet_address(index: &[u32]) -> Option<IpAddr> {
    let (kind, length, numbers) = match index {
        [kind, length, numbers @ ..] => (*kind, *length, numbers),
        _ => return None,
    };
    if usize::try_from(length).ok()? != numbers.len() {
        return None;
    }
    match (kind, length) {
        (1, 4) | (3, 8) => ipv4(numbers.get(..4)?).map(IpAddr::V4),
        (2, 16) | (4, 20) => {
            let octets = <[u8; 16]>::try_from(to_octets(numbers.get(..16)?)?).ok()?;
            Some(IpAddr::V6(Ipv6Addr::from(octets)))
        }
        _ => None,
    }
}

/// The length at the end of a pointer into ipAddressPrefixTable; zeroDotZero points nowhere.
fn pointed_prefix(ip: IpAddr, value: Option<&Value>) -> Option<u8> {
    let Some(Value::Oid(pointer)) = value else { return None };
    let length = u8::try_from(*pointer.after(IP_ADDRESS_PREFIX_ENTRY)?.last()?).ok()?;
    let longest = if ip.is_ipv4() { 32 } else { 128 };
    (length <= longest).then_some(length)
}

/// The length of a mask that is ones and then zeros.
fn mask_length(value: Option<&Value>) -> Option<u8> {
    let Some(Value::Address(mask)) = value else { return None };
    let mask = u32::from(*mask);
    (mask.count_ones() == mask.leading_ones()).then(|| u8::try_from(mask.count_ones()).ok())?
}
