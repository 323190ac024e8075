//! What the coverages say of an address at which nobody was seen.

use std::collections::BTreeMap;
use std::net::IpAddr;

use daicho_common::coverage::{Coverage, Why};
use daicho_common::observation::Method;
use daicho_common::time::Timestamp;

use super::{Doubt, Looked};

/// Every coverage, and what they say together.
pub(super) struct Looks<'a> {
    coverage: &'a [Coverage],
}

impl<'a> Looks<'a> {
    pub(super) fn new(coverage: &'a [Coverage]) -> Self {
        Self { coverage }
    }

    /// The latest look in each network by each method that shows nobody at `address`, ascending in
    /// time; or the reasons why none is enough. An answer seen by any method in the same look or a
    /// later one takes its word from an earlier silence.
    pub(super) fn at(&self, address: IpAddr) -> Result<Vec<Looked>, Vec<Doubt>> {
        let answered = self.coverage.iter().filter(|c| c.answered.contains(address));
        let answered: Option<Timestamp> = answered.map(|c| c.to).max();
        let mut looks: BTreeMap<(String, Method), Looked> = BTreeMap::new();
        let mut doubts = Vec::new();
        for coverage in self.coverage {
            if let Some(look) = Looked::at(coverage, address) {
                if answered.is_none_or(|answered| answered < look.from) {
                    let key = (look.network.clone(), look.method);
                    let newer = looks
                        .get(&key)
                        .is_none_or(|known| (known.to, known.from) < (look.to, look.from));
                    if newer {
                        looks.insert(key, look);
                    }
                }
            } else if coverage.asked.contains(address) {
                doubts.push(Doubt::Inconclusive);
            } else {
                let left =
                    coverage.not_asked.iter().filter(|left| left.addresses.contains(address));
                doubts.extend(left.map(|left| Doubt::NotAsked(left.why)));
            }
        }
        if looks.is_empty() {
            if answered.is_some() {
                doubts.push(Doubt::Inconclusive);
            }
            return Err(foremost(doubts));
        }
        let mut looks: Vec<Looked> = looks.into_values().collect();
        looks.sort_by(|a, b| {
            a.to.cmp(&b.to).then_with(|| (&a.network, a.method).cmp(&(&b.network, b.method)))
        });
        Ok(looks)
    }

    /// Whether a look begun after `seen` shows that nobody has the address any more.
    pub(super) fn gone_since(&self, address: IpAddr, seen: Timestamp) -> bool {
        self.at(address).is_ok_and(|looks| looks.iter().any(|look| look.from > seen))
    }
}

/// The doubts that answer the question. Where some method asked and heard nothing, that is the whole
/// reason: why other methods did not ask says nothing more. An address left out for want of a sign
/// of life was left out because of what kept that sign from being looked for.
fn foremost(mut doubts: Vec<Doubt>) -> Vec<Doubt> {
    if doubts.is_empty() {
        return vec![Doubt::NotCovered];
    }
    if doubts.contains(&Doubt::Inconclusive) {
        return vec![Doubt::Inconclusive];
    }
    let derived = Doubt::NotAsked(Why::NoSignOfLife);
    if doubts.iter().any(|doubt| *doubt != derived) {
        doubts.retain(|doubt| *doubt != derived);
    }
    doubts
}
