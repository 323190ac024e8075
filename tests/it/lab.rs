//! The agent and the collector, as programs, against daemons that nobody here wrote.
//!
//! Every test has a lab of its own. Where there can be none, a test says `skipped: …` and passes,
//! unless `CI` or `DAICHO_LAB=required` is set.

use std::collections::BTreeSet;

use daicho_tests::lab::{self, Lab};

mod bridge;
/// No packet goes where it must not, or too fast.
mod harm;
/// What the collector makes of every host.
mod devices;
/// The lab goes up and down cleanly, whatever happened before.
mod lifecycle;
/// What mdns-sd finds: the oracle of the mDNS browse.
mod oracle;
/// No port that prints ever gets anything.
mod printing;
/// The agent and the collector as programs.
pub(crate) mod programs;
/// What the agent finds.
mod scan;
mod snmp;
/// Services that are asked what they are.
mod services;
/// What follows from it, held against a ledger.
mod verdicts;

/// A lab, or `None` after having said why there is none.
fn lab() -> Option<Lab> {
    lab_of(lab::HOSTS)
}

/// A lab with these hosts, or `None` after having said why there is none.
fn lab_of(specs: &'static [lab::Spec]) -> Option<Lab> {
    let Some(why) = lab::obstacle() else {
        return Some(Lab::of(specs).unwrap());
    };
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    let required = ci || std::env::var_os("DAICHO_LAB").is_some_and(|value| value == "required");
    assert!(!required, "skipped, though the lab is required here: {why}");
    println!("skipped: {why}");
    None
}

/// The DNS-SD services of the whole lab, as declared: (address, type).
fn declared_services(lab: &Lab) -> BTreeSet<(String, String)> {
    let specs = lab.hosts().iter().map(lab::Host::spec);
    specs
        .flat_map(|spec| spec.services.iter().map(|kind| (spec.ip.to_string(), (*kind).to_owned())))
        .collect()
}
