//! DNS messages as mDNS and DNS-SD use them (RFC 1035 §4, RFC 6762 §18, RFC 6763).
//!
//! The octets are read and written by the crate `simple-dns`, which nothing else names; the values
//! are ours. Of the records only PTR, SRV, TXT, A and AAAA of the class Internet are kept, and the
//! authority section is dropped. A message is at most [`MAX_OCTETS`] long, so that its counts, names
//! and records are bounded too. Compression may only point backwards, so every name ends.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Malformed;

mod codec;
mod name;

pub use name::Name;

/// Longest message read: 9,000 octets with IP and UDP headers (RFC 6762 §17), rounded up.
pub const MAX_OCTETS: usize = 9000;

/// A DNS message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Identifier: zero in multicast answers, that of the question in unicast ones
    /// (RFC 6762 §18.1).
    pub id: u16,
    /// Whether it is an answer.
    pub response: bool,
    /// Whether records were left out because the message would have been too long (RFC 1035 §4.1.1).
    pub truncated: bool,
    /// Whether the server shall ask others (RFC 1035 §4.1.1); never in mDNS (RFC 6762 §18.6).
    pub recursion_desired: bool,
    /// What was asked.
    pub questions: Vec<Question>,
    /// Records that answer a question.
    pub answers: Vec<Record>,
    /// Records that will probably be asked for next.
    pub additional: Vec<Record>,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IPv4 address (RFC 1035 §3.4.1).
    A,
    /// Pointer to another name (RFC 1035 §3.3.12).
    Ptr,
    /// Strings, in DNS-SD key/value pairs (RFC 1035 §3.3.14, RFC 6763 §6).
    Txt,
    /// IPv6 address (RFC 3596 §2.1).
    Aaaa,
    /// Host and port of a service (RFC 2782).
    Srv,
    /// Everything that there is (RFC 1035 §3.2.3).
    Any,
    /// Something else, by its number.
    Other(u16),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// About this name.
    pub name: Name,
    /// Records of this kind.
    pub kind: Kind,
    /// Whether the answer should come by unicast: the "QU" bit (RFC 6762 §5.4).
    pub unicast: bool,
}

/// A resource record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The name it belongs to.
    pub name: Name,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// Whether it replaces what was known: the cache-flush bit (RFC 6762 §10.2).
    pub flush: bool,
    /// What it says.
    pub data: Data,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// Another name.
    Ptr(Name),
    /// Where a service is.
    Srv {
        /// Lower ones are tried first.
        priority: u16,
        /// Share among those of the same priority.
        weight: u16,
        /// UDP or TCP port.
        port: u16,
        /// The host.
        target: Name,
    },
    /// Key/value pairs, in the order of the record.
    Txt(Vec<Pair>),
}

/// A key and perhaps a value (RFC 6763 §6.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    key: Vec<u8>,
    value: Option<Vec<u8>>,
}

impl Pair {
    /// The pair, unless the key is empty or has an `=`, or both are over 255 octets together with
    /// the `=` between them.
    pub fn new(key: &[u8], value: Option<&[u8]>) -> Option<Self> {
        let length = key.len() + value.map_or(0, |value| value.len() + 1);
        let fits = !key.is_empty() && !key.contains(&b'=') && length <= 255;
        fits.then(|| Self { key: key.to_vec(), value: value.map(<[u8]>::to_vec) })
    }

    /// The key; compared without regard to the case of ASCII letters.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The value; `None` where there is not even an `=`.
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }
}

impl Message {
    /// A question of its own: one question to a message, because a responder keeps the answer to a
    /// port other than 5353 within 512 octets (RFC 6762 §6.7).
    pub fn question(id: u16, question: Question) -> Self {
        Self { id, questions: vec![question], ..Self::default() }
    }

    /// The answer to a message: same identifier, and its questions again (RFC 6762 §6.7).
    pub fn answer(asked: &Self, answers: Vec<Record>, additional: Vec<Record>) -> Self {
        Self {
            id: asked.id,
            response: true,
            truncated: false,
            recursion_desired: asked.recursion_desired,
            questions: asked.questions.clone(),
            answers,
            additional,
        }
    }

    /// The records of both sections.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.answers.iter().chain(&self.additional)
    }

    /// Reads a whole datagram.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        codec::decode(bytes)
    }

    /// The octets, with names compressed.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

impl Record {
    /// A record to be kept for two minutes, as mDNS recommends for host names (RFC 6762 §10).
    pub const fn new(name: Name, data: Data) -> Self {
        Self { name, ttl: 120, flush: false, data }
    }
}

#[cfg(test)]
mod tests;
