//! Docks: the MAC address on the cable is the dock's, and whoever comes first puts a laptop into it.

use super::making::{Making, always, cloned};
use super::{Happening, WEEKS, What};

/// Lays laptops in teams of four, each team with three docks. At home in the dock, a laptop's own card
/// is seen on other days.
pub(super) fn lay(made: &mut Making, count: usize) {
    for _ in 0..count.div_ceil(4) {
        let network = made.ward();
        let docks = [made.mac(), made.mac(), made.mac()];
        let mut laptops = Vec::new();
        for _ in 0..4 {
            let mac = made.mac();
            let mut own = super::Nic::new(mac, network);
            own.day = 4;
            laptops.push(vec![own]);
        }
        for week in 0..WEEKS {
            for day in 0..2 {
                let shift = usize::try_from(made.dice.below(4)).unwrap_or(0);
                for (place, dock) in docks.iter().enumerate() {
                    if !made.dice.chance(400) {
                        continue;
                    }
                    let mut nic = super::Nic::new(*dock, network);
                    (nic.own, nic.weeks, nic.day) = (false, week..week + 1, day);
                    if let Some(nics) = laptops.get_mut((place + shift) % 4) {
                        nics.push(nic);
                    }
                }
            }
        }
        // Of one in five teams the laptops are from one image, and only their names differ.
        let image = made.dice.chance(200).then(|| made.uuid());
        for nics in laptops {
            let name = made.name("note");
            let says = match &image {
                Some(guid) => vec![
                    cloned(What::Smb(name.clone(), guid.clone())),
                    always(What::NodeStatus(name)),
                ],
                None => made.windows(&name),
            };
            made.add(Happening::Docked, nics, says);
        }
    }
}
