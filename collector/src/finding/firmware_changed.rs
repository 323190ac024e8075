//! Another model or version was seen than the one of which the MDS or SDS speaks: a new form is due.

use super::{Draft, Drafts, Known, Rule, class_word};
use crate::evidence::SourcedText;
use crate::register::disclosure::{Seen, Standing};

fn text(field: Option<&SourcedText>) -> &str {
    field.map_or("", |field| field.value.as_str())
}

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    if known.facts.register.disclosure.is_empty() {
        return;
    }
    for matched in &known.matches {
        let (Some(entry), Some(device)) = (matched.entry, matched.device) else {
            continue;
        };
        let (model, version) = (text(device.model.as_ref()), text(device.version.as_ref()));
        for form in known.facts.register.disclosure.iter().filter(|form| form.is_for(entry)) {
            let seen = Seen { model, version };
            let (said, now, field) = match form.standing(known.facts.register, seen) {
                Standing::ModelChanged => (&form.product, model, &device.model),
                Standing::VersionChanged => (&form.version, version, &device.version),
                Standing::Holds | Standing::Missing | Standing::ContractRenewed => continue,
            };
            let subject = format!("{}:{}", form.id, matched.key);
            let draft = Draft::new(Rule::FirmwareChanged, subject)
                .device(Some(&device.id))
                .entries([entry.place.clone()])
                .detail(vec![device.called(), form.id.clone(), said.clone(), now.to_owned()])
                .facts(vec![said.clone(), now.to_owned()])
                .concerns(class_word(device).into_iter().collect())
                .evidence(field.iter().flat_map(|field| field.sources.iter().copied()));
            drafts.push(draft);
        }
    }
}
