//! `config/inventory/storage.toml`, as written and as meant: rows that show a disk, rows after which
//! nobody may say that there is none, models that have one, and the words for each reason.

use std::sync::LazyLock;

use daicho_common::observation::table::Row;
use regex::Regex;
use serde::Deserialize;

use super::super::rule::With;
use super::super::text;
use super::Reason;
use crate::fingerprint::pattern;

const SHIPPED: &str = include_str!("../../../../config/inventory/storage.toml");

/// `None` only if the file shipped cannot be read, which a test rules out.
static SIGNS: LazyLock<Option<Signs>> = LazyLock::new(|| parse(SHIPPED).ok());

/// What the file says.
pub(super) struct Signs {
    /// Rows that show a disk.
    pub(super) shows: Vec<Sign>,
    /// Rows after which nobody may say that there is none.
    pub(super) doubts: Vec<Sign>,
    pub(super) references: Vec<Reference>,
    pub(super) models: Vec<Regex>,
    /// All else.
    pub(super) rest: Written,
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(default)]
    sign: Vec<WrittenSign>,
    #[serde(default)]
    doubt: Vec<WrittenSign>,
    #[serde(default)]
    reference: Vec<Reference>,
    #[serde(default)]
    model: Vec<WrittenModel>,
    pub(super) large: Large,
    pub(super) only_memory: Reason,
    pub(super) names_others: Reason,
    pub(super) may_not_be_listed: Reason,
    pub(super) not_read: Reason,
    pub(super) service_says: Reason,
    pub(super) model_has: Reason,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSign {
    table: String,
    #[serde(default)]
    with: Vec<With>,
    column: String,
    regex: Option<String>,
    unless: Option<String>,
    /// Texts that must be a sign, and texts that must be none.
    #[serde(default)]
    example: Vec<String>,
    #[serde(default)]
    unlike: Vec<String>,
    ja: String,
    en: String,
}

/// Models that have a disk.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenModel {
    regex: String,
    /// Names that it must match, and names that it must not.
    example: Vec<String>,
    unlike: Vec<String>,
}

/// A row that shows a disk, or speaks of one.
pub(super) struct Sign {
    pub(super) table: String,
    with: Vec<With>,
    column: String,
    words: Option<Pattern>,
    reason: Reason,
}

/// Words that are looked for.
struct Pattern {
    regex: Regex,
    unless: Option<Regex>,
}

/// A table whose rows name rows of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    pub(super) table: String,
    #[serde(default)]
    with: Vec<With>,
    /// What holds the number; without it the index does.
    column: Option<String>,
    pub(super) list: String,
    ja: String,
    en: String,
}

/// Storage that may keep documents because of what it can hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Large {
    /// Values of hrStorageType that are none.
    memory: Vec<String>,
    /// From so many octets on.
    octets: u64,
    ja: String,
    en: String,
}

/// What was shipped.
pub(super) fn shipped() -> Option<&'static Signs> {
    SIGNS.as_ref()
}

pub(super) fn parse(text: &str) -> Result<Signs, String> {
    let mut written: Written = toml::from_str(text).map_err(|error| error.to_string())?;
    let signs = |written: &mut Vec<WrittenSign>| {
        std::mem::take(written).into_iter().map(WrittenSign::proven).collect::<Result<_, _>>()
    };
    let models = std::mem::take(&mut written.model).into_iter().map(WrittenModel::proven);
    Ok(Signs {
        shows: signs(&mut written.sign)?,
        doubts: signs(&mut written.doubt)?,
        references: std::mem::take(&mut written.reference),
        models: models.collect::<Result<_, _>>()?,
        rest: written,
    })
}

fn compiled(written: &str) -> Result<Regex, String> {
    pattern::compile(written).map_err(|error| error.to_string())
}

/// Holds a pattern to its examples, of which it must have one.
fn proven(
    name: &str,
    matches: impl Fn(&str) -> bool,
    (example, unlike): (&[String], &[String]),
) -> Result<(), String> {
    let missed = example.iter().find(|text| !matches(text));
    match missed.or_else(|| unlike.iter().find(|text| matches(text))) {
        Some(text) => Err(format!("{name}: {text}")),
        None if example.is_empty() => Err(format!("{name}: no example")),
        None => Ok(()),
    }
}

impl WrittenSign {
    fn proven(self) -> Result<Sign, String> {
        let words = match &self.regex {
            None => None,
            Some(regex) => {
                let unless = self.unless.as_deref().map(compiled).transpose()?;
                let words = Pattern { regex: compiled(regex)?, unless };
                proven(regex, |text| words.holds(text), (&self.example, &self.unlike))?;
                Some(words)
            }
        };
        let reason = Reason { ja: self.ja, en: self.en };
        Ok(Sign { table: self.table, with: self.with, column: self.column, words, reason })
    }
}

impl WrittenModel {
    /// What it matches, if that is what it says of itself.
    fn proven(self) -> Result<Regex, String> {
        let regex = compiled(&self.regex)?;
        let matches = |name: &str| regex.is_match(name);
        proven(&self.regex, matches, (&self.example, &self.unlike))?;
        Ok(regex)
    }
}

impl Pattern {
    fn holds(&self, said: &str) -> bool {
        let left_out = self.unless.as_ref().is_some_and(|unless| unless.is_match(said));
        self.regex.is_match(said) && !left_out
    }
}

impl Reason {
    /// With this in the place of {0}.
    pub(super) fn filled(&self, said: &str) -> Self {
        let fill = |text: &str| text.replace("{0}", said);
        Self { ja: fill(&self.ja), en: fill(&self.en) }
    }
}

impl Sign {
    /// What a row says, if it is such a sign.
    pub(super) fn said(&self, row: &Row) -> Option<String> {
        if !self.with.iter().all(|with| with.holds(row)) {
            return None;
        }
        let said = row.cells.get(&self.column).and_then(text)?;
        self.words.as_ref().is_none_or(|words| words.holds(&said)).then_some(said)
    }

    /// The reason, where that is what a row says.
    pub(super) fn reason(&self, said: &str) -> Reason {
        self.reason.filled(said)
    }
}

impl Reference {
    /// The number in its list of what a row names. Numbers of rows begin with 1 (RFC 2790 §4.4, §4.5).
    pub(super) fn named(&self, row: &Row) -> Option<u32> {
        if !self.with.iter().all(|with| with.holds(row)) {
            return None;
        }
        let number = match &self.column {
            Some(column) => u32::try_from(row.number(column)?).ok()?,
            None => *row.index.first()?,
        };
        (number > 0).then_some(number)
    }

    /// The reason, where what it names is a disk of which this is said.
    pub(super) fn reason(&self, said: &str) -> Reason {
        Reason { ja: self.ja.clone(), en: self.en.clone() }.filled(said)
    }
}

impl Large {
    /// The reason, where a row of hrStorageTable is such storage. One that does not tell how much it
    /// holds may hold as much.
    pub(super) fn reason(&self, row: &Row) -> Option<Reason> {
        let kind = row.cells.get("hrStorageType").and_then(text);
        if kind.is_some_and(|kind| self.memory.contains(&kind)) {
            return None;
        }
        let octets = row
            .number("hrStorageAllocationUnits")
            .zip(row.number("hrStorageSize"))
            .map(|(units, size)| units.saturating_mul(size));
        if octets.is_some_and(|octets| octets < self.octets) {
            return None;
        }
        let said = row.cells.get("hrStorageDescr").and_then(text).unwrap_or_default();
        Some(Reason { ja: self.ja.clone(), en: self.en.clone() }.filled(&said))
    }
}
