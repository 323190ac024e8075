//! An SNMP v2c agent that costs next to nothing, so that what is measured is who asks: objects are
//! encoded beforehand, and an answer is put together of their octets.

use async_snmp::ber::EncodeBuf;
use async_snmp::{Oid, Value, VarBind};

use crate::sim::COMMUNITY;

/// Most octets of an answer: what an Ethernet frame carries of a UDP datagram.
pub const LARGEST: usize = 1_472;
/// Octets of an answer beside its variable bindings: message, version, community, PDU, request
/// identifier, error status and index, and the heads of the lists, all with long lengths.
const FRAME: usize = 46;

/// Tags of RFC 1157 and RFC 3416.
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const GET: u8 = 0xa0;
const NEXT: u8 = 0xa1;
const RESPONSE: u8 = 0xa2;
const BULK: u8 = 0xa5;
const NO_SUCH_INSTANCE: [u8; 2] = [0x81, 0];
const END_OF_VIEW: [u8; 2] = [0x82, 0];

/// Objects in ascending order, each with its variable binding as octets.
#[derive(Debug, Default)]
pub struct Mib {
    names: Vec<Box<[u32]>>,
    bindings: Vec<Box<[u8]>>,
}

impl Mib {
    /// Of these objects; what cannot be encoded is left out.
    pub fn new(mut objects: Vec<(Oid, Value)>) -> Self {
        objects.sort_by(|(one, _), (other, _)| one.cmp(other));
        objects.dedup_by(|(one, _), (other, _)| one == other);
        let mut mib = Self::default();
        for (oid, value) in objects {
            let name = oid.arcs().to_vec().into_boxed_slice();
            let mut octets = EncodeBuf::new();
            if VarBind::new(oid, value).encode(&mut octets).is_ok() {
                mib.names.push(name);
                mib.bindings.push(octets.finish_vec().into_boxed_slice());
            }
        }
        mib
    }

    /// How many objects are under this identifier.
    pub fn count(&self, under: &[u32]) -> usize {
        self.names.iter().filter(|name| name.starts_with(under)).count()
    }

    /// The fewest answers of at most [`LARGEST`] octets that hold these columns of all rows of the
    /// table, row by row in the order of a walk.
    pub fn fewest_answers(&self, entry: &[u32], columns: &[u32]) -> usize {
        let place = |column: &u32| {
            let under = [entry, &[*column]].concat();
            let first = self.names.partition_point(|name| **name < *under);
            let count = self.names.iter().skip(first).take_while(|it| it.starts_with(&under));
            self.bindings.get(first..first + count.count()).unwrap_or_default()
        };
        let columns: Vec<&[Box<[u8]>]> = columns.iter().map(place).collect();
        let rows = columns.first().map_or(0, |column| column.len());
        let (mut answers, mut room) = (0, 0);
        for row in 0..rows {
            let cells = columns.iter().filter_map(|column| column.get(row));
            let octets: usize = cells.map(|cell| cell.len()).sum();
            if room < octets {
                (answers, room) = (answers + 1, LARGEST - FRAME);
            }
            room = room.saturating_sub(octets);
        }
        answers
    }

    fn after(&self, name: &[u32]) -> usize {
        self.names.partition_point(|it| **it <= *name)
    }
}

/// Cuts the contents of an element with this tag off the front (X.690 §8.1).
fn element<'a>(octets: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&[found, length], rest) = octets.split_first_chunk::<2>()?;
    let (length, rest) = match length {
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        short if short < 0x80 => (usize::from(short), rest),
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    *octets = rest;
    (found == tag).then_some(contents)
}

fn number(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet))
}

/// The numbers of an identifier (X.690 §8.19), of those below iso(1), as all of SNMP is.
fn numbers(octets: &[u8]) -> Vec<u32> {
    let mut numbers = Vec::with_capacity(octets.len() + 1);
    let (first, rest) = octets.split_first().map_or((0, octets), |(first, rest)| (*first, rest));
    numbers.extend([u32::from(first / 40), u32::from(first % 40)]);
    let mut number = 0;
    for octet in rest {
        number = number << 7 | u32::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    numbers
}

/// The name of an object, as octets and as numbers.
type Name<'a> = (&'a [u8], Vec<u32>);

/// A question.
struct Question<'a> {
    kind: u8,
    request: &'a [u8],
    single: usize,
    repetitions: usize,
    names: Vec<Name<'a>>,
}

fn question(mut octets: &[u8]) -> Option<Question<'_>> {
    let mut message = element(&mut octets, SEQUENCE)?;
    let version = number(element(&mut message, INTEGER)?);
    let community = element(&mut message, OCTETS)?;
    let kind = *message.first()?;
    let mut pdu = element(&mut message, kind)?;
    let request = element(&mut pdu, INTEGER)?;
    let [single, repetitions] =
        [element(&mut pdu, INTEGER)?, element(&mut pdu, INTEGER)?].map(|it| number(it) as usize);
    let mut list = element(&mut pdu, SEQUENCE)?;
    let mut names = Vec::new();
    while !list.is_empty() {
        let mut binding = element(&mut list, SEQUENCE)?;
        let name = element(&mut binding, OID)?;
        names.push((name, numbers(name)));
    }
    (version == 1 && community == COMMUNITY).then_some(Question {
        kind,
        request,
        single,
        repetitions,
        names,
    })
}

/// Puts a head before contents of so many octets, with a long length.
fn head(octets: &mut Vec<u8>, tag: u8, length: usize) {
    let [.., high, low] = length.to_be_bytes();
    octets.extend([tag, 0x82, high, low]);
}

/// A binding of this name to an exception (RFC 3416 §3).
fn exception(octets: &mut Vec<u8>, name: &[u8], what: [u8; 2]) {
    let mut long = Vec::with_capacity(name.len() + 8);
    head(&mut long, OID, name.len());
    long.extend(name);
    long.extend(what);
    head(octets, SEQUENCE, long.len());
    octets.append(&mut long);
}

/// What a question asked for, and its answer.
#[derive(Debug)]
pub struct Answered {
    /// The first name.
    pub first: Vec<u32>,
    /// The answer.
    pub octets: Vec<u8>,
}

/// The answer to a datagram; `None` is silence.
pub fn answer(mib: &Mib, octets: &[u8]) -> Option<Answered> {
    let asked = question(octets)?;
    let mut list = Vec::with_capacity(LARGEST);
    match asked.kind {
        GET => {
            for (raw, name) in &asked.names {
                let at = mib.names.binary_search_by(|it| (**it).cmp(name.as_slice())).ok();
                match at.and_then(|at| mib.bindings.get(at)) {
                    Some(binding) => list.extend(binding),
                    None => exception(&mut list, raw, NO_SUCH_INSTANCE),
                }
            }
        }
        NEXT => bulk(mib, (&asked.names, asked.names.len(), 0), &mut list),
        BULK => bulk(mib, (&asked.names, asked.single, asked.repetitions), &mut list),
        _ => return None,
    }
    let first = asked.names.into_iter().next().map(|(_, name)| name).unwrap_or_default();
    Some(Answered { first, octets: whole(asked.request, &list) })
}

/// The message around a list of bindings.
fn whole(request: &[u8], list: &[u8]) -> Vec<u8> {
    let mut pdu = Vec::with_capacity(list.len() + 24);
    pdu.extend([INTEGER, u8::try_from(request.len()).unwrap_or(0)]);
    pdu.extend(request);
    pdu.extend([INTEGER, 1, 0, INTEGER, 1, 0]);
    head(&mut pdu, SEQUENCE, list.len());
    pdu.extend(list);
    let before = 3 + 2 + COMMUNITY.len() + 4;
    let mut octets = Vec::with_capacity(pdu.len() + before + 4);
    head(&mut octets, SEQUENCE, pdu.len() + before);
    octets.extend([INTEGER, 1, 1, OCTETS, u8::try_from(COMMUNITY.len()).unwrap_or(0)]);
    octets.extend(COMMUNITY);
    head(&mut octets, RESPONSE, pdu.len());
    octets.append(&mut pdu);
    octets
}

/// GETBULK (RFC 3416 §4.2.3) cut where the datagram is full; GETNEXT is one of single names only.
fn bulk(mib: &Mib, (names, single, repetitions): (&[Name<'_>], usize, usize), list: &mut Vec<u8>) {
    let (once, repeated) = names.split_at(names.len().min(single));
    let mut put = |raw: &[u8], at: usize| {
        let before = list.len();
        match mib.bindings.get(at) {
            Some(binding) => list.extend(binding),
            // Under the name that was asked for, as in the first repetition.
            None => exception(list, raw, END_OF_VIEW),
        }
        let fits = list.len() + FRAME <= LARGEST;
        if !fits && before > 0 {
            list.truncate(before);
        }
        fits
    };
    if !once.iter().all(|(raw, name)| put(raw, mib.after(name))) {
        return;
    }
    let from: Vec<usize> = repeated.iter().map(|(_, name)| mib.after(name)).collect();
    for repetition in 0..repetitions {
        let mut ended = true;
        for ((raw, _), from) in repeated.iter().zip(&from) {
            ended &= from + repetition >= mib.bindings.len();
            if !put(raw, from + repetition) {
                return;
            }
        }
        if ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use async_snmp::compatibility::DecodeConfig;
    use async_snmp::message::CommunityMessage;
    use async_snmp::pdu::{GetBulkPdu, RequestPdu};
    use async_snmp::{Pdu, Version};

    use super::*;
    use crate::measure::snmp::kinds::{FORWARDING, Kind, forwarding, mib};

    fn ask(mib: &Mib, pdu: Pdu) -> Vec<VarBind> {
        let octets = CommunityMessage::v2c(COMMUNITY, pdu).unwrap().encode().unwrap();
        let answered = answer(mib, &octets).unwrap();
        assert!(answered.octets.len() <= LARGEST);
        let decoded = CommunityMessage::decode(answered.octets.into(), DecodeConfig::DEFAULT);
        let (_, community, pdu) = decoded.unwrap().value.into_parts();
        assert!(community.matches(COMMUNITY));
        let pdu = pdu.standard().unwrap();
        assert_eq!((pdu.request_id(), pdu.error_status()), (77, 0));
        pdu.varbinds().to_vec()
    }

    fn names(dotted: &[&str]) -> Vec<Oid> {
        dotted.iter().map(|it| Oid::parse(it).unwrap()).collect()
    }

    #[test]
    fn it_answers_as_an_agent_does() {
        let mib = mib(Kind::Printer, 3);
        let asked = names(&["1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.99.1.0"]);
        let get = RequestPdu::get(Version::V2c, 77, &asked).unwrap().into_raw();
        let values: Vec<Value> = ask(&mib, get).into_iter().map(|bind| bind.value).collect();
        assert_eq!(values, [Value::from("NK-003"), Value::NoSuchInstance]);
        let asked = names(&["1.3.6.1.2.1.43.5.1.1.17", "2.5"]);
        let next = RequestPdu::get_next(Version::V2c, 77, &asked).unwrap().into_raw();
        let said = ask(&mib, next);
        assert_eq!(said[0].oid, Oid::parse("1.3.6.1.2.1.43.5.1.1.17.1").unwrap());
        assert_eq!(said[1].value, Value::EndOfMibView);
        assert_eq!(said[1].oid, Oid::parse("2.5").unwrap());
    }

    #[test]
    fn a_walk_by_getbulk_reads_every_object_once() {
        let mib = mib(Kind::Switch, 1);
        let (mut at, mut read) = (Oid::parse("1.3").unwrap(), 0);
        loop {
            let asked = vec![VarBind::null(at)];
            let bulk = GetBulkPdu::new(Version::V2c, 77, 0, 50, asked).unwrap().into_raw();
            let said = ask(&mib, bulk);
            let came = said.iter().filter(|bind| bind.value != Value::EndOfMibView).count();
            read += came;
            if came < said.len() {
                break;
            }
            at = said.last().unwrap().oid.clone();
        }
        assert_eq!((read, mib.count(&[])), (mib.names.len(), read));
    }

    #[test]
    fn the_fewest_answers_of_a_table_are_those_that_are_full() {
        let mib = forwarding(1000);
        let entry = numbers_of(FORWARDING);
        assert_eq!(mib.count(&entry), 3000);
        let fewest = mib.fewest_answers(&entry, &[2, 3]);
        // Two objects of 22 to 28 octets a row.
        assert!((31..=40).contains(&fewest), "{fewest}");
    }

    fn numbers_of(dotted: &str) -> Vec<u32> {
        Oid::parse(dotted).unwrap().arcs().to_vec()
    }

    #[test]
    fn what_is_no_question_is_met_with_silence() {
        let mib = mib(Kind::Server, 1);
        for octets in [&b"\x30\x82"[..], b"", b"\x30\x84random octets", b"\x30\x03\x02\x01\x01"] {
            assert!(answer(&mib, octets).is_none());
        }
    }
}
