//! An SNMP v1 and v2c agent (RFC 1157, RFC 3416) over a sorted list of objects: GET, GETNEXT and, in
//! v2c, GETBULK.

use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::CommunityMessage;
use async_snmp::pdu::{Pdu, PduBody, StandardPduType};
use async_snmp::{Oid, Value, VarBind, Version};

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
    let version = message.version();
    let community = message.community().as_bytes().to_vec();
    let objects = under(&community)?;
    let (request, body, asked) = message.into_pdu()?.into_raw_parts();
    match version {
        Version::V1 => {
            let response = answer_v1(objects, (request, &body), asked)?;
            return Some(CommunityMessage::v1(community, response).ok()?.encode().ok()?.to_vec());
        }
        Version::V2c => {}
        Version::V3 | _ => return None,
    }
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

/// `noSuchName` (RFC 1157 §4.1.2): in v1 one object that is not there spoils the whole answer.
const NO_SUCH_NAME: i32 = 2;

/// The answer in v1, which knows no Counter64: it is passed over, as if it were not there (RFC 3584
/// §4.2.2.1).
fn answer_v1(
    objects: &[(Oid, Value)],
    (request, body): (i32, &PduBody),
    asked: Vec<VarBind>,
) -> Option<Pdu> {
    let is_known = |value: &Value| !matches!(value, Value::Counter64(_));
    let answered = |name: &Oid| match body {
        PduBody::Standard { pdu_type: StandardPduType::GetRequest, .. } => {
            let at = objects.binary_search_by(|(oid, _)| oid.cmp(name)).ok();
            Some(at.and_then(|at| objects.get(at)).filter(|(_, value)| is_known(value)))
        }
        PduBody::Standard { pdu_type: StandardPduType::GetNextRequest, .. } => {
            let after = objects.partition_point(|(oid, _)| oid <= name);
            Some(objects.iter().skip(after).find(|(_, value)| is_known(value)))
        }
        PduBody::Standard { .. } | PduBody::GetBulk { .. } => None,
    };
    let found: Vec<_> = asked.iter().map(|bind| answered(&bind.oid)).collect::<Option<_>>()?;
    let missing = found.iter().position(Option::is_none);
    let (error_status, error_index) = match missing {
        Some(at) => (NO_SUCH_NAME, i32::try_from(at + 1).ok()?),
        None => (0, 0),
    };
    let answers = if missing.is_some() {
        asked.into_iter().map(|bind| VarBind::new(bind.oid, Value::Null)).collect()
    } else {
        let there = found.into_iter().flatten();
        there.map(|(oid, value)| VarBind::new(oid.clone(), value.clone())).collect()
    };
    let pdu_type = StandardPduType::Response;
    let body = PduBody::Standard { pdu_type, error_status, error_index };
    Some(Pdu::from_raw_parts(request, body, answers))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn objects() -> Vec<(Oid, Value)> {
        let oid = |last| Oid::from_slice(&[1, 3, 6, 1, 2, 1, 1, last, 0]);
        vec![
            (oid(1), Value::Integer(7)),
            (oid(2), Value::Counter64(1 << 40)),
            (oid(3), Value::Integer(9)),
        ]
    }

    fn ask(message: &CommunityMessage) -> Option<(i32, i32, Vec<VarBind>)> {
        let objects = objects();
        let under = |community: &[u8]| (community == b"public").then_some(objects.as_slice());
        let octets = answer_objects(under, &message.encode().unwrap())?;
        let decoded = CommunityMessage::decode(octets.into(), DecodeConfig::default()).unwrap();
        let (_, body, binds) = decoded.value.into_pdu()?.into_raw_parts();
        let PduBody::Standard { error_status, error_index, .. } = body else { return None };
        Some((error_status, error_index, binds))
    }

    fn request(pdu_type: StandardPduType, names: &[Oid]) -> Pdu {
        let body = PduBody::Standard { pdu_type, error_status: 0, error_index: 0 };
        Pdu::from_raw_parts(1, body, null(names))
    }

    fn null(names: &[Oid]) -> Vec<VarBind> {
        names.iter().map(|name| VarBind::new(name.clone(), Value::Null)).collect()
    }

    #[test]
    fn version_1_passes_over_what_it_does_not_know_and_says_no_by_an_error() {
        let names: Vec<Oid> = objects().into_iter().map(|(oid, _)| oid).collect();
        let v1 = |pdu| ask(&CommunityMessage::v1("public", pdu).unwrap()).unwrap();
        let get = |names| v1(request(StandardPduType::GetRequest, names));
        let next = |names| v1(request(StandardPduType::GetNextRequest, names));
        let (status, _, binds) = get(&names[..1]);
        assert_eq!((status, &binds[0].value), (0, &Value::Integer(7)));
        let (status, index, binds) = get(&names[..2]);
        assert_eq!((status, index), (NO_SUCH_NAME, 2));
        assert!(binds.iter().all(|bind| bind.value == Value::Null));
        let (status, _, binds) = next(&names[..1]);
        assert_eq!((status, &binds[0].oid), (0, &names[2]));
        let (status, index, _) = next(&names[2..]);
        assert_eq!((status, index), (NO_SUCH_NAME, 1));
    }

    #[test]
    fn version_2_says_of_each_object_whether_it_is_there() {
        let names: Vec<Oid> = objects().into_iter().map(|(oid, _)| oid).collect();
        let v2c = |pdu| ask(&CommunityMessage::v2c("public", pdu).unwrap()).unwrap();
        let absent = Oid::from_slice(&[1, 3, 9]);
        let (status, _, binds) =
            v2c(request(StandardPduType::GetRequest, &[names[1].clone(), absent]));
        let values: Vec<&Value> = binds.iter().map(|bind| &bind.value).collect();
        assert_eq!(status, 0);
        assert_eq!(values, [&Value::Counter64(1 << 40), &Value::NoSuchInstance]);
        let body = PduBody::GetBulk { non_repeaters: 0, max_repetitions: 10 };
        let (_, _, binds) = v2c(Pdu::from_raw_parts(2, body, null(&names[..1])));
        assert_eq!(binds.len(), 3, "two objects and the end");
        let strange =
            CommunityMessage::v2c("private", request(StandardPduType::GetRequest, &names)).unwrap();
        assert!(ask(&strange).is_none());
    }
}
