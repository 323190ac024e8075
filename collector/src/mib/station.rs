//! Stations that a device knows by more than a forwarding row: wireless clients of an access point
//! or of a controller, who spoke IEEE 802.1X or was let in on a port, and who got an address there. Names
//! of users are never read.

use std::collections::BTreeSet;

use daicho_common::addr::Mac;
use daicho_common::observation::table::{Row, Rows};

use super::{index, octets, small};

/// A wireless client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub mac: Mac,
    /// The radio of the access point at which it is; none if it is the device that was asked.
    pub radio: Option<Mac>,
}

fn unicast(mac: Mac) -> Option<Mac> {
    (!mac.is_group() && mac != Mac::ZERO).then_some(mac)
}

fn address(row: &Row, column: &str) -> Option<Mac> {
    unicast(Mac::from_slice(&octets(row, column)?)?)
}

/// The wireless clients in these rows (`bsnMobileStationTable` of controllers,
/// `cDot11ClientConfigInfoTable` of access points); none if they are of another table.
pub fn clients(rows: &Rows) -> impl Iterator<Item = Client> + '_ {
    rows.rows.iter().filter_map(|row| match rows.table.as_str() {
        "bsnMobileStationTable" => {
            let mac = unicast(index::mac(&row.index)?)?;
            Some(Client { mac, radio: Some(address(row, "bsnMobileStationAPMacAddr")?) })
        }
        "cDot11ClientConfigInfoTable" => {
            // ifIndex, the network's name behind its length, the client's address.
            let (_, mac) = row.index.split_last_chunk::<6>()?;
            Some(Client { mac: unicast(index::mac(mac)?)?, radio: None })
        }
        _ => None,
    })
}

/// Which wired address each radio's access point has (`bsnAPTable`), as (radio, wired).
pub fn points(rows: &Rows) -> impl Iterator<Item = (Mac, Mac)> + '_ {
    rows.rows.iter().filter(|_| rows.table == "bsnAPTable").filter_map(|row| {
        Some((unicast(index::mac(&row.index)?)?, address(row, "bsnAPEthernetMacAddress")?))
    })
}

/// A station that a switch itself connects with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Its address.
    pub mac: Mac,
    /// ifIndex.
    pub port: u32,
    /// The VLAN, 1–4094, where the table tells.
    pub vlan: Option<u16>,
    /// Whether it is there now. Who spoke last may have left, and a lease outlasts whoever has it.
    pub now: bool,
}

/// Ports on which somebody proved who he is and is let in now, as ifIndex: `dot1xAuthPaeState` is
/// authenticated(5), which ends with the link, a log-off or a refusal (IEEE 802.1X-2001 §8.5.4). Ports
/// that let in whoever comes are in a state of their own, forceAuth(8).
pub fn let_in(rows: &Rows) -> impl Iterator<Item = u32> + '_ {
    let rows = rows.rows.iter().filter(|_| rows.table == "dot1xAuthConfigTable");
    rows.filter_map(|row| match row.index.as_slice() {
        [port] => (row.number("dot1xAuthPaeState") == Some(5)).then_some(*port),
        _ => None,
    })
}

/// Whom the switch connects with a port: who last spoke IEEE 802.1X (`dot1xAuthStatsTable`), who is let in
/// (`cafSessionTable`), who got an address (`cdsBindingsTable`). On ports on which somebody is let in by
/// 802.1X ([`let_in`]) it is who spoke last.
pub fn admitted<'r>(
    rows: &'r Rows,
    let_in: &'r BTreeSet<u32>,
) -> impl Iterator<Item = Admitted> + 'r {
    rows.rows.iter().filter_map(|row| match (rows.table.as_str(), row.index.as_slice()) {
        ("dot1xAuthStatsTable", [port]) => {
            let mac = address(row, "dot1xAuthLastEapolFrameSource")?;
            Some(Admitted { mac, port: *port, vlan: None, now: let_in.contains(port) })
        }
        // ifIndex, and the session's identifier behind its length.
        ("cafSessionTable", [port, ..]) => {
            let mac = address(row, "cafSessionClientMacAddress")?;
            Some(Admitted { mac, port: *port, vlan: None, now: true })
        }
        ("cdsBindingsTable", [vlan, mac @ ..]) => {
            let mac = unicast(index::mac(mac)?)?;
            let vlan = u16::try_from(*vlan).ok().filter(|vlan| (1..=4094).contains(vlan));
            Some(Admitted { mac, port: small(row, "cdsBindingsInterface")?, vlan, now: false })
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_common::observation::table::Cell;

    fn rows(table: &str, index: &[u32], cells: &[(&str, &[u8])]) -> Rows {
        let cell = |(name, octets): &(&str, &[u8])| ((*name).to_owned(), Cell::from_octets(octets));
        let row = Row { index: index.to_vec(), cells: cells.iter().map(cell).collect() };
        Rows { table: table.into(), context: String::new(), rows: vec![row] }
    }

    const CLIENT: [u32; 6] = [0, 11, 93, 0, 0, 7];
    const RADIO: [u8; 6] = [0, 11, 134, 0, 0, 16];

    #[test]
    fn a_client_is_at_the_radio_that_its_controller_says_or_at_who_was_asked() {
        let mac = "00:0b:5d:00:00:07".parse().unwrap();
        let told = rows("bsnMobileStationTable", &CLIENT, &[("bsnMobileStationAPMacAddr", &RADIO)]);
        let radio = Some(Mac::new(RADIO));
        assert_eq!(clients(&told).collect::<Vec<_>>(), [Client { mac, radio }]);
        let mut index = vec![1, 4, 119, 97, 114, 100];
        index.extend(CLIENT);
        let told = rows("cDot11ClientConfigInfoTable", &index, &[]);
        assert_eq!(clients(&told).collect::<Vec<_>>(), [Client { mac, radio: None }]);
    }

    #[test]
    fn damaged_rows_name_nobody() {
        let group = [1, 0, 94, 0, 0, 7];
        for index in [&[][..], &CLIENT[..5], &group, &[0, 11, 93, 0, 0, 700]] {
            for table in ["bsnMobileStationTable", "cDot11ClientConfigInfoTable", "bsnAPTable"] {
                let cells: [(&str, &[u8]); 2] =
                    [("bsnMobileStationAPMacAddr", &RADIO), ("bsnAPEthernetMacAddress", &RADIO)];
                let told = rows(table, index, &cells);
                assert_eq!((clients(&told).count(), points(&told).count()), (0, 0), "{index:?}");
            }
        }
        let last = |index: &[u32], octets: &[u8]| {
            let cells = [("dot1xAuthLastEapolFrameSource", octets)];
            admitted(&rows("dot1xAuthStatsTable", index, &cells), &BTreeSet::new()).count()
        };
        assert_eq!(last(&[7], &RADIO), 1);
        assert_eq!((last(&[7], &[0; 6]), last(&[], &RADIO), last(&[7], &RADIO[..3])), (0, 0, 0));
    }

    #[test]
    fn a_switch_connects_a_station_with_a_port_by_session_or_lease() {
        let mac = Mac::new([0, 11, 93, 0, 0, 7]);
        let cells = [("cafSessionClientMacAddress", &mac.octets()[..])];
        let told = rows("cafSessionTable", &[10_107, 3, 65, 66, 67], &cells);
        let session = Admitted { mac, port: 10_107, vlan: None, now: true };
        let nobody = BTreeSet::new();
        assert_eq!(admitted(&told, &nobody).collect::<Vec<_>>(), [session]);
        let lease = |index: &[u32], port: Option<i32>| {
            let mut told = rows("cdsBindingsTable", index, &[]);
            let cell = port.map(|port| ("cdsBindingsInterface".to_owned(), Cell::Integer(port)));
            told.rows[0].cells.extend(cell);
            admitted(&told, &nobody).collect::<Vec<_>>()
        };
        let index = [&[20][..], &CLIENT[..]].concat();
        let leased = Admitted { mac, port: 10_107, vlan: Some(20), now: false };
        assert_eq!(lease(&index, Some(10_107)), [leased]);
        assert_eq!((lease(&index, None), lease(&index, Some(-1))), (vec![], vec![]));
        assert_eq!(lease(&CLIENT, Some(7)), [], "no VLAN");
    }

    #[test]
    fn who_spoke_802_1x_last_is_there_now_where_somebody_is_let_in() {
        let state = |index: &[u32], state: i32| {
            let mut told = rows("dot1xAuthConfigTable", index, &[]);
            told.rows[0].cells.insert("dot1xAuthPaeState".to_owned(), Cell::Integer(state));
            let_in(&told).collect::<BTreeSet<_>>()
        };
        assert_eq!(state(&[7], 5), [7].into());
        for (index, other) in
            [(&[7][..], 1), (&[7], 7), (&[7], 8), (&[7], -5), (&[], 5), (&[7, 1], 5)]
        {
            assert_eq!(state(index, other), BTreeSet::new(), "{index:?} {other}");
        }
        let spoke = rows("dot1xAuthStatsTable", &[7], &[("dot1xAuthLastEapolFrameSource", &RADIO)]);
        let now = |let_in: &[u32]| {
            admitted(&spoke, &let_in.iter().copied().collect()).next().map(|one| one.now)
        };
        assert_eq!((now(&[7]), now(&[8]), now(&[])), (Some(true), Some(false), Some(false)));
    }
}
