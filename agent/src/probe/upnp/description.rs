//! A device description in XML (`UPnP` Device Architecture 1.1 §2.3). Document types and entities are
//! refused, size, nesting and the number of devices bounded.

use daicho_common::text::Text;
use daicho_common::wire::http::Uri;
use encoding_rs::{Encoding, UTF_8};
use roxmltree::Node;

use crate::probe::xml;

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
    xml::read_text(&decoded(octets), |root| devices(root, at))
}

fn devices(root: Node<'_, '_>, at: &Uri) -> Option<Vec<(&'static str, Text)>> {
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
