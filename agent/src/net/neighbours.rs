//! The system's neighbour table: what it resolved by itself, readable without privilege.

use std::net::IpAddr;

use daicho_common::addr::Mac;

/// What Linux tells of IPv6.
#[cfg(target_os = "linux")]
mod six;

/// A row of the neighbour table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// On this interface.
    pub interface: String,
    /// The neighbour.
    pub ip: IpAddr,
    /// Its link-layer address.
    pub mac: Mac,
}

#[cfg(target_os = "linux")]
const TABLE: &str = "/proc/net/arp";

/// Whether the table can be read.
#[cfg(target_os = "linux")]
pub(super) fn readable() -> bool {
    std::fs::File::open(TABLE).is_ok()
}

/// The complete rows; those of IPv6 as far as the system tells them.
///
/// # Errors
/// If the table of IPv4 cannot be read.
#[cfg(target_os = "linux")]
pub(super) fn read() -> std::io::Result<Vec<Neighbour>> {
    let mut rows = std::fs::read_to_string(TABLE).map(|text| parse(&text))?;
    match six::read() {
        Ok(more) => rows.extend(more),
        Err(error) => tracing::debug!(%error, "neighbours by IPv6 not read"),
    }
    Ok(rows)
}

/// Whether the table can be read: only the Linux one is.
#[cfg(not(target_os = "linux"))]
pub(super) const fn readable() -> bool {
    false
}

/// Only the Linux table is read.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub(super) fn read() -> std::io::Result<Vec<Neighbour>> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Rows of Ethernet neighbours (hardware type 1, ARP parameters of IANA) that are complete
/// (`ATF_COM`, 0x2, in the kernel's `if_arp.h`): `address type flags mac mask interface`.
fn parse(text: &str) -> Vec<Neighbour> {
    let row = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let ip = words.next()?.parse().ok()?;
        let kind = hexadecimal(words.next()?)?;
        let flags = hexadecimal(words.next()?)?;
        let mac: Mac = words.next()?.parse().ok()?;
        let interface = words.nth(1)?.to_owned();
        (kind == 1 && flags & 2 != 0 && mac != Mac::ZERO).then_some(Neighbour {
            interface,
            ip,
            mac,
        })
    };
    text.lines().filter_map(row).collect()
}

fn hexadecimal(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_complete_ethernet_rows_are_neighbours() {
        let text = "\
IP address       HW type     Flags       HW address            Mask     Device
10.20.0.7        0x1         0x2         00:1a:2b:3c:4d:5e     *        eth0
10.20.0.8        0x1         0x0         00:00:00:00:00:00     *        eth0
10.20.0.9        0x1         0x6         00:1a:2b:3c:4d:5f     *        eth1
10.20.0.10       0x20        0x2         00:1a:2b:3c:4d:60     *        ib0
10.20.0.11       0x1         0x2         00:00:00:00:00:00     *        eth0
damaged          0x1
";
        let row = |interface: &str, ip: &str, mac: &str| Neighbour {
            interface: interface.to_owned(),
            ip: ip.parse().unwrap(),
            mac: mac.parse().unwrap(),
        };
        assert_eq!(
            parse(text),
            [
                row("eth0", "10.20.0.7", "00:1a:2b:3c:4d:5e"),
                row("eth1", "10.20.0.9", "00:1a:2b:3c:4d:5f")
            ]
        );
    }
}
