//! The shape of the network: which port of which switch each device hangs on, how the switches hang
//! together, where hubs must be that nobody manages, and what each network device carries.
//!
//! Read from tables that switches and routers keep ([`crate::mib`]); no packet goes to a device for
//! it. Everything names its observations. What the tables leave open stays open: a contradiction is
//! told, never settled by a guess, and nothing here makes or joins devices.
//!
//! In steps, each in its room: `node` (a device's tables), `known` (who is meant), `link` (cables,
//! from both ends), `path` (which port leads to which switch), `place` (where each station hangs),
//! `share` (why a port has several), `carry` (what hangs on what).

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::addr::Mac;
use daicho_common::observation::ObservationId;
use serde::Serialize;

use crate::evidence::{Claim, Grade, Sourced};
use crate::resolve::{Attached, Device, DeviceId, Through};

mod carry;
mod known;
mod limits;
mod link;
mod node;
mod path;
mod place;
mod share;

#[cfg(test)]
mod tests;

use known::{Known, Vertex};
use link::Found;
pub use link::Said;
use node::Node;
use path::Paths;
use place::{Spot, Spots};
use share::Crowd;
pub use share::{Cause, Confidence, Reason};

/// One end of a link, or a port of a switch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct End {
    /// The device; none if it is only spoken of.
    pub device: Option<DeviceId>,
    /// What it is called; empty if it has no name.
    pub name: String,
    /// The port as the device calls it; empty if nobody says.
    pub port: String,
    /// What somebody wrote about the port (ifAlias).
    pub alias: String,
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
    let mut nodes = node::read(claims, speakers, devices);
    let mut known = Known::new(devices, &nodes);
    let halves = link::halves(&mut nodes, &mut known);
    let mut links = link::join(&halves);
    let paths = Paths::read(&nodes, &known, &mut links);
    let spots = Spots::find(&nodes, &known, (&links, &paths));
    let facts = share::Facts { devices, known: &known, spots: &spots, limits: limits::shipped() };
    let crowds: Vec<Crowd> = (nodes.values().filter(|node| node.hears()))
        .flat_map(|node| share::crowds(node, facts))
        .collect();
    let shown = Shown { devices, nodes: &nodes, known: &known };
    let topology = Topology {
        links: shown.links(&links, &paths),
        shared: crowds.iter().map(|crowd| shown.shared(crowd)).collect(),
        stacks: (nodes.values().filter(|node| node.stacked > 1))
            .filter_map(|node| Some((shown.id(node.device)?, node.stacked)))
            .collect(),
        contradictions: shown.contradictions(&spots),
        carried: carry::carried(shown, &spots, (&links, &paths)),
    };
    let attached = shown.attached(&spots, &crowds, &links);
    for (vertex, attached) in attached {
        if let Some(device) = devices.get_mut(vertex) {
            device.attached = attached;
        }
    }
    topology
}

/// Vertices and ports in words.
#[derive(Clone, Copy)]
struct Shown<'a> {
    devices: &'a [Device],
    nodes: &'a BTreeMap<usize, Node>,
    known: &'a Known,
}

impl Shown<'_> {
    fn name(self, vertex: Vertex) -> String {
        match self.devices.get(vertex) {
            Some(device) => device.names.first().map(|n| n.value.clone()).unwrap_or_default(),
            None => self.known.stranger(vertex).to_owned(),
        }
    }

    fn id(self, vertex: Vertex) -> Option<DeviceId> {
        self.devices.get(vertex).map(|device| device.id.clone())
    }

    fn end(self, (vertex, port): (Vertex, Option<u32>), words: &str) -> End {
        let known = port.and_then(|port| self.nodes.get(&vertex)?.ports.get(&port));
        let number = port.map(|port| port.to_string());
        End {
            device: self.id(vertex),
            name: self.name(vertex),
            port: known
                .map(|port| port.name.clone())
                .or(number)
                .unwrap_or_else(|| words.to_owned()),
            alias: known.map(|port| port.alias.clone()).unwrap_or_default(),
        }
    }

    fn links(self, links: &[Found], paths: &Paths) -> Vec<Link> {
        let link = |link: &Found| {
            let [a, b] = link.ends;
            let [words_a, words_b] = &link.words;
            let (a_end, b_end) = (self.end(a, words_a), self.end(b, words_b));
            let turned = paths.depth(b.0) < paths.depth(a.0);
            let (near, far) = if turned { (b_end, a_end) } else { (a_end, b_end) };
            Link {
                near,
                far,
                said: link.said,
                cables: link.cables(),
                sources: link.sources.iter().copied().collect(),
                against: link.against.iter().copied().collect(),
            }
        };
        let mut links: Vec<Link> = links.iter().map(link).collect();
        links.sort_by(|a, b| (&a.near, &a.far).cmp(&(&b.near, &b.far)));
        links
    }

    fn shared(self, crowd: &Crowd) -> Shared {
        let behind: BTreeSet<Vertex> =
            crowd.stations.iter().filter_map(|mac| self.known.of(*mac)).collect();
        Shared {
            at: self.end((crowd.switch, Some(crowd.port)), ""),
            cause: crowd.cause,
            confidence: crowd.confidence,
            reasons: crowd.reasons.clone(),
            devices: behind.into_iter().filter_map(|vertex| self.id(vertex)).collect(),
            sources: crowd.sources.iter().copied().collect(),
        }
    }

    fn contradictions(self, spots: &Spots) -> Vec<Contradiction> {
        let of = |(mac, rivals): (&Mac, &Vec<(Vertex, u32, ObservationId)>)| {
            let sources: BTreeSet<_> = rivals.iter().map(|(.., source)| *source).collect();
            Some(Contradiction {
                mac: *mac,
                device: self.id(self.known.of(*mac)?)?,
                ports: rivals.iter().map(|r| self.end((r.0, Some(r.1)), "")).collect(),
                sources: sources.into_iter().collect(),
            })
        };
        spots.contested.iter().filter_map(of).collect()
    }

    /// Where each device hangs.
    fn attached(
        self,
        spots: &Spots,
        crowds: &[Crowd],
        links: &[Found],
    ) -> BTreeMap<Vertex, Vec<Sourced<Attached>>> {
        let crowds: BTreeMap<(Vertex, u32), &Crowd> =
            crowds.iter().map(|crowd| ((crowd.switch, crowd.port), crowd)).collect();
        let mut points: BTreeMap<(Vertex, u32), Vertex> = BTreeMap::new();
        for (near, port) in links.iter().flat_map(|link| link.ends) {
            let far = links.iter().filter_map(|link| link.seen_from(near));
            let point = far.into_iter().find(|(at, _, bridges)| *at == port && !bridges);
            points.extend(port.zip(point).map(|(port, (_, far, _))| ((near, port), far)));
        }
        let mut attached: BTreeMap<Vertex, Vec<Sourced<Attached>>> = BTreeMap::new();
        for (mac, spot) in &spots.of {
            let Some(vertex) = self.known.of(*mac) else { continue };
            let place = (spot.switch, spot.port);
            let point = points.get(&place).is_some_and(|point| *point != vertex);
            let through = self.through(*mac, spot, crowds.get(&place).copied(), point);
            let Some(value) = self.attachment(*mac, spot, through) else { continue };
            let grade = match value.through {
                None => Grade::Reported,
                Some(_) => Grade::Inferred,
            };
            let sources = spot.sources.iter().copied().collect();
            attached.entry(vertex).or_default().push(Sourced { value, grade, sources });
        }
        attached
    }

    fn attachment(self, mac: Mac, spot: &Spot, through: Option<Through>) -> Option<Attached> {
        let port = self.nodes.get(&spot.switch).and_then(|node| node.ports.get(&spot.port));
        Some(Attached {
            mac,
            switch: self.id(spot.switch)?,
            switch_name: self.name(spot.switch),
            port: port.map_or_else(|| spot.port.to_string(), |port| port.name.clone()),
            alias: port.map(|port| port.alias.clone()).unwrap_or_default(),
            vlan: spot.vlan.or(port.and_then(|port| port.vlan)),
            through,
        })
    }

    fn through(self, mac: Mac, spot: &Spot, crowd: Option<&Crowd>, point: bool) -> Option<Through> {
        if let Some(beyond) = spot.beyond {
            let id = self.id(beyond).map(|id| id.0);
            return Some(Through::Beyond(id.unwrap_or_else(|| self.name(beyond))));
        }
        let crowd = crowd.filter(|crowd| crowd.stations.contains(&mac));
        match crowd.map(|crowd| (crowd.cause, crowd.confidence)) {
            Some((Cause::Hub, Confidence::Likely)) => Some(Through::Hub),
            Some((Cause::Telephones, _)) => Some(Through::Telephone),
            Some((Cause::AccessPoint, _)) => Some(Through::AccessPoint),
            Some((Cause::VirtualMachines, _)) => Some(Through::Host),
            Some((Cause::UnknownSwitch, _)) => Some(Through::UnknownSwitch),
            Some((Cause::Hub, Confidence::Possible)) | None => {
                point.then_some(Through::AccessPoint)
            }
        }
    }
}
