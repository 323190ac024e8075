//! SNMP v2c messages, as far as this crate asks and reads (RFC 3416, RFC 1901).
//!
//! The octets are read and written by the crate `async-snmp`, which nothing else names. There is no
//! SET here, and no way to make one.

use std::fmt;

use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::CommunityMessage;
use async_snmp::pdu::{GetBulkPdu, RequestPdu};
use async_snmp::{PduType, VarBind, Version};

use crate::plan::Community;

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

/// What an object holds, as far as anything here reads it (RFC 2578 §7.1, RFC 3416 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// INTEGER, and the unsigned kinds of 32 bits.
    Number(i64),
    /// OCTET STRING.
    Octets(Vec<u8>),
    /// OBJECT IDENTIFIER.
    Oid(Oid),
    /// `IpAddress`.
    Address([u8; 4]),
    /// `noSuchObject` or `noSuchInstance`.
    Missing,
    /// `endOfMibView`.
    End,
    /// Some other type, which no object read here has.
    Other,
}

/// A question. Nothing in it changes a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request<'a> {
    /// These objects.
    Get(&'a [Oid]),
    /// The objects that follow these.
    Next(&'a [Oid]),
    /// As many times the objects that follow these, none of them only once.
    Bulk(&'a [Oid], u32),
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

/// An answer with the identifier of its question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// That of the request.
    pub(super) request_id: i32,
    /// How it went.
    pub(super) status: Status,
    /// Which of the objects asked for made the trouble, from 1; 0 if none in particular.
    pub(super) index: usize,
    /// Objects and what they hold, in the order of the answer.
    pub(super) objects: Vec<(Oid, Value)>,
}

/// The octets of a question; `None` if the codec refuses it (an identifier that cannot be written).
pub(super) fn encode(
    community: &Community,
    request_id: i32,
    request: &Request<'_>,
) -> Option<Vec<u8>> {
    let names = |oids: &[Oid]| -> Vec<async_snmp::Oid> {
        oids.iter().map(|oid| async_snmp::Oid::from_slice(&oid.0)).collect()
    };
    let pdu = match *request {
        Request::Get(oids) => {
            RequestPdu::get(Version::V2c, request_id, &names(oids)).ok()?.into_raw()
        }
        Request::Next(oids) => {
            RequestPdu::get_next(Version::V2c, request_id, &names(oids)).ok()?.into_raw()
        }
        Request::Bulk(oids, repetitions) => {
            let objects = names(oids).into_iter().map(VarBind::null).collect();
            let pdu = GetBulkPdu::new(Version::V2c, request_id, 0, repetitions, objects);
            pdu.ok()?.into_raw()
        }
    };
    let message = CommunityMessage::v2c(community.secret(), pdu).ok()?;
    message.encode().ok().map(|octets| octets.to_vec())
}

/// The answer in these octets: `None` unless they are a v2c Response with this community.
pub(super) fn decode(octets: &[u8], community: &Community) -> Option<Reply> {
    let decoded = CommunityMessage::decode(octets.to_vec().into(), DecodeConfig::DEFAULT).ok()?;
    let (version, said, pdu) = decoded.value.into_parts();
    if version != Version::V2c || !said.matches(community.secret()) {
        return None;
    }
    let pdu = pdu.standard().filter(|pdu| pdu.pdu_type() == PduType::Response)?;
    Some(Reply {
        request_id: pdu.request_id(),
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
    })
}

fn value_from(value: &async_snmp::Value) -> Value {
    use async_snmp::Value as Wire;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the crate's enum is open")]
    match value {
        Wire::Integer(number) => Value::Number(i64::from(*number)),
        Wire::Gauge32(number) | Wire::UInteger32(number) => Value::Number(i64::from(*number)),
        Wire::OctetString(octets) => Value::Octets(octets.to_vec()),
        Wire::ObjectIdentifier(oid) => Value::Oid(Oid(oid.arcs().to_vec())),
        Wire::IpAddress(octets) => Value::Address(*octets),
        Wire::NoSuchObject | Wire::NoSuchInstance => Value::Missing,
        Wire::EndOfMibView => Value::End,
        _ => Value::Other,
    }
}
