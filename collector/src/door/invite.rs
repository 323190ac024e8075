//! One-time codes, issued on the command line and on pages.

use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::enrolment::Code;
use daicho_common::time::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

use super::authority::Authority;
use crate::store::{By, NewInvitation, Store};

/// Longest name of an agent, in characters.
const NAME: usize = 64;

/// Issues a code with which an agent of this name may enrol once; returns until when it holds. An earlier
/// one of the same agent no longer holds.
///
/// # Errors
/// A complaint if the name cannot be one, if there are no random numbers, or if the CA or the store
/// cannot be used.
pub fn invite(
    store: &Store,
    (name, span): (&str, Duration),
    by: By,
) -> Result<(Code, Timestamp), Complaint> {
    let fits = (1..=NAME).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control);
    if !fits {
        return Err(Complaint::new(
            Exit::Usage,
            format!(
                "エージェントの名前 {name:?} は使えません。前後に空白のない 1～{NAME} 文字にしてください"
            ),
            format!(
                "an agent cannot be called {name:?}: give 1 to {NAME} characters without outer spaces"
            ),
        ));
    }
    let authority = Authority::beside(store.path(), by.at)?;
    let mut secret = [0; 10];
    SystemRandom::new().fill(&mut secret).map_err(|_| {
        Complaint::new(
            Exit::Other,
            "乱数が得られません。システムを再起動してください",
            "the system has no random numbers: restart it",
        )
    })?;
    let code = Code { secret, ca: authority.fingerprint() };
    let until = by.at.after(span);
    let new = NewInvitation { agent: name.to_owned(), code: code.kept(), until };
    let kept = store.admissions().invite(new, by);
    kept.map_err(|error| error.complaint(store.path()))?;
    Ok((code, until))
}
