//! Routers that answer ARP for devices that are elsewhere (RFC 1027).

use super::making::{Making, always};
use super::{Happening, What};

/// Lays routers, each with up to twenty devices behind it that have addresses on the link.
pub(super) fn lay(made: &mut Making, count: usize) {
    for _ in 0..count.div_ceil(21) {
        let network = made.network(|view| view == super::ground::View::Link);
        let router = made.mac();
        let mut nic = super::Nic::new(router, network);
        nic.fixed = made.fixed(network);
        let says = vec![
            always(What::System(made.name("proxy"), "Sample router".into())),
            always(What::Interfaces(vec![router])),
        ];
        let body = made.add(Happening::ProxyArp, vec![nic], says);
        if let Some(body) = made.bodies.get_mut(body) {
            body.awake = 1000;
        }
        for _ in 0..20 {
            let mac = made.mac();
            let mut nic = super::Nic::new(mac, network);
            (nic.fixed, nic.behind, nic.own) = (made.fixed(network), Some(router), false);
            let name = made.name("far");
            let says = vec![always(What::System(name, "Sample terminal".into()))];
            made.add(Happening::ProxyArp, vec![nic], says);
        }
    }
}
