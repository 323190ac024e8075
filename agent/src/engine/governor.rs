//! The only door to the wire: scope, deny list, forbidden ports, pace, budget, and the count.

use crate::engine::Packet;

/// A packet that the governor let through. Only this module makes one, and `net` sends nothing else.
#[derive(Debug, PartialEq, Eq)]
pub struct Cleared(Packet);

impl Cleared {
    /// The packet.
    pub fn packet(&self) -> &Packet {
        &self.0
    }
}
