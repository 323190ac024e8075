//! Findings as an inbox: those that wait, worst first and then oldest; by who sees to them and until when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use daicho_common::time::Timestamp;

use super::fold::fold;
use super::haystack::Haystack;
use super::term::Term;
use crate::day::Day;
use crate::finding::{Finding, Rule};
use crate::parallel;
use crate::policy::Severity;

/// Answers that are kept, so that turning a page asks nothing anew.
const KEPT: usize = 16;
/// How many days ahead a due date is near.
pub const SOON: i64 = 7;

/// How far findings have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Somebody still has to do something.
    #[default]
    Open,
    /// Nothing is left to do.
    Settled,
    /// Both.
    All,
}

/// By their due dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Due {
    /// Whatever they are.
    #[default]
    Any,
    /// Past.
    Over,
    /// Within [`SOON`] days.
    Soon,
    /// Not said.
    Unsaid,
}

/// What stands first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The worst, then the oldest.
    #[default]
    Severity,
    /// The oldest.
    Age,
    /// What came last.
    Newest,
    /// What is due first; what is never due last.
    Due,
}

/// What somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words; a finding has to have all of them.
    pub words: String,
    /// How far it has come.
    pub state: State,
    /// How much it matters; none: however much.
    pub severity: Option<Severity>,
    /// Its rule; none: any.
    pub rule: Option<Rule>,
    /// Who sees to it; `None`: whoever. An empty name: nobody.
    pub owner: Option<String>,
    /// By its due date.
    pub due: Due,
    /// What stands first.
    pub sort: Sort,
}

/// An index over findings.
#[derive(Debug, Default)]
pub struct Inbox {
    matters: Arc<Matters>,
    owners: BTreeMap<String, usize>,
    answers: Mutex<Vec<(Wanted, Arc<Vec<u32>>)>>,
}

/// What nobody's answer changes of findings.
#[derive(Debug, Default)]
struct Matters {
    texts: Haystack,
    since: Vec<Option<Timestamp>>,
}

/// Who sees to how many that are open.
fn owners(findings: &[Finding]) -> BTreeMap<String, usize> {
    let mut owners = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.is_open()) {
        let answer = finding.answer.as_ref().filter(|answer| !answer.owner.is_empty());
        if let Some(answer) = answer {
            *owners.entry(answer.owner.clone()).or_default() += 1;
        }
    }
    owners
}

impl Inbox {
    /// The index over these findings. `text` is what words are sought in, `since` the earliest that is
    /// known of the matter.
    pub fn of(
        findings: &[Finding],
        text: impl Fn(&Finding) -> String + Sync,
        since: impl Fn(&Finding) -> Option<Timestamp> + Sync,
    ) -> Self {
        let mut matters = Matters::default();
        let made = parallel::each(findings, |finding| (fold(&text(finding)), since(finding)));
        for (text, since) in made {
            matters.texts.push(&text);
            matters.since.push(since);
        }
        Self { matters: Arc::new(matters), owners: owners(findings), ..Self::default() }
    }

    /// The same over these findings, which differ from the former only in their answers.
    #[must_use]
    pub fn answered(&self, findings: &[Finding]) -> Self {
        let (matters, owners) = (Arc::clone(&self.matters), owners(findings));
        Self { matters, owners, ..Self::default() }
    }

    /// Since when the finding of this number is known.
    pub fn since(&self, number: u32) -> Option<Timestamp> {
        self.matters.since.get(number as usize).copied().flatten()
    }

    /// Who sees to how many that are open, by name.
    pub const fn owners(&self) -> &BTreeMap<String, usize> {
        &self.owners
    }

    /// The numbers of the findings that fit, in the order that was asked for. `findings` are those that
    /// the index is over.
    pub fn find(&self, wanted: &Wanted, findings: &[Finding], today: Day) -> Arc<Vec<u32>> {
        // An answer is put there whole, so a panic elsewhere cannot have left half of one.
        let answers = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = answers().iter().find(|(asked, _)| asked == wanted) {
            return Arc::clone(found);
        }
        let fits = self.matters.texts.matching(&Term::all(&wanted.words), &[]);
        let all = (0_u32..).zip(findings).zip(fits);
        let fitting = all.filter(|((_, finding), fits)| *fits && wanted.fits(finding, today));
        let mut found: Vec<(u32, &Finding)> = fitting.map(|(both, _)| both).collect();
        // Nothing known is as if it came last of all.
        let since = |number: &u32| self.since(*number).map_or(i64::MAX, Timestamp::micros);
        match wanted.sort {
            Sort::Severity => found.sort_by_cached_key(|(number, finding)| {
                (std::cmp::Reverse(finding.severity), since(number), *number)
            }),
            Sort::Age => found.sort_by_cached_key(|(number, _)| (since(number), *number)),
            Sort::Newest => found.sort_by_cached_key(|(number, _)| {
                (std::cmp::Reverse(self.since(*number)), *number)
            }),
            Sort::Due => found.sort_by_cached_key(|(number, finding)| {
                let due = due(finding);
                (due.is_none(), due, std::cmp::Reverse(finding.severity), *number)
            }),
        }
        let found: Arc<Vec<u32>> = Arc::new(found.into_iter().map(|(number, _)| number).collect());
        let mut kept = answers();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((wanted.clone(), Arc::clone(&found)));
        found
    }
}

/// Until when it is to be answered.
fn due(finding: &Finding) -> Option<Day> {
    finding.answer.as_ref().and_then(|answer| answer.due)
}

impl Wanted {
    fn fits(&self, finding: &Finding, today: Day) -> bool {
        let state = match self.state {
            State::Open => finding.is_open(),
            State::Settled => !finding.is_open(),
            State::All => true,
        };
        let owner = finding.answer.as_ref().map_or("", |answer| answer.owner.as_str());
        let due = due(finding);
        let in_time = match self.due {
            Due::Any => true,
            Due::Over => due.is_some_and(|due| due < today),
            Due::Soon => due.is_some_and(|due| (0..=SOON).contains(&today.days_until(due))),
            Due::Unsaid => due.is_none(),
        };
        state
            && in_time
            && self.severity.is_none_or(|severity| severity == finding.severity)
            && self.rule.is_none_or(|rule| rule == finding.rule)
            && self.owner.as_ref().is_none_or(|wanted| wanted == owner)
    }
}
