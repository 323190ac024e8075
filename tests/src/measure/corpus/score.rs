//! Answers against what is known: right, wrong, or none. Spelling does not count: case, signs and the
//! maker's name before a model are set aside, and where a device has several right names any is right.

use std::collections::BTreeMap;
use std::fmt;

use daicho_collector::fingerprint::spelling;
use serde_json::Value as Json;

const FIELDS: [&str; 5] = ["class", "vendor", "model", "serial", "firmware"];

/// Families of devices that are listed, worst first.
const LISTED: usize = 25;

#[derive(Clone, Copy, Default)]
struct Count {
    asked: usize,
    answered: usize,
    right: usize,
}

/// The counts, by field and by family.
#[derive(Default)]
pub(super) struct Tally {
    devices: usize,
    fields: [Count; FIELDS.len()],
    families: BTreeMap<String, Count>,
}

impl Tally {
    /// Counts one device.
    pub(super) fn add(&mut self, known: &Json, found: &Json) {
        self.devices += 1;
        let family = known["family"].as_str().unwrap_or("?").to_owned();
        let family = self.families.entry(family).or_default();
        for (field, count) in FIELDS.iter().zip(&mut self.fields) {
            let right = accepted(known, field);
            if right.is_empty() {
                continue;
            }
            let said = found[*field].as_str().filter(|said| !said.is_empty());
            let is_right = said.is_some_and(|said| is_right(field, said, &right));
            for count in [&mut *count, &mut *family] {
                count.asked += 1;
                count.answered += usize::from(said.is_some());
                count.right += usize::from(is_right);
            }
        }
    }
}

/// Every answer that is right; empty if nothing is known.
fn accepted<'k>(known: &'k Json, field: &str) -> Vec<&'k str> {
    let also = if field == "class" || field == "vendor" { "accept" } else { "alt" };
    let also = known[format!("{field}_{also}")].as_array();
    let first = known[field].as_str().into_iter();
    first.chain(also.into_iter().flatten().filter_map(Json::as_str)).collect()
}

fn is_right(field: &str, said: &str, right: &[&str]) -> bool {
    right.iter().any(|right| match field {
        "class" => said == *right || said == "mfp" && *right == "printer",
        "vendor" => {
            spelling::same(said, right)
                || spelling::vendor(right).is_some_and(|right| spelling::same(said, right))
        }
        "serial" => bare(said) == bare(right),
        _ => {
            let (said, right) = (bare(said), bare(right));
            said.len() >= 3 && right.len() >= 3 && (said.contains(&right) || right.contains(&said))
        }
    })
}

/// Letters and digits, lower case.
fn bare(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|sign| sign.to_ascii_lowercase()).collect()
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * crate::measure::row::share(part, whole)
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} devices", self.devices)?;
        writeln!(
            f,
            "{:<10} {:>7} {:>9} {:>10} {:>8}",
            "field", "known", "answered", "precision", "recall"
        )?;
        for (field, count) in FIELDS.iter().zip(&self.fields) {
            let (precision, recall) =
                (percent(count.right, count.answered), percent(count.right, count.asked));
            let Count { asked, answered, .. } = count;
            writeln!(f, "{field:<10} {asked:>7} {answered:>9} {precision:>9.1}% {recall:>7.1}%")?;
        }
        let mut worst: Vec<_> = self.families.iter().collect();
        worst.sort_by_key(|(name, count)| (std::cmp::Reverse(count.asked - count.right), *name));
        writeln!(f, "families with the most that is not right (wrong + not answered, of known):")?;
        for (name, Count { asked, answered, right }) in worst.into_iter().take(LISTED) {
            let (wrong, none) = (answered - right, asked - answered);
            writeln!(f, "  {name:<24} {wrong:>4} + {none:<4} of {asked}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_counted_and_spelling_is_set_aside() {
        let known = serde_json::json!({
            "family": "f", "class": "printer", "class_accept": ["printer"], "vendor": "RICOH",
            "model": "MP C3002", "model_alt": [], "serial": "A1", "serial_alt": ["B-2"], "firmware": null
        });
        let found = serde_json::json!({
            "class": "mfp", "vendor": "ricoh", "model": "Aficio MP-C3002", "serial": "b2",
            "firmware": "9"
        });
        let mut tally = Tally::default();
        tally.add(&known, &found);
        tally.add(&known, &serde_json::json!({ "class": "switch", "vendor": "Canon" }));
        let counts = tally.fields.map(|count| (count.asked, count.answered, count.right));
        assert_eq!(counts, [(2, 2, 1), (2, 2, 1), (2, 1, 1), (2, 1, 1), (0, 0, 0)]);
    }
}
