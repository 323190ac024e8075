//! What services say of themselves when they are asked: named fields in the words of each protocol.
//!
//! Which fields there are is said where they are made, in `agent::probe`; what they mean is for the
//! collector's fingerprints. Dates, counters, nonces and other things that change with every look are
//! left out: a fact that changes with every look cannot be told from news.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// Most fields that one service may have; what comes after is left out.
pub const MOST_FIELDS: usize = 64;

/// What a service said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The TCP or UDP port, as the protocol has it; 0 where the speaker was heard as the client.
    pub port: u16,
    /// Name and value in the order said. Names are lower case with underscores; one that the protocol
    /// has itself is written as it is there, with `-` kept. A name may come more than once.
    pub fields: Vec<(Text, Text)>,
}

impl Said {
    /// Nothing said yet at this port.
    pub const fn at(port: u16) -> Self {
        Self { port, fields: Vec::new() }
    }

    /// Adds a field, unless the value is empty or there are [`MOST_FIELDS`] already.
    pub fn add(&mut self, name: &str, value: Text) {
        if !value.is_empty() && self.fields.len() < MOST_FIELDS {
            self.fields.push((Text::clean(name), value));
        }
    }

    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find(|(of, _)| of.as_str() == name).map(|(_, value)| value.as_str())
    }

    /// Every value of this name, in the order said.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let fields = self.fields.iter().filter(move |(of, _)| of.as_str() == name);
        fields.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_are_left_out_and_the_rest_is_bounded() {
        let mut said = Said::at(80);
        said.add("server", Text::clean(" "));
        assert_eq!(said.get("server"), None);
        for n in 0..2 * MOST_FIELDS {
            said.add("title", Text::clean(&n.to_string()));
        }
        assert_eq!(said.fields.len(), MOST_FIELDS);
        assert_eq!(said.get("title"), Some("0"));
        assert_eq!(said.all("title").last(), Some("63"));
    }
}
