//! The observations on which something rests. Nearly always it is one, and there are millions of these
//! lists, so one id stands in the list itself and takes no memory beside it.

use std::fmt;
use std::ops::Deref;
use std::slice;

use daicho_common::observation::ObservationId;
use serde::{Serialize, Serializer};

/// Ids of observations, mostly one.
#[derive(Clone)]
pub struct Sources(List);

#[derive(Clone)]
enum List {
    One(ObservationId),
    /// None, or more than one.
    Other(Box<[ObservationId]>),
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

impl Default for Sources {
    fn default() -> Self {
        Self(List::Other(Box::default()))
    }
}

impl Deref for Sources {
    type Target = [ObservationId];

    fn deref(&self) -> &[ObservationId] {
        match &self.0 {
            List::One(id) => slice::from_ref(id),
            List::Other(ids) => ids,
        }
    }
}

impl From<ObservationId> for Sources {
    fn from(id: ObservationId) -> Self {
        Self(List::One(id))
    }
}

impl From<Vec<ObservationId>> for Sources {
    fn from(ids: Vec<ObservationId>) -> Self {
        match ids.as_slice() {
            [id] => Self(List::One(*id)),
            _ => Self(List::Other(ids.into())),
        }
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
    fn one_id_takes_no_more_room_than_a_list() {
        assert_eq!(size_of::<Sources>(), size_of::<Vec<ObservationId>>());
    }
}
