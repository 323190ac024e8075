//! What became of an entry.

use super::claim::Claim;
use super::index::{Index, Row};
use super::silence::Looks;
use super::{Doubt, Match, Private, Verdict, compare};
use crate::fingerprint::Class;
use crate::ledger::{Entry, Ledger, State};
use crate::policy::{Absence, Patience};
use crate::resolve::{Device, DeviceId, Oddity};

/// The match of an entry, given what it claims.
pub(super) fn of(
    entry: &Row<'_>,
    claim: &Claim<'_, '_>,
    known: (&Ledger, &Index<'_, '_>, &Looks<'_>),
    absence: &Absence,
) -> Match {
    let (_, _, looks) = known;
    let verdict = if claim.devices.is_empty() {
        unseen(entry, claim, looks, absence)
    } else if entry.state == State::Retired {
        Verdict::RetiredButSeen
    } else {
        let differences = compare::differences(entry, &claim.devices, known);
        if differences.is_empty() { Verdict::Agreed } else { Verdict::Differs { differences } }
    };
    let mut ids = claim.devices.iter().map(|device| device.id.clone());
    let device = ids.next();
    let mut also: Vec<DeviceId> = ids.collect();
    also.sort_unstable();
    Match {
        entry: Some(entry.place.clone()),
        device,
        also,
        by: compare::agreed(&claim.by),
        verdict,
    }
}

/// The verdict of an entry that claims no device.
///
/// What is declared to be on no network, retired, on the shelf (予備) or out of use (停止, 修理中) is
/// where the book says it is: 未接続. Everything else is missing only if every declared address was
/// looked at by a method to which every host answers, as often as a thing of its kind may be away. A
/// row without a fixed address may be anywhere, so it stays 確認不能 however much was covered.
fn unseen(entry: &Entry, claim: &Claim<'_, '_>, looks: &Looks<'_>, absence: &Absence) -> Verdict {
    if entry.offline || entry.state != State::InUse {
        return Verdict::NotConnected;
    }
    let mut doubts = claim.doubts.clone();
    let mut looked = Vec::new();
    if entry.dhcp || entry.ips.is_empty() {
        let nowhere = entry.macs.is_empty() && !entry.dhcp && entry.ips.is_empty();
        doubts.push(if nowhere { Doubt::NothingToLookFor } else { Doubt::AddressUnknown });
    }
    for ip in entry.ips.iter().filter(|_| !entry.dhcp) {
        match looks.at(*ip) {
            Ok(looks) => looked.extend(looks),
            // That somebody else answered there says more than why nothing can be said.
            Err(_)
                if doubts.iter().any(|doubt| matches!(doubt, Doubt::OtherDeviceAtAddress(_))) => {}
            Err(why) => doubts.extend(why),
        }
    }
    if doubts.is_empty() && !looked.is_empty() {
        let patience = absence.patience(&[&entry.kind, &entry.name, &entry.model]);
        let missed = entry.ips.iter().map(|ip| looks.misses(*ip)).min().unwrap_or_default();
        if let Some(doubt) = too_early(missed, patience) {
            return Verdict::CannotTell { doubts: vec![doubt] };
        }
        looked.sort_by_key(|look| (look.time().1, look.address()));
        let (_, days) = missed;
        return if days >= absence.lost_days() {
            Verdict::PossiblyLost { looked, days }
        } else {
            Verdict::NotSeen { looked }
        };
    }
    doubts.sort_unstable();
    doubts.dedup();
    Verdict::CannotTell { doubts }
}

/// The verdict of a device that no row accounts for. What people carry about has a random MAC address,
/// or is a telephone or tablet.
pub(super) fn without_entry(device: &Device, private: &Private<'_>) -> Verdict {
    if let Some(permitted) = private.verdict(device) {
        return permitted;
    }
    let mobile = device.class.as_ref().is_some_and(|class| class.value == Class::Mobile);
    let random = device.oddities.iter().any(|odd| odd.value == Oddity::RandomisedMac)
        && device.macs.iter().all(|mac| mac.value.is_local());
    if mobile || random { Verdict::ByodCandidate } else { Verdict::Undocumented }
}

/// Why it cannot be called missing yet, by how often the address was missed that was missed least.
fn too_early((so_far, over_days): (u32, u32), patience: Patience) -> Option<Doubt> {
    let Patience { misses, days } = patience;
    let enough = so_far >= misses && over_days >= days;
    (!enough).then_some(Doubt::Missed { so_far, over_days, misses, days })
}
