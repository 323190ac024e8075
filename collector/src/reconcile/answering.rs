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

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::MatchedBy;
use super::claim::{Claim, Index, weigh};
use crate::ledger::{Entry, Ledger, State};
use crate::resolve::Device;

/// Adds to each claim by MAC address what answered at the row's own address.
pub(super) fn add<'a>(index: &Index<'a>, ledger: &Ledger, claims: &mut [Claim<'a>]) {
    let taken: HashSet<&str, RandomState> =
        claims.iter().flat_map(|claim| &claim.devices).map(|device| device.id.0.as_str()).collect();
    for (entry, claim) in ledger.entries.iter().zip(claims) {
        if !claim.by.contains(&MatchedBy::Mac) || entry.dhcp || entry.state == State::Retired {
            continue;
        }
        let elsewhere = claim.devices.iter().any(|device| {
            index.addresses(device).iter().any(|address| !entry.ips.contains(&address.ip))
        });
        if elsewhere {
            continue;
        }
        let more = nameless(index, entry).filter(|device| !taken.contains(device.id.0.as_str()));
        let more: Vec<&Device> = more.collect();
        if !more.is_empty() && !claim.by.contains(&MatchedBy::Ip) {
            claim.by.push(MatchedBy::Ip);
        }
        claim.devices.extend(more);
    }
}

/// What answered at addresses of the row, where that is all that is known of it and nothing of it is
/// not the row's.
fn nameless<'a>(index: &Index<'a>, entry: &Entry) -> impl Iterator<Item = &'a Device> {
    let alone = entry.ips.iter().filter_map(|ip| match index.at(*ip) {
        [one] => Some(*one),
        _ => None,
    });
    let fits = |device: &&Device| {
        device.macs.is_empty()
            && device.addresses.iter().all(|address| entry.ips.contains(&address.ip))
            && weigh(entry, device).0 == 0
    };
    let found: Vec<(&str, &Device)> =
        alone.filter(fits).map(|device| (device.id.0.as_str(), device)).collect();
    found.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_values()
}
