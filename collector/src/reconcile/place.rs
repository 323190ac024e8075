//! Where a thing stands, as far as two texts in words for people can be held against each other: by the
//! floor. A book says 「東病棟３階」, a device "Bldg. East 3F"; that they name different floors is a
//! difference, whatever else they say, and everything else may be two ways to say the same.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

/// Words behind the number of a floor, the longest of those that begin alike first.
const FLOOR: [&str; 4] = ["階", "floor", "fl", "f"];
/// Words before the number of a floor below the ground.
const BELOW: [&str; 2] = ["地下", "b"];
/// Chinese figures, from one on.
const FIGURES: &str = "一二三四五六七八九";

/// Whether both texts name one floor each, and the same; `None` where they do not name just one.
pub(super) fn floors_agree(declared: &str, seen: &str) -> Option<bool> {
    let of = |text| {
        let floors = floors(text);
        floors.first().copied().filter(|_| floors.len() == 1)
    };
    Some(of(declared)? == of(seen)?)
}

/// The floors that a text names; below the ground they are negative.
fn floors(text: &str) -> BTreeSet<i32> {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let mut found = BTreeSet::new();
    let mut rest = folded.as_str();
    let mut before: Option<char> = None;
    while let Some(first) = rest.chars().next() {
        let starts_a_word = !before.is_some_and(|sign| sign.is_ascii_alphanumeric());
        let floor = starts_a_word.then(|| floor(rest)).flatten();
        let (number, taken) = floor.map_or((None, first.len_utf8()), |(n, taken)| (Some(n), taken));
        found.extend(number);
        before = rest.get(..taken).and_then(|taken| taken.chars().next_back());
        rest = rest.get(taken..).unwrap_or_default();
    }
    found
}

/// The floor with which a text begins, and how many octets name it.
fn floor(text: &str) -> Option<(i32, usize)> {
    let below = BELOW.iter().find_map(|word| text.strip_prefix(word));
    // B1F is below the ground, B 1F is the first floor of what is called B.
    let spaced = below.is_some_and(|rest| text.starts_with('b') && rest.starts_with(' '));
    let (number, rest) = number(below.unwrap_or(text).trim_start()).filter(|_| !spaced)?;
    let rest = FLOOR.iter().find_map(|word| rest.trim_start().strip_prefix(word))?;
    if rest.starts_with(|sign: char| sign.is_ascii_alphanumeric()) {
        return None;
    }
    let number = if below.is_some() { -number } else { number };
    (number != 0).then_some((number, text.len() - rest.len()))
}

/// The number of one or two figures with which a text begins, and what follows it.
fn number(text: &str) -> Option<(i32, &str)> {
    let end = text.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(text.len());
    if (1..=2).contains(&end) {
        let (figures, rest) = text.split_at_checked(end)?;
        return Some((figures.parse().ok()?, rest));
    }
    let figure = |text: &'_ str| {
        let sign = text.chars().next()?;
        let value = FIGURES.chars().position(|figure| figure == sign)?;
        Some((i32::try_from(value).ok()? + 1, sign.len_utf8()))
    };
    let (tens, rest) = match (figure(text), text.strip_prefix('十')) {
        (_, Some(rest)) => (10, rest),
        (Some((units, taken)), None) => {
            let rest = text.get(taken..)?;
            match rest.strip_prefix('十') {
                Some(rest) => (units * 10, rest),
                None => return Some((units, rest)),
            }
        }
        (None, None) => return None,
    };
    let (units, taken) = figure(rest).unwrap_or((0, 0));
    Some((tens + units, rest.get(taken..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_read_as_books_and_devices_write_it() {
        let read = |text| floors(text).into_iter().collect::<Vec<_>>();
        for text in [
            "3階",
            "３Ｆ",
            "東病棟３階ナースステーション",
            "Bldg. East 3F",
            "3 floor",
            "三階",
            "3FL 北",
            "本館-3F-EPS",
        ] {
            assert_eq!(read(text), [3], "{text}");
        }
        for (text, floor) in
            [("地下1階 機械室", -1), ("B2F", -2), ("Bldg. B 2F", 2), ("十二階", 12), ("二十階", 20)]
        {
            assert_eq!(read(text), [floor], "{text}");
        }
        assert_eq!(read("3F〜5F"), [3, 5]);
        for text in ["", "EPS 3", "3f2a", "AB3F", "345F", "server room", "0F", "十", "地下"] {
            assert!(read(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn only_one_floor_against_one_floor_is_a_difference() {
        assert_eq!(floors_agree("本館3階", "3F"), Some(true));
        assert_eq!(floors_agree("本館3階", "4F"), Some(false));
        assert_eq!(floors_agree("放射線科", "4F"), None);
        assert_eq!(floors_agree("3F〜5F", "4F"), None);
        assert_eq!(floors_agree("1階", "地下1階"), Some(false));
    }
}
