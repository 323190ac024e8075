//! Part numbers, serial numbers and versions: what of a text is the same however it is written.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::bare;

/// A number with what hangs on it by dots, hyphens, underscores and parentheses: `12.2(55)SE`.
static VERSION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[vVrR]?\d+(?:[.\-_()]\w+)*\)?").ok());

/// Words with digits that are of no model: rates, standards, numbers of ports.
const NOT_A_PART: [&str; 9] =
    ["1000", "1000base", "100base", "10base", "16port", "2000", "24port", "48port", "802"];

/// The words of a model that may be part numbers: at least four letters and digits, with a digit.
pub(super) fn parts(model: &str) -> BTreeSet<String> {
    let cut = |sign: char| sign.is_whitespace() || ",;:/()[]\"".contains(sign);
    let words = model.split(cut).map(bare);
    let part = |word: &String| {
        word.len() >= 4
            && word.bytes().any(|octet| octet.is_ascii_digit())
            && !NOT_A_PART.contains(&word.as_str())
    };
    words.filter(part).collect()
}

/// Whether two models share a part number, or one of five signs or more holds the other's.
pub(super) fn share_a_part(a: &str, b: &str) -> bool {
    let (a, b) = (parts(a), parts(b));
    let long = |part: &&String| part.len() >= 5;
    !a.is_disjoint(&b)
        || a.iter().filter(long).any(|one| {
            b.iter().filter(long).any(|other| one.contains(other) || other.contains(one))
        })
}

/// Whether two serial numbers are the same, zeros before them set aside.
pub(super) fn same_serial(a: &str, b: &str) -> bool {
    let (a, b) = (bare(a), bare(b));
    let short = |text: &str| text.trim_start_matches('0').to_owned();
    !a.is_empty() && (a == b || (short(&a) == short(&b) && !short(&a).is_empty()))
}

/// The version numbers in a text, lower case, without `v` or `r` before them.
fn versions(text: &str) -> BTreeSet<String> {
    let found = VERSION.iter().flat_map(|regex| regex.find_iter(text));
    let bared = found.map(|found| found.as_str().trim_matches('.').to_lowercase());
    let long = bared.filter(|version| version.len() >= 2);
    long.map(|version| version.trim_start_matches(['v', 'r']).to_owned()).collect()
}

/// Whether two texts name the same version: one holds the other, or they share a version number.
pub(super) fn same_version(known: &str, said: &str) -> bool {
    let (a, b) = (bare(known), bare(said));
    if a == b || (a.len().min(b.len()) >= 3 && (a.contains(&b) || b.contains(&a))) {
        return true;
    }
    let (known, said) = (versions(known), versions(said));
    let telling = |version: &&String| version.contains('.') || version.len() >= 4;
    if known.iter().filter(telling).any(|version| said.contains(version)) {
        return true;
    }
    let said: BTreeSet<String> = said.iter().map(|version| bare(version)).collect();
    known.iter().map(|version| bare(version)).any(|it| it.len() >= 3 && said.contains(&it))
}

/// A version's numbers without the zeros before them: `06.01.0009` is `6.1.9`.
fn unpadded(version: &str) -> Vec<&str> {
    version.split('.').map(|part| part.trim_start_matches('0')).collect()
}

/// Whether two texts name the same operating system: its version, padded or not, or, where it has a
/// name for one, every word of that; what is known in parentheses besides is set aside.
pub(super) fn same_system(known: &str, said: &str) -> bool {
    let dotted = |text: &str| -> BTreeSet<String> {
        versions(text).into_iter().filter(|version| version.contains('.')).collect()
    };
    let said_versions = dotted(said);
    let same = |a: &String, b: &String| unpadded(a) == unpadded(b);
    let padded = dotted(known).iter().any(|it| said_versions.iter().any(|other| same(it, other)));
    let name = super::words(known.split('(').next().unwrap_or_default());
    let words = super::words(said);
    let words: BTreeSet<&str> = words.split(' ').collect();
    let named = !name.is_empty() && name.split(' ').all(|word| words.contains(word));
    padded || named || same_version(known, said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_number_is_a_word_with_digits_that_is_no_rate() {
        assert!(share_a_part("Switch XQ-9912T rev 2", "XQ9912T"));
        assert!(share_a_part("XQ-9912T", "XQ-9912T-POE"));
        assert!(!share_a_part("Switch 1000BASE 24port", "Router 1000BASE 24port"));
        assert!(!share_a_part("XQ-1", "XQ-1"));
    }

    #[test]
    fn serial_numbers_are_compared_whole() {
        assert!(same_serial("00-AB 12", "ab12"));
        assert!(!same_serial("AB12", "AB123"));
        assert!(!same_serial("", ""));
        assert!(!same_serial("00", "0"));
    }

    #[test]
    fn a_system_is_the_same_by_its_version_or_its_name() {
        assert!(same_system("9.1.8.100", "Zorkix 09.01.0008.0100"));
        assert!(same_system("9 (ZT 6.9)", "Zorkows 9 / Server 2999 R2"));
        assert!(!same_system("9.1.8.100", "Zorkix 9.1.8.10"));
        assert!(!same_system("9 (ZT 6.9)", "Zorkows 8"));
        assert!(!same_system("(ZT)", "Zorkows"));
    }

    #[test]
    fn versions_are_the_same_with_what_is_written_around_them() {
        assert!(same_version("9.8.7", "Version 9.8.7, build 4"));
        assert!(same_version("V09.87", "v09.87"));
        assert!(same_version("12.2(55)SE7", "Software, Version 12.2(55)SE7, RELEASE"));
        assert!(!same_version("9.8.7", "9.8.6"));
        assert!(!same_version("2", "3"));
    }
}
