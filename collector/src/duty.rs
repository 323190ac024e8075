//! What devices do for a whole network: give out addresses, lead out of it. Read from what was heard
//! and from what devices are; nothing is asked for it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::table::Rows;
use daicho_common::observation::{Fact, ObservationId};
use daicho_common::time::Timestamp;
use serde::Serialize;

use crate::evidence::Claim;
use crate::fingerprint::Class;
use crate::mib::virtual_router::{self, Instance};
use crate::resolve::{Device, DeviceId};

#[cfg(test)]
mod tests;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Gives out addresses (RFC 2131, RFC 8415).
    Dhcp,
    /// Leads out of the network: advertises itself (RFC 4861), takes part in a virtual router, or is a
    /// router or firewall with an address there.
    Gateway,
}

/// Who does it in a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duty {
    /// What is done.
    pub kind: Kind,
    /// In which declared network.
    pub network: String,
    /// At which addresses, ascending; those of a virtual router among them.
    pub addresses: BTreeSet<IpAddr>,
    /// By which devices, as far as they are known; redundant routers are one.
    pub devices: BTreeSet<DeviceId>,
    /// Those of them that stood by when they were asked last: another member of the virtual router
    /// forwards.
    pub waiting: BTreeSet<DeviceId>,
    /// The observations that show it.
    pub sources: BTreeSet<ObservationId>,
}

/// What tells one who does it from another: the server's identifier, the virtual router, the device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Server(IpAddr),
    Group(u16),
    Device(DeviceId),
}

/// Whether a fact says that somebody does something for a network.
pub fn reads(fact: &Fact) -> bool {
    if let Fact::Dhcp(dhcp) = fact {
        // What a relay passes on is another network's affair.
        return dhcp.from_server && dhcp.relay.is_none();
    }
    if let Fact::Rows(rows) = fact {
        return virtual_router::is_one(rows);
    }
    matches!(fact, Fact::RouterAdvertisement(_) | Fact::VirtualRouter(_))
}

/// Every duty, by kind, network and who does it.
pub fn find(claims: &[Claim<'_>], devices: &[Device]) -> Vec<Duty> {
    let claims: Vec<&Claim<'_>> = claims.iter().filter(|claim| reads(claim.fact)).collect();
    let book = Book::of(if claims.is_empty() { &[] } else { devices });
    let mut found = Found::default();
    let states = States::of(&claims, &book);
    for claim in claims {
        if let Fact::Dhcp(dhcp) = claim.fact
            && let Some(server) = dhcp.server.or(claim.speaker.ip)
        {
            let duty = found.of(Kind::Dhcp, claim, Who::Server(server));
            duty.addresses.insert(server);
            duty.devices.extend(book.at(claim, server).map(|device| device.id.clone()));
        }
        if let Fact::RouterAdvertisement(router) = claim.fact
            && router.lifetime_secs > 0
            && let Some(device) = book.speaker(claim)
        {
            let duty = found.of(Kind::Gateway, claim, Who::Device(device.id.clone()));
            duty.addresses.extend(claim.speaker.ip);
            duty.devices.insert(device.id.clone());
        }
        if let Fact::VirtualRouter(router) = claim.fact {
            let duty = found.of(Kind::Gateway, claim, Who::Group(router.group));
            duty.addresses.extend(&router.addresses);
            duty.devices.extend(book.member(claim).map(|device| device.id.clone()));
        }
        if let Fact::Rows(rows) = claim.fact
            && let Some(member) = book.member(claim)
        {
            found.takes_part(claim, (member, rows), &states);
        }
    }
    found.routers(devices);
    found.told()
}

/// Devices by what a claim says of its speaker.
struct Book<'d> {
    by_mac: HashMap<Mac, &'d Device>,
    by_address: HashMap<(&'d str, IpAddr), &'d Device>,
}

impl<'d> Book<'d> {
    fn of(devices: &'d [Device]) -> Self {
        let macs = |device: &'d Device| device.macs.iter().map(move |mac| (mac.value, device));
        let addresses = |device: &'d Device| {
            let at = device.addresses.iter();
            at.map(move |address| ((address.network.as_str(), address.ip), device))
        };
        Self {
            by_mac: devices.iter().flat_map(macs).collect(),
            by_address: devices.iter().flat_map(addresses).collect(),
        }
    }

    fn speaker(&self, claim: &Claim<'_>) -> Option<&'d Device> {
        self.by_mac.get(&claim.speaker.mac?).copied()
    }

    fn at(&self, claim: &Claim<'_>, ip: IpAddr) -> Option<&'d Device> {
        self.by_address.get(&(claim.network, ip)).copied()
    }

    fn member(&self, claim: &Claim<'_>) -> Option<&'d Device> {
        self.speaker(claim).or_else(|| self.at(claim, claim.speaker.ip?))
    }
}

/// Whether a member of a virtual router forwards, by what its tables said last, and where that stands.
#[derive(Default)]
struct States<'d>(HashMap<(&'d DeviceId, Instance), (Timestamp, bool, ObservationId)>);

impl<'d> States<'d> {
    fn of(claims: &[&Claim<'_>], book: &Book<'d>) -> Self {
        let mut states = Self::default();
        for claim in claims {
            let Fact::Rows(rows) = claim.fact else { continue };
            let (Some(member), Some(last)) = (book.member(claim), claim.sightings.last()) else {
                continue;
            };
            for (instance, forwards) in virtual_router::forwards(rows) {
                let state = (last.at(), forwards, last.id);
                let known = states.0.entry((&member.id, instance)).or_insert(state);
                *known = (*known).max(state);
            }
        }
        states
    }

    /// The observation that says that the member stands by.
    fn waits(&self, member: &'d Device, of: Instance) -> Option<ObservationId> {
        let (_, forwards, source) = self.0.get(&(&member.id, of))?;
        (!forwards).then_some(*source)
    }
}

/// The network of that address of the router's own that has most in common with the shared one: a
/// virtual router stands on a network on which its members have addresses (RFC 5798 §1). Of an address
/// that is the same on every link (`fe80::/10`) nothing follows.
fn network_beside(member: &Device, shared: IpAddr) -> Option<&str> {
    // No network of a hospital is wider than a /12; of IPv6 a link has 64 bits (RFC 4291 §2.5.1).
    let least = match shared {
        IpAddr::V4(_) => 12,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => return None,
        IpAddr::V6(_) => 64,
    };
    let common = |own: IpAddr| match (own, shared) {
        (IpAddr::V4(own), IpAddr::V4(shared)) => (own.to_bits() ^ shared.to_bits()).leading_zeros(),
        (IpAddr::V6(own), IpAddr::V6(shared)) => (own.to_bits() ^ shared.to_bits()).leading_zeros(),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => 0,
    };
    let nearest = member.addresses.iter().max_by_key(|address| common(address.ip))?;
    (common(nearest.ip) >= least).then_some(nearest.network.as_str())
}

#[derive(Default)]
struct Found(BTreeMap<(Kind, String, Who), Duty>);

impl Found {
    fn of(&mut self, kind: Kind, claim: &Claim<'_>, who: Who) -> &mut Duty {
        let duty = self.at(kind, claim.network, who);
        // The first and the last time are enough to show it.
        duty.sources.extend(claim.sightings.first().map(|sighting| sighting.id));
        duty.sources.extend(claim.sightings.last().map(|sighting| sighting.id));
        duty
    }

    /// A router's own tables say in which virtual routers it takes part, also in networks that no agent
    /// hears.
    fn takes_part<'d>(
        &mut self,
        claim: &Claim<'_>,
        (member, rows): (&'d Device, &Rows),
        states: &States<'d>,
    ) {
        for shared in virtual_router::read(rows) {
            let Some(network) = network_beside(member, shared.ip) else { continue };
            let duty = self.at(Kind::Gateway, network, Who::Group(shared.of.group));
            duty.addresses.insert(shared.ip);
            duty.devices.insert(member.id.clone());
            duty.sources.extend(claim.sightings.last().map(|sighting| sighting.id));
            if let Some(source) = states.waits(member, shared.of) {
                duty.waiting.insert(member.id.clone());
                duty.sources.insert(source);
            }
        }
    }

    fn at(&mut self, kind: Kind, network: &str, who: Who) -> &mut Duty {
        self.0.entry((kind, network.to_owned(), who)).or_insert_with(|| Duty {
            kind,
            network: network.to_owned(),
            addresses: BTreeSet::new(),
            devices: BTreeSet::new(),
            waiting: BTreeSet::new(),
            sources: BTreeSet::new(),
        })
    }

    /// Routers and firewalls that have an address in a network, unless they are known to lead out of
    /// it already.
    fn routers(&mut self, devices: &[Device]) {
        let mut known: BTreeSet<(String, DeviceId)> = BTreeSet::new();
        for duty in self.0.values().filter(|duty| duty.kind == Kind::Gateway) {
            known.extend(duty.devices.iter().map(|id| (duty.network.clone(), id.clone())));
        }
        for device in devices {
            let Some(class) = &device.class else { continue };
            if !matches!(class.value, Class::Router | Class::Firewall) {
                continue;
            }
            for address in &device.addresses {
                if known.contains(&(address.network.to_string(), device.id.clone())) {
                    continue;
                }
                let who = Who::Device(device.id.clone());
                let duty = self.at(Kind::Gateway, &address.network, who);
                duty.addresses.insert(address.ip);
                duty.devices.insert(device.id.clone());
                duty.sources.extend(address.sources.iter().chain(&class.sources));
            }
        }
    }

    fn told(self) -> Vec<Duty> {
        self.0.into_values().collect()
    }
}
