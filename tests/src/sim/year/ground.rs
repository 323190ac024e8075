//! The networks, and how much of them the agents can see.

use std::net::{IpAddr, Ipv4Addr};

/// What the agent sees of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// It is attached: ARP shows who answers.
    Link,
    /// It is behind a router that tells its neighbour table.
    Tabled,
    /// It is behind a router that tells nothing.
    Dark,
}

/// A declared network: a /21, of which the lower half is for addresses that are given by hand.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) name: String,
    pub(super) view: View,
    /// Agents that look at it.
    pub(super) agents: Vec<String>,
    number: u8,
    given: u16,
}

impl Network {
    pub(super) fn new(number: u8, view: View, agents: &[&str]) -> Self {
        let name = format!("第{number}網");
        let agents = agents.iter().map(|agent| (*agent).to_owned()).collect();
        Self { name, view, agents, number, given: 9 }
    }

    fn host(&self, host: u16) -> IpAddr {
        let [high, low] = host.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(10, self.number, high, low))
    }

    /// An address that nobody had yet and that is not leased.
    pub(super) fn give(&mut self) -> IpAddr {
        self.given += 1;
        self.host(self.given)
    }

    /// The address of its router.
    pub(super) fn router(&self) -> IpAddr {
        self.host(1)
    }

    /// The address of the lease with this number.
    pub(super) fn lease(&self, number: u16) -> IpAddr {
        self.host(1024 + number)
    }
}
