//! What live hosts are asked beside SNMP and DNS-SD.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use daicho_common::observation::Method;

/// What the hosts of a network may be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// By which protocols, and at which TCP or UDP ports each; without a port only where another
    /// answer leads to one. Never a forbidden port.
    pub asked: BTreeMap<Method, Vec<u16>>,
    /// TCP ports of services that the policy does not let anybody talk to: that they are there is found
    /// out by a SYN alone, and only where raw sockets are to be had. Never a forbidden port.
    pub presence: Vec<u16>,
    /// Hosts that a person named for DICOM, and nobody else.
    pub dicom: Vec<Dicom>,
    /// The name server that is asked for the names of addresses; it lies in a network of the plan.
    pub name_server: Option<Ipv4Addr>,
}

/// A host that may be asked for a DICOM association (PS3.8 §9.3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dicom {
    /// The host.
    pub host: Ipv4Addr,
    /// Its TCP port, commonly 104 or 11112.
    pub port: u16,
    /// The title of its application entity, 1–16 characters.
    pub called: String,
    /// The title that the agent gives itself, 1–16 characters.
    pub calling: String,
}

impl Questions {
    /// Whether hosts may be asked by this protocol.
    pub fn allows(&self, method: Method) -> bool {
        self.asked.contains_key(&method)
    }

    /// The ports at which hosts are asked by this protocol.
    pub fn ports(&self, method: Method) -> &[u16] {
        self.asked.get(&method).map_or(&[], Vec::as_slice)
    }
}
