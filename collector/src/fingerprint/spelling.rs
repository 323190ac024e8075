//! Spellings of the same thing: full-width letters, case, spaces, and the Japanese and foreign names
//! of a maker. Only for holding a book against a wire: nothing is joined by it.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// Makers by each of their names, as data.
const VENDORS: &str = include_str!("../../../config/fingerprints/vendors.toml");

/// A folded name of a maker to the name under which it stands in the data.
static BY_NAME: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let vendors: BTreeMap<String, Vec<String>> = toml::from_str(VENDORS).unwrap_or_default();
    let mut by_name = HashMap::new();
    for (name, others) in vendors {
        for other in others.iter().chain([&name]) {
            by_name.insert(fold(other), name.clone());
        }
    }
    by_name
});

/// The text without what spelling may vary: compatibility forms (NFKC), case, spaces.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        // NFKC leaves ASCII as it is (UAX #15).
        let signs = text.chars().filter(|sign| !sign.is_whitespace());
        return signs.map(|sign| sign.to_ascii_lowercase()).collect();
    }
    text.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect()
}

/// As [`fold`], without a text of its own: of ASCII only, and of what fits in.
pub(crate) fn fold_into<'r>(text: &str, room: &'r mut [u8]) -> Option<&'r str> {
    if !text.is_ascii() || text.len() > room.len() {
        return None;
    }
    let signs = text.bytes().filter(|sign| !char::from(*sign).is_whitespace());
    let mut count = 0;
    for (to, sign) in room.iter_mut().zip(signs) {
        *to = sign.to_ascii_lowercase();
        count += 1;
    }
    str::from_utf8(room.get(..count)?).ok()
}

/// Whether two texts name the same: folded, one holds the other. An empty text names nothing.
pub fn same(a: &str, b: &str) -> bool {
    if a == b && a.chars().any(|sign| sign.is_ascii_graphic()) {
        return true;
    }
    let mut rooms = ([0; 64], [0; 64]);
    if let (Some(a), Some(b)) = (fold_into(a, &mut rooms.0), fold_into(b, &mut rooms.1)) {
        return is_same(a, b);
    }
    is_same(&fold(a), &fold(b))
}

fn is_same(a: &str, b: &str) -> bool {
    !a.is_empty() && !b.is_empty() && (a.contains(b) || b.contains(a))
}

/// Whether two texts name the same version: `Ver.1.14` and `1.14`, `7.0.12` and `FortiOS
/// v7.0.12,build0523`, `01.02` and `1.2`. One may be coarser than the other (`7.0` and `7.0.12`); 7.0.1
/// and 7.0.12 are two versions. Texts without a figure are compared as [`same`] does.
pub fn same_version(a: &str, b: &str) -> bool {
    let (one, other) = (version_steps(a), version_steps(b));
    if one.is_empty() || other.is_empty() {
        return same(a, b);
    }
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    match short.as_slice() {
        // A figure by itself stands somewhere in most versions.
        [only] => long.first() == Some(only),
        short => long.windows(short.len()).any(|steps| steps == short),
    }
}

/// The steps of a version: figures without leading zeros, and letters that follow figures directly.
/// What stands before them (`Ver`, `build`, the product's name) is none.
fn version_steps(text: &str) -> Vec<String> {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let mut steps = Vec::new();
    for word in folded.split(|sign: char| !sign.is_ascii_alphanumeric()) {
        let from = word.find(|sign: char| sign.is_ascii_digit()).unwrap_or(word.len());
        let mut rest = word.get(from..).unwrap_or_default();
        while let Some(first) = rest.chars().next() {
            let of_a_kind = |sign: char| sign.is_ascii_digit() == first.is_ascii_digit();
            let end = rest.find(|sign| !of_a_kind(sign)).unwrap_or(rest.len());
            let (step, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let figures = step.trim_start_matches('0');
            let zero = figures.is_empty();
            steps.push(if zero { "0".to_owned() } else { figures.to_owned() });
            rest = after;
        }
    }
    steps
}

/// A host name for comparison: folded, its domain and `$` cut off.
pub fn host(name: &str) -> String {
    let folded = fold(name);
    folded.split('.').next().unwrap_or_default().trim_end_matches('$').to_owned()
}

/// The maker that a text names, ledgers' 株式会社 set aside; `None` if no known maker has this name.
pub fn vendor(name: &str) -> Option<&'static str> {
    let folded = fold(name);
    let bare = ["株式会社", "(株)", "(有)", "有限会社"]
        .iter()
        .fold(folded, |text, form| text.replace(form, ""));
    BY_NAME.get(bare.trim_end_matches([',', '.'])).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maker_is_known_by_each_of_its_names() {
        for name in ["RICOH", "リコー", "㈱リコー", "株式会社リコー", "ﾘｺｰ", "ｒｉｃｏｈ"]
        {
            assert_eq!(vendor(name), Some("RICOH"), "{name}");
        }
        assert_eq!(vendor("どこかの会社"), None);
    }

    #[test]
    fn no_name_stands_for_two_makers() {
        let vendors: BTreeMap<String, Vec<String>> = toml::from_str(VENDORS).unwrap();
        let mut seen = HashMap::new();
        for (name, others) in &vendors {
            for other in others.iter().chain([name]) {
                let before = seen.insert(fold(other), name);
                assert!(before.is_none_or(|before| before == name), "{other}");
            }
        }
        assert!(seen.len() > vendors.len());
    }

    #[test]
    fn models_compare_without_width_case_and_spaces() {
        assert!(same("ＭＰ Ｃ３００４", "RICOH mp c3004"));
        assert!(!same("MP C3004", "MP C4504"));
        assert!(!same("", "MP C4504"));
    }

    #[test]
    fn versions_compare_step_by_step_and_may_be_coarser() {
        for (a, b) in [
            ("Ver.1.14", "1.14"),
            ("V01.02", "1.2"),
            ("7.0", "7.0.12"),
            ("７．０．１２", "FortiOS v7.0.12,build0523"),
            ("15.2(4)E7", "IOS 15.2(4)E7, RELEASE"),
            ("第2版", "2"),
            ("10.0.19045", "10.0.19045"),
            ("最新", "最新"),
        ] {
            assert!(same_version(a, b) && same_version(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("7.0.1", "7.0.12"),
            ("1.14", "11.14"),
            ("2", "7.0.2"),
            ("1.2a", "1.2b"),
            ("15.2(4)E7", "15.2(4)E8"),
            ("2.0", "1.14"),
            ("最新", "1.14"),
            ("", "1.14"),
        ] {
            assert!(!same_version(a, b) && !same_version(b, a), "{a} {b}");
        }
    }

    #[test]
    fn a_text_folds_the_same_with_and_without_a_text_of_its_own() {
        let mut room = [0; 16];
        for text in ["", "PC-07", " MP\u{b}C 3004 ", "a\tb\r\n", "0123456789abcdef"] {
            assert_eq!(fold_into(text, &mut room), Some(fold(text).as_str()), "{text:?}");
        }
        assert_eq!(fold_into("ＰＣ", &mut room), None);
        assert_eq!(fold_into("0123456789abcdefg", &mut room), None);
    }

    #[test]
    fn host_names_compare_without_domain() {
        assert_eq!(host("ＰＣ-07.hospital.local"), host("pc-07"));
    }
}
