//! How often, and for how many days, a declared thing must have stayed silent before it is missing:
//! a switch once, a portable X-ray machine over a week. Data: `config/absence.toml`.

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

const RELEASED: &str = include_str!("../../../config/absence.toml");

/// How long something may be away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patience {
    /// Scans that have to have missed it, 1 or more.
    pub misses: u32,
    /// Whole days that have to lie between the first of them and the last.
    pub days: u32,
}

/// A rule of patience.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Words of which one stands in the row's 種別, 機器名 or 型番; compared after NFKC, in lower case.
    words: Vec<String>,
    misses: u32,
    days: u32,
}

/// The table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    lost_days: u32,
    otherwise: Patience,
    #[serde(default)]
    row: Vec<Row>,
}

fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect()
}

impl Absence {
    /// Reads a table in the form of `config/absence.toml`.
    ///
    /// # Errors
    /// If it is not TOML of that form, or a count of misses is 0.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut read: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let misses = read.row.iter().map(|row| row.misses).chain([read.otherwise.misses]);
        if read.lost_days == 0 {
            return Err("lost_days = 0: nothing is lost the day it is missed".to_owned());
        }
        if misses.min() == Some(0) {
            return Err("misses = 0: nothing is missing that no scan missed".to_owned());
        }
        for row in &mut read.row {
            row.words.iter_mut().for_each(|word| *word = fold(word));
        }
        Ok(read)
    }

    /// After how many days of silence a thing may be lost (滅失候補), 1 or more.
    pub fn lost_days(&self) -> u32 {
        self.lost_days
    }

    /// How long a thing of which the ledger says this may be away: by the first row that fits.
    pub fn patience(&self, said: &[&str]) -> Patience {
        let said: Vec<String> = said.iter().map(|text| fold(text)).collect();
        let fits = |row: &&Row| {
            row.words.iter().any(|word| said.iter().any(|text| text.contains(word.as_str())))
        };
        let found = self.row.iter().find(fits);
        found.map_or(self.otherwise, |row| Patience { misses: row.misses, days: row.days })
    }
}

impl Default for Absence {
    /// The released table, which a test parses.
    fn default() -> Self {
        let once = Patience { misses: 1, days: 0 };
        Self::parse(RELEASED).unwrap_or(Self { lost_days: 90, otherwise: once, row: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_released_table_is_patient_with_what_is_carried_about() {
        let absence = Absence::parse(RELEASED).unwrap();
        assert_eq!(absence.patience(&["スイッチ"]), Patience { misses: 1, days: 0 });
        let portable = absence.patience(&["画像", "ポータブルＸ線撮影装置"]);
        assert!(portable.misses > 1 && portable.days >= 7, "{portable:?}");
        assert_eq!(absence.patience(&["ﾉｰﾄＰＣ"]).misses, absence.patience(&["ノートPC"]).misses);
    }

    #[test]
    fn a_table_that_would_miss_what_no_scan_missed_is_refused() {
        assert!(Absence::parse("lost_days = 90\n[otherwise]\nmisses = 0\ndays = 0\n").is_err());
        assert!(
            Absence::parse("lost_days = 90\n[otherwise]\nmisses = 1\ndays = 0\nhours = 3\n")
                .is_err()
        );
    }
}
