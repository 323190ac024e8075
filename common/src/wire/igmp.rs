//! Group membership: IGMP for IPv4 (RFC 1112, RFC 2236, RFC 3376) and MLD for IPv6 (RFC 2710, RFC
//! 3810), read for one thing: which groups somebody listens to, and who asks.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::wire::{Malformed, take};

/// Most groups read of one report.
const MAX_GROUPS: usize = 256;

/// What a membership message says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Membership<A> {
    /// The sender asks who listens: it is a router or a snooping switch.
    Query {
        /// The group asked for; unspecified for all.
        group: A,
    },
    /// The sender listens to these groups.
    Report {
        /// At most 256.
        groups: Vec<A>,
    },
    /// The sender no longer listens to this group.
    Leave {
        /// Which.
        group: A,
    },
}

/// An IGMP message, from its type on.
///
/// # Errors
/// [`Malformed`] if it is cut or of a type that is not about membership.
pub fn decode_v4(octets: &[u8]) -> Result<Membership<Ipv4Addr>, Malformed> {
    let ([kind, ..], rest) = take::<4>(octets)?;
    let (word, rest) = take::<4>(rest)?;
    let group = Ipv4Addr::from(word);
    match kind {
        0x11 => Ok(Membership::Query { group }),
        0x12 | 0x16 => Ok(Membership::Report { groups: vec![group] }),
        0x17 => Ok(Membership::Leave { group }),
        0x22 => {
            let groups = records::<4>(word, rest)?;
            Ok(Membership::Report { groups: groups.into_iter().map(Into::into).collect() })
        }
        kind => Err(Malformed::Unsupported { field: "type", value: kind.into() }),
    }
}

/// An MLD message, from its ICMPv6 type on.
///
/// # Errors
/// [`Malformed`] if it is cut or of a type that is not about membership.
pub fn decode_v6(octets: &[u8]) -> Result<Membership<Ipv6Addr>, Malformed> {
    let ([kind, ..], rest) = take::<4>(octets)?;
    let (word, rest) = take::<4>(rest)?;
    if kind == 143 {
        let groups = records::<16>(word, rest)?;
        return Ok(Membership::Report { groups: groups.into_iter().map(Into::into).collect() });
    }
    let (group, _) = take::<16>(rest)?;
    let group = Ipv6Addr::from(group);
    match kind {
        130 => Ok(Membership::Query { group }),
        131 => Ok(Membership::Report { groups: vec![group] }),
        132 => Ok(Membership::Leave { group }),
        kind => Err(Malformed::Unsupported { field: "type", value: kind.into() }),
    }
}

/// The groups of a version 3 (IGMP) or 2 (MLD) report: records of type, length of auxiliary data in
/// words, number of sources, group, sources, auxiliary data. Records that only say "no longer" (to
/// include no source) are left out.
fn records<const N: usize>(word: [u8; 4], mut rest: &[u8]) -> Result<Vec<[u8; N]>, Malformed> {
    let [_, _, a, b] = word;
    let count = usize::from(u16::from_be_bytes([a, b]));
    let mut groups = Vec::new();
    for _ in 0..count.min(MAX_GROUPS) {
        let ([kind, auxiliary, a, b], after) = take::<4>(rest)?;
        let (group, after) = take::<N>(after)?;
        let sources = usize::from(u16::from_be_bytes([a, b]));
        let skip = sources * N + usize::from(auxiliary) * 4;
        rest = after.get(skip..).ok_or(Malformed::Truncated { need: skip, have: after.len() })?;
        let gone = matches!(kind, 1 | 3) && sources == 0;
        if !gone {
            groups.push(group);
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_version_says_which_group_is_listened_to() {
        let group = Ipv4Addr::new(239, 255, 255, 250);
        let report = Membership::Report { groups: vec![group] };
        assert_eq!(decode_v4(&[0x16, 0, 0, 0, 239, 255, 255, 250]), Ok(report.clone()));
        assert_eq!(decode_v4(&[0x12, 0, 0, 0, 239, 255, 255, 250]), Ok(report.clone()));
        let v3 = [0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 239, 255, 255, 250];
        assert_eq!(decode_v4(&v3), Ok(report));
        let leave = [0x22, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 239, 255, 255, 250];
        assert_eq!(decode_v4(&leave), Ok(Membership::Report { groups: vec![] }));
        let query = [0x11, 0x64, 0, 0, 0, 0, 0, 0];
        assert_eq!(decode_v4(&query), Ok(Membership::Query { group: Ipv4Addr::UNSPECIFIED }));
    }

    #[test]
    fn mld_reads_likewise() {
        let group: Ipv6Addr = "ff02::fb".parse().unwrap();
        let v1 = [&[131, 0, 0, 0, 0, 0, 0, 0][..], &group.octets()].concat();
        let report = Membership::Report { groups: vec![group] };
        assert_eq!(decode_v6(&v1), Ok(report.clone()));
        let v2 = [&[143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0][..], &group.octets()].concat();
        assert_eq!(decode_v6(&v2), Ok(report));
    }

    #[test]
    fn a_count_that_lies_is_a_truncation() {
        let lying = [0x22, 0, 0, 0, 0, 0, 0xff, 0xff, 4, 0, 0xff, 0xff, 239, 0, 0, 1];
        assert!(matches!(decode_v4(&lying), Err(Malformed::Truncated { .. })));
    }

    proptest! {
        #[test]
        fn nothing_panics(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (decode_v4(&octets), decode_v6(&octets));
        }
    }
}
