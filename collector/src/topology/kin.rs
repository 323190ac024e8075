//! What the whole network says of stations that say nothing of themselves: a hospital buys its
//! telephones and access points by the hundred, so that those that speak tell what the silent ones
//! of the same maker's block are; and telephones have a network of their own.

use std::collections::{BTreeMap, HashMap, HashSet};

use daicho_common::addr::Mac;

use super::known::{Known, Vertex};
use super::limits::Limits;
use super::node::Node;
use super::place::Spots;
use crate::fingerprint::Class;
use crate::resolve::Device;

/// A maker's block (OUI): the first three octets of a MAC address.
type Block = [u8; 3];

/// A network as the router knows it: the router and its interface.
type Network = (Vertex, u32);

/// What is known of blocks and networks.
pub(super) struct Kin {
    telephones: HashSet<Block>,
    points: HashSet<Block>,
    /// Networks in which telephones are at home.
    voice: HashSet<Network>,
    /// The network of each station that a router lists in one only.
    networks: HashMap<Mac, Option<Network>>,
}

fn block(mac: Mac) -> Block {
    let [a, b, c, ..] = mac.octets();
    [a, b, c]
}

/// How many stations there are, and how many of them are said to be of the kind.
#[derive(Default)]
struct Share {
    all: usize,
    said: usize,
}

/// Those in which enough, and at least half, are of the kind.
fn mostly<K: Copy + Eq + std::hash::Hash>(
    stations: impl Iterator<Item = (K, bool)>,
    least: usize,
) -> HashSet<K> {
    let mut shares: HashMap<K, Share> = HashMap::new();
    for (key, said) in stations {
        let share = shares.entry(key).or_default();
        share.all += 1;
        share.said += usize::from(said);
    }
    let enough = |(_, share): &(&K, &Share)| share.said >= least && share.said * 2 >= share.all;
    shares.iter().filter(enough).map(|(key, _)| *key).collect()
}

impl Kin {
    pub(super) fn read(
        (nodes, devices): (&BTreeMap<usize, Node>, &[Device]),
        (known, spots): (&Known, &Spots),
        limits: &Limits,
    ) -> Self {
        let (mut telephones, mut points) = (HashSet::new(), HashSet::new());
        for beside in nodes.values().flat_map(|node| &node.beside) {
            let Some(device) = known.device(&beside.adjacent) else { continue };
            match (beside.adjacent.does.telephone, beside.adjacent.does.access_point) {
                (true, _) => telephones.insert(device),
                (false, true) => points.insert(device),
                (false, false) => false,
            };
        }
        let classed = |class: Class| {
            let of = move |device: &Device| device.class.as_ref().is_some_and(|c| c.value == class);
            devices.iter().enumerate().filter(move |(_, device)| of(device)).map(|(v, _)| v)
        };
        telephones.extend(classed(Class::Phone));
        points.extend(classed(Class::Wireless));
        let is = |all: &HashSet<Vertex>, mac: Mac| known.of(mac).is_some_and(|v| all.contains(&v));
        let networks = networks(nodes);
        let blocks = |all| {
            let stations = spots.of.keys().filter(|mac| mac.names_a_device());
            mostly(stations.map(|mac| (block(*mac), is(all, *mac))), limits.kin_least)
        };
        let blocks = (blocks(&telephones), blocks(&points));
        let at_home = networks.iter().filter_map(|(mac, network)| {
            Some(((*network)?, is(&telephones, *mac) || blocks.0.contains(&block(*mac))))
        });
        let voice = mostly(at_home, limits.kin_least);
        Self { telephones: blocks.0, points: blocks.1, voice, networks }
    }

    /// Whether most of its maker's block are telephones.
    pub(super) fn is_telephone(&self, mac: Mac) -> bool {
        self.telephones.contains(&block(mac))
    }

    /// Whether most of its maker's block are access points.
    pub(super) fn is_point(&self, mac: Mac) -> bool {
        self.points.contains(&block(mac))
    }

    /// Whether it is in a network in which telephones are at home.
    pub(super) fn is_voice(&self, mac: Mac) -> bool {
        let network = self.networks.get(&mac).copied().flatten();
        network.is_some_and(|network| self.voice.contains(&network))
    }
}

fn networks(nodes: &BTreeMap<usize, Node>) -> HashMap<Mac, Option<Network>> {
    let mut networks: HashMap<Mac, Option<Network>> = HashMap::new();
    for node in nodes.values() {
        for (mac, (interface, _)) in &node.neighbours {
            let network = (node.device, *interface);
            networks
                .entry(*mac)
                .and_modify(|known| *known = known.filter(|known| *known == network))
                .or_insert(Some(network));
        }
    }
    networks
}
