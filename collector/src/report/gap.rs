//! What no look reached, by network and reason.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use daicho_common::address_set::AddressSet;
use daicho_common::coverage::{Coverage, Why};
use daicho_common::observation::Method;
use ipnet::IpNet;

/// One declared network as far as it was looked at, over all methods and agents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Asked to the end by at least one method that asks each address by itself.
    pub asked: AddressSet,
    /// Answered by any method.
    pub answered: AddressSet,
    /// Left out by every method, by reason; an address may have several.
    pub gaps: BTreeMap<Why, AddressSet>,
}

impl Reach {
    /// Number of addresses that no method asked.
    pub fn missed(&self) -> u128 {
        let mut missed = AddressSet::new();
        for addresses in self.gaps.values() {
            missed.extend(addresses);
        }
        missed.len()
    }
}

/// The reach in each declared network, by its name and range.
pub fn reaches(coverage: &[Coverage]) -> BTreeMap<(String, IpNet), Reach> {
    let mut reaches: BTreeMap<(String, IpNet), Reach> = BTreeMap::new();
    for one in coverage {
        let reach = reaches.entry((one.vantage.network.clone(), one.cidr)).or_default();
        reach.answered.extend(&one.answered);
        // One question to a multicast group asks nobody in particular.
        if one.method != Method::Mdns {
            reach.asked.extend(&one.asked);
        }
        for left_out in &one.not_asked {
            reach.gaps.entry(left_out.why).or_default().extend(&left_out.addresses);
        }
    }
    for reach in reaches.values_mut() {
        let asked = &reach.asked;
        for addresses in reach.gaps.values_mut() {
            *addresses = without(addresses, asked);
        }
        reach.gaps.retain(|_, addresses| !addresses.is_empty());
    }
    reaches
}

/// The addresses of `all` that `taken` does not hold.
fn without(all: &AddressSet, taken: &AddressSet) -> AddressSet {
    let mut left = AddressSet::new();
    for (first, last) in all.ranges() {
        let (family, last) = (first.is_ipv4(), number(last));
        let mut from = Some(number(first));
        for (begin, end) in taken.ranges().filter(|(begin, _)| begin.is_ipv4() == family) {
            let (begin, end) = (number(begin), number(end));
            let Some(start) = from.filter(|start| *start <= end && begin <= last) else { continue };
            if start < begin {
                left.insert_range(address(family, start), address(family, begin - 1));
            }
            from = end.checked_add(1);
        }
        if let Some(start) = from.filter(|start| *start <= last) {
            left.insert_range(address(family, start), address(family, last));
        }
    }
    left
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn address(v4: bool, number: u128) -> IpAddr {
    if v4 {
        Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into()
    } else {
        Ipv6Addr::from(number).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(ranges: &[(u8, u8)]) -> AddressSet {
        let mut set = AddressSet::new();
        for (first, length) in ranges {
            let last = first.saturating_add(*length);
            set.insert_range([10, 0, 0, *first].into(), [10, 0, 0, last].into());
        }
        set
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_a_plain_set_would_leave(
            all in proptest::collection::vec((any::<u8>(), 0u8..40), 0..12),
            taken in proptest::collection::vec((any::<u8>(), 0u8..40), 0..12),
        ) {
            let (all, taken) = (set(&all), set(&taken));
            let model: BTreeSet<_> = all.iter().filter(|a| !taken.contains(*a)).collect();
            prop_assert_eq!(without(&all, &taken).iter().collect::<BTreeSet<_>>(), model);
        }
    }

    #[test]
    fn the_last_address_of_the_space_can_be_taken() {
        let mut all = AddressSet::new();
        all.insert_net("ffff::/16".parse().unwrap());
        assert!(without(&all, &all).is_empty());
    }
}
