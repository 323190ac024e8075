//! Virtual routers that a device takes part in: `vrrpAssoIpAddrTable` (VRRP-MIB, RFC 2787) and
//! `vrrpv3AssociatedIpAddrTable` (VRRPV3-MIB, RFC 6527). Both keep the shared addresses in the index.

use std::net::IpAddr;

use daicho_common::observation::table::{Row, Rows};

use super::index;

/// An address that a virtual router answers at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The virtual router's identifier, 1–255.
    pub group: u16,
    /// The address.
    pub ip: IpAddr,
}

/// Whether these are rows of such a table.
pub fn is_one(rows: &Rows) -> bool {
    matches!(rows.table.as_str(), "vrrpAssoIpAddrTable" | "vrrpv3AssociatedIpAddrTable")
}

/// The shared addresses in these rows; none if they are of another table. Rows that are not in use
/// (`RowStatus` other than active, RFC 2579) are left out.
pub fn read(rows: &Rows) -> impl Iterator<Item = Shared> + '_ {
    let old = rows.table == "vrrpAssoIpAddrTable";
    let of = if old { old_row } else { new_row };
    rows.rows.iter().filter(move |_| is_one(rows)).filter_map(of)
}

fn shared(group: u32, ip: IpAddr) -> Option<Shared> {
    let group = u16::try_from(group).ok().filter(|group| (1..=255).contains(group))?;
    index::is_a_hosts(ip).then_some(Shared { group, ip })
}

fn old_row(row: &Row) -> Option<Shared> {
    let ([_interface, group], address) = row.index.split_first_chunk::<2>()?;
    // 1: active. A table without the column lists what is there.
    let used = matches!(row.number("vrrpAssoIpAddrRowStatus"), None | Some(1));
    used.then(|| shared(*group, IpAddr::V4(index::ipv4(address)?))).flatten()
}

fn new_row(row: &Row) -> Option<Shared> {
    let ([_interface, group], rest) = row.index.split_first_chunk::<2>()?;
    // The kind of address stands twice: as that of the virtual router, and before the address's length.
    let used = matches!(row.number("vrrpv3AssociatedIpAddrRowStatus"), None | Some(1));
    used.then(|| shared(*group, index::inet(rest)?)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_common::observation::table::Cell;
    use std::collections::BTreeMap;

    fn told(table: &str, column: &str, rows: &[(&[u32], i32)]) -> Vec<(u16, String)> {
        let rows = rows.iter().map(|(index, status)| Row {
            index: index.to_vec(),
            cells: BTreeMap::from([(column.to_owned(), Cell::Integer(*status))]),
        });
        let rows = Rows { table: table.into(), context: String::new(), rows: rows.collect() };
        read(&rows).map(|one| (one.group, one.ip.to_string())).collect()
    }

    #[test]
    fn shared_addresses_are_read_out_of_both_tables() {
        let old = told(
            "vrrpAssoIpAddrTable",
            "vrrpAssoIpAddrRowStatus",
            &[(&[3, 7, 10, 0, 0, 3], 1), (&[3, 8, 10, 0, 0, 4], 2)],
        );
        assert_eq!(old, [(7, "10.0.0.3".to_owned())], "the second is not in service");
        let six = [&[3, 9, 2, 16, 0xfe, 0x80][..], &[0; 13], &[1]].concat();
        let new = told(
            "vrrpv3AssociatedIpAddrTable",
            "vrrpv3AssociatedIpAddrRowStatus",
            &[(&[3, 7, 1, 4, 10, 0, 0, 3], 1), (&six, 1)],
        );
        assert_eq!(new, [(7, "10.0.0.3".to_owned()), (9, "fe80::1".to_owned())]);
    }

    #[test]
    fn rows_that_are_no_shared_addresses_are_none() {
        let column = "vrrpAssoIpAddrRowStatus";
        let bad: [(&[u32], i32); 5] = [
            (&[], 1),
            (&[3, 7], 1),
            (&[3, 0, 10, 0, 0, 3], 1),
            (&[3, 7, 10, 0, 0, 300], 1),
            (&[3, 7, 127, 0, 0, 1], 1),
        ];
        assert_eq!(told("vrrpAssoIpAddrTable", column, &bad), []);
        assert_eq!(told("vrrpOperTable", column, &[(&[3, 7, 10, 0, 0, 3], 1)]), []);
    }
}
