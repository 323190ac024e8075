//! Sets of IP addresses, kept as sorted, disjoint, non-adjacent inclusive ranges.
//!
//! A swept /16 with gaps costs a few ranges, not 65,536 entries, and two sets are equal exactly
//! when they hold the same addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of IPv4 and IPv6 addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AddressSet {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

/// Adds `[first, last]` to sorted disjoint ranges, joining what touches.
fn insert_range<T: Copy + Ord>(
    ranges: &mut Vec<(T, T)>,
    (first, last): (T, T),
    next: impl Fn(T) -> Option<T>,
) {
    let touches = |a: T, b: T| next(a).is_none_or(|n| b <= n);
    let start = ranges.partition_point(|&(_, end)| end < first && !touches(end, first));
    let stop = ranges.partition_point(|&(begin, _)| begin <= last || touches(last, begin));
    let mut joined = (first, last);
    for &(begin, end) in ranges.get(start..stop).unwrap_or_default() {
        joined = (joined.0.min(begin), joined.1.max(end));
    }
    ranges.splice(start..stop.max(start), [joined]);
}

fn holds<T: Copy + Ord>(ranges: &[(T, T)], wanted: T) -> bool {
    let index = ranges.partition_point(|&(_, end)| end < wanted);
    ranges.get(index).is_some_and(|&(begin, _)| begin <= wanted)
}

impl AddressSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self { v4: Vec::new(), v6: Vec::new() }
    }

    /// Adds one address. Appending in ascending order costs O(1), any other order O(ranges).
    pub fn insert(&mut self, address: IpAddr) {
        self.insert_range(address, address);
    }

    /// Adds every address from `first` to `last`, both included. Ranges that mix families or run
    /// backwards add nothing.
    pub fn insert_range(&mut self, first: IpAddr, last: IpAddr) {
        match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
                insert_range(&mut self.v4, (u32::from(first), u32::from(last)), |n| {
                    n.checked_add(1)
                });
            }
            (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
                insert_range(&mut self.v6, (u128::from(first), u128::from(last)), |n| {
                    n.checked_add(1)
                });
            }
            _ => {}
        }
    }

    /// Adds every address of a network, its first and last included.
    pub fn insert_net(&mut self, net: IpNet) {
        self.insert_range(net.network(), net.broadcast());
    }

    /// Adds every address of `other`.
    pub fn extend(&mut self, other: &Self) {
        for (first, last) in other.ranges() {
            self.insert_range(first, last);
        }
    }

    /// Whether the set holds this address; O(log ranges).
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => holds(&self.v4, u32::from(address)),
            IpAddr::V6(address) => holds(&self.v6, u128::from(address)),
        }
    }

    /// Number of addresses, saturating.
    pub fn len(&self) -> u128 {
        let v4: u128 = self.v4.iter().map(|&(a, b)| u128::from(b - a) + 1).sum();
        self.v6.iter().fold(v4, |sum, &(a, b)| sum.saturating_add((b - a).saturating_add(1)))
    }

    /// Whether the set holds nothing.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// The ranges (first, last), ascending, IPv4 before IPv6.
    pub fn ranges(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> + '_ {
        let v4 = self.v4.iter().map(|&(a, b)| (Ipv4Addr::from(a).into(), Ipv4Addr::from(b).into()));
        let v6 = self.v6.iter().map(|&(a, b)| (Ipv6Addr::from(a).into(), Ipv6Addr::from(b).into()));
        v4.chain(v6)
    }

    /// Every address, ascending, IPv4 before IPv6. Mind the size of IPv6 ranges.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let v4 = self.v4.iter().flat_map(|&(a, b)| a..=b).map(|n| Ipv4Addr::from(n).into());
        let v6 = self.v6.iter().flat_map(|&(a, b)| a..=b).map(|n| Ipv6Addr::from(n).into());
        v4.chain(v6)
    }
}

impl FromIterator<IpAddr> for AddressSet {
    fn from_iter<I: IntoIterator<Item = IpAddr>>(addresses: I) -> Self {
        let mut set = Self::new();
        for address in addresses {
            set.insert(address);
        }
        set
    }
}

impl fmt::Display for AddressSet {
    /// `10.0.0.1-10.0.0.9, 10.0.0.20`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (first, last)) in self.ranges().enumerate() {
            if n > 0 {
                f.write_str(", ")?;
            }
            if first == last { write!(f, "{first}")? } else { write!(f, "{first}-{last}")? }
        }
        Ok(())
    }
}

impl Serialize for AddressSet {
    /// A list of `"first-last"` or `"address"` strings.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.ranges().map(|(first, last)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        }))
    }
}

impl<'de> Deserialize<'de> for AddressSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut set = Self::new();
        for range in Vec::<String>::deserialize(deserializer)? {
            let (first, last) = range.split_once('-').unwrap_or((&range, &range));
            let parse = |text: &str| text.parse::<IpAddr>().map_err(serde::de::Error::custom);
            set.insert_range(parse(first)?, parse(last)?);
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_of_ranges_holds_just_what_a_set_of_addresses_holds(
            ranges in proptest::collection::vec((0u32..400, 0u32..9), 0..60)
        ) {
            let mut set = AddressSet::new();
            let mut model = BTreeSet::new();
            for (first, length) in ranges {
                let (first, last) = (Ipv4Addr::from(first), Ipv4Addr::from(first + length));
                set.insert_range(first.into(), last.into());
                model.extend((u32::from(first)..=u32::from(last)).map(|n| IpAddr::V4(n.into())));
            }
            prop_assert_eq!(set.len(), model.len() as u128);
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            for n in 0u32..420 {
                let address = IpAddr::V4(n.into());
                prop_assert_eq!(set.contains(address), model.contains(&address));
            }
            prop_assert_eq!(model.into_iter().rev().collect::<AddressSet>(), set.clone());
            let json = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(serde_json::from_str::<AddressSet>(&json).unwrap(), set);
        }
    }

    #[test]
    fn the_ends_of_the_address_space_do_not_overflow() {
        let mut set = AddressSet::new();
        set.insert_net("0.0.0.0/0".parse().unwrap());
        set.insert("255.255.255.255".parse().unwrap());
        set.insert_net("::/0".parse().unwrap());
        assert_eq!(set.len(), u128::MAX);
        assert_eq!(set.ranges().count(), 2);
    }
}
