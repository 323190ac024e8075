//! What the agent and the collector both say.
//!
//! A type is in this crate only if both sides name it. The crate is pure: it opens no socket and no
//! file, reads no clock and no environment, and knows nothing of async runtimes (its `clippy.toml`
//! and the layering test hold it to that). Read [`observation`] first: everything else serves it.

/// Link-layer addresses and what their bits say.
pub mod addr;
/// Sets of IP addresses, kept as ranges.
pub mod address_set;
/// The envelope that carries observations from an agent to a collector.
pub mod batch;
/// Errors as users read them: one sentence, in Japanese and in English.
pub mod complaint;
/// What was asked, of which addresses, from where, and how far it got.
pub mod coverage;
/// How an agent comes to be known to a collector.
pub mod enrolment;
/// Credentials that a collector hands to an agent, sealed for it.
pub mod handed;
/// What a collector wants of an agent.
pub mod job;
/// One thing learned, and where, when and how.
pub mod observation;
/// Spans of local time that come every week.
pub mod span;
/// Text that came from a network, made safe in one place.
pub mod text;
/// Instants handed in from outside: wall time and monotonic time.
pub mod time;
/// Codecs, one protocol a file.
pub mod wire;
