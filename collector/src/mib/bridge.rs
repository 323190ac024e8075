//! Bridges and their ports: forwarding tables (RFC 4188, RFC 4363), port numbers, VLANs, and which
//! ports are bundled (IEEE 802.1AX, RFC 2863).

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::addr::Mac;
use daicho_common::observation::table::{Row, Rows};
use daicho_common::text::Text;

use super::{index, octets, small, words};

/// A row of a forwarding table: frames from `mac` came in by `port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forwarding {
    /// Whose frames.
    pub mac: Mac,
    /// The bridge's number of the port (dot1dBasePort), not its ifIndex; 1 or more.
    pub port: u32,
    /// Which VLAN or filtering database.
    pub of: Database,
}

/// Which database a forwarding row stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Database {
    /// The bridge's only one, which does not tell VLANs apart.
    Only,
    /// That of a VLAN, because it was read in the VLAN's context.
    Vlan(u16),
    /// A filtering database (dot1qFdbId); [`filters`] says whose it is.
    Filter(u32),
}

/// The VLAN in whose context the rows were read: `20` or `vlan-20`.
fn vlan_of_context(context: &str) -> Option<u16> {
    let digits = context.strip_prefix("vlan-").unwrap_or(context);
    digits.parse().ok().filter(|vlan| (1..=4094).contains(vlan))
}

/// Whether these are rows of a forwarding table.
pub fn is_forwarding(rows: &Rows) -> bool {
    matches!(rows.table.as_str(), "dot1dTpFdbTable" | "dot1qTpFdbTable")
}

/// Whether these rows of a forwarding table tell VLANs or databases apart.
pub fn tells_vlans(rows: &Rows) -> bool {
    rows.table == "dot1qTpFdbTable"
        || is_forwarding(rows) && vlan_of_context(&rows.context).is_some()
}

/// What the bridge learned: its own addresses, invalid rows and rows without a port are left out.
pub fn forwarding(rows: &Rows) -> impl Iterator<Item = Forwarding> + '_ {
    let context = vlan_of_context(&rows.context);
    let by_filter = rows.table == "dot1qTpFdbTable";
    rows.rows
        .iter()
        .filter(move |_| is_forwarding(rows))
        .filter_map(move |row| if by_filter { filtered(row) } else { plain(row, context) })
}

fn learned(mac: Mac, port: Option<u32>, status: Option<u64>, of: Database) -> Option<Forwarding> {
    let port = port.filter(|port| *port > 0)?;
    // 3 is learned, 5 mgmt: put there by a person. A bridge that leaves the status out means 3.
    let there = matches!(status, None | Some(3 | 5));
    (there && !mac.is_group() && mac != Mac::ZERO).then_some(Forwarding { mac, port, of })
}

fn plain(row: &Row, vlan: Option<u16>) -> Option<Forwarding> {
    let mac =
        index::mac(&row.index).or_else(|| Mac::from_slice(&octets(row, "dot1dTpFdbAddress")?))?;
    let of = vlan.map_or(Database::Only, Database::Vlan);
    learned(mac, small(row, "dot1dTpFdbPort"), row.number("dot1dTpFdbStatus"), of)
}

fn filtered(row: &Row) -> Option<Forwarding> {
    let (filter, mac) = row.index.split_first()?;
    let of = Database::Filter(*filter);
    let port = small(row, "dot1qTpFdbPort");
    learned(index::mac(mac)?, port, row.number("dot1qTpFdbStatus"), of)
}

/// A VLAN number, where it is one.
fn vlan(number: u32) -> Option<u16> {
    u16::try_from(number).ok().filter(|vlan| (1..=4094).contains(vlan))
}

/// Whose each filtering database is (`dot1qVlanCurrentTable`), as (dot1qFdbId, VLAN).
pub fn filters(rows: &Rows) -> impl Iterator<Item = (u32, u16)> + '_ {
    rows.rows.iter().filter(|_| rows.table == "dot1qVlanCurrentTable").filter_map(|row| {
        let number = row.index.last().copied().and_then(vlan)?;
        Some((small(row, "dot1qVlanFdbId")?, number))
    })
}

/// VLANs that are set up (`dot1qVlanStaticTable`).
pub fn vlans(rows: &Rows) -> impl Iterator<Item = u16> + '_ {
    let of = rows.rows.iter().filter(|_| rows.table == "dot1qVlanStaticTable");
    of.filter_map(|row| row.index.last().copied().and_then(vlan))
}

/// The ifIndex of each port of the bridge (`dot1dBasePortTable`), as (dot1dBasePort, ifIndex).
pub fn base_ports(rows: &Rows) -> impl Iterator<Item = (u32, u32)> + '_ {
    rows.rows.iter().filter(|_| rows.table == "dot1dBasePortTable").filter_map(|row| {
        let port = row.index.first().copied()?;
        Some((port, small(row, "dot1dBasePortIfIndex").filter(|index| *index > 0)?))
    })
}

/// A port's own VLAN, and how the table numbers the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnVlan {
    /// dot1dBasePort and dot1qPvid.
    OfBasePort(u32, u16),
    /// ifIndex and vmVlan.
    OfInterface(u32, u16),
}

/// The own (untagged) VLAN of each port: `dot1qPortVlanTable`, `vmMembershipTable`.
pub fn own_vlans(rows: &Rows) -> impl Iterator<Item = OwnVlan> + '_ {
    rows.rows.iter().filter_map(|row| {
        let port = row.index.first().copied()?;
        match rows.table.as_str() {
            "dot1qPortVlanTable" => {
                Some(OwnVlan::OfBasePort(port, vlan(small(row, "dot1qPvid")?)?))
            }
            "vmMembershipTable" => Some(OwnVlan::OfInterface(port, vlan(small(row, "vmVlan")?)?)),
            _ => None,
        }
    })
}

/// What VLANs are called (`dot1qVlanStaticTable`, `vtpVlanTable`). A name that only repeats the
/// number, as switches give it by themselves, is none.
pub fn vlan_names(rows: &Rows) -> impl Iterator<Item = (u16, Text)> + '_ {
    rows.rows.iter().filter_map(|row| {
        let column = match rows.table.as_str() {
            "dot1qVlanStaticTable" => "dot1qVlanStaticName",
            "vtpVlanTable" => "vtpVlanName",
            _ => return None,
        };
        let number = row.index.last().copied().and_then(vlan)?;
        let name = words(row, column);
        let digits = name.as_str().trim_start_matches(|c: char| !c.is_ascii_digit());
        let start = name.as_str().strip_suffix(digits).unwrap_or_default();
        let start = start.trim_matches(['_', '-', ' ']);
        let numbered = digits.parse() == Ok(number)
            && (start.is_empty() || start.eq_ignore_ascii_case("vlan"));
        (!name.is_empty() && !numbered).then_some((number, name))
    })
}

/// Interfaces that run at half duplex (`dot3StatsTable`, RFC 3635 dot3StatsDuplexStatus), by ifIndex.
pub fn half_duplex(rows: &Rows) -> impl Iterator<Item = u32> + '_ {
    let of = rows.rows.iter().filter(|_| rows.table == "dot3StatsTable");
    // 1: not known, 2: half, 3: full.
    let half = of.filter(|row| row.number("dot3StatsDuplexStatus") == Some(2));
    half.filter_map(|row| row.index.first().copied())
}

/// Ports that deliver power (`pethPsePortTable`, RFC 3621 pethPsePortDetectionStatus), by
/// pethPsePortIndex. Only of a switch with one group of such ports, which number them as the bridge
/// does; what stacks and modules number is told by their makers alone.
pub fn powered<'a>(rows: impl Iterator<Item = &'a Rows>) -> Vec<u32> {
    let rows: Vec<&Row> = rows.flat_map(|rows| &rows.rows).collect();
    let groups: BTreeSet<Option<&u32>> = rows.iter().map(|row| row.index.first()).collect();
    // 1: disabled, 2: searching, 3: deliveringPower, 4: fault, 5: test, 6: otherFault.
    let fed = rows.iter().filter(|row| row.number("pethPsePortDetectionStatus") == Some(3));
    let port = |row: &&Row| match row.index.as_slice() {
        [_, port] => Some(*port),
        _ => None,
    };
    if groups.len() == 1 { fed.filter_map(port).collect() } else { Vec::new() }
}

/// Ports that are one logical port: (ifIndex of the member, ifIndex of the whole). Of
/// `ifStackTable` every layering comes; the caller knows which interfaces are bundles.
pub fn bundled(rows: &Rows) -> Vec<(u32, u32)> {
    let of = |row: &Row| match rows.table.as_str() {
        "dot3adAggPortTable" => {
            let member = row.index.first().copied()?;
            let attached = small(row, "dot3adAggPortAttachedAggID").filter(|id| *id > 0);
            Some((member, attached.filter(|whole| *whole != member)?))
        }
        "ifStackTable" => match row.index.as_slice() {
            // 1: active. A table without the column lists what is there.
            [whole, member] if matches!(row.number("ifStackStatus"), None | Some(1)) => {
                (*whole > 0 && *member > 0 && whole != member).then_some((*member, *whole))
            }
            _ => None,
        },
        _ => None,
    };
    rows.rows.iter().filter_map(of).collect()
}

/// The bridge's own address (`dot1dBase`, RFC 4188 dot1dBaseBridgeAddress), and the chassis' own as
/// it tells it to others (`lldpLocalSystemData`), where that is a MAC address.
pub fn own_macs(rows: &Rows) -> impl Iterator<Item = Mac> + '_ {
    rows.rows.iter().filter_map(|row| match rows.table.as_str() {
        "dot1dBase" => Mac::from_slice(&octets(row, "dot1dBaseBridgeAddress")?),
        "lldpLocalSystemData" if row.number("lldpLocChassisIdSubtype") == Some(4) => {
            Mac::from_slice(&octets(row, "lldpLocChassisId")?)
        }
        "lldpV2LocalSystemData" if row.number("lldpV2LocChassisIdSubtype") == Some(4) => {
            Mac::from_slice(&octets(row, "lldpV2LocChassisId")?)
        }
        _ => None,
    })
}

/// How many chassis stand in one stack: entities of class chassis(3) (RFC 6933) that stand in one
/// of class stack(11); 0 if it is no stack.
pub fn stacked(rows: &[&Rows]) -> usize {
    let entities = || {
        let physical = rows.iter().filter(|rows| rows.table == "entPhysicalTable");
        physical.flat_map(|rows| &rows.rows)
    };
    let classes: BTreeMap<u32, u64> = entities()
        .filter_map(|row| Some((*row.index.first()?, row.number("entPhysicalClass")?)))
        .collect();
    let within = |row: &&Row| {
        row.number("entPhysicalClass") == Some(3)
            && small(row, "entPhysicalContainedIn").and_then(|whole| classes.get(&whole))
                == Some(&11)
    };
    entities().filter(within).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_common::observation::table::Cell;

    fn rows(table: &str, context: &str, index: &[u32], cells: &[(&str, i32)]) -> Rows {
        let cell = |(name, number): &(&str, i32)| ((*name).to_owned(), Cell::Integer(*number));
        let row = Row { index: index.to_vec(), cells: cells.iter().map(cell).collect() };
        Rows { table: table.into(), context: context.into(), rows: vec![row] }
    }

    const STATION: [u32; 6] = [0, 26, 43, 0, 0, 7];

    #[test]
    fn the_vlan_of_a_forwarding_row_is_that_of_its_context_or_its_database() {
        let read = |rows: &Rows| forwarding(rows).map(|row| (row.port, row.of)).collect::<Vec<_>>();
        let cells = [("dot1dTpFdbPort", 7), ("dot1dTpFdbStatus", 3)];
        for (context, of) in [
            ("", Database::Only),
            ("20", Database::Vlan(20)),
            ("vlan-20", Database::Vlan(20)),
            ("5000", Database::Only),
        ] {
            assert_eq!(read(&rows("dot1dTpFdbTable", context, &STATION, &cells)), [(7, of)]);
        }
        let mut index = vec![3];
        index.extend(STATION);
        let cells = [("dot1qTpFdbPort", 7), ("dot1qTpFdbStatus", 3)];
        let filter = rows("dot1qTpFdbTable", "", &index, &cells);
        assert_eq!(read(&filter), [(7, Database::Filter(3))]);
        let whose = rows("dot1qVlanCurrentTable", "", &[0, 20], &[("dot1qVlanFdbId", 3)]);
        assert_eq!(filters(&whose).collect::<Vec<_>>(), [(3, 20)]);
    }

    #[test]
    fn own_invalid_portless_and_damaged_rows_teach_nothing() {
        for (index, port, status) in [
            (&STATION[..], 7, 4),
            (&STATION[..], 7, 2),
            (&STATION[..], 0, 3),
            (&STATION[..], -7, 3),
            (&STATION[..5], 7, 3),
            (&[1, 0, 94, 0, 0, 7][..], 7, 3),
            (&[0, 26, 43, 0, 0, 700][..], 7, 3),
        ] {
            let cells = [("dot1dTpFdbPort", port), ("dot1dTpFdbStatus", status)];
            assert_eq!(forwarding(&rows("dot1dTpFdbTable", "", index, &cells)).count(), 0);
        }
        assert_eq!(forwarding(&rows("dot1qTpFdbTable", "", &[], &[])).count(), 0);
        assert_eq!(forwarding(&rows("ifTable", "", &STATION, &[("dot1dTpFdbPort", 7)])).count(), 0);
    }

    #[test]
    fn a_vlan_is_called_by_what_somebody_called_it() {
        let named = |table: &str, index: &[u32], column: &str, name: &str| {
            let cells = [(column.to_owned(), Cell::Text(name.into()))].into();
            let row = Row { index: index.to_vec(), cells };
            let rows = Rows { table: table.into(), context: String::new(), rows: vec![row] };
            vlan_names(&rows).map(|(vlan, name)| (vlan, name.to_string())).collect::<Vec<_>>()
        };
        let plain =
            |vlan: u32, name| named("dot1qVlanStaticTable", &[vlan], "dot1qVlanStaticName", name);
        assert_eq!(plain(20, "医療系"), [(20, "医療系".to_owned())]);
        assert_eq!(named("vtpVlanTable", &[1, 20], "vtpVlanName", "ward"), [(20, "ward".into())]);
        for name in ["", "20", "VLAN0020", "vlan-20", "VLAN 20"] {
            assert_eq!(plain(20, name), [], "{name}");
        }
        assert_eq!(plain(20, "VLAN0030").len(), 1, "a number, but not its own");
        assert_eq!(plain(5000, "ward"), []);
    }

    #[test]
    fn a_member_of_nothing_and_a_bundle_of_itself_are_not_bundled() {
        let attached =
            |to| rows("dot3adAggPortTable", "", &[3], &[("dot3adAggPortAttachedAggID", to)]);
        assert_eq!(bundled(&attached(49)), [(3, 49)]);
        assert_eq!(bundled(&attached(0)), []);
        assert_eq!(bundled(&attached(3)), []);
        assert_eq!(
            bundled(&rows("ifStackTable", "", &[49, 3], &[("ifStackStatus", 1)])),
            [(3, 49)]
        );
        assert_eq!(bundled(&rows("ifStackTable", "", &[0, 3], &[])), []);
        assert_eq!(bundled(&rows("ifStackTable", "", &[49], &[])), []);
    }
}
