//! A drawing as SVG 1.1: no script, no reference, text as text.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::drawing::{Drawing, Ink, Shape};

/// Writes a drawing with its title.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut impl Write, title: &str, drawing: &Drawing) -> io::Result<()> {
    let (width, height) = drawing.size;
    let mut text = String::new();
    let head = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" viewBox="0 0 {width} {height}" font-family="'IPAexGothic','Noto Sans CJK JP','Yu Gothic','Meiryo',sans-serif">"#
    );
    text.push_str(&head);
    text.push_str("\n<title>");
    escape(&mut text, title);
    text.push_str("</title>\n");
    for shape in &drawing.shapes {
        one(&mut text, shape).map_err(io::Error::other)?;
    }
    text.push_str("</svg>\n");
    out.write_all(text.as_bytes())
}

fn one(out: &mut String, shape: &Shape) -> std::fmt::Result {
    match shape {
        Shape::Frame { at, size, fill, line } => {
            let (fill, line) = (fill.map_or("none".to_owned(), hex), line.map(hex));
            let line = line.unwrap_or_else(|| "none".to_owned());
            writeln!(
                out,
                r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{fill}" stroke="{line}" stroke-width="0.7"/>"#,
                at.0, at.1, size.0, size.1
            )
        }
        Shape::Line { from, to, dashed } => {
            let dash = if *dashed { r#" stroke-dasharray="3 2""# } else { "" };
            writeln!(
                out,
                r#"<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="0.7"{dash}/>"#,
                from.0,
                from.1,
                to.0,
                to.1,
                hex(Ink::Black)
            )
        }
        Shape::Text { at, size, ink, text } => {
            write!(
                out,
                r#"<text x="{}" y="{}" font-size="{size}" fill="{}">"#,
                at.0,
                at.1,
                hex(*ink)
            )?;
            escape(out, text);
            out.write_str("</text>\n")
        }
    }
}

fn hex(ink: Ink) -> String {
    let (red, green, blue) = ink.rgb();
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Writes a text so that it is nothing but text, in an element or in an attribute.
pub fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            // No characters of XML 1.0 (§2.2): a document with one is none.
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            c if c.is_control() && !matches!(c, '\t' | '\n') => {
                out.push(char::REPLACEMENT_CHARACTER);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_are_text_and_never_markup() {
        let shape = Shape::Text {
            at: (1.0, 2.0),
            size: 7.0,
            ink: Ink::Black,
            text: "<script>alert(\"&\")</script>\u{fffe}\u{1b}".into(),
        };
        let mut out = Vec::new();
        write(&mut out, "a<b", &Drawing { size: (10.0, 10.0), shapes: vec![shape] }).unwrap();
        let text = String::from_utf8(out).unwrap();
        let parsed = roxmltree::Document::parse(&text).unwrap();
        let names: Vec<_> = parsed
            .descendants()
            .filter(roxmltree::Node::is_element)
            .map(|n| n.tag_name().name())
            .collect();
        assert_eq!(names, ["svg", "title", "text"]);
    }
}
