//! Names of makers, of their product lines, of kinds of devices and of operating systems, wherever
//! they stand in a text that somebody wrote for people (`config/fingerprints/words.toml`).
//!
//! A word is a hint, not a pattern of one text: it counts less than any row. In a word `#` is one
//! digit and `*` at its end any letters and digits; else letters and digits around a word end it. A
//! word begins where a run of letters or of digits begins, a line not in letters behind a digit. Of several names the first one counts,
//! because a maker's name stands before the product's; of several kinds the last, because the noun
//! stands there. Where a maker's name stands before a line of another maker's, letters and numbers are
//! alike by chance: of the line only the kind counts. The name of a maker of one kind of thing is a
//! hint of that kind, and the weakest of all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use super::{BadRow, Class, Place, Reading, Software};

/// What a line of products counts.
const LINE: u8 = 20;
/// What a maker's name counts.
const NAME: u8 = 14;
/// What a kind counts.
const KIND: u8 = 10;
/// What it counts for a kind that a maker makes little else.
const MAKES: u8 = 6;

/// Longest text that is looked through, in octets.
const LONGEST: usize = 2_048;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Fields of what services say, as `method.field`, that hold text for people.
    fields: Vec<String>,
    /// Of these also the kinds of devices.
    kinds_in: Vec<String>,
    maker: Vec<Maker>,
    kind: Vec<Kind>,
    os: Vec<System>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Maker {
    vendor: String,
    /// The kind of nearly all that is theirs.
    makes: Option<Class>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    software: Vec<String>,
    #[serde(default)]
    lines: BTreeMap<Class, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    class: Class,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct System {
    os: String,
    words: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Line,
    Name,
    Kind,
    Rest,
}

#[derive(Clone, Debug)]
struct Word {
    spelled: String,
    sort: Sort,
    claims: Reading,
    /// Of a name: the kind of nearly all that its maker makes.
    makes: Option<Class>,
}

/// The words, by the run of letters or digits with which they begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    by_run: HashMap<String, Vec<Word>>,
    fields: Vec<(Arc<Place>, bool)>,
}

/// Systems whose descriptions are what `uname -a` prints (POSIX): their name, and then the host's own.
const UNAMES: [&str; 8] =
    ["linux", "darwin", "freebsd", "openbsd", "netbsd", "sunos", "hp-ux", "aix"];

/// The text without a host's own name, whose words say nothing of what it is.
fn without_own_name(text: &str) -> String {
    let mut words = text.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some(system), Some(_), Some(rest)) if UNAMES.contains(&system) => {
            format!("{system} {rest}")
        }
        _ => text.to_owned(),
    }
}

/// The run of letters, or of digits, with which a text begins.
fn run(text: &str) -> &str {
    let end = match text.chars().next() {
        Some(first) if first.is_numeric() => text.find(|sign: char| !sign.is_numeric()),
        Some(_) => text.find(|sign: char| !sign.is_alphabetic()),
        None => None,
    };
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

/// Under this stand words that begin with digits of which not all are spelled.
const ANY_NUMBER: &str = "#";

/// Under what a word stands: the run with which it begins.
fn key(spelled: &str) -> &str {
    let first = run(spelled);
    let rest = spelled.get(first.len()..).unwrap_or_default();
    let open = rest.starts_with(['#', '*']) && first.starts_with(char::is_numeric);
    if open { ANY_NUMBER } else { first }
}

/// Whether `text` begins with a word spelled like this, both in lower case.
fn begins(text: &str, spelled: &str) -> bool {
    let mut rest = text.chars();
    for sign in spelled.chars() {
        let next = rest.next();
        match sign {
            '*' => return true,
            '#' if next.is_some_and(|next| next.is_ascii_digit()) => {}
            _ if next == Some(sign) => {}
            _ => return false,
        }
    }
    rest.next().is_none_or(|next| !next.is_alphanumeric())
}

impl Words {
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, BadRow> {
        let bad = |what| BadRow { file: name.to_owned(), row: 0, what };
        let file: File = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
        let mut words = Self::default();
        for field in &file.fields {
            let place = field_of(field).ok_or_else(|| bad(format!("{field} is no field")))?;
            words.fields.push((Arc::new(place), file.kinds_in.contains(field)));
        }
        for Maker { vendor, makes, names, software, lines } in file.maker {
            let of = || Reading { vendor: Some(vendor.clone()), ..Reading::default() };
            words.put(&names, (Sort::Name, makes), &Reading { weight: NAME, ..of() });
            for product in software {
                // How it may go on is no part of its name.
                let name = product.trim_end_matches(['*', '(', ' ']).into();
                let said = Software { product: name, vendor: Some(vendor.as_str().into()) };
                let claims = Reading { software: Some(said), weight: NAME, ..Reading::default() };
                words.put(&[product], (Sort::Rest, None), &claims);
            }
            for (class, spelled) in lines {
                let claims = Reading { class: Some(class), weight: LINE, ..of() };
                words.put(&spelled, (Sort::Line, None), &claims);
            }
        }
        for Kind { class, words: spelled } in file.kind {
            let claims = Reading { class: Some(class), weight: KIND, ..Reading::default() };
            words.put(&spelled, (Sort::Kind, None), &claims);
        }
        for System { os, words: spelled } in file.os {
            let claims = Reading { os: Some(os), weight: KIND, ..Reading::default() };
            words.put(&spelled, (Sort::Rest, None), &claims);
        }
        words.stars_end().map_err(bad)?;
        Ok(words)
    }

    fn put(&mut self, spelled: &[String], (sort, makes): (Sort, Option<Class>), claims: &Reading) {
        for word in spelled {
            let spelled = word.to_lowercase();
            let word = Word { spelled, sort, claims: claims.clone(), makes };
            self.by_run.entry(key(&word.spelled).to_owned()).or_default().push(word);
        }
    }

    /// Whether `*` stands only at the ends of words: behind it nothing is looked at.
    fn stars_end(&self) -> Result<(), String> {
        let words = self.by_run.values().flatten();
        let mut odd = words.filter(|word| word.spelled.trim_end_matches('*').contains('*'));
        odd.next().map_or(Ok(()), |word| Err(format!("in {} `*` is not at the end", word.spelled)))
    }

    /// Where words are looked for, and whether kinds of things count there.
    pub(super) fn fields(&self) -> &[(Arc<Place>, bool)] {
        &self.fields
    }

    /// The words that count in a text: a line and a name, a kind, a system and a piece of software.
    pub(super) fn of(&self, text: &str, kinds: bool) -> Vec<Reading> {
        let end = text.floor_char_boundary(LONGEST.min(text.len()));
        let folded = without_own_name(&text.get(..end).unwrap_or_default().to_lowercase());
        let mut found: [Option<&Word>; 5] = [None; 5];
        // Whether a maker's name stood before the line.
        let mut named = false;
        let mut rest = folded.as_str();
        let mut behind_a_digit = false;
        while let Some(start) = rest.find(char::is_alphanumeric) {
            behind_a_digit &= start == 0;
            rest = rest.get(start..).unwrap_or_default();
            let first = run(rest);
            // Letters behind a digit are in the middle of a word: no line begins there.
            let middle = behind_a_digit && first.starts_with(char::is_alphabetic);
            let number = first.starts_with(char::is_numeric).then_some(ANY_NUMBER);
            let keys = [Some(first), number].into_iter().flatten();
            let known = keys.filter_map(|key| self.by_run.get(key)).flatten();
            let mut here: Vec<&Word> = known.filter(|word| begins(rest, &word.spelled)).collect();
            here.sort_by_key(|word| std::cmp::Reverse(word.spelled.len()));
            // The name of a piece of software holds its maker's, who need not have made the device.
            let software = |word: &&Word| word.sort == Sort::Rest && word.claims.software.is_some();
            if here.first().is_some_and(software) {
                here.retain(|word| word.sort != Sort::Name);
            }
            for word in here.into_iter().filter(|word| !middle || word.sort != Sort::Line) {
                let at = match (word.sort, &word.claims.os) {
                    (Sort::Line, _) => 0,
                    (Sort::Name, _) => 1,
                    (Sort::Kind, _) => 2,
                    (Sort::Rest, None) => 3,
                    (Sort::Rest, Some(_)) => 4,
                };
                if let Some(place) = found.get_mut(at)
                    && (place.is_none() || (word.sort == Sort::Kind && kinds))
                    && (word.sort != Sort::Kind || kinds)
                {
                    *place = Some(word);
                    let [line, name, ..] = found;
                    named |= line.is_none() && name.is_some();
                }
            }
            behind_a_digit = first.starts_with(char::is_numeric);
            rest = rest.get(first.len().max(1)..).unwrap_or_default();
        }
        let of_another = |word: &Word| {
            let [_, name, ..] = found;
            let other = name.is_some_and(|name| name.claims.vendor != word.claims.vendor);
            word.sort == Sort::Line && named && other
        };
        let claims = |word: &Word| {
            let mut reading = word.claims.clone();
            reading.vendor = reading.vendor.filter(|_| !of_another(word));
            reading
        };
        let makes = found.iter().flatten().find_map(|word| word.makes);
        let makes =
            makes.map(|class| Reading { class: Some(class), weight: MAKES, ..Reading::default() });
        found.into_iter().flatten().map(claims).chain(makes).collect()
    }
}

/// `http.server`, `*.server` for any protocol, or one of the places outside of services.
pub(super) fn field_of(field: &str) -> Option<Place> {
    match field {
        "object_id" => return Some(Place::ObjectId),
        "description" => return Some(Place::Description),
        "dhcp_vendor" => return Some(Place::DhcpVendor),
        "ssdp_server" => return Some(Place::SsdpServer),
        "neighbour_platform" => return Some(Place::NeighbourPlatform),
        "neighbour_description" => return Some(Place::NeighbourDescription),
        _ => {}
    }
    let (method, key) = field.split_once('.')?;
    let method = match method {
        "*" => None,
        "txt" => return Some(Place::Txt { service: None, key: key.to_owned() }),
        name => Some(serde_json::from_value(name.into()).ok()?),
    };
    Some(Place::Said { method, key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        Words::parse("w", super::super::WORDS).unwrap()
    }

    fn said(text: &str) -> Reading {
        let words = words();
        let mut all = Reading::default();
        for it in words.of(text, true) {
            if all.weight < it.weight && it.class.is_some() {
                (all.class, all.weight) = (it.class, it.weight);
            }
            all.vendor = all.vendor.or(it.vendor);
        }
        all
    }

    #[test]
    fn a_line_says_the_maker_and_the_kind() {
        let read = said("My LaserJet Pro 9999 upstairs");
        assert_eq!((read.class, read.vendor.as_deref()), (Some(Class::Printer), Some("HP")));
    }

    #[test]
    fn a_maker_that_is_named_is_not_another_whose_line_is_spelled_alike() {
        let read = said("Canon LaserJet 9999");
        assert_eq!((read.class, read.vendor.as_deref()), (Some(Class::Printer), Some("Canon")));
        let read = said("LaserJet 9999 in place of a Canon");
        assert_eq!(read.vendor.as_deref(), Some("HP"));
    }

    #[test]
    fn the_name_of_a_maker_of_one_kind_of_thing_is_the_weakest_hint_of_it() {
        let read = said("Xerox");
        assert_eq!((read.class, read.weight), (Some(Class::Printer), MAKES));
        assert_eq!(said("Xerox network switch").class, Some(Class::Switch));
        assert_eq!(said("Fujitsu").class, None);
    }

    #[test]
    fn a_star_in_the_middle_of_a_word_is_refused() {
        let file = |word: &str| {
            format!(
                "fields = []\nkinds_in = []\nos = []\nkind = []\n[[maker]]\nvendor = \"Z\"\nnames = [\"{word}\"]\n"
            )
        };
        assert!(Words::parse("w", &file("zork*")).is_ok());
        assert!(Words::parse("w", &file("zork* nine")).is_err());
    }

    #[test]
    fn a_word_ends_where_letters_end() {
        assert_eq!(said("rerouters and laserjetting").class, None);
        assert!(begins("ap9999 card", "ap####") && !begins("ap99999", "ap####"));
        assert!(begins("mx-m999n", "mx-m*") && !begins("mx", "mx-m*"));
    }

    #[test]
    fn no_line_begins_behind_a_digit_in_the_middle_of_a_word() {
        assert!(said("ir9999").class.is_some());
        assert_eq!(said("x9ir9999"), Reading::default());
    }

    #[test]
    fn software_has_a_name_without_the_sign_of_how_it_may_go_on() {
        for (text, product) in [("nginx/1.99", "nginx"), ("OpenSSH_9.9", "OpenSSH")] {
            let words = words();
            let found = words.of(text, true).into_iter().find_map(|it| it.software);
            assert_eq!(found.unwrap().product, product);
        }
    }

    #[test]
    fn the_noun_stands_last() {
        assert_eq!(said("firewall print server").class, Some(Class::Printer));
    }

    #[test]
    fn no_text_is_too_long_and_no_sign_too_strange() {
        for text in ["", "é", "𝔘#*", &"ａ１".repeat(9_000), "\u{301}\u{301}"] {
            words().of(text, true);
        }
    }

    #[test]
    fn every_word_finds_itself() {
        let words = words();
        for word in words.by_run.values().flatten() {
            let text = word.spelled.replace('#', "9").replace('*', "");
            let found = words.of(&text, true);
            // A maker's name gives way to its software of the same name.
            let itself = |found: &Reading| match word.sort {
                Sort::Line => found.class.is_some() && found.weight == LINE,
                Sort::Name => found.vendor.is_some() || found.software.is_some(),
                Sort::Kind => found.class.is_some(),
                Sort::Rest => found.software.is_some() || found.os.is_some(),
            };
            assert!(found.iter().any(itself), "{} is not found in itself", word.spelled);
        }
    }
}
