//! Patterns, as rows of data, that turn evidence into claims of what a device is.
//!
//! A row says on what it looks, its pattern, what it then claims, how much that weighs, and carries
//! examples that must match: adding one needs no Rust. The rows shipped are in
//! `config/fingerprints/`. How competing claims combine is in [`combine`]: this room never says more
//! than its rows do, and a contradiction between equals is "unknown".

use std::collections::HashMap;
use std::sync::Arc;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Method};
use daicho_common::text::Short;
use serde::Serialize;

/// What kind of thing a device is.
mod class;
/// One rule for all fields by which competing claims combine.
pub mod combine;
/// Patterns that are compiled when they are needed.
pub(crate) mod lazy;
/// On what rows look.
mod look;
/// To whom MAC addresses were assigned.
mod makers;
/// Operating systems by their numbers, their makers, and the ends of their support.
pub mod os;
/// Patterns of rows, compiled.
pub(crate) mod pattern;
/// Fingerprints of Rapid7's Recog.
pub mod recog;
/// Rows at work, with what they made of texts before.
mod reader;
/// Rows as written and as meant.
mod row;
/// Descriptions by the shape of their words.
mod shape;
/// Spellings of the same thing.
pub mod spelling;
/// Names of makers and of their lines, in any text.
mod words;

#[cfg(test)]
mod tests;

pub use class::Class;
pub use look::Place;
use makers::Makers;
pub use reader::Reader;
pub use row::BadRow;
use row::{Group, Row};
use words::Words;

/// A claim that counts less describes a device where nothing better is known, and contradicts no book:
/// it was guessed from the shape of words.
pub const DOUBTFUL: u8 = 10;

/// What one row says of a fact that its pattern matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What the device is.
    pub class: Option<Class>,
    /// Maker.
    pub vendor: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Version of firmware, or of whatever the text is of.
    pub version: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Operating system with its version, as far as the text tells: `Windows 10`, `Debian 12`.
    pub os: Option<String>,
    /// The software that speaks. Its maker is not the device's.
    pub software: Option<Software>,
    /// Whether documents are kept.
    pub storage: Option<bool>,
    /// How much it counts against other rows of the same grade, 1–100.
    pub weight: u8,
}

/// Software that speaks for a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Software {
    /// Its name.
    pub product: Short,
    /// Who makes it, where that is known.
    pub vendor: Option<Short>,
}

impl Software {
    /// Whether this is the other without its maker.
    pub fn is_unattributed(&self, other: &Self) -> bool {
        self.vendor.is_none() && self.product == other.product
    }
}

/// A reading with where it was read and what stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match<'r> {
    /// What is claimed.
    pub reading: Arc<Reading>,
    /// Where it was read.
    pub place: &'r Arc<Place>,
    /// The text that matched.
    pub said: Arc<str>,
}

/// The fingerprint rows, parsed and checked.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Rows that look at the same place, so that its text is fetched once.
    groups: Vec<Group>,
    /// Which groups look at a field of this name of what a service said.
    said: HashMap<String, Vec<usize>>,
    words: Words,
    makers: Makers,
    /// Files of Recog read so far.
    files: usize,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../config/fingerprints/", $name)))),*]
    };
}

/// The files shipped, by name.
const SHIPPED: &[(&str, &str)] = &shipped![
    "snmp_object_id.toml",
    "snmp_description.toml",
    "snmp_enterprise.toml",
    "snmp_registry.toml",
    "snmp_numbers.toml",
    "snmp_maker.toml",
    "snmp_network.toml",
    "snmp_network_makers.toml",
    "snmp_japan.toml",
    "snmp_japan_numbers.toml",
    "snmp_grammar.toml",
    "snmp_device.toml",
    "snmp_generic.toml",
    "snmp_words.toml",
    "mdns_service.toml",
    "dhcp.toml",
    "ssdp.toml",
    "neighbour.toml",
    "router.toml",
    "snmp_system.toml",
    "ssh.toml",
    "http.toml",
    "favicon.toml",
    "tls.toml",
    "greeting.toml",
    "sip.toml",
    "rtsp.toml",
    "ntp.toml",
    "smb.toml",
    "mdns_apple.toml",
    "dhcp_class.toml",
    "ipp.toml",
    "mac_maker.toml",
    "host_name.toml",
    "port.toml",
    "hl7.toml",
];

/// Names of makers and of their lines.
const WORDS: &str = include_str!("../../config/fingerprints/words.toml");

impl Rows {
    /// Reads files of rows, each with its name for the complaint.
    ///
    /// # Errors
    /// The first row that cannot be read, claims nothing, has no example, or whose example it does
    /// not match with just the claims that the example states.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, BadRow> {
        let mut rows = Self::default();
        for (name, text) in files {
            rows.add(name, text)?;
        }
        Ok(rows)
    }

    /// Adds a file of rows.
    ///
    /// # Errors
    /// As [`Self::parse`]; nothing of the file is added then.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), BadRow> {
        for row in row::read(name, text)? {
            self.put(row);
        }
        Ok(())
    }

    fn put(&mut self, row: Row) {
        if let Some(group) = self.groups.iter_mut().find(|group| *group.place == *row.place()) {
            group.rows.push(row);
            return;
        }
        if let Place::Said { key, .. } = row.place() {
            self.said.entry(key.clone()).or_default().push(self.groups.len());
        }
        self.groups.push(Group { place: Arc::new(row.place().clone()), rows: vec![row] });
    }

    /// Adds a file of Rapid7's Recog, and says what was taken of it.
    ///
    /// # Errors
    /// What is no such file; nothing of it is added then.
    pub fn add_recog(&mut self, name: &str, xml: &str) -> Result<recog::Taken, BadRow> {
        let (places, fingerprints, taken) = recog::parse(name, xml)?;
        self.files += 1;
        for place in places {
            for fingerprint in &fingerprints {
                self.put(Row::recog(place.clone(), self.files, fingerprint.clone()));
            }
        }
        Ok(taken)
    }

    /// Reads a file of names of makers and of their lines, in place of the one before.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn with_words(mut self, name: &str, text: &str) -> Result<Self, BadRow> {
        self.words = Words::parse(name, text)?;
        Ok(self)
    }

    /// Reads the IEEE's list of assignments (`oui.txt`) beside the makers known so far; of a prefix
    /// in both the list counts. Lines of other forms are passed over.
    pub fn add_assignments(&mut self, list: &str) {
        self.makers.add_list(list);
    }

    /// To whom the IEEE assigned this MAC address, as far as that is known here.
    pub fn maker(&self, mac: Mac) -> Option<&str> {
        self.makers.of(mac)
    }

    /// The rows shipped with the program. Their examples are not tried again here.
    ///
    /// # Errors
    /// None in a tested build: a test reads the shipped files and proves every row.
    pub fn builtin() -> Result<Self, BadRow> {
        let mut rows = Self::default();
        for (name, text) in SHIPPED {
            row::read_proven(name, text)?.into_iter().for_each(|row| rows.put(row));
        }
        rows = rows.with_words("words.toml", WORDS)?;
        rows.makers = Makers::shipped()?;
        Ok(rows)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.groups.iter().map(|group| group.rows.len()).sum()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// What the rows make of a fact. Facts that no row looks at say nothing. What a service said
    /// needs its protocol: [`Self::matches`].
    pub fn read(&self, fact: &Fact) -> Vec<Reading> {
        let found = self.matches(None, fact).into_iter();
        found.map(|found| Arc::unwrap_or_clone(found.reading)).collect()
    }

    /// What the rows make of a fact that was learned by this method, each with where it was read.
    pub fn matches(&self, method: Option<Method>, fact: &Fact) -> Vec<Match<'_>> {
        Reader::new(self).matches(method, fact)
    }

    /// What the rows make of the name of the maker to whom the IEEE assigned a MAC address.
    pub fn of_maker(&self, maker: &str) -> Vec<Match<'_>> {
        Reader::new(self).of_maker(maker)
    }
}
