//! Ports as a spanning tree sees them: `dot1dStpPortTable` (RFC 4188).

use daicho_common::addr::Mac;
use daicho_common::observation::table::{Row, Rows};

use super::{octets, small};

/// A port of a bridge in the spanning tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its number (dot1dBasePort), 1 or more.
    pub port: u32,
    /// The bridge that speaks for the cable: this one itself, or the one at the other end.
    pub designated: Mac,
    /// That bridge's port: priority in the high bits, number in the low ones (4 and 12 since
    /// IEEE 802.1t, 8 and 8 before).
    pub designated_port: u16,
    /// Whether no frames pass: blocking(2), which is also what rapid spanning tree calls discarding.
    pub blocked: bool,
}

/// The ports in these rows; none if they are of another table. Ports that are switched off or have
/// nobody to speak for their cable are left out.
pub fn ports(rows: &Rows) -> impl Iterator<Item = Port> + '_ {
    rows.rows.iter().filter(|_| rows.table == "dot1dStpPortTable").filter_map(port)
}

fn port(row: &Row) -> Option<Port> {
    let [number] = row.index.as_slice() else { return None };
    let state = small(row, "dot1dStpPortState");
    // 1: disabled, 6: broken; of dot1dStpPortEnable 2: disabled.
    if *number == 0 || matches!(state, Some(1 | 6)) || row.number("dot1dStpPortEnable") == Some(2) {
        return None;
    }
    // Two octets of priority before the address.
    let bridge = octets(row, "dot1dStpPortDesignatedBridge")?;
    let (_, address) = bridge.split_first_chunk::<2>()?;
    let designated = Mac::from_slice(address).filter(|mac| *mac != Mac::ZERO && !mac.is_group())?;
    let far = octets(row, "dot1dStpPortDesignatedPort")?;
    let designated_port = u16::from_be_bytes(<[u8; 2]>::try_from(far).ok()?);
    Some(Port { port: *number, designated, designated_port, blocked: state == Some(2) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_common::observation::table::Cell;

    fn told(index: &[u32], bridge: &[u8], far: &[u8], state: i32) -> Rows {
        let cells = [
            ("dot1dStpPortState", Cell::Integer(state)),
            ("dot1dStpPortDesignatedBridge", Cell::from_octets(bridge)),
            ("dot1dStpPortDesignatedPort", Cell::from_octets(far)),
        ];
        let cells = cells.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect();
        let row = Row { index: index.to_vec(), cells };
        Rows { table: "dot1dStpPortTable".into(), context: String::new(), rows: vec![row] }
    }

    const BRIDGE: [u8; 8] = [0x80, 0, 0, 0x1a, 0xeb, 0, 0, 1];

    #[test]
    fn the_bridge_at_the_other_end_is_read_with_its_port() {
        let found: Vec<Port> = ports(&told(&[7], &BRIDGE, &[0x80, 0x18], 5)).collect();
        let designated = "00:1a:eb:00:00:01".parse().unwrap();
        let want = Port { port: 7, designated, designated_port: 0x8018, blocked: false };
        assert_eq!(found, [want]);
        assert!(ports(&told(&[7], &BRIDGE, &[0x80, 0x18], 2)).all(|port| port.blocked));
    }

    #[test]
    fn ports_that_are_off_and_damaged_rows_face_nobody() {
        for (index, bridge, far, state) in [
            (&[7][..], &BRIDGE[..], &[0x80, 0x18][..], 1),
            (&[7], &BRIDGE, &[0x80, 0x18], 6),
            (&[0], &BRIDGE, &[0x80, 0x18], 5),
            (&[], &BRIDGE, &[0x80, 0x18], 5),
            (&[7, 1], &BRIDGE, &[0x80, 0x18], 5),
            (&[7], &BRIDGE[..7], &[0x80, 0x18], 5),
            (&[7], &[0; 8], &[0x80, 0x18], 5),
            (&[7], &[], &[0x80, 0x18], 5),
            (&[7], &BRIDGE, &[0x80], 5),
        ] {
            assert_eq!(ports(&told(index, bridge, far, state)).count(), 0, "{index:?} {state}");
        }
    }
}
