//! The rules, as data: `config/scope/<edition>.toml`.

use std::sync::Arc;

use serde::Deserialize;

use super::Reason;
use super::case::{Carried, Case};
use super::kind::{Kinds, stands_in};
use crate::decision::Scope;
use crate::fingerprint::{Class, spelling};
use crate::inventory::storage::Keeps;
use crate::policy::Purpose;

const RELEASED: &str = include_str!("../../../config/scope/r6.toml");

/// What has to be reached through a network device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Carries {
    /// Something in scope.
    Inside,
    /// Something, and nothing of it in scope.
    Nothing,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id; no two have one.
    pub id: String,
    /// The question of the Q&A on which it rests.
    pub answer: String,
    /// What it proposes.
    pub scope: Scope,
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    classes: Vec<Class>,
    #[serde(default)]
    purposes: Vec<Purpose>,
    #[serde(default)]
    pub(super) storage: Vec<Keeps>,
    pub(super) carries: Option<Carries>,
    ja: String,
    en: String,
}

/// The rules of an edition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The edition's label.
    pub edition: String,
    /// What rows say that things are.
    pub kinds: Kinds,
    ordered: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    edition: String,
    rule: Vec<Rule>,
}

/// Why rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRules {
    /// Not TOML of that form.
    #[error("{0}")]
    Syntax(String),
    /// Two rules have one id.
    #[error("the rule {0:?} stands there twice")]
    Twice(String),
    /// The last rule has conditions, so something may be judged by none.
    #[error("the last rule, {0:?}, has conditions: one without any has to come last")]
    Open(String),
}

impl Rules {
    /// The rules released with the program.
    ///
    /// # Errors
    /// Never for a released program: the suite parses them.
    pub fn released() -> Result<Self, BadRules> {
        Self::parse(RELEASED)
    }

    /// Reads rules in the form of `config/scope/r6.toml`.
    ///
    /// # Errors
    /// See [`BadRules`].
    pub fn parse(text: &str) -> Result<Self, BadRules> {
        let syntax = |bad: toml::de::Error| BadRules::Syntax(bad.message().to_owned());
        let Written { edition, rule: mut rules } = toml::from_str(text).map_err(syntax)?;
        let mut ids = std::collections::BTreeSet::new();
        if let Some(twice) = rules.iter().find(|rule| !ids.insert(&rule.id)) {
            return Err(BadRules::Twice(twice.id.clone()));
        }
        match rules.last() {
            Some(last) if last.is_open() => {}
            last => return Err(BadRules::Open(last.map(|r| r.id.clone()).unwrap_or_default())),
        }
        for rule in &mut rules {
            rule.words.iter_mut().for_each(|word| *word = spelling::fold(word));
        }
        Ok(Self { edition, kinds: Kinds::released().map_err(syntax)?, ordered: rules })
    }
}

/// Rules with the reason that each gives, which all that it proposes share.
pub(super) struct Reasoned<'r>(Vec<(&'r Rule, Arc<Reason>)>);

impl<'r> Reasoned<'r> {
    pub(super) fn of(rules: &'r Rules) -> Self {
        let reasoned = rules.ordered.iter();
        Self(reasoned.map(|rule| (rule, Arc::new(rule.reason(&rules.edition)))).collect())
    }

    /// The first rule that fits; there is one, as the last one always does.
    pub(super) fn first(
        &self,
        case: &Case<'_>,
        carried: &Carried<'_>,
    ) -> Option<(&'r Rule, &Arc<Reason>)> {
        let first = self.0.iter().find(|(rule, _)| rule.fits(case, carried));
        first.map(|(rule, reason)| (*rule, reason))
    }
}

impl Rule {
    fn is_open(&self) -> bool {
        self.words.is_empty()
            && self.classes.is_empty()
            && self.purposes.is_empty()
            && self.storage.is_empty()
            && self.carries.is_none()
    }

    fn fits(&self, case: &Case<'_>, carried: &Carried<'_>) -> bool {
        let said = |word: &String| case.words.iter().any(|text| stands_in(text, word));
        let words = self.words.is_empty() || self.words.iter().any(said);
        let class = |class: Class| {
            self.classes.iter().any(|known| class == *known || class.refines(*known))
        };
        let classes = self.classes.is_empty() || case.class.is_some_and(class);
        let purposes = self.purposes.is_empty()
            || self.purposes.iter().any(|purpose| case.purposes.contains(purpose));
        let storage = self.storage.is_empty() || self.storage.contains(&case.storage);
        let load = self.carries.is_none_or(|carries| match carries {
            Carries::Inside => !carried.inside.is_empty(),
            Carries::Nothing => carried.any && carried.inside.is_empty(),
        });
        words && classes && purposes && storage && load
    }

    fn reason(&self, edition: &str) -> Reason {
        Reason {
            rule: self.id.clone(),
            edition: edition.to_owned(),
            answer: self.answer.clone(),
            ja: self.ja.clone(),
            en: self.en.clone(),
        }
    }
}
