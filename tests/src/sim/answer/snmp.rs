//! An SNMP v2c agent (RFC 3416) over a sorted list of objects: GET, GETNEXT and GETBULK.

use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::CommunityMessage;
use async_snmp::pdu::{Pdu, PduBody, StandardPduType};
use async_snmp::{Oid, Value, VarBind};

use crate::sim::{COMMUNITY, Device};

/// Most octets of variable bindings in an answer, so that the datagram stays below 1,400.
const ROOM: usize = 1300;

/// The answer to a datagram at UDP port 161; `None` is silence: no agent, a wrong community,
/// another version, or no request.
pub fn answer_snmp(device: &Device, octets: &[u8]) -> Option<Vec<u8>> {
    let own = device.answers.snmp.as_deref()?;
    let under = |community: &[u8]| match community.strip_prefix(COMMUNITY)? {
        [] => Some(own),
        // Cisco's way to ask in the context of a VLAN.
        [b'@', context @ ..] => {
            device.answers.contexts.get(std::str::from_utf8(context).ok()?).map(Vec::as_slice)
        }
        _ => None,
    };
    answer_objects(under, octets)
}

/// The answer to a message of an agent that holds these objects, ascending, under the community
/// asked by; `None` is silence.
pub fn answer_objects<'o>(
    under: impl FnOnce(&[u8]) -> Option<&'o [(Oid, Value)]>,
    octets: &[u8],
) -> Option<Vec<u8>> {
    let message =
        CommunityMessage::decode(octets.to_vec().into(), DecodeConfig::default()).ok()?.value;
    if message.version() != async_snmp::Version::V2c {
        return None;
    }
    let community = message.community().as_bytes().to_vec();
    let objects = under(&community)?;
    let (request, body, asked) = message.into_pdu()?.into_raw_parts();
    let names = asked.into_iter().map(|bind| bind.oid);
    let answers: Vec<VarBind> = match body {
        PduBody::Standard { pdu_type: StandardPduType::GetRequest, .. } => {
            names.map(|name| get(objects, name)).collect()
        }
        PduBody::Standard { pdu_type: StandardPduType::GetNextRequest, .. } => {
            names.map(|name| next(objects, &name)).collect()
        }
        PduBody::GetBulk { non_repeaters, max_repetitions } => {
            bulk(objects, &names.collect::<Vec<_>>(), non_repeaters, max_repetitions)
        }
        PduBody::Standard { .. } => return None,
    };
    let body =
        PduBody::Standard { pdu_type: StandardPduType::Response, error_status: 0, error_index: 0 };
    let response = Pdu::from_raw_parts(request, body, answers);
    Some(CommunityMessage::v2c(community, response).ok()?.encode().ok()?.to_vec())
}

fn get(objects: &[(Oid, Value)], name: Oid) -> VarBind {
    let found = objects.binary_search_by(|(oid, _)| oid.cmp(&name)).ok();
    let value = found.and_then(|at| objects.get(at)).map(|(_, value)| value.clone());
    VarBind::new(name, value.unwrap_or(Value::NoSuchInstance))
}

fn next(objects: &[(Oid, Value)], after: &Oid) -> VarBind {
    let at = objects.partition_point(|(oid, _)| oid <= after);
    match objects.get(at) {
        Some((oid, value)) => VarBind::new(oid.clone(), value.clone()),
        None => VarBind::new(after.clone(), Value::EndOfMibView),
    }
}

/// GETBULK (RFC 3416 §4.2.3), cut where the answer would grow too large for one packet.
fn bulk(objects: &[(Oid, Value)], names: &[Oid], single: u32, repetitions: u32) -> Vec<VarBind> {
    let (single, repeated) = names.split_at(names.len().min(single as usize));
    let mut answers: Vec<_> = single.iter().map(|name| next(objects, name)).collect();
    let mut size: usize = answers.iter().map(VarBind::encoded_size).sum();
    let mut row = repeated.to_vec();
    for _ in 0..repetitions {
        for name in &mut row {
            let bind = next(objects, name);
            size += bind.encoded_size();
            if size > ROOM && !answers.is_empty() {
                return answers;
            }
            *name = bind.oid.clone();
            answers.push(bind);
        }
        let ended = answers.iter().rev().take(row.len());
        if row.is_empty() || ended.clone().all(|bind| bind.value == Value::EndOfMibView) {
            break;
        }
    }
    answers
}
