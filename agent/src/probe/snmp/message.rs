//! SNMP messages, as far as this crate asks and reads (RFC 3416), and those of the first two versions
//! in full (RFC 1157, RFC 1901).
//!
//! The octets are read and written by the crate `async-snmp`, which nothing outside this room names.
//! There is no SET here, and no way to make one.

use std::fmt;
use std::net::Ipv4Addr;

use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::CommunityMessage;
use async_snmp::pdu::{GetBulkPdu, RequestPdu};
use async_snmp::{Pdu, PduType, VarBind, Version};

/// An object identifier, in the order in which SNMP walks (RFC 3416 §4.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Oid(Vec<u32>);

impl Oid {
    /// The identifier of `under` with these numbers after it.
    pub(super) fn new(under: &[u32], after: &[u32]) -> Self {
        Self([under, after].concat())
    }

    /// The numbers after `prefix`, if it begins with it.
    pub(super) fn after(&self, prefix: &[u32]) -> Option<&[u32]> {
        self.0.strip_prefix(prefix)
    }
}

impl fmt::Display for Oid {
    /// Dotted decimal, without a dot in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, number) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            write!(f, "{number}")?;
        }
        Ok(())
    }
}

/// What an object holds (RFC 2578 §7.1, RFC 3416 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// INTEGER.
    Integer(i32),
    /// The unsigned kinds of 32 and 64 bits.
    Unsigned(u64),
    /// OCTET STRING and what is encoded like it.
    Octets(Vec<u8>),
    /// OBJECT IDENTIFIER.
    Oid(Oid),
    /// `IpAddress`.
    Address(Ipv4Addr),
    /// `noSuchObject` or `noSuchInstance`.
    Missing,
    /// `endOfMibView`.
    End,
    /// Some other type, which no object of a MIB has.
    Other,
}

/// A question. Nothing in it changes a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// These objects.
    Get(Vec<Oid>),
    /// The objects that follow these.
    Next(Vec<Oid>),
    /// As many times the objects that follow these, none of them only once. Not in the first version.
    Bulk(Vec<Oid>, u32),
}

/// `error-status` (RFC 3416 §3), as far as it makes a difference here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// noError.
    Ok,
    /// tooBig: the answer would not fit.
    TooBig,
    /// noSuchName, which only the first version should say.
    NoSuchName,
    /// genErr: anything that has no better name, among it an answer that would not fit.
    General,
    /// Every other: the device says no.
    Refused,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// How it went.
    pub(super) status: Status,
    /// Which of the objects asked for made the trouble, from 1; 0 if none in particular.
    pub(super) index: usize,
    /// Objects and what they hold, in the order of the answer.
    pub(super) objects: Vec<(Oid, Value)>,
    /// Length of the whole message, in octets.
    pub(super) octets: usize,
}

/// The PDU of a question; `None` if the codec refuses it (an identifier that cannot be written).
pub(super) fn pdu(version: Version, request_id: i32, request: &Request) -> Option<Pdu> {
    let names = |oids: &[Oid]| -> Vec<async_snmp::Oid> {
        oids.iter().map(|oid| async_snmp::Oid::from_slice(&oid.0)).collect()
    };
    Some(match request {
        Request::Get(oids) => RequestPdu::get(version, request_id, &names(oids)).ok()?.into_raw(),
        Request::Next(oids) => {
            RequestPdu::get_next(version, request_id, &names(oids)).ok()?.into_raw()
        }
        Request::Bulk(oids, repetitions) => {
            let objects = names(oids).into_iter().map(VarBind::null).collect();
            GetBulkPdu::new(version, request_id, 0, *repetitions, objects).ok()?.into_raw()
        }
    })
}

/// The octets of a question with a community.
pub(super) fn encode(
    version: Version,
    community: &[u8],
    request_id: i32,
    request: &Request,
) -> Option<Vec<u8>> {
    let pdu = pdu(version, request_id, request)?;
    let message = if version == Version::V1 {
        CommunityMessage::v1(community.to_vec(), pdu)
    } else {
        CommunityMessage::v2c(community.to_vec(), pdu)
    };
    message.ok()?.encode().ok().map(|octets| octets.to_vec())
}

/// The answer in these octets: `None` unless they are a Response in this version, with this
/// community, to the question with this identifier.
pub(super) fn decode(
    version: Version,
    community: &[u8],
    request_id: i32,
    octets: &[u8],
) -> Option<Reply> {
    let decoded = CommunityMessage::decode(octets.to_vec().into(), DecodeConfig::DEFAULT).ok()?;
    let (said_version, said, pdu) = decoded.value.into_parts();
    if said_version != version || !said.matches(community) {
        return None;
    }
    let pdu = pdu.standard()?;
    (pdu.request_id() == request_id).then(|| reply(pdu, octets.len()))?
}

/// The answer in a PDU of a message of so many octets; `None` unless it is a Response.
pub(super) fn reply(pdu: &Pdu, octets: usize) -> Option<Reply> {
    if pdu.pdu_type() != PduType::Response {
        return None;
    }
    Some(Reply {
        status: match pdu.error_status() {
            0 => Status::Ok,
            1 => Status::TooBig,
            2 => Status::NoSuchName,
            5 => Status::General,
            _ => Status::Refused,
        },
        index: usize::try_from(pdu.error_index()).unwrap_or(0),
        objects: pdu
            .varbinds()
            .iter()
            .map(|object| (Oid(object.oid.arcs().to_vec()), value_from(&object.value)))
            .collect(),
        octets,
    })
}

fn value_from(value: &async_snmp::Value) -> Value {
    use async_snmp::Value as Wire;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the crate's enum is open")]
    match value {
        Wire::Integer(number) => Value::Integer(*number),
        Wire::Gauge32(number)
        | Wire::UInteger32(number)
        | Wire::Counter32(number)
        | Wire::TimeTicks(number) => Value::Unsigned(u64::from(*number)),
        Wire::Counter64(number) => Value::Unsigned(*number),
        Wire::OctetString(octets) | Wire::Opaque(octets) | Wire::Nsap(octets) => {
            Value::Octets(octets.to_vec())
        }
        Wire::ObjectIdentifier(oid) => Value::Oid(Oid(oid.arcs().to_vec())),
        Wire::IpAddress(octets) => Value::Address(Ipv4Addr::from(*octets)),
        Wire::NoSuchObject | Wire::NoSuchInstance => Value::Missing,
        Wire::EndOfMibView => Value::End,
        _ => Value::Other,
    }
}
