//! A device in a network where its class does not belong.

use super::{Draft, Drafts, Known, Rule, class_word, portrait};

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let policy = known.facts.policy;
    for device in known.facts.devices {
        let Some(class) = &device.class else { continue };
        // A device may have had several addresses in one network.
        for addresses in device.addresses.chunk_by(|a, b| a.network == b.network) {
            let Some(address) = addresses.first() else { continue };
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
}
