//! Observations weighed: claims graded by how they are bound to their subject.

use daicho_common::observation::ObservationId;
use serde::Serialize;

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
    /// The observations it rests on, ascending, without repetition; never empty for a machine's claim.
    pub sources: Vec<ObservationId>,
}
