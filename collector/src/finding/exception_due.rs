//! What cannot be patched: the day of its review has passed, or it was seen in another network than
//! the one in which it is declared to stand apart.

use std::collections::{HashMap, HashSet};

use super::{Draft, Drafts, Known, Matched, Rule};
use crate::day::Day;
use crate::ledger::Entry;
use crate::ledger::date::PartialDate;
use crate::register::Exception;
use crate::resolve::Device;

/// The first row of each 管理番号 of which the register has an exception.
fn declared<'k, 'a>(known: &'k Known<'a>) -> HashMap<&'a str, &'k Matched<'a>> {
    let numbers = known.facts.register.exception.iter();
    let numbers: HashSet<&str> = numbers.map(|one| one.asset_number.as_str()).collect();
    let mut rows = HashMap::with_capacity(numbers.len());
    if numbers.is_empty() {
        return rows;
    }
    for matched in &known.matches {
        let number = matched.entry.map(|entry| entry.asset_number.as_str());
        if let Some(number) = number.filter(|number| numbers.contains(number)) {
            rows.entry(number).or_insert(matched);
        }
    }
    rows
}

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let today: Option<PartialDate> = Day::of(known.facts.as_of).to_string().parse().ok();
    let rows = declared(known);
    for exception in &known.facts.register.exception {
        let Some(matched) = rows.get(exception.asset_number.as_str()) else { continue };
        let (Some(entry), device) = (matched.entry, matched.device) else { continue };
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
}

/// A network in which the device was seen last, if it is not the one that was declared.
fn elsewhere(exception: &Exception, device: &Device) -> Option<String> {
    if exception.network.is_empty() {
        return None;
    }
    let latest = device.addresses.iter().max_by_key(|address| address.last_seen)?;
    (latest.network != exception.network).then(|| latest.network.to_string())
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
