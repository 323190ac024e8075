//! Where observations are found by their ids: their numbers in the order of their ids. Of each id four octets
//! are known, two of which are told by where it stands, so that an observation takes six octets here.
//!
//! Of two million observations one in two thousand begins like another; content tells them apart.

use daicho_common::observation::ObservationId;

/// Octets of an id that tell in which drawer it is; and as many more are kept of it.
const KEPT: usize = 2;
/// Drawers, one for each beginning.
const DRAWERS: usize = 1 << (8 * KEPT);

/// What is kept of an observation: two octets of its id, then its number.
type Rest = [u8; KEPT + 4];

/// The first four octets of an id, then the number of its observation.
type Place = [u8; 2 * KEPT + 4];

/// Numbers by ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// Where each drawer ends; none while nothing is here.
    ends: Vec<u32>,
    rests: Vec<Rest>,
}

impl Places {
    /// Puts in observations, by the first octets of their ids and their numbers.
    pub(super) fn add(&mut self, new: impl Iterator<Item = (u64, u32)>) {
        let mut new: Vec<Place> = new.map(|(id, number)| place(id, number)).collect();
        if new.is_empty() {
            return;
        }
        new.sort_unstable();
        let mut rests = Vec::with_capacity(self.rests.len() + new.len());
        let mut ends = Vec::with_capacity(DRAWERS);
        let mut new = new.into_iter().peekable();
        for drawer in 0..DRAWERS {
            let mut old = self.drawer(drawer).iter().copied().peekable();
            while let Some(next) = new.next_if(|place| beginning(*place) == drawer) {
                let next = rest(next);
                while let Some(before) = old.next_if(|old| *old < next) {
                    rests.push(before);
                }
                rests.push(next);
            }
            rests.extend(old);
            ends.push(u32::try_from(rests.len()).unwrap_or(u32::MAX));
        }
        *self = Self { ends, rests };
    }

    /// The numbers of observations whose id may be this one: hardly ever more than one.
    pub(super) fn alike(&self, id: ObservationId) -> impl Iterator<Item = u32> + '_ {
        let [a, b, c, d, ..] = id.octets();
        let drawer = self.drawer(usize::from(u16::from_be_bytes([a, b])));
        let from = drawer.partition_point(|[first, second, ..]| [*first, *second] < [c, d]);
        let rest = drawer.get(from..).unwrap_or_default().iter();
        let alike = rest.take_while(move |[first, second, ..]| [*first, *second] == [c, d]);
        alike.map(|[_, _, number @ ..]| u32::from_be_bytes(*number))
    }

    fn drawer(&self, at: usize) -> &[Rest] {
        let end = |at: usize| self.ends.get(at).map_or(0, |end| *end as usize);
        let from = at.checked_sub(1).map_or(0, end);
        self.rests.get(from..end(at)).unwrap_or_default()
    }
}

fn place(id: u64, number: u32) -> Place {
    let mut place = [0; 2 * KEPT + 4];
    place[..2 * KEPT].copy_from_slice(&id.to_be_bytes()[..2 * KEPT]);
    place[2 * KEPT..].copy_from_slice(&number.to_be_bytes());
    place
}

fn beginning([a, b, ..]: Place) -> usize {
    usize::from(u16::from_be_bytes([a, b]))
}

fn rest([_, _, rest @ ..]: Place) -> Rest {
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(octets: [u8; 4]) -> (ObservationId, u64) {
        let mut all = [7; 16];
        all[..4].copy_from_slice(&octets);
        let [a, b, c, d] = octets;
        (ObservationId::new(all), u64::from_be_bytes([a, b, c, d, 7, 7, 7, 7]))
    }

    #[test]
    fn what_is_put_in_is_found_by_its_id_in_one_go_or_in_several() {
        let all: Vec<[u8; 4]> = (0..=255_u8)
            .flat_map(|n| [[n, 0, n, 1], [n, n, 0, 0], [0, 0, n, n], [255, 255, 255, n]])
            .collect();
        let numbered = || (0..).zip(&all).map(|(number, octets)| (id(*octets).1, number));
        let (mut once, mut often) = (Places::default(), Places::default());
        once.add(numbered());
        for some in numbered().collect::<Vec<_>>().chunks(100) {
            often.add(some.iter().copied());
        }
        for (number, octets) in (0_u32..).zip(&all) {
            let found: Vec<u32> = once.alike(id(*octets).0).collect();
            assert!(found.contains(&number), "{octets:?}");
            assert!(found.iter().all(|at| all[*at as usize] == *octets));
            assert!(often.alike(id(*octets).0).eq(found));
        }
        assert_eq!(once.alike(id([1, 2, 3, 4]).0).next(), None);
        assert_eq!(Places::default().alike(id([0; 4]).0).next(), None);
    }
}
