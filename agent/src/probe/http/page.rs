//! What a page says in its head, without a tree: the tags are looked for one after the other, as
//! browsers do with pages that are no HTML by any standard.

use daicho_common::text::Text;
use encoding_rs::Encoding;

/// Octets in which a page must say how it is encoded (HTML Living Standard §13.2.3.2).
const PROLOGUE: usize = 1024;

/// Most tags that are looked at.
const MOST_TAGS: usize = 512;

/// Longest tag that is looked at, in octets.
const LONGEST_TAG: usize = 2048;

/// Longest character reference that is looked at, in octets.
const LONGEST_REFERENCE: usize = 9;

/// What a page says of itself.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// `<title>`.
    pub(super) title: Text,
    /// `<meta name="generator">`.
    pub(super) generator: Text,
    /// Where `<meta http-equiv="refresh">` leads.
    pub(super) refresh: Option<String>,
    /// Where `<link rel="icon">` leads.
    pub(super) icon: Option<String>,
}

/// Reads as much of a page as came; the value of `Content-Type` may say how it is encoded.
pub(super) fn read(octets: &[u8], content_type: &[u8]) -> Page {
    let text = decoded(octets, content_type);
    let mut page = Page::default();
    let mut rest = text.as_ref();
    for _ in 0..MOST_TAGS {
        let Some((_, after)) = rest.split_once('<') else { break };
        if let Some(comment) = after.strip_prefix("!--") {
            let Some((_, after)) = comment.split_once("-->") else { break };
            rest = after;
            continue;
        }
        let end = after.bytes().take(LONGEST_TAG).position(|octet| octet == b'>');
        let Some((tag, content)) = end.and_then(|end| after.split_at_checked(end)) else {
            rest = after;
            continue;
        };
        rest = content.get(1..).unwrap_or_default();
        rest = page.take(tag, rest);
    }
    page
}

impl Page {
    /// Takes what a tag says. Returns where reading goes on.
    fn take<'t>(&mut self, tag: &str, content: &'t str) -> &'t str {
        let end = tag.find(|c: char| c.is_ascii_whitespace() || c == '/').filter(|end| *end > 0);
        let (name, attributes) =
            tag.split_at_checked(end.unwrap_or(tag.len())).unwrap_or((tag, ""));
        let said = |name: &str| attribute(attributes, name);
        match name.to_ascii_lowercase().as_str() {
            "title" if self.title.is_empty() => {
                let end = find(content, "</title").or_else(|| content.find('<'));
                let (title, rest) =
                    content.split_at_checked(end.unwrap_or(content.len())).unwrap_or_default();
                self.title = Text::clean(&squeezed(&unescaped(title)));
                rest
            }
            // What a program says is no markup.
            name @ ("script" | "style") => {
                let end = find(content, &format!("</{name}")).unwrap_or(content.len());
                content.get(end..).unwrap_or_default()
            }
            "meta" => {
                let what = said("name").or_else(|| said("http-equiv")).unwrap_or_default();
                let value = said("content").unwrap_or_default();
                if what.eq_ignore_ascii_case("generator") && self.generator.is_empty() {
                    self.generator = Text::clean(&value);
                } else if what.eq_ignore_ascii_case("refresh") && self.refresh.is_none() {
                    self.refresh = refresh(&value);
                }
                content
            }
            "link" => {
                let relation = said("rel").unwrap_or_default();
                let mut relations = relation.split_ascii_whitespace();
                if self.icon.is_none() && relations.any(|it| it.eq_ignore_ascii_case("icon")) {
                    self.icon = said("href").filter(|to| !to.trim().is_empty());
                }
                content
            }
            _ => content,
        }
    }
}

/// Where a refresh leads at once or within ten seconds: `0; url=/start.html`.
fn refresh(value: &str) -> Option<String> {
    let (seconds, rest) = value.split_once([';', ','])?;
    let soon = seconds.trim().parse::<f32>().is_ok_and(|seconds| seconds <= 10.0);
    let rest = rest.trim_start();
    let to = rest.get(..3).filter(|it| it.eq_ignore_ascii_case("url")).and(rest.get(3..))?;
    let to = to.trim_start().strip_prefix('=')?.trim();
    let to = to.trim_matches(['"', '\'']);
    (soon && !to.is_empty()).then(|| to.to_owned())
}

/// Where the word stands, whatever its case; ASCII only.
fn find(text: &str, word: &str) -> Option<usize> {
    let windows = text.as_bytes().windows(word.len());
    windows.into_iter().position(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// The value of an attribute, with or without quotes.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    while let Some(at) = find(rest, name) {
        let (before, after) = rest.split_at_checked(at)?;
        rest = after.get(name.len()..)?;
        let begins = before.is_empty()
            || before.ends_with(|c: char| c.is_whitespace() || "\"'/".contains(c));
        let Some(value) = rest.trim_start().strip_prefix('=').filter(|_| begins) else { continue };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let value = match quote {
            Some(quote) => value.get(1..)?.split(quote).next(),
            None => value.split(|c: char| c.is_whitespace()).next(),
        };
        return value.map(unescaped);
    }
    None
}

/// Runs of white space as one space.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The few character references that titles use, and numeric ones.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.bytes().take(LONGEST_REFERENCE).position(|octet| octet == b';');
        let known =
            end.and_then(|end| Some((character(after.get(..end)?)?, after.get(end + 1..)?)));
        (out, rest) = match known {
            Some((c, after)) => (out + c.encode_utf8(&mut [0; 4]), after),
            None => (out + "&", after),
        };
    }
    out + rest
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "middot" => '·',
        "ndash" => '–',
        "mdash" => '—',
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            code.ok().and_then(char::from_u32)?
        }
    })
}

/// The text: as the header says, else as the page says, else as UTF-8, `Shift_JIS` or EUC-JP, whichever it
/// can be.
fn decoded<'o>(octets: &'o [u8], content_type: &[u8]) -> std::borrow::Cow<'o, str> {
    let (header, prologue) = (
        String::from_utf8_lossy(content_type).into_owned(),
        String::from_utf8_lossy(octets.get(..PROLOGUE).unwrap_or(octets)).into_owned(),
    );
    let declared = Encoding::for_bom(octets)
        .map(|(encoding, _)| encoding)
        .or_else(|| charset(&header).or_else(|| charset(&prologue)));
    if let Some(encoding) = declared {
        return encoding.decode(octets).0;
    }
    // A page that was cut within a character is UTF-8 all the same.
    let broken = std::str::from_utf8(octets).err().is_some_and(|error| error.error_len().is_some());
    if !broken {
        return encoding_rs::UTF_8.decode(octets).0;
    }
    let (euc, _, bad_euc) = encoding_rs::EUC_JP.decode(octets);
    let (shift, _, bad_shift) = encoding_rs::SHIFT_JIS.decode(octets);
    match (bad_euc, bad_shift) {
        (false, false) if is_katakana(&shift) => euc,
        (_, false) => shift,
        (false, true) => euc,
        (true, true) => encoding_rs::WINDOWS_1252.decode(octets).0,
    }
}

/// Whether most of what is not ASCII is half-width katakana: what EUC-JP looks like in `Shift_JIS`.
fn is_katakana(text: &str) -> bool {
    let others = || text.chars().filter(|c| !c.is_ascii());
    others().filter(|c| ('\u{ff61}'..='\u{ff9f}').contains(c)).count() * 2 > others().count()
}

/// What stands after `charset=`.
fn charset(text: &str) -> Option<&'static Encoding> {
    let after = text.get(find(text, "charset")? + 7..)?.trim_start().strip_prefix('=')?;
    let label = after.trim_start().trim_start_matches(['"', '\'']);
    let end = label.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c)));
    Encoding::for_label(label.get(..end.unwrap_or(label.len()))?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(octets: &[u8], content_type: &[u8]) -> String {
        read(octets, content_type).title.to_string()
    }

    #[test]
    fn japanese_titles_read_alike_however_they_are_encoded() {
        let page = "<html><head><title>複合機 会議室</title></head></html>";
        let meta = |charset: &str| format!("<meta charset=\"{charset}\">{page}");
        for (encoding, name) in [
            (encoding_rs::UTF_8, "utf-8"),
            (encoding_rs::SHIFT_JIS, "Shift_JIS"),
            (encoding_rs::EUC_JP, "EUC-JP"),
        ] {
            let header = format!("text/html; charset={name}");
            assert_eq!(title(&encoding.encode(page).0, header.as_bytes()), "複合機 会議室");
            let quoted = format!("text/html;charset=\"{name}\"");
            assert_eq!(title(&encoding.encode(page).0, quoted.as_bytes()), "複合機 会議室");
            assert_eq!(title(&encoding.encode(&meta(name)).0, b"text/html"), "複合機 会議室");
            assert_eq!(title(&encoding.encode(page).0, b""), "複合機 会議室", "{name} unsaid");
        }
        let cut = page.as_bytes().get(..page.find("会").unwrap() + 1).unwrap();
        assert!(title(cut, b"").starts_with("複合機"));
    }

    #[test]
    fn tags_read_whatever_their_case_quotes_and_order() {
        let page = "<!DOCTYPE html><!-- <title>no</title> --><HTML><Head>\
            <script>document.write('<title>no</title>')</script>\
            <META CONTENT='Maker &amp; Co 1.2' NAME=generator>\
            <link href=/img/i.png rel='shortcut icon'>\
            <TITLE lang=ja>\n Switch&nbsp;Web &#x2f; \n  Login &bogus; </TITLE>\
            <title>second</title><meta http-equiv=Refresh content=\"0; URL='/web/a.html'\">";
        let page = read(page.as_bytes(), b"text/html");
        assert_eq!(page.title.as_str(), "Switch Web / Login &bogus;");
        assert_eq!(page.generator.as_str(), "Maker & Co 1.2");
        assert_eq!(page.icon.as_deref(), Some("/img/i.png"));
        assert_eq!(page.refresh.as_deref(), Some("/web/a.html"));
    }

    #[test]
    fn a_page_that_reloads_itself_later_leads_nowhere() {
        for value in ["300", "300; url=/again", "0", "0; url=", "x; url=/a", ";", "0;ur"] {
            assert_eq!(refresh(value), None, "{value}");
        }
        assert_eq!(refresh("5;url=a").as_deref(), Some("a"));
    }

    #[test]
    fn hostile_pages_cost_little_and_say_nothing_dangerous() {
        assert_eq!(title(&b"<".repeat(60_000), b""), "");
        assert_eq!(title(&b"<title".repeat(10_000), b""), "");
        assert_eq!(title(b"<title>\x1b[2J<script>alert(1)</script>", b""), "\u{fffd}[2J");
        let long = [b"<title>".as_slice(), &vec![b'x'; 60_000]].concat();
        assert!(title(&long, b"").len() <= daicho_common::text::MAX_CHARS);
        assert_eq!(title(&b"&".repeat(60_000), b""), "");
        assert!(read(b"<meta name=\"generator\" content=\"", b"").generator.is_empty());
        for text in
            ["<meta name", "< ", "</>", "<link rel=icon href=''>", "<!--", "<title></title>"]
        {
            let page = read(text.as_bytes(), b"charset");
            assert!(page.title.is_empty() && page.icon.is_none());
        }
    }
}
