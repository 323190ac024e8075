//! A hospital as values, rooms to run programs in, and the demo.

/// A real browser, and a collector for it to look at.
pub mod browser;
/// Captures through the listener, beside tshark.
pub mod captures;
/// Cargo, asked by a program that Cargo itself runs.
pub mod cargo;
/// A PostgreSQL server of the caller's own.
pub mod cluster;
/// The Debian packages, built from what the workspace built.
pub mod debs;
/// The main job with nothing else set up: `cargo demo`.
pub mod demo;
/// Real daemons in network namespaces.
pub mod lab;
/// Figures beside other programs: `cargo measure`.
pub mod measure;
/// Network namespaces and the cables between them.
pub mod netns;
/// A hospital as values.
pub mod sim;
/// The tables of `config/snmp`.
pub mod tables;
/// Everything that CI runs.
pub mod verify;
