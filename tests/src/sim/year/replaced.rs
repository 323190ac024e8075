//! Something is replaced: a network card, or the whole computer in its place.

use super::making::{Making, always};
use super::{Happening, WEEKS, What};

/// Network cards that are replaced; the device is the same.
pub(super) fn cards(made: &mut Making, count: usize) {
    for _ in 0..count {
        let network = made.ward();
        let fixed = if made.dice.chance(500) { made.fixed(network) } else { None };
        let week = made.week();
        let mut nics = Vec::new();
        for weeks in [0..week, week..WEEKS] {
            let mac = made.mac();
            let mut nic = super::Nic::new(mac, network);
            (nic.weeks, nic.fixed) = (weeks, fixed);
            nics.push(nic);
        }
        let (name, serial) = (made.name("dev"), made.serial());
        let says = match made.dice.below(4) {
            0 | 1 => made.windows(&name),
            2 => vec![
                always(What::System(name, "Sample analyser".into())),
                always(What::Entity(serial)),
            ],
            _ => {
                let uuid = made.uuid();
                vec![always(What::Upnp("Sample NAS 2".into(), serial, uuid))]
            }
        };
        made.add(Happening::ReplacedNic, nics, says);
    }
}

/// Computers that are replaced by others with their names and addresses.
pub(super) fn successors(made: &mut Making, count: usize) {
    for _ in 0..count.div_ceil(2) {
        let network = made.network(|_| true);
        let fixed = made.fixed(network);
        let (week, name) = (made.week(), made.name("term"));
        for weeks in [0..week, week..WEEKS] {
            let mac = made.mac();
            let mut nic = super::Nic::new(mac, network);
            (nic.weeks, nic.fixed) = (weeks, fixed);
            let says = made.windows(&name);
            made.add(Happening::Successor, vec![nic], says);
        }
    }
}
