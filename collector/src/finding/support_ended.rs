//! The maker's support of the system that a device runs has ended (days as data:
//! `config/fingerprints/os_names.toml`).

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{Draft, Drafts, Known, Rule, class_word};
use crate::day::Day;
use crate::ledger::Place;
use crate::resolve::DeviceId;

/// Rows by the devices that they account for.
type Rows<'a> = HashMap<&'a DeviceId, Vec<&'a Place>, RandomState>;

fn of_devices<'a>(known: &Known<'a>) -> Rows<'a> {
    let mut rows = Rows::default();
    for found in known.facts.matches {
        let Some(place) = &found.entry else { continue };
        for id in found.devices() {
            rows.entry(id).or_default().push(place);
        }
    }
    rows
}

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let today = Day::of(known.facts.as_of);
    let mut rows: Option<Rows<'_>> = None;
    for device in known.facts.devices {
        let (Some(os), Some(end)) = (&device.os, &device.support_end) else { continue };
        let Ok(last) = end.value.parse::<Day>() else { continue };
        if last >= today {
            continue;
        }
        let mut concerns = known.purposes(device);
        concerns.extend(class_word(device));
        let rows = rows.get_or_insert_with(|| of_devices(known));
        let entries = rows.get(&device.id).into_iter().flatten().copied().cloned();
        let draft = Draft::new(Rule::SupportEnded, device.id.0.as_str())
            .device(Some(&device.id))
            .entries(entries)
            .detail(vec![device.called(), os.value.to_string(), last.to_string()])
            .facts(vec![os.value.to_string(), last.to_string()])
            .concerns(concerns)
            .evidence(os.sources.iter().chain(&end.sources).copied());
        drafts.push(draft);
    }
}
