//! Private telephones and tablets: their MAC addresses are made up, and made up anew.

use super::making::{Making, always, cloned};
use super::{Happening, WEEKS, What};

/// Lays them. Most say no more than what everybody's telephone is called.
pub(super) fn lay(made: &mut Making, count: usize) {
    for _ in 0..count {
        let network = made.network(|view| view == super::ground::View::Link);
        let mut nics = Vec::new();
        let (mut from, step) = (0, 4 + u32::try_from(made.dice.below(30)).unwrap_or(0));
        while from < WEEKS {
            let mac = made.random_mac();
            let mut nic = super::Nic::new(mac, network);
            nic.weeks = from..WEEKS.min(from + step);
            nics.push(nic);
            from += step;
        }
        let says = match made.dice.below(4) {
            0 => vec![cloned(What::Dhcp("iPhone".into()))],
            1 => vec![cloned(What::Mdns("Android".into()))],
            2 => Vec::new(),
            _ => {
                let uuid = made.uuid();
                let serial = made.serial();
                vec![always(What::Upnp("Sample tablet".into(), serial, uuid))]
            }
        };
        made.add(Happening::RandomMac, nics, says);
    }
}
