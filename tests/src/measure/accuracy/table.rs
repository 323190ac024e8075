//! Counts, and how they are printed.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;
use serde_json::Value as Json;

use crate::measure::judge::{FIELDS, Judge, Verdict};
use crate::measure::row::share;

/// The classes of which hospitals have many: their mean weighs each alike.
const CORE: [&str; 11] = [
    "server", "pc", "printer", "firewall", "switch", "router", "wireless", "nas", "ups", "phone",
    "camera",
];
/// The others.
const REST: [&str; 3] = ["pdu", "other", "medical"];
/// How much of a device was recorded, the most first.
const FIDELITY: [&str; 4] = ["walk", "partial", "stub", "reconstructed"];
/// Fields that have a column in the table by kinds of devices.
const COLUMNS: [&str; 8] =
    ["class", "coarse", "vendor", "model", "strict", "serial", "firmware", "mfp"];

/// How often a thing was known, answered rightly and answered wrongly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Count {
    n: usize,
    right: usize,
    wrong: usize,
}

impl Count {
    /// Counts one verdict.
    pub(super) fn take(&mut self, verdict: Verdict) {
        self.n += 1;
        self.right += usize::from(verdict == Verdict::Right);
        self.wrong += usize::from(verdict == Verdict::Wrong);
    }

    /// How often it was known.
    pub(super) const fn n(self) -> usize {
        self.n
    }

    fn percent(part: usize, whole: usize) -> f64 {
        100.0 * share(part, whole)
    }

    /// Percent right and, in parentheses, wrong.
    pub(super) fn cell(self) -> String {
        if self.n == 0 {
            return "     -      ".to_owned();
        }
        let (right, wrong) = (Self::percent(self.right, self.n), Self::percent(self.wrong, self.n));
        format!("{right:5.1} ({wrong:4.1})")
    }
}

impl fmt::Display for Count {
    /// n, right, wrong, precision; what is right of all that is known is the recall.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n, right, wrong } = *self;
        let (recall, bad) = (Self::percent(right, n), Self::percent(wrong, n));
        write!(f, "{n:>6} {recall:>8.1} {bad:>8.1} ")?;
        if right + wrong == 0 {
            return write!(f, "{:>10} {recall:>8.1}", "-");
        }
        write!(f, "{:>10.1} {recall:>8.1}", Self::percent(right, right + wrong))
    }
}

/// The counts of some of the devices.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Scores {
    devices: usize,
    found: usize,
    fields: BTreeMap<&'static str, Count>,
}

/// A device that is not right in the field whose misses are listed.
#[derive(Debug)]
struct Miss {
    line: String,
}

/// Everything counted.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<String, Scores>,
    /// Of printers: how often it was said that they keep documents, that they do not, or nothing.
    keeps: BTreeMap<&'static str, usize>,
    misses: Vec<Miss>,
}

impl Table {
    /// Counts a device and what was found of it (null if nothing was); lists it if it is not right
    /// in the field `misses`.
    pub(super) fn add(
        &mut self,
        judge: &Judge,
        (truth, found): (&Json, &Json),
        misses: Option<&str>,
    ) {
        let verdicts: Vec<(&'static str, Verdict)> = FIELDS
            .iter()
            .filter_map(|field| Some((*field, judge.field(truth, found, field)?)))
            .collect();
        for name in kinds(truth) {
            let scores = self.rows.entry(name).or_default();
            scores.devices += 1;
            scores.found += usize::from(!found.is_null());
            for (field, verdict) in &verdicts {
                scores.fields.entry(field).or_default().take(*verdict);
            }
        }
        if truth["class"].as_str() == Some("printer") {
            let said = match found["storage"].as_bool() {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
            };
            *self.keeps.entry(said).or_default() += 1;
        }
        let listed = verdicts.iter().find(|(field, _)| Some(*field) == misses);
        if let Some((field, verdict)) = listed.filter(|(_, verdict)| *verdict != Verdict::Right) {
            self.misses.push(Miss { line: miss((truth, found), field, *verdict) });
        }
    }

    /// The table for people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let all = self.rows.get("all").cloned().unwrap_or_default();
        writeln!(out, "{} devices, {} found", all.devices, all.found)?;
        writeln!(
            out,
            "{:<10} {:>6} {:>8} {:>8} {:>10} {:>8}",
            "field", "n", "right %", "wrong %", "precision", "recall"
        )?;
        for field in FIELDS {
            let count = all.fields.get(field).copied().unwrap_or_default();
            writeln!(out, "{field:<10} {count}")?;
        }
        write!(out, "\n{:<22} {:>5} {:>6}", "% right (% wrong)", "n", "found")?;
        COLUMNS.iter().try_for_each(|field| write!(out, "  {field:<12}"))?;
        writeln!(out)?;
        for name in order() {
            let Some(scores) = self.rows.get(&name) else { continue };
            let found = 100.0 * share(scores.found, scores.devices);
            write!(out, "{name:<22} {:>5} {found:>6.1}", scores.devices)?;
            for field in COLUMNS {
                let count = scores.fields.get(field).copied().unwrap_or_default();
                write!(out, "  {}", count.cell())?;
            }
            writeln!(out)?;
        }
        writeln!(out, "class, mean over the {} common classes: {:.1}", CORE.len(), self.mean())?;
        let keeps: Vec<String> = self.keeps.iter().map(|(it, n)| format!("{it} {n}")).collect();
        writeln!(out, "printers that keep documents, as said: {}", keeps.join(", "))?;
        self.misses.iter().try_for_each(|miss| writeln!(out, "  {}", miss.line))
    }

    /// The mean of the common classes' shares of right classes, in percent.
    fn mean(&self) -> f64 {
        let rows = CORE.iter().filter_map(|class| self.rows.get(&format!("class {class}")));
        let shares: Vec<f64> = rows
            .filter_map(|scores| scores.fields.get("class"))
            .map(|count| Count::percent(count.right, count.n))
            .collect();
        let number = f64::from(u32::try_from(shares.len().max(1)).unwrap_or(u32::MAX));
        shares.iter().sum::<f64>() / number
    }

    /// The same for machines.
    pub(super) fn json(&self) -> Json {
        serde_json::json!({ "rows": self.rows, "mean_class": self.mean(), "keeps": self.keeps })
    }
}

/// The rows that a device counts in.
fn kinds(truth: &Json) -> Vec<String> {
    let mut kinds = vec!["all".to_owned()];
    if let Some(seen) = truth["family_seen"].as_bool() {
        kinds.push(if seen { "seen families" } else { "unseen families" }.to_owned());
    }
    kinds.extend(truth["fidelity"].as_str().map(str::to_owned));
    kinds.extend(truth["class"].as_str().map(|class| format!("class {class}")));
    kinds
}

/// The rows in the order in which they are printed.
fn order() -> impl Iterator<Item = String> {
    let first = ["all", "seen families", "unseen families"].into_iter().chain(FIDELITY);
    let classes = CORE.into_iter().chain(REST).map(|class| format!("class {class}"));
    first.map(str::to_owned).chain(classes)
}

fn miss((truth, found): (&Json, &Json), field: &str, verdict: Verdict) -> String {
    let (known, said) = match field {
        "coarse" => ("class", "class"),
        "strict" => ("model", "model"),
        "os" => ("os_version", "os"),
        "storage" => ("disk_evidence", "storage"),
        same => (same, same),
    };
    let verdict = if verdict == Verdict::Wrong { "wrong" } else { "none" };
    let ip = truth["ip"].as_str().unwrap_or_default();
    let file = truth["file"].as_str().unwrap_or_default();
    format!("{ip} {verdict:<5} {field} truth={} answer={} {file}", truth[known], found[said])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn devices_are_counted_in_every_row_that_they_belong_to() {
        let judge = Judge::new().unwrap();
        let truth = json!({
            "ip": "10.0.0.1", "file": "f", "class": "printer", "class_accept": ["printer"],
            "vendor": "Canon", "fidelity": "stub", "family_seen": false
        });
        let mut table = Table::default();
        let found = json!({ "class": "printer", "vendor": "Ricoh" });
        table.add(&judge, (&truth, &found), Some("vendor"));
        table.add(&judge, (&truth, &Json::Null), Some("vendor"));
        for row in ["all", "unseen families", "stub", "class printer"] {
            let scores = &table.rows[row];
            assert_eq!((scores.devices, scores.found), (2, 1), "{row}");
            assert_eq!(scores.fields["class"], Count { n: 2, right: 1, wrong: 0 });
            assert_eq!(scores.fields["vendor"], Count { n: 2, right: 0, wrong: 1 });
        }
        assert_eq!(table.rows.len(), 4);
        let text = table.text();
        assert!(
            text.contains("10.0.0.1 wrong vendor truth=\"Canon\" answer=\"Ricoh\" f"),
            "{text}"
        );
        assert!(text.contains("10.0.0.1 none  vendor truth=\"Canon\" answer=null f"), "{text}");
        assert!((table.mean() - 50.0).abs() < 1e-9);
    }
}
