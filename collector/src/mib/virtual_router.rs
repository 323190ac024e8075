//! Virtual routers that a device takes part in: `vrrpAssoIpAddrTable` (VRRP-MIB, RFC 2787) and
//! `vrrpv3AssociatedIpAddrTable` (VRRPV3-MIB, RFC 6527) keep the shared addresses in the index;
//! `vrrpOperTable` and `vrrpv3OperationsTable` say whether the device forwards for them.

use std::net::IpAddr;

use daicho_common::observation::table::{Row, Rows};

use super::index;

/// Columns that say whether the device forwards.
const OLD_STATE: &str = "vrrpOperState";
const NEW_STATE: &str = "vrrpv3OperationsStatus";

/// A virtual router on one interface of a device. Those of IPv4 and of IPv6 are two (RFC 5798 §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instance {
    /// ifIndex.
    pub interface: u32,
    /// The virtual router's identifier, 1–255.
    pub group: u16,
    /// Whether its addresses are of IPv6.
    pub six: bool,
}

/// An address that a virtual router answers at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The virtual router.
    pub of: Instance,
    /// The address.
    pub ip: IpAddr,
}

/// Whether these are rows of such a table.
pub fn is_one(rows: &Rows) -> bool {
    row_reader(rows).is_some() || state_column(rows).is_some()
}

/// The shared addresses in these rows; none if they are of another table. Rows that are not in use
/// (`RowStatus` other than active, RFC 2579) are left out.
pub fn read(rows: &Rows) -> impl Iterator<Item = Shared> + '_ {
    let of = row_reader(rows);
    of.into_iter().flat_map(|of| rows.rows.iter().filter_map(of))
}

/// Of each virtual router in these rows, whether the device forwards for it: it is its master(3), not
/// backup(2) and not waiting for its interface, initialize(1). None if they are of another table.
pub fn forwards(rows: &Rows) -> impl Iterator<Item = (Instance, bool)> + '_ {
    let column = state_column(rows);
    column.into_iter().flat_map(|column| {
        rows.rows.iter().filter_map(move |row| {
            let (interface, group, six) = match (column, row.index.as_slice()) {
                (OLD_STATE, [interface, group]) => (*interface, *group, false),
                // InetAddressType (RFC 4001): ipv4(1), ipv6(2).
                (NEW_STATE, [interface, group, kind @ (1 | 2)]) => (*interface, *group, *kind == 2),
                _ => return None,
            };
            let forwards = match row.number(column)? {
                3 => true,
                1 | 2 => false,
                _ => return None,
            };
            Some((instance(interface, group, six)?, forwards))
        })
    })
}

fn row_reader(rows: &Rows) -> Option<fn(&Row) -> Option<Shared>> {
    match rows.table.as_str() {
        "vrrpAssoIpAddrTable" => Some(old_row),
        "vrrpv3AssociatedIpAddrTable" => Some(new_row),
        _ => None,
    }
}

fn state_column(rows: &Rows) -> Option<&'static str> {
    match rows.table.as_str() {
        "vrrpOperTable" => Some(OLD_STATE),
        "vrrpv3OperationsTable" => Some(NEW_STATE),
        _ => None,
    }
}

fn instance(interface: u32, group: u32, six: bool) -> Option<Instance> {
    let group = u16::try_from(group).ok().filter(|group| (1..=255).contains(group))?;
    Some(Instance { interface, group, six })
}

fn shared(interface: u32, group: u32, ip: IpAddr) -> Option<Shared> {
    let of = instance(interface, group, ip.is_ipv6())?;
    index::is_a_hosts(ip).then_some(Shared { of, ip })
}

fn old_row(row: &Row) -> Option<Shared> {
    let ([interface, group], address) = row.index.split_first_chunk::<2>()?;
    // 1: active. A table without the column lists what is there.
    let used = matches!(row.number("vrrpAssoIpAddrRowStatus"), None | Some(1));
    used.then(|| shared(*interface, *group, IpAddr::V4(index::ipv4(address)?))).flatten()
}

fn new_row(row: &Row) -> Option<Shared> {
    let ([interface, group], rest) = row.index.split_first_chunk::<2>()?;
    // The kind of address stands twice: as that of the virtual router, and before the address's length.
    let used = matches!(row.number("vrrpv3AssociatedIpAddrRowStatus"), None | Some(1));
    used.then(|| shared(*interface, *group, index::inet(rest)?)).flatten()
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
        read(&rows).map(|one| (one.of.group, one.ip.to_string())).collect()
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
        assert_eq!(told("ifStackTable", column, &[(&[3, 7, 10, 0, 0, 3], 1)]), []);
    }

    #[test]
    fn who_forwards_is_the_master_of_the_virtual_router_on_its_interface() {
        let told = |table: &str, column: &str, index: &[u32], state: i32| {
            let cells = BTreeMap::from([(column.to_owned(), Cell::Integer(state))]);
            let rows = vec![Row { index: index.to_vec(), cells }];
            let rows = Rows { table: table.into(), context: String::new(), rows };
            forwards(&rows).next().map(|(of, forwards)| (of.interface, of.group, of.six, forwards))
        };
        let old = |index: &[u32], state| told("vrrpOperTable", "vrrpOperState", index, state);
        let new = |index: &[u32], state| {
            told("vrrpv3OperationsTable", "vrrpv3OperationsStatus", index, state)
        };
        assert_eq!(old(&[3, 7], 3), Some((3, 7, false, true)));
        assert_eq!(old(&[3, 7], 2), Some((3, 7, false, false)));
        assert_eq!(new(&[3, 7, 2], 1), Some((3, 7, true, false)));
        for (index, state) in
            [(&[3, 7][..], 0), (&[3, 7], 4), (&[3, 0], 3), (&[3], 3), (&[3, 7, 16], 3)]
        {
            assert_eq!((old(index, state), new(index, state)), (None, None), "{index:?} {state}");
        }
    }
}
