//! A network of SNMP agents behind a cable, and who asks on the near side of it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context, Result};
use ipnet::Ipv4Net;

use super::responder::{Agents, Count, Responder};
use crate::netns::{Namespace, cable, name};

/// The cable: this end asks, the other is the router to the agents.
const OWN: &str = "10.209.0.1";
const ROUTER: &str = "10.209.0.2";
const INTERFACE: &str = "eth0";

/// The namespaces.
#[derive(Debug)]
pub struct Rig {
    /// Where the asker runs.
    pub asker: Namespace,
    far: Namespace,
    /// The network in which every address is an agent.
    pub network: Ipv4Net,
}

/// Namespaces for who asks and for the agents, with a cable between them and a router's way from the
/// one to `networks`, of which the other has the addresses `held`.
///
/// # Errors
/// If namespaces may not be made here.
pub fn lay(networks: &[Ipv4Net], held: &[Ipv4Net]) -> Result<(Namespace, Namespace)> {
    let asker = Namespace::create(name("measure", "asker"))?;
    let far = Namespace::create(name("measure", "agents"))?;
    cable((&asker, INTERFACE), (&far, INTERFACE))?;
    asker.ip(&["addr", "add", &format!("{OWN}/30"), "dev", INTERFACE])?;
    for network in networks {
        asker.ip(&["route", "add", &network.to_string(), "via", ROUTER])?;
    }
    far.ip(&["addr", "add", &format!("{ROUTER}/30"), "dev", INTERFACE])?;
    for held in held {
        far.ip(&["route", "add", "local", &held.to_string(), "dev", "lo"])?;
    }
    // 4,000 devices each say what one machine here says for all of them.
    let unlimited = || -> std::io::Result<()> {
        std::fs::write("/proc/sys/net/ipv4/icmp_ratelimit", "0")?;
        // Of the namespace only since Linux 6.13; before, echo is not concerned.
        let _ = std::fs::write("/proc/sys/net/ipv4/icmp_msgs_per_sec", "1000000");
        let _ = std::fs::write("/proc/sys/net/ipv4/icmp_msgs_burst", "100000");
        Ok(())
    };
    far.enter(unlimited)?.context("the rate of ICMP messages")?;
    Ok((asker, far))
}

impl Rig {
    /// Lays the cable to `network`.
    ///
    /// # Errors
    /// If namespaces may not be made here.
    pub fn lay(network: Ipv4Net) -> Result<Self> {
        let (asker, far) = lay(&[network], &[network])?;
        Ok(Self { asker, far, network })
    }

    /// The addresses that are asked.
    pub fn targets(&self) -> Vec<Ipv4Addr> {
        self.network.hosts().collect()
    }

    /// Lets `work` be done while the agents answer, and tells what they were asked.
    ///
    /// # Errors
    /// Those of the work.
    pub fn during<T>(
        &self,
        agents: &Arc<Agents>,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<(T, Arc<Count>)> {
        let responder = Responder::start(&self.far, agents)?;
        let done = work();
        let count = responder.stop()?;
        Ok((done?, count))
    }
}
