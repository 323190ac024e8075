//! Operating systems: their names by the numbers that devices tell, who makes them, and when their
//! makers stop to support them. All of it is data (`config/fingerprints/os_names.toml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const NAMES: &str = include_str!("../../../config/fingerprints/os_names.toml");

static DATA: LazyLock<Names> = LazyLock::new(|| toml::from_str(NAMES).unwrap_or_default());

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    /// Start of a name, and who makes what is called so.
    maker: BTreeMap<String, String>,
    /// Start of a name, and the last day of support, `YYYY-MM-DD`.
    support_end: BTreeMap<String, String>,
    /// By the name of the table: a number as told, and the system's name.
    table: BTreeMap<String, BTreeMap<String, String>>,
}

/// Whether there is a table of this name.
pub(super) fn has(table: &str) -> bool {
    DATA.table.contains_key(table)
}

/// The system's name: with its version behind it, or as the table has it for that version. A version
/// that the table lacks leaves the name without one.
pub(super) fn named(
    name: Option<String>,
    version: Option<String>,
    table: Option<&str>,
) -> Option<String> {
    match (table, version) {
        (Some(table), Some(version)) => look_up(table, &version).or(name),
        (None, Some(version)) => name.map(|name| format!("{name} {version}")),
        (_, None) => name,
    }
}

/// The system's name with its kernel's version behind it, by which the state of its patches is known.
pub(super) fn on(name: Option<String>, kernel: Option<String>) -> Option<String> {
    match (name, kernel) {
        (Some(name), Some(kernel)) => Some(format!("{name} (kernel {kernel})")),
        (name, _) => name,
    }
}

/// The name in a table: of the version itself, or of the longest part of it that ends before a dot,
/// a blank, a hyphen or an underscore and stands in the table.
fn look_up(table: &str, version: &str) -> Option<String> {
    let table = DATA.table.get(table)?;
    let folded = version.to_lowercase();
    let mut part = folded.as_str();
    loop {
        if let Some(name) = table.get(part) {
            return Some(name.clone());
        }
        part = part.get(..part.rfind(['.', ' ', '-', '_'])?)?;
    }
}

/// The entry with the longest name with which `os` begins, as whole words.
fn longest<'d>(data: &'d BTreeMap<String, String>, os: &str) -> Option<&'d str> {
    let begins = |name: &str| {
        os.strip_prefix(name)
            .is_some_and(|rest| !rest.starts_with(|sign: char| sign.is_alphanumeric()))
    };
    let known = data.iter().filter(|(name, _)| begins(name));
    known.max_by_key(|(name, _)| name.len()).map(|(_, value)| value.as_str())
}

/// Who makes the system of this name.
pub fn maker(os: &str) -> Option<&'static str> {
    longest(&DATA.maker, os)
}

/// The last day, `YYYY-MM-DD`, on which the maker supports every edition of the system of this name
/// in the ordinary way; nothing where it depends on the edition or is not known.
pub fn support_end(os: &str) -> Option<&'static str> {
    longest(&DATA.support_end, os)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_can_be_read_and_every_day_is_one() {
        let names: Names = toml::from_str(NAMES).unwrap();
        assert!(names.table.len() >= 5);
        for (os, day) in &names.support_end {
            assert!(day.parse::<jiff::civil::Date>().is_ok(), "{os}: {day}");
        }
    }

    #[test]
    fn a_build_of_windows_is_its_name() {
        let named = |build: &str| named(None, Some(build.to_owned()), Some("windows_build"));
        assert_eq!(named("10.0.19045").as_deref(), Some("Windows 10"));
        assert_eq!(named("6.1.7601").as_deref(), Some("Windows 7 / Server 2008 R2"));
        assert_eq!(named("99.0.1"), None);
    }

    #[test]
    fn windows_server_2012_r2_is_not_windows_server_2012() {
        assert_eq!(support_end("Windows Server 2012 R2 Standard"), Some("2023-10-10"));
        assert_eq!(support_end("Windows 7 Professional"), Some("2020-01-14"));
        assert_eq!(support_end("Windows 75"), None);
        assert_eq!(maker("Debian 12"), Some("Debian"));
    }
}
