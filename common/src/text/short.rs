//! Texts of which there are a dozen for every device, most of them short and many of them alike: up to 15
//! octets need no memory of their own, and what is longer is shared by its copies.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use ecow::EcoString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is kept for long and never grows.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Short(EcoString);

impl Short {
    /// Octets of a text that needs no memory of its own.
    pub const INLINE: usize = EcoString::INLINE_LIMIT;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Short {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Short {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Short {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Short {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Short {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl PartialEq<str> for Short {
    fn eq(&self, other: &str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<&str> for Short {
    fn eq(&self, other: &&str) -> bool {
        self.0 == **other
    }
}

impl PartialEq<String> for Short {
    fn eq(&self, other: &String) -> bool {
        self.0 == **other
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Short {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Short {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_sixteen_octets_and_a_long_one_is_shared_by_its_copies() {
        assert_eq!(size_of::<Short>(), 16);
        let long = Short::from("Hewlett Packard Enterprise");
        assert_eq!(long.as_ptr(), long.clone().as_ptr());
        assert_eq!(serde_json::to_string(&long).unwrap(), "\"Hewlett Packard Enterprise\"");
        assert_eq!(serde_json::from_str::<Short>("\"Hewlett\"").unwrap(), "Hewlett");
        assert_eq!(
            (format!("{long:?}"), long.len()),
            ("\"Hewlett Packard Enterprise\"".into(), 26)
        );
        assert_eq!(Short::INLINE, 15);
    }
}
