//! The database: whether it is there, of this program, and whole.

use super::{Checked, State, Teller};
use crate::store::{self, Place, Store, StoreError};
use crate::words::Word;

/// How it stands, and whether it may be read further.
pub(super) fn examine(place: &Place, teller: Teller<'_>) -> (bool, Checked) {
    let subject = Word::DoctorDatabase;
    let shown = place.to_string();
    let examined = match place.server() {
        None => store::examine(place),
        Some(_) => Store::open(place).and_then(|store| store.holds()),
    };
    match examined {
        Err(StoreError::Absent) => {
            let said = teller.lang.fill(Word::DoctorDatabaseAbsent, &[&shown]);
            (false, teller.say(subject, State::Doubtful, said))
        }
        Err(error) => (false, teller.complain(subject, &error.complaint(place))),
        Ok(found) => match found.faults.first() {
            None => {
                let said = teller
                    .lang
                    .fill(Word::DoctorDatabaseGood, &[&shown, &found.observations, &found.books]);
                (true, teller.say(subject, State::Good, said))
            }
            Some(first) => {
                let said = teller.lang.fill(Word::DoctorDatabaseBad, &[&shown, first]);
                (false, teller.say(subject, State::Bad, said))
            }
        },
    }
}
