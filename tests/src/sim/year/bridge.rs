//! Wireless bridges: what hangs on them by cable is seen with the bridge's MAC address.

use super::making::{Making, always};
use super::{Happening, What};

/// Lays bridges, each with two to four devices behind it.
pub(super) fn lay(made: &mut Making, count: usize) {
    for _ in 0..count.div_ceil(4) {
        let network = made.network(|view| view == super::ground::View::Link);
        let bridge = made.mac();
        let mut nic = super::Nic::new(bridge, network);
        nic.fixed = made.fixed(network);
        let says = vec![
            always(What::System(made.name("bridge"), "Sample bridge".into())),
            always(What::Interfaces(vec![bridge])),
        ];
        made.add(Happening::Bridged, vec![nic], says);
        for _ in 0..2 + made.dice.below(3) {
            let mac = made.mac();
            let mut nic = super::Nic::new(mac, network);
            (nic.fixed, nic.behind, nic.own) = (made.fixed(network), Some(bridge), false);
            let name = made.name("cart");
            let says = vec![
                always(What::System(name, "Sample monitor".into())),
                always(What::Entity(made.serial())),
            ];
            made.add(Happening::Bridged, vec![nic], says);
        }
    }
}
