//! Prints of an icon: SHA-256; MD5, by which Recog names icons; and `MurmurHash3` (x86, 32 bits, seed 0) of its base64 in lines of 76
//! characters (RFC 2045 §6.8), as a signed number, which is how public lists of fingerprints name icons.

use md5::{Digest as _, Md5};
use ring::digest;

use crate::probe::base64;

/// Octets that fill a line of base64.
const LINE: usize = 57;

/// SHA-256 in hexadecimal.
pub(super) fn sha256(octets: &[u8]) -> String {
    hexadecimal(digest::digest(&digest::SHA256, octets).as_ref())
}

/// MD5 in hexadecimal: a name for an icon, which nothing rests on.
pub(super) fn md5(octets: &[u8]) -> String {
    hexadecimal(Md5::digest(octets).as_ref())
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

/// The print that search engines and lists of fingerprints use.
pub(super) fn mmh3(octets: &[u8]) -> i32 {
    murmur3(&in_lines(octets)).cast_signed()
}

/// Base64 in lines, each with its line feed.
fn in_lines(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() / 3 * 4 + octets.len() / LINE + 8);
    for line in octets.chunks(LINE) {
        out.extend(base64::encode(line));
        out.push(b'\n');
    }
    out
}

/// `MurmurHash3` for x86, 32 bits, seed 0.
fn murmur3(octets: &[u8]) -> u32 {
    let mixed =
        |block: u32| block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let mut hash = 0u32;
    let (blocks, tail) = octets.as_chunks::<4>();
    for block in blocks {
        hash ^= mixed(u32::from_le_bytes(*block));
        hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let tail = tail.iter().rev().fold(0, |sum, octet| sum << 8 | u32::from(*octet));
    hash ^= mixed(tail);
    hash ^= u32::try_from(octets.len()).unwrap_or(u32::MAX);
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_are_those_that_other_programs_compute() {
        // Reference values of MurmurHash3_x86_32 with seed 0.
        assert_eq!(murmur3(b""), 0);
        assert_eq!(murmur3(b"hello"), 0x248b_fa47);
        assert_eq!(murmur3(b"hello, world"), 0x149b_bb7f);
        assert_eq!(murmur3(b"The quick brown fox jumps over the lazy dog"), 0x2e4f_f723);
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        // RFC 1321 §A.5.
        assert_eq!(md5(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn base64_comes_in_lines_with_their_ends() {
        for (octets, text) in [
            (b"f".as_slice(), b"Zg==\n".as_slice()),
            (b"fo", b"Zm8=\n"),
            (b"foo", b"Zm9v\n"),
            (b"foobar", b"Zm9vYmFy\n"),
            (b"", b""),
        ] {
            assert_eq!(in_lines(octets), text);
        }
        let long = in_lines(&[0xff; 58]);
        assert_eq!(long.len(), 77 + 5);
        assert!(long.ends_with(b"/\n/w==\n"));
    }
}
