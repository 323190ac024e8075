//! 廃棄済が稼働: declared retired, but seen.

use super::{Draft, Drafts, Known, Rule, joined, portrait, presence};
use crate::reconcile::Verdict;

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    for matched in known.matches.iter().filter(|m| m.found.verdict == Verdict::RetiredButSeen) {
        let (Some(place), Some(device)) = (&matched.found.entry, matched.device) else { continue };
        let draft = Draft::new(Rule::RetiredButSeen, matched.key)
            .device(Some(&device.id))
            .entries([place.clone()])
            .detail(portrait(device))
            .facts(vec![joined(device.macs.iter().map(|mac| mac.value))])
            .evidence(presence(device));
        drafts.push(draft);
    }
}
