//! NetBIOS names (RFC 1002 §4.2) that a host claims for itself, by registering or by answering.

use std::net::{IpAddr, Ipv4Addr};

use daicho_common::observation::Fact;
use daicho_common::text::Text;
use daicho_common::wire::Malformed;
use daicho_common::wire::nbns::{self, Name, Packet};

use super::dispatch::Message;

pub(super) fn facts(said: &Message<'_>) -> Result<Vec<Fact>, Malformed> {
    let own = |address: Ipv4Addr| Some(IpAddr::V4(address)) == said.from;
    let (_, packet) = nbns::decode(said.octets)?;
    Ok(match packet {
        Packet::Registration { name, group, address } | Packet::Found { name, group, address } => {
            if own(address) {
                vec![claim(&name, group)]
            } else {
                Vec::new()
            }
        }
        Packet::Status { names, .. } => {
            names.iter().map(|(name, group)| claim(name, *group)).collect()
        }
        Packet::Query { .. } => Vec::new(),
    })
}

fn claim(name: &Name, group: bool) -> Fact {
    Fact::NetbiosName { name: Text::from_wire(name.trimmed()), suffix: name.suffix, group }
}
