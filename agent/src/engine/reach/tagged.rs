//! A network in a VLAN that the system has no part in: ARP by tagged frames tells who is there, and
//! nothing more can be asked.

use std::net::Ipv4Addr;

use daicho_common::coverage::Why;
use daicho_common::observation::Method;

use super::Reach;
use crate::engine::question::Technique;
use crate::plan::{DenyList, Means, Network, Policy, Vlan};

/// ARP requests into the VLAN, or why none can be sent.
fn technique(vlan: &Vlan, means: &Means) -> Result<Technique, Why> {
    let found = means.links.iter().find(|link| link.interface == vlan.interface);
    let link = found.ok_or(Why::Unreachable)?;
    let mac = link.mac.ok_or(Why::Unreachable)?;
    if !link.vlans.contains(&vlan.id) {
        return Err(Why::NoPrivilege);
    }
    let ip = vlan.address.unwrap_or(Ipv4Addr::UNSPECIFIED);
    Ok(Technique::Arp { interface: link.interface.clone(), vlan: Some(vlan.id), mac, ip })
}

impl Reach {
    /// See the module.
    pub(super) fn tagged(
        &mut self,
        network: &Network,
        vlan: &Vlan,
        (means, deny): (&Means, &DenyList),
    ) {
        self.interface.clone_from(&vlan.interface);
        match technique(vlan, means) {
            Ok(arp) => self.sweep(arp, &[Method::Arp]),
            Err(why) => self.unused(Method::Arp, why),
        }
        let sighting = network.policy == Policy::Sighting;
        let why = if sighting { Why::Policy } else { Why::TaggedOnly };
        for method in [Method::IcmpEcho, Method::TcpConnect, Method::Snmp, Method::Mdns] {
            self.unused(method, why);
        }
        if deny.interfaces.contains(&vlan.interface) {
            self.close(Why::Denied);
        }
    }
}
