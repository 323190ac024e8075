//! Link Layer Discovery Protocol data units (IEEE 802.1AB-2016 clauses 8 and 9), without the
//! Ethernet header (EtherType 0x88cc).
//!
//! Every TLV is kept in its order; those that this codec does not read further keep their octets,
//! so that nothing is lost and encode∘decode is the identity.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::addr::Mac;
use crate::wire::{Malformed, Wire, take};

/// The EtherType of LLDP (IEEE 802.1AB-2016 §7.3).
pub const ETHERTYPE: u16 = 0x88cc;
/// Longest value of a TLV: its length has nine bits (§8.3).
pub const MAX_VALUE: usize = 511;
/// OUI of the IEEE 802.1 organisationally specific TLVs (IEEE 802.1Q-2018 annex D).
pub const OUI_8021: [u8; 3] = [0x00, 0x80, 0xc2];
/// OUI of the IEEE 802.3 organisationally specific TLVs (IEEE 802.3-2018 §79.3).
pub const OUI_8023: [u8; 3] = [0x00, 0x12, 0x0f];
/// OUI of the LLDP-MED TLVs (ANSI/TIA-1057 §10.2).
pub const OUI_MED: [u8; 3] = [0x00, 0x12, 0xbb];

/// An octet string of at most [`MAX_VALUE`] octets, cut if longer: what fits a TLV.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Octets(Vec<u8>);

impl Octets {
    /// Takes at most `limit` octets.
    fn cut(octets: &[u8], limit: usize) -> Self {
        Self(octets.get(..limit).unwrap_or(octets).to_vec())
    }

    /// The octets.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Octets {
    /// Takes the first 255 octets, which every string of LLDP fits (§8.5).
    fn from(octets: &[u8]) -> Self {
        Self::cut(octets, 255)
    }
}

/// Who sends: the chassis ID (§8.5.2). The subtype says how to read the octets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChassisId {
    /// 1 chassis component, 2 interface alias, 3 port component, 4 MAC address, 5 network
    /// address, 6 interface name, 7 locally assigned.
    pub subtype: u8,
    /// 1–255 octets.
    pub id: Octets,
}

/// By which port: the port ID (§8.5.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortId {
    /// 1 interface alias, 2 port component, 3 MAC address, 4 network address, 5 interface name,
    /// 6 agent circuit ID, 7 locally assigned.
    pub subtype: u8,
    /// 1–255 octets.
    pub id: Octets,
}

impl ChassisId {
    /// The MAC address, where the subtype says that it is one.
    pub fn mac(&self) -> Option<Mac> {
        (self.subtype == 4).then(|| Mac::from_slice(self.id.as_slice())).flatten()
    }

    /// The network address, where the subtype says that it is one.
    pub fn address(&self) -> Option<IpAddr> {
        (self.subtype == 5).then(|| network_address(self.id.as_slice())).flatten()
    }
}

impl PortId {
    /// The MAC address, where the subtype says that it is one.
    pub fn mac(&self) -> Option<Mac> {
        (self.subtype == 3).then(|| Mac::from_slice(self.id.as_slice())).flatten()
    }
}

/// System capabilities (§8.5.8): bit 0 other, 1 repeater, 2 bridge, 3 WLAN access point, 4 router,
/// 5 telephone, 6 DOCSIS, 7 station, 8 C-VLAN component, 9 S-VLAN component, 10 two-port relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// What the system can do.
    pub system: u16,
    /// What of it is enabled.
    pub enabled: u16,
}

/// A management address (§8.5.9).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Management {
    /// IANA address family number: 1 IPv4, 2 IPv6, 6 all 802 media.
    pub family: u8,
    /// 1–31 octets.
    pub address: Octets,
    /// 1 unknown, 2 ifIndex, 3 system port number.
    pub interface_subtype: u8,
    /// Numbered as the subtype says.
    pub interface: u32,
    /// 0–128 octets: an object identifier in BER without tag and length.
    pub object: Octets,
}

impl Management {
    /// The IP address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        ip(self.family, self.address.as_slice())
    }
}

/// A type-length-value (§8.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tlv {
    /// Type 4: a string that describes the port.
    PortDescription(Octets),
    /// Type 5: the system's assigned name.
    SystemName(Octets),
    /// Type 6: a string that describes the system.
    SystemDescription(Octets),
    /// Type 7.
    Capabilities(Capabilities),
    /// Type 8.
    Management(Management),
    /// Type 127: organisationally specific (§8.6).
    Organisation {
        /// Whose.
        oui: [u8; 3],
        /// Which of theirs.
        subtype: u8,
        /// At most 507 octets.
        value: Octets,
    },
    /// A reserved type (9–126), or one of the above whose value has another shape.
    Other {
        /// 0–127.
        kind: u8,
        /// As sent.
        value: Octets,
    },
}

/// An LLDP data unit: the three mandatory TLVs (§8.2), then the optional ones in their order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lldp {
    /// Who sends.
    pub chassis: ChassisId,
    /// By which port.
    pub port: PortId,
    /// Seconds for which this holds; 0 takes it back (§8.5.4).
    pub ttl_secs: u16,
    /// Optional TLVs.
    pub tlvs: Vec<Tlv>,
}

/// What LLDP-MED says of the hardware (ANSI/TIA-1057 §10.2.6), in octets as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory<'a> {
    /// Subtype 5.
    pub hardware: Option<&'a [u8]>,
    /// Subtype 6.
    pub firmware: Option<&'a [u8]>,
    /// Subtype 7.
    pub software: Option<&'a [u8]>,
    /// Subtype 8.
    pub serial: Option<&'a [u8]>,
    /// Subtype 9.
    pub manufacturer: Option<&'a [u8]>,
    /// Subtype 10.
    pub model: Option<&'a [u8]>,
    /// Subtype 11.
    pub asset: Option<&'a [u8]>,
}

impl Lldp {
    /// The value of the organisationally specific TLV, the first if there are several.
    pub fn organisation(&self, wanted: [u8; 3], wanted_subtype: u8) -> Option<&[u8]> {
        self.tlvs.iter().find_map(|tlv| {
            let Tlv::Organisation { oui, subtype, value } = tlv else { return None };
            (*oui == wanted && *subtype == wanted_subtype).then_some(value.as_slice())
        })
    }

    /// The port VLAN identifier (IEEE 802.1Q-2018 §D.2.1): 1–4094; 0 and absent mean none.
    pub fn port_vlan(&self) -> Option<u16> {
        let (vlan, _) = take::<2>(self.organisation(OUI_8021, 1)?).ok()?;
        Some(u16::from_be_bytes(vlan)).filter(|vlan| (1..=4094).contains(vlan))
    }

    /// The hardware inventory of LLDP-MED.
    pub fn inventory(&self) -> Inventory<'_> {
        let of = |subtype| self.organisation(OUI_MED, subtype);
        Inventory {
            hardware: of(5),
            firmware: of(6),
            software: of(7),
            serial: of(8),
            manufacturer: of(9),
            model: of(10),
            asset: of(11),
        }
    }
}

/// An IANA address family number and the address (§8.5.2.3).
fn network_address(octets: &[u8]) -> Option<IpAddr> {
    let (family, address) = octets.split_first()?;
    ip(*family, address)
}

fn ip(family: u8, address: &[u8]) -> Option<IpAddr> {
    match family {
        1 => <[u8; 4]>::try_from(address).ok().map(|a| Ipv4Addr::from(a).into()),
        2 => <[u8; 16]>::try_from(address).ok().map(|a| Ipv6Addr::from(a).into()),
        _ => None,
    }
}

/// The type and value of the next TLV, and what follows it.
fn next(octets: &[u8]) -> Result<(u8, &[u8], &[u8]), Malformed> {
    let (head, rest) = take::<2>(octets)?;
    let head = u16::from_be_bytes(head);
    let length = usize::from(head & 0x1ff);
    let [kind, _] = (head >> 1).to_be_bytes();
    let (value, rest) = rest
        .split_at_checked(length)
        .ok_or(Malformed::Truncated { need: length, have: rest.len() })?;
    Ok((kind, value, rest))
}

/// A mandatory TLV of subtype and identifier: 2–256 octets.
fn identifier(kind: u8, octets: &[u8], field: &'static str) -> Result<(u8, Octets), Malformed> {
    if octets.len() > 256 {
        return Err(Malformed::Inconsistent { field });
    }
    match octets.split_first() {
        Some((subtype, id)) if !id.is_empty() => Ok((*subtype, id.into())),
        _ => Err(Malformed::Unsupported { field, value: u32::from(kind) }),
    }
}

fn management(value: &[u8]) -> Option<Management> {
    let (length, rest) = value.split_first()?;
    let (address, rest) = rest.split_at_checked(usize::from(*length))?;
    let (family, address) = address.split_first().filter(|(_, a)| (1..=31).contains(&a.len()))?;
    let (interface_subtype, rest) = rest.split_first()?;
    let (interface, rest) = take::<4>(rest).ok()?;
    let (length, object) = rest.split_first()?;
    (object.len() == usize::from(*length) && object.len() <= 128).then(|| Management {
        family: *family,
        address: address.into(),
        interface_subtype: *interface_subtype,
        interface: u32::from_be_bytes(interface),
        object: object.into(),
    })
}

/// An optional TLV; whatever has not the shape of its type is kept as [`Tlv::Other`].
fn optional(kind: u8, value: &[u8]) -> Tlv {
    let short = value.len() <= 255;
    match kind {
        4 if short => return Tlv::PortDescription(value.into()),
        5 if short => return Tlv::SystemName(value.into()),
        6 if short => return Tlv::SystemDescription(value.into()),
        7 => {
            if let Ok([a, b, c, d]) = <[u8; 4]>::try_from(value) {
                let (system, enabled) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                return Tlv::Capabilities(Capabilities { system, enabled });
            }
        }
        8 => {
            if let Some(management) = management(value) {
                return Tlv::Management(management);
            }
        }
        127 => {
            if let Ok(([a, b, c, subtype], value)) = take::<4>(value) {
                return Tlv::Organisation {
                    oui: [a, b, c],
                    subtype,
                    value: Octets::cut(value, MAX_VALUE - 4),
                };
            }
        }
        _ => {}
    }
    Tlv::Other { kind, value: Octets::cut(value, MAX_VALUE) }
}

impl Tlv {
    fn kind(&self) -> u8 {
        match self {
            Self::PortDescription(_) => 4,
            Self::SystemName(_) => 5,
            Self::SystemDescription(_) => 6,
            Self::Capabilities(_) => 7,
            Self::Management(_) => 8,
            Self::Organisation { .. } => 127,
            Self::Other { kind, .. } => *kind,
        }
    }

    fn value(&self) -> Vec<u8> {
        match self {
            Self::PortDescription(text)
            | Self::SystemName(text)
            | Self::SystemDescription(text) => text.0.clone(),
            Self::Capabilities(has) => {
                [has.system.to_be_bytes(), has.enabled.to_be_bytes()].concat()
            }
            Self::Management(m) => {
                let address = Octets::cut(&m.address.0, 31).0;
                let object = Octets::cut(&m.object.0, 128).0;
                let mut value = vec![u8::try_from(address.len() + 1).unwrap_or(32), m.family];
                value.extend_from_slice(&address);
                value.push(m.interface_subtype);
                value.extend_from_slice(&m.interface.to_be_bytes());
                value.push(u8::try_from(object.len()).unwrap_or(128));
                value.extend_from_slice(&object);
                value
            }
            Self::Organisation { oui, subtype, value } => {
                [oui.as_slice(), &[*subtype], &value.0].concat()
            }
            Self::Other { value, .. } => value.0.clone(),
        }
    }
}

fn push(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    let value = value.get(..MAX_VALUE).unwrap_or(value);
    let length = u16::try_from(value.len()).unwrap_or(0x1ff);
    out.extend_from_slice(&(u16::from(kind & 0x7f) << 9 | length).to_be_bytes());
    out.extend_from_slice(value);
}

impl Wire for Lldp {
    /// Reads up to the End Of LLDPDU TLV or the end of the octets. What follows the End TLV is
    /// padding (§8.5.1) and is handed back.
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let mut mandatory = octets;
        let mut expect = |wanted: u8, field: &'static str| {
            let (kind, value, rest) = next(mandatory)?;
            if kind != wanted {
                return Err(Malformed::Unsupported { field, value: u32::from(kind) });
            }
            mandatory = rest;
            Ok(value)
        };
        let (subtype, id) = identifier(1, expect(1, "chassis ID")?, "chassis ID")?;
        let chassis = ChassisId { subtype, id };
        let (subtype, id) = identifier(2, expect(2, "port ID")?, "port ID")?;
        let port = PortId { subtype, id };
        let (ttl, _) = take::<2>(expect(3, "time to live")?)?;
        let mut lldp = Self { chassis, port, ttl_secs: u16::from_be_bytes(ttl), tlvs: Vec::new() };
        let mut rest = mandatory;
        while !rest.is_empty() {
            let (kind, value, after) = next(rest)?;
            rest = after;
            match kind {
                0 => return Ok((lldp, rest)),
                1..=3 => {
                    let field = "repeated mandatory TLV";
                    return Err(Malformed::Unsupported { field, value: u32::from(kind) });
                }
                kind => lldp.tlvs.push(optional(kind, value)),
            }
        }
        Ok((lldp, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        push(out, 1, &[&[self.chassis.subtype], self.chassis.id.as_slice()].concat());
        push(out, 2, &[&[self.port.subtype], self.port.id.as_slice()].concat());
        push(out, 3, &self.ttl_secs.to_be_bytes());
        for tlv in &self.tlvs {
            push(out, tlv.kind(), &tlv.value());
        }
        push(out, 0, &[]);
    }
}

#[cfg(test)]
mod tests;
