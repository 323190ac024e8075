//! What of the workspace's data counts in a measurement: all of it, or what does not go by single makers.

use std::collections::BTreeMap;
use std::path::Path;

use daicho_agent::probe::snmp::Catalog;
use daicho_collector::fingerprint::Rows as Fingerprints;

/// Files of `config/fingerprints` that hold no rows.
const TABLES: [&str; 6] =
    ["mac_makers.toml", "os_names.toml", "recog.toml", "shape.toml", "vendors.toml", "words.toml"];

/// Files with rows on sysDescr that have no single maker in mind.
const SHARED: [&str; 3] = ["snmp_generic.toml", "snmp_system.toml", "snmp_words.toml"];

/// How many labels an identifier has that names a maker and nothing of what it makes: 1.3.6.1.4.1.N.
const MAKER: usize = 7;

/// What counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// Everything.
    Whole,
    /// Nothing that goes by single makers' devices.
    WithoutMakers,
}

impl Knowledge {
    /// The fingerprints as they stand in the workspace.
    ///
    /// # Errors
    /// If they cannot be read, or a row of them makes no sense.
    pub fn fingerprints(self, root: &Path) -> anyhow::Result<Fingerprints> {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(root.join("config/fingerprints"))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !TABLES.contains(&name.as_str()) {
                let text = std::fs::read_to_string(&path)?;
                files.insert(name.clone(), self.rows(&name, text)?);
            }
        }
        let files: Vec<_> = files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        let words = std::fs::read_to_string(root.join("config/fingerprints/words.toml"))?;
        Ok(Fingerprints::parse(&files)?.with_words("words.toml", &words)?)
    }

    /// The tables as they stand in the workspace.
    ///
    /// # Errors
    /// If they cannot be read, or one of them makes no sense.
    pub fn catalog(self, root: &Path) -> anyhow::Result<Catalog> {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(root.join("config/snmp"))? {
            let path = entry?.path();
            let makers =
                path.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(b"vendor_"));
            if self == Self::Whole || !makers {
                files.insert(path.display().to_string(), std::fs::read_to_string(&path)?);
            }
        }
        Ok(Catalog::of(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))?)
    }

    /// A file with the rows that count.
    fn rows(self, name: &str, text: String) -> anyhow::Result<String> {
        if self == Self::Whole {
            return Ok(text);
        }
        let mut file: toml::Table = toml::from_str(&text)?;
        if let Some(toml::Value::Array(rows)) = file.get_mut("row") {
            rows.retain(|row| counts(name, row));
        }
        Ok(toml::to_string(&file)?)
    }
}

/// Whether a row of the file of this name has no single maker's devices in mind.
fn counts(name: &str, row: &toml::Value) -> bool {
    let text = |key: &str| row.get(key).and_then(toml::Value::as_str);
    match text("on") {
        Some("object_id") => {
            text("prefix").is_some_and(|prefix| prefix.split('.').count() <= MAKER)
        }
        Some("description") => SHARED.contains(&name),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_makers_their_numbers_and_what_they_share_are_left() {
        let text = r#"
            [[row]]
            on = "object_id"
            prefix = "1.3.6.1.4.1.9"
            [[row]]
            on = "object_id"
            prefix = "1.3.6.1.4.1.9.1"
            [[row]]
            on = "description"
        "#;
        let left = |knowledge: Knowledge, name: &str| {
            let rows: toml::Table =
                toml::from_str(&knowledge.rows(name, text.to_owned()).unwrap()).unwrap();
            rows["row"].as_array().unwrap().len()
        };
        assert_eq!(left(Knowledge::Whole, "snmp_grammar.toml"), 3);
        assert_eq!(left(Knowledge::WithoutMakers, "snmp_grammar.toml"), 1);
        assert_eq!(left(Knowledge::WithoutMakers, "snmp_generic.toml"), 2);
    }
}
