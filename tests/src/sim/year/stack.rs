//! Stacks of switches: one device of several chassis, whose address of the stack goes to another member
//! when the first fails.

use super::making::{Making, always};
use super::{Happening, WEEKS, What};

/// Lays them.
pub(super) fn lay(made: &mut Making, count: usize) {
    for _ in 0..count {
        let network = made.network(|view| view == super::ground::View::Link);
        let members: Vec<_> = (0..3).map(|_| made.mac()).collect();
        let fixed = made.fixed(network);
        let week = made.week();
        let mut nics = Vec::new();
        for (weeks, mac) in [0..week, week..WEEKS].into_iter().zip(&members) {
            let mut nic = super::Nic::new(*mac, network);
            (nic.weeks, nic.fixed) = (weeks, fixed);
            nics.push(nic);
        }
        let says = vec![
            always(What::System(made.name("sw"), "Sample stack".into())),
            always(What::Entity(made.serial())),
            always(What::Interfaces(members)),
        ];
        made.add(Happening::Stack, nics, says);
    }
}
