//! What stands beside the ledger, in words.

use daicho_common::text::Text;

use super::{Lang, Word};
use crate::register::check::Wrong;

/// What is wrong with a record, in one sentence.
pub fn flaw(lang: Lang, wrong: &Wrong) -> String {
    let fill = |word, name: &String| lang.fill(word, &[&Text::clean(name)]);
    match wrong {
        Wrong::NameTwice => lang.say(Word::FlawNameTwice).to_owned(),
        Wrong::NoName => lang.say(Word::FlawNoName).to_owned(),
        Wrong::NoSuchParty(name) => fill(Word::FlawNoSuchParty, name),
        Wrong::NoSuchContract(name) => fill(Word::FlawNoSuchContract, name),
        Wrong::NoSuchRow(name) => fill(Word::FlawNoSuchRow, name),
        Wrong::EndsBeforeBegin => lang.say(Word::FlawEndsBeforeBegin).to_owned(),
        Wrong::AnsweredBeforeAsked(name) => fill(Word::FlawAnsweredBeforeAsked, name),
        Wrong::NotTheDirectContractor(name) => fill(Word::FlawNotTheDirectContractor, name),
        Wrong::AskedPastAnother(name) => fill(Word::FlawAskedPastAnother, name),
        Wrong::NoSafetyManager => lang.say(Word::FlawNoSafetyManager).to_owned(),
        Wrong::NoWay => lang.say(Word::FlawNoWay).to_owned(),
        Wrong::NotForRemoteMaintenance(name) => fill(Word::FlawNotForRemoteMaintenance, name),
        Wrong::NoMeasure => lang.say(Word::FlawNoMeasure).to_owned(),
        Wrong::NoNetwork => lang.say(Word::FlawNoNetwork).to_owned(),
        Wrong::NobodyForTheLog => lang.say(Word::FlawNobodyForTheLog).to_owned(),
        Wrong::WrongGiver(name) => fill(Word::FlawWrongGiver, name),
        Wrong::SignedOutOfOrder => lang.say(Word::FlawSignedOutOfOrder).to_owned(),
    }
}
