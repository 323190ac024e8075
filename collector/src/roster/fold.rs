//! One spelling of what people write in many: full-width and half-width, large and small, hiragana and
//! katakana, with and without the mark of a long vowel (プリンター, プリンタ), whatever the dash.

use crate::ledger::normal::{is_dash, nfkc};

/// How far a letter of katakana stands behind the same of hiragana (Unicode, blocks U+3040 and U+30A0).
const APART: u32 = 0x60;

/// The text in that spelling.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let normal = nfkc(text);
    let mut folded = String::with_capacity(normal.len());
    for c in normal.chars() {
        match c {
            'ー' => {}
            'ァ'..='ヶ' | 'ヽ' | 'ヾ' => {
                folded.push(char::from_u32(u32::from(c) - APART).unwrap_or(c));
            }
            c if is_dash(c) => folded.push('-'),
            c => folded.extend(c.to_lowercase()),
        }
    }
    folded
}

/// What texts are sorted by: folded, and numbers in them by their size, so that PC-9 stands before PC-10.
pub fn sorted_by(text: &str) -> String {
    let folded = fold(text.trim());
    let mut key = String::with_capacity(folded.len() + 4);
    let mut rest = folded.as_str();
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        let number = digits.trim_start_matches('0');
        key.push_str(before);
        // A longer number is a larger one.
        let length = u32::try_from(number.len()).unwrap_or(u32::MAX).min(40);
        key.push(char::from_u32(u32::from('0') + length).unwrap_or('0'));
        key.push_str(number);
        rest = after;
    }
    key.push_str(rest);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_in_every_spelling_is_one() {
        for text in ["ナースステーション", "ﾅｰｽｽﾃｰｼｮﾝ", "なーすすてーしょん", "ナ－スステ―ション"]
        {
            let dashes = fold(text).replace('-', "");
            assert_eq!(dashes, "なすすてしょん", "{text}");
        }
        assert_eq!(fold("ＰＣ－０１２"), "pc-012");
        assert_eq!(fold("プリンター"), fold("ﾌﾟﾘﾝﾀ"));
        assert_eq!(fold("ヴァイタル"), fold("ゔぁいたる"));
    }

    #[test]
    fn numbers_in_texts_are_sorted_by_their_size() {
        let mut names = ["PC-10", "PC-9", "pc-0011", "ＰＣ－１", "NAS"];
        names.sort_by_key(|name| sorted_by(name));
        assert_eq!(names, ["NAS", "ＰＣ－１", "PC-9", "PC-10", "pc-0011"]);
    }
}
