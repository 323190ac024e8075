//! Two namespaces and a cable: who asks in one, a link full of hosts in the other.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use daicho_common::addr::Mac;
use ipnet::Ipv4Net;

use super::responder::{Population, Record, Responder, mac};
use crate::netns::{Namespace, cable, name};

/// The interface on either side.
pub const INTERFACE: &str = "eth0";

/// A link to sweep.
pub struct Rig {
    /// Where the sweeper runs.
    pub asker: Namespace,
    hosts: Namespace,
    /// The sweeper's own address.
    pub own: Ipv4Addr,
    /// The network on the link.
    pub network: Ipv4Net,
    /// Who is there.
    pub population: Population,
}

/// The network behind the router of every rig.
pub const ROUTED: &str = "10.200.0.0/16";

impl Rig {
    /// Lays the link `network`; the sweeper has its first address, and the second leads to
    /// [`ROUTED`].
    ///
    /// # Errors
    /// If namespaces may not be made here.
    pub fn lay(network: Ipv4Net, population: Population) -> Result<Self> {
        let asker = Namespace::create(name("measure", "asker"))?;
        let hosts = Namespace::create(name("measure", "hosts"))?;
        cable((&asker, INTERFACE), (&hosts, INTERFACE))?;
        let first = u32::from(network.network());
        let (own, router) = (Ipv4Addr::from(first + 1), Ipv4Addr::from(first + 2));
        asker.ip(&["addr", "add", &format!("{own}/{}", network.prefix_len()), "dev", INTERFACE])?;
        let (via, lladdr) = (router.to_string(), mac(router).to_string());
        asker.ip(&["neigh", "add", &via, "lladdr", &lladdr, "dev", INTERFACE])?;
        asker.ip(&["route", "add", ROUTED, "via", &via])?;
        Ok(Self { asker, hosts, own, network, population })
    }

    /// The link-layer address of the sweeper.
    ///
    /// # Errors
    /// If its interface has none.
    pub fn mac(&self) -> Result<Mac> {
        let said = self.asker.ip(&["-o", "link", "show", "dev", INTERFACE])?;
        let mut words = said.split_whitespace();
        words.find(|word| *word == "link/ether").context("no link-layer address")?;
        words.next().and_then(|word| word.parse().ok()).context("no link-layer address")
    }

    /// The addresses of `network` that are there to be found.
    pub fn to_find(&self, network: Ipv4Net) -> usize {
        let there = |address: &Ipv4Addr| self.population.lives(*address) && *address != self.own;
        network.hosts().filter(there).count()
    }

    /// Lets `work` be done while the hosts answer, and tells what they were asked.
    ///
    /// # Errors
    /// Those of the work.
    pub fn during<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<(T, Record)> {
        let responder = Responder::start(&self.hosts, INTERFACE, self.population)?;
        let done = work();
        let record = responder.stop()?;
        Ok((done?, record))
    }
}
