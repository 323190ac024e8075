//! Certificates (X.509, RFC 5280 §4.1) as far as their subject: nothing is verified.

use super::Malformed;
use super::der::{self, INTEGER, OBJECT_IDENTIFIER, SEQUENCE, SET, context};
use crate::text::Text;

/// Most attributes of a name that are read.
const MOST_ATTRIBUTES: usize = 16;

/// `BMPString`: UTF-16, high octet first (X.690 §8.23.7).
const BMP_STRING: u8 = 0x1e;

/// Attribute types that names are made of, under 2.5.4 (RFC 4514 §3).
const TYPES: [(u8, &str); 6] = [(3, "CN"), (6, "C"), (7, "L"), (8, "ST"), (10, "O"), (11, "OU")];

/// The subject of a certificate as text, first what the certificate has first: `CN=nurse-07, O=Ward`.
/// Attributes of types without a short name are left out. Empty where the subject is.
///
/// # Errors
/// [`Malformed`] if it is cut or no certificate.
pub fn subject(certificate: &[u8]) -> Result<Text, Malformed> {
    let (whole, _) = der::expect(SEQUENCE, certificate)?;
    let (mut rest, _) = der::expect(SEQUENCE, whole)?;
    if let Ok((_version, after)) = der::expect(context(0), rest) {
        rest = after;
    }
    let (_serial, rest) = der::expect(INTEGER, rest)?;
    let (_algorithm, rest) = der::expect(SEQUENCE, rest)?;
    let (_issuer, rest) = der::expect(SEQUENCE, rest)?;
    let (_validity, rest) = der::expect(SEQUENCE, rest)?;
    let (mut names, _) = der::expect(SEQUENCE, rest)?;
    let mut parts = Vec::new();
    while !names.is_empty() && parts.len() < MOST_ATTRIBUTES {
        let (set, after) = der::expect(SET, names)?;
        let (attribute, _) = der::expect(SEQUENCE, set)?;
        let (oid, value) = der::expect(OBJECT_IDENTIFIER, attribute)?;
        let (tag, value, _) = der::read(value)?;
        if let [0x55, 4, number] = oid
            && let Some((_, name)) = TYPES.iter().find(|(of, _)| of == number)
        {
            parts.push(format!("{name}={}", text(tag, value)));
        }
        names = after;
    }
    Ok(Text::clean(&parts.join(", ")))
}

/// A string of any of the kinds that names have.
fn text(tag: u8, value: &[u8]) -> Text {
    if tag != BMP_STRING {
        return Text::from_wire(value);
    }
    let swapped: Vec<u8> =
        value.chunks_exact(2).flat_map(|pair| pair.iter().rev().copied()).collect();
    super::ntlm::utf16(&swapped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attribute(number: u8, tag: u8, value: &[u8]) -> Vec<u8> {
        let oid = der::element(OBJECT_IDENTIFIER, &[0x55, 4, number]);
        let pair = der::element(SEQUENCE, &[oid, der::element(tag, value)].concat());
        der::element(SET, &pair)
    }

    fn certificate(subject: &[u8], versioned: bool) -> Vec<u8> {
        let mut parts = Vec::new();
        if versioned {
            parts.extend(der::element(context(0), &der::element(INTEGER, &[2])));
        }
        parts.extend(der::element(INTEGER, &[9]));
        for _ in 0..3 {
            parts.extend(der::element(SEQUENCE, &[]));
        }
        parts.extend(der::element(SEQUENCE, subject));
        der::element(SEQUENCE, &der::element(SEQUENCE, &parts))
    }

    #[test]
    fn a_subject_is_read_with_and_without_a_version_and_in_every_kind_of_string() {
        let names = [
            attribute(3, 0x0c, b"nurse-07"),
            attribute(5, 0x13, b"no short name"),
            attribute(10, BMP_STRING, &[0x53, 0xd7, 0x4e, 0xd8]),
        ];
        for versioned in [true, false] {
            let octets = certificate(&names.concat(), versioned);
            assert_eq!(subject(&octets).unwrap().as_str(), "CN=nurse-07, O=受付");
            for end in 0..octets.len() {
                assert!(subject(&octets[..end]).is_err());
            }
        }
        assert_eq!(subject(&certificate(&[], true)), Ok(Text::default()));
    }

    #[test]
    fn a_name_of_megabytes_and_names_without_end_are_bounded() {
        let long = certificate(&attribute(3, 0x0c, &vec![b'x'; 10 << 20]), true);
        assert!(subject(&long).unwrap().as_str().len() <= 1024);
        let many = certificate(&attribute(3, 0x0c, b"x").repeat(1000), true);
        assert_eq!(subject(&many).unwrap().as_str().matches("CN=").count(), MOST_ATTRIBUTES);
    }

    proptest! {
        #[test]
        fn nothing_panics(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = subject(&octets);
            let _ = subject(&certificate(&octets, true));
        }
    }
}
