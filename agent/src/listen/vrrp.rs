//! VRRP advertisements: only the router that forwards sends them.

use std::net::IpAddr;

use daicho_common::observation::Fact;
use daicho_common::observation::heard::VirtualRouter;
use daicho_common::wire::vrrp::Vrrp;
use daicho_common::wire::{Malformed, Wire};

use super::dispatch::Message;

pub(super) fn facts(message: &Message<'_>) -> Result<Vec<Fact>, Malformed> {
    // Whatever a router passed on is a forgery (RFC 5798 §5.1.1.3).
    if message.hops != 255 {
        return Err(Malformed::Inconsistent { field: "Time to Live" });
    }
    let vrrp = match message.from {
        None | Some(IpAddr::V4(_)) => Vrrp::decode(message.octets).map(|(vrrp, _)| vrrp),
        Some(IpAddr::V6(_)) => Vrrp::decode_ipv6(message.octets),
    }?;
    Ok(vec![Fact::VirtualRouter(VirtualRouter {
        group: vrrp.vrid.into(),
        priority: vrrp.priority.into(),
        // A priority of zero gives up (§5.2.4).
        active: vrrp.priority != 0,
        addresses: vrrp.addresses,
    })])
}
