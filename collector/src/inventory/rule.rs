//! Rules as written in TOML, and as meant: parsed twice, proven by their own examples.

use daicho_common::observation::table::Row;
use serde::Deserialize;

use super::{says_nothing, text};
use crate::fingerprint::lazy::{Lazy, Looked};
use crate::fingerprint::{Class, Reading, spelling};

/// A rule that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, rule {rule}: {what}")]
pub struct BadRule {
    /// The file's name.
    pub file: String,
    /// Number of the rule in its file, from 1; 0 if the file is no list of rules.
    pub rule: usize,
    /// What is wrong.
    pub what: String,
}

/// A file as written; unknown keys are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Written>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Vendor,
    Model,
    Serial,
    Version,
}

/// A rule as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    table: String,
    column: String,
    field: Option<Field>,
    class: Option<Class>,
    vendor: Option<String>,
    #[serde(default)]
    of: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    index: Vec<u32>,
    #[serde(default)]
    with: Vec<With>,
    regex: Option<String>,
    /// A text that this matches is not looked at.
    unless: Option<String>,
    weight: u8,
    #[serde(default)]
    example: Vec<Example>,
}

/// What another column of the row must say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct With {
    column: String,
    is: OneOf,
}

/// A text, or several of which each will do.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOf {
    This(String),
    These(Vec<String>),
}

/// What the column says, and what is claimed then; nothing if it is left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    said: String,
    is: Option<String>,
}

/// How a pattern is taken.
type Pattern = dyn Fn(&str) -> Result<Lazy, String>;

/// A rule as meant.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    table: String,
    column: String,
    field: Option<Field>,
    of: Vec<String>,
    except: Vec<String>,
    index: Vec<u32>,
    with: Vec<With>,
    regex: Option<Lazy>,
    unless: Option<Lazy>,
    claims: Reading,
}

impl With {
    pub(super) fn holds(&self, row: &Row) -> bool {
        let said = row.cells.get(&self.column).and_then(text);
        said.is_some_and(|said| match &self.is {
            OneOf::This(text) => *text == said,
            OneOf::These(texts) => texts.contains(&said),
        })
    }
}

impl Rule {
    pub(super) fn table(&self) -> &str {
        &self.table
    }

    /// Whether it reads serial numbers out of this table.
    pub(super) fn claims_serial(&self, table: &str) -> bool {
        self.field == Some(Field::Serial) && self.table == table
    }

    /// Whether devices with this sysObjectID are meant.
    pub(super) fn is_for(&self, object_id: &str) -> bool {
        let begins = |prefix: &String| {
            object_id
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        (self.of.is_empty() || self.of.iter().any(begins)) && !self.except.iter().any(begins)
    }

    /// What this rule says of a row.
    pub(super) fn reading(&self, row: &Row) -> Option<Reading> {
        let meant = row.index.starts_with(&self.index);
        if !meant || !self.with.iter().all(|with| with.holds(row)) {
            return None;
        }
        self.claim(&text(row.cells.get(&self.column)?)?)
    }

    fn claim(&self, said: &str) -> Option<Reading> {
        let looked = Looked::at(said);
        if self.unless.as_ref().is_some_and(|unless| unless.matching(&looked).is_some()) {
            return None;
        }
        let mut reading = self.claims.clone();
        let value = match &self.regex {
            None => said,
            Some(regex) => {
                let found = regex.matching(&looked)?.captures(said)?;
                found.name("is").or_else(|| found.get(0)).map_or("", |group| group.as_str())
            }
        };
        let value = value.trim();
        let Some(field) = self.field else { return Some(reading) };
        if says_nothing(value) {
            return None;
        }
        let value = match field {
            Field::Vendor => spelling::vendor(value).unwrap_or(value),
            Field::Model | Field::Serial | Field::Version => value,
        };
        let place = match field {
            Field::Vendor => &mut reading.vendor,
            Field::Model => &mut reading.model,
            Field::Serial => &mut reading.serial,
            Field::Version => &mut reading.version,
        };
        *place = Some(value.to_owned());
        Some(reading)
    }
}

impl Written {
    fn rule(&self, pattern: &Pattern) -> Result<Rule, String> {
        if !(1..=100).contains(&self.weight) {
            return Err(format!("weight {} is not in 1–100", self.weight));
        }
        if self.field.is_none() && self.class.is_none() && self.vendor.is_none() {
            return Err("nothing is claimed".to_owned());
        }
        let compiled = |written: &Option<String>| written.as_deref().map(pattern).transpose();
        Ok(Rule {
            table: self.table.clone(),
            column: self.column.clone(),
            field: self.field,
            of: self.of.clone(),
            except: self.except.clone(),
            index: self.index.clone(),
            with: self.with.clone(),
            regex: compiled(&self.regex)?,
            unless: compiled(&self.unless)?,
            claims: Reading {
                class: self.class,
                vendor: self.vendor.clone(),
                weight: self.weight,
                ..Reading::default()
            },
        })
    }

    /// Holds a rule to its examples; where there is a pattern or a field there must be one.
    fn proven(&self) -> Result<Rule, String> {
        let rule = self.rule(&Lazy::checked)?;
        if self.example.is_empty() {
            return Err("a rule needs an example".to_owned());
        }
        for example in &self.example {
            let read = rule.claim(&example.said);
            let value = read.as_ref().map(|read| match self.field {
                Some(Field::Vendor) => read.vendor.clone().unwrap_or_default(),
                Some(Field::Model) => read.model.clone().unwrap_or_default(),
                Some(Field::Serial) => read.serial.clone().unwrap_or_default(),
                Some(Field::Version) => read.version.clone().unwrap_or_default(),
                None => example.said.clone(),
            });
            if value != example.is {
                return Err(format!("of \"{}\" it says {value:?}", example.said));
            }
        }
        Ok(rule)
    }
}

/// Reads one file of rules, and holds every one to its examples.
pub(super) fn read(name: &str, text: &str) -> Result<Vec<Rule>, BadRule> {
    rules(name, text, Written::proven)
}

/// Reads one file of rules that a test proves: patterns are compiled when a text comes that they may match.
pub(super) fn read_proven(name: &str, text: &str) -> Result<Vec<Rule>, BadRule> {
    rules(name, text, |written| written.rule(&|pattern| Ok(Lazy::known(pattern))))
}

fn rules(
    name: &str,
    text: &str,
    rule: impl Fn(&Written) -> Result<Rule, String>,
) -> Result<Vec<Rule>, BadRule> {
    let bad = |rule, what| BadRule { file: name.to_owned(), rule, what };
    let file: File = toml::from_str(text).map_err(|error| bad(0, error.to_string()))?;
    let written = file.rule.iter().enumerate();
    written.map(|(index, written)| rule(written).map_err(|what| bad(index + 1, what))).collect()
}
