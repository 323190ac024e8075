//! The observations on which something rests. There are millions of these lists, most of one or two ids, and
//! the many fields of a device rest on the same few of them. So a list is a stretch of a table, takes sixteen
//! octets itself, and those of one device have one table ([`share`]).

use std::fmt;
use std::ops::Deref;
use std::slice;
use std::sync::Arc;

use daicho_common::observation::ObservationId;
use serde::{Serialize, Serializer};

/// Lists among which one is looked for that is the same.
const LOOKED_AT: usize = 64;

/// Ids of observations, mostly one or two.
#[derive(Clone, Default)]
pub struct Sources(Option<Stretch>);

#[derive(Clone)]
struct Stretch {
    table: Arc<Box<[ObservationId]>>,
    from: u32,
    length: u32,
}

impl Sources {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ids in any order, made ascending, each once.
    pub fn of(ids: impl IntoIterator<Item = ObservationId>) -> Self {
        let mut ids: Vec<ObservationId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into()
    }

    /// Adds others; all are ascending then, each once.
    pub fn add<'s>(&mut self, others: impl IntoIterator<Item = &'s ObservationId>) {
        let all = Self::of(self.iter().copied().chain(others.into_iter().copied()));
        *self = all;
    }
}

/// Makes stretches of one table of these lists, in which what is the same stands once. None of them is
/// longer or shorter for it.
pub(crate) fn share(lists: Vec<&mut Sources>) {
    let mut ids: Vec<ObservationId> = Vec::new();
    let mut known: Vec<(usize, usize)> = Vec::new();
    let mut shared = Vec::with_capacity(lists.len());
    for list in lists.into_iter().filter(|list| !list.is_empty()) {
        let same = |(from, to): &&(usize, usize)| ids.get(*from..*to) == Some(&**list);
        let place = known.iter().rev().take(LOOKED_AT).find(same).copied();
        let place = place.unwrap_or_else(|| {
            let from = ids.len();
            ids.extend_from_slice(list);
            known.push((from, ids.len()));
            (from, ids.len())
        });
        shared.push((list, place));
    }
    let table = Arc::new(ids.into_boxed_slice());
    for (list, (from, to)) in shared {
        if let (Ok(from), Ok(length)) = (u32::try_from(from), u32::try_from(to - from)) {
            *list = Sources(Some(Stretch { table: Arc::clone(&table), from, length }));
        }
    }
}

impl Deref for Sources {
    type Target = [ObservationId];

    fn deref(&self) -> &[ObservationId] {
        let stretch = self.0.as_ref().and_then(|Stretch { table, from, length }| {
            table.get(*from as usize..)?.get(..*length as usize)
        });
        stretch.unwrap_or_default()
    }
}

impl From<ObservationId> for Sources {
    fn from(id: ObservationId) -> Self {
        vec![id].into()
    }
}

impl From<Vec<ObservationId>> for Sources {
    fn from(ids: Vec<ObservationId>) -> Self {
        let length = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let table = || Arc::new(ids.into_boxed_slice());
        Self((length > 0).then(|| Stretch { table: table(), from: 0, length }))
    }
}

impl FromIterator<ObservationId> for Sources {
    fn from_iter<I: IntoIterator<Item = ObservationId>>(ids: I) -> Self {
        ids.into_iter().collect::<Vec<_>>().into()
    }
}

impl<'s> IntoIterator for &'s Sources {
    type Item = &'s ObservationId;
    type IntoIter = slice::Iter<'s, ObservationId>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Sources {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Sources {}

impl<const N: usize> PartialEq<[ObservationId; N]> for Sources {
    fn eq(&self, other: &[ObservationId; N]) -> bool {
        **self == *other
    }
}

impl PartialOrd for Sources {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sources {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (**self).cmp(&**other)
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

    #[test]
    fn lists_that_are_shared_say_what_they_said_and_those_that_are_the_same_are_one() {
        let said = [vec![id(1), id(2)], vec![id(3)], vec![], vec![id(1), id(2)], vec![id(1)]];
        let mut lists = said.clone().map(Sources::from);
        share(lists.iter_mut().collect());
        assert!(lists.iter().map(|list| list.to_vec()).eq(said));
        assert_eq!(lists[0].as_ptr(), lists[3].as_ptr());
        assert_eq!(lists[0].as_ptr_range().end, lists[1].as_ptr());
    }

    #[test]
    fn a_list_takes_sixteen_octets() {
        assert_eq!(size_of::<Sources>(), 16);
    }
}
