//! Opens a frame by its link type: who sent it, by which VLANs, and what it carries.

use daicho_common::addr::Mac;
use daicho_common::wire::{Malformed, take};

use crate::capture::LinkType;

/// Most VLAN tags of one frame: a provider's, a customer's, and two to spare.
const MAX_TAGS: usize = 4;
/// Below this a type field is a length (IEEE 802.3-2018 §3.2.6).
const FIRST_TYPE: u16 = 0x0600;
/// LLC of SNAP (IEEE 802-2014 §9.5): DSAP, SSAP, unnumbered information.
const LLC_SNAP: [u8; 3] = [0xaa, 0xaa, 0x03];

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// A type of IANA's "IEEE 802 Numbers", and what it names. From an Ethernet II header, from a
    /// SNAP header with the OUI zero (RFC 1042), or implied by the link type.
    Typed(u16, &'a [u8]),
    /// Another SNAP header (OUI and protocol identifier), and what follows.
    Snap([u8; 5], &'a [u8]),
    /// Logical link control (IEEE 802.2), from its DSAP on.
    Llc(&'a [u8]),
}

/// An opened frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    /// Who sent it on this link, where the link type says so.
    pub source: Option<Mac>,
    /// VLAN identifiers, outermost first; 0 where only the priority counts.
    pub vlans: Vec<u16>,
    /// What it carries.
    pub payload: Payload<'a>,
}

/// Opens a frame.
///
/// # Errors
/// [`Malformed`] if its headers are cut or of a link type that is not read.
pub fn open(link: LinkType, octets: &[u8]) -> Result<Opened<'_>, Malformed> {
    match link {
        LinkType::Ethernet => ethernet(octets),
        LinkType::LinuxSll => {
            // Packet type, hardware type, length of the address, address, protocol.
            let (_, rest) = take::<4>(octets)?;
            let (length, rest) = take::<2>(rest)?;
            let (address, rest) = take::<8>(rest)?;
            let (protocol, rest) = take::<2>(rest)?;
            let source = cooked_address(u16::from_be_bytes(length), address);
            cooked(source, u16::from_be_bytes(protocol), rest)
        }
        LinkType::LinuxSll2 => {
            // Protocol, reserved, interface, hardware type, packet type, length, address.
            let (protocol, rest) = take::<2>(octets)?;
            let (_, rest) = take::<9>(rest)?;
            let ([length], rest) = take::<1>(rest)?;
            let (address, rest) = take::<8>(rest)?;
            cooked(cooked_address(length.into(), address), u16::from_be_bytes(protocol), rest)
        }
        LinkType::Raw => internet(octets),
        LinkType::Null => {
            // The address family, in the octet order of the host that captured.
            let (_, rest) = take::<4>(octets)?;
            internet(rest)
        }
        LinkType::Other(number) => {
            Err(Malformed::Unsupported { field: "link type", value: number.into() })
        }
    }
}

fn ethernet(octets: &[u8]) -> Result<Opened<'_>, Malformed> {
    let (_destination, rest) = take::<6>(octets)?;
    let (source, rest) = take::<6>(rest)?;
    let source = Some(Mac::new(source)).filter(|mac| !mac.is_group());
    let (number, rest) = take::<2>(rest)?;
    tagged(source, u16::from_be_bytes(number), rest)
}

/// Reads VLAN tags, then what the last type or length announces.
fn tagged(source: Option<Mac>, mut number: u16, mut rest: &[u8]) -> Result<Opened<'_>, Malformed> {
    let mut vlans = Vec::new();
    // Customer and service tags, and the service tag of before the standard.
    while matches!(number, 0x8100 | 0x88a8 | 0x9100) {
        if vlans.len() == MAX_TAGS {
            return Err(Malformed::Inconsistent { field: "VLAN tags" });
        }
        let (tag, after) = take::<2>(rest)?;
        let (next, after) = take::<2>(after)?;
        vlans.push(u16::from_be_bytes(tag) & 0x0fff);
        (number, rest) = (u16::from_be_bytes(next), after);
    }
    let payload = if number < FIRST_TYPE {
        // A length: what follows it is padding. A capture may have cut the frame before that.
        logical_link(rest.get(..usize::from(number)).unwrap_or(rest))
    } else {
        Payload::Typed(number, rest)
    };
    Ok(Opened { source, vlans, payload })
}

fn logical_link(octets: &[u8]) -> Payload<'_> {
    let Some(after) = octets.strip_prefix(&LLC_SNAP) else { return Payload::Llc(octets) };
    match take::<5>(after) {
        Ok(([0, 0, 0, a, b], rest)) => Payload::Typed(u16::from_be_bytes([a, b]), rest),
        Ok((snap, rest)) => Payload::Snap(snap, rest),
        Err(_) => Payload::Llc(octets),
    }
}

fn cooked_address(length: u16, address: [u8; 8]) -> Option<Mac> {
    let mac = Mac::from_slice(address.get(..6)?)?;
    (length == 6 && !mac.is_group() && mac != Mac::ZERO).then_some(mac)
}

/// The protocol of a Linux cooked header: an `EtherType`, or a small number of the system's own.
fn cooked(source: Option<Mac>, protocol: u16, rest: &[u8]) -> Result<Opened<'_>, Malformed> {
    match protocol {
        0x0004 => Ok(Opened { source, vlans: Vec::new(), payload: logical_link(rest) }),
        number if number >= FIRST_TYPE => tagged(source, number, rest),
        number => Err(Malformed::Unsupported { field: "protocol", value: number.into() }),
    }
}

/// IPv4 or IPv6, as the packet itself says.
fn internet(octets: &[u8]) -> Result<Opened<'_>, Malformed> {
    let ([first], _) = take::<1>(octets)?;
    let number = match first >> 4 {
        4 => 0x0800,
        6 => 0x86dd,
        version => {
            return Err(Malformed::Unsupported { field: "version", value: version.into() });
        }
    };
    Ok(Opened { source: None, vlans: Vec::new(), payload: Payload::Typed(number, octets) })
}
