//! Rows and devices by the keys by which they are held against each other, each folded once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::slice;

use daicho_common::addr::Mac;
use foldhash::fast::RandomState;

use super::silence::Looks;
use crate::fingerprint::spelling;
use crate::ledger::{Entry, Ledger};
use crate::parallel;
use crate::resolve::{Address, Device};

/// One hour, in microseconds: devices seen at one address within it had it at the same time.
const TOGETHER: i64 = 3_600_000_000;

/// Serial numbers that makers leave in place of one.
const PLACEHOLDERS: [&str; 6] = ["0", "none", "n/a", "123456789", "tobefilledbyo.e.m.", "default"];

/// A device with what it is looked up by.
pub(super) struct Seen<'a> {
    device: &'a Device,
    /// Which of the devices it is.
    pub(super) place: usize,
    pub(super) serial: Option<String>,
    /// Its names as they are compared, each once.
    pub(super) hosts: Vec<String>,
    /// Where it is now.
    pub(super) current: Vec<&'a Address>,
}

impl Deref for Seen<'_> {
    type Target = Device;

    fn deref(&self) -> &Device {
        self.device
    }
}

/// A row with what it is looked up by.
pub(super) struct Row<'a> {
    entry: &'a Entry,
    pub(super) serial: Option<String>,
    /// Its host name as names are compared; empty if none.
    pub(super) host: String,
}

impl Deref for Row<'_> {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        self.entry
    }
}

fn serial(text: &str) -> Option<String> {
    let folded = spelling::fold(text);
    (!folded.is_empty() && !PLACEHOLDERS.contains(&folded.as_str())).then_some(folded)
}

/// Every row, in the order of the book.
pub(super) fn rows(ledger: &Ledger) -> Vec<Row<'_>> {
    parallel::each(&ledger.entries, |entry| Row {
        entry,
        serial: serial(&entry.serial),
        host: spelling::host(&entry.host_name),
    })
}

/// Every device, in their order.
pub(super) fn seen<'a>(devices: &'a [Device], looks: &Looks<'_>) -> Vec<Seen<'a>> {
    let one = |device: &'a Device| {
        let mut hosts: Vec<String> =
            device.names.iter().map(|name| spelling::host(&name.value)).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let serial = device.serial.as_ref().and_then(|s| serial(&s.value));
        Seen { device, place: 0, serial, hosts, current: current(device, looks) }
    };
    let mut seen = parallel::each(devices, one);
    for (place, seen) in seen.iter_mut().enumerate() {
        seen.place = place;
    }
    seen
}

/// The addresses that a device has now: in each network those last seen, unless a later look shows
/// that nobody has them.
fn current<'a>(device: &'a Device, looks: &Looks<'_>) -> Vec<&'a Address> {
    // They are ascending by network.
    let networks = device.addresses.chunk_by(|a, b| a.network == b.network);
    let now = networks.flat_map(|there| {
        let latest = there.iter().map(|address| address.last_seen.micros()).max();
        let latest = latest.unwrap_or(i64::MAX);
        there.iter().filter(move |address| {
            latest.saturating_sub(address.last_seen.micros()) <= TOGETHER
                && !looks.gone_since(address.ip, address.last_seen)
        })
    });
    now.collect()
}

/// Devices that have a key; mostly it is one.
enum Holders<'k, 'a> {
    One(&'k Seen<'a>),
    Many(Vec<&'k Seen<'a>>),
}

impl<'k, 'a> Holders<'k, 'a> {
    fn add(&mut self, other: &'k Seen<'a>) {
        match self {
            Self::One(one) => *self = Self::Many(vec![*one, other]),
            Self::Many(many) => many.push(other),
        }
    }

    fn as_slice(&self) -> &[&'k Seen<'a>] {
        match self {
            Self::One(one) => slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// Devices by a key of one kind.
struct By<'k, 'a, K>(HashMap<K, Holders<'k, 'a>, RandomState>);

impl<'k, 'a, K: std::hash::Hash + Eq> By<'k, 'a, K> {
    fn of<I: IntoIterator<Item = K>>(
        seen: &'k [Seen<'a>],
        keys: impl Fn(&'k Seen<'a>) -> I,
    ) -> Self {
        let mut by: HashMap<K, Holders<'k, 'a>, RandomState> = HashMap::default();
        by.reserve(seen.len());
        for one in seen {
            for key in keys(one) {
                by.entry(key).and_modify(|held| held.add(one)).or_insert(Holders::One(one));
            }
        }
        Self(by)
    }

    fn get<Q: std::hash::Hash + Eq + ?Sized>(&self, key: &Q) -> &[&'k Seen<'a>]
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.get(key).map(Holders::as_slice).unwrap_or_default()
    }
}

/// Devices by key.
pub(super) struct Index<'k, 'a> {
    by_mac: By<'k, 'a, Mac>,
    by_serial: By<'k, 'a, &'k str>,
    by_ip: By<'k, 'a, IpAddr>,
    by_name: By<'k, 'a, &'k str>,
    count: usize,
}

impl<'k, 'a> Index<'k, 'a> {
    pub(super) fn new(seen: &'k [Seen<'a>]) -> Self {
        let mut by_ip = By::of(seen, |one| {
            let mut ips: Vec<IpAddr> = one.current.iter().map(|address| address.ip).collect();
            ips.sort_unstable();
            ips.dedup();
            ips
        });
        for (ip, holders) in &mut by_ip.0 {
            if let Holders::Many(holders) = holders {
                keep_latest(*ip, holders);
            }
        }
        Self {
            by_mac: By::of(seen, |one| {
                let macs = one.device.macs.iter().map(|mac| mac.value);
                macs.filter(|mac| mac.virtual_router().is_none())
            }),
            by_serial: By::of(seen, |one| one.serial.as_deref()),
            by_ip,
            by_name: By::of(seen, |one| {
                one.hosts.iter().map(String::as_str).filter(|name| !name.is_empty())
            }),
            count: seen.len(),
        }
    }

    /// How many devices there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Who has the address now.
    pub(super) fn at(&self, ip: IpAddr) -> &[&'k Seen<'a>] {
        self.by_ip.get(&ip)
    }

    /// Who has a MAC address.
    pub(super) fn with(&self, mac: Mac) -> &[&'k Seen<'a>] {
        self.by_mac.get(&mac)
    }

    /// Who has a serial number.
    pub(super) fn by_serial(&self, serial: &str) -> &[&'k Seen<'a>] {
        self.by_serial.get(serial)
    }

    pub(super) fn by_macs(&self, row: &Row<'_>) -> Vec<&'k Seen<'a>> {
        distinct(row.macs.iter().flat_map(|mac| self.with(*mac)).copied().collect())
    }

    pub(super) fn by_ips(&self, row: &Row<'_>) -> Vec<&'k Seen<'a>> {
        distinct(row.ips.iter().flat_map(|ip| self.at(*ip)).copied().collect())
    }

    /// Who has the name of the row.
    pub(super) fn by_host(&self, row: &Row<'_>) -> &[&'k Seen<'a>] {
        self.by_name.get(row.host.as_str())
    }
}

/// Of those who had an address, the ones who had it last.
fn keep_latest(ip: IpAddr, holders: &mut Vec<&Seen<'_>>) {
    let last = |device: &Device| {
        let there = device.addresses.iter().filter(|address| address.ip == ip);
        there.map(|address| address.last_seen.micros()).max().unwrap_or(i64::MIN)
    };
    let latest = holders.iter().map(|device| last(device)).max().unwrap_or(i64::MIN);
    holders.retain(|device| latest.saturating_sub(last(device)) <= TOGETHER);
}

/// Each device once, by id.
fn distinct<'k, 'a>(mut devices: Vec<&'k Seen<'a>>) -> Vec<&'k Seen<'a>> {
    if devices.len() > 1 {
        devices.sort_by(|a, b| a.id.cmp(&b.id));
        devices.dedup_by_key(|device| device.place);
    }
    devices
}

/// Which devices are claimed.
pub(super) struct Taken(Vec<bool>);

impl Taken {
    /// These, of so many.
    pub(super) fn of<'k, 'a: 'k>(
        count: usize,
        claimed: impl Iterator<Item = &'k Seen<'a>>,
    ) -> Self {
        let mut taken = vec![false; count];
        for device in claimed {
            taken.get_mut(device.place).into_iter().for_each(|taken| *taken = true);
        }
        Self(taken)
    }

    /// Whether this one is.
    pub(super) fn has(&self, device: &Seen<'_>) -> bool {
        self.0.get(device.place).copied().unwrap_or(false)
    }
}
