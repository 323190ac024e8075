//! Neighbour tables of routers: `ipNetToMediaTable` (RFC 1213), `ipNetToPhysicalTable` (RFC 4293 §5).

use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::table::{Row, Rows};

use super::{index, octets};

/// A neighbour that a router resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// ifIndex of the router's interface on whose link it is.
    pub interface: u32,
    /// Its address.
    pub ip: IpAddr,
    /// The MAC address that answered for it.
    pub mac: Mac,
}

/// Whether these are rows of a neighbour table.
pub fn is_one(rows: &Rows) -> bool {
    matches!(rows.table.as_str(), "ipNetToMediaTable" | "ipNetToPhysicalTable")
}

/// The neighbours in these rows; none if they are of another table. Rows that the router itself
/// holds to be invalid, incomplete or its own are left out.
pub fn read(rows: &Rows) -> impl Iterator<Item = Neighbour> + '_ {
    let old = rows.table == "ipNetToMediaTable";
    let of = if old { old_row } else { new_row };
    rows.rows.iter().filter(move |_| is_one(rows)).filter_map(of)
}

fn neighbour(interface: u32, ip: IpAddr, octets: &[u8]) -> Option<Neighbour> {
    let mac = Mac::from_slice(octets)?;
    let unicast = !mac.is_group() && mac != Mac::ZERO;
    (unicast && index::is_a_hosts(ip)).then_some(Neighbour { interface, ip, mac })
}

fn old_row(row: &Row) -> Option<Neighbour> {
    let (interface, address) = row.index.split_first()?;
    // 2: invalid.
    if row.number("ipNetToMediaType") == Some(2) {
        return None;
    }
    let ip = IpAddr::V4(index::ipv4(address)?);
    neighbour(*interface, ip, &octets(row, "ipNetToMediaPhysAddress")?)
}

fn new_row(row: &Row) -> Option<Neighbour> {
    let (interface, address) = row.index.split_first()?;
    // Type 2 invalid, 5 local; state 5 invalid, 7 incomplete.
    if matches!(row.number("ipNetToPhysicalType"), Some(2 | 5))
        || matches!(row.number("ipNetToPhysicalState"), Some(5 | 7))
    {
        return None;
    }
    let ip = index::inet(address)?;
    neighbour(*interface, ip, &octets(row, "ipNetToPhysicalPhysAddress")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_common::observation::table::Cell;

    fn rows(table: &str, index: &[u32], cells: &[(&str, Cell)]) -> Rows {
        let cells = cells.iter().map(|(name, cell)| ((*name).to_owned(), cell.clone())).collect();
        let row = Row { index: index.to_vec(), cells };
        Rows { table: table.into(), context: String::new(), rows: vec![row] }
    }

    fn physical() -> Cell {
        Cell::from_octets(&[0, 0x1a, 0x2b, 0, 0, 7])
    }

    #[test]
    fn both_tables_say_the_same() {
        let old = rows(
            "ipNetToMediaTable",
            &[10, 10, 20, 1, 7],
            &[("ipNetToMediaPhysAddress", physical()), ("ipNetToMediaType", Cell::Integer(3))],
        );
        let new = rows(
            "ipNetToPhysicalTable",
            &[10, 1, 4, 10, 20, 1, 7],
            &[("ipNetToPhysicalPhysAddress", physical())],
        );
        let (old, new): (Vec<_>, Vec<_>) = (read(&old).collect(), read(&new).collect());
        assert_eq!(old, new);
        assert_eq!((old[0].interface, old[0].ip.to_string().as_str()), (10, "10.20.1.7"));
    }

    #[test]
    fn what_the_router_does_not_hold_to_be_there_is_no_neighbour() {
        let own =
            [("ipNetToPhysicalPhysAddress", physical()), ("ipNetToPhysicalType", Cell::Integer(5))];
        let lost = [
            ("ipNetToPhysicalPhysAddress", physical()),
            ("ipNetToPhysicalState", Cell::Integer(7)),
        ];
        for cells in [&own[..], &lost[..], &[]] {
            let rows = rows("ipNetToPhysicalTable", &[10, 1, 4, 10, 20, 1, 7], cells);
            assert_eq!(read(&rows).count(), 0, "{cells:?}");
        }
        let invalid =
            [("ipNetToMediaPhysAddress", physical()), ("ipNetToMediaType", Cell::Integer(2))];
        let broadcast = [("ipNetToMediaPhysAddress", Cell::from_octets(&[0xff; 6]))];
        let short = [("ipNetToMediaPhysAddress", Cell::from_octets(&[1, 2]))];
        for cells in [&invalid[..], &broadcast[..], &short[..]] {
            let rows = rows("ipNetToMediaTable", &[10, 10, 20, 1, 7], cells);
            assert_eq!(read(&rows).count(), 0, "{cells:?}");
        }
        let hostile = rows("ipNetToMediaTable", &[], &[("ipNetToMediaPhysAddress", physical())]);
        assert_eq!(read(&hostile).count(), 0);
    }
}
