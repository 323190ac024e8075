//! A hospital as values, rooms to run programs in, and the demo.

/// Real daemons in network namespaces.
pub mod lab;
/// Network namespaces and the cables between them.
pub mod netns;
/// Everything that CI runs.
pub mod verify;
