//! Questions to everybody on a link, and answers of many hosts.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use daicho_common::observation::Fact;
use daicho_common::time::Tick;

use crate::probe::Ask;

/// A browse of one link: what to send to [`super::GROUP`], and what its hosts answered.
pub struct Browse {
    interface: String,
    timeout: Duration,
    id: u16,
}

impl Browse {
    /// A browse of the link at `interface` that waits `timeout` for the last answer; message ids
    /// count up from `first_id`.
    pub fn new(interface: &str, timeout: Duration, first_id: u16) -> Self {
        Self { interface: interface.to_owned(), timeout, id: first_id }
    }

    /// The interface that its questions leave by.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// The next question to send to the group at the port it names, if one is wanted now. It counts
    /// as sent at `now`.
    pub fn poll_transmit(&mut self, _now: Tick) -> Option<Ask> {
        let _ = (self.timeout, self.id);
        None
    }

    /// When answers are given up and the next `poll_transmit` moves on; `None` once finished or
    /// while there is something to send.
    pub fn poll_timeout(&self) -> Option<Tick> {
        None
    }

    /// A datagram from a host. Returns whether it answered what was asked; one that did not changes
    /// nothing.
    pub fn handle_datagram(&mut self, _from: SocketAddr, _octets: &[u8], _now: Tick) -> bool {
        false
    }

    /// What was learned and who said it; comes once the browse is finished.
    pub fn poll_fact(&mut self) -> Option<(IpAddr, Fact)> {
        None
    }

    /// Whether nothing more will be asked. Facts may still be waiting.
    pub fn is_finished(&self) -> bool {
        true
    }
}
