//! Group membership (IGMP, MLD): who listens to which group, and who asks.

use std::net::IpAddr;

use daicho_common::observation::Fact;
use daicho_common::wire::Malformed;
use daicho_common::wire::igmp::{Membership, decode_v4, decode_v6};

pub(super) fn facts_v4(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    decode_v4(octets).map(facts)
}

pub(super) fn facts_v6(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    decode_v6(octets).map(facts)
}

fn facts<A: Into<IpAddr>>(membership: Membership<A>) -> Vec<Fact> {
    match membership {
        Membership::Query { .. } => vec![Fact::GroupQuerier],
        Membership::Report { groups } => groups
            .into_iter()
            .map(Into::into)
            .filter(|group| group.is_multicast() && !is_solicited_node(group))
            .map(|group| Fact::GroupMember { group })
            .collect(),
        // That it listens no longer says nothing of what it is.
        Membership::Leave { .. } => Vec::new(),
    }
}

/// Every IPv6 host listens to one of these for each of its addresses (RFC 4291 §2.7.1).
fn is_solicited_node(group: &IpAddr) -> bool {
    matches!(group, IpAddr::V6(ip) if matches!(ip.segments(), [0xff02, 0, 0, 0, 0, 1, 0xff00..=0xffff, _]))
}
