//! Which evidence is about the same device: explainable, and independent of the order of arrival.
//!
//! No type's `PartialEq` means "same device" here; devices come out of [`resolve`] as groups. The
//! rules (ARCHITECTURE.md, "Identity"), each in the room that holds to it:
//!
//! - `links`: an address is where a device *was*, for a time. What was said from an address is bound
//!   to the burned-in MAC address that answered for it at the nearest moment. A MAC address that
//!   answers for many is a proxy; shared and random ones stand for nobody.
//! - `tables`: the interfaces and addresses that a device lists as its own join, unless several
//!   devices list the same (a cloned table, a floating address).
//! - `shelf`: the other tables of a group, through [`crate::inventory`].
//! - `tabled`: what switches and routers list of others makes known who is there, where a burned-in
//!   MAC address says who; it joins nothing by address alone and gives way to what was seen directly.
//! - `word`, `sessions`: identifiers that a device says, and when.
//! - `part`: a card or an address that several devices had in turn (a dock, a bridge, a lease behind a
//!   router) is parted by what each of them said.
//! - `alike`: who says the same identifier is one device, unless it was cloned.
//! - `person`: what a person pinned, split or corrected stands against all of this.
//! - `gather`: what each group said, field by field, with its sources.
//! - `readings`, `why`: what fingerprints make of it, combined, and why a field says what it says.
//!
//! The cost is near-linear: hash maps by key and union-find, never all pairs of devices. What is in
//! different `cells` is resolved by itself, side by side, and again only when something comes to it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, ObservationId};
use foldhash::fast::RandomState;

use crate::decision::Standing;
use crate::evidence::{Claim, Seen};
use crate::fingerprint::Rows;

mod alike;
/// Observations that may be of one device.
pub mod cells;
mod desk;
/// What comes out of resolving.
pub mod device;
mod gather;
mod links;
mod nodes;
mod part;
mod person;
mod portray;
mod readings;
mod sessions;
mod shelf;
mod subject;
mod tabled;
mod tables;
/// Why fields say what they say.
pub mod why;
mod word;

#[cfg(test)]
pub(crate) mod case;
#[cfg(test)]
mod tests;

use cells::Listed;
pub use desk::Desk;
pub use device::{
    Address, Attached, Device, DeviceId, IdentifierKind, Join, JoinReason, Oddity, Pinned, Service,
    Through,
};
use gather::Gathered;
use links::Links;
use part::Parts;
use person::Keys;
use sessions::Sessions;
use subject::{Groups, Subject};
use tabled::Tabled;
use tables::Tables;

/// What is looked up for every observation is looked up quickly.
type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
/// The same.
type HashSet<K> = std::collections::HashSet<K, RandomState>;

/// An address for which several devices answered within a minute: an address conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contested {
    /// The declared network.
    pub network: String,
    /// The address.
    pub ip: IpAddr,
    /// The devices that answered, ascending; at least two.
    pub devices: Vec<DeviceId>,
    /// The MAC addresses that answered, ascending.
    pub macs: Vec<Mac>,
    /// The observations that show it, ascending.
    pub sources: Vec<ObservationId>,
}

/// Devices, and what was odd between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Devices, ascending by id.
    pub devices: Vec<Device>,
    /// Address conflicts, ascending by network and address.
    pub contested: Vec<Contested>,
    /// Who said what stands in SNMP tables, and in interface rows of those that told tables too, and
    /// whose tables are empty: the device of each such observation.
    pub speakers: BTreeMap<ObservationId, DeviceId>,
}

/// Which device an observation is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placed {
    /// The observation.
    pub observation: ObservationId,
    /// The device that it describes, or whose answer it is.
    pub device: DeviceId,
}

/// What is known besides the claims.
enum Beside<'a> {
    /// The claims are all that there are.
    Nothing,
    /// They are those of one cell.
    Cells {
        /// What tables of others list of its devices.
        listed: Tabled<'a>,
        /// The names of all networks.
        networks: &'a BTreeSet<&'a str>,
    },
}

/// Claims sorted by whom they are about.
struct Sorted<'a> {
    links: Links<'a>,
    sessions: Sessions<'a>,
    groups: Groups<'a>,
    gathered: BTreeMap<Subject<'a>, Gathered<'a>>,
}

impl<'a> Sorted<'a> {
    fn sort(claims: &[Claim<'a>], (standing, beside): (&Standing<'_>, Beside<'a>)) -> Self {
        let mut links = Links::read(claims);
        let tables = Tables::read(claims, &links);
        links.hold_back_proxies(tables.around().listed());
        let others = match beside {
            Beside::Nothing => Tabled::read(claims, tables.around()),
            Beside::Cells { listed, networks } => {
                links.know(networks);
                listed
            }
        };
        others.bind(&mut links);
        let sessions = Sessions::read(claims, &links);
        let split = person::split_serials(standing);
        let parts =
            Parts::find(&sessions, &split, |network, ip| links.is_ever_virtual((network, ip)));
        links.part_by(parts);
        let mut groups = Groups::default();
        let pins = Keys { sessions: &sessions, links: &links }.heed(standing, &mut groups);
        let own = tables.join(&mut links, &mut groups);
        let ties = alike::join(&sessions, &links, (&mut groups, &own.told));
        let mut gathered: BTreeMap<Subject<'_>, Gathered<'_>> = BTreeMap::new();
        for claim in claims {
            gather::add(&mut gathered, claim, (&links, &own, &mut groups));
        }
        others.gather(&mut gathered, &links, &mut groups);
        gather::name(&mut gathered, claims, (&links, &mut groups));
        gather::tie(&mut gathered, &ties, (&sessions, &links, &mut groups));
        gather::pin(&mut gathered, pins, &mut groups);
        Self { links, sessions, groups, gathered }
    }

    /// What each group is called.
    fn names(&self) -> BTreeMap<Subject<'a>, DeviceId> {
        self.gathered.iter().map(|(root, group)| (*root, group.id())).collect()
    }
}

/// Resolves claims into devices, by what was seen alone.
pub fn resolve(claims: &[Claim<'_>], fingerprints: &Rows) -> Resolution {
    resolve_as_told(claims, fingerprints, &Standing::default())
}

/// Resolves claims into devices, as far as people did not say otherwise. Neither the order of the
/// claims nor repetition changes anything.
pub fn resolve_as_told(
    claims: &[Claim<'_>],
    fingerprints: &Rows,
    standing: &Standing<'_>,
) -> Resolution {
    let sorted = Sorted::sort(claims, (standing, Beside::Nothing));
    sorted.resolve(claims, (standing, &mut Desk::new(fingerprints)))
}

/// Resolves the claims of one cell; `standing` are all decisions where people said anything of it, else
/// none.
pub fn resolve_cell<'a>(
    claims: &[Claim<'a>],
    (listed, networks): (Listed<'a>, &'a BTreeSet<&'a str>),
    (standing, desk): (&Standing<'_>, &mut Desk<'_>),
) -> Resolution {
    let beside = Beside::Cells { listed: listed.0, networks };
    Sorted::sort(claims, (standing, beside)).resolve(claims, (standing, desk))
}

impl<'a> Sorted<'a> {
    fn resolve(
        self,
        claims: &[Claim<'a>],
        (standing, desk): (&Standing<'_>, &mut Desk<'_>),
    ) -> Resolution {
        let named = self.names();
        let Sorted { links, sessions, mut groups, gathered } = self;
        let keys = Keys { sessions: &sessions, links: &links };
        let corrections = keys.corrections(standing, (&mut groups, &named));
        let mut devices: Vec<Device> =
            gathered.into_values().map(|group| group.device(desk)).collect();
        devices.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        for ((id, _), decided) in corrections {
            if let Ok(at) = devices.binary_search_by(|device| device.id.cmp(&id)) {
                devices.get_mut(at).into_iter().for_each(|device| person::correct(device, decided));
            }
        }
        let speakers = speakers(claims, &links, (&mut groups, &named));
        let contested = contested(claims, &links, (&mut groups, &named));
        Resolution { devices, contested, speakers }
    }
}

/// Which device each observation is of, ascending: the history of every device. What describes no
/// device (a question that nobody answered, what a name server says) is left out.
pub fn place(claims: &[Claim<'_>], standing: &Standing<'_>) -> Vec<Placed> {
    let mut sorted = Sorted::sort(claims, (standing, Beside::Nothing));
    let named = sorted.names();
    let mut placed = Vec::new();
    for claim in claims {
        for sighting in &claim.sightings {
            let Some(subject) = gather::subject(&sorted.links, claim, sighting) else { continue };
            let device = named.get(&sorted.groups.root(subject)).cloned();
            placed.extend(device.map(|device| Placed { observation: sighting.id, device }));
        }
    }
    placed.sort_unstable();
    placed
}

/// Whose tables and interface rows each observation brought, or of whom it says that there are none.
fn speakers<'a>(
    claims: &[Claim<'a>],
    links: &Links<'a>,
    (groups, named): (&mut Groups<'a>, &BTreeMap<Subject<'a>, DeviceId>),
) -> BTreeMap<ObservationId, DeviceId> {
    let mut speakers = BTreeMap::new();
    // Most devices told none.
    if !claims.iter().any(|claim| matches!(claim.fact, Fact::Rows(_))) {
        return speakers;
    }
    let tables = |claim: &&Claim<'_>| {
        matches!(claim.fact, Fact::Rows(_) | Fact::Interface { .. })
            || matches!(claim.fact, Fact::TableRead(read) if read.found_nothing())
    };
    for claim in claims.iter().filter(tables) {
        for sighting in &claim.sightings {
            let speaker = gather::speaker(links, claim, sighting);
            let id = speaker.and_then(|speaker| named.get(&groups.root(speaker)));
            speakers.extend(id.map(|id| (sighting.id, id.clone())));
        }
    }
    speakers
}

/// Addresses for which MAC addresses of different devices answered within a minute.
fn contested<'a>(
    claims: &[Claim<'a>],
    links: &Links<'a>,
    (groups, named): (&mut Groups<'a>, &BTreeMap<Subject<'a>, DeviceId>),
) -> Vec<Contested> {
    let conflicts = links.conflicts();
    let mut shown: BTreeMap<(&str, IpAddr, Mac), Seen> = BTreeMap::new();
    for claim in claims {
        let Some((ip, mac)) = links::binding(claim) else { continue };
        let rivals = conflicts.get(&(claim.network, ip));
        if rivals.is_some_and(|rivals| rivals.contains(&mac)) {
            for sighting in &claim.sightings {
                let seen = Seen::once(sighting);
                let key = (claim.network, ip, mac);
                shown.entry(key).and_modify(|s| s.extend(seen)).or_insert(seen);
            }
        }
    }
    let mut contested = Vec::new();
    for ((network, ip), macs) in conflicts {
        let mut devices: Vec<DeviceId> = macs
            .iter()
            .filter_map(|mac| named.get(&groups.root(Subject::Mac(*mac))).cloned())
            .collect();
        devices.sort_unstable();
        devices.dedup();
        if devices.len() < 2 {
            continue;
        }
        let shown = macs.iter().filter_map(|mac| shown.get(&(network, ip, *mac)));
        let mut sources: Vec<_> = shown.flat_map(|seen| seen.sources().to_vec()).collect();
        sources.sort_unstable();
        let network = network.to_owned();
        contested.push(Contested {
            network,
            ip,
            devices,
            macs: macs.into_iter().collect(),
            sources,
        });
    }
    contested
}
