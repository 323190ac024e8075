//! 相違: book and wire differ in a field.

use super::{Draft, Drafts, Known, Rule, word};
use crate::reconcile::Verdict;

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    for matched in &known.matches {
        let found = matched.found;
        let (Verdict::Differs { differences }, Some(place)) = (&found.verdict, &found.entry) else {
            continue;
        };
        let fields: Vec<String> = differences.iter().map(|d| word(d.field)).collect();
        let values = differences.iter().zip(&fields);
        let detail = values
            .flat_map(|(d, field)| [field.clone(), d.declared.clone(), d.observed.clone()])
            .collect();
        let draft = Draft::new(Rule::FieldsDiffer, matched.key)
            .device(found.device.as_ref())
            .entries([place.clone()])
            .detail(detail)
            .concerns(fields)
            .evidence(differences.iter().flat_map(|d| d.sources.clone()));
        drafts.push(draft);
    }
}
