//! In which fields book and wire differ. Compared only where both sides say something; of 設置場所 only
//! the floor ([`place`]).

use std::net::IpAddr;

use daicho_common::observation::ObservationId;

use super::claim;
use super::index::{Index, Row, Seen};
use super::silence::Looks;
use super::{Difference, MatchedBy, place};
use crate::evidence::{SourcedText, Sources};
use crate::ledger::{Entry, Field, Ledger, State};
use crate::resolve::{Address, Device};

/// Ids of several sources, ascending, without repetition.
fn merged<'a>(sources: impl Iterator<Item = &'a Sources>) -> Vec<ObservationId> {
    let mut ids: Vec<ObservationId> = sources.flatten().copied().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn joined<T: ToString>(values: impl Iterator<Item = T>) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in values.map(|value| value.to_string()) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(", ")
}

/// The first cell of the entry under a heading of this meaning.
fn cell<'a>(ledger: &'a Ledger, entry: &'a Entry, field: Field) -> &'a str {
    let columns = ledger.sheets.get(entry.sheet).map(|sheet| sheet.columns.as_slice());
    let column = columns.unwrap_or_default().iter().position(|c| c.field == Some(field));
    column.and_then(|column| entry.cells.get(column)).map_or("", String::as_str)
}

/// All differences between an entry and the devices that it claims.
pub(super) fn differences(
    entry: &Row<'_>,
    devices: &[&Seen<'_>],
    (ledger, index, looks): (&Ledger, &Index<'_, '_>, &Looks<'_>),
) -> Vec<Difference> {
    let mut found = Vec::new();
    let addresses: Vec<&Address> =
        devices.iter().flat_map(|device| &device.current).copied().collect();
    if entry.offline {
        found.push(seen_though(
            Field::Connected,
            cell(ledger, entry, Field::Connected),
            &addresses,
        ));
    }
    if entry.state == State::Stopped {
        found.push(seen_though(Field::State, cell(ledger, entry, Field::State), &addresses));
    }
    found.extend(ip(entry, &addresses, (index, looks)));
    found.extend(mac(entry, devices));
    let Some(best) = devices.first() else { return found };
    if devices.iter().all(|device| claim::names_agree(entry, device) == Some(false)) {
        found.push(Difference {
            field: Field::HostName,
            declared: entry.host_name.clone(),
            observed: joined(best.names.iter().map(|name| &name.value)),
            sources: merged(best.names.iter().map(|name| &name.sources)),
        });
    }
    // What one of them leaves out another may say.
    let of = |field: fn(&Device) -> &Option<SourcedText>| {
        devices.iter().copied().find(|device| field(device).is_some()).unwrap_or(best)
    };
    let (vendor, model, version) = (of(|d| &d.vendor), of(|d| &d.model), of(|d| &d.version));
    let location = of(|d| &d.location);
    let seen = location.location.as_ref().map_or("", |seen| seen.value.as_str());
    let floor = place::floors_agree(&entry.location, seen);
    let texts = [
        (Field::Location, &entry.location, &location.location, floor),
        (Field::Vendor, &entry.vendor, &vendor.vendor, claim::vendors_agree(entry, vendor)),
        (Field::Model, &entry.model, &model.model, claim::models_agree(entry, model)),
        (Field::Version, &entry.version, &version.version, claim::versions_agree(entry, version)),
    ];
    for (field, declared, observed, agrees) in texts {
        if let (Some(observed), Some(false)) = (observed, agrees) {
            found.push(text(field, declared, observed));
        }
    }
    found
}

fn text(field: Field, declared: &str, observed: &SourcedText) -> Difference {
    Difference {
        field,
        declared: declared.to_owned(),
        observed: observed.value.to_string(),
        sources: observed.sources.to_vec(),
    }
}

/// Declared not to be on a network, or not in use; but here it is.
fn seen_though(field: Field, declared: &str, addresses: &[&Address]) -> Difference {
    Difference {
        field,
        declared: declared.to_owned(),
        observed: joined(addresses.iter().map(|address| address.ip)),
        sources: merged(addresses.iter().map(|address| &address.sources)),
    }
}

/// Declared addresses that the device does not have. One of several is held against the book only
/// if a look shows that nobody has it, or somebody else does; the address of an interface in a
/// network that was not scanned is no difference.
fn ip(
    entry: &Entry,
    addresses: &[&Address],
    (index, looks): (&Index<'_, '_>, &Looks<'_>),
) -> Option<Difference> {
    let has = |ip: &IpAddr| addresses.iter().any(|address| address.ip == *ip);
    let same_family =
        addresses.iter().any(|a| entry.ips.iter().any(|ip| ip.is_ipv4() == a.ip.is_ipv4()));
    if entry.dhcp || !same_family {
        return None;
    }
    let none_fits = !entry.ips.iter().any(has);
    let wrong = |ip: &&IpAddr| {
        !has(ip) && (none_fits || looks.at(**ip).is_ok() || !index.at(**ip).is_empty())
    };
    let missing: Vec<&IpAddr> = entry.ips.iter().filter(wrong).collect();
    (!missing.is_empty()).then(|| Difference {
        field: Field::Ip,
        declared: joined(missing.into_iter()),
        observed: joined(addresses.iter().map(|address| address.ip)),
        sources: merged(addresses.iter().map(|address| &address.sources)),
    })
}

fn mac(entry: &Entry, devices: &[&Seen<'_>]) -> Option<Difference> {
    if devices.iter().any(|device| claim::macs_agree(entry, device) != Some(false)) {
        return None;
    }
    let macs = || devices.iter().flat_map(|device| &device.macs);
    (!devices.is_empty()).then(|| Difference {
        field: Field::Mac,
        declared: joined(entry.macs.iter()),
        observed: joined(macs().map(|mac| mac.value)),
        sources: merged(macs().map(|mac| &mac.sources)),
    })
}

/// Keys by which a match was made, without what the comparison then found to differ.
pub(super) fn agreed(by: &[MatchedBy]) -> Vec<MatchedBy> {
    let mut by = by.to_vec();
    by.sort_unstable();
    by.dedup();
    by
}
