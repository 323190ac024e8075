//! Opens IPv4 and IPv6 packets down to UDP and TCP, without copying.
//!
//! Checksums are not verified: a system that hands frames over before its hardware has filled them
//! in shows wrong ones for everything that its own hosts send, and the link has a check of its own.
//! What a capture cut is handed on as far as it goes: the codec of what is inside decides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use daicho_common::wire::{Malformed, take};

/// Most extension headers of one packet.
const MAX_EXTENSIONS: usize = 8;

/// An opened packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// From whom.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// Time to live, or hop limit.
    pub hops: u8,
    /// What the payload is (IANA "protocol numbers").
    pub protocol: u8,
    /// The payload; of a packet in fragments, the first.
    pub payload: &'a [u8],
}

/// The ports and the payload of a UDP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// From which port.
    pub source: u16,
    /// To which port.
    pub destination: u16,
    /// What it carries.
    pub payload: &'a [u8],
}

/// The ports, the control bits and the data of a TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// From which port.
    pub source: u16,
    /// To which port.
    pub destination: u16,
    /// Control bits, from CWR (0x80) down to FIN (0x01).
    pub flags: u8,
    /// Data.
    pub data: &'a [u8],
}

impl Packet<'_> {
    /// Whether no router can have passed it on: its addresses are valid on one link only (RFC 919
    /// §7, RFC 3927 §2.6.2, RFC 4291 §2.4, RFC 5771 §4).
    pub fn stays_on_link(&self) -> bool {
        let local = match self.source {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        local
            || match self.destination {
                IpAddr::V4(ip) => ip.is_broadcast() || matches!(ip.octets(), [224, 0, 0, _]),
                IpAddr::V6(ip) => {
                    let [first, second, ..] = ip.octets();
                    first == 0xff && matches!(second & 0x0f, 1 | 2)
                }
            }
    }
}

/// Opens an IPv4 packet (RFC 791 §3.1). `None` for a fragment that is not the first.
///
/// # Errors
/// [`Malformed`] if its header is cut or contradicts itself.
pub fn open_v4(octets: &[u8]) -> Result<Option<Packet<'_>>, Malformed> {
    let ([first, _, l1, l0, _, _, f1, f0], rest) = take::<8>(octets)?;
    let ([hops, protocol, _, _], rest) = take::<4>(rest)?;
    let (source, rest) = take::<4>(rest)?;
    let (destination, _) = take::<4>(rest)?;
    if first >> 4 != 4 {
        return Err(Malformed::Unsupported { field: "Version", value: u32::from(first >> 4) });
    }
    let header = usize::from(first & 0x0f) * 4;
    // Zero is what a host writes that leaves the cutting to its hardware.
    let total = match usize::from(u16::from_be_bytes([l1, l0])) {
        0 => octets.len(),
        total => total.min(octets.len()),
    };
    if header < 20 {
        return Err(Malformed::Inconsistent { field: "IHL" });
    }
    let payload =
        octets.get(header..total).ok_or(Malformed::Inconsistent { field: "Total Length" })?;
    let offset = u16::from_be_bytes([f1, f0]) & 0x1fff;
    Ok((offset == 0).then(|| Packet {
        source: Ipv4Addr::from(source).into(),
        destination: Ipv4Addr::from(destination).into(),
        hops,
        protocol,
        payload,
    }))
}

/// Opens an IPv6 packet (RFC 8200 §3) past its extension headers. `None` for a fragment that is not
/// the first, and for what is encrypted.
///
/// # Errors
/// [`Malformed`] if a header is cut, or there are too many.
pub fn open_v6(octets: &[u8]) -> Result<Option<Packet<'_>>, Malformed> {
    let ([first, _, _, _, l1, l0, next, hops], rest) = take::<8>(octets)?;
    let (source, rest) = take::<16>(rest)?;
    let (destination, rest) = take::<16>(rest)?;
    if first >> 4 != 6 {
        return Err(Malformed::Unsupported { field: "Version", value: u32::from(first >> 4) });
    }
    // Zero is a jumbogram's (RFC 2675), which goes on to the end of the frame.
    let payload = match usize::from(u16::from_be_bytes([l1, l0])) {
        0 => rest,
        length => rest.get(..length).unwrap_or(rest),
    };
    let Some((protocol, payload)) = past_extensions(next, payload)? else { return Ok(None) };
    Ok(Some(Packet {
        source: Ipv6Addr::from(source).into(),
        destination: Ipv6Addr::from(destination).into(),
        hops,
        protocol,
        payload,
    }))
}

/// The first protocol that is no extension header, and what follows it (RFC 8200 §4).
fn past_extensions(mut next: u8, mut rest: &[u8]) -> Result<Option<(u8, &[u8])>, Malformed> {
    for _ in 0..MAX_EXTENSIONS {
        let length = match next {
            // Hop-by-hop options, routing, destination options, mobility, host identity, shim.
            0 | 43 | 60 | 135 | 139 | 140 => {
                let ([_, length], _) = take::<2>(rest)?;
                usize::from(length) * 8 + 8
            }
            // Authentication counts in words of four, less two.
            51 => {
                let ([_, length], _) = take::<2>(rest)?;
                usize::from(length) * 4 + 8
            }
            44 => {
                let ([_, _, a, b], _) = take::<4>(rest)?;
                if u16::from_be_bytes([a, b]) >> 3 != 0 {
                    return Ok(None);
                }
                8
            }
            // Encrypted, or nothing at all.
            50 | 59 => return Ok(None),
            protocol => return Ok(Some((protocol, rest))),
        };
        next = rest.first().copied().unwrap_or(59);
        rest = rest.get(length..).ok_or(Malformed::Truncated { need: length, have: rest.len() })?;
    }
    Err(Malformed::Inconsistent { field: "extension headers" })
}

/// Opens a UDP datagram (RFC 768).
///
/// # Errors
/// [`Malformed`] if its header is cut or its length is shorter than that.
pub fn datagram(octets: &[u8]) -> Result<Datagram<'_>, Malformed> {
    let ([s1, s0, d1, d0, l1, l0, _, _], rest) = take::<8>(octets)?;
    let payload = match usize::from(u16::from_be_bytes([l1, l0])).checked_sub(8) {
        Some(length) => rest.get(..length).unwrap_or(rest),
        None if [l1, l0] == [0, 0] => rest,
        None => return Err(Malformed::Inconsistent { field: "Length" }),
    };
    let (source, destination) = (u16::from_be_bytes([s1, s0]), u16::from_be_bytes([d1, d0]));
    Ok(Datagram { source, destination, payload })
}

/// Opens a TCP segment (RFC 9293 §3.1).
///
/// # Errors
/// [`Malformed`] if its header is cut or shorter than that of any segment.
pub fn segment(octets: &[u8]) -> Result<Segment<'_>, Malformed> {
    let ([s1, s0, d1, d0], rest) = take::<4>(octets)?;
    let (_numbers, rest) = take::<8>(rest)?;
    let ([offset, flags], _) = take::<2>(rest)?;
    let header = usize::from(offset >> 4) * 4;
    if header < 20 {
        return Err(Malformed::Inconsistent { field: "Data Offset" });
    }
    let data =
        octets.get(header..).ok_or(Malformed::Truncated { need: header, have: octets.len() })?;
    let (source, destination) = (u16::from_be_bytes([s1, s0]), u16::from_be_bytes([d1, d0]));
    Ok(Segment { source, destination, flags, data })
}
