//! A network device in scope of which the book records no version (checklist: patches and firmware).

use super::{Draft, Drafts, Known, Rule, class_word};
use crate::decision::Scope;
use crate::ledger::State;

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    for matched in &known.matches {
        let (Some(entry), Some(device)) = (matched.entry, matched.device) else {
            continue;
        };
        let Some(class) = &device.class else { continue };
        let blank = entry.version.trim().is_empty() && entry.state != State::Retired;
        if matched.scope == Some(Scope::Inside) && class.value.is_network() && blank {
            let version = device.version.as_ref();
            let mut detail = vec![device.called()];
            detail.extend(version.map(|version| version.value.to_string()));
            let evidence = version.map_or(&class.sources, |version| &version.sources);
            let draft = Draft::new(Rule::FirmwareNotRecorded, matched.key)
                .device(Some(&device.id))
                .entries([entry.place.clone()])
                .detail(detail)
                .facts(Vec::new())
                .concerns(class_word(device).into_iter().collect())
                .evidence(evidence.iter().copied());
            drafts.push(draft);
        }
    }
}
