//! Pairs of firewalls with an address that floats: the one that is active answers for it, with its own
//! MAC address.

use super::making::{Making, always};
use super::{Happening, WEEKS, What};

/// Lays them. One half is active for some weeks, then the other.
pub(super) fn lay(made: &mut Making, count: usize) {
    for _ in 0..count.div_ceil(2) {
        let network = made.network(|_| true);
        let floating = made.fixed(network);
        let (first, second) = (made.week(), made.week());
        let (first, second) = (first.min(second), first.max(second) + 1);
        let active = [[0..first, second..WEEKS], [first..second, 0..0]];
        let same_name = made.dice.chance(500);
        let pair = made.name("fw");
        let lists = made.dice.chance(700);
        // Some have a MAC address of the pair's, which looks burned in.
        let of_pair = made.dice.chance(300).then(|| made.mac());
        for (half, weeks) in active.into_iter().enumerate() {
            let mac = made.mac();
            let mut own = super::Nic::new(mac, network);
            own.fixed = made.fixed(network);
            let mut nics = vec![own];
            for weeks in weeks {
                let mut nic = super::Nic::new(of_pair.unwrap_or(mac), network);
                (nic.fixed, nic.weeks) = (floating, weeks);
                nic.own = of_pair.is_none();
                nics.push(nic);
            }
            let name = if same_name { pair.clone() } else { format!("{pair}-{half}") };
            let mut says = vec![
                always(What::System(name, "Sample firewall".into())),
                always(What::Entity(made.serial())),
            ];
            if lists {
                says.push(always(What::Interfaces(vec![mac])));
            }
            let body = made.add(Happening::HaPair, nics, says);
            if let Some(body) = made.bodies.get_mut(body) {
                body.awake = 1000;
            }
        }
    }
}
