//! Answers against what is known, counted by field and by family of devices; what is right is for
//! [`crate::measure::judge`] to say.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use crate::measure::judge::{Judge, Verdict};

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
pub(super) struct Tally {
    judge: Judge,
    devices: usize,
    fields: [Count; FIELDS.len()],
    families: BTreeMap<String, Count>,
}

impl Tally {
    /// Nothing counted yet.
    ///
    /// # Errors
    /// If the data of the judge is damaged.
    pub(super) fn new() -> anyhow::Result<Self> {
        let (devices, fields, families) = (0, Default::default(), BTreeMap::new());
        Ok(Self { judge: Judge::new()?, devices, fields, families })
    }

    /// Counts one device.
    pub(super) fn add(&mut self, known: &Json, found: &Json) {
        self.devices += 1;
        let family = known["family"].as_str().unwrap_or("?").to_owned();
        let family = self.families.entry(family).or_default();
        for (field, count) in FIELDS.iter().zip(&mut self.fields) {
            let Some(verdict) = self.judge.field(known, found, field) else { continue };
            for count in [&mut *count, &mut *family] {
                count.asked += 1;
                count.answered += usize::from(verdict != Verdict::None);
                count.right += usize::from(verdict == Verdict::Right);
            }
        }
    }
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
    fn only_what_is_known_is_counted() {
        let known = serde_json::json!({
            "family": "f", "class": "printer", "class_accept": ["printer"], "vendor": "RICOH",
            "model": "MP C3002", "model_alt": [], "serial": "A1", "serial_alt": ["B-2"], "firmware": null
        });
        let found = serde_json::json!({
            "class": "mfp", "vendor": "ricoh", "model": "Aficio MP-C3002", "serial": "b2",
            "firmware": "9"
        });
        let mut tally = Tally::new().unwrap();
        tally.add(&known, &found);
        tally.add(&known, &serde_json::json!({ "class": "switch", "vendor": "Canon" }));
        let counts = tally.fields.map(|count| (count.asked, count.answered, count.right));
        assert_eq!(counts, [(2, 2, 1), (2, 2, 1), (2, 1, 1), (2, 1, 1), (0, 0, 0)]);
    }
}
