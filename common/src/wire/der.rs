//! DER, as far as negotiation tokens and certificates need it (ITU-T X.690 §8.1, §10.1): tags of one
//! octet, definite lengths of up to four.

use super::{Malformed, take};

/// `INTEGER`.
pub const INTEGER: u8 = 0x02;
/// `OCTET STRING`.
pub const OCTET_STRING: u8 = 0x04;
/// `OBJECT IDENTIFIER`.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// `SEQUENCE` and `SEQUENCE OF`.
pub const SEQUENCE: u8 = 0x30;
/// `SET` and `SET OF`.
pub const SET: u8 = 0x31;

/// The tag of a constructed, context-specific element with this number, 0–30.
pub const fn context(number: u8) -> u8 {
    0xa0 | (number & 0x1f)
}

/// The first element: its tag, its contents and what follows it.
///
/// # Errors
/// [`Malformed`] if it is cut, its tag takes more than one octet, or its length is indefinite or over
/// four octets long. A length that is written longer than it needs to be is taken, as devices write it.
pub fn read(octets: &[u8]) -> Result<(u8, &[u8], &[u8]), Malformed> {
    let ([tag, first], mut rest) = take::<2>(octets)?;
    if tag & 0x1f == 0x1f {
        return Err(Malformed::Unsupported { field: "tag", value: tag.into() });
    }
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81..=0x84 => {
            let mut length = 0;
            for _ in 0x80..first {
                let ([octet], after) = take::<1>(rest)?;
                length = length << 8 | usize::from(octet);
                rest = after;
            }
            length
        }
        0x80 | 0x85.. => {
            return Err(Malformed::Unsupported { field: "length", value: first.into() });
        }
    };
    let (contents, rest) = rest
        .split_at_checked(length)
        .ok_or(Malformed::Truncated { need: length, have: rest.len() })?;
    Ok((tag, contents, rest))
}

/// The contents of the first element, which has this tag, and what follows it.
///
/// # Errors
/// As [`read`], or if it has another tag.
pub fn expect(tag: u8, octets: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    match read(octets)? {
        (found, contents, rest) if found == tag => Ok((contents, rest)),
        (found, ..) => Err(Malformed::Unsupported { field: "tag", value: found.into() }),
    }
}

/// The contents of the first element with this tag in a row of elements; `None` if there is none or
/// what comes before it cannot be read.
pub fn find(tag: u8, mut octets: &[u8]) -> Option<&[u8]> {
    loop {
        match read(octets) {
            Ok((found, contents, _)) if found == tag => return Some(contents),
            Ok((_, _, rest)) => octets = rest,
            Err(_) => return None,
        }
    }
}

/// An element with this tag of one octet and these contents. Those are cut at 4 GiB.
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u32::try_from(contents.len()).unwrap_or(u32::MAX);
    let octets = length.to_be_bytes();
    let skip = octets.iter().take_while(|octet| **octet == 0).count().min(3);
    let long = octets.get(skip..).unwrap_or_default();
    let mut out = vec![tag];
    if length >= 0x80 {
        out.push(0x80 | u8::try_from(long.len()).unwrap_or(4));
    }
    out.extend_from_slice(long);
    out.extend(contents.iter().take(length as usize));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_written_as_short_as_can_be_and_read_back() {
        for (length, head) in [
            (0, vec![4, 0]),
            (0x7f, vec![4, 0x7f]),
            (0x80, vec![4, 0x81, 0x80]),
            (0x1234, vec![4, 0x82, 0x12, 0x34]),
        ] {
            let contents = vec![7; length];
            let octets = element(OCTET_STRING, &contents);
            assert_eq!(octets[..head.len()], head);
            assert_eq!(expect(OCTET_STRING, &octets), Ok((contents.as_slice(), &[][..])));
            for end in 0..octets.len() {
                assert!(read(&octets[..end]).is_err());
            }
        }
    }

    #[test]
    fn an_indefinite_length_and_one_of_gigabytes_are_refused() {
        assert!(read(&[0x30, 0x80, 0, 0]).is_err());
        assert!(read(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]).is_err());
        assert!(read(&[0x30, 0x85, 0, 0, 0, 0, 0]).is_err());
        assert!(read(&[0x1f, 0x81, 0]).is_err());
    }

    #[test]
    fn an_element_is_found_by_its_tag_in_a_row() {
        let row = [element(INTEGER, &[1]), element(context(2), b"x"), element(SET, b"")].concat();
        assert_eq!(find(context(2), &row), Some(&b"x"[..]));
        assert_eq!(find(OCTET_STRING, &row), None);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_elements_survive(
            octets in proptest::collection::vec(any::<u8>(), 0..300), tag in 0u8..0x1f
        ) {
            let _ = (read(&octets), find(tag, &octets));
            let written = element(tag, &octets);
            prop_assert_eq!(read(&written), Ok((tag, octets.as_slice(), &[][..])));
        }
    }
}
