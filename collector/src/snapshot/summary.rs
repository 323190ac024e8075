//! A snapshot in numbers, as a list of sites shows it.

use serde::{Deserialize, Serialize};

use super::Content;

/// The numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Devices.
    pub devices: u64,
    /// Rows of the ledger.
    pub rows: u64,
    /// Devices that no row accounts for: findings of that rule that nobody has settled.
    pub undocumented: u64,
    /// Findings that nobody has settled.
    pub open: u64,
    /// Networks that were looked at.
    pub networks: u64,
    /// Addresses that were asked.
    pub asked: u64,
    /// Addresses that answered.
    pub answered: u64,
}

impl Summary {
    /// The numbers of a snapshot.
    pub fn of(content: &Content) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        // What is being looked into, or was asked of a vendor, is not settled.
        let settled = ["registered", "approved", "removed"];
        let open = || {
            content.findings.values().filter(|finding| {
                let said = finding.get("disposition").map_or("", String::as_str);
                !settled.contains(&said)
            })
        };
        let undocumented = open().filter(|finding| {
            finding.get("rule").is_some_and(|rule| rule == "undocumented_device")
        });
        let sum = |field: &str| {
            let numbers =
                content.coverage.values().filter_map(|line| line.get(field)?.parse().ok());
            numbers.fold(0_u64, u64::saturating_add)
        };
        Self {
            devices: count(content.devices.len()),
            rows: count(content.rows.len()),
            undocumented: count(undocumented.count()),
            open: count(open().count()),
            networks: count(content.coverage.len()),
            asked: sum("asked"),
            answered: sum("answered"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Line;

    #[test]
    fn what_is_settled_is_not_counted_and_what_is_looked_into_is() {
        let finding = |rule: &str, said: &str| {
            let mut line = Line::from([("rule".into(), rule.to_owned())]);
            if !said.is_empty() {
                line.insert("disposition".into(), said.to_owned());
            }
            line
        };
        let looked = |asked: &str| Line::from([("asked".into(), asked.to_owned())]);
        let content = Content {
            findings: [
                ("a".to_owned(), finding("undocumented_device", "")),
                ("b".to_owned(), finding("undocumented_device", "approved")),
                ("c".to_owned(), finding("fields_differ", "investigating")),
            ]
            .into(),
            coverage: [("n 1".to_owned(), looked("254")), ("n 2".to_owned(), looked("x"))].into(),
            devices: [("d".to_owned(), Line::new())].into(),
            ..Content::default()
        };
        let summary = Summary::of(&content);
        assert_eq!((summary.open, summary.undocumented, summary.devices), (2, 1, 1));
        assert_eq!((summary.networks, summary.asked, summary.answered), (2, 254, 0));
    }
}
