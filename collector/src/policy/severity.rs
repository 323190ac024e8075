//! How much findings matter, as data: `config/findings.toml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const RELEASED: &str = include_str!("../../../config/findings.toml");

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// To be answered.
    Warning,
    /// To be answered first.
    High,
}

/// A rule's section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighing {
    /// How much its findings matter.
    pub severity: Severity,
    /// How much some of them matter.
    pub raised: Option<Severity>,
    /// Which: classes, fields or purposes of networks, as they are serialised.
    #[serde(default)]
    pub raised_for: Vec<String>,
}

/// What each rule's findings matter, by the rule's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severities(BTreeMap<String, Weighing>);

impl Severities {
    /// Reads a table in the form of `config/findings.toml`.
    ///
    /// # Errors
    /// If it is not TOML of that form.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text).map(Self)
    }

    /// These, with the sections of `own` in the place of those of the same rule.
    #[must_use]
    pub fn with(mut self, own: Self) -> Self {
        self.0.extend(own.0);
        self
    }

    /// The rules that have a section, ascending.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &Weighing)> {
        self.0.iter().map(|(rule, weighing)| (rule.as_str(), weighing))
    }

    /// The severity of a finding by this rule that concerns `what`: classes, fields or purposes, as
    /// they are serialised. A rule without a section is a warning.
    pub fn of(&self, rule: &str, what: &[String]) -> Severity {
        let Some(weighing) = self.0.get(rule) else { return Severity::Warning };
        let concerned = what.iter().any(|what| weighing.raised_for.contains(what));
        weighing.raised.filter(|_| concerned).unwrap_or(weighing.severity)
    }
}

impl Default for Severities {
    /// The released table, which a test parses.
    fn default() -> Self {
        Self::parse(RELEASED).unwrap_or_else(|_| Self(BTreeMap::new()))
    }
}
