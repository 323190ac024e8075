//! Which private devices are permitted: by a decision, or by the register.

use std::collections::BTreeSet;

use daicho_common::addr::Mac;
use daicho_common::time::Timestamp;

use super::Verdict;
use crate::day::Day;
use crate::decision::{Decision, Standing};
use crate::ledger::date::PartialDate;
use crate::register::Register;
use crate::resolve::Device;

/// The permissions that hold.
#[derive(Clone, Debug, Default)]
pub struct Private<'a> {
    standing: Option<&'a Standing<'a>>,
    registered: BTreeSet<Mac>,
}

impl<'a> Private<'a> {
    /// Those of these decisions, and of this register at this moment.
    pub fn of(standing: &'a Standing<'a>, register: &Register, as_of: Timestamp) -> Self {
        let today: Option<PartialDate> = Day::of(as_of).to_string().parse().ok();
        let held = (register.byod.iter())
            .filter(|byod| today.is_some_and(|today| byod.is_permitted(today)));
        Self {
            standing: Some(standing),
            registered: held.flat_map(|byod| byod.macs.iter().copied()).collect(),
        }
    }

    /// That the device is permitted, if it is: by which decision, or by none where the register has it.
    /// The latest word of a person counts before the register's.
    pub(super) fn verdict(&self, device: &Device) -> Option<Verdict> {
        let decided = self.standing.and_then(|standing| standing.byod(&device.keys()));
        if let Some(decided) = decided
            && let Decision::Byod { permitted, .. } = decided.what
        {
            let decision = Some(decided.id);
            return permitted.then_some(Verdict::PermittedByod { decision });
        }
        let registered = device.macs.iter().any(|mac| self.registered.contains(&mac.value));
        registered.then_some(Verdict::PermittedByod { decision: None })
    }
}
