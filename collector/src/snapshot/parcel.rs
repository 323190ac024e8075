//! A signed snapshot as a file, on its way to another collector: a line that says what it is, a line of
//! JSON with who, when, why, digest, key and signature, and the content as it was signed. Nothing is
//! believed here; what is signed by whom is for [`crate::seal`] to say.

use daicho_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Digest, hex};

/// The first line.
pub const MAGIC: &str = "DAICHO SNAPSHOT 1";
/// Largest file, in octets: a site of a million devices fits.
pub const LARGEST: usize = 1 << 30;
/// Longest second line, in octets.
const HEAD: usize = 16 << 10;

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// When it was taken.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
    /// The digest of its content.
    pub digest: Digest,
    /// The public key that signed it.
    pub key: [u8; 32],
    /// The signature (Ed25519).
    pub signature: Vec<u8>,
    /// The content, as canonical JSON.
    pub content: String,
}

/// Why a file is no parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is something else.
    #[error("no snapshot")]
    Other,
    /// It is of a form that is not known here.
    #[error("a snapshot of another form")]
    Form,
    /// It is cut off or was altered.
    #[error("a snapshot that is cut off or was altered")]
    Damaged,
    /// It is larger than any.
    #[error("larger than {LARGEST} octets")]
    TooLarge,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    at: i64,
    by: String,
    why: String,
    digest: String,
    key: String,
    signature: String,
    /// The length of the content, in octets, so that a file that was cut off is known as one.
    length: usize,
}

impl Parcel {
    /// The file.
    ///
    /// # Errors
    /// Never for text; the error is that of serialising.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let head = Head {
            at: self.at.micros(),
            by: self.by.clone(),
            why: self.why.clone(),
            digest: self.digest.hex(),
            key: hex(&self.key),
            signature: hex(&self.signature),
            length: self.content.len(),
        };
        let head = serde_json::to_string(&head)?;
        Ok(format!("{MAGIC}\n{head}\n{}", self.content).into_bytes())
    }

    /// Reads a file, whatever it is.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn decode(octets: &[u8]) -> Result<Self, Unreadable> {
        if octets.len() > LARGEST {
            return Err(Unreadable::TooLarge);
        }
        let Some(rest) = octets.strip_prefix(MAGIC.as_bytes()) else {
            let known = MAGIC.trim_end_matches('1').as_bytes();
            let form = octets.starts_with(known);
            return Err(if form { Unreadable::Form } else { Unreadable::Other });
        };
        let rest = rest.strip_prefix(b"\n").ok_or(Unreadable::Damaged)?;
        let end = rest.iter().take(HEAD).position(|octet| *octet == b'\n');
        let (head, content) =
            rest.split_at_checked(end.ok_or(Unreadable::Damaged)?).ok_or(Unreadable::Damaged)?;
        let content = content.get(1..).unwrap_or_default();
        let head: Head = serde_json::from_slice(head).map_err(|_| Unreadable::Damaged)?;
        let content = std::str::from_utf8(content).map_err(|_| Unreadable::Damaged)?;
        if content.len() != head.length {
            return Err(Unreadable::Damaged);
        }
        Ok(Self {
            at: Timestamp::from_micros(head.at),
            by: head.by,
            why: head.why,
            digest: Digest(fixed(&head.digest).ok_or(Unreadable::Damaged)?),
            key: fixed(&head.key).ok_or(Unreadable::Damaged)?,
            signature: octets_of(&head.signature).ok_or(Unreadable::Damaged)?,
            content: content.to_owned(),
        })
    }
}

/// Octets from hexadecimal digits.
fn octets_of(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(
        digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |sum, digit| (sum << 4) | digit))
            .collect(),
    )
}

/// Thirty-two octets from hexadecimal digits: a key as people write it, or a digest.
pub fn fixed(text: &str) -> Option<[u8; 32]> {
    octets_of(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parcel(by: &str, content: &str) -> Parcel {
        Parcel {
            at: Timestamp::from_micros(1_775_003_400_000_000),
            by: by.into(),
            why: "棚卸\n\"前\"".into(),
            digest: super::super::digest(content),
            key: [7; 32],
            signature: vec![9; 64],
            content: content.into(),
        }
    }

    #[test]
    fn what_is_cut_off_lengthened_or_something_else_is_told_apart() {
        let whole = parcel("田中", "{\"day\":\"2026-04-01\"}").encode().unwrap();
        assert!(Parcel::decode(&whole).is_ok());
        for end in MAGIC.len()..whole.len() {
            assert_eq!(Parcel::decode(&whole[..end]), Err(Unreadable::Damaged), "{end}");
        }
        let longer = [&whole[..], b" "].concat();
        assert_eq!(Parcel::decode(&longer), Err(Unreadable::Damaged));
        assert_eq!(Parcel::decode(b"PK\x03\x04"), Err(Unreadable::Other));
        assert_eq!(Parcel::decode(b""), Err(Unreadable::Other));
        assert_eq!(Parcel::decode(b"DAICHO SNAPSHOT 2\n{}\n"), Err(Unreadable::Form));
        let endless = [MAGIC.as_bytes(), b"\n", &vec![b'{'; HEAD + 1]].concat();
        assert_eq!(Parcel::decode(&endless), Err(Unreadable::Damaged));
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(by in ".*", content in ".*") {
            let made = parcel(&by, &content);
            prop_assert_eq!(Parcel::decode(&made.encode().unwrap()), Ok(made));
        }

        #[test]
        fn whatever_comes_is_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Parcel::decode(&octets);
            let _ = Parcel::decode(&[MAGIC.as_bytes(), b"\n", &octets].concat());
        }
    }
}
