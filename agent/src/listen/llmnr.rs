//! LLMNR answers (RFC 4795): the name of whoever answers for its own address.

use std::net::IpAddr;

use daicho_common::observation::Fact;
use daicho_common::wire::Malformed;
use daicho_common::wire::dns::{Data, Message};

use super::dispatch::Message as Said;

/// Most names told of one answer.
const MAX_NAMES: usize = 8;

pub(super) fn facts(said: &Said<'_>) -> Result<Vec<Fact>, Malformed> {
    let message = Message::decode(said.octets)?;
    let mut facts: Vec<Fact> = message
        .answers
        .iter()
        .filter(|record| match record.data {
            Data::A(ip) => Some(IpAddr::V4(ip)) == said.from,
            Data::Aaaa(ip) => Some(IpAddr::V6(ip)) == said.from,
            Data::Ptr(_) | Data::Srv { .. } | Data::Txt(_) => false,
        })
        .filter(|_| message.response)
        .take(MAX_NAMES)
        .map(|record| Fact::HostName { name: record.name.text() })
        .collect();
    facts.dedup();
    Ok(facts)
}
