//! How many wrong codes may be tried: a code has eighty random bits, so that guessing is hopeless in any
//! case, and this keeps it from costing anything.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use daicho_common::time::Timestamp;

/// The span over which is counted: a minute, in microseconds.
const SPAN: i64 = 60_000_000;
/// Wrong codes from one address in a span.
const FROM_ONE: u32 = 5;
/// Wrong codes from all addresses in a span.
const FROM_ALL: u32 = 100;

/// The wrong codes of the present span.
#[derive(Debug, Default)]
pub(super) struct Guesses(Mutex<Span>);

#[derive(Debug, Default)]
struct Span {
    began: i64,
    all: u32,
    /// At most as many as there are wrong codes.
    by_address: HashMap<IpAddr, u32>,
}

impl Guesses {
    /// Whether a code from this address is looked at.
    pub(super) fn may_try(&self, from: IpAddr, now: Timestamp) -> bool {
        let mut span = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was put back begins a span too.
        if !(0..SPAN).contains(&(now.micros().saturating_sub(span.began))) {
            *span = Span { began: now.micros(), ..Span::default() };
        }
        span.all < FROM_ALL && span.by_address.get(&from).is_none_or(|count| *count < FROM_ONE)
    }

    /// Notes a wrong code.
    pub(super) fn wrong(&self, from: IpAddr) {
        let mut span = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        span.all += 1;
        *span.by_address.entry(from).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_five_wrong_codes_a_minute_and_others_are_not_held_to_it() {
        let (guesses, at) = (Guesses::default(), Timestamp::from_micros(5 * SPAN));
        let [one, other] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(IpAddr::from);
        for _ in 0..FROM_ONE {
            assert!(guesses.may_try(one, at));
            guesses.wrong(one);
        }
        assert!(!guesses.may_try(one, at) && guesses.may_try(other, at));
        assert!(guesses.may_try(one, Timestamp::from_micros(6 * SPAN)), "the next minute");
        (0..FROM_ALL).for_each(|_| guesses.wrong(one));
        assert!(!guesses.may_try(other, Timestamp::from_micros(6 * SPAN)));
        assert!(
            guesses.may_try(one, Timestamp::from_micros(2 * SPAN)),
            "a clock that was put back"
        );
    }
}
