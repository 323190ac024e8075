//! Which device an entry means, strongest key first.
//!
//! Precedence: MAC address, serial number, address with host name, address alone, host name alone.
//! A weaker key never takes a device that a stronger key gave to another entry, unless nothing
//! contradicts: then the book has the device twice, and both rows get it.

use daicho_common::addr::Mac;

use super::index::{Index, Row, Seen, Taken};
use super::{Doubt, MatchedBy, answering};
use crate::fingerprint::{DOUBTFUL, spelling};
use crate::ledger::{Entry, State};
use crate::parallel;
use crate::resolve::Device;
use crate::resolve::why::Claimed;

/// What an entry claims.
#[derive(Default)]
pub(super) struct Claim<'k, 'a> {
    /// The device first that fits best; more only if several declared MAC addresses were seen.
    pub(super) devices: Vec<&'k Seen<'a>>,
    /// By which keys, best first.
    pub(super) by: Vec<MatchedBy>,
    /// Why no device was claimed although something was seen.
    pub(super) doubts: Vec<Doubt>,
}

/// Whether the device gives itself the name that is declared; `None` if either side says nothing.
pub(super) fn names_agree(row: &Row<'_>, device: &Seen<'_>) -> Option<bool> {
    if row.host.is_empty() || device.hosts.is_empty() {
        return None;
    }
    Some(device.hosts.contains(&row.host))
}

/// Whether a declared MAC address was seen at the device; `None` if either side says nothing.
pub(super) fn macs_agree(entry: &Entry, device: &Device) -> Option<bool> {
    if entry.macs.is_empty() || device.macs.is_empty() {
        return None;
    }
    Some(device.macs.iter().any(|mac| entry.macs.contains(&mac.value)))
}

/// Whether two texts name the same; `None` if either side says nothing.
fn texts_agree(
    declared: &str,
    device: Option<&str>,
    same: impl Fn(&str, &str) -> bool,
) -> Option<bool> {
    let device = device.filter(|text| !text.is_empty() && !declared.is_empty())?;
    Some(same(declared, device))
}

/// Whether the makers are the same; `None` unless both are makers that are known.
pub(super) fn vendors_agree(entry: &Entry, device: &Device) -> Option<bool> {
    // Most rows name none.
    let seen = device.vendor.as_ref().filter(|_| !entry.vendor.is_empty())?;
    let (declared, seen) = (spelling::vendor(&entry.vendor)?, spelling::vendor(&seen.value)?);
    Some(declared == seen)
}

/// Whether models are the same; `None` if either side says nothing, or the device's is too doubtful to
/// speak against the book.
pub(super) fn models_agree(entry: &Entry, device: &Device) -> Option<bool> {
    let seen = device.model.as_ref().map(|model| model.value.as_str());
    texts_agree(&entry.model, seen, spelling::same)
        .filter(|agree| *agree || !is_doubtful(device, Claimed::Model))
}

/// Whether versions are the same; `None` if either side says nothing, or the device's is too doubtful
/// to speak against the book.
pub(super) fn versions_agree(entry: &Entry, device: &Device) -> Option<bool> {
    let seen = device.version.as_ref().map(|version| version.value.as_str());
    texts_agree(&entry.version, seen, spelling::same_version)
        .filter(|agree| *agree || !is_doubtful(device, Claimed::Version))
}

/// Whether the best that is known of a field was guessed.
fn is_doubtful(device: &Device, field: Claimed) -> bool {
    device.why.iter().any(|why| why.field == field && why.ground.weight < DOUBTFUL)
}

/// How many of MAC address, host name, maker and model contradict, and how many agree.
pub(super) fn weigh(entry: &Row<'_>, device: &Seen<'_>) -> (usize, usize) {
    let said = [
        macs_agree(entry, device),
        names_agree(entry, device),
        vendors_agree(entry, device),
        models_agree(entry, device),
    ];
    let count = |wanted| said.iter().filter(|agrees| **agrees == Some(wanted)).count();
    (count(false), count(true))
}

/// Finds what each entry claims, in the order of the entries.
pub(super) fn claims<'k, 'a>(index: &Index<'k, 'a>, rows: &[Row<'_>]) -> Vec<Claim<'k, 'a>> {
    let mut claims = parallel::each(rows, |row| by_strong_key(index, row));
    answering::add(index, rows, &mut claims);
    for step in [by_address_and_name, by_address, by_name] {
        let taken = taken(index, &claims);
        for (row, claim) in rows.iter().zip(&mut claims) {
            if claim.devices.is_empty() {
                step(index, row, &taken, claim);
            }
        }
    }
    for claim in &mut claims {
        claim.doubts.sort_unstable();
        claim.doubts.dedup();
        if !claim.devices.is_empty() {
            claim.doubts.clear();
        }
    }
    claims
}

/// The devices that are claimed.
pub(super) fn taken(index: &Index<'_, '_>, claims: &[Claim<'_, '_>]) -> Taken {
    Taken::of(index.count(), claims.iter().flat_map(|claim| claim.devices.iter().copied()))
}

/// MAC address, else serial number. Several devices that each have a declared MAC address are one
/// thing by the book's word; several with one serial number are not.
fn by_strong_key<'k, 'a>(index: &Index<'k, 'a>, entry: &Row<'_>) -> Claim<'k, 'a> {
    let mut claim = Claim::default();
    let mut found = index.by_macs(entry);
    if let Some(doubt) = without_guests(index, entry, &mut found) {
        claim.doubts.push(doubt);
    }
    let at = index.by_ips(entry);
    let is_at = |device: &Seen<'_>| at.iter().any(|other| other.place == device.place);
    let agrees = |device: &Seen<'_>| {
        usize::from(is_at(device)) + usize::from(names_agree(entry, device) == Some(true))
    };
    found.sort_by(|a, b| {
        let better = agrees(b).cmp(&agrees(a)).then_with(|| b.last_seen.cmp(&a.last_seen));
        better.then_with(|| a.id.cmp(&b.id))
    });
    if !found.is_empty() {
        claim.by.push(MatchedBy::Mac);
    }
    if let Some(serial) = &entry.serial {
        match (index.by_serial(serial), found.first()) {
            ([], _) => {}
            ([one], None) => {
                found.push(one);
                claim.by.push(MatchedBy::Serial);
            }
            ([one], Some(best)) if one.place == best.place => claim.by.push(MatchedBy::Serial),
            (many, None) => claim.doubts.push(ambiguous(many)),
            _ => {}
        }
    }
    if let Some(best) = found.first() {
        if is_at(best) {
            claim.by.push(MatchedBy::Ip);
        }
        if names_agree(entry, best) == Some(true) {
            claim.by.push(MatchedBy::HostName);
        }
    }
    claim.devices = found;
    claim
}

/// A card that several devices have in turn (a dock) names none of them: of these the row means the
/// ones that its name or serial number fits too, and no other where it names a card of one device alone.
/// What is left open is told, so that a laptop without a row of its own is not hidden by the dock's.
fn without_guests(
    index: &Index<'_, '_>,
    entry: &Row<'_>,
    found: &mut Vec<&Seen<'_>>,
) -> Option<Doubt> {
    let several = |mac: &Mac| index.with(*mac).len() > 1;
    if !entry.macs.iter().any(several) {
        return None;
    }
    let alone = |device: &Seen<'_>| {
        let mut macs = device.macs.iter().map(|mac| mac.value);
        macs.any(|mac| entry.macs.contains(&mac) && !several(&mac))
    };
    let fits = |device: &Seen<'_>| {
        names_agree(entry, device) == Some(true)
            || entry.serial.is_some() && entry.serial == device.serial
    };
    let all = found.clone();
    let own = all.iter().any(|device| alone(device));
    found.retain(|device| alone(device) || !own && fits(device));
    found.is_empty().then(|| ambiguous(&all))
}

fn ambiguous(devices: &[&Seen<'_>]) -> Doubt {
    let mut ids: Vec<_> = devices.iter().map(|device| device.id.clone()).collect();
    ids.sort_unstable();
    Doubt::Ambiguous(ids)
}

/// A device at a declared address that has the declared name. Its MAC address may be another one
/// than declared (a NIC was replaced, or the book is wrong) if no stronger key gave it away.
fn by_address_and_name<'k, 'a>(
    index: &Index<'k, 'a>,
    entry: &Row<'_>,
    taken: &Taken,
    claim: &mut Claim<'k, 'a>,
) {
    let mut found = index.by_ips(entry);
    found.retain(|device| names_agree(entry, device) == Some(true));
    found.retain(|device| !taken.has(device) || macs_agree(entry, device) != Some(false));
    match found.as_slice() {
        [] => {}
        [one] => {
            claim.devices.push(one);
            claim.by.extend([MatchedBy::Ip, MatchedBy::HostName]);
        }
        many => claim.doubts.push(ambiguous(many)),
    }
}

/// The device at a declared address, with no other word for it.
///
/// It is claimed if no stronger key gave it to another entry, nor does its name or the declared one
/// point elsewhere, nor does more than one of MAC address, name, maker and model speak against it
/// on balance. So a declared MAC address that was seen nowhere is, alone, a difference: the book's
/// reader sees "the address fits, the MAC address differs" once, not a missing and an unknown
/// device. A row that says retired claims
/// nothing by its address, which will have been given on.
fn by_address<'k, 'a>(
    index: &Index<'k, 'a>,
    entry: &Row<'_>,
    taken: &Taken,
    claim: &mut Claim<'k, 'a>,
) {
    let found = index.by_ips(entry);
    let elsewhere = index.by_host(entry).iter().any(|d| !found.iter().any(|f| f.place == d.place));
    let fits = |device: &Seen<'_>| {
        let (against, for_it) = weigh(entry, device);
        let free = if taken.has(device) { against == 0 } else { against <= for_it + 1 };
        entry.state != State::Retired && !elsewhere && free
    };
    match found.as_slice() {
        [] => {}
        [one] if fits(one) => {
            claim.devices.push(one);
            claim.by.push(MatchedBy::Ip);
        }
        [one] => claim.doubts.push(Doubt::OtherDeviceAtAddress(one.id.clone())),
        many => claim.doubts.push(ambiguous(many)),
    }
}

/// The only device with the declared name, unless both address and MAC address speak against it.
/// A row that says retired claims nothing by name alone.
fn by_name<'k, 'a>(
    index: &Index<'k, 'a>,
    entry: &Row<'_>,
    taken: &Taken,
    claim: &mut Claim<'k, 'a>,
) {
    if entry.state == State::Retired {
        return;
    }
    let moved = !entry.ips.is_empty() && !entry.dhcp;
    match index.by_host(entry) {
        [] => {}
        [one] => {
            let other_mac = macs_agree(entry, one) == Some(false);
            if other_mac && (moved || taken.has(one)) {
                return;
            }
            claim.devices.push(one);
            claim.by.push(MatchedBy::HostName);
        }
        many => claim.doubts.push(ambiguous(many)),
    }
}
