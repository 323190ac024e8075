//! A device in a network where its class does not belong.

use super::{Draft, Known, Rule, class_word, portrait};

pub(super) fn find(known: &Known<'_>) -> Vec<Draft> {
    let policy = known.facts.policy;
    let mut drafts = Vec::new();
    for device in known.facts.devices {
        let Some(class) = &device.class else { continue };
        for address in &device.addresses {
            let purpose = policy.purpose(&address.network);
            let Some(purpose) =
                purpose.filter(|purpose| policy.placement.is_misplaced(class.value, *purpose))
            else {
                continue;
            };
            let mut detail = portrait(device);
            detail.push(address.network.to_string());
            let subject = format!("{}:{}", device.id.0, address.network);
            let draft = Draft::new(Rule::MisplacedClass, subject)
                .device(Some(&device.id))
                .detail(detail)
                .facts(class_word(device).into_iter().collect())
                .concerns(vec![super::word(purpose)])
                .evidence(class.sources.iter().chain(&address.sources).copied());
            drafts.push(draft);
        }
    }
    // A device may have had several addresses in one network.
    drafts.dedup_by(|a, b| a.subject() == b.subject());
    drafts
}
