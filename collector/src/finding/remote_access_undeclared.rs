//! A way in from afar on a device of which the book says that there is none. Only a row that says
//! "none" is contradicted; one that says nothing is not.

use super::ways_in::ways_in;
use super::{Draft, Drafts, Known, Rule};

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    for matched in &known.matches {
        let (Some(entry), Some(device)) = (matched.entry, matched.device) else { continue };
        if known.remote(entry) != Some(false) {
            continue;
        }
        let ways = ways_in(known, matched.found);
        if ways.is_empty() {
            continue;
        }
        let names = ways.keys().cloned();
        let draft = Draft::new(Rule::RemoteAccessUndeclared, matched.key)
            .device(Some(&device.id))
            .entries([entry.place.clone()])
            .detail(std::iter::once(device.called()).chain(names.clone()).collect())
            .facts(names.collect())
            .evidence(ways.values().flatten().copied());
        drafts.push(draft);
    }
}
