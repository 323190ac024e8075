//! Which device an entry means, strongest key first.
//!
//! Precedence: MAC address, serial number, address with host name, address alone, host name alone.
//! A weaker key never takes a device that a stronger key gave to another entry, unless nothing
//! contradicts: then the book has the device twice, and both rows get it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use foldhash::fast::RandomState;

use super::silence::Looks;
use super::{Doubt, MatchedBy, answering};
use crate::fingerprint::{DOUBTFUL, spelling};
use crate::ledger::{Entry, Ledger, State};
use crate::parallel;
use crate::resolve::why::Claimed;
use crate::resolve::{Address, Device};

/// One hour, in microseconds: devices seen at one address within it had it at the same time.
const TOGETHER: i64 = 3_600_000_000;

/// Serial numbers that makers leave in place of one.
const PLACEHOLDERS: [&str; 6] = ["0", "none", "n/a", "123456789", "tobefilledbyo.e.m.", "default"];

/// Devices by key.
pub(super) struct Index<'a> {
    by_mac: By<'a, Mac>,
    by_serial: By<'a, String>,
    by_ip: By<'a, IpAddr>,
    by_name: By<'a, String>,
    /// Where each device is now, by id.
    current: HashMap<&'a str, Vec<&'a Address>, RandomState>,
}

/// Devices by a key of one kind.
type By<'a, K> = HashMap<K, Vec<&'a Device>, RandomState>;

/// What a device is looked up by.
struct Keys<'a> {
    device: &'a Device,
    serial: Option<String>,
    names: BTreeSet<String>,
    current: Vec<&'a Address>,
}

/// What an entry claims.
#[derive(Default)]
pub(super) struct Claim<'a> {
    /// The device first that fits best; more only if several declared MAC addresses were seen.
    pub(super) devices: Vec<&'a Device>,
    /// By which keys, best first.
    pub(super) by: Vec<MatchedBy>,
    /// Why no device was claimed although something was seen.
    pub(super) doubts: Vec<Doubt>,
}

fn serial(text: &str) -> Option<String> {
    let folded = spelling::fold(text);
    (!folded.is_empty() && !PLACEHOLDERS.contains(&folded.as_str())).then_some(folded)
}

/// The addresses that a device has now: in each network those last seen, unless a later look shows
/// that nobody has them.
fn current<'a>(device: &'a Device, looks: &Looks<'_>) -> Vec<&'a Address> {
    let mut latest: BTreeMap<&str, i64> = BTreeMap::new();
    for address in &device.addresses {
        let last = address.last_seen.micros();
        latest.entry(&address.network).and_modify(|l| *l = last.max(*l)).or_insert(last);
    }
    let now = |address: &&Address| {
        let latest = latest.get(address.network.as_str()).copied().unwrap_or(i64::MAX);
        latest.saturating_sub(address.last_seen.micros()) <= TOGETHER
            && !looks.gone_since(address.ip, address.last_seen)
    };
    device.addresses.iter().filter(now).collect()
}

impl<'a> Index<'a> {
    pub(super) fn new(devices: &'a [Device], looks: &Looks<'_>) -> Self {
        let mut index = Self {
            by_mac: HashMap::default(),
            by_serial: HashMap::default(),
            by_ip: HashMap::default(),
            by_name: HashMap::default(),
            current: HashMap::default(),
        };
        let keys = parallel::each(devices, |device| Keys {
            device,
            serial: device.serial.as_ref().and_then(|s| serial(&s.value)),
            names: device.names.iter().map(|name| spelling::host(&name.value)).collect(),
            current: current(device, looks),
        });
        for Keys { device, serial, names, current } in keys {
            for mac in device.macs.iter().filter(|mac| mac.value.virtual_router().is_none()) {
                index.by_mac.entry(mac.value).or_default().push(device);
            }
            if let Some(serial) = serial {
                index.by_serial.entry(serial).or_default().push(device);
            }
            for name in names.into_iter().filter(|name| !name.is_empty()) {
                index.by_name.entry(name).or_default().push(device);
            }
            for ip in current.iter().map(|address| address.ip).collect::<BTreeSet<_>>() {
                index.by_ip.entry(ip).or_default().push(device);
            }
            index.current.insert(&device.id.0, current);
        }
        for (ip, holders) in &mut index.by_ip {
            keep_latest(*ip, holders);
        }
        index
    }

    /// The addresses that the device has now.
    pub(super) fn addresses(&self, device: &Device) -> &[&'a Address] {
        self.current.get(device.id.0.as_str()).map(Vec::as_slice).unwrap_or_default()
    }

    /// Who has the address now.
    pub(super) fn at(&self, ip: IpAddr) -> &[&'a Device] {
        self.by_ip.get(&ip).map(Vec::as_slice).unwrap_or_default()
    }

    fn by_macs(&self, entry: &Entry) -> Vec<&'a Device> {
        let found = entry.macs.iter().filter_map(|mac| self.by_mac.get(mac)).flatten();
        distinct(found.copied())
    }

    pub(super) fn by_ips(&self, entry: &Entry) -> Vec<&'a Device> {
        distinct(entry.ips.iter().flat_map(|ip| self.at(*ip)).copied())
    }

    fn by_host(&self, entry: &Entry) -> Vec<&'a Device> {
        let host = spelling::host(&entry.host_name);
        self.by_name.get(&host).cloned().unwrap_or_default()
    }
}

/// Of those who had an address, the ones who had it last.
fn keep_latest(ip: IpAddr, holders: &mut Vec<&Device>) {
    let last = |device: &Device| {
        let there = device.addresses.iter().filter(|address| address.ip == ip);
        there.map(|address| address.last_seen.micros()).max().unwrap_or(i64::MIN)
    };
    let latest = holders.iter().map(|device| last(device)).max().unwrap_or(i64::MIN);
    holders.retain(|device| latest.saturating_sub(last(device)) <= TOGETHER);
}

fn distinct<'a>(devices: impl Iterator<Item = &'a Device>) -> Vec<&'a Device> {
    let by_id: BTreeMap<&str, &Device> = devices.map(|d| (d.id.0.as_str(), d)).collect();
    by_id.into_values().collect()
}

/// Whether the device gives itself the name that is declared; `None` if either side says nothing.
pub(super) fn names_agree(entry: &Entry, device: &Device) -> Option<bool> {
    let declared = spelling::host(&entry.host_name);
    if declared.is_empty() || device.names.is_empty() {
        return None;
    }
    Some(device.names.iter().any(|name| spelling::host(&name.value) == declared))
}

/// Whether a declared MAC address was seen at the device; `None` if either side says nothing.
pub(super) fn macs_agree(entry: &Entry, device: &Device) -> Option<bool> {
    if entry.macs.is_empty() || device.macs.is_empty() {
        return None;
    }
    Some(device.macs.iter().any(|mac| entry.macs.contains(&mac.value)))
}

/// Whether two texts name the same; `None` if either side says nothing.
fn texts_agree(declared: &str, device: Option<&str>) -> Option<bool> {
    let device = device.filter(|text| !text.is_empty() && !declared.is_empty())?;
    Some(spelling::same(declared, device))
}

/// Whether the makers are the same; `None` unless both are makers that are known.
pub(super) fn vendors_agree(entry: &Entry, device: &Device) -> Option<bool> {
    let declared = spelling::vendor(&entry.vendor)?;
    let seen = spelling::vendor(&device.vendor.as_ref()?.value)?;
    Some(declared == seen)
}

/// Whether models are the same; `None` if either side says nothing, or the device's is too doubtful to
/// speak against the book.
pub(super) fn models_agree(entry: &Entry, device: &Device) -> Option<bool> {
    let seen = device.model.as_ref().map(|model| model.value.as_str());
    texts_agree(&entry.model, seen).filter(|agree| *agree || !is_doubtful(device, Claimed::Model))
}

/// Whether versions are the same; `None` if either side says nothing, or the device's is too doubtful
/// to speak against the book.
pub(super) fn versions_agree(entry: &Entry, device: &Device) -> Option<bool> {
    let seen = device.version.as_ref().map(|version| version.value.as_str());
    texts_agree(&entry.version, seen)
        .filter(|agree| *agree || !is_doubtful(device, Claimed::Version))
}

/// Whether the best that is known of a field was guessed.
fn is_doubtful(device: &Device, field: Claimed) -> bool {
    device.why.iter().any(|why| why.field == field && why.ground.weight < DOUBTFUL)
}

/// How many of MAC address, host name, maker and model contradict, and how many agree.
pub(super) fn weigh(entry: &Entry, device: &Device) -> (usize, usize) {
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
pub(super) fn claims<'a>(index: &Index<'a>, ledger: &Ledger) -> Vec<Claim<'a>> {
    let mut claims = parallel::each(&ledger.entries, |entry| by_strong_key(index, entry));
    answering::add(index, ledger, &mut claims);
    for step in [by_address_and_name, by_address, by_name] {
        let taken: HashSet<&str, RandomState> =
            claims.iter().flat_map(|c| c.devices.iter().map(|d| d.id.0.as_str())).collect();
        for (entry, claim) in ledger.entries.iter().zip(&mut claims) {
            if claim.devices.is_empty() {
                step(index, entry, &|device| taken.contains(device.id.0.as_str()), claim);
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

/// MAC address, else serial number. Several devices that each have a declared MAC address are one
/// thing by the book's word; several with one serial number are not.
fn by_strong_key<'a>(index: &Index<'a>, entry: &Entry) -> Claim<'a> {
    let mut claim = Claim::default();
    let mut found = index.by_macs(entry);
    if let Some(doubt) = without_guests(index, entry, &mut found) {
        claim.doubts.push(doubt);
    }
    let at = index.by_ips(entry);
    let is_at = |device: &Device| at.iter().any(|other| other.id == device.id);
    found.sort_by_key(|device| {
        let agrees =
            usize::from(is_at(device)) + usize::from(names_agree(entry, device) == Some(true));
        (std::cmp::Reverse(agrees), std::cmp::Reverse(device.last_seen), &device.id)
    });
    if !found.is_empty() {
        claim.by.push(MatchedBy::Mac);
    }
    if let Some(devices) = serial(&entry.serial).and_then(|s| index.by_serial.get(&s)) {
        match (devices.as_slice(), found.first()) {
            ([one], None) => {
                found.push(one);
                claim.by.push(MatchedBy::Serial);
            }
            ([one], Some(best)) if one.id == best.id => claim.by.push(MatchedBy::Serial),
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
fn without_guests(index: &Index<'_>, entry: &Entry, found: &mut Vec<&Device>) -> Option<Doubt> {
    let several = |mac: &Mac| index.by_mac.get(mac).is_some_and(|holders| holders.len() > 1);
    if !entry.macs.iter().any(several) {
        return None;
    }
    let alone = |device: &Device| {
        let mut macs = device.macs.iter().map(|mac| mac.value);
        macs.any(|mac| entry.macs.contains(&mac) && !several(&mac))
    };
    let fits = |device: &Device| {
        let declared = serial(&entry.serial);
        let seen = device.serial.as_ref().and_then(|seen| serial(&seen.value));
        names_agree(entry, device) == Some(true) || declared.is_some() && declared == seen
    };
    let all = found.clone();
    let own = all.iter().any(|device| alone(device));
    found.retain(|device| alone(device) || !own && fits(device));
    found.is_empty().then(|| ambiguous(&all))
}

fn ambiguous(devices: &[&Device]) -> Doubt {
    let mut ids: Vec<_> = devices.iter().map(|device| device.id.clone()).collect();
    ids.sort_unstable();
    Doubt::Ambiguous(ids)
}

/// A device at a declared address that has the declared name. Its MAC address may be another one
/// than declared (a NIC was replaced, or the book is wrong) if no stronger key gave it away.
fn by_address_and_name<'a>(
    index: &Index<'a>,
    entry: &Entry,
    taken: &dyn Fn(&Device) -> bool,
    claim: &mut Claim<'a>,
) {
    let mut found = index.by_ips(entry);
    found.retain(|device| names_agree(entry, device) == Some(true));
    found.retain(|device| !taken(device) || macs_agree(entry, device) != Some(false));
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
fn by_address<'a>(
    index: &Index<'a>,
    entry: &Entry,
    taken: &dyn Fn(&Device) -> bool,
    claim: &mut Claim<'a>,
) {
    let found = index.by_ips(entry);
    let elsewhere = index.by_host(entry).iter().any(|d| !found.iter().any(|f| f.id == d.id));
    let fits = |device: &Device| {
        let (against, for_it) = weigh(entry, device);
        let free = if taken(device) { against == 0 } else { against <= for_it + 1 };
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
fn by_name<'a>(
    index: &Index<'a>,
    entry: &Entry,
    taken: &dyn Fn(&Device) -> bool,
    claim: &mut Claim<'a>,
) {
    if entry.state == State::Retired {
        return;
    }
    let found = index.by_host(entry);
    let moved = !entry.ips.is_empty() && !entry.dhcp;
    match found.as_slice() {
        [] => {}
        [one] => {
            let other_mac = macs_agree(entry, one) == Some(false);
            if other_mac && (moved || taken(one)) {
                return;
            }
            claim.devices.push(one);
            claim.by.push(MatchedBy::HostName);
        }
        many => claim.doubts.push(ambiguous(many)),
    }
}
