//! Observations as the table `seen` keeps them: some thousands of a batch in a row. What was seen is said
//! again and again, by the hundred million; a row for each would be in memory, on the disk and in an index
//! what a few octets say.
//!
//! The octets of a row: for each observation, ascending by the number of its fact and then by time, how
//! much that number is larger than the one before (unsigned LEB128; the first from 0), and by how much its
//! time differs from the one before (signed, folded into unsigned as 0, -1, 1, -2 …; the first from the
//! first of all times of the row).

use crate::archive::leb128::{put, put_signed, take, take_signed};
use crate::store::StoreError;
use crate::store::sql::{Connection, Row, params};

/// Observations of a row at most.
pub(in crate::store) const PART: usize = 8192;

/// An observation: the number of what it says, and when.
pub(in crate::store) type Seen = (i64, i64);

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Packed {
    since: i64,
    until: i64,
    observations: i64,
    octets: Vec<u8>,
}

impl Packed {
    /// Packs observations, which are ascending, each once. None if there are none.
    pub(in crate::store) fn of(seen: &[Seen]) -> Option<Self> {
        let times = || seen.iter().map(|(_, at)| *at);
        let (since, until) = (times().min()?, times().max()?);
        let mut octets = Vec::with_capacity(seen.len() * 4);
        let mut last = (0, since);
        for &(fact, at) in seen {
            put(&mut octets, fact.wrapping_sub(last.0).cast_unsigned());
            put_signed(&mut octets, at.wrapping_sub(last.1));
            last = (fact, at);
        }
        let observations = i64::try_from(seen.len()).unwrap_or(i64::MAX);
        Some(Self { since, until, observations, octets })
    }

    /// Keeps it as a part of this batch.
    pub(in crate::store) fn insert(self, tx: &Connection, batch: i64) -> Result<(), StoreError> {
        let text = "INSERT INTO seen (batch, since, until, observations, octets)
                    VALUES ($1, $2, $3, $4, $5)";
        let Self { since, until, observations, octets } = self;
        tx.prepare_cached(text)?.execute(params![batch, since, until, observations, octets])?;
        Ok(())
    }

    /// Puts it in place of what this row was.
    pub(in crate::store) fn replace(self, tx: &Connection, row: i64) -> Result<(), StoreError> {
        let text = "UPDATE seen SET since = $1, until = $2, observations = $3, octets = $4
                    WHERE id = $5";
        let Self { since, until, observations, octets } = self;
        tx.prepare_cached(text)?.execute(params![since, until, observations, octets, row])?;
        Ok(())
    }
}

/// What stands in a row of which the columns `since, octets` were selected first.
///
/// # Errors
/// [`StoreError::Row`] if it cannot be read.
pub(in crate::store) fn read(row: &Row<'_>, each: impl FnMut(Seen)) -> Result<(), StoreError> {
    let octets = row.get_ref(1)?;
    let octets = octets.as_blob().ok();
    let read = octets.and_then(|octets| unpack(row.get(0).ok()?, octets, each));
    read.ok_or(StoreError::Row { table: "seen" })
}

/// None if it cannot be read.
fn unpack(since: i64, mut octets: &[u8], mut each: impl FnMut(Seen)) -> Option<()> {
    let mut last = (0_i64, since);
    while !octets.is_empty() {
        let fact = take(&mut octets)?.cast_signed();
        let step = take_signed(&mut octets)?;
        last = (last.0.wrapping_add(fact), last.1.wrapping_add(step));
        each(last);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unpacked(packed: &Packed) -> Vec<Seen> {
        let mut seen = Vec::new();
        unpack(packed.since, &packed.octets, |one| seen.push(one)).unwrap();
        seen
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_again(
            seen in prop::collection::btree_set((1..=i64::MAX, any::<i64>()), 1..200),
        ) {
            let seen: Vec<Seen> = seen.into_iter().collect();
            let packed = Packed::of(&seen).unwrap();
            prop_assert_eq!(unpacked(&packed), seen.clone());
            prop_assert_eq!(packed.observations, i64::try_from(seen.len()).unwrap());
            prop_assert!(seen.iter().all(|(_, at)| (packed.since..=packed.until).contains(at)));
        }

        #[test]
        fn octets_that_nobody_packed_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut count = 0;
            let _ = unpack(0, &octets, |_| count += 1);
            prop_assert!(count * 2 <= octets.len());
        }
    }

    #[test]
    fn what_one_device_says_within_a_second_takes_four_octets_each() {
        let seen: Vec<Seen> =
            (0..1000).map(|n| (5000 + n, 1_700_000_000_000_000 + n * 997)).collect();
        assert!(Packed::of(&seen).unwrap().octets.len() < 4 * 1000);
        assert_eq!(Packed::of(&[]), None);
    }

    #[test]
    fn what_breaks_off_is_not_read() {
        let packed = Packed::of(&[(300, 5), (301, 9_000)]).unwrap();
        let cut = &packed.octets[..packed.octets.len() - 1];
        assert_eq!(unpack(packed.since, cut, |_| ()), None);
        assert_eq!(unpack(0, &[0x80; 11], |_| ()), None);
    }
}
