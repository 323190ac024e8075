//! One machine seen from two sides: behind a router whose neighbour table cannot be read, switches
//! know its MAC address and nothing of its address, and whoever answers at its address shows no MAC
//! address. Nothing that was seen says that the two are one, so `resolve` leaves them two devices.
//!
//! The book says it: a row that declares both binds the address to the MAC address by a person's
//! word. Then the row accounts for both, and the match names both and by which keys. Where anything
//! speaks against it, what answered stays a device of its own:
//!
//! - the machine with the declared MAC address was seen at an address that the row does not declare;
//! - what answered has a MAC address, or a name, maker or model that is not the row's;
//! - several answer at the address (in different networks), or another row has it by a stronger key;
//! - the row gives no fixed address, or says that the machine is retired.

use super::MatchedBy;
use super::claim::{Claim, taken, weigh};
use super::index::{Index, Row, Seen};
use crate::ledger::State;

/// Adds to each claim by MAC address what answered at the row's own address.
pub(super) fn add<'k, 'a>(index: &Index<'k, 'a>, rows: &[Row<'_>], claims: &mut [Claim<'k, 'a>]) {
    let taken = taken(index, claims);
    for (entry, claim) in rows.iter().zip(claims) {
        if !claim.by.contains(&MatchedBy::Mac) || entry.dhcp || entry.state == State::Retired {
            continue;
        }
        let elsewhere = claim
            .devices
            .iter()
            .any(|device| device.current.iter().any(|address| !entry.ips.contains(&address.ip)));
        if elsewhere {
            continue;
        }
        let mut more = nameless(index, entry);
        more.retain(|device| !taken.has(device));
        if !more.is_empty() && !claim.by.contains(&MatchedBy::Ip) {
            claim.by.push(MatchedBy::Ip);
        }
        claim.devices.extend(more);
    }
}

/// What answered at addresses of the row, where that is all that is known of it and nothing of it is
/// not the row's.
fn nameless<'k, 'a>(index: &Index<'k, 'a>, entry: &Row<'_>) -> Vec<&'k Seen<'a>> {
    let alone = entry.ips.iter().filter_map(|ip| match index.at(*ip) {
        [one] => Some(*one),
        _ => None,
    });
    let fits = |device: &&Seen<'_>| {
        device.macs.is_empty()
            && device.addresses.iter().all(|address| entry.ips.contains(&address.ip))
            && weigh(entry, device).0 == 0
    };
    let mut found: Vec<&Seen<'_>> = alone.filter(fits).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by_key(|device| device.place);
    found
}
