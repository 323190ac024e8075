//! What the coverages say of an address at which nobody was seen.

use std::collections::BTreeMap;
use std::net::IpAddr;

use daicho_common::address_set::AddressSet;
use daicho_common::coverage::{Coverage, Why};
use daicho_common::observation::Method;
use daicho_common::time::Timestamp;

use super::{Doubt, Looked};

/// One day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// Every coverage, and what they say together.
pub(super) struct Looks<'a> {
    /// Ascending by the first address.
    spans: Vec<Span<'a>>,
}

/// From where to where a coverage says anything of addresses of one version.
struct Span<'a> {
    first: IpAddr,
    last: IpAddr,
    /// The last address of which this or an earlier span says anything.
    reach: IpAddr,
    coverage: &'a Coverage,
}

fn span(coverage: &Coverage, v4: bool) -> Option<Span<'_>> {
    let left = coverage.not_asked.iter().map(|left| &left.addresses);
    let all = [&coverage.asked, &coverage.answered].into_iter().chain(left);
    let ranges = all.flat_map(AddressSet::ranges).filter(|(first, _)| first.is_ipv4() == v4);
    let (first, last) = ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    Some(Span { first, last, reach: last, coverage })
}

impl<'a> Looks<'a> {
    pub(super) fn new(coverage: &'a [Coverage]) -> Self {
        let spans = coverage.iter().flat_map(|one| [span(one, true), span(one, false)]);
        let mut spans: Vec<Span<'_>> = spans.flatten().collect();
        spans.sort_by_key(|span| span.first);
        let mut reach: Option<IpAddr> = None;
        for span in &mut spans {
            span.reach = reach.map_or(span.last, |reach| reach.max(span.last));
            reach = Some(span.reach);
        }
        Self { spans }
    }

    /// The coverages that may say anything of an address.
    fn about(&self, address: IpAddr) -> impl Iterator<Item = &'a Coverage> + use<'_, 'a> {
        let end = self.spans.partition_point(|span| span.first <= address);
        let before = self.spans.get(..end).unwrap_or_default().iter().rev();
        let reaching = before.take_while(move |span| span.reach >= address);
        reaching.filter(move |span| span.last >= address).map(|span| span.coverage)
    }

    /// The latest look in each network by each method that shows nobody at `address`, ascending in
    /// time; or the reasons why none is enough. An answer seen by any method in the same look or a
    /// later one takes its word from an earlier silence.
    pub(super) fn at(&self, address: IpAddr) -> Result<Vec<Looked>, Vec<Doubt>> {
        let answered = self.about(address).filter(|c| c.answered.contains(address));
        let answered: Option<Timestamp> = answered.map(|c| c.to).max();
        let mut looks: BTreeMap<(String, Method), Looked> = BTreeMap::new();
        let mut doubts = Vec::new();
        for coverage in self.about(address) {
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

    /// How many looks in a row showed nobody at `address`, and the whole days between the first of them
    /// and the last. Looks that overlap in time are one: several agents, or several methods of a scan.
    pub(super) fn misses(&self, address: IpAddr) -> (u32, u32) {
        let answered = self.about(address).filter(|c| c.answered.contains(address));
        let answered: Option<Timestamp> = answered.map(|c| c.to).max();
        let missed = self.about(address).filter_map(|c| Looked::at(c, address));
        let mut times: Vec<(Timestamp, Timestamp)> = missed
            .map(|look| look.time())
            .filter(|(from, _)| answered.is_none_or(|answered| answered < *from))
            .collect();
        times.sort_unstable();
        let (mut count, mut until) = (0_u32, None);
        for (from, to) in &times {
            if until.is_none_or(|until| until < *from) {
                count = count.saturating_add(1);
            }
            until = until.max(Some(*to));
        }
        let ends = times.first().zip(times.last());
        let micros = ends.map_or(0, |((first, _), (last, _))| last.micros() - first.micros());
        (count, u32::try_from(micros / DAY).unwrap_or(0))
    }

    /// Whether a look begun after `seen` shows that nobody has the address any more.
    pub(super) fn gone_since(&self, address: IpAddr, seen: Timestamp) -> bool {
        // Most addresses were answered for in the latest look, and this tells soonest.
        let later = |coverage: &Coverage| coverage.from > seen && coverage.shows_absence(address);
        self.about(address).any(later)
            && self.at(address).is_ok_and(|looks| looks.iter().any(|look| look.from > seen))
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
