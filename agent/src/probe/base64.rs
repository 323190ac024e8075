//! Base64 (RFC 4648 §4).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The octets as digits, filled up with `=`.
pub(super) fn encode(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len().div_ceil(3) * 4);
    for group in octets.chunks(3) {
        let bits =
            (0..3).fold(0, |sum, n| sum << 8 | group.get(n).map_or(0, |it| usize::from(*it)));
        for n in 0..4 {
            let digit = ALPHABET.get(bits >> (18 - 6 * n) & 0x3f).copied().unwrap_or_default();
            out.push(if n <= group.len() { digit } else { b'=' });
        }
    }
    out
}
