//! Asks and listens on the declared networks, and has no opinions: it steers by facts, never by
//! fingerprints.
//!
//! [`engine`] and [`probe`] own no socket and no clock; `net` is the only room that does. Nothing
//! reaches `net` but what the [`engine::governor`] cleared. Read [`engine`] first.

/// Captures on disk as frames.
pub mod capture;
/// The scan as a state machine without a socket or a clock.
pub mod engine;
/// What to scan, as meant: networks, pace, policy, credentials.
pub mod plan;
/// Techniques that ask, one a file.
pub mod probe;
