//! Internet Printing Protocol: the encoding of requests and responses (RFC 8010 §3).
//!
//! A collection (RFC 8010 §3.1.6) stays what it is on the wire: values without a name that follow the
//! one that begins it.

use crate::wire::{Malformed, take};

/// Get-Printer-Attributes (RFC 8011 §5.4.15), the only operation that is ever asked for.
pub const GET_PRINTER_ATTRIBUTES: u16 = 0x000b;

/// Tag of the operation attributes (RFC 8010 §3.5.1).
pub const OPERATION: u8 = 0x01;
/// Tag of the printer attributes (RFC 8010 §3.5.1).
pub const PRINTER: u8 = 0x04;
/// Tag of the end of attributes (RFC 8010 §3.5.1).
const END: u8 = 0x03;
/// The lowest tag of a value; below are those of groups (RFC 8010 §3.5).
const FIRST_VALUE: u8 = 0x10;

/// Most attributes and values read of one message.
pub const MOST_VALUES: usize = 4096;

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its syntax (RFC 8010 §3.5.2), 0x10 or more.
    pub tag: u8,
    /// As on the wire, at most 65,535 octets; what is longer is cut by [`Message::encode`].
    pub octets: Vec<u8>,
}

/// An attribute with at least one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, never empty.
    pub name: Vec<u8>,
    /// Its values in order.
    pub values: Vec<Value>,
}

/// A group of attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// [`OPERATION`], [`PRINTER`] or another below 0x10.
    pub tag: u8,
    /// In order.
    pub attributes: Vec<Attribute>,
}

/// A request or a response, without the document that may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Major and minor version number.
    pub version: (u8, u8),
    /// The operation of a request (RFC 8011 §5.4.15), the status of a response (RFC 8011 §B).
    pub code: u16,
    /// The same in a request and its response.
    pub request_id: u32,
    /// In order.
    pub groups: Vec<Group>,
}

impl Value {
    /// A value of this syntax.
    pub fn new(tag: u8, octets: &[u8]) -> Self {
        Self { tag, octets: octets.to_vec() }
    }

    /// The octets of a text or name value, without its language (RFC 8010 §3.9); `None` for other syntaxes.
    pub fn text(&self) -> Option<&[u8]> {
        match self.tag {
            // octetString, and character strings from textWithoutLanguage to mimeMediaType.
            0x30 | 0x41..=0x49 => Some(&self.octets),
            // textWithLanguage, nameWithLanguage.
            0x35 | 0x36 => {
                let (_, rest) = counted(&self.octets).ok()?;
                counted(rest).ok().map(|(text, _)| text)
            }
            _ => None,
        }
    }

    /// The number of an integer or enum value.
    pub fn number(&self) -> Option<i32> {
        let octets =
            self.octets.as_slice().try_into().ok().filter(|_| matches!(self.tag, 0x21 | 0x23));
        octets.map(i32::from_be_bytes)
    }

    /// The lower and upper end of a range of integers.
    pub fn range(&self) -> Option<(i32, i32)> {
        let octets: [u8; 8] =
            self.octets.as_slice().try_into().ok().filter(|_| self.tag == 0x33)?;
        let (low, high) = octets.split_at(4);
        let end = |half: &[u8]| half.try_into().ok().map(i32::from_be_bytes);
        Some((end(low)?, end(high)?))
    }

    /// What a boolean value says.
    pub fn boolean(&self) -> Option<bool> {
        match (self.tag, self.octets.as_slice()) {
            (0x22, [0]) => Some(false),
            (0x22, [1]) => Some(true),
            _ => None,
        }
    }
}

/// Octets after their count in two octets, and the rest.
fn counted(octets: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let (length, rest) = take::<2>(octets)?;
    let length = usize::from(u16::from_be_bytes(length));
    rest.split_at_checked(length).ok_or(Malformed::Truncated { need: length, have: rest.len() })
}

fn put_counted(out: &mut Vec<u8>, octets: &[u8]) {
    let length = u16::try_from(octets.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(octets.get(..usize::from(length)).unwrap_or_default());
}

impl Message {
    /// A request for these attributes of the printer at this URI (RFC 8011 §4.2.5.1), version 1.1.
    pub fn get_printer_attributes(request_id: u32, uri: &str, requested: &[&str]) -> Self {
        let one = |name: &str, tag: u8, octets: &[u8]| Attribute {
            name: name.as_bytes().to_vec(),
            values: vec![Value::new(tag, octets)],
        };
        let keywords = requested.iter().map(|name| Value::new(0x44, name.as_bytes())).collect();
        let attributes = vec![
            one("attributes-charset", 0x47, b"utf-8"),
            one("attributes-natural-language", 0x48, b"en"),
            one("printer-uri", 0x45, uri.as_bytes()),
            Attribute { name: b"requested-attributes".to_vec(), values: keywords },
        ];
        let groups = vec![Group { tag: OPERATION, attributes }];
        Self { version: (1, 1), code: GET_PRINTER_ATTRIBUTES, request_id, groups }
    }

    /// Reads a message; what follows the end of its attributes is document data and passed over.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut, a value comes before any group or name, or there are more than
    /// [`MOST_VALUES`] values.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let ([major, minor], rest) = take::<2>(octets)?;
        let (code, rest) = take::<2>(rest)?;
        let (request_id, mut rest) = take::<4>(rest)?;
        let mut groups: Vec<Group> = Vec::new();
        let mut values = 0;
        loop {
            let ([tag], after) = take::<1>(rest)?;
            rest = match tag {
                END => break,
                0..FIRST_VALUE => {
                    groups.push(Group { tag, attributes: Vec::new() });
                    after
                }
                FIRST_VALUE.. => take_value(tag, after, &mut groups)?,
            };
            values += 1;
            if values > MOST_VALUES {
                return Err(Malformed::Inconsistent { field: "number of values" });
            }
        }
        Ok(Self {
            version: (major, minor),
            code: u16::from_be_bytes(code),
            request_id: u32::from_be_bytes(request_id),
            groups,
        })
    }

    /// The octets of this message.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.version.0, self.version.1];
        out.extend_from_slice(&self.code.to_be_bytes());
        out.extend_from_slice(&self.request_id.to_be_bytes());
        for group in &self.groups {
            out.push(group.tag);
            for attribute in &group.attributes {
                let mut name = attribute.name.as_slice();
                for value in &attribute.values {
                    out.push(value.tag);
                    put_counted(&mut out, name);
                    put_counted(&mut out, &value.octets);
                    name = &[];
                }
            }
        }
        out.push(END);
        out
    }

    /// The attribute of this name in the first group with this tag that has it.
    pub fn attribute(&self, group: u8, name: &str) -> Option<&Attribute> {
        let groups = self.groups.iter().filter(|of| of.tag == group);
        groups.flat_map(|of| &of.attributes).find(|of| of.name == name.as_bytes())
    }
}

/// Reads what follows the tag of a value into the last group. Returns the rest.
fn take_value<'a>(tag: u8, octets: &'a [u8], groups: &mut [Group]) -> Result<&'a [u8], Malformed> {
    let (name, rest) = counted(octets)?;
    let (value, rest) = counted(rest)?;
    let outside = Malformed::Inconsistent { field: "value outside a group" };
    let attributes = &mut groups.last_mut().ok_or(outside)?.attributes;
    let value = Value::new(tag, value);
    if name.is_empty() {
        let nameless = Malformed::Inconsistent { field: "value without a name" };
        attributes.last_mut().ok_or(nameless)?.values.push(value);
    } else {
        attributes.push(Attribute { name: name.to_vec(), values: vec![value] });
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_reads_as_rfc_8010_writes_it() {
        let message = Message::get_printer_attributes(1, "ipp://192.0.2.7/ipp/print", &["a", "bc"]);
        let octets = message.encode();
        assert_eq!(octets[..9], [1, 1, 0, 0x0b, 0, 0, 0, 1, OPERATION]);
        assert_eq!(octets[9..12], [0x47, 0, 18]);
        let tail =
            [&[0x44, 0, 20][..], b"requested-attributes\0\x01a", &[0x44, 0, 0, 0, 2], b"bc\x03"];
        assert!(octets.ends_with(&tail.concat()));
        assert_eq!(Message::decode(&octets), Ok(message));
    }

    #[test]
    fn every_cut_of_a_message_is_refused() {
        let octets = Message::get_printer_attributes(7, "ipp://192.0.2.7/", &["a"]).encode();
        for end in 0..octets.len() {
            assert!(Message::decode(&octets[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn values_without_a_group_or_a_name_are_refused() {
        let head = [1, 1, 0, 0, 0, 0, 0, 1];
        for tail in [&[0x44, 0, 1, b'a', 0, 0, 3][..], &[PRINTER, 0x44, 0, 0, 0, 0, 3]] {
            let octets = [&head[..], tail].concat();
            assert!(matches!(Message::decode(&octets), Err(Malformed::Inconsistent { .. })));
        }
    }

    #[test]
    fn a_flood_of_groups_is_refused() {
        let octets =
            [vec![1, 1, 0, 0, 0, 0, 0, 1], vec![PRINTER; MOST_VALUES + 1], vec![3]].concat();
        assert!(Message::decode(&octets).is_err());
    }

    #[test]
    fn values_read_by_their_syntax() {
        assert_eq!(Value::new(0x41, b"text").text(), Some(&b"text"[..]));
        assert_eq!(Value::new(0x35, b"\0\x02ja\0\x04text").text(), Some(&b"text"[..]));
        assert_eq!(Value::new(0x35, b"\0\x09ja").text(), None);
        assert_eq!(Value::new(0x21, &[0xff, 0xff, 0xff, 0xff]).number(), Some(-1));
        assert_eq!(Value::new(0x21, &[1]).number(), None);
        assert_eq!(Value::new(0x33, &[0, 0, 0, 1, 0, 0, 0, 9]).range(), Some((1, 9)));
        assert_eq!(Value::new(0x22, &[1]).boolean(), Some(true));
        assert_eq!(Value::new(0x22, &[2]).boolean(), None);
    }

    fn groups() -> impl Strategy<Value = Vec<Group>> {
        let octets = || proptest::collection::vec(any::<u8>(), 0..20);
        let value = (0x10u8.., octets()).prop_map(|(tag, octets)| Value { tag, octets });
        let name = proptest::collection::vec(any::<u8>(), 1..20);
        let attribute = (name, proptest::collection::vec(value, 1..4))
            .prop_map(|(name, values)| Attribute { name, values });
        let tag = (0u8..0x10).prop_filter("the end", |tag| *tag != END);
        let group = (tag, proptest::collection::vec(attribute, 0..4))
            .prop_map(|(tag, attributes)| Group { tag, attributes });
        proptest::collection::vec(group, 0..4)
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(version: (u8, u8), code: u16, request_id: u32, groups in groups()) {
            let message = Message { version, code, request_id, groups };
            prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
        }

        #[test]
        fn nothing_panics(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(message) = Message::decode(&octets) {
                let values = message.groups.iter().flat_map(|g| &g.attributes).flat_map(|a| &a.values);
                for value in values {
                    let _ = (value.text(), value.number(), value.range(), value.boolean());
                }
            }
        }
    }
}
