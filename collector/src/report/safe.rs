//! The one place where text from anywhere becomes safe to put on paper.

/// The text without what could reorder or hide other text: control characters and marks of direction
/// (Unicode Cc, UAX #9) become a visible U+FFFD, line breaks stay, what has no width goes.
pub fn shown(text: &str) -> String {
    let plain = |c: char| !c.is_control() && !is_mark(c) && !has_no_width(c);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let made = |c: char| match c {
        '\n' => Some('\n'),
        '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if has_no_width(c) => None,
        c if c.is_control() || is_mark(c) => Some(char::REPLACEMENT_CHARACTER),
        c => Some(c),
    };
    lines.chars().filter_map(made).collect()
}

/// Marks that change the direction of what follows, and breaks of lines that are no line feeds.
const fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Characters without a width of their own: two names that differ in them would look alike.
const fn has_no_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// The beginning of a text, at most `characters` long, with a mark where it was cut.
pub fn cut(text: &str, characters: usize) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(characters) {
        None => text.into(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reorders_or_hides_text_is_made_visible_or_taken_out() {
        assert_eq!(shown("受付\u{202e}fdp.exe"), "受付\u{fffd}fdp.exe");
        assert_eq!(shown("a\u{7}b\u{1b}[31m"), "a\u{fffd}b\u{fffd}[31m");
        assert_eq!(shown("PC\u{200b}-1\u{feff}"), "PC-1");
        assert_eq!(shown("一\r\n二\t三"), "一\n二 三");
        assert_eq!(shown("<script>=1+1"), "<script>=1+1");
    }

    #[test]
    fn a_long_name_is_cut_with_a_mark() {
        let long = "長".repeat(10_000);
        assert_eq!(cut(&long, 200).chars().count(), 201);
        assert!(cut(&long, 200).ends_with('…'));
        assert_eq!(cut("短い", 200), "短い");
    }
}
