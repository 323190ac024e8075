//! Another model or version was seen than the one of which the MDS or SDS speaks: a new form is due.

use super::{Draft, Known, Rule, class_word};
use crate::register::disclosure::{Seen, Standing};

pub(super) fn find(known: &Known<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for found in known.facts.matches {
        let (Some(entry), Some(device)) = (known.entry(found), known.device(found)) else {
            continue;
        };
        let text = |field: &Option<crate::evidence::Sourced<String>>| {
            field.as_ref().map(|field| field.value.clone()).unwrap_or_default()
        };
        let (model, version) = (text(&device.model), text(&device.version));
        for form in known.facts.register.disclosure.iter().filter(|form| form.is_for(entry)) {
            let seen = Seen { model: &model, version: &version };
            let (said, now, field) = match form.standing(known.facts.register, seen) {
                Standing::ModelChanged => (&form.product, &model, &device.model),
                Standing::VersionChanged => (&form.version, &version, &device.version),
                Standing::Holds | Standing::Missing | Standing::ContractRenewed => continue,
            };
            let subject = format!("{}:{}", form.id, known.key(&entry.place));
            let draft = Draft::new(Rule::FirmwareChanged, subject)
                .device(Some(&device.id))
                .entries([entry.place.clone()])
                .detail(vec![device.called(), form.id.clone(), said.clone(), now.clone()])
                .facts(vec![said.clone(), now.clone()])
                .concerns(class_word(device).into_iter().collect())
                .evidence(field.iter().flat_map(|field| field.sources.iter().copied()));
            drafts.push(draft);
        }
    }
    drafts
}
