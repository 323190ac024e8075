//! 未登録機器: a device that no entry of the ledger accounts for.

use std::cell::LazyCell;

use super::two_sides::Sides;
use super::{Draft, Drafts, Known, Rule, joined, portrait, presence, word};

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let sides = LazyCell::new(|| Sides::of(&known.facts));
    let undocumented = known.matches.iter().filter(|m| m.found.verdict.is_undocumented());
    let devices = undocumented.filter_map(|matched| matched.device);
    drafts.extend(devices.map(|device| {
        let class = device.class.as_ref().map(|class| word(class.value));
        let mut detail = portrait(device);
        // It is the same matter at another address, but not once it turns out to be something else.
        let mut facts = vec![joined(device.macs.iter().map(|mac| mac.value))];
        facts.extend(class.clone());
        facts.extend(detail.get(3..).unwrap_or_default().iter().cloned());
        detail.extend(sides.other(device));
        Draft::new(Rule::UndocumentedDevice, device.id.0.as_str())
            .device(Some(&device.id))
            .detail(detail)
            .facts(facts)
            .concerns(class.into_iter().collect())
            .evidence(presence(device))
    }));
}
