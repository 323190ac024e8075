//! From rows of SNMP tables to what a device is: maker, model, serial number, firmware, class, the
//! parts it is made of, its software, its page counter, and whether a printer keeps documents.
//!
//! Which column means what is data (`config/inventory`): a row names a table and a column, the field
//! it fills, of whom it is believed and how much it counts. This room asks nobody and decides nothing
//! between claims; that is [`crate::fingerprint::combine`]'s work. Tables read in the context of a
//! VLAN describe that VLAN and are not looked at here.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use daicho_common::observation::ObservationId;
use daicho_common::observation::table::{Cell, Row, Rows};
use daicho_common::time::Timestamp;
use serde::Deserialize;

use crate::fingerprint::{Reading, spelling};

/// What a maker's own tree says where no table of it is known.
pub mod enterprise;
/// What a model's name says of its kind.
pub mod names;
/// What a device is made of and what runs on it.
pub mod parts;
/// Rules as written and as meant.
mod rule;
/// Whether a printer keeps documents.
pub mod storage;

#[cfg(test)]
mod tests;

pub use rule::BadRule;
use rule::Rule;

/// Rows of one table with the observations that brought them.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The rows.
    pub rows: &'a Rows,
    /// When they last came; of two readings of the same row the later counts.
    pub at: Timestamp,
    /// Where they come from.
    pub sources: Vec<ObservationId>,
}

/// A reading with the observations it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// What is claimed; its weight counts as a fingerprint's does.
    pub reading: Reading,
    /// The observations.
    pub sources: Vec<ObservationId>,
}

/// The rules, parsed and checked.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
}

/// The files shipped, by name.
const SHIPPED: [(&str, &str); 12] = [
    ("standard.toml", include_str!("../../config/inventory/standard.toml")),
    ("printers.toml", include_str!("../../config/inventory/printers.toml")),
    ("network.toml", include_str!("../../config/inventory/network.toml")),
    ("switches.toml", include_str!("../../config/inventory/switches.toml")),
    ("wireless.toml", include_str!("../../config/inventory/wireless.toml")),
    ("appliances.toml", include_str!("../../config/inventory/appliances.toml")),
    ("access.toml", include_str!("../../config/inventory/access.toml")),
    ("power.toml", include_str!("../../config/inventory/power.toml")),
    ("computers.toml", include_str!("../../config/inventory/computers.toml")),
    ("environment.toml", include_str!("../../config/inventory/environment.toml")),
    ("voice.toml", include_str!("../../config/inventory/voice.toml")),
    ("media.toml", include_str!("../../config/inventory/media.toml")),
];

/// What agents say when they have nothing to say.
const NOTHING: &str = include_str!("../../config/inventory/nothing.toml");

/// The rules shipped; a test reads them and proves every one.
static BUILTIN: LazyLock<Rules> = LazyLock::new(|| Rules::proven(&SHIPPED).unwrap_or_default());

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {
    nothing: BTreeSet<String>,
}

/// So long are most texts at most that are looked at.
const LONGEST: usize = 64;

static EMPTY_WORDS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    toml::from_str::<Nothing>(NOTHING).map(|file| file.nothing).unwrap_or_default()
});

impl Rules {
    /// Reads files of rules, each with its name for the complaint.
    ///
    /// # Errors
    /// The first rule that cannot be read, claims nothing, or does not say of its example what the
    /// example states.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, BadRule> {
        let mut rules = Vec::new();
        for (name, text) in files {
            rules.extend(rule::read(name, text)?);
        }
        Ok(Self { rules })
    }

    /// The same of files that a test proves.
    fn proven(files: &[(&str, &str)]) -> Result<Self, BadRule> {
        let rules = files.iter().map(|(name, text)| rule::read_proven(name, text));
        Ok(Self { rules: rules.collect::<Result<Vec<_>, _>>()?.concat() })
    }

    /// The rules shipped with the program.
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The serial number of the device in these rows, where a rule says that they hold one: of the rows
    /// the one with the smallest index speaks. Whose tables a maker's own are, their names say.
    pub fn serial(&self, rows: &Rows) -> Option<String> {
        if !rows.context.is_empty() {
            return None;
        }
        let rules = self.rules.iter().filter(|rule| rule.claims_serial(&rows.table));
        let found = rules.filter_map(|rule| {
            let reading = rows.rows.iter().filter_map(|row| Some((row, rule.reading(row)?)));
            let (row, reading) = reading.min_by(|a, b| a.0.index.cmp(&b.0.index))?;
            Some((std::cmp::Reverse(reading.weight), row.index.clone(), reading.serial?))
        });
        found.min().map(|(.., serial)| serial)
    }

    /// What the rules make of the tables of a device with this sysObjectID. Of the rows of a table
    /// the one with the smallest index speaks that a rule can read.
    pub fn read(&self, object_id: &str, told: &[Told<'_>]) -> Vec<Claimed> {
        if told.is_empty() {
            return Vec::new();
        }
        self.rules
            .iter()
            .filter(|rule| rule.is_for(object_id))
            .filter_map(|rule| {
                let mut rows = of(told, rule.table());
                rows.find_map(|(row, sources)| {
                    let reading = rule.reading(row)?;
                    Some(Claimed { reading, sources: sources.to_vec() })
                })
            })
            .collect()
    }
}

/// The rows of a table of the device itself, ascending by index, each as it was read last.
fn of<'t>(
    told: &'t [Told<'_>],
    table: &str,
) -> impl Iterator<Item = (&'t Row, &'t [ObservationId])> + use<'t> {
    let mut rows: Vec<_> = told
        .iter()
        .filter(|told| told.rows.table == table && told.rows.context.is_empty())
        .flat_map(|told| told.rows.rows.iter().map(|row| (row, told.at, told.sources.as_slice())))
        .collect();
    rows.sort_unstable_by(|a, b| {
        a.0.index.cmp(&b.0.index).then(b.1.cmp(&a.1)).then_with(|| (a.0, a.2).cmp(&(b.0, b.2)))
    });
    rows.dedup_by(|later, first| later.0.index == first.0.index);
    rows.into_iter().map(|(row, _, sources)| (row, sources))
}

/// What a cell says, as text: numbers in decimal, octets where they are printable.
fn text(cell: &Cell) -> Option<String> {
    let said = match cell {
        Cell::Text(text) => text.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Unsigned(number) => number.to_string(),
        Cell::ObjectId(id) => id.clone(),
        Cell::Address(address) => address.to_string(),
        Cell::Octets(_) => return None,
    };
    let said = said.trim();
    (!said.is_empty()).then(|| said.to_owned())
}

/// Whether a text says nothing: a placeholder, or one sign over and over.
pub(crate) fn says_nothing(said: &str) -> bool {
    let mut room = [0; LONGEST];
    match spelling::fold_into(said, &mut room) {
        Some(folded) => is_nothing(folded),
        None => is_nothing(&spelling::fold(said)),
    }
}

fn is_nothing(folded: &str) -> bool {
    let mut signs = folded.chars().filter(|sign| sign.is_alphanumeric());
    let first = signs.next();
    let same = first.is_none_or(|first| {
        matches!(first, '0' | 'x' | 'f') && folded.len() > 1 && signs.all(|sign| sign == first)
    });
    same || EMPTY_WORDS.contains(folded)
}
