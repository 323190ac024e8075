//! Cisco Discovery Protocol, versions 1 and 2, from the LLC/SNAP header on (destination
//! 01:00:0c:cc:cc:cc, SNAP OUI 00-00-0c, protocol 0x2000), after Cisco's published frame format.
//!
//! Every TLV is kept in its order and as sent; the accessors read the ones that name a device. The
//! checksum is not verified: senders of version 2 disagree on how an odd last octet counts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::{Malformed, Wire, take};

/// LLC (DSAP, SSAP, control), SNAP OUI and protocol identifier.
pub const LLC_SNAP: [u8; 8] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00];
/// SNAP OUI and protocol identifier of the Foundry Discovery Protocol (destination
/// 01:e0:52:cc:cc:cc).
pub const FDP_SNAP: [u8; 5] = [0x00, 0xe0, 0x52, 0x20, 0x00];
/// Most addresses read of one address TLV.
const MAX_ADDRESSES: usize = 64;

/// A type-length-value as sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tlv {
    /// 0x0001 device ID, 0x0002 addresses, 0x0003 port ID, 0x0004 capabilities, 0x0005 software
    /// version, 0x0006 platform, 0x0009 VTP domain, 0x000a native VLAN, 0x000b duplex,
    /// 0x000e appliance VLAN, 0x0014 system name, 0x0016 management addresses.
    pub kind: u16,
    /// Without the four octets of type and length.
    pub value: Vec<u8>,
}

/// A CDP packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cdp {
    /// 1 or 2.
    pub version: u8,
    /// Seconds for which this holds.
    pub ttl_secs: u8,
    /// As sent.
    pub checksum: u16,
    /// In order.
    pub tlvs: Vec<Tlv>,
}

impl Cdp {
    fn first(&self, kind: u16) -> Option<&[u8]> {
        self.tlvs.iter().find(|tlv| tlv.kind == kind).map(|tlv| tlv.value.as_slice())
    }

    /// Reads from the version on to the end of the octets. The Foundry Discovery Protocol has the
    /// same shape behind a SNAP header of its own ([`FDP_SNAP`]).
    ///
    /// # Errors
    /// [`Malformed`] if it is cut or of another version.
    pub fn after_snap(octets: &[u8]) -> Result<Self, Malformed> {
        let ([version, ttl_secs, a, b], mut rest) = take::<4>(octets)?;
        if !matches!(version, 1 | 2) {
            return Err(Malformed::Unsupported { field: "version", value: u32::from(version) });
        }
        let mut cdp =
            Self { version, ttl_secs, checksum: u16::from_be_bytes([a, b]), tlvs: Vec::new() };
        while !rest.is_empty() {
            let ([a, b, c, d], after) = take::<4>(rest)?;
            let (kind, length) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let length = usize::from(length)
                .checked_sub(4)
                .ok_or(Malformed::Inconsistent { field: "TLV length" })?;
            let (value, after) = after
                .split_at_checked(length)
                .ok_or(Malformed::Truncated { need: length, have: after.len() })?;
            cdp.tlvs.push(Tlv { kind, value: value.to_vec() });
            rest = after;
        }
        Ok(cdp)
    }

    /// The device ID: a host name, or a serial number, in octets as sent.
    pub fn device_id(&self) -> Option<&[u8]> {
        self.first(0x0001)
    }

    /// The port that sent it, for example `GigabitEthernet0/1`.
    pub fn port_id(&self) -> Option<&[u8]> {
        self.first(0x0003)
    }

    /// Bit 0 router, 1 transparent bridge, 2 source-route bridge, 3 switch, 4 host, 5 IGMP capable,
    /// 6 repeater, 7 phone, 8 remotely managed, 9 CVTA, 10 two-port relay.
    pub fn capabilities(&self) -> Option<u32> {
        take::<4>(self.first(0x0004)?).ok().map(|(bits, _)| u32::from_be_bytes(bits))
    }

    /// The software's version, several lines.
    pub fn software(&self) -> Option<&[u8]> {
        self.first(0x0005)
    }

    /// The hardware, for example `cisco WS-C2960-24TT-L`.
    pub fn platform(&self) -> Option<&[u8]> {
        self.first(0x0006)
    }

    /// The native VLAN of the port, 1–4094.
    pub fn native_vlan(&self) -> Option<u16> {
        take::<2>(self.first(0x000a)?).ok().map(|(vlan, _)| u16::from_be_bytes(vlan))
    }

    /// The system name (SNMP sysName), in octets as sent.
    pub fn system_name(&self) -> Option<&[u8]> {
        self.first(0x0014)
    }

    /// The addresses of the sending interface; empty where the TLV has another shape.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.first(0x0002).map(addresses).unwrap_or_default()
    }

    /// The addresses by which the device is managed.
    pub fn management_addresses(&self) -> Vec<IpAddr> {
        self.first(0x0016).map(addresses).unwrap_or_default()
    }
}

/// Reads a count, then addresses (protocol type, length, protocol; length, address).
fn addresses(value: &[u8]) -> Vec<IpAddr> {
    let Ok((_count, mut rest)) = take::<4>(value) else { return Vec::new() };
    let mut found = Vec::new();
    while found.len() < MAX_ADDRESSES {
        let Some((address, after)) = address(rest) else { break };
        found.extend(address);
        rest = after;
    }
    found
}

/// One address, `None` inside for a protocol that is not IP, and what follows it.
fn address(octets: &[u8]) -> Option<(Option<IpAddr>, &[u8])> {
    let ([_kind, length], rest) = take::<2>(octets).ok()?;
    let (protocol, rest) = rest.split_at_checked(usize::from(length))?;
    let (length, rest) = take::<2>(rest).ok()?;
    let (address, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(length)))?;
    // 0xcc is the NLPID of IPv4; IPv6 comes as LLC/SNAP with its EtherType.
    let ip = match protocol {
        [0xcc] => <[u8; 4]>::try_from(address).ok().map(|a| Ipv4Addr::from(a).into()),
        [.., 0x86, 0xdd] => <[u8; 16]>::try_from(address).ok().map(|a| Ipv6Addr::from(a).into()),
        _ => None,
    };
    Some((ip, rest))
}

impl Wire for Cdp {
    /// Reads to the end of the octets: an 802.3 frame's length field says where that is.
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (llc, rest) = take::<8>(octets)?;
        if llc != LLC_SNAP {
            return Err(Malformed::Inconsistent { field: "LLC/SNAP header" });
        }
        Self::after_snap(rest).map(|cdp| (cdp, &[][..]))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&LLC_SNAP);
        out.extend_from_slice(&[self.version, self.ttl_secs]);
        out.extend_from_slice(&self.checksum.to_be_bytes());
        for tlv in &self.tlvs {
            let value = tlv.value.get(..0xfffb).unwrap_or(&tlv.value);
            let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
            out.extend_from_slice(&tlv.kind.to_be_bytes());
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PDU: &[u8] = &[
        0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00, 0x02, 0xb4, 0x12, 0x34, //
        0x00, 0x01, 0x00, 0x08, b's', b'w', b'-', b'1', //
        0x00, 0x02, 0x00, 0x11, 0, 0, 0, 1, 0x01, 0x01, 0xcc, 0x00, 0x04, 10, 20, 0, 3, //
        0x00, 0x03, 0x00, 0x07, b'G', b'i', b'1', //
        0x00, 0x04, 0x00, 0x08, 0, 0, 0, 0x28, //
        0x00, 0x0a, 0x00, 0x06, 0x00, 0x14,
    ];

    #[test]
    fn a_packet_reads_as_it_was_written() {
        let (cdp, rest) = Cdp::decode(PDU).unwrap();
        assert!(rest.is_empty());
        assert_eq!((cdp.version, cdp.ttl_secs), (2, 180));
        assert_eq!(cdp.device_id(), Some(b"sw-1".as_slice()));
        assert_eq!(cdp.port_id(), Some(b"Gi1".as_slice()));
        assert_eq!(cdp.addresses(), ["10.20.0.3".parse::<IpAddr>().unwrap()]);
        assert_eq!(cdp.capabilities(), Some(0x28));
        assert_eq!(cdp.native_vlan(), Some(20));
        let mut out = Vec::new();
        cdp.encode(&mut out);
        assert_eq!(out, PDU);
    }

    #[test]
    fn every_cut_inside_a_tlv_is_refused() {
        let ends: Vec<usize> =
            (0..PDU.len()).filter(|&end| Cdp::decode(&PDU[..end]).is_ok()).collect();
        assert_eq!(ends, [12, 20, 37, 44, 52], "only at the ends of TLVs");
    }

    #[test]
    fn a_length_shorter_than_its_own_header_does_not_loop() {
        let lying = [&PDU[..12], &[0, 1, 0, 0]].concat();
        assert_eq!(Cdp::decode(&lying), Err(Malformed::Inconsistent { field: "TLV length" }));
    }

    proptest! {
        #[test]
        fn whatever_decodes_encodes_to_what_decodes_the_same(
            octets in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            let octets = [&PDU[..12], &octets].concat();
            if let Ok((cdp, _)) = Cdp::decode(&octets) {
                let _ = (cdp.addresses(), cdp.management_addresses());
                let mut out = Vec::new();
                cdp.encode(&mut out);
                prop_assert_eq!(Cdp::decode(&out).unwrap().0, cdp);
            }
        }
    }
}
