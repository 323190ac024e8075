//! Between our values and those of `simple-dns`.

use simple_dns::rdata::{A, AAAA, PTR, RData, SRV, TXT};
use simple_dns::{
    CLASS, CharacterString, Label, Packet, PacketFlag, QCLASS, QTYPE, ResourceRecord, TYPE,
};

use super::{Data, Kind, MAX_OCTETS, Message, Name, Pair, Question, Record};
use crate::wire::{Malformed, take};

/// Octets of a header (RFC 1035 §4.1.1), of the shortest question and of the shortest record.
const HEADER: usize = 12;
const SHORTEST_QUESTION: usize = 5;
const SHORTEST_RECORD: usize = 11;

/// Refuses counts that the message is too short for, so that nobody reserves room for them.
fn check_counts(bytes: &[u8]) -> Result<(), Malformed> {
    let (header, rest) = take::<HEADER>(bytes)?;
    if bytes.len() > MAX_OCTETS {
        let value = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        return Err(Malformed::Unsupported { field: "message length", value });
    }
    let [_, _, _, _, q1, q0, a1, a0, n1, n0, r1, r0] = header;
    let count = |octets| usize::from(u16::from_be_bytes(octets));
    let records = count([a1, a0]) + count([n1, n0]) + count([r1, r0]);
    if count([q1, q0]) * SHORTEST_QUESTION + records * SHORTEST_RECORD > rest.len() {
        return Err(Malformed::Inconsistent { field: "section counts" });
    }
    Ok(())
}

/// Reads a whole datagram.
pub(super) fn decode(bytes: &[u8]) -> Result<Message, Malformed> {
    check_counts(bytes)?;
    let packet =
        Packet::parse(bytes).map_err(|_| Malformed::Inconsistent { field: "DNS message" })?;
    Ok(Message {
        id: packet.id(),
        response: packet.has_flags(PacketFlag::RESPONSE),
        truncated: packet.has_flags(PacketFlag::TRUNCATION),
        recursion_desired: packet.has_flags(PacketFlag::RECURSION_DESIRED),
        questions: packet.questions.iter().filter_map(question_from).collect(),
        answers: packet.answers.iter().filter_map(record_from).collect(),
        additional: packet.additional_records.iter().filter_map(record_from).collect(),
    })
}

fn name_from(name: &simple_dns::Name<'_>) -> Option<Name> {
    Name::new(name.as_bytes())
}

fn question_from(question: &simple_dns::Question<'_>) -> Option<Question> {
    let kind = match u16::from(question.qtype) {
        1 => Kind::A,
        12 => Kind::Ptr,
        16 => Kind::Txt,
        28 => Kind::Aaaa,
        33 => Kind::Srv,
        255 => Kind::Any,
        other => Kind::Other(other),
    };
    Some(Question { name: name_from(&question.qname)?, kind, unicast: question.unicast_response })
}

fn record_from(record: &ResourceRecord<'_>) -> Option<Record> {
    if record.class != CLASS::IN {
        return None;
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "the crate's enum is open and 40 long")]
    let data = match &record.rdata {
        RData::A(a) => Data::A(a.address.into()),
        RData::AAAA(aaaa) => Data::Aaaa(aaaa.address.into()),
        RData::PTR(PTR(name)) => Data::Ptr(name_from(name)?),
        RData::SRV(srv) => Data::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: name_from(&srv.target)?,
        },
        // Strings that start with "=" have no key and are ignored (RFC 6763 §6.4).
        RData::TXT(txt) => {
            Data::Txt(txt.iter_raw().filter_map(|(key, value)| Pair::new(key, value)).collect())
        }
        // No string at all is not allowed but seen; it means no pairs (RFC 6763 §6.1).
        RData::Empty(TYPE::TXT) => Data::Txt(Vec::new()),
        _ => return None,
    };
    Some(Record {
        name: name_from(&record.name)?,
        ttl: record.ttl,
        flush: record.cache_flush,
        data,
    })
}

/// The octets, with names compressed.
pub(super) fn encode(message: &Message) -> Vec<u8> {
    let mut packet = Packet::new_query(message.id);
    if message.response {
        packet.set_flags(PacketFlag::RESPONSE | PacketFlag::AUTHORITATIVE_ANSWER);
    }
    if message.truncated {
        packet.set_flags(PacketFlag::TRUNCATION);
    }
    if message.recursion_desired {
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    packet.questions = message.questions.iter().filter_map(question_to).collect();
    packet.answers = message.answers.iter().map(record_to).collect();
    packet.additional_records = message.additional.iter().map(record_to).collect();
    // Only a name, label or string over its limit could fail here, and our types refuse those.
    packet.build_bytes_vec_compressed().unwrap_or_default()
}

fn name_to(name: &Name) -> simple_dns::Name<'_> {
    let labels: Vec<_> =
        name.labels().iter().map(|label| Label::new_unchecked(label.as_slice())).collect();
    simple_dns::Name::new_with_labels(&labels)
}

/// `None` for a kind that the crate does not know, which nobody here asks for.
fn question_to(question: &Question) -> Option<simple_dns::Question<'_>> {
    let kind = match question.kind {
        Kind::A => QTYPE::TYPE(TYPE::A),
        Kind::Ptr => QTYPE::TYPE(TYPE::PTR),
        Kind::Txt => QTYPE::TYPE(TYPE::TXT),
        Kind::Aaaa => QTYPE::TYPE(TYPE::AAAA),
        Kind::Srv => QTYPE::TYPE(TYPE::SRV),
        Kind::Any => QTYPE::ANY,
        Kind::Other(number) => QTYPE::try_from(number).ok()?,
    };
    let class = QCLASS::CLASS(CLASS::IN);
    Some(simple_dns::Question::new(name_to(&question.name), kind, class, question.unicast))
}

fn record_to(record: &Record) -> ResourceRecord<'_> {
    let data = match &record.data {
        Data::A(address) => RData::A(A::from(*address)),
        Data::Aaaa(address) => RData::AAAA(AAAA::from(*address)),
        Data::Ptr(name) => RData::PTR(PTR(name_to(name))),
        Data::Srv { priority, weight, port, target } => RData::SRV(SRV {
            priority: *priority,
            weight: *weight,
            port: *port,
            target: name_to(target),
        }),
        Data::Txt(pairs) => RData::TXT(txt_to(pairs)),
    };
    ResourceRecord::new(name_to(&record.name), CLASS::IN, record.ttl, data)
        .with_cache_flush(record.flush)
}

fn txt_to(pairs: &[Pair]) -> TXT<'static> {
    let mut txt = TXT::new();
    for pair in pairs {
        let mut string = pair.key().to_vec();
        if let Some(value) = pair.value() {
            string.push(b'=');
            string.extend(value);
        }
        if let Ok(string) = CharacterString::new(&string) {
            txt.add_char_string(string.into_owned());
        }
    }
    txt
}
