//! A scan that was to run did not: its agent was silent, its window closed, or the agent refused or
//! failed. It is told until one like it comes about.

use super::{Draft, Drafts, Known, Rule, word};

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let draft = |missed: &crate::schedule::Missed| {
        let (schedule, agent) = (missed.schedule.clone(), missed.agent.clone());
        let why = word(missed.why);
        // Another one missed is no news; another reason is.
        let facts = vec![why.clone()];
        Draft::new(Rule::MissedScan, format!("{agent}:{schedule}"))
            .detail(vec![schedule, agent, why, missed.times.to_string()])
            .facts(facts)
    };
    drafts.extend(known.facts.missed.iter().map(draft));
}
