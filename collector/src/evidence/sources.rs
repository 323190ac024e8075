//! The observations on which something rests. There are millions of these lists, most of one or two ids, and
//! the many fields of a device rest on the same few of them. So a list is a choice out of a table, takes
//! sixteen octets itself, and those of one device have one table, in which each id stands once ([`share`]).

use std::fmt;
use std::slice;
use std::sync::Arc;

use daicho_common::observation::ObservationId;
use serde::{Serialize, Serializer};

/// Most ids of a table out of which a list is chosen. Of one that has more a list is all of it.
const MOST: usize = u64::BITS as usize;

/// Ids of observations, mostly one or two, ascending, each once.
#[derive(Clone, Default)]
pub struct Sources(Option<Chosen>);

#[derive(Clone)]
struct Chosen {
    /// Ascending.
    table: Arc<Box<[ObservationId]>>,
    /// A bit for each id of the table that is chosen, the lowest for the first; of no meaning where the table
    /// is longer than [`MOST`].
    bits: u64,
}

/// The ids of a list, ascending.
#[derive(Clone, Debug)]
pub enum Iter<'s> {
    /// Those of a table that are chosen.
    Some(&'s [ObservationId], u64),
    /// All of it.
    All(slice::Iter<'s, ObservationId>),
}

impl Sources {
    /// None.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Ids in any order, made ascending, each once.
    pub fn of(ids: impl IntoIterator<Item = ObservationId>) -> Self {
        ids.into_iter().collect::<Vec<_>>().into()
    }

    /// Adds others.
    pub fn add<'s>(&mut self, others: impl IntoIterator<Item = &'s ObservationId>) {
        let all = Self::of(self.iter().copied().chain(others.into_iter().copied()));
        *self = all;
    }

    /// The ids, ascending.
    pub fn iter(&self) -> Iter<'_> {
        match &self.0 {
            None => Iter::Some(&[], 0),
            Some(Chosen { table, .. }) if table.len() > MOST => Iter::All(table.iter()),
            Some(Chosen { table, bits }) => Iter::Some(table, *bits),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether this one is among them.
    pub fn contains(&self, id: &ObservationId) -> bool {
        self.iter().any(|one| one == id)
    }

    /// All of them.
    pub fn to_vec(&self) -> Vec<ObservationId> {
        self.iter().copied().collect()
    }
}

/// Makes these lists choices out of one table, or of a few where they have many ids. None of them says
/// anything else for it.
pub(crate) fn share(lists: Vec<&mut Sources>) {
    let (mut ids, mut some): (Vec<ObservationId>, Vec<&mut Sources>) = (Vec::new(), Vec::new());
    for list in lists.into_iter().filter(|list| (1..=MOST).contains(&list.len())) {
        let before = ids.len();
        for id in list.iter() {
            if !ids.iter().take(before).any(|known| known == id) {
                ids.push(*id);
            }
        }
        if ids.len() > MOST {
            let next = list.to_vec();
            ids.truncate(before);
            choose(std::mem::replace(&mut ids, next), std::mem::take(&mut some));
        }
        some.push(list);
    }
    choose(ids, some);
}

/// Makes these lists choices out of these ids, which are all of theirs.
fn choose(mut ids: Vec<ObservationId>, lists: Vec<&mut Sources>) {
    ids.sort_unstable();
    let table = Arc::new(ids.into_boxed_slice());
    for list in lists {
        let places = list.iter().filter_map(|id| table.binary_search(id).ok());
        let bits = places.fold(0, |bits, place| bits | 1 << place);
        *list = Sources(Some(Chosen { table: Arc::clone(&table), bits }));
    }
}

impl<'s> Iterator for Iter<'s> {
    type Item = &'s ObservationId;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Some(table, bits) => {
                let place = bits.trailing_zeros() as usize;
                *bits &= bits.wrapping_sub(1);
                table.get(place)
            }
            Self::All(all) => all.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match self {
            Self::Some(_, bits) => bits.count_ones() as usize,
            Self::All(all) => all.len(),
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl From<ObservationId> for Sources {
    fn from(id: ObservationId) -> Self {
        vec![id].into()
    }
}

impl From<Vec<ObservationId>> for Sources {
    /// Ids in any order.
    fn from(mut ids: Vec<ObservationId>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        let unused = MOST.saturating_sub(ids.len());
        let bits = u32::try_from(unused).ok().and_then(|unused| u64::MAX.checked_shr(unused));
        let table = || Arc::new(ids.into_boxed_slice());
        Self(bits.map(|bits| Chosen { table: table(), bits }))
    }
}

impl FromIterator<ObservationId> for Sources {
    fn from_iter<I: IntoIterator<Item = ObservationId>>(ids: I) -> Self {
        Self::of(ids)
    }
}

impl<'s> IntoIterator for &'s Sources {
    type Item = &'s ObservationId;
    type IntoIter = Iter<'s>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Sources {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Sources {}

impl<const N: usize> PartialEq<[ObservationId; N]> for Sources {
    fn eq(&self, other: &[ObservationId; N]) -> bool {
        self.iter().eq(other)
    }
}

impl PartialOrd for Sources {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sources {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.iter().cmp(other.iter())
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Sources {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> ObservationId {
        ObservationId::new([number; 16])
    }

    #[test]
    fn a_list_is_the_same_however_it_was_made() {
        assert_eq!(Sources::from(id(1)), Sources::from(vec![id(1)]));
        assert_eq!(Sources::of([id(2), id(1), id(2)]).to_vec(), [id(1), id(2)]);
        assert_eq!(Sources::of([id(1), id(1)]), Sources::from(id(1)));
        let mut list = Sources::new();
        assert!(list.is_empty());
        list.add(&[id(3)]);
        list.add(&[id(3)]);
        list.add(&[id(1), id(3)]);
        assert_eq!(list.to_vec(), [id(1), id(3)]);
        assert_eq!(serde_json::to_value(&list).unwrap(), serde_json::json!([id(1), id(3)]));
    }

    fn table(list: &Sources) -> *const Box<[ObservationId]> {
        Arc::as_ptr(&list.0.as_ref().unwrap().table)
    }

    #[test]
    fn lists_that_are_shared_say_what_they_said_and_each_id_stands_once() {
        let said =
            [vec![id(1), id(3)], vec![id(2)], vec![], vec![id(1), id(2), id(3)], vec![id(3)]];
        let mut lists = said.clone().map(Sources::from);
        share(lists.iter_mut().collect());
        assert!(lists.iter().map(Sources::to_vec).eq(said.clone()));
        assert!(lists.iter().map(Sources::len).eq(said.iter().map(Vec::len)));
        assert!(
            lists.iter().filter(|list| !list.is_empty()).all(|it| table(it) == table(&lists[0]))
        );
        assert_eq!(lists[0].0.as_ref().unwrap().table.len(), 3);
        assert!(lists[0].contains(&id(3)) && !lists[0].contains(&id(2)));
    }

    #[test]
    fn lists_with_many_ids_keep_them_all_in_tables_of_their_own() {
        let run = |from: u8, to: u8| -> Vec<ObservationId> { (from..to).map(id).collect() };
        let said =
            [run(0, 64), run(0, 2), run(60, 70), run(0, 65), run(64, 128), run(3, 3), run(9, 200)];
        let mut lists = said.clone().map(Sources::from);
        share(lists.iter_mut().collect());
        assert!(lists.iter().map(Sources::to_vec).eq(said.clone()));
        assert!(lists.iter().map(Sources::len).eq(said.iter().map(Vec::len)));
        assert_eq!(table(&lists[0]), table(&lists[1]));
        assert_ne!(table(&lists[1]), table(&lists[2]));
    }

    #[test]
    fn a_list_takes_sixteen_octets() {
        assert_eq!(size_of::<Sources>(), 16);
    }
}
