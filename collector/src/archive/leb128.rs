//! Numbers in as few octets as they need: unsigned LEB128, seven bits an octet, the lowest first.

/// Octets of a number at most.
const LONGEST: u32 = 10;

/// Writes a number behind what is there.
pub(crate) fn put(octets: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            octets.push(low & 0x7f);
            return;
        }
        octets.push(low | 0x80);
    }
}

/// Reads a number and goes on behind it; none if it breaks off or is longer than any.
pub(crate) fn take(octets: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..LONGEST {
        let (octet, rest) = octets.split_first()?;
        *octets = rest;
        number |= u64::from(octet & 0x7f) << (7 * place);
        if octet & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// The same with a sign, which is folded into the lowest bit: 0, -1, 1, -2 … are 0, 1, 2, 3.
pub(crate) fn put_signed(octets: &mut Vec<u8>, number: i64) {
    put(octets, (number << 1 ^ number >> 63).cast_unsigned());
}

/// The same with a sign.
pub(crate) fn take_signed(octets: &mut &[u8]) -> Option<i64> {
    let number = take(octets)?;
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_comes_out_as_it_went_in(number: u64, signed: i64) {
            let mut octets = Vec::new();
            put(&mut octets, number);
            put_signed(&mut octets, signed);
            let mut rest = octets.as_slice();
            prop_assert_eq!(take(&mut rest), Some(number));
            prop_assert_eq!(take_signed(&mut rest), Some(signed));
            prop_assert!(rest.is_empty());
        }
    }

    #[test]
    fn a_small_number_takes_one_octet_and_what_breaks_off_is_none() {
        let mut octets = Vec::new();
        put_signed(&mut octets, -64);
        put_signed(&mut octets, 63);
        assert_eq!(octets.len(), 2);
        for mut octets in [&[][..], &[0x80], &[0x80; 11]] {
            assert_eq!(take(&mut octets), None);
        }
    }
}
