//! Link-layer addresses (IEEE 802-2014 §8.2) and what their bits say about the owner.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A 48-bit MAC address (EUI-48), in transmission order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac([u8; 6]);

/// A first-hop redundancy protocol whose routers share one MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VirtualRouter {
    /// VRRP for IPv4 or IPv6 (RFC 5798 §7.3), which CARP uses too.
    Vrrp,
    /// HSRP versions 1 and 2 (RFC 2281 §5.1 for version 1).
    Hsrp,
    /// GLBP.
    Glbp,
}

impl Mac {
    /// `ff:ff:ff:ff:ff:ff`.
    pub const BROADCAST: Self = Self([0xff; 6]);
    /// `00:00:00:00:00:00`, which names nobody.
    pub const ZERO: Self = Self([0; 6]);

    /// The address with these octets, first transmitted first.
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// The six octets, first transmitted first.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// The address in these bytes; `None` unless there are exactly six.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        <[u8; 6]>::try_from(bytes).ok().map(Self)
    }

    /// The first three octets: the organisationally unique identifier of a burned-in address.
    pub const fn oui(self) -> [u8; 3] {
        let [a, b, c, ..] = self.0;
        [a, b, c]
    }

    /// Whether the I/G bit is set: multicast or broadcast.
    pub const fn is_group(self) -> bool {
        self.0[0] & 0x01 != 0
    }

    /// Whether the U/L bit is set: assigned by software, probably randomised (DOMAIN §7.9).
    pub const fn is_local(self) -> bool {
        self.0[0] & 0x02 != 0
    }

    /// The redundancy protocol whose virtual address this is, if it is one.
    pub const fn virtual_router(self) -> Option<VirtualRouter> {
        match self.0 {
            [0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02, _] => Some(VirtualRouter::Vrrp),
            [0x00, 0x00, 0x0c, 0x07, 0xac, _] | [0x00, 0x00, 0x0c, 0x9f, 0xf0..=0xff, _] => {
                Some(VirtualRouter::Hsrp)
            }
            [0x00, 0x05, 0x73, 0xa0, 0x00..=0x0f, _] => Some(VirtualRouter::Hsrp),
            [0x00, 0x07, 0xb4, ..] => Some(VirtualRouter::Glbp),
            _ => None,
        }
    }

    /// The modified EUI-64 interface identifier that a host with this address gives itself where it
    /// does not hide it (RFC 4291 §2.5.1, appendix A).
    pub const fn interface_identifier(self) -> u64 {
        let [.., a, b, c] = self.0;
        let [first, second, third] = self.oui();
        u64::from_be_bytes([first ^ 0x02, second, third, 0xff, 0xfe, a, b, c])
    }

    /// The group address to which a packet to this IPv6 group goes on an Ethernet (RFC 2464 §7).
    pub const fn of_group(group: std::net::Ipv6Addr) -> Self {
        let [.., a, b, c, d] = group.octets();
        Self([0x33, 0x33, a, b, c, d])
    }

    /// Whether software made this address up for one host: local, and neither a group's nor shared by
    /// routers.
    pub const fn is_private(self) -> bool {
        !self.is_group() && self.is_local() && self.virtual_router().is_none()
    }

    /// Whether this address may stand for one device: unicast, burned in, not shared by routers.
    ///
    /// Only such an address creates or joins devices (ARCHITECTURE.md, "Identity").
    pub const fn names_a_device(self) -> bool {
        !self.is_group()
            && !self.is_local()
            && self.virtual_router().is_none()
            && !matches!(self.0, [0, 0, 0, 0, 0, 0])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand: every device and every row is asked for it, many times over.
        let digit =
            |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
        for (n, octet) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_char(':')?;
            }
            f.write_char(digit(octet >> 4))?;
            f.write_char(digit(octet & 0xf))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a MAC address: twelve hexadecimal digits are needed")]
pub struct NotAMac;

impl FromStr for Mac {
    type Err = NotAMac;

    /// Reads `00:1a:2b:3c:4d:5e`, `00-1A-2B-3C-4D-5E`, `001A.2B3C.4D5E`, `001a2b3c4d5e` and the
    /// same with spaces. Separators may stand anywhere between whole octets or quads.
    fn from_str(text: &str) -> Result<Self, NotAMac> {
        let mut octets = [0u8; 6];
        let mut digits = 0usize;
        for c in text.trim().chars() {
            if matches!(c, ':' | '-' | '.' | ' ') {
                if digits == 0 || !digits.is_multiple_of(2) {
                    return Err(NotAMac);
                }
                continue;
            }
            let value = c.to_digit(16).ok_or(NotAMac)?;
            let octet = octets.get_mut(digits / 2).ok_or(NotAMac)?;
            *octet = *octet << 4 | u8::try_from(value).map_err(|_| NotAMac)?;
            digits += 1;
        }
        if digits == 12 { Ok(Self(octets)) } else { Err(NotAMac) }
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_mac_in_a_ledger_reads_the_same() {
        let want = Mac::new([0x00, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e]);
        for text in [
            "00:1a:2b:3c:4d:5e",
            "00-1A-2B-3C-4D-5E",
            "001A.2B3C.4D5E",
            "001a2b3c4d5e",
            " 00 1a 2b 3c 4d 5e ",
        ] {
            assert_eq!(text.parse(), Ok(want), "{text}");
        }
        assert_eq!(want.to_string(), "00:1a:2b:3c:4d:5e");
    }

    #[test]
    fn what_is_not_a_mac_is_refused() {
        for text in ["", "00:1a:2b:3c:4d", "00:1a:2b:3c:4d:5e:6f", "0:1a:2b:3c:4d:5e", "DHCP", "-"]
        {
            assert_eq!(text.parse::<Mac>(), Err(NotAMac), "{text}");
        }
    }

    #[test]
    fn an_interface_identifier_is_that_of_the_rfc() {
        let mac: Mac = "34:56:78:9a:bc:de".parse().unwrap();
        assert_eq!(mac.interface_identifier(), 0x3656_78ff_fe9a_bcde);
        let group = Mac::of_group("ff02::1:ff9a:bcde".parse().unwrap());
        assert_eq!(group.to_string(), "33:33:ff:9a:bc:de");
    }

    #[test]
    fn shared_and_random_addresses_never_name_a_device() {
        for text in [
            "00:00:5e:00:01:0a",
            "00:00:0c:07:ac:01",
            "00:05:73:a0:00:01",
            "00:07:b4:00:01:02",
            "02:42:ac:11:00:02",
            "01:00:5e:00:00:fb",
            "ff:ff:ff:ff:ff:ff",
            "00:00:00:00:00:00",
        ] {
            assert!(!text.parse::<Mac>().unwrap().names_a_device(), "{text}");
        }
        assert!("00:1a:2b:3c:4d:5e".parse::<Mac>().unwrap().names_a_device());
    }
}
