//! Stock-taking.

use crate::stocktaking::Outcome;
use crate::words::Word;

/// What was found of a row.
pub const fn outcome(outcome: Outcome) -> Word {
    match outcome {
        Outcome::Unchecked => Word::StocktakingUnchecked,
        Outcome::NotSeen => Word::StocktakingNotSeen,
        Outcome::Missing => Word::StocktakingMissing,
        Outcome::Seen => Word::StocktakingSeen,
        Outcome::Found => Word::StocktakingFound,
    }
}
