//! What cannot be patched: the day of its review has passed, or it was seen in another network than
//! the one in which it is declared to stand apart.

use super::{Draft, Known, Rule};
use crate::day::Day;
use crate::ledger::Entry;
use crate::ledger::date::PartialDate;
use crate::register::Exception;
use crate::resolve::Device;

pub(super) fn find(known: &Known<'_>) -> Vec<Draft> {
    let today: Option<PartialDate> = Day::of(known.facts.as_of).to_string().parse().ok();
    let mut drafts = Vec::new();
    for exception in &known.facts.register.exception {
        let of_it = |entry: &&Entry| entry.asset_number == exception.asset_number;
        let Some(entry) = known.facts.ledger.entries.iter().find(of_it) else { continue };
        let found = known.facts.matches.iter().find(|m| m.entry.as_ref() == Some(&entry.place));
        let device = found.and_then(|found| known.device(found));
        let name = device.map_or_else(|| entry.name.clone(), Device::called);
        if today.is_some_and(|today| exception.is_due(today)) {
            let day = exception.review_on.to_string();
            let said = vec![name.clone(), "review".to_owned(), day];
            drafts.push(draft(exception, "review", (entry, device), said));
        }
        if let Some(device) = device
            && let Some(elsewhere) = elsewhere(exception, device)
        {
            let said = vec![name, "network".to_owned(), elsewhere];
            drafts.push(draft(exception, "network", (entry, Some(device)), said));
        }
    }
    drafts
}

/// A network in which the device was seen last, if it is not the one that was declared.
fn elsewhere(exception: &Exception, device: &Device) -> Option<String> {
    if exception.network.is_empty() {
        return None;
    }
    let latest = device.addresses.iter().max_by_key(|address| address.last_seen)?;
    (latest.network != exception.network).then(|| latest.network.clone())
}

fn draft(
    exception: &Exception,
    what: &str,
    (entry, device): (&Entry, Option<&Device>),
    detail: Vec<String>,
) -> Draft {
    let addresses = device.iter().flat_map(|device| &device.addresses);
    Draft::new(Rule::ExceptionDue, format!("{}:{what}", exception.id))
        .device(device.map(|device| &device.id))
        .entries([entry.place.clone()])
        .facts(detail.get(1..).unwrap_or_default().to_vec())
        .detail(detail)
        .evidence(addresses.flat_map(|address| address.sources.iter().copied()))
}
