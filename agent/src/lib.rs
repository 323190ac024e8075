//! Asks and listens on the declared networks, and has no opinions: it steers by facts, never by
//! fingerprints.
//!
//! [`engine`] and [`probe`] own no socket and no clock; `net` is the only room that does. Nothing
//! reaches `net` but what the [`engine::governor`] cleared. Read [`engine`] first.

/// Captures on disk as frames.
pub mod capture;
/// The command line, and what each command does.
pub mod cli;
/// Configuration: as written, then as meant, and what a command line may choose of it.
pub mod config;
/// The scan as a state machine without a socket or a clock.
pub mod engine;
/// Where sealed batches go: a file, a collector.
pub mod export;
/// The agent's signing key.
pub mod key;
/// Which of the agent's batches is next.
pub mod count;
/// By what a collector knows this agent, and how it comes to be known.
pub mod identity;
/// What frames say of the devices that sent them, without asking.
pub mod listen;
/// The only room with sockets, privilege and the clock.
pub mod net;
/// What to scan, as meant: networks, pace, policy, credentials.
pub mod plan;
/// Techniques that ask, one a file.
pub mod probe;
/// The loop between the net and the engine.
pub mod run;
/// Batches that could not be delivered yet.
pub mod spool;
/// Does what a collector wants, as far as the configuration allows it.
pub mod worker;
