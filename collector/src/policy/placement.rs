//! What belongs in which network, and what is told where it is seen: `config/placement.toml` and
//! `config/remote_access.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Purpose;
use crate::fingerprint::{Class, spelling};

const PLACEMENT: &str = include_str!("../../../config/placement.toml");
const REMOTE: &str = include_str!("../../../config/remote_access.toml");

/// Which classes belong where, what a management page is, what is made for homes, and by what a device
/// can be reached from afar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    written: Written,
    ways: Vec<Way>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    misplaced: BTreeMap<Purpose, Vec<Class>>,
    management: Management,
    consumer: Vec<Consumer>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Management {
    classes: Vec<Class>,
    kinds: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Consumer {
    vendor: String,
    models: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Way {
    name: String,
    kinds: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ways {
    way: Vec<Way>,
}

impl Placement {
    /// Reads tables in the form of `config/placement.toml` and `config/remote_access.toml`.
    ///
    /// # Errors
    /// If one of them is not TOML of that form.
    pub fn parse(placement: &str, remote: &str) -> Result<Self, toml::de::Error> {
        let Ways { way: ways } = toml::from_str(remote)?;
        Ok(Self { written: toml::from_str(placement)?, ways })
    }

    /// Whether a device of this class is out of place in a network of this purpose.
    pub fn is_misplaced(&self, class: Class, purpose: Purpose) -> bool {
        self.written.misplaced.get(&purpose).is_some_and(|classes| classes.contains(&class))
    }

    /// Whether this service is a management page, or telnet, of a device that stands at the edge.
    pub fn is_management(&self, class: Class, kind: &str) -> bool {
        let management = &self.written.management;
        management.classes.contains(&class) && management.kinds.iter().any(|known| known == kind)
    }

    /// Whether this is made for homes: by its maker, and by how its model begins where the maker makes
    /// other gear too.
    pub fn is_consumer(&self, vendor: &str, model: &str) -> bool {
        let model = spelling::fold(model);
        self.written.consumer.iter().any(|known| {
            let begins = |start: &String| model.starts_with(&spelling::fold(start));
            spelling::fold(vendor) == spelling::fold(&known.vendor)
                && (known.models.is_empty() || known.models.iter().any(begins))
        })
    }

    /// The way in from afar that this service is, by its name.
    pub fn way_in(&self, kind: &str) -> Option<&str> {
        let way = self.ways.iter().find(|way| way.kinds.iter().any(|known| known == kind));
        way.map(|way| way.name.as_str())
    }
}

impl Default for Placement {
    /// The released tables, which a test parses.
    fn default() -> Self {
        Self::parse(PLACEMENT, REMOTE)
            .unwrap_or_else(|_| Self { written: Written::default(), ways: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_released_tables_tell_homes_from_offices() {
        let placement = Placement::parse(PLACEMENT, REMOTE).unwrap();
        assert!(placement.is_consumer("Buffalo", "WSR-5400AX6S"));
        assert!(!placement.is_consumer("Buffalo", "BS-GS2016"));
        assert!(placement.is_consumer("ELECOM", ""));
        assert!(!placement.is_consumer("Cisco", "C9200"));
    }

    #[test]
    fn a_screen_that_can_be_reached_from_afar_is_a_way_in_and_a_web_page_is_none() {
        let placement = Placement::default();
        assert_eq!(placement.way_in("tcp/3389"), Some("RDP"));
        assert_eq!(placement.way_in("http"), None);
        assert!(placement.is_management(Class::Firewall, "telnet"));
        assert!(!placement.is_management(Class::Printer, "telnet"));
        assert!(placement.is_misplaced(Class::Modality, Purpose::Guest));
    }
}
