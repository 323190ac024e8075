//! Of two who change the same thing at once the second is told. What each has seen is held against what
//! holds in the transaction that writes, so that nothing comes between.

/// What has to hold of something, so that it is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Whatever does.
    Any,
    /// Nothing: there is none of its name.
    Nothing,
    /// The version of this number; 0: there never was one.
    Version(i64),
}

impl Seen {
    /// Whether that is so of the newest version: its number, and whether it says something rather than that
    /// the thing was taken out.
    pub(super) const fn is(self, newest: Option<(i64, bool)>) -> bool {
        match (self, newest) {
            (Self::Any, _) | (Self::Nothing, None) => true,
            (Self::Nothing, Some((_, holds))) => !holds,
            (Self::Version(seen), Some((id, _))) => seen == id,
            (Self::Version(seen), None) => seen == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_out_is_a_version_and_is_not_there() {
        let (holds, gone) = (Some((7, true)), Some((8, false)));
        let is = |seen: Seen| [None, holds, gone].map(|newest| seen.is(newest));
        assert_eq!(is(Seen::Any), [true, true, true]);
        assert_eq!(is(Seen::Nothing), [true, false, true]);
        assert_eq!(is(Seen::Version(0)), [true, false, false]);
        assert_eq!(is(Seen::Version(7)), [false, true, false]);
        assert_eq!(is(Seen::Version(8)), [false, false, true]);
    }
}
