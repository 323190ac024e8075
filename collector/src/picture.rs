//! The one function that composes the pure rooms: observations, coverage and ledger in, picture out.

use daicho_common::coverage::Coverage;
use daicho_common::observation::Observation;
use serde::Serialize;

use crate::evidence;
use crate::finding::{self, Facts, Finding};
use crate::fingerprint::Rows;
use crate::ledger::Ledger;
use crate::reconcile::{self, Match};
use crate::resolve::{self, Device, Resolution};
use crate::topology::{self, Topology};

#[cfg(test)]
mod tests;

/// Everything that is shown: a function of the ground facts and the book, and of nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Devices, ascending by id.
    pub devices: Vec<Device>,
    /// How they hang together.
    pub topology: Topology,
    /// One for each entry, in the book's order, then one for each undocumented device, by id.
    pub matches: Vec<Match>,
    /// Findings, worst first, then by id.
    pub findings: Vec<Finding>,
}

/// Derives the picture. Shuffling or repeating the observations or coverages changes nothing.
pub fn derive(
    observations: &[Observation],
    coverage: &[Coverage],
    ledger: &Ledger,
    fingerprints: &Rows,
) -> Picture {
    let claims = evidence::weigh(observations);
    let Resolution { mut devices, contested, speakers } = resolve::resolve(&claims, fingerprints);
    let topology = topology::find(&claims, &speakers, &mut devices);
    let matches = reconcile::reconcile(&devices, ledger, coverage);
    let facts = Facts { devices: &devices, matches: &matches, ledger, contested: &contested };
    let findings = finding::find(facts);
    Picture { devices, topology, matches, findings }
}
