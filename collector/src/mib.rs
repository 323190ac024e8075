//! What rows of SNMP tables say, in the terms of their MIBs: indices taken apart, cells read.
//!
//! Every reading is total: a row that a MIB does not allow is no row, and nothing here trusts a
//! device to have sent what its MIB promises. Whom the rows are about, and what follows from them,
//! is decided elsewhere.

use daicho_common::observation::table::{Cell, Row};
use daicho_common::text::Text;

/// Bridges and their ports: BRIDGE-MIB, Q-BRIDGE-MIB, link aggregation.
pub mod bridge;
/// Sub-identifiers of indices (RFC 2578 §7.7, RFC 4001).
pub mod index;
/// Neighbour tables of routers: IP-MIB.
pub mod neighbour;
/// Spanning tree: which port faces which bridge, and which ports forward.
pub mod spanning_tree;
/// Who is connected by radio, and who logged in on a port.
pub mod station;
/// What a device was told by the device at the other end of a cable: LLDP, CDP.
pub mod adjacent;
/// Virtual routers and the addresses that they share.
pub mod virtual_router;

/// The octets in this column, whether it came as octets or as text.
fn octets(row: &Row, column: &str) -> Option<Vec<u8>> {
    match row.cells.get(column)? {
        Cell::Text(text) => Some(text.as_str().as_bytes().to_vec()),
        Cell::Octets(_) => row.octets(column),
        Cell::Integer(_) | Cell::Unsigned(_) | Cell::ObjectId(_) | Cell::Address(_) => None,
    }
}

/// The words in this column, whether they came as octets or as text; empty if it says nothing.
fn words(row: &Row, column: &str) -> Text {
    octets(row, column).map(|octets| Text::from_wire(&octets)).unwrap_or_default()
}

/// The number in this column, where it fits.
fn small(row: &Row, column: &str) -> Option<u32> {
    u32::try_from(row.number(column)?).ok()
}
