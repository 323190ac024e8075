//! A device description in XML (`UPnP` Device Architecture 1.1 §2.3). Document types and entities are
//! refused, size, nesting and the number of devices bounded.

use daicho_common::text::Text;
use daicho_common::wire::http::Uri;
use encoding_rs::{Encoding, UTF_8};
use roxmltree::{Document, Node, ParsingOptions};

/// Most nodes of a document.
const MOST_NODES: u32 = 4096;

/// Deepest nesting of elements.
const DEEPEST: usize = 32;

/// Most devices that are read of one description, the root device included.
const MOST_DEVICES: usize = 5;

/// Octets in which a document says how it is encoded.
const PROLOGUE: usize = 128;

/// Elements of a device, and the names of their fields.
const ELEMENTS: [(&str, &str); 9] = [
    ("deviceType", "device_type"),
    ("friendlyName", "friendly_name"),
    ("manufacturer", "manufacturer"),
    ("manufacturerURL", "manufacturer_url"),
    ("modelName", "model_name"),
    ("modelNumber", "model_number"),
    ("modelDescription", "model_description"),
    ("serialNumber", "serial"),
    ("UDN", "udn"),
];

/// The fields of the description that was read at `at`; `None` if it is none.
pub fn fields(octets: &[u8], at: &Uri) -> Option<Vec<(&'static str, Text)>> {
    let text = decoded(octets);
    // Many devices begin or end with what is no XML.
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
    if is_too_deep(text) {
        return None;
    }
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    let root = document.root_element();
    let base = child(root, "URLBase").and_then(|base| Uri::parse(base.text()?));
    let base = base.filter(|base| base.authority.host == at.authority.host);
    let base = base.unwrap_or_else(|| at.clone());
    let devices = root.descendants().filter(|node| node.has_tag_name_of("device"));
    let mut fields = Vec::new();
    for device in devices.take(MOST_DEVICES) {
        for (element, name) in ELEMENTS {
            if let Some(text) = child(device, element).and_then(|node| node.text()) {
                fields.push((name, Text::clean(text)));
            }
        }
        let shown = child(device, "presentationURL").and_then(|node| node.text());
        let shown = shown.map(str::trim).filter(|shown| !shown.is_empty());
        if let Some(shown) = shown.and_then(|shown| base.join(shown)) {
            fields.push(("presentation_url", Text::clean(&shown.to_string())));
        }
    }
    (!fields.is_empty()).then_some(fields)
}

/// Whatever the name space: not every device writes the right one.
trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name_of(name))
}

/// Whether elements are nested deeper than in any description. Comments and character data that look
/// like elements count too, which refuses nothing that devices write.
fn is_too_deep(text: &str) -> bool {
    let mut depth = 0usize;
    let octets = text.as_bytes();
    octets.windows(2).any(|pair| {
        match pair {
            [b'<', b'/'] | [b'/', b'>'] => depth = depth.saturating_sub(1),
            [b'<', b'?' | b'!'] => {}
            [b'<', _] => depth += 1,
            _ => {}
        }
        depth > DEEPEST
    })
}

/// As its mark or declaration says, else as UTF-8.
fn decoded(octets: &[u8]) -> std::borrow::Cow<'_, str> {
    let prologue = String::from_utf8_lossy(octets.get(..PROLOGUE).unwrap_or(octets));
    let declared = prologue.split_once("encoding=").and_then(|(_, after)| {
        let label = after.get(1..)?.split(['"', '\'']).next()?;
        Encoding::for_label(label.as_bytes())
    });
    // Who writes UTF-16 in a declaration that reads as ASCII is mistaken.
    let declared = declared.filter(|it| it.is_ascii_compatible());
    declared.unwrap_or(UTF_8).decode(octets).0
}
