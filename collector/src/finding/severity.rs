//! How much each rule's findings matter, as data: `config/findings.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Rule, Severity};

const SHIPPED: &str = include_str!("../../../config/findings.toml");

/// A rule's section.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weighing {
    severity: Severity,
    raised: Option<Severity>,
    #[serde(default)]
    raised_for: Vec<String>,
}

static WEIGHINGS: LazyLock<HashMap<Rule, Weighing>> =
    LazyLock::new(|| read(SHIPPED).unwrap_or_default());

/// Reads the data.
pub(super) fn read(text: &str) -> Result<HashMap<Rule, Weighing>, toml::de::Error> {
    toml::from_str(text)
}

/// The severity of a finding by this rule that concerns `what`: the class or field, as it is
/// serialised. A rule without data is a warning.
pub(super) fn of(rule: Rule, what: &[String]) -> Severity {
    let Some(weighing) = WEIGHINGS.get(&rule) else { return Severity::Warning };
    let concerned = what.iter().any(|what| weighing.raised_for.contains(what));
    weighing.raised.filter(|_| concerned).unwrap_or(weighing.severity)
}

/// A class or field as the data writes it.
pub(super) fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::Class;
    use crate::ledger::Field;

    #[test]
    fn every_rule_has_its_data_and_every_word_is_a_class_or_a_field() {
        let weighings = read(SHIPPED).unwrap();
        for rule in [
            Rule::UndocumentedDevice,
            Rule::FieldsDiffer,
            Rule::DeclaredNotSeen,
            Rule::RetiredButSeen,
            Rule::DuplicateInLedger,
            Rule::DuplicateAddress,
        ] {
            let weighing = weighings.get(&rule).unwrap_or_else(|| panic!("{rule:?}"));
            assert_eq!(weighing.raised.is_some(), !weighing.raised_for.is_empty(), "{rule:?}");
            for word in &weighing.raised_for {
                let word = serde_json::Value::String(word.clone());
                let class = serde_json::from_value::<Class>(word.clone()).is_ok();
                let field = serde_json::from_value::<Field>(word.clone()).is_ok();
                assert!(if rule == Rule::FieldsDiffer { field } else { class }, "{word}");
            }
        }
    }

    #[test]
    fn an_unknown_nas_matters_more_than_an_unknown_printer() {
        let of = |class| of(Rule::UndocumentedDevice, &[word(class)]);
        assert!(of(Class::Nas) > of(Class::Printer));
    }
}
