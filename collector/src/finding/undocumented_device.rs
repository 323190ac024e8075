//! 未登録機器: a device that no entry of the ledger accounts for.

use super::two_sides::Sides;
use super::{Finding, Known, Rule, portrait, presence, severity};
use crate::reconcile::Verdict;

pub(super) fn find(known: &Known<'_>) -> Vec<Finding> {
    let sides = Sides::of(&known.facts);
    let undocumented = known.facts.matches.iter().filter(|m| m.verdict == Verdict::Undocumented);
    let devices = undocumented.filter_map(|found| known.device(found));
    devices
        .map(|device| {
            let class = device.class.as_ref().map(|class| severity::word(class.value));
            let mut detail = portrait(device);
            detail.extend(sides.other(device));
            Finding {
                id: format!("undocumented_device:{}", device.id.0),
                rule: Rule::UndocumentedDevice,
                severity: severity::of(Rule::UndocumentedDevice, class.as_slice()),
                device: Some(device.id.clone()),
                entries: Vec::new(),
                detail,
                evidence: presence(device),
            }
        })
        .collect()
}
