//! The book declares remote maintenance, the device was seen with services, and none of them is a way in
//! from afar: perhaps a tool that calls out, a line of its own, or a contract that has ended.

use super::ways_in::ways_in;
use super::{Draft, Known, Rule, presence};

pub(super) fn find(known: &Known<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for found in known.facts.matches {
        let Some(entry) = known.entry(found) else { continue };
        let Some(device) = known.device(found) else { continue };
        let declared = known.remote(entry) == Some(true);
        let asked = !device.services.is_empty();
        if declared && asked && ways_in(known, found).is_empty() {
            let draft = Draft::new(Rule::RemoteAccessNotSeen, known.key(&entry.place))
                .device(Some(&device.id))
                .entries([entry.place.clone()])
                .detail(vec![device.called()])
                .facts(Vec::new())
                .evidence(presence(device));
            drafts.push(draft);
        }
    }
    drafts
}
