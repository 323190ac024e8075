//! The ground facts, append-only, in one SQLite file: what agents delivered and the books of record
//! as imported. Everything else is derived from them and kept nowhere.
//!
//! One thread owns the only connection that writes, so writers in one process queue instead of
//! colliding; pages read through a connection of their own, which WAL lets run beside the writer.
//! Every delivery and every import is one transaction: whole, or not there at all.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::ledger::Ledger;
use crate::ledger::edit::Wish;
use crate::ledger::profile::Profile;
use crate::ledger::rebase::Prefer;
use crate::ledger::step::Step;
use crate::register::{Kind, Register};
use daicho_common::batch::{AgentKey, Opened};
use daicho_common::time::Timestamp;
use sql::{Connection, Purpose};

mod agents;
mod accounts;
mod audit;
mod books;
mod decisions;
mod changes;
mod deliveries;
mod error;
mod ground;
mod jobs;
mod migrate;
mod notices;
mod place;
mod registers;
mod safety;
mod roll;
mod schema;
mod secrets;
mod seen;
mod server;
mod sessions;
mod settings;
mod sites;
mod snapshots;
mod stocktakings;
mod sql;
mod stops;
mod subjects;
mod tokens;
mod views;
mod writer;

pub use accounts::{BadAccount, Listed, NewAccount, NewState};
pub use agents::{
    Agent, Aside, Caller as CallingAgent, Enrolled, NewCertificate, NewInvitation, Saying,
};
pub use audit::By;
pub use books::{Held, Imported, NewBook, Preview};
pub use changes::{Cause, Change, Edit};
pub use decisions::{Known, NewDecision};
pub use deliveries::{Appended, Trusted};
pub use error::StoreError;
pub(crate) use error::other_key;
pub use ground::{Book, Ground, Scan};
pub use jobs::{Job, Kept as KeptSchedule, NewJob, State as JobState};
pub use migrate::{Moved, fetch, migrate};
pub use notices::{NoticeState, Notified, Outgoing};
pub use place::Place;
pub use registers::{Before, Touched, Version};
pub use roll::{Admissions, Jobs};
pub use safety::{Delivered, Examined, Restored, examine, restore};
pub use secrets::{KeptSecret, Sealed};
pub use seen::Seen;
pub use server::{Fault, Server};
pub use sessions::{Caller, Session};
pub use settings::{KeptSetting, NewSetting, TakenOut};
pub use sites::{BadSite, Site as OtherSite, SiteSnapshot};
pub use snapshots::Taken;
pub use sql::Error as DatabaseError;
pub use stocktakings::BadRound;
pub use subjects::{Linked, Subject};
pub use tokens::{NewToken, Token};
pub use views::{NewView, SavedView};

/// The database. Dropping it waits for the writer to finish.
#[derive(Debug)]
pub struct Store {
    place: Place,
    reader: Mutex<Connection>,
    writer: writer::Writer,
}

impl Store {
    /// Opens the database, making it if there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn open(place: impl Into<Place>) -> Result<Self, StoreError> {
        let place = place.into();
        if !place.exists() {
            // SQLite takes an empty file for a new database, and makes its log as private.
            crate::private::create(&place)?;
        }
        let connection = place.connection(Purpose::Write)?;
        schema::check(&connection)?;
        connection.prepare_to_write()?;
        schema::bring_forward(&connection)?;
        let writer = writer::Writer::start(connection);
        let reader = Mutex::new(reader(&place)?);
        Ok(Self { place, reader, writer })
    }

    /// Opens a database that is there already.
    ///
    /// # Errors
    /// [`StoreError::Absent`] if there is none; else see [`StoreError`].
    pub fn open_existing(place: impl Into<Place>) -> Result<Self, StoreError> {
        let place = place.into();
        if place.exists() { Self::open(place) } else { Err(StoreError::Absent) }
    }

    /// The file; of a database on a server, where it would be: what belongs to this collector alone
    /// stands beside it.
    pub fn path(&self) -> &Path {
        &self.place
    }

    /// Where it is.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Appends the batches, all or none. A batch that is there already changes nothing.
    ///
    /// # Errors
    /// [`StoreError::OtherKey`] if an agent is held to another key; else see [`StoreError`].
    pub fn append(
        &self,
        batches: Vec<Opened>,
        received_at: Timestamp,
    ) -> Result<Vec<Appended>, StoreError> {
        self.writer.write(move |tx| {
            batches.iter().map(|opened| deliveries::append(tx, opened, received_at)).collect()
        })
    }

    /// Holds an agent to a key from now on; who said so is kept.
    pub fn trust(
        &self,
        agent: String,
        key: AgentKey,
        (by, at): (String, Timestamp),
    ) -> Result<Trusted, StoreError> {
        self.writer.write(move |tx| deliveries::trust(tx, &agent, key, (&by, at)))
    }

    /// Agents and how they are let in.
    pub const fn admissions(&self) -> Admissions<'_> {
        Admissions(self)
    }

    /// Schedules and jobs.
    pub const fn jobs(&self) -> Jobs<'_> {
        Jobs(self)
    }

    /// Notes that somebody wants the scan of this agent to end. Returns whether the agent has sent
    /// anything yet.
    pub fn stop(&self, agent: String, by: impl Into<By>) -> Result<bool, StoreError> {
        let by = by.into();
        self.writer.write(move |tx| {
            jobs::stop(tx, &agent, by.said())?;
            stops::stop(tx, &agent, &by)
        })
    }

    /// A number that grows whenever somebody wants the scan of this agent to end.
    pub fn stops(&self, agent: &str) -> Result<u64, StoreError> {
        stops::stops(&self.read(), agent)
    }

    /// Keeps a book of record as imported; the newest of a name holds, the earlier ones are history.
    ///
    /// # Errors
    /// As [`Store::import_for`], where what conflicts is refused.
    pub fn import(&self, book: NewBook) -> Result<Imported, StoreError> {
        Ok(self.import_for(book, String::new(), None)?.imported)
    }

    /// As [`Store::import`], with why it is imported, and which side holds where the book and changes
    /// beside its earlier version say different things. What changed is kept as history.
    ///
    /// # Errors
    /// [`StoreError::Conflicts`] if there are such and no side was preferred; else see
    /// [`StoreError`].
    pub fn import_for(
        &self,
        book: NewBook,
        why: String,
        prefer: Option<Prefer>,
    ) -> Result<Preview, StoreError> {
        self.import_from(book, (why, prefer), String::new())
    }

    /// As [`Store::import_for`], from this address.
    ///
    /// # Errors
    /// As [`Store::import_for`].
    pub fn import_from(
        &self,
        book: NewBook,
        (why, prefer): (String, Option<Prefer>),
        address: String,
    ) -> Result<Preview, StoreError> {
        self.writer.write(move |tx| books::import(tx, &book, (&why, prefer), &address))
    }

    /// What importing a book would change. Nothing is written.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn preview(
        &self,
        name: &str,
        octets: &[u8],
        ledger: &Ledger,
        prefer: Option<Prefer>,
    ) -> Result<Preview, StoreError> {
        let connection = reader(&self.place)?;
        if books::is_known(&connection, &books::digest(octets), &books::text(ledger)?)? {
            let mut known = books::preview(None, &Ledger::default(), &books::columns()?, prefer);
            known.imported = Imported::AlreadyKnown;
            return Ok(known);
        }
        let earlier = books::current(&connection, name)?;
        Ok(books::preview(earlier.as_ref(), ledger, &books::columns()?, prefer))
    }

    /// Changes the ledger in place, beside the book, and keeps who, when and why. Returns the steps
    /// that this took; none if all was so already.
    ///
    /// # Errors
    /// [`StoreError::Edit`] if the ledger cannot be changed so; else see [`StoreError`].
    pub fn edit(&self, edit: Edit) -> Result<Vec<Step>, StoreError> {
        self.writer.write(move |tx| changes::edit(tx, &edit))
    }

    /// Makes changes of the ledger and keeps records beside it, all of them or none. Returns how many
    /// steps the changes came to, and what became of the records.
    ///
    /// # Errors
    /// As [`Self::edit`].
    pub fn take_over(
        &self,
        wishes: Vec<Wish>,
        register: Register,
        (by, why): (By, String),
    ) -> Result<(usize, Touched), StoreError> {
        self.writer.write(move |tx| {
            let mut steps = 0;
            for wish in wishes {
                let edit = Edit { wish, by: by.clone(), why: why.clone() };
                steps += changes::edit(tx, &edit)?.len();
            }
            Ok((steps, registers::keep(tx, &register, (&by, &why))?))
        })
    }

    /// Every change of the ledger, or those of one row, in the order in which they were made.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn history(&self, key: Option<&str>) -> Result<Vec<Change>, StoreError> {
        changes::history(&reader(&self.place)?, key)
    }

    /// The latest changes of the row that is known by just this key ([`crate::ledger::step::key`]), the
    /// latest first, at most so many.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn latest_changes(&self, key: &str, most: usize) -> Result<Vec<Change>, StoreError> {
        changes::latest(&self.read(), key, most)
    }

    /// What people said that columns mean.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn profiles(&self) -> Result<Vec<Profile>, StoreError> {
        changes::profiles(&self.read())
    }

    /// Keeps what a person said that columns mean, for every later import; returns how many were
    /// new.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn keep_profiles(
        &self,
        profiles: Vec<Profile>,
        by: impl Into<By>,
        why: String,
    ) -> Result<usize, StoreError> {
        let by = by.into();
        self.writer.write(move |tx| changes::keep_profiles(tx, &profiles, (&by, &why)))
    }

    /// What stands beside the ledger, as it holds.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn register(&self) -> Result<Register, StoreError> {
        registers::read(&self.read())
    }

    /// Keeps records beside the ledger, all or none; one of the same kind and name is replaced, and
    /// stays as history.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn keep_register(
        &self,
        register: Register,
        by: impl Into<By>,
        why: String,
    ) -> Result<Touched, StoreError> {
        let by = by.into();
        self.writer.write(move |tx| registers::keep(tx, &register, (&by, &why)))
    }

    /// Takes a record out; its versions stay as history. Returns whether it was there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn remove_record(
        &self,
        kind: Kind,
        id: String,
        by: impl Into<By>,
        why: String,
    ) -> Result<bool, StoreError> {
        let by = by.into();
        self.writer.write(move |tx| registers::remove(tx, kind, &id, (&by, &why)))
    }

    /// Keeps a record if it is still as it was before. Returns whether anything was changed; `None` if it
    /// was not as before, and nothing was.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn keep_register_as(
        &self,
        register: Register,
        before: Before,
        by: By,
        why: String,
    ) -> Result<Option<bool>, StoreError> {
        self.writer.write(move |tx| {
            let records = register.records();
            for record in &records {
                if !registers::is_as(tx, (record.kind(), record.id()), &before)? {
                    return Ok(None);
                }
            }
            let touched = registers::keep(tx, &register, (&by, &why))?;
            Ok(Some(touched.new + touched.replaced > 0))
        })
    }

    /// Takes a record out if it is still as it was `before`, as [`Self::keep_register_as`].
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn remove_record_as(
        &self,
        (kind, id): (Kind, String),
        before: Before,
        by: By,
        why: String,
    ) -> Result<Option<bool>, StoreError> {
        self.writer.write(move |tx| {
            if !registers::is_as(tx, (kind, &id), &before)? {
                return Ok(None);
            }
            registers::remove(tx, kind, &id, (&by, &why)).map(Some)
        })
    }

    /// Every version of every record, or of those of this name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn register_history(&self, id: Option<&str>) -> Result<Vec<Version>, StoreError> {
        registers::history(&reader(&self.place)?, id)
    }

    /// The current books as imported, each with the ledger that it is with all edits, in order of
    /// name. The lists in them are not joined.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn books(&self) -> Result<Vec<books::Held>, StoreError> {
        books::held(&reader(&self.place)?)
    }

    /// Keeps what people said, all or nothing, and returns the number of each decision.
    pub fn decide(&self, decisions: Vec<NewDecision>) -> Result<Vec<u64>, StoreError> {
        self.writer.write(move |tx| decisions::add(tx, &decisions))
    }

    /// The same, if nobody has said anything else of a finding than what is `known` of it. `None` if
    /// somebody has; then nothing is kept.
    pub fn decide_as(
        &self,
        decisions: Vec<NewDecision>,
        known: Known,
    ) -> Result<Option<Vec<u64>>, StoreError> {
        self.writer.write(move |tx| {
            if decisions::is_known(tx, &known)? {
                decisions::add(tx, &decisions).map(Some)
            } else {
                Ok(None)
            }
        })
    }

    /// A number that grows with every change of what is kept, whichever process made it.
    pub fn revision(&self) -> Result<u64, StoreError> {
        ground::revision(&self.read())
    }

    fn read(&self) -> std::sync::MutexGuard<'_, Connection> {
        // A reader that panicked left no half-made change behind.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reader(place: &Place) -> Result<Connection, StoreError> {
    Ok(place.connection(Purpose::Read)?)
}

#[cfg(test)]
impl Store {
    /// Does `both` at once: each has read all that it reads before either writes. Neither may write before
    /// it has read. Returns what they came to.
    pub(crate) fn at_once<T: Send>(&self, both: [&(dyn Fn() -> T + Sync); 2]) -> [T; 2] {
        use std::thread::ScopedJoinHandle;

        let held = self.writer.hold();
        let before = self.writer.asked();
        std::thread::scope(|scope| {
            let both = both.map(|one| scope.spawn(one));
            // One that ends without writing anything is for the test to find.
            while self.writer.asked() < before + 2
                && !both.iter().any(ScopedJoinHandle::is_finished)
            {
                std::thread::yield_now();
            }
            drop(held);
            both.map(|one| one.join().unwrap())
        })
    }
}

/// Holds a database as another program does that writes, until it is dropped.
#[cfg(test)]
pub(crate) fn hold_for_test(path: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[cfg(test)]
pub(crate) mod fresh;
#[cfg(test)]
mod tests;
