//! Sub-identifiers of indices: addresses written as numbers (RFC 2578 §7.7, RFC 4001 §4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use daicho_common::addr::Mac;

/// This many octets from the front, and the rest; `None` if there are fewer, or a number above 255.
fn octets<const N: usize>(numbers: &[u32]) -> Option<([u8; N], &[u32])> {
    let (front, rest) = numbers.split_first_chunk::<N>()?;
    let mut octets = [0; N];
    for (to, from) in octets.iter_mut().zip(front) {
        *to = u8::try_from(*from).ok()?;
    }
    Some((octets, rest))
}

/// The MAC address in exactly these numbers.
pub fn mac(numbers: &[u32]) -> Option<Mac> {
    let (octets, rest) = octets::<6>(numbers)?;
    rest.is_empty().then(|| Mac::new(octets))
}

/// The IPv4 address in exactly these numbers.
pub fn ipv4(numbers: &[u32]) -> Option<Ipv4Addr> {
    let (octets, rest) = octets::<4>(numbers)?;
    rest.is_empty().then(|| Ipv4Addr::from(octets))
}

/// `InetAddressType` and `InetAddress` in exactly these numbers: type, length, octets. The zone of a
/// link-local address is left out. Names (type 16) are no addresses.
pub fn inet(numbers: &[u32]) -> Option<IpAddr> {
    let ([kind, length], rest) = numbers.split_first_chunk::<2>()?;
    if usize::try_from(*length).ok()? != rest.len() {
        return None;
    }
    match (kind, length) {
        (1, 4) | (3, 8) => {
            let (four, zone) = octets::<4>(rest)?;
            zone.iter().all(|number| *number <= 255).then(|| IpAddr::from(four))
        }
        (2, 16) | (4, 20) => {
            let (sixteen, zone) = octets::<16>(rest)?;
            let whole = zone.iter().all(|number| *number <= 255);
            whole.then(|| IpAddr::V6(Ipv6Addr::from(sixteen)))
        }
        _ => None,
    }
}

/// Whether a host can have the address.
pub fn is_a_hosts(ip: IpAddr) -> bool {
    !ip.is_unspecified() && !ip.is_multicast() && !ip.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_read_out_of_indices() {
        let want: Mac = "00:1a:2b:3c:4d:5e".parse().unwrap();
        assert_eq!(mac(&[0, 26, 43, 60, 77, 94]), Some(want));
        assert_eq!(ipv4(&[10, 20, 1, 7]), Some(Ipv4Addr::new(10, 20, 1, 7)));
        assert_eq!(inet(&[1, 4, 10, 20, 1, 7]), Some("10.20.1.7".parse().unwrap()));
        assert_eq!(inet(&[3, 8, 10, 20, 1, 7, 0, 0, 0, 2]), Some("10.20.1.7".parse().unwrap()));
        let mut six = vec![4, 20];
        six.extend("fe80::1".parse::<Ipv6Addr>().unwrap().octets().map(u32::from));
        six.extend([0, 0, 0, 3]);
        assert_eq!(inet(&six), Some("fe80::1".parse().unwrap()));
    }

    #[test]
    fn indices_that_are_no_addresses_are_none() {
        assert_eq!(mac(&[0, 26, 43, 60, 77]), None);
        assert_eq!(mac(&[0, 26, 43, 60, 77, 94, 1]), None);
        assert_eq!(mac(&[0, 26, 43, 60, 77, 256]), None);
        for numbers in [
            &[][..],
            &[1],
            &[1, 4, 10, 20, 1],
            &[1, 3, 10, 20, 1],
            &[1, 4, 10, 20, 1, 300],
            &[2, 4, 10, 20, 1, 7],
            &[16, 4, 10, 20, 1, 7],
            &[1, u32::MAX, 10, 20, 1, 7],
            &[3, 8, 10, 20, 1, 7, 0, 0, 0, 999],
        ] {
            assert_eq!(inet(numbers), None, "{numbers:?}");
        }
    }

    proptest! {
        #[test]
        fn no_index_is_read_with_fewer_octets_than_it_has(
            numbers in proptest::collection::vec(any::<u32>(), 0..24),
        ) {
            prop_assert!(mac(&numbers).is_none() || numbers.len() == 6);
            prop_assert!(ipv4(&numbers).is_none() || numbers.len() == 4);
            prop_assert!(inet(&numbers).is_none() || numbers.len() >= 6);
        }
    }
}
