//! HSRP hellos: the routers of a group, and which of them forwards.

use daicho_common::observation::Fact;
use daicho_common::observation::heard::VirtualRouter;
use daicho_common::wire::hsrp::Hsrp;
use daicho_common::wire::{Malformed, Wire};

pub(super) fn facts(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    let (hsrp, _) = Hsrp::decode(octets)?;
    let priority = match &hsrp {
        Hsrp::V1 { priority, .. } => u32::from(*priority),
        Hsrp::V2 { priority, .. } => *priority,
    };
    Ok(vec![Fact::VirtualRouter(VirtualRouter {
        group: hsrp.group(),
        priority,
        active: hsrp.is_active(),
        addresses: hsrp.address().into_iter().collect(),
    })])
}
