//! What a finding says as a number, by which somebody sees whether it still says the same.

use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// Octets of the digest that are kept; what it tells apart is one finding's facts now and then.
const KEPT: usize = 8;

/// The beginning of the SHA-256 digest of what a finding says, written as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest([u8; KEPT]);

impl Digest {
    /// Of these facts, in this order.
    pub fn of(facts: &[impl AsRef<str>]) -> Self {
        let mut hash = Sha256::new();
        for fact in facts.iter().map(AsRef::as_ref) {
            hash.update((fact.len() as u64).to_be_bytes());
            hash.update(fact);
        }
        let mut kept = [0; KEPT];
        for (to, from) in kept.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        Self(kept)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_told_apart_by_where_one_ends_and_the_next_begins() {
        let of = |facts: &[&str]| Digest::of(facts);
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&[]), of(&[""]));
        // SHA-256 of no octets (FIPS 180-4) begins so; people's answers have it in this spelling.
        assert_eq!(of(&[]).to_string(), "e3b0c44298fc1c14");
        assert_eq!(serde_json::to_value(of(&[])).unwrap(), "e3b0c44298fc1c14");
    }
}
