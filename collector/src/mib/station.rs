//! Stations that a device knows by more than a forwarding row: wireless clients of an access point
//! or of a controller, and who last spoke IEEE 802.1X on a port. Names of users are never read.

use daicho_common::addr::Mac;
use daicho_common::observation::table::{Row, Rows};

use super::{index, octets};

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

/// Who last spoke IEEE 802.1X on each port (`dot1xAuthStatsTable`), as (ifIndex, address).
pub fn supplicants(rows: &Rows) -> impl Iterator<Item = (u32, Mac)> + '_ {
    rows.rows.iter().filter(|_| rows.table == "dot1xAuthStatsTable").filter_map(|row| {
        let [port] = row.index.as_slice() else { return None };
        Some((*port, address(row, "dot1xAuthLastEapolFrameSource")?))
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
            supplicants(&rows("dot1xAuthStatsTable", index, &cells)).count()
        };
        assert_eq!(last(&[7], &RADIO), 1);
        assert_eq!((last(&[7], &[0; 6]), last(&[], &RADIO), last(&[7], &RADIO[..3])), (0, 0, 0));
    }
}
