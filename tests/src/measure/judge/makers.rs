//! Which names are of one maker.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Context;

use super::words;

/// The families, as data.
const MAKERS: &str = include_str!("../../../data/makers.toml");

/// Words of a name that tell no maker from another.
const COMMON: [&str; 27] = [
    "ab",
    "ag",
    "and",
    "co",
    "communications",
    "company",
    "corp",
    "corporation",
    "electronics",
    "gmbh",
    "group",
    "inc",
    "industries",
    "international",
    "limited",
    "llc",
    "ltd",
    "network",
    "networks",
    "sa",
    "systems",
    "technologies",
    "technology",
    "the",
    "kk",
    "oy",
    "plc",
];

/// The families of makers.
#[derive(Debug)]
pub(super) struct Makers {
    families: HashMap<String, BTreeSet<usize>>,
    /// Every name that may stand before a model, the longest first.
    names: Vec<String>,
}

/// A maker's name, taken apart.
struct Name {
    families: BTreeSet<usize>,
    /// What tells it from others.
    core: String,
}

impl Makers {
    /// The families of the data.
    ///
    /// # Errors
    /// If the data is not what it should be.
    pub(super) fn read() -> anyhow::Result<Self> {
        type Written = BTreeMap<String, BTreeMap<String, Vec<String>>>;
        let written: Written = toml::from_str(MAKERS).context("makers.toml")?;
        let mut families: HashMap<String, BTreeSet<usize>> = HashMap::new();
        let all = written.values().flatten().enumerate();
        for (number, (name, others)) in all {
            for name in others.iter().chain([name]) {
                families.entry(words(name)).or_default().insert(number);
            }
        }
        let mut names: Vec<String> =
            families.keys().filter(|name| name.len() > 1).cloned().collect();
        names.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        Ok(Self { families, names })
    }

    /// A name is known as a whole, without its common words, or by its first word or two.
    fn name(&self, name: &str) -> Name {
        let whole = words(name);
        let split: Vec<&str> = whole.split(' ').filter(|word| !word.is_empty()).collect();
        let core: Vec<&str> = split.iter().copied().filter(|word| !COMMON.contains(word)).collect();
        let core = if core.is_empty() { whole.clone() } else { core.join(" ") };
        let first = split.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let begin = split.first().copied().unwrap_or_default();
        let tried = [whole.as_str(), &core, &first, begin];
        let found = tried.iter().filter_map(|name| self.families.get(*name));
        Name { families: found.flatten().copied().collect(), core }
    }

    /// Whether two names are of one maker: of one family, or one holds every telling word of the
    /// other.
    pub(super) fn same(&self, a: &str, b: &str) -> bool {
        let (a, b) = (self.name(a), self.name(b));
        if !a.families.is_disjoint(&b.families) {
            return true;
        }
        let set = |core: &str| core.split(' ').map(str::to_owned).collect::<BTreeSet<String>>();
        let bare = |core: &str| core.replace(' ', "");
        if a.core.is_empty() || b.core.is_empty() {
            return false;
        }
        let (one, other) = (set(&a.core), set(&b.core));
        one.is_subset(&other) || other.is_subset(&one) || bare(&a.core) == bare(&b.core)
    }

    /// A model without the maker's name before it, in letters and digits.
    pub(super) fn model(&self, text: &str) -> String {
        let text = words(text);
        let mut rest =
            self.names.iter().filter_map(|name| text.strip_prefix(name)?.strip_prefix(' '));
        rest.next().unwrap_or(&text).replace(' ', "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_maker_are_the_same_and_of_two_are_not() {
        let makers = Makers::read().unwrap();
        for (a, b) in [
            ("HP", "Hewlett Packard Enterprise"),
            ("FUJIFILM Business Innovation", "Xerox"),
            ("Cisco Systems, Inc.", "cisco"),
            ("Nobody Known Ltd.", "nobody-known"),
            ("MGE", "APC"),
            ("MGE", "Eaton"),
        ] {
            assert!(makers.same(a, b) && makers.same(b, a), "{a} {b}");
        }
        for (a, b) in [("APC", "Eaton"), ("Ricoh", "Canon"), ("", "Canon"), ("Inc.", "Canon")] {
            assert!(!makers.same(a, b) && !makers.same(b, a), "{a} {b}");
        }
    }

    #[test]
    fn the_makers_name_before_a_model_is_set_aside() {
        let makers = Makers::read().unwrap();
        assert_eq!(makers.model("Konica Minolta bizhub C999"), "bizhubc999");
        assert_eq!(makers.model("Canon"), "canon");
    }
}
