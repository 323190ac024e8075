//! Devices with two network cards: one in the ward, one in the laboratory's own network, or one with
//! a cable and one without.

use super::making::{Making, always};
use super::{Happening, What};

/// Lays them: a third lists both cards, a third says one serial number on both, a third are computers.
pub(super) fn lay(made: &mut Making, count: usize) {
    for _ in 0..count {
        let mut nics = Vec::new();
        for _ in 0..2 {
            let (mac, network) = (made.mac(), made.ward());
            let mut nic = super::Nic::new(mac, network);
            nic.fixed = made.fixed(network);
            nics.push(nic);
        }
        let macs = nics.iter().map(|nic| nic.mac).collect();
        let (name, serial) = (made.name("ana"), made.serial());
        let says = match made.dice.below(6) {
            0 | 1 => vec![
                always(What::System(name, "Sample analyser".into())),
                always(What::Interfaces(macs)),
            ],
            2 => vec![
                always(What::System(name, "Sample analyser".into())),
                always(What::Entity(serial)),
            ],
            3 => {
                let uuid = made.uuid();
                vec![always(What::Upnp("Sample printer 5".into(), serial, uuid))]
            }
            _ => made.windows(&name),
        };
        made.add(Happening::TwoNics, nics, says);
    }
}
