//! 台帳のみ・未検出: every declared address was really looked at, and nobody was there.

use super::{Draft, Drafts, Known, Rule};
use crate::reconcile::Verdict;

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    for matched in &known.matches {
        let found = matched.found;
        let Some(place) = &found.entry else { continue };
        let (Verdict::NotSeen { looked } | Verdict::PossiblyLost { looked, .. }) = &found.verdict
        else {
            continue;
        };
        let mut looks: Vec<_> =
            looked.iter().map(|look| (look.address(), look.network())).collect();
        looks.sort_unstable();
        looks.dedup();
        let looks = looks.into_iter();
        let detail = looks.flat_map(|(address, network)| [address.to_string(), network.to_owned()]);
        let draft = Draft::new(Rule::DeclaredNotSeen, matched.key)
            .entries([place.clone()])
            .detail(detail.collect());
        drafts.push(draft);
    }
}
