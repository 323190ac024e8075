//! What a printer's model name says of it: makers name multifunction printers by habits that hold for
//! models nobody has listed.
//!
//! A row of `config/inventory/names.toml` is a pattern over a model that something else claimed, with
//! the class that then follows. It speaks as surely as what claimed the model, and only of what is
//! known to print: the same letters name other things of other makers.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::fingerprint::{Class, Reading, pattern, spelling};

/// A file as written; unknown keys are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Vec<Written>,
}

/// A row as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    of: Option<String>,
    regex: String,
    class: Class,
    weight: u8,
    example: Vec<String>,
    not: Vec<String>,
}

/// A row as meant.
struct Name {
    /// Only of this maker's models, or of a maker unknown.
    of: Option<String>,
    regex: Regex,
    reading: Reading,
}

const SHIPPED: &str = include_str!("../../../config/inventory/names.toml");

/// Empty only if the file shipped cannot be read, which a test rules out.
static NAMES: LazyLock<Vec<Name>> = LazyLock::new(|| parse(SHIPPED).unwrap_or_default());

fn parse(text: &str) -> Result<Vec<Name>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    file.name.into_iter().map(Written::proven).collect()
}

impl Written {
    /// Holds a row to its examples, and to names that it must not take.
    fn proven(self) -> Result<Name, String> {
        let regex = pattern::compile(&self.regex).map_err(|error| error.to_string())?;
        if !(1..=100).contains(&self.weight) || self.example.is_empty() || self.not.is_empty() {
            return Err(format!("{}: a weight of 1–100, an example and a not", self.regex));
        }
        if let Some(missed) = self.example.iter().find(|said| !regex.is_match(said)) {
            return Err(format!("{}: does not take \"{missed}\"", self.regex));
        }
        if let Some(taken) = self.not.iter().find(|said| regex.is_match(said)) {
            return Err(format!("{}: takes \"{taken}\"", self.regex));
        }
        let Self { of, class, weight, .. } = self;
        let reading = Reading { class: Some(class), weight, ..Reading::default() };
        Ok(Name { of, regex, reading })
    }
}

/// What a printer's model name says of it, in the order of the rows; `vendor` is the maker, if known.
pub fn read(model: &str, vendor: Option<&str>) -> Vec<Reading> {
    let fits = |name: &&Name| {
        let maker = match (name.of.as_deref(), vendor) {
            (Some(of), Some(vendor)) => spelling::same(of, vendor),
            _ => true,
        };
        maker && name.regex.is_match(model)
    };
    NAMES.iter().filter(fits).map(|name| name.reading.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(model: &str, vendor: Option<&str>) -> Vec<Option<Class>> {
        read(model, vendor).iter().map(|reading| reading.class).collect()
    }

    #[test]
    fn the_file_shipped_proves_its_examples() {
        assert!(parse(SHIPPED).is_ok_and(|names| names.len() > 10));
    }

    #[test]
    fn a_name_that_takes_what_it_must_not_is_refused() {
        let row = "[[name]]\nregex = 'X\\d'\nclass = \"mfp\"\nweight = 64\nexample = [\"X1\"]\n";
        assert!(parse(&format!("{row}not = [\"Y1\"]")).is_ok());
        assert!(parse(&format!("{row}not = [\"X2\"]")).is_err());
        assert!(parse(row).is_err());
    }

    #[test]
    fn a_name_of_another_maker_says_nothing() {
        assert_eq!(classes("MX722", Some("Lexmark")), [Some(Class::Mfp)]);
        assert_eq!(classes("MX722", Some("LEXMARK")), [Some(Class::Mfp)], "however it is spelled");
        assert_eq!(classes("MX722", Some("Juniper")), []);
    }
}
