//! Rows of tables that devices keep and tell over SNMP: what switches and routers know of others.
//!
//! The agent names tables and columns as their MIBs do (`config/snmp`) and passes the rows on as
//! they came; what they mean is for the collector, so that a better reading needs no new scan.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::text::Text;

/// Most rows that one fact carries; a longer table is told in several.
pub const MOST_ROWS: usize = 200;

/// Rows of one table, in the order of their indices.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The table as its MIB calls it, for example `lldpRemTable`; scalars go by their group, for
    /// example `upsIdent`.
    pub table: String,
    /// The SNMP context in which it was read: empty for the device's own, else the number of a VLAN
    /// (community `public@20`, context `vlan-20`) or the name of a v3 context.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub context: String,
    /// At most [`MOST_ROWS`].
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The sub-identifiers after the column's (RFC 2578 §7.7); empty for a group of scalars.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub index: Vec<u32>,
    /// What it holds, by the column's name in the MIB. Columns that the device left out are not here.
    pub cells: BTreeMap<String, Cell>,
}

/// What a cell holds, as the device encoded it (RFC 2578 §7.1): a device that gives a counter as a
/// string is passed on as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// INTEGER, Integer32.
    Integer(i32),
    /// Gauge32, Counter32, Unsigned32, `TimeTicks`, Counter64.
    Unsigned(u64),
    /// An OCTET STRING of a column that holds text.
    Text(Text),
    /// An OCTET STRING of any other column, in hexadecimal digits without separators.
    Octets(String),
    /// OBJECT IDENTIFIER in dotted decimal, without a leading dot.
    ObjectId(String),
    /// `IpAddress`.
    Address(Ipv4Addr),
}

/// How reading a table ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRead {
    /// As in [`Rows::table`].
    pub table: String,
    /// Further tables that ended just so: those that a device does not have are told together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// As in [`Rows::context`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub context: String,
    /// How many rows came.
    pub rows: u32,
    /// How it ended. `Complete` with no rows: the device has no such table.
    pub outcome: Outcome,
}

impl TableRead {
    /// Whether the tables were read to their end, in the device's own context, and are empty.
    pub fn found_nothing(&self) -> bool {
        self.rows == 0 && self.outcome == Outcome::Complete && self.context.is_empty()
    }

    /// Every table that ended so.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.table.as_str()).chain(self.also.iter().map(String::as_str))
    }
}

impl Row {
    /// The number in this column, if it holds one that is not negative.
    pub fn number(&self, column: &str) -> Option<u64> {
        match self.cells.get(column)? {
            Cell::Integer(number) => u64::try_from(*number).ok(),
            Cell::Unsigned(number) => Some(*number),
            Cell::Text(_) | Cell::Octets(_) | Cell::ObjectId(_) | Cell::Address(_) => None,
        }
    }

    /// The text in this column, if it holds one and says something.
    pub fn text(&self, column: &str) -> Option<&Text> {
        match self.cells.get(column)? {
            Cell::Text(text) if !text.is_empty() => Some(text),
            Cell::Text(_)
            | Cell::Integer(_)
            | Cell::Unsigned(_)
            | Cell::Octets(_)
            | Cell::ObjectId(_)
            | Cell::Address(_) => None,
        }
    }

    /// The octets in this column, if it holds some; `None` if they are not whole.
    pub fn octets(&self, column: &str) -> Option<Vec<u8>> {
        match self.cells.get(column)? {
            Cell::Octets(digits) => from_hex(digits),
            Cell::Integer(_)
            | Cell::Unsigned(_)
            | Cell::Text(_)
            | Cell::ObjectId(_)
            | Cell::Address(_) => None,
        }
    }
}

impl Cell {
    /// A cell of octets.
    pub fn from_octets(octets: &[u8]) -> Self {
        Self::Octets(octets.iter().fold(
            String::with_capacity(octets.len() * 2),
            |mut digits, octet| {
                for half in [octet >> 4, octet & 15] {
                    digits.extend(char::from_digit(u32::from(half), 16));
                }
                digits
            },
        ))
    }
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let halves: Vec<u8> = digits
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|half| u8::try_from(half).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = halves.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_come_back_as_they_were_and_damaged_digits_are_none() {
        for octets in [&[][..], &[0x00, 0x1a, 0xff]] {
            let cells = BTreeMap::from([("c".to_owned(), Cell::from_octets(octets))]);
            let row = Row { index: Vec::new(), cells };
            assert_eq!(row.octets("c").as_deref(), Some(octets));
        }
        assert_eq!(from_hex("abc"), None);
        assert_eq!(from_hex("zz"), None);
    }

    #[test]
    fn a_row_is_read_back_from_its_json() {
        let rows = Rows {
            table: "dot1qTpFdbTable".into(),
            context: "20".into(),
            rows: vec![Row {
                index: vec![1, 0, 26, 43, 60, 77, 94],
                cells: BTreeMap::from([
                    ("dot1qTpFdbPort".to_owned(), Cell::Integer(7)),
                    ("dot1qTpFdbStatus".to_owned(), Cell::Integer(3)),
                ]),
            }],
        };
        let json = serde_json::to_string(&rows).unwrap();
        assert_eq!(serde_json::from_str::<Rows>(&json).unwrap(), rows);
        assert_eq!(rows.rows[0].number("dot1qTpFdbPort"), Some(7));
        assert_eq!(rows.rows[0].text("dot1qTpFdbPort"), None);
    }
}
