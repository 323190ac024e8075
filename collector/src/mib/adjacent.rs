//! What a device was told by the device at the other end of a cable: LLDP-MIB and LLDP-V2-MIB
//! (IEEE 802.1AB), CISCO-CDP-MIB.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use daicho_common::addr::Mac;
use daicho_common::observation::heard::Inventory;
use daicho_common::observation::table::{Row, Rows};
use daicho_common::text::Text;

use super::{index, octets, small, words};

/// How a device names itself or one of its ports to its neighbours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// By a MAC address.
    Mac(Mac),
    /// By a network address.
    Address(IpAddr),
    /// By words; may be empty.
    Words(Text),
}

/// How a table numbers the own port on which it heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Local {
    /// lldpLocPortNum.
    LldpPort(u32),
    /// ifIndex.
    Interface(u32),
}

/// What a neighbour says it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "bits of a bit string, in any combination")]
pub struct Does {
    /// It forwards frames: a bridge, a switch, a repeater.
    pub bridges: bool,
    /// It forwards packets.
    pub routes: bool,
    /// It is a wireless access point.
    pub access_point: bool,
    /// It is a telephone.
    pub telephone: bool,
}

/// A neighbour as a device remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjacent {
    /// The own port on which it was heard.
    pub local: Local,
    /// lldpRemIndex or cdpCacheDeviceIndex: with `local`, whose row this is in other tables.
    pub entry: u32,
    /// The neighbour's chassis.
    pub chassis: Name,
    /// The neighbour's port.
    pub port: Name,
    /// What the neighbour says of that port; empty if nothing.
    pub port_description: Text,
    /// The neighbour's name; empty if it has none.
    pub name: Text,
    /// Its description or platform; empty if it says none.
    pub description: Text,
    /// What it does.
    pub does: Does,
    /// Addresses by which it is managed.
    pub addresses: Vec<IpAddr>,
    /// Its hardware as LLDP-MED tells it (ANSI/TIA-1057 §10.2.6); empty if it does not.
    pub inventory: Inventory,
}

/// What another table adds to a neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// An address by which it is managed.
    Address(IpAddr),
    /// Its hardware.
    Inventory(Inventory),
    /// That it is an endpoint with which people talk (ANSI/TIA-1057 class III), whatever else it says.
    Telephone,
}

/// Reads an identifier by its subtype (IEEE 802.1AB-2016 §8.5.2, §8.5.3): `mac` and `address` are
/// the subtypes that mean such.
fn name(octets: &[u8], subtype: Option<u64>, (mac, address): (u64, u64)) -> Name {
    if subtype == Some(mac)
        && let Some(mac) = Mac::from_slice(octets)
    {
        return Name::Mac(mac);
    }
    if subtype == Some(address)
        && let Some(ip) = network_address(octets)
    {
        return Name::Address(ip);
    }
    Name::Words(Text::from_wire(octets))
}

/// An address behind its family's number (IANA address family numbers: 1 IPv4, 2 IPv6).
fn network_address(octets: &[u8]) -> Option<IpAddr> {
    let (family, address) = octets.split_first()?;
    match family {
        1 => Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?))),
        2 => Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?))),
        _ => None,
    }
}

/// The subtypes of a chassis that mean a MAC and a network address.
const CHASSIS: (u64, u64) = (4, 5);
/// The same of a port.
const PORT: (u64, u64) = (3, 4);

/// Whether these are rows of a table of neighbours on cables.
pub fn is_one(rows: &Rows) -> bool {
    matches!(rows.table.as_str(), "lldpRemTable" | "lldpV2RemTable" | "cdpCacheTable")
}

/// The neighbours in these rows; none if they are of another table.
pub fn read(rows: &Rows) -> impl Iterator<Item = Adjacent> + '_ {
    rows.rows.iter().filter_map(|row| match rows.table.as_str() {
        "lldpRemTable" => {
            // lldpRemTimeMark, lldpRemLocalPortNum, lldpRemIndex.
            let [_, port, entry] = row.index.as_slice() else { return None };
            lldp(row, "lldp", (Local::LldpPort(*port), *entry))
        }
        "lldpV2RemTable" => {
            // lldpV2RemTimeMark, lldpV2RemLocalIfIndex, …DestMACAddress, lldpV2RemIndex.
            let [_, interface, _, entry] = row.index.as_slice() else { return None };
            lldp(row, "lldpV2", (Local::Interface(*interface), *entry))
        }
        "cdpCacheTable" => {
            let [interface, entry] = row.index.as_slice() else { return None };
            cdp(row, (*interface, *entry))
        }
        _ => None,
    })
}

/// What these rows add to neighbours (`lldpRemManAddrTable`, `lldpXMedRemCapabilitiesTable`,
/// `lldpXMedRemInventoryTable` and their like of LLDP-V2), each with the own port and the entry that it belongs to.
pub fn added(rows: &Rows) -> impl Iterator<Item = ((Local, u32), Added)> + '_ {
    rows.rows.iter().filter_map(|row| match (rows.table.as_str(), row.index.as_slice()) {
        // The address' family, length and octets follow the neighbour's own index.
        ("lldpRemManAddrTable", [_, port, entry, address @ ..]) => {
            Some(((Local::LldpPort(*port), *entry), Added::Address(index::inet(address)?)))
        }
        ("lldpV2RemManAddrTable", [_, interface, _, entry, address @ ..]) => {
            Some(((Local::Interface(*interface), *entry), Added::Address(index::inet(address)?)))
        }
        ("lldpXMedRemInventoryTable", [_, port, entry]) => {
            Some(((Local::LldpPort(*port), *entry), Added::Inventory(inventory(row))))
        }
        ("lldpXMedRemCapabilitiesTable", [_, port, entry]) => {
            let telephone = row.number("lldpXMedRemDeviceClass") == Some(3);
            telephone.then_some(((Local::LldpPort(*port), *entry), Added::Telephone))
        }
        _ => None,
    })
}

fn inventory(row: &Row) -> Inventory {
    let said = |part: &str| words(row, &format!("lldpXMedRem{part}"));
    Inventory {
        hardware: said("HardwareRev"),
        firmware: said("FirmwareRev"),
        software: said("SoftwareRev"),
        serial: said("SerialNum"),
        manufacturer: said("MfgName"),
        model: said("ModelName"),
        asset: said("AssetID"),
    }
}

fn lldp(row: &Row, mib: &str, (local, entry): (Local, u32)) -> Option<Adjacent> {
    let column = |name: &str| format!("{mib}Rem{name}");
    let chassis = octets(row, &column("ChassisId"))?;
    let port = octets(row, &column("PortId")).unwrap_or_default();
    // BITS, the first one the highest (RFC 2578 §7.1.4): other, repeater, bridge, access point,
    // router, telephone, cable modem, station.
    let enabled = octets(row, &column("SysCapEnabled")).and_then(|bits| bits.first().copied());
    let has = |bit: u8| enabled.is_some_and(|bits| bits & (0x80 >> bit) != 0);
    Some(Adjacent {
        local,
        entry,
        chassis: name(&chassis, row.number(&column("ChassisIdSubtype")), CHASSIS),
        port: name(&port, row.number(&column("PortIdSubtype")), PORT),
        port_description: words(row, &column("PortDesc")),
        name: words(row, &column("SysName")),
        description: words(row, &column("SysDesc")),
        does: Does {
            bridges: has(1) || has(2),
            access_point: has(3),
            routes: has(4),
            telephone: has(5),
        },
        addresses: Vec::new(),
        inventory: Inventory::default(),
    })
}

/// The address of a CDP neighbour (CISCO-TC, `CiscoNetworkProtocol`: 1 IPv4, 20 IPv6).
fn cdp_address(row: &Row) -> Option<IpAddr> {
    let octets = octets(row, "cdpCacheAddress")?;
    let ip: IpAddr = match row.number("cdpCacheAddressType") {
        None | Some(1) => Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?).into(),
        Some(20) => Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).into(),
        Some(_) => return None,
    };
    (!ip.is_unspecified()).then_some(ip)
}

fn cdp(row: &Row, (interface, entry): (u32, u32)) -> Option<Adjacent> {
    let id = words(row, "cdpCacheDeviceId");
    if id.is_empty() {
        return None;
    }
    let platform = words(row, "cdpCachePlatform");
    let bits = octets(row, "cdpCacheCapabilities").and_then(|bits| bits.last().copied());
    let has = |mask: u8| bits.is_some_and(|bits| bits & mask != 0);
    // Cisco's access points call themselves transparent bridges.
    let access_point = platform.as_str().to_ascii_uppercase().contains("AIR-");
    // The serial number that some devices add in brackets is no part of the name.
    let bare = id.as_str().split('(').next().unwrap_or_default();
    // Telephones give their MAC address behind SEP.
    let mac = bare.strip_prefix("SEP").and_then(|digits| digits.parse().ok());
    Some(Adjacent {
        local: Local::Interface(interface),
        entry,
        chassis: mac.map_or_else(|| Name::Words(Text::clean(bare)), Name::Mac),
        port: Name::Words(words(row, "cdpCacheDevicePort")),
        port_description: Text::default(),
        name: Text::clean(bare),
        description: platform,
        does: Does {
            bridges: !access_point && has(0x02 | 0x04 | 0x08 | 0x40),
            routes: has(0x01),
            access_point,
            telephone: has(0x80),
        },
        addresses: cdp_address(row).into_iter().collect(),
        inventory: Inventory::default(),
    })
}

/// An own port as a device announces it (`lldpLocPortTable`, `lldpV2LocPortTable`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPort {
    /// How tables of neighbours number it.
    pub local: Local,
    /// How it is announced.
    pub name: Name,
    /// What is said of it; empty if nothing.
    pub description: Text,
}

/// The own ports in these rows; none if they are of another table.
pub fn own_ports(rows: &Rows) -> impl Iterator<Item = OwnPort> + '_ {
    rows.rows.iter().filter_map(|row| {
        let number = row.index.first().copied()?;
        let (mib, local) = match rows.table.as_str() {
            "lldpLocPortTable" => ("lldp", Local::LldpPort(number)),
            "lldpV2LocPortTable" => ("lldpV2", Local::Interface(number)),
            _ => return None,
        };
        let id = octets(row, &format!("{mib}LocPortId"))?;
        let subtype = small(row, &format!("{mib}LocPortIdSubtype")).map(u64::from);
        let description = words(row, &format!("{mib}LocPortDesc"));
        Some(OwnPort { local, name: name(&id, subtype, PORT), description })
    })
}

/// How the device names its own chassis to its neighbours (`lldpLocalSystemData`).
pub fn own_chassis(rows: &Rows) -> impl Iterator<Item = Name> + '_ {
    rows.rows.iter().filter_map(|row| {
        let mib = match rows.table.as_str() {
            "lldpLocalSystemData" => "lldp",
            "lldpV2LocalSystemData" => "lldpV2",
            _ => return None,
        };
        let id = octets(row, &format!("{mib}LocChassisId"))?;
        Some(name(&id, row.number(&format!("{mib}LocChassisIdSubtype")), CHASSIS))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_common::observation::table::Cell;

    fn one(table: &str, index: &[u32], cells: Vec<(&str, Cell)>) -> Rows {
        let cells = cells.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect();
        let row = Row { index: index.to_vec(), cells };
        Rows { table: table.into(), context: String::new(), rows: vec![row] }
    }

    fn remote(subtype: i32, chassis: &[u8]) -> Vec<(&'static str, Cell)> {
        vec![
            ("lldpRemChassisIdSubtype", Cell::Integer(subtype)),
            ("lldpRemChassisId", Cell::from_octets(chassis)),
            ("lldpRemPortIdSubtype", Cell::Integer(5)),
            ("lldpRemPortId", Cell::from_octets(b"Gi1/0/1")),
            ("lldpRemSysName", Cell::Text("sw-3f".into())),
            ("lldpRemSysCapEnabled", Cell::from_octets(&[0x28, 0])),
        ]
    }

    #[test]
    fn a_neighbour_is_read_with_its_subtypes() {
        let rows = one("lldpRemTable", &[0, 25, 3], remote(4, &[0, 0x1a, 0x2b, 0, 0, 1]));
        let found: Vec<_> = read(&rows).collect();
        assert_eq!(found[0].chassis, Name::Mac("00:1a:2b:00:00:01".parse().unwrap()));
        assert_eq!(found[0].port, Name::Words("Gi1/0/1".into()));
        assert_eq!(found[0].local, Local::LldpPort(25));
        assert!(found[0].does.bridges && found[0].does.routes && !found[0].does.telephone);
        let rows = one("lldpRemTable", &[0, 25, 3], remote(5, &[1, 10, 20, 1, 7]));
        let found: Vec<_> = read(&rows).collect();
        assert_eq!(found[0].chassis, Name::Address("10.20.1.7".parse().unwrap()));
    }

    #[test]
    fn a_subtype_that_its_octets_belie_leaves_words_and_a_damaged_index_no_neighbour() {
        for chassis in [&[][..], &[0, 1], &[9, 10, 20, 1, 7]] {
            for subtype in [4, 5, 0, -1] {
                let rows = one("lldpRemTable", &[0, 25, 3], remote(subtype, chassis));
                assert!(read(&rows).all(|found| matches!(found.chassis, Name::Words(_))));
            }
        }
        for index in [&[][..], &[25], &[0, 25], &[0, 25, 3, 4]] {
            let rows = one("lldpRemTable", index, remote(4, &[0, 0x1a, 0x2b, 0, 0, 1]));
            assert_eq!(read(&rows).count(), 0, "{index:?}");
        }
        assert_eq!(read(&one("lldpRemTable", &[0, 25, 3], vec![])).count(), 0);
        assert_eq!(read(&one("cdpCacheTable", &[25, 1], vec![])).count(), 0);
    }

    #[test]
    fn other_tables_add_addresses_and_hardware_and_damaged_rows_nothing() {
        let of = |rows: &Rows| added(rows).collect::<Vec<_>>();
        let key = (Local::LldpPort(25), 3);
        let rows = one("lldpRemManAddrTable", &[9, 25, 3, 1, 4, 10, 20, 1, 7], vec![]);
        assert_eq!(of(&rows), [(key, Added::Address("10.20.1.7".parse().unwrap()))]);
        let cells = vec![
            ("lldpXMedRemSerialNum", Cell::Text("S-1".into())),
            ("lldpXMedRemModelName", Cell::from_octets(b"T-40")),
        ];
        let rows = one("lldpXMedRemInventoryTable", &[9, 25, 3], cells);
        let want = Inventory { serial: "S-1".into(), model: "T-40".into(), ..Inventory::default() };
        assert_eq!(of(&rows), [(key, Added::Inventory(want))]);
        for index in [&[][..], &[9, 25, 3], &[9, 25, 3, 1, 4, 10, 20, 1], &[9, 25, 3, 6, 4, 1, 2]] {
            assert_eq!(of(&one("lldpRemManAddrTable", index, vec![])), [], "{index:?}");
        }
        assert_eq!(of(&one("lldpXMedRemInventoryTable", &[9, 25], vec![])), []);
        // Network connectivity is class 4, communication 3.
        for (class, want) in [(3, vec![(key, Added::Telephone)]), (2, vec![]), (4, vec![])] {
            let cells = vec![("lldpXMedRemDeviceClass", Cell::Integer(class))];
            assert_eq!(of(&one("lldpXMedRemCapabilitiesTable", &[9, 25, 3], cells)), want);
        }
    }

    #[test]
    fn a_telephone_and_an_access_point_of_cdp_are_known() {
        let cells = |id: &str, platform: &str, bits: u8| {
            vec![
                ("cdpCacheDeviceId", Cell::Text(id.into())),
                ("cdpCachePlatform", Cell::Text(platform.into())),
                ("cdpCacheDevicePort", Cell::Text("Port 1".into())),
                ("cdpCacheCapabilities", Cell::from_octets(&[0, 0, 0, bits])),
                ("cdpCacheAddressType", Cell::Integer(1)),
                ("cdpCacheAddress", Cell::from_octets(&[10, 20, 1, 7])),
            ]
        };
        let read = |cells| read(&one("cdpCacheTable", &[25, 1], cells)).next().unwrap();
        let phone = read(cells("SEP001A2B000007", "Cisco IP Phone 8841", 0x90));
        assert_eq!(phone.chassis, Name::Mac("00:1a:2b:00:00:07".parse().unwrap()));
        assert!(phone.does.telephone && !phone.does.bridges);
        assert_eq!(phone.addresses, ["10.20.1.7".parse::<IpAddr>().unwrap()]);
        let point = read(cells("ap-3f", "cisco AIR-AP2802I-Q-K9", 0x02));
        assert!(point.does.access_point && !point.does.bridges);
        assert_eq!(read(cells("sw-1(FOC1234)", "", 0x28)).name.as_str(), "sw-1");
    }
}
