//! The shape of the network: which port of which switch each device hangs on, how the switches hang
//! together, where hubs must be that nobody manages, and what each network device carries.
//!
//! Read from tables that switches and routers keep ([`crate::mib`]); no packet goes to a device for
//! it. Everything names its observations. What the tables leave open stays open: a contradiction is
//! told, never settled by a guess, and nothing here makes or joins devices.
//!
//! In steps, each in its room: `node`, `port` and `renumber` (a device's tables), `known` (who is meant), `link`
//! (cables, from both ends), `spanning` (cables that only bridges tell), `path` and `reach` (which
//! port leads to which switch), `place` (where each station hangs), `wireless` (at which access
//! point), `kin` and `share` (why a port has several), `carry` (what hangs on what), `listen` (what
//! agents hear on their own links), `hearsay` (what neighbours say of a device).

use std::collections::BTreeMap;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, ObservationId};
use serde::Serialize;

use crate::evidence::Claim;
use crate::resolve::{Device, DeviceId};

mod carry;
mod database;
mod hearsay;
mod kin;
mod known;
mod limits;
mod link;
mod listen;
mod node;
mod path;
mod place;
mod port;
mod reach;
mod renumber;
mod share;
mod shown;
mod spanning;
mod wireless;

#[cfg(test)]
mod tests;

use kin::Kin;
use known::Known;
pub use link::Said;
use path::Paths;
use place::Spots;
pub use share::{Cause, Confidence, Reason};
use share::{Crowd, Facts};
use shown::Shown;

/// One end of a link, or a port of a switch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct End {
    /// The device; none if it is only spoken of.
    pub device: Option<DeviceId>,
    /// What it is called: its name, else an address of it; empty if nothing is known.
    pub name: String,
    /// The port as the device calls it; empty if nobody says.
    pub port: String,
    /// What somebody wrote about the port (ifAlias).
    pub alias: String,
    /// The port's own (untagged) VLAN, 1–4094, where the device tells.
    pub vlan: Option<u16>,
    /// What the device calls that VLAN; empty if it has no name.
    pub vlan_name: String,
}

/// A link between network devices; a bundle is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// One end, the nearer to the root where that is known.
    pub near: End,
    /// The other.
    pub far: End,
    /// Who says so.
    pub said: Said,
    /// How sure it is: possible only, where something with more weight speaks against it.
    pub confidence: Confidence,
    /// Whether frames go this way; a cable may be kept in reserve (spanning tree).
    pub active: bool,
    /// How many cables it is made of, 1 or more.
    pub cables: usize,
    /// The observations it rests on, ascending.
    pub sources: Vec<ObservationId>,
    /// Observations that say otherwise, ascending; empty if nothing does.
    pub against: Vec<ObservationId>,
}

/// A port on which several stations are heard, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shared {
    /// The port.
    pub at: End,
    /// Why.
    pub cause: Cause,
    /// How sure that is.
    pub confidence: Confidence,
    /// What speaks for it.
    pub reasons: Vec<Reason>,
    /// Devices behind it, ascending.
    pub devices: Vec<DeviceId>,
    /// The observations it rests on, ascending.
    pub sources: Vec<ObservationId>,
}

/// A device that is heard on ports of which none is more likely than another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// The MAC address heard.
    pub mac: Mac,
    /// Its device.
    pub device: DeviceId,
    /// The ports.
    pub ports: Vec<End>,
    /// The observations, ascending.
    pub sources: Vec<ObservationId>,
}

/// A device that is reached through a network device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// Which.
    pub device: DeviceId,
    /// The observations that show it, ascending.
    pub sources: Vec<ObservationId>,
}

/// How the devices hang together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Topology {
    /// Links, ascending by their ends.
    pub links: Vec<Link>,
    /// Ports with several stations, ascending.
    pub shared: Vec<Shared>,
    /// Stacks, which are one device: of how many chassis each is made.
    pub stacks: BTreeMap<DeviceId, usize>,
    /// What could not be placed because tables contradict each other, ascending by MAC address.
    pub contradictions: Vec<Contradiction>,
    /// For each network device the devices that hang on it (DOMAIN §1 Q-5), directly or behind other
    /// network devices, away from the root.
    pub carried: BTreeMap<DeviceId, Vec<Carried>>,
}

impl Topology {
    /// The devices reached through a network device; none if it carries none.
    pub fn carried_by(&self, device: &DeviceId) -> &[Carried] {
        self.carried.get(device).map(Vec::as_slice).unwrap_or_default()
    }

    /// Hubs and switches without management: ports behind which one must be.
    pub fn hubs(&self) -> impl Iterator<Item = &Shared> {
        self.shared.iter().filter(|shared| shared.cause == Cause::Hub)
    }
}

/// Reads the shape of the network and writes into each device where it hangs. Neither the order of
/// the claims nor repetition changes anything.
pub fn find(
    claims: &[Claim<'_>],
    speakers: &BTreeMap<ObservationId, DeviceId>,
    devices: &mut [Device],
) -> Topology {
    find_and_tell(claims, speakers, devices).0
}

/// Whether anything of a fact is read here, whoever says it.
pub const fn reads(fact: &Fact) -> bool {
    matches!(fact, Fact::Rows(_) | Fact::LinkNeighbour(_))
}

/// Whether anything of a fact is read here if a device says it that tells tables too.
pub fn reads_of_tellers(fact: &Fact) -> bool {
    matches!(fact, Fact::Interface { .. })
        || matches!(fact, Fact::TableRead(read) if read.found_nothing())
}

/// The same; tells also which devices it wrote more into than where they hang, ascending.
pub fn find_and_tell(
    claims: &[Claim<'_>],
    speakers: &BTreeMap<ObservationId, DeviceId>,
    devices: &mut [Device],
) -> (Topology, Vec<usize>) {
    if !claims.iter().any(|claim| reads(claim.fact)) {
        return (Topology::default(), Vec::new());
    }
    let mut nodes = node::read(claims, speakers, devices);
    let mut known = Known::new(devices, &nodes);
    known.turns(claims, speakers, devices);
    let halves = link::halves(&mut nodes, &mut known);
    let mut links = link::join(&halves);
    spanning::add(&nodes, &mut known, &mut links);
    let listened = listen::read(claims, &nodes, &mut known);
    let paths = Paths::read(&nodes, &known, &mut links);
    let mut spots = Spots::find(&nodes, &known, (&links, &paths));
    let clients = wireless::place(&nodes, &known, &mut spots);
    let limits = limits::shipped();
    let kin = Kin::read((&nodes, devices), (&known, &spots), limits);
    let facts =
        Facts { devices, known: &known, spots: &spots, limits, kin: &kin, clients: &clients };
    let crowds: Vec<Crowd> = (nodes.values().filter(|node| node.hears()))
        .flat_map(|node| share::crowds(node, facts))
        .collect();
    let shown = Shown { devices, nodes: &nodes, known: &known, clients: &clients };
    let mut found = shown.links(&links, &paths);
    found.extend(listen::links(&listened, shown, &spots));
    found.sort_by(|a, b| (&a.near, &a.far).cmp(&(&b.near, &b.far)));
    let topology = Topology {
        links: found,
        shared: crowds.iter().map(|crowd| shown.shared(crowd)).collect(),
        stacks: (nodes.values().filter(|node| node.stacked > 1))
            .filter_map(|node| Some((shown.id(node.device)?, node.stacked)))
            .collect(),
        contradictions: shown.contradictions(&spots),
        carried: carry::carried(shown, &spots, (&links, &paths)),
    };
    let mut attached = shown.attached(&spots, &crowds, &links);
    listen::confirm(&listened, (&known, &spots), &mut attached);
    for (vertex, attached) in attached {
        if let Some(device) = devices.get_mut(vertex) {
            device.attached = attached;
        }
    }
    let described = hearsay::describe(&nodes, &known, devices);
    (topology, described)
}
