//! What was said when, as numbers: the fact and the time of each sighting, as differences from the one
//! before. Neighbours are alike, so that it takes some five octets where twelve would stand.

use super::leb128::{put_signed, take_signed};

/// Sightings from one mark to the next.
const STRIDE: usize = 32;

/// A sighting: the number of its fact, and when it was.
pub(super) type Sighting = (u32, i64);

/// Sightings in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Sightings {
    octets: Vec<u8>,
    marks: Vec<Mark>,
    last: Sighting,
    count: usize,
}

/// From where one can begin to read.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Where the octets begin.
    from: usize,
    /// The sighting before.
    before: Sighting,
}

/// Where somebody read last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// The number of the next sighting; 0: nothing was read.
    next: usize,
    from: usize,
    last: Sighting,
}

impl Sightings {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Puts one behind the others.
    pub(super) fn push(&mut self, (fact, at): Sighting) {
        let before = self.last;
        if self.count.is_multiple_of(STRIDE) {
            self.marks.push(Mark { from: self.octets.len(), before });
        }
        put_signed(&mut self.octets, i64::from(fact) - i64::from(before.0));
        put_signed(&mut self.octets, at.wrapping_sub(before.1));
        self.last = (fact, at);
        self.count += 1;
    }

    /// The one of this number.
    pub(super) fn get(&self, number: usize) -> Option<Sighting> {
        self.read(number, &mut Reading::default())
    }

    /// The same for somebody who reads one after the other.
    pub(super) fn read(&self, number: usize, reading: &mut Reading) -> Option<Sighting> {
        if number >= self.count {
            return None;
        }
        let begin = number - number % STRIDE;
        if !(begin.max(1)..=number).contains(&reading.next) {
            let Mark { from, before } = *self.marks.get(number / STRIDE)?;
            *reading = Reading { next: begin, from, last: before };
        }
        while reading.next <= number {
            let mut octets = self.octets.get(reading.from..)?;
            let all = octets.len();
            let fact = i64::from(reading.last.0) + take_signed(&mut octets)?;
            let at = reading.last.1.wrapping_add(take_signed(&mut octets)?);
            reading.last = (u32::try_from(fact).ok()?, at);
            reading.from += all - octets.len();
            reading.next += 1;
        }
        Some(reading.last)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sighting_is_found_by_its_number_in_whatever_order_one_asks(
            seen in prop::collection::vec((any::<u32>(), any::<i64>()), 1..200),
            asked in prop::collection::vec(0_usize..210, 0..100),
        ) {
            let mut sightings = Sightings::default();
            for one in &seen {
                sightings.push(*one);
            }
            prop_assert_eq!(sightings.len(), seen.len());
            let mut reading = Reading::default();
            for number in (0..seen.len()).chain(asked) {
                let expected = seen.get(number).copied();
                prop_assert_eq!(sightings.read(number, &mut reading), expected);
                prop_assert_eq!(sightings.get(number), expected);
            }
        }
    }
}
