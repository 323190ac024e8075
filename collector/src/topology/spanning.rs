//! Cables between bridges as the spanning tree tells them, where neighbours say nothing.
//!
//! A port whose cable another bridge speaks for leads to that bridge. It is less than a neighbour's
//! word, because a hub or a switch that takes no part in the tree may stand between.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::known::{Known, Vertex};
use super::link::{Found, Said};
use super::node::Node;

/// Adds links that only the spanning tree tells, and to the others what it says for or against them.
pub(super) fn add(nodes: &BTreeMap<usize, Node>, known: &mut Known, links: &mut Vec<Found>) {
    let mut at: HashMap<(Vertex, Option<u32>), Vec<usize>> = HashMap::new();
    for (number, link) in links.iter().enumerate() {
        for end in link.ends {
            at.entry(end).or_default().push(number);
        }
    }
    for node in nodes.values() {
        for said in &node.designated {
            let device = known.of(said.bridge);
            let far = device.and_then(|device| nodes.get(&device));
            let port = far.and_then(|far| Some(far.whole(far.designated(said.far)?)));
            let near = (node.device, Some(said.port));
            let Some(there) = at.get(&near) else {
                let bridge = device.unwrap_or_else(|| known.somebody(said.bridge.to_string()));
                let far = (bridge, port);
                let taken = at.get(&far).filter(|_| port.is_some()).into_iter().flatten();
                let against: BTreeSet<_> = taken
                    .filter_map(|number| links.get(*number))
                    .flat_map(|link| link.sources.iter().copied())
                    .collect();
                let sources = BTreeSet::from([said.source]);
                let mut link = Found::said_by(Said::SpanningTree, (near, far), sources);
                link.against = against;
                links.push(link);
                continue;
            };
            for number in there {
                let Some(link) = links.get_mut(*number) else { continue };
                let same = device.is_some_and(|device| link.ends.iter().any(|end| end.0 == device));
                if same {
                    link.sources.insert(said.source);
                } else if link.said != Said::Both {
                    link.against.insert(said.source);
                }
            }
        }
    }
}
