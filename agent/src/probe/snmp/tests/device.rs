//! A device in memory with an SNMP agent, made with the codec's other side.

use std::collections::BTreeMap;

use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::CommunityMessage;
use async_snmp::pdu::{PduBody, StandardPduType};
use async_snmp::{Oid, Pdu, PduType, Value, VarBind};

/// How the agent misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quirk {
    #[default]
    None,
    /// tooBig for answers of more than so many objects.
    TooBig(usize),
    /// genErr for every GETBULK.
    NoBulk,
    /// Sends at most so many objects.
    CutShort(usize),
    /// A column of ifTable that never ends.
    Endless,
    /// Every answer to GETBULK holds the same object again and again.
    Stuck,
    /// No GETBULK, and noSuchName where the MIB ends, as in the first version.
    FirstVersion,
    /// authorizationError for everything.
    Unauthorised,
    /// Answers a GET with objects that were not asked for.
    OtherObjects,
}

/// The device: its objects in order, and what it wants to hear.
pub(super) struct Device {
    pub(super) objects: BTreeMap<Vec<u32>, Value>,
    pub(super) community: &'static [u8],
    pub(super) quirk: Quirk,
    /// PDU types of the questions that it answered.
    pub(super) asked: Vec<PduType>,
}

pub(super) fn oid(text: &str) -> Vec<u32> {
    text.split('.').map(|number| number.parse().unwrap()).collect()
}

/// A message with these parts, whether or not they make sense.
pub(super) fn response(
    community: &[u8],
    request_id: i32,
    (error_status, error_index): (i32, i32),
    objects: Vec<VarBind>,
) -> Vec<u8> {
    let body = PduBody::Standard { pdu_type: StandardPduType::Response, error_status, error_index };
    let pdu = Pdu::from_raw_parts(request_id, body, objects);
    CommunityMessage::v2c(community, pdu).unwrap().encode().unwrap().to_vec()
}

pub(super) fn parse(octets: &[u8]) -> (Vec<u8>, Pdu) {
    let message = CommunityMessage::decode(octets.to_vec().into(), DecodeConfig::STRICT).unwrap();
    let (_, community, pdu) = message.value.into_parts();
    (community.as_bytes().to_vec(), pdu.standard().unwrap().clone())
}

impl Device {
    pub(super) fn new(rows: &[(&str, Value)]) -> Self {
        Self {
            objects: rows.iter().map(|(name, value)| (oid(name), value.clone())).collect(),
            community: b"public",
            quirk: Quirk::None,
            asked: Vec::new(),
        }
    }

    /// The answer to this message; `None` for another community.
    pub(super) fn answer(&mut self, octets: &[u8]) -> Option<Vec<u8>> {
        let (community, pdu) = parse(octets);
        if community != self.community {
            return None;
        }
        let (status, objects) = self.respond(&pdu);
        Some(response(self.community, pdu.request_id(), status, objects))
    }

    /// Status and objects of the answer to this question.
    pub(super) fn respond(&mut self, pdu: &Pdu) -> ((i32, i32), Vec<VarBind>) {
        self.asked.push(pdu.pdu_type());
        let names: Vec<Vec<u32>> = pdu.varbinds().iter().map(|v| v.oid.arcs().to_vec()).collect();
        if self.quirk == Quirk::Unauthorised {
            return ((16, 0), vec![]);
        }
        let mut objects = match pdu.pdu_type() {
            PduType::GetRequest => names.iter().map(|name| self.get(name)).collect(),
            PduType::GetNextRequest => self.next(&names, 1),
            PduType::GetBulkRequest
                if matches!(self.quirk, Quirk::NoBulk | Quirk::FirstVersion) =>
            {
                return ((5, 1), objects_of(pdu));
            }
            PduType::GetBulkRequest => self.next(&names, pdu.get_bulk_fields().unwrap().1),
            other => panic!("a question that may change something: {other:?}"),
        };
        match self.quirk {
            Quirk::TooBig(most) if objects.len() > most => return ((1, 0), vec![]),
            Quirk::CutShort(most) => objects.truncate(most),
            Quirk::FirstVersion => {
                if let Some(at) = objects.iter().position(|o| o.value.is_exception()) {
                    let at = i32::try_from(at + 1).unwrap();
                    return ((2, at), objects_of(pdu));
                }
            }
            _ => {}
        }
        ((0, 0), objects)
    }

    fn get(&self, name: &[u32]) -> VarBind {
        let value = self.objects.get(name).cloned().unwrap_or(Value::NoSuchObject);
        let other = self.quirk == Quirk::OtherObjects;
        let name = if other { oid("1.3.6.1.2.1.1.3.0") } else { name.to_vec() };
        VarBind::new(Oid::from(name), value)
    }

    /// What follows each of these names, and so on so many times.
    pub(super) fn next(&self, names: &[Vec<u32>], repetitions: u32) -> Vec<VarBind> {
        let mut names = names.to_vec();
        let mut objects = Vec::new();
        for _ in 0..repetitions {
            for name in &mut names {
                let (next, value) = self.following(name);
                objects.push(VarBind::new(Oid::from(next.clone()), value));
                *name = next;
            }
        }
        objects
    }

    fn following(&self, name: &[u32]) -> (Vec<u32>, Value) {
        let if_descr = oid("1.3.6.1.2.1.2.2.1.2");
        match self.quirk {
            Quirk::Endless if name.starts_with(&if_descr) => {
                let index = name.get(if_descr.len()).map_or(1, |index| index + 1);
                ([if_descr, vec![index]].concat(), Value::OctetString("again".into()))
            }
            Quirk::Stuck => ([if_descr, vec![1]].concat(), Value::OctetString("again".into())),
            _ => self
                .objects
                .range(name.to_vec()..)
                .find(|(key, _)| key.as_slice() != name)
                .map(|(key, value)| (key.clone(), value.clone()))
                .unwrap_or((name.to_vec(), Value::EndOfMibView)),
        }
    }
}

fn objects_of(pdu: &Pdu) -> Vec<VarBind> {
    pdu.varbinds().to_vec()
}

/// A message of the first version, with community `public`.
pub(super) fn first_version(
    request_id: i32,
    (error_status, error_index): (i32, i32),
    objects: Vec<VarBind>,
) -> Vec<u8> {
    let body = PduBody::Standard { pdu_type: StandardPduType::Response, error_status, error_index };
    let pdu = Pdu::from_raw_parts(request_id, body, objects);
    CommunityMessage::v1(&b"public"[..], pdu).unwrap().encode().unwrap().to_vec()
}
