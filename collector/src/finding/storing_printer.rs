//! A printer that keeps documents is not in the book, or is held to be out of scope.

use super::{Draft, Drafts, Known, Rule, joined, portrait};
use crate::decision::Scope;
use crate::inventory::storage::Keeps;

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    for matched in &known.matches {
        let (found, Some(scope), Some(device)) = (matched.found, matched.scope, matched.device)
        else {
            continue;
        };
        let Some(storage) = &device.storage else { continue };
        let left_out = found.entry.is_none() || scope == Scope::Outside;
        if storage.value.keeps == Keeps::Yes && left_out {
            let scope = if found.entry.is_none() { "unlisted" } else { "outside" };
            let draft = Draft::new(Rule::StoringPrinter, device.id.0.as_str())
                .device(Some(&device.id))
                .entries(found.entry.clone())
                .detail(portrait(device))
                .facts(vec![joined(device.macs.iter().map(|mac| mac.value)), scope.to_owned()])
                .concerns(known.purposes(device))
                .evidence(storage.sources.iter().copied());
            drafts.push(draft);
        }
    }
}
