//! The book declares remote maintenance, the device was seen with services, and none of them is a way in
//! from afar: perhaps a tool that calls out, a line of its own, or a contract that has ended.

use super::ways_in::ways_in;
use super::{Draft, Drafts, Known, Rule, presence};
use crate::evidence::Grade;

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    for matched in &known.matches {
        let (Some(entry), Some(device)) = (matched.entry, matched.device) else { continue };
        let declared = known.remote(entry) == Some(true);
        // What was only heard shows nothing of what a question would have found.
        let asked = device.services.iter().any(|service| service.grade == Grade::Queried);
        if declared && asked && ways_in(known, matched.found).is_empty() {
            let draft = Draft::new(Rule::RemoteAccessNotSeen, matched.key)
                .device(Some(&device.id))
                .entries([entry.place.clone()])
                .detail(vec![device.called()])
                .facts(Vec::new())
                .evidence(presence(device));
            drafts.push(draft);
        }
    }
}
