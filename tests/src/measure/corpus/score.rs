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
    /// The same of either half of the families: rules are improved with the first in sight, and the
    /// second tells what they are worth.
    halves: [[Count; FIELDS.len()]; 2],
    families: BTreeMap<String, Count>,
}

/// In which half a family stands: by a digest of its name (FNV-1a, 32 bits), so that it never changes.
fn half(family: &str) -> usize {
    let digest = family.bytes().fold(0x811c_9dc5_u32, |digest, octet| {
        (digest ^ u32::from(octet)).wrapping_mul(0x0100_0193)
    });
    usize::from(digest & 1 == 1)
}

impl Tally {
    /// Nothing counted yet.
    ///
    /// # Errors
    /// If the data of the judge is damaged.
    pub(super) fn new() -> anyhow::Result<Self> {
        let (fields, halves) = (Default::default(), Default::default());
        Ok(Self { judge: Judge::new()?, devices: 0, fields, halves, families: BTreeMap::new() })
    }

    /// Counts one device.
    pub(super) fn add(&mut self, known: &Json, found: &Json) {
        self.devices += 1;
        let name = known["family"].as_str().unwrap_or("?");
        let family = self.families.entry(name.to_owned()).or_default();
        let [first, second] = &mut self.halves;
        let halves = if half(name) == 0 { first } else { second };
        for ((field, count), half) in FIELDS.iter().zip(&mut self.fields).zip(halves) {
            let Some(verdict) = self.judge.field(known, found, field) else { continue };
            for count in [&mut *count, half, &mut *family] {
                count.asked += 1;
                count.answered += usize::from(verdict != Verdict::None);
                count.right += usize::from(verdict == Verdict::Right);
            }
        }
    }
}

impl Count {
    fn percent_right(self) -> f64 {
        percent(self.right, self.asked)
    }

    fn percent_wrong(self) -> f64 {
        percent(self.answered - self.right, self.asked)
    }
}

impl fmt::Display for Count {
    /// Right, and wrong in brackets, of those known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.1} ({:.1})", self.percent_right(), self.percent_wrong()))
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
            "{:<10} {:>7} {:>9} {:>10} {:>8} {:>8} {:>16} {:>16}",
            "field",
            "known",
            "answered",
            "precision",
            "recall",
            "wrong",
            "first half",
            "second half"
        )?;
        let [first, second] = &self.halves;
        let fields = FIELDS.iter().zip(&self.fields).zip(first.iter().zip(second));
        for ((field, count), (first, second)) in fields {
            let Count { asked, answered, .. } = count;
            let precision = percent(count.right, count.answered);
            let (right, wrong) = (count.percent_right(), count.percent_wrong());
            writeln!(
                f,
                "{field:<10} {asked:>7} {answered:>9} {precision:>9.1}% {right:>7.1}% {wrong:>7.1}% {first:>16} {second:>16}"
            )?;
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
