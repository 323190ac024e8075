//! Observations weighed: claims graded by how they are bound to their subject.
//!
//! The same thing seen again is one claim with more sightings, so nothing downstream can count
//! repetition as agreement. Weighing decides nothing about who the subject is; that is
//! [`crate::resolve`]'s work, because an address changes hands.

use std::cmp::Ordering;

use daicho_common::observation::{Fact, Method, Observation, ObservationId, Speaker};
use daicho_common::text::Short;
use daicho_common::time::Timestamp;
use serde::Serialize;

mod sources;

pub use sources::Sources;
pub(crate) use sources::share;

/// How a claim is bound to its subject, weakest first. Precedence is a decision, not an order of
/// arrival: a higher grade wins whenever it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Concluded from other claims.
    Inferred,
    /// Said by the device of its own accord, or heard by anyone.
    Announced,
    /// Said by another device.
    Reported,
    /// Answered by the device when asked.
    Queried,
    /// Said by a person.
    Asserted,
}

/// A value with the reason for believing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// The best grade among its sources.
    pub grade: Grade,
    /// The observations it rests on, ascending, without repetition; never empty for a machine's
    /// claim. Of a thing said again and again these are the first and the latest time, so that a
    /// year of scans does not pile up behind one name.
    pub sources: Sources,
}

/// A text with the reason for believing it.
pub type SourcedText = Sourced<Short>;

/// One time that a claim was made.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The observation, for its time and its words.
    pub observation: &'a Observation,
    /// Its id.
    pub id: ObservationId,
}

impl Sighting<'_> {
    /// When.
    pub fn at(&self) -> Timestamp {
        self.observation.at
    }

    fn key(&self) -> (Timestamp, ObservationId) {
        (self.observation.at, self.id)
    }
}

/// A fact that one speaker said in one network to one agent, and every time that it did.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The agent that saw it.
    pub agent: &'a str,
    /// The declared network in which it was seen.
    pub network: &'a str,
    /// The addresses it came from.
    pub speaker: Speaker,
    /// What was said.
    pub fact: &'a Fact,
    /// How it is bound to its subject: the best grade of its sightings, because the same may be
    /// heard at one time and answered at another.
    pub grade: Grade,
    /// When it was said, ascending by time, then by id; at least once.
    pub sightings: Vec<Sighting<'a>>,
}

/// The first and the latest time that something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    first: (Timestamp, ObservationId),
    last: (Timestamp, ObservationId),
}

impl Seen {
    /// Seen once.
    pub fn once(sighting: &Sighting<'_>) -> Self {
        Self { first: sighting.key(), last: sighting.key() }
    }

    /// Seen at these times too.
    pub fn extend(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// When it was first seen.
    pub fn first(&self) -> Timestamp {
        self.first.0
    }

    /// When it was last seen.
    pub fn last(&self) -> Timestamp {
        self.last.0
    }

    /// The observations of those two times, ascending, without repetition.
    pub fn sources(&self) -> Sources {
        let (first, last) = (self.first.1, self.last.1);
        if first == last { first.into() } else { vec![first.min(last), first.max(last)].into() }
    }
}

/// How a fact is bound to its subject (DESIGN, "The words").
///
/// An address binding is an answer where the agent asked for it, and an announcement where it was
/// only heard: a gratuitous ARP packet shows that its sender is there, and claims the address. What
/// is read from DNS-SD, and whatever else is only heard, is what anyone may announce; so is what was
/// said in a conversation of others.
pub fn grade(method: Method, fact: &Fact) -> Grade {
    match fact {
        Fact::Arp { .. } | Fact::Neighbour { .. } => {
            if matches!(method, Method::ArpHeard | Method::NdpHeard) {
                Grade::Announced
            } else {
                Grade::Queried
            }
        }
        Fact::Answered(_) | Fact::Said(_) if matches!(method, Method::TcpHeard | Method::Hl7) => {
            Grade::Announced
        }
        Fact::Answered(_)
        | Fact::System { .. }
        | Fact::Interface { .. }
        | Fact::InterfaceAddress { .. }
        | Fact::Rows(_)
        | Fact::TableRead(_)
        | Fact::Said(_)
        | Fact::Asked { .. } => Grade::Queried,
        Fact::Pointer { .. } => Grade::Reported,
        Fact::Service { .. }
        | Fact::HostName { .. }
        | Fact::LinkNeighbour(_)
        | Fact::Dhcp(_)
        | Fact::SpanningTree(_)
        | Fact::VirtualRouter(_)
        | Fact::RouterAdvertisement(_)
        | Fact::NetbiosName { .. }
        | Fact::Browser(_)
        | Fact::Ssdp(_)
        | Fact::GroupMember { .. }
        | Fact::GroupQuerier
        | Fact::VlanTag { .. } => Grade::Announced,
    }
}

fn same_claim(a: &Observation, b: &Observation) -> Ordering {
    a.speaker
        .cmp(&b.speaker)
        .then_with(|| a.vantage.network.cmp(&b.vantage.network))
        .then_with(|| a.vantage.agent.cmp(&b.vantage.agent))
        .then_with(|| a.fact.cmp(&b.fact))
}

/// Weighs observations into claims, in an order that does not depend on theirs. An observation
/// delivered twice counts once.
pub fn weigh(observations: &[Observation]) -> Vec<Claim<'_>> {
    weigh_some(observations.iter().collect())
}

/// The same of observations that were picked out.
pub fn weigh_some(mut ordered: Vec<&Observation>) -> Vec<Claim<'_>> {
    ordered.sort_unstable_by(|a, b| {
        same_claim(a, b)
            .then_with(|| a.at.cmp(&b.at))
            .then_with(|| a.method.cmp(&b.method))
            .then_with(|| a.vantage.interface.cmp(&b.vantage.interface))
    });
    ordered.dedup();
    let mut claims: Vec<Claim<'_>> = Vec::new();
    for run in ordered.chunk_by(|a, b| same_claim(a, b) == Ordering::Equal) {
        let Some(&one) = run.first() else { continue };
        let grades = run.iter().map(|seen| grade(seen.method, &seen.fact));
        let Some(best) = grades.max() else { continue };
        let mut sightings: Vec<Sighting<'_>> =
            run.iter().map(|&observation| Sighting { observation, id: observation.id() }).collect();
        sightings.sort_unstable_by_key(Sighting::key);
        claims.push(Claim {
            agent: &one.vantage.agent,
            network: &one.vantage.network,
            speaker: one.speaker,
            fact: &one.fact,
            grade: best,
            sightings,
        });
    }
    claims
}
