//! Techniques that ask, one a file, without a socket or a clock.
//!
//! A technique above the link is a [`Dialogue`] with one target. It decides what to ask and when to
//! ask again; how fast, and whether at all, is for the governor.

use std::net::SocketAddr;

use daicho_common::coverage::PacketKind;
use daicho_common::observation::{Fact, Method};
use daicho_common::time::Tick;

use crate::engine::Outlet;

/// mDNS and DNS-SD: one host asked by unicast, or everybody on a link by multicast.
pub mod mdns;
/// SNMP: the system group, interfaces and own addresses of one device, and the tables that it keeps.
pub mod snmp;

/// A datagram that a dialogue wants to send to its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// By which socket.
    pub outlet: Outlet,
    /// To which port of the target.
    pub port: u16,
    /// What the governor counts it as.
    pub kind: PacketKind,
    /// Payload.
    pub octets: Vec<u8>,
}

/// A series of questions to one target over datagrams; never more than one in flight.
pub trait Dialogue: Send {
    /// How its facts are learned.
    fn method(&self) -> Method;

    /// The next datagram, if one is wanted now: `None` while an answer is awaited or once finished.
    /// A returned datagram counts as sent at `now`.
    fn poll_transmit(&mut self, now: Tick) -> Option<Ask>;

    /// When the awaited answer is given up (the next `poll_transmit` at or after it asks again or
    /// moves on); `None` if nothing is awaited.
    fn poll_timeout(&self) -> Option<Tick>;

    /// A datagram from the target. Returns whether it answered what was asked; one that did not
    /// (wrong id, random octets) changes nothing.
    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], now: Tick) -> bool;

    /// The target's port is unreachable.
    fn handle_unreachable(&mut self, now: Tick);

    /// What was learned, oldest first.
    fn poll_fact(&mut self) -> Option<Fact>;

    /// Whether nothing more will be asked. Facts may still be waiting.
    fn is_finished(&self) -> bool;
}
