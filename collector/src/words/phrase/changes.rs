//! What changes in a ledger, in words.

use daicho_common::text::Text;

use super::{field, place};
use crate::ledger::diff::Kind;
use crate::ledger::profile::Why;
use crate::ledger::rebase::Conflict;
use crate::ledger::step::Step;
use crate::words::{Lang, Word};

fn one_line(text: &str) -> String {
    Text::clean(text).as_str().to_owned()
}

/// What became of a row.
pub const fn kind(kind: Kind) -> Word {
    match kind {
        Kind::Added => Word::ChangesAdded,
        Kind::Changed => Word::ChangesChanged,
        Kind::Retired => Word::ChangesRetired,
        Kind::Removed => Word::ChangesRemoved,
    }
}

/// One change of a row.
pub fn step(lang: Lang, step: &Step) -> String {
    match step {
        Step::Added { cells, .. } => {
            format!("{} {}", lang.say(Word::ChangesAdded), one_line(&cells.join(" | ")))
        }
        Step::Removed { cells, .. } => {
            format!("{} {}", lang.say(Word::ChangesRemoved), one_line(&cells.join(" | ")))
        }
        Step::Cell { heading, before, after, .. } => {
            let (before, after) = (one_line(before), one_line(after));
            format!("{}: {before:?} → {after:?}", one_line(heading))
        }
        Step::Struck { struck: true, .. } => lang.say(Word::ChangesStruck).to_owned(),
        Step::Struck { struck: false, .. } => lang.say(Word::ChangesUnstruck).to_owned(),
        Step::Moved { from, .. } => {
            let from = one_line(&place(lang, from));
            lang.fill(Word::ChangesMoved, &[&from])
        }
    }
}

/// Both sides of a contradiction.
pub fn conflict(lang: Lang, conflict: &Conflict) -> String {
    let place = one_line(&place(lang, &conflict.place));
    let (heading, base) = (one_line(&conflict.heading), one_line(&conflict.base));
    let edited = one_line(&conflict.edited);
    let nothing = lang.say(Word::ChangesNoSuch).to_owned();
    let book = conflict.book.as_ref().map_or(nothing, |book| format!("{:?}", one_line(book)));
    lang.fill(Word::ChangesConflict, &[&place, &heading, &base, &edited, &book])
}

/// Why a column is proposed to mean what it means.
pub fn proposed(lang: Lang, why: Why) -> String {
    let word = match why {
        Why::Profile => Word::ProposalProfile,
        Why::Heading => Word::ProposalHeading,
        Why::PartOfHeading => Word::ProposalPart,
        Why::Weak => Word::ProposalWeak,
        Why::GaveWay => Word::ProposalGaveWay,
        Why::Cells(of) => return lang.fill(Word::ProposalCells, &[&lang.say(field(of))]),
        Why::Unknown => Word::ProposalUnknown,
    };
    lang.say(word).to_owned()
}
