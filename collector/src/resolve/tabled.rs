//! What switches and routers list of others: neighbour tables and forwarding tables.
//!
//! It finds devices with no packet sent to them. A row is what another device says ([`Grade::Reported`]),
//! so it is believed of one thing only: that frames of a burned-in MAC address pass there, and, from
//! a router, for which address that MAC address answered. It joins no two MAC addresses, and where an
//! address was seen directly or said whose it is, a row changes nothing.
//!
//! [`Grade::Reported`]: crate::evidence::Grade::Reported

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::Fact;
use daicho_common::observation::table::Rows;
use daicho_common::time::Timestamp;

use super::gather::{Gathered, enter_seen, put};
use super::links::{Links, PROXY_SPAN, is_host, most_within};
use super::subject::{Groups, Subject};
use super::tables::Around;
use crate::evidence::{Claim, Seen};
use crate::mib;

/// More IPv4 addresses than this with one MAC address in one router's table are a proxy's or another
/// router's: the MAC address is there, but the addresses are not its own.
const OWN_AT_MOST: usize = 8;
/// The same for IPv6 (RFC 8981).
const OWN_AT_MOST_V6: usize = 32;

/// A place where nobody is: a forwarding table says no address.
const NOWHERE: (&str, Option<IpAddr>) = ("", None);

/// A router, as it was asked: agent, network, address.
type Asked<'a> = (&'a str, &'a str, IpAddr);

/// Everything that stands in tables.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Tabled<'a> {
    macs: BTreeMap<Mac, Seen>,
    /// By network, address and MAC address: every time that a router listed it.
    neighbours: BTreeMap<(&'a str, IpAddr, Mac), (Seen, Vec<Timestamp>)>,
}

impl<'a> Tabled<'a> {
    /// Collects what the tables say of burned-in MAC addresses.
    pub(super) fn read(claims: &[Claim<'a>], around: &Around<'a>) -> Self {
        let mut listed = Self::default();
        let crowds = crowds(claims);
        for claim in claims {
            let (Fact::Rows(rows), Some(asked)) = (claim.fact, claim.speaker.ip) else { continue };
            let Some(seen) = seen(claim) else { continue };
            for mac in macs(rows) {
                put(&mut listed.macs, mac, seen);
            }
            let own = around.listed().get(&(claim.network, asked));
            for row in mib::neighbour::read(rows) {
                let named = row.mac.names_a_device();
                if !named && !row.mac.is_private() {
                    continue;
                }
                // Its own addresses stand in a router's table too, and may say a MAC address that
                // its interface table leaves out.
                if row.ip == asked || own.is_some_and(|own| own.contains(&row.ip)) {
                    continue;
                }
                if named {
                    put(&mut listed.macs, row.mac, seen);
                }
                let key = ((claim.agent, claim.network, asked), row.mac, row.ip.is_ipv4());
                if is_host(row.ip) && !crowds.contains(&key) {
                    let network = around.network(claim.agent, row.ip, claim.network);
                    let times = claim.sightings.iter().map(crate::evidence::Sighting::at);
                    let entry = listed
                        .neighbours
                        .entry((network, row.ip, row.mac))
                        .or_insert_with(|| (seen, Vec::new()));
                    entry.0.extend(seen);
                    entry.1.extend(times);
                }
            }
        }
        listed
    }

    /// Every MAC address that stands somewhere, and the addresses that stand with it.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Mac, Option<IpAddr>)> + '_ {
        let alone = self.macs.keys().map(|mac| (*mac, None));
        alone.chain(self.neighbours.keys().map(|(_, ip, mac)| (*mac, Some(*ip))))
    }

    /// The same by parts, as `part` sorts MAC addresses.
    pub(super) fn by<K: std::hash::Hash + Eq>(
        self,
        mut part: impl FnMut(Mac) -> K,
    ) -> HashMap<K, Self> {
        let mut parts: HashMap<K, Self> = HashMap::new();
        for (mac, seen) in self.macs {
            parts.entry(part(mac)).or_default().macs.insert(mac, seen);
        }
        for (key, seen) in self.neighbours {
            parts.entry(part(key.2)).or_default().neighbours.insert(key, seen);
        }
        parts
    }

    /// Lets an address that nobody was seen to have, and that did not say whose it is, be whose a
    /// router resolved it to.
    pub(super) fn bind(&self, links: &mut Links<'a>) {
        for ((network, ip, mac), (_, times)) in &self.neighbours {
            for at in times {
                links.table((network, *ip), *at, *mac);
            }
        }
        links.sort_tabled();
    }

    /// Adds every MAC address to its device, or makes it one, and the addresses where they are its.
    pub(super) fn gather(
        self,
        gathered: &mut BTreeMap<Subject<'a>, Gathered<'a>>,
        links: &Links<'a>,
        groups: &mut Groups<'a>,
    ) {
        for (mac, seen) in self.macs {
            let subject = links.part(Subject::Mac(mac), (NOWHERE, seen.last()));
            let group = enter_seen(gathered, groups, (subject, seen));
            put(&mut group.tabled.0, mac, seen);
        }
        for ((network, ip, mac), (seen, _)) in self.neighbours {
            let holder = groups.root(links.subject((network, ip), seen.last()));
            let subject = if mac.is_private() {
                Subject::Private(network, ip, mac)
            } else {
                links.part(Subject::Mac(mac), ((network, Some(ip)), seen.last()))
            };
            let root = groups.root(subject);
            if holder != root {
                continue;
            }
            if let Some(group) = gathered.get_mut(&root) {
                put(&mut group.tabled.1, (network, ip), seen);
                put(&mut group.bindings, (network, ip, mac), seen);
            }
        }
    }
}

fn seen(claim: &Claim<'_>) -> Option<Seen> {
    let mut all = claim.sightings.iter().map(Seen::once);
    let mut seen = all.next()?;
    all.for_each(|one| seen.extend(one));
    Some(seen)
}

/// Burned-in MAC addresses whose frames a bridge learned.
fn macs(rows: &Rows) -> impl Iterator<Item = Mac> + '_ {
    mib::bridge::forwarding(rows).map(|row| row.mac).filter(|mac| mac.names_a_device())
}

/// MAC addresses with more addresses at a time than one device has, by who listed them and whether
/// IPv4. Over a year a lease gives one device many.
fn crowds<'a>(claims: &[Claim<'a>]) -> BTreeSet<(Asked<'a>, Mac, bool)> {
    let mut held: HashMap<(Asked<'a>, Mac, bool), Vec<(Timestamp, IpAddr)>> = HashMap::new();
    for claim in claims {
        let (Fact::Rows(rows), Some(asked)) = (claim.fact, claim.speaker.ip) else { continue };
        for row in mib::neighbour::read(rows) {
            let key = ((claim.agent, claim.network, asked), row.mac, row.ip.is_ipv4());
            let times = claim.sightings.iter().map(|sighting| (sighting.at(), row.ip));
            held.entry(key).or_default().extend(times);
        }
    }
    let mut crowds = BTreeSet::new();
    for (key, mut ips) in held {
        ips.sort_unstable();
        if most_within(&ips, PROXY_SPAN) > if key.2 { OWN_AT_MOST } else { OWN_AT_MOST_V6 } {
            crowds.insert(key);
        }
    }
    crowds
}
