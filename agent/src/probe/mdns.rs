//! mDNS and DNS-SD (RFC 6762, RFC 6763): one host asked by unicast, or everybody on a link.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use daicho_common::observation::{Fact, Method};
use daicho_common::time::Tick;

use crate::probe::{Ask, Dialogue};

/// Questions to everybody on a link.
pub mod browse;

pub use browse::Browse;

/// The port of mDNS (RFC 6762 §3).
pub const PORT: u16 = 5353;

/// The group that every responder on a link listens to (RFC 6762 §3).
pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

/// An interview of one host by unicast.
pub struct Mdns {
    target: IpAddr,
    timeout: Duration,
    tries: u8,
    id: u16,
    facts: VecDeque<Fact>,
}

impl Mdns {
    /// An interview of the responder at `target`, port 5353. Each question is asked at most `tries`
    /// times (at least once), `timeout` apart; message ids count up from `first_id`.
    pub fn new(target: IpAddr, timeout: Duration, tries: u8, first_id: u16) -> Self {
        Self { target, timeout, tries, id: first_id, facts: VecDeque::new() }
    }
}

impl Dialogue for Mdns {
    fn method(&self) -> Method {
        Method::Mdns
    }
    fn poll_transmit(&mut self, _now: Tick) -> Option<Ask> {
        let _ = (self.target, self.timeout, self.tries, self.id);
        None
    }
    fn poll_timeout(&self) -> Option<Tick> {
        None
    }
    fn handle_datagram(&mut self, _from: SocketAddr, _octets: &[u8], _now: Tick) -> bool {
        false
    }
    fn handle_unreachable(&mut self, _now: Tick) {}
    fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }
    fn is_finished(&self) -> bool {
        true
    }
}
