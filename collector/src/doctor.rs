//! Looks at a site from outside and says what is wrong and how to mend it: the configuration, the
//! database and the disk it is on, the port, and whether agents still deliver.
//!
//! It changes nothing, asks nobody but this machine, and goes on after whatever it finds, so that one
//! run tells everything.

use daicho_common::complaint::Complaint;
use serde::Serialize;

use crate::clock::{self, Zone};
use crate::config::Config;
use crate::words::{Lang, Word};

mod database;
mod disk;
mod door;
mod feed;
mod secrets;

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Good,
    /// It works, and somebody should look at it.
    Doubtful,
    /// It does not work, or will not for long.
    Bad,
}

impl State {
    /// The state as a word.
    pub const fn word(self) -> Word {
        match self {
            Self::Good => Word::DoctorGood,
            Self::Doubtful => Word::DoctorDoubtful,
            Self::Bad => Word::DoctorBad,
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// What was looked at, in the reader's language.
    pub subject: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found and, unless all is well, what to do: a sentence in the reader's language.
    pub said: String,
}

/// What is said, and to whom.
#[derive(Clone, Copy, Debug)]
struct Teller<'a> {
    lang: Lang,
    zone: &'a Zone,
}

impl Teller<'_> {
    fn say(self, subject: Word, state: State, said: String) -> Checked {
        Checked { subject: self.lang.say(subject), state, said }
    }

    fn complain(self, subject: Word, complaint: &Complaint) -> Checked {
        let said = match self.lang {
            Lang::Ja => complaint.ja.clone(),
            Lang::En => complaint.en.clone(),
        };
        self.say(subject, State::Bad, said)
    }
}

/// Looks at everything, in the order in which things depend on each other.
pub fn examine(config: &Config, lang: Lang) -> Vec<Checked> {
    let teller = Teller { lang, zone: &config.zone };
    let mut all = vec![knowledge(config, teller)];
    all.extend(disk::examine(&config.database, teller));
    let (sound, found) = database::examine(&config.database, teller);
    all.push(found);
    all.push(door::examine(config.listen, teller));
    all.extend(secrets::examine(config, sound, teller));
    if sound {
        all.extend(feed::examine(&config.database, clock::now(), teller));
    }
    all
}

/// Whether the disk of a database has no room for more.
pub fn is_full(database: &std::path::Path) -> bool {
    disk::is_full(database)
}

/// What devices are known by and what the hospital decided: files that the configuration names.
fn knowledge(config: &Config, teller: Teller<'_>) -> Checked {
    match crate::ingest::criteria(config) {
        Ok(_) => {
            let said = teller.lang.say(Word::DoctorConfigurationGood).to_owned();
            teller.say(Word::DoctorConfiguration, State::Good, said)
        }
        Err(complaint) => teller.complain(Word::DoctorConfiguration, &complaint),
    }
}

#[cfg(test)]
mod tests;
