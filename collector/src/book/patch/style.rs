//! Styles of a workbook (ECMA-376 part 1, 18.8.39 `styleSheet`), each also struck through.

use std::collections::{BTreeSet, HashMap};

use super::super::Refusal;
use super::super::parts::{Tag, at, tag, tags};

/// For each style the same one struck through, by index in `cellXfs`.
#[derive(Clone, Debug, Default)]
pub(super) struct Struck(pub(super) HashMap<u32, u32>);

/// A list of the style sheet: where its elements stand, and where it ends.
#[derive(Default)]
struct List {
    items: Vec<(usize, usize)>,
    /// Where the tag stands that opens it.
    tag: (usize, usize),
    /// Where the tag begins that closes it.
    end: usize,
}

fn damaged(error: &impl ToString) -> Refusal {
    Refusal::Damaged(error.to_string())
}

/// Adds the same fonts and styles struck through for every style of `used` that has none yet.
pub(super) fn strike(
    xml: &str,
    mut known: Struck,
    used: &BTreeSet<u32>,
) -> Result<(String, Struck), Refusal> {
    let fonts = list(xml, ("fonts", "font"))?;
    let styles = list(xml, ("cellXfs", "xf"))?;
    let (mut more_fonts, mut more_styles) = (Vec::new(), Vec::new());
    let new: Vec<u32> = used.iter().filter(|style| !known.0.contains_key(style)).copied().collect();
    for style in new {
        let xf = slice(xml, styles.items.get(index(style)));
        let Some(xf) = xf else { continue };
        let font = attribute(xf, "fontId").and_then(|id| id.parse::<u32>().ok()).unwrap_or(0);
        let Some(font) = slice(xml, fonts.items.get(index(font))) else { continue };
        let font_id = fonts.items.len() + more_fonts.len();
        more_fonts.push(struck_font(font));
        let now = u32::try_from(styles.items.len() + more_styles.len())
            .map_err(|error| damaged(&error))?;
        more_styles.push(with_font(xf, font_id));
        known.0.insert(style, now);
    }
    let fonts_first = fonts.tag.0 < styles.tag.0;
    let mut lists = [(fonts, more_fonts), (styles, more_styles)];
    if fonts_first {
        lists.reverse();
    }
    let mut out = xml.to_owned();
    // From the end, so that places before stay true.
    for (list, more) in lists {
        let count = list.items.len() + more.len();
        out.insert_str(list.end, &more.concat());
        let tag = out.get(list.tag.0..list.tag.1).unwrap_or_default();
        let tag = with_attribute(tag, "count", &count.to_string());
        out.replace_range(list.tag.0..list.tag.1, &tag);
    }
    Ok((out, known))
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn slice<'a>(xml: &'a str, place: Option<&(usize, usize)>) -> Option<&'a str> {
    let (from, to) = place?;
    xml.get(*from..*to)
}

fn list(xml: &str, (name, item): (&str, &str)) -> Result<List, Refusal> {
    let mut reader = tags(xml);
    let mut list = List::default();
    let (mut inside, mut open): (bool, Option<usize>) = (false, None);
    loop {
        let (from, tag) = tag(&mut reader)?;
        match tag {
            Tag::Open(element) => match element.local_name().as_ref() {
                found if found == name => {
                    inside = true;
                    list.tag = (from, at(&reader));
                }
                found if inside && found == item && open.is_none() => open = Some(from),
                _ => {}
            },
            Tag::Empty(element) => {
                if inside && element.local_name().as_ref() == item {
                    list.items.push((from, at(&reader)));
                }
            }
            Tag::Close(element) => match element.local_name().as_ref() {
                found if found == name => {
                    list.end = from;
                    return Ok(list);
                }
                found if inside && found == item => {
                    list.items.extend(open.take().map(|from| (from, at(&reader))));
                }
                _ => {}
            },
            Tag::Eof => return Err(Refusal::Damaged(format!("styles have no {name}"))),
        }
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let tag = tag.split_once('>').map_or(tag, |(tag, _)| tag);
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The element with this value of an attribute of its first tag.
fn with_attribute(element: &str, name: &str, value: &str) -> String {
    let begin = format!(" {name}=\"");
    let first = element.find('>').unwrap_or(element.len());
    let found = element.get(..first).and_then(|tag| tag.find(&begin));
    if let Some((before, rest)) = found.and_then(|at| element.split_at_checked(at + begin.len()))
        && let Some((_, rest)) = rest.split_once('"')
    {
        return format!("{before}{value}\"{rest}");
    }
    let end = element.find([' ', '/', '>']).unwrap_or(element.len());
    let (name_of, rest) = element.split_at(end);
    format!("{name_of}{begin}{value}\"{rest}")
}

fn struck_font(font: &str) -> String {
    if font.contains("<strike") {
        return font.to_owned();
    }
    if let Some(rest) = font.strip_prefix("<font>") {
        return format!("<font><strike/>{rest}");
    }
    match font.split_once("/>") {
        // An empty font.
        Some((tag, "")) => format!("{tag}><strike/></font>"),
        _ => match font.split_once('>') {
            Some((tag, rest)) => format!("{tag}><strike/>{rest}"),
            None => font.to_owned(),
        },
    }
}

fn with_font(xf: &str, font: usize) -> String {
    with_attribute(&with_attribute(xf, "fontId", &font.to_string()), "applyFont", "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_struck_through_is_the_same_but_for_its_font() {
        let xml = "<styleSheet><fonts count=\"2\"><font><b/></font><font/></fonts>\
            <cellXfs count=\"2\"><xf fontId=\"1\" fillId=\"0\"/><xf numFmtId=\"14\" fontId=\"0\">\
            <alignment/></xf></cellXfs></styleSheet>";
        let (out, struck) = strike(xml, Struck::default(), &[0, 1, 7].into()).unwrap();
        assert_eq!(
            out,
            "<styleSheet><fonts count=\"4\"><font><b/></font><font/><font><strike/></font>\
             <font><strike/><b/></font></fonts><cellXfs count=\"4\"><xf fontId=\"1\" fillId=\"0\"/>\
             <xf numFmtId=\"14\" fontId=\"0\"><alignment/></xf>\
             <xf applyFont=\"1\" fontId=\"2\" fillId=\"0\"/>\
             <xf applyFont=\"1\" numFmtId=\"14\" fontId=\"3\"><alignment/></xf></cellXfs></styleSheet>"
        );
        assert_eq!(struck.0, HashMap::from([(0, 2), (1, 3)]));
        assert!(strike("<styleSheet/>", Struck::default(), &[0].into()).is_err());
    }
}
