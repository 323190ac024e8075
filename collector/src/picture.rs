//! The one function that composes the pure rooms: observations, coverage, ledger and what people
//! said in, picture out.

use std::sync::LazyLock;

use daicho_common::coverage::Coverage;
use daicho_common::observation::Observation;
use daicho_common::time::Timestamp;
use serde::Serialize;

use crate::archive::Seen;
use crate::decision::{Decided, Standing};
use crate::duty::{self, Duty};
use crate::finding::{self, Facts, Finding};
use crate::fingerprint::Rows;
use crate::ledger::Ledger;
use crate::list::List;
use crate::policy::Policy;
use crate::reconcile::{self, Match, Private};
use crate::register::Register;
use crate::resolve::{Contested, Device};
use crate::schedule::Missed;
use crate::scope::{self, Scoped};
use crate::topology::{self, Topology};

mod live;

#[cfg(test)]
mod tests;

use live::Found;
pub use live::Live;

/// A register in which nothing stands.
static NOTHING_BESIDE: LazyLock<Register> = LazyLock::new(Register::default);

/// What a picture is derived from.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// What agents saw.
    pub observations: Seen<'a>,
    /// What they looked at.
    pub coverage: &'a [Coverage],
    /// The hospital's book.
    pub ledger: &'a Ledger,
    /// What people said.
    pub decisions: &'a [Decided],
    /// What stands beside the book.
    pub register: &'a Register,
    /// Scans that have not come about since they last did.
    pub missed: &'a [Missed],
    /// The moment that the picture is of: what is overdue or out of support is so then.
    pub as_of: Timestamp,
}

impl<'a> Basis<'a> {
    /// Of observations alone, with this ledger, as of the latest thing in them.
    pub fn seen(
        observations: &'a [Observation],
        coverage: &'a [Coverage],
        ledger: &'a Ledger,
    ) -> Self {
        let seen = observations.iter().map(|observation| observation.at);
        let as_of = seen.chain(coverage.iter().map(|coverage| coverage.to)).max();
        let as_of = as_of.unwrap_or(Timestamp::from_micros(0));
        Self {
            observations: observations.into(),
            coverage,
            ledger,
            decisions: &[],
            register: &NOTHING_BESIDE,
            missed: &[],
            as_of,
        }
    }
}

/// What was ruled on in advance: by the hospital, and by the edition of the checklist.
#[derive(Clone, Debug)]
pub struct Rulings {
    /// What the hospital decided.
    pub policy: Policy,
    /// What the checklist covers.
    pub scope: scope::Rules,
}

impl Default for Rulings {
    /// As released.
    fn default() -> Self {
        // A test parses the released rules.
        Self { policy: Policy::default(), scope: scope::Rules::released().unwrap_or_default() }
    }
}

/// What a picture is derived by.
#[derive(Clone, Debug, Default)]
pub struct Criteria {
    /// What devices are known by.
    pub fingerprints: Rows,
    /// What was ruled on in advance.
    pub rulings: Rulings,
}

impl Criteria {
    /// Derives the picture.
    pub fn picture(&self, basis: &Basis<'_>) -> Picture {
        derive(basis, (&self.fingerprints, &self.rulings))
    }
}

/// Everything that is shown: a function of the ground facts, the book and what people said, and of
/// nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Devices, ascending by id.
    pub devices: List<Device>,
    /// How they hang together.
    pub topology: Topology,
    /// What devices do for a whole network: who gives out addresses, who leads out.
    pub duties: Vec<Duty>,
    /// One for each entry, in the book's order, then one for each undocumented device, by id.
    pub matches: List<Match>,
    /// Whether the checklist covers each match, in the same order.
    pub scopes: List<Scoped>,
    /// Findings, worst first, then by id.
    pub findings: List<Finding>,
}

/// The picture of what was seen alone, by the released policy and without anybody's word.
pub fn of_scan(
    observations: &[Observation],
    coverage: &[Coverage],
    ledger: &Ledger,
    fingerprints: &Rows,
) -> Picture {
    derive(&Basis::seen(observations, coverage, ledger), (fingerprints, &Rulings::default()))
}

/// Derives the picture. Shuffling or repeating the observations, coverages or decisions changes
/// nothing.
pub fn derive(basis: &Basis<'_>, by: (&Rows, &Rulings)) -> Picture {
    Live::default().next(Picture::default(), basis, by)
}

/// Devices, how they hang together and what they do. What was read beyond its cell is not needed from
/// here on, and is much where many switches tell their tables.
struct Shaped {
    devices: Vec<Device>,
    contested: Vec<Contested>,
    topology: Topology,
    duties: Vec<Duty>,
    /// The devices, by their places, into which their neighbours wrote.
    described: Vec<usize>,
}

impl Shaped {
    fn of(found: Found<'_>) -> Self {
        let Found { mut devices, contested, speakers, claims } = found;
        let (topology, described) = topology::find_and_tell(&claims, &speakers, &mut devices);
        let duties = duty::find(&claims, &devices);
        Self { devices, contested, topology, duties, described }
    }
}

/// The picture of these devices.
fn judge(
    basis: &Basis<'_>,
    (policy, scope_rules): (&Policy, &scope::Rules),
    standing: &Standing<'_>,
    shaped: Shaped,
) -> (Picture, Vec<usize>) {
    let Shaped { devices, contested, topology, duties, described } = shaped;
    let private = Private::of(standing, basis.register, basis.as_of);
    let matches =
        reconcile::reconcile(&devices, basis.ledger, basis.coverage, (&policy.absence, &private));
    let keys = basis.ledger.keys();
    let scopes = scope::judge(
        scope::Facts {
            devices: &devices,
            topology: &topology,
            ledger: basis.ledger,
            keys: &keys,
            matches: &matches,
            standing,
            policy,
        },
        scope_rules,
    );
    let facts = Facts {
        devices: &devices,
        topology: &topology,
        matches: &matches,
        scopes: &scopes,
        duties: &duties,
        ledger: basis.ledger,
        keys: &keys,
        register: basis.register,
        missed: basis.missed,
        contested: &contested,
        standing,
        policy,
        as_of: basis.as_of,
    };
    let findings = finding::find(facts).into();
    let (devices, matches, scopes) = (devices.into(), matches.into(), scopes.into());
    (Picture { devices, topology, duties, matches, scopes, findings }, described)
}
