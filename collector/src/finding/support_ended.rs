//! The maker's support of the system that a device runs has ended (days as data:
//! `config/fingerprints/os_names.toml`).

use super::{Draft, Known, Rule, class_word};
use crate::day::Day;

pub(super) fn find(known: &Known<'_>) -> Vec<Draft> {
    let today = Day::of(known.facts.as_of);
    let mut drafts = Vec::new();
    for device in known.facts.devices {
        let (Some(os), Some(end)) = (&device.os, &device.support_end) else { continue };
        let Ok(last) = end.value.parse::<Day>() else { continue };
        if last >= today {
            continue;
        }
        let mut concerns = known.purposes(device);
        concerns.extend(class_word(device));
        let entries = known.rows.get(&device.id).into_iter().flatten();
        let draft = Draft::new(Rule::SupportEnded, &device.id.0)
            .device(Some(&device.id))
            .entries(entries.copied().cloned())
            .detail(vec![device.called(), os.value.clone(), last.to_string()])
            .facts(vec![os.value.clone(), last.to_string()])
            .concerns(concerns)
            .evidence(os.sources.iter().chain(&end.sources).copied());
        drafts.push(draft);
    }
    drafts
}
