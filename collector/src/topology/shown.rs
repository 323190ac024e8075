//! Vertices and ports in words: what was found, as the devices and their users call it.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::addr::Mac;
use daicho_common::observation::ObservationId;

use super::known::{Known, Vertex};
use super::link::Found;
use super::node::Node;
use super::path::Paths;
use super::place::{Spot, Spots};
use super::share::{Cause, Confidence, Crowd};
use super::{Contradiction, End, Link, Shared};
use crate::evidence::{Grade, Sourced};
use crate::resolve::{Attached, Device, DeviceId, Through};

/// Vertices and ports in words.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) devices: &'a [Device],
    pub(super) nodes: &'a BTreeMap<usize, Node>,
    pub(super) known: &'a Known,
    /// Wireless clients that an access point or its controller lists.
    pub(super) clients: &'a BTreeSet<Mac>,
}

impl Shown<'_> {
    fn name(self, vertex: Vertex) -> String {
        match self.devices.get(vertex) {
            Some(device) => {
                let name = device.names.first().map(|name| name.value.to_string());
                let ip = || device.addresses.first().map(|address| address.ip.to_string());
                let mac = || device.macs.first().map(|mac| mac.value.to_string());
                name.or_else(ip).or_else(mac).unwrap_or_default()
            }
            None => self.known.stranger(vertex).to_owned(),
        }
    }

    pub(super) fn id(self, vertex: Vertex) -> Option<DeviceId> {
        self.devices.get(vertex).map(|device| device.id.clone())
    }

    pub(super) fn end(self, (vertex, port): (Vertex, Option<u32>), words: &str) -> End {
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
            vlan: known.and_then(|port| port.vlan),
            vlan_name: known
                .and_then(|port| self.nodes.get(&vertex)?.vlan_names.get(&port.vlan?).cloned())
                .unwrap_or_default(),
        }
    }

    pub(super) fn links(self, links: &[Found], paths: &Paths) -> Vec<Link> {
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
                confidence: if link.doubtful() { Confidence::Possible } else { Confidence::Likely },
                active: link.active(),
                cables: link.cables(),
                sources: link.sources.iter().copied().collect(),
                against: link.against.iter().copied().collect(),
            }
        };
        let mut links: Vec<Link> = links.iter().map(link).collect();
        links.sort_by(|a, b| (&a.near, &a.far).cmp(&(&b.near, &b.far)));
        links
    }

    pub(super) fn shared(self, crowd: &Crowd) -> Shared {
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

    pub(super) fn contradictions(self, spots: &Spots) -> Vec<Contradiction> {
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
    pub(super) fn attached(
        self,
        spots: &Spots,
        crowds: &[Crowd],
        links: &[Found],
    ) -> BTreeMap<Vertex, Vec<Sourced<Attached>>> {
        let crowds: BTreeMap<(Vertex, u32), &Crowd> =
            crowds.iter().map(|crowd| ((crowd.switch, crowd.port), crowd)).collect();
        let mut points: BTreeMap<(Vertex, u32), Vertex> = BTreeMap::new();
        for link in links.iter().filter(|link| !link.doubtful()) {
            let ends = link.ends.map(|(near, _)| (near, link.seen_from(near)));
            for (near, seen) in ends {
                if let Some((Some(port), far, false)) = seen {
                    points.entry((near, port)).or_insert(far);
                }
            }
        }
        let mut attached: BTreeMap<Vertex, Vec<Sourced<Attached>>> = BTreeMap::new();
        for (mac, spot) in &spots.of {
            let Some(vertex) = self.known.of_at(*mac, spot.at) else { continue };
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
        let own = port.and_then(|port| port.vlan).filter(|_| spot.untagged);
        let vlan = spot.vlan.or(own);
        Some(Attached {
            mac,
            switch: self.id(spot.switch)?,
            switch_name: self.name(spot.switch),
            port: port.map_or_else(|| spot.port.to_string(), |port| port.name.clone()),
            alias: port.map(|port| port.alias.clone()).unwrap_or_default(),
            vlan,
            vlan_name: vlan
                .and_then(|vlan| self.nodes.get(&spot.switch)?.vlan_names.get(&vlan).cloned())
                .unwrap_or_default(),
            through,
            as_of: spot.as_of,
        })
    }

    fn through(self, mac: Mac, spot: &Spot, crowd: Option<&Crowd>, point: bool) -> Option<Through> {
        if let Some(beyond) = spot.beyond {
            let id = self.id(beyond).map(|id| id.0.to_string());
            return Some(Through::Beyond(id.unwrap_or_else(|| self.name(beyond))));
        }
        if self.clients.contains(&mac) {
            return Some(Through::AccessPoint);
        }
        let crowd = crowd.filter(|crowd| crowd.stations.contains(&mac));
        match crowd.map(|crowd| (crowd.cause, crowd.confidence)) {
            Some((Cause::Hub, Confidence::Likely)) => Some(Through::Hub),
            Some((Cause::Telephones, _)) => Some(Through::Telephone),
            Some((Cause::AccessPoint, _)) => Some(Through::AccessPoint),
            Some((Cause::VirtualMachines, _)) => Some(Through::Host),
            Some((Cause::UnknownSwitch, _)) => Some(Through::UnknownSwitch),
            Some((Cause::Trunk, _)) => Some(Through::Trunk),
            Some((Cause::Powered, _)) => Some(Through::Powered),
            Some((Cause::Hub, Confidence::Possible)) | None => {
                point.then_some(Through::AccessPoint)
            }
        }
    }
}
