//! A hospital as values, rooms to run programs in, and the demo.

/// Network namespaces and the cables between them.
pub mod netns;
/// A hospital as values.
pub mod sim;
