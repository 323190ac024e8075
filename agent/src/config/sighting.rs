//! Which makers' devices are only to be sighted: `config/sighting.toml`, and what the configuration
//! adds to it and removes from it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::meant::oui;

/// The makers of medical and nurse-call gear, which are data.
pub const MAKERS: &str = include_str!("../../../config/sighting.toml");

/// First three octets of link-layer addresses.
pub type Ouis = BTreeSet<[u8; 3]>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    maker: Vec<Maker>,
}

/// A row of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Maker {
    #[expect(dead_code, reason = "for people; that it is there is checked")]
    name: String,
    #[expect(dead_code, reason = "for people; that it is one of three is checked")]
    kind: Kind,
    ouis: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Bedside,
    Laboratory,
    NurseCall,
}

/// The prefixes of every maker on the list.
///
/// # Errors
/// What is wrong with the list, which a test rules out for the one that is built in.
fn listed(text: &str) -> Result<Ouis, String> {
    let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let all = file.maker.iter().flat_map(|maker| &maker.ouis);
    all.map(|text| oui(text).ok_or_else(|| text.clone())).collect()
}

/// What is only to be sighted: the list, what was added, and not what was removed.
///
/// # Errors
/// As of [`listed`]; no scan begins without the list.
pub fn ouis(added: &Ouis, removed: &Ouis) -> Result<Ouis, String> {
    let all = &listed(MAKERS)? | added;
    Ok(&all - removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_makers_reads_and_no_prefix_is_there_twice() {
        let ouis = listed(MAKERS).unwrap();
        let written = MAKERS.lines().filter(|line| line.starts_with("ouis"));
        let count: usize = written.map(|line| line.matches('"').count() / 2).sum();
        assert_eq!(ouis.len(), count);
        // An assigned prefix has neither the group bit nor the local bit.
        assert!(ouis.iter().all(|oui| oui[0].trailing_zeros() >= 2));
        assert!(ouis.contains(&[0x00, 0x26, 0x67]), "CARECOM");
    }

    #[test]
    fn the_user_adds_and_removes() {
        let (added, removed) = (Ouis::from([[0, 0x1a, 0x2b]]), Ouis::from([[0x00, 0x06, 0x6b]]));
        let ouis = ouis(&added, &removed).unwrap();
        assert_eq!(ouis.len(), listed(MAKERS).unwrap().len());
        assert!(ouis.contains(&[0, 0x1a, 0x2b]) && !ouis.contains(&[0x00, 0x06, 0x6b]));
    }

    #[test]
    fn a_damaged_list_is_an_error_and_not_an_empty_list() {
        assert!(listed("[[maker]]\nname = \"x\"\nkind = \"bedside\"\nouis = [\"00:1\"]").is_err());
        assert!(listed("[[maker]]\nname = \"x\"\nkind = \"other\"\nouis = []").is_err());
    }
}
