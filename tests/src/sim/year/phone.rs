//! Telephones with a computer behind them: two devices on one port of a switch.

use super::making::{Making, always};
use super::{Happening, What};

/// Lays them in pairs.
pub(super) fn lay(made: &mut Making, count: usize) {
    for _ in 0..count.div_ceil(2) {
        let (voice, ward) = (made.ward(), made.ward());
        let (phone, pc) = (made.mac(), made.mac());
        let (phone_nic, pc_nic) = (super::Nic::new(phone, voice), super::Nic::new(pc, ward));
        let name = format!("SEP{}", phone.to_string().replace(':', ""));
        made.add(Happening::PhoneAndPc, vec![phone_nic], vec![always(What::Dhcp(name))]);
        let says = made.anything("pc");
        made.add(Happening::PhoneAndPc, vec![pc_nic], says);
    }
}
