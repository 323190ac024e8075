//! Text into lines of a width. Japanese breaks anywhere but before and behind certain signs (JIS X 4051,
//! 行頭・行末禁則); words of other scripts break at spaces and behind signs, and where they are wider
//! than a line, anywhere.

/// How wide characters are.
pub trait Measure {
    /// The width of a character, in ems.
    fn em(&self, c: char) -> f32;
}

/// The width of a text, in ems.
pub fn width(text: &str, measure: &impl Measure) -> f32 {
    text.chars().map(|c| measure.em(c)).sum()
}

/// Signs that begin no line (行頭禁則).
const NOT_FIRST: &str = "、。，．・：；？！ー゛゜ヽヾゝゞ々）〕］｝〉》」』】…‥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ｡､･ｰﾞﾟ｣,.:;?!)]}%℃";
/// Signs that end no line (行末禁則).
const NOT_LAST: &str = "（〔［｛〈《「『【｢([{";
/// Signs behind which a word may break.
const BREAKS_BEHIND: &str = "-/_.:,;@&=+|";
/// Those of them that hold addresses and times together: behind them only what is wider than a line breaks.
const HOLDS: &str = ".:";

/// Whether a character is written in cells, as Japanese is: lines break on either side of it.
fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{33ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ffef}'
        | '\u{20000}'..='\u{3fffd}' | '…' | '‥' | '※' | '→' | '●' | '○' | '△' | '▲' | '×')
}

/// Whether a line may end between two characters.
fn may_break(before: char, after: char) -> bool {
    if NOT_FIRST.contains(after) && !after.is_ascii() || NOT_LAST.contains(before) {
        return false;
    }
    if after == ' ' {
        return false;
    }
    before == ' '
        || BREAKS_BEHIND.contains(before) && !BREAKS_BEHIND.contains(after)
        || (is_wide(before) || is_wide(after)) && !NOT_FIRST.contains(after)
}

/// The text in lines of at most `most` ems; a single character may be wider. Blanks at the ends of
/// lines go.
pub fn fold<'t>(text: &'t str, most: f32, measure: &impl Measure) -> Vec<&'t str> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut rest = paragraph.trim_end();
        loop {
            let end = line(rest, most, measure);
            let (taken, left) = rest.split_at(end);
            lines.push(taken.trim_end());
            rest = left.trim_start_matches(' ');
            if rest.is_empty() {
                break;
            }
        }
    }
    lines
}

/// Where the first line of a text ends, in octets; behind at least one character.
fn line(text: &str, most: f32, measure: &impl Measure) -> usize {
    let mut used = 0.0;
    let (mut good, mut poor) = (None, None);
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        if let Some(before) = before.filter(|before| may_break(*before, c)) {
            let holds = HOLDS.contains(before) && c.is_ascii_alphanumeric();
            let place = if holds { &mut poor } else { &mut good };
            *place = Some(at);
        }
        used += measure.em(c);
        if used > most && before.is_some() && c != ' ' {
            return good.or(poor).filter(|end| *end > 0).unwrap_or(at);
        }
        before = Some(c);
    }
    text.len()
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Full-width characters are one em wide, others half.
    pub(in super::super) struct Plain;

    impl Measure for Plain {
        fn em(&self, c: char) -> f32 {
            if is_wide(c) { 1.0 } else { 0.5 }
        }
    }

    #[test]
    fn japanese_breaks_anywhere_but_not_before_a_full_stop_or_behind_a_bracket() {
        assert_eq!(fold("複合機の管理", 3.0, &Plain), ["複合機", "の管理"]);
        assert_eq!(fold("電子カルテ。次", 5.0, &Plain), ["電子カル", "テ。次"]);
        assert_eq!(fold("病棟「三階」", 3.0, &Plain), ["病棟", "「三", "階」"]);
        assert_eq!(fold("サーバー室", 3.0, &Plain), ["サー", "バー室"]);
    }

    #[test]
    fn words_stay_whole_until_they_are_wider_than_a_line() {
        assert_eq!(fold("core switch 2", 4.0, &Plain), ["core", "switch 2"]);
        assert_eq!(fold("00:1a:2b:3c:4d:5e", 5.0, &Plain), ["00:1a:2b:", "3c:4d:5e"]);
        assert_eq!(fold("11-01 09:00", 5.0, &Plain), ["11-01", "09:00"]);
        assert_eq!(fold("室 10.20.1.11", 6.0, &Plain), ["室", "10.20.1.11"]);
        assert_eq!(fold("abcdefghij", 2.0, &Plain), ["abcd", "efgh", "ij"]);
        assert_eq!(fold("一\n\n二", 9.0, &Plain), ["一", "", "二"]);
        assert_eq!(fold("", 9.0, &Plain), [""]);
    }

    proptest! {
        #[test]
        fn nothing_but_blanks_is_lost_and_no_line_is_wider_than_it_must(
            text in "(漢|ー|。|「|a|b1|-| |\n|ﾊﾟ){0,60}", most in 1u8..12,
        ) {
            let most = f32::from(most);
            let lines = fold(&text, most, &Plain);
            let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(squeezed(&lines.concat()), squeezed(&text));
            for line in lines {
                prop_assert!(width(line, &Plain) <= most || line.chars().count() == 1, "{:?}", line);
            }
        }
    }
}
