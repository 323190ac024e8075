//! XML of strangers: document types and entities are refused, size and nesting bounded.

use roxmltree::{Document, Node, ParsingOptions};

/// Longest document in octets.
const MOST_OCTETS: usize = 192 << 10;

/// Most nodes of a document.
const MOST_NODES: u32 = 4096;

/// Deepest nesting of elements.
const DEEPEST: usize = 32;

/// What is seen in a document in UTF-8 from its root on; `None` if it is none.
pub(super) fn read<T>(octets: &[u8], see: impl FnOnce(Node<'_, '_>) -> Option<T>) -> Option<T> {
    if octets.len() > MOST_OCTETS {
        return None;
    }
    read_text(&String::from_utf8_lossy(octets), see)
}

/// The same of a document that was decoded already.
pub(super) fn read_text<T>(text: &str, see: impl FnOnce(Node<'_, '_>) -> Option<T>) -> Option<T> {
    // Many devices begin or end with what is no XML.
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
    if is_too_deep(text) {
        return None;
    }
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    see(document.root_element())
}

/// The elements of this name in a node, whatever their name space: not every device writes the right
/// one.
pub(super) fn all<'a, 'i>(
    node: Node<'a, 'i>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.descendants().filter(move |it| it.is_element() && it.tag_name().name() == name)
}

/// The text of the first element of this name; empty if there is none.
pub(super) fn text<'a>(node: Node<'a, '_>, name: &'static str) -> &'a str {
    all(node, name).find_map(|it| it.text()).map(str::trim).unwrap_or_default()
}

/// Whether elements are nested deeper than in any document that is read here. Comments and character
/// data that look like elements count too.
fn is_too_deep(text: &str) -> bool {
    let mut depth = 0usize;
    text.as_bytes().windows(2).any(|pair| {
        match pair {
            [b'<', b'/'] | [b'/', b'>'] => depth = depth.saturating_sub(1),
            [b'<', b'?' | b'!'] => {}
            [b'<', _] => depth += 1,
            _ => {}
        }
        depth > DEEPEST
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Option<String> {
        read(text.as_bytes(), |root| Some(text_of(root)))
    }

    fn text_of(root: Node<'_, '_>) -> String {
        text(root, "b").to_owned()
    }

    #[test]
    fn elements_are_found_whatever_their_name_space() {
        assert_eq!(seen("<x:a xmlns:x='urn:x'><x:b> one </x:b></x:a>").as_deref(), Some("one"));
        assert_eq!(seen("<a/>").as_deref(), Some(""));
    }

    #[test]
    fn entities_depth_and_size_are_refused() {
        assert_eq!(seen("<!DOCTYPE a [<!ENTITY e 'x'>]><a><b>&e;</b></a>"), None);
        assert_eq!(seen(&["<a>".repeat(50_000), "</a>".repeat(50_000)].concat()), None);
        assert_eq!(seen(&format!("<a>{}</a>", "<b/>".repeat(20_000))), None);
        assert_eq!(seen(&format!("<a><b>{}</b></a>", "x".repeat(MOST_OCTETS))), None);
        assert_eq!(seen("not XML"), None);
    }
}
