//! Virtual machines that migrate: from host to host with their MAC addresses, and, when somebody
//! imports them anew, with another.

use super::making::{Making, numbered};
use super::{Happening, Nic, WEEKS};

/// Lays them: half with burned-in addresses of the hypervisor's maker, half with made-up ones that stay.
pub(super) fn lay(made: &mut Making, count: usize) {
    for _ in 0..count {
        let network = made.ward();
        let fixed = made.fixed(network);
        let week = if made.dice.chance(300) { made.week() } else { WEEKS };
        let weeks = [0..week, week..WEEKS].into_iter().filter(|weeks| !weeks.is_empty());
        let vmware = made.dice.chance(500);
        let nics: Vec<Nic> = weeks
            .map(|weeks| {
                let maker = if vmware { [0x00, 0x50, 0x56] } else { [0x52, 0x54, 0x00] };
                let number = u32::try_from(made.dice.below(1 << 24)).unwrap_or(0);
                let mac = numbered(maker, number);
                let mut nic = super::Nic::new(mac, network);
                (nic.weeks, nic.fixed) = (weeks, fixed);
                nic
            })
            .collect();
        let says = made.anything("vm");
        made.add(Happening::VirtualMachine, nics, says);
    }
}
