//! Where the agents themselves are plugged in: a switch announces itself (LLDP, CDP) only on the
//! cable, so that who hears it is at its other end.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::observation::heard::{Capability, LinkNeighbour};
use daicho_common::observation::{Fact, ObservationId};
use daicho_common::time::Timestamp;

use super::known::{Known, Vertex};
use super::link::Said;
use super::node::Node;
use super::place::Spots;
use super::share::Confidence;
use super::shown::Shown;
use super::{End, Link};
use crate::evidence::{Claim, Sourced};
use crate::mib::adjacent::{Adjacent, Does, Local, Name};
use crate::resolve::Attached;

/// One day, in microseconds: what was heard this long before the latest on the same interface was
/// heard on another cable.
const CURRENT: i64 = 86_400_000_000;

/// A device that an agent heard on one of its interfaces.
pub(super) struct Listened<'a> {
    agent: &'a str,
    interface: &'a str,
    device: Vertex,
    port: Option<u32>,
    /// The port as the device calls it.
    words: String,
    sources: BTreeSet<ObservationId>,
}

/// Who was heard when on one interface of an agent.
type Heard<'a> = BTreeMap<(&'a str, &'a str), Vec<(Timestamp, ObservationId, Adjacent)>>;

/// What network devices said on the agents' own links lately.
pub(super) fn read<'a>(
    claims: &[Claim<'a>],
    nodes: &BTreeMap<usize, Node>,
    known: &mut Known,
) -> Vec<Listened<'a>> {
    let mut heard: Heard<'a> = BTreeMap::new();
    for claim in claims {
        // A lifetime of 0 takes back what was said.
        let Fact::LinkNeighbour(said) = claim.fact else { continue };
        let Some(adjacent) = adjacent(said, claim).filter(|_| said.ttl_secs > 0) else { continue };
        for sighting in &claim.sightings {
            let interface = sighting.observation.vantage.interface.as_str();
            let one = (sighting.at(), sighting.id, adjacent.clone());
            heard.entry((claim.agent, interface)).or_default().push(one);
        }
    }
    let mut listened = Vec::new();
    for ((agent, interface), all) in heard {
        let latest = all.iter().map(|(at, ..)| at.micros()).max().unwrap_or_default();
        let mut ends: BTreeMap<(Vertex, Option<u32>, String), BTreeSet<ObservationId>> =
            BTreeMap::new();
        for (at, source, adjacent) in all {
            if latest.saturating_sub(at.micros()) > CURRENT {
                continue;
            }
            let device = known.vertex(&adjacent);
            let node = nodes.get(&device);
            let port = node.and_then(|node| Some(node.whole(node.announced(&adjacent)?)));
            let words = match &adjacent.port {
                Name::Words(words) => words.to_string(),
                Name::Mac(_) | Name::Address(_) => adjacent.port_description.to_string(),
            };
            ends.entry((device, port, words)).or_default().insert(source);
        }
        listened.extend(ends.into_iter().map(|((device, port, words), sources)| Listened {
            agent,
            interface,
            device,
            port,
            words,
            sources,
        }));
    }
    listened
}

/// The announcement of a network device in the terms of tables; none of others, which may be behind
/// the same hub as the agent.
fn adjacent(said: &LinkNeighbour, claim: &Claim<'_>) -> Option<Adjacent> {
    let has = |capability| said.capabilities.contains(&capability);
    let does = Does {
        bridges: has(Capability::Bridge) || has(Capability::Repeater),
        routes: has(Capability::Router),
        access_point: has(Capability::AccessPoint),
        telephone: has(Capability::Telephone),
    };
    let forwards = (does.bridges || does.routes) && !does.telephone && !does.access_point;
    let mac = said.mac.or(claim.speaker.mac);
    let port =
        said.port.as_str().parse().map_or_else(|_| Name::Words(said.port.clone()), Name::Mac);
    forwards.then(|| Adjacent {
        local: Local::Interface(0),
        entry: 0,
        chassis: mac.map_or_else(|| Name::Words(said.chassis.clone()), Name::Mac),
        port,
        port_description: said.port_description.clone(),
        name: said.name.clone(),
        description: said.description.clone(),
        does,
        addresses: said.addresses.clone(),
        inventory: said.inventory.clone().unwrap_or_default(),
    })
}

/// The only device that hangs on the port, if there is only one.
fn alone((known, spots): (&Known, &Spots), one: &Listened<'_>) -> Option<Vertex> {
    let place = (one.device, one.port?);
    let there = spots.of.iter().filter(|(_, spot)| (spot.switch, spot.port) == place);
    let mut there = there.filter(|(_, spot)| spot.beyond.is_none()).map(|(mac, _)| known.of(*mac));
    let first = there.next()??;
    there.all(|other| other == Some(first)).then_some(first)
}

/// A link from each port to the agent that heard it. Two ports on one cable contradict each other.
pub(super) fn links(listened: &[Listened<'_>], shown: Shown<'_>, spots: &Spots) -> Vec<Link> {
    let link = |one: &Listened<'_>| {
        let others = listened.iter().filter(|other| {
            (other.agent, other.interface) == (one.agent, one.interface)
                && (other.device, other.port) != (one.device, one.port)
        });
        let against: BTreeSet<ObservationId> =
            others.flat_map(|other| other.sources.iter().copied()).collect();
        let device = alone((shown.known, spots), one).and_then(|device| shown.id(device));
        Link {
            near: shown.end((one.device, one.port), &one.words),
            far: End {
                device,
                name: one.agent.to_owned(),
                port: one.interface.to_owned(),
                alias: String::new(),
                vlan: None,
                vlan_name: String::new(),
            },
            said: Said::Heard,
            confidence: if against.is_empty() { Confidence::Likely } else { Confidence::Possible },
            active: true,
            cables: 1,
            sources: one.sources.iter().copied().collect(),
            against: against.into_iter().collect(),
        }
    };
    listened.iter().map(link).collect()
}

/// Adds what an agent heard to the place of its own computer.
pub(super) fn confirm(
    listened: &[Listened<'_>],
    (known, spots): (&Known, &Spots),
    attached: &mut BTreeMap<Vertex, Vec<Sourced<Attached>>>,
) {
    for one in listened {
        let Some(places) = alone((known, spots), one).and_then(|device| attached.get_mut(&device))
        else {
            continue;
        };
        for place in places {
            let at = spots.of.get(&place.value.mac).map(|spot| (spot.switch, Some(spot.port)));
            if at == Some((one.device, one.port)) {
                place.sources.add(&one.sources);
            }
        }
    }
}
