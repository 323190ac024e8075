//! Routers that share an address by VRRP or HSRP: what answers there is neither of them.

use daicho_common::addr::Mac;

use super::making::{Making, always};
use super::{Happening, What};

/// Lays pairs, each with the router that both are.
pub(super) fn lay(made: &mut Making, count: usize) {
    for group in 0..count.div_ceil(3) {
        let network = made.network(|view| view == super::ground::View::Link);
        let group = u8::try_from(group % 200).unwrap_or(0);
        let shared = if made.dice.chance(500) {
            Mac::new([0x00, 0x00, 0x5e, 0x00, 0x01, group])
        } else {
            Mac::new([0x00, 0x00, 0x0c, 0x07, 0xac, group])
        };
        for _ in 0..2 {
            let mac = made.mac();
            let mut nic = super::Nic::new(mac, network);
            nic.fixed = made.fixed(network);
            let says = vec![
                always(What::System(made.name("rt"), "Sample router".into())),
                always(What::Entity(made.serial())),
                always(What::Interfaces(vec![mac, shared])),
            ];
            made.add(Happening::VirtualRouter, vec![nic], says);
        }
        let mut nic = super::Nic::new(shared, network);
        nic.fixed = made.fixed(network);
        made.add(Happening::VirtualRouter, vec![nic], Vec::new());
    }
}
