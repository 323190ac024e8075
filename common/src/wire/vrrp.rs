//! Virtual Router Redundancy Protocol, versions 2 (RFC 3768 §5.1) and 3 (RFC 5798 §5.1): IP
//! protocol 112 to 224.0.0.18 or ff02::12.
//!
//! The checksum is kept, not verified: version 3 covers a pseudo-header that is not here, and a
//! virtual router that is wrong about its checksum is still there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::{Malformed, Wire, take};

/// IP protocol number.
pub const PROTOCOL: u8 = 112;

/// An advertisement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Vrrp {
    /// 2 or 3.
    pub version: u8,
    /// Virtual router identifier, 1–255.
    pub vrid: u8,
    /// 0 gives up, 255 owns the addresses, 1–254 stands in.
    pub priority: u8,
    /// Version 2: authentication type and seconds between advertisements; version 3: reserved
    /// bits and centiseconds. As sent.
    pub interval: u16,
    /// As sent.
    pub checksum: u16,
    /// The addresses of the virtual router. Decoding reads IPv4; [`Vrrp::decode_ipv6`] IPv6.
    pub addresses: Vec<IpAddr>,
    /// What follows: authentication data of version 2 (eight octets), as sent.
    pub rest: Vec<u8>,
}

fn head(octets: &[u8]) -> Result<(Vrrp, u8, &[u8]), Malformed> {
    let ([first, vrid, priority, count], rest) = take::<4>(octets)?;
    let (version, kind) = (first >> 4, first & 0x0f);
    if !matches!(version, 2 | 3) {
        return Err(Malformed::Unsupported { field: "version", value: version.into() });
    }
    if kind != 1 {
        return Err(Malformed::Unsupported { field: "type", value: kind.into() });
    }
    let ([a, b, c, d], rest) = take::<4>(rest)?;
    let (interval, checksum) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let (addresses, kept) = (Vec::new(), Vec::new());
    Ok((Vrrp { version, vrid, priority, interval, checksum, addresses, rest: kept }, count, rest))
}

impl Vrrp {
    /// An advertisement that came over IPv6 (version 3 only).
    pub fn decode_ipv6(octets: &[u8]) -> Result<Self, Malformed> {
        let (mut vrrp, count, mut rest) = head(octets)?;
        for _ in 0..count {
            let (address, after) = take::<16>(rest)?;
            vrrp.addresses.push(Ipv6Addr::from(address).into());
            rest = after;
        }
        vrrp.rest = rest.to_vec();
        Ok(vrrp)
    }
}

impl Wire for Vrrp {
    /// Reads to the end of the octets, with IPv4 addresses.
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (mut vrrp, count, mut rest) = head(octets)?;
        for _ in 0..count {
            let (address, after) = take::<4>(rest)?;
            vrrp.addresses.push(Ipv4Addr::from(address).into());
            rest = after;
        }
        vrrp.rest = rest.to_vec();
        Ok((vrrp, &[]))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let addresses = self.addresses.get(..255).unwrap_or(&self.addresses);
        let count = u8::try_from(addresses.len()).unwrap_or(255);
        out.extend_from_slice(&[self.version << 4 | 1, self.vrid, self.priority, count]);
        out.extend_from_slice(&self.interval.to_be_bytes());
        out.extend_from_slice(&self.checksum.to_be_bytes());
        for address in addresses {
            match address {
                IpAddr::V4(address) => out.extend_from_slice(&address.octets()),
                IpAddr::V6(address) => out.extend_from_slice(&address.octets()),
            }
        }
        out.extend_from_slice(&self.rest);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADVERTISEMENT: &[u8] = &[0x21, 7, 100, 1, 0, 1, 0xab, 0xcd, 10, 20, 0, 1, 0, 0, 0, 0];

    #[test]
    fn an_advertisement_reads_as_it_was_written() {
        let (vrrp, _) = Vrrp::decode(ADVERTISEMENT).unwrap();
        assert_eq!((vrrp.version, vrrp.vrid, vrrp.priority), (2, 7, 100));
        assert_eq!(vrrp.addresses, ["10.20.0.1".parse::<IpAddr>().unwrap()]);
        let mut out = Vec::new();
        vrrp.encode(&mut out);
        assert_eq!(out, ADVERTISEMENT);
    }

    #[test]
    fn every_cut_before_the_last_address_is_refused() {
        for end in 0..ADVERTISEMENT.len() {
            assert_eq!(Vrrp::decode(&ADVERTISEMENT[..end]).is_ok(), end >= 12);
        }
    }

    proptest! {
        #[test]
        fn whatever_decodes_encodes_to_what_decodes_the_same(
            octets in proptest::collection::vec(any::<u8>(), 0..60)
        ) {
            let octets = [&[0x31], &octets[..]].concat();
            if let Ok((vrrp, _)) = Vrrp::decode(&octets) {
                let mut out = Vec::new();
                vrrp.encode(&mut out);
                prop_assert_eq!(&out, &octets);
            }
            if let Ok(vrrp) = Vrrp::decode_ipv6(&octets) {
                let mut out = Vec::new();
                vrrp.encode(&mut out);
                prop_assert_eq!(&out, &octets);
            }
        }
    }
}
