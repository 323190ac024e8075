//! The ground facts, append-only, in one SQLite file: what agents delivered and the books of record
//! as imported. Everything else is derived from them and kept nowhere.
//!
//! One thread owns the only connection that writes, so writers in one process queue instead of
//! colliding; pages read through a connection of their own, which WAL lets run beside the writer.
//! Every delivery and every import is one transaction: whole, or not there at all.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use daicho_common::batch::{AgentKey, Opened};
use daicho_common::complaint::{Complaint, Exit};
use daicho_common::time::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::ledger::Ledger;
use crate::ledger::edit::BadEdit;
use crate::ledger::profile::Profile;
use crate::ledger::rebase::{Conflict, Prefer};
use crate::ledger::step::Step;
use crate::register::{Kind, Register};

mod agents;
mod accounts;
mod audit;
mod books;
mod decisions;
mod changes;
mod deliveries;
mod ground;
mod jobs;
mod registers;
mod safety;
mod roll;
mod schema;
mod sessions;
mod snapshots;
mod stops;
mod tokens;
mod writer;

pub use accounts::{BadAccount, Listed, NewAccount, NewState};
pub use agents::{Agent, Aside, Caller as CallingAgent, Enrolled, NewCertificate, NewInvitation};
pub use audit::By;
pub use books::{Held, Imported, NewBook, Preview};
pub use changes::{Cause, Change, Edit};
pub use decisions::NewDecision;
pub use deliveries::{Appended, Trusted};
pub use ground::{Book, Ground, Scan};
pub use jobs::{Job, Kept as KeptSchedule, NewJob, State as JobState};
pub use registers::{Touched, Version};
pub use roll::{Admissions, Jobs};
pub use safety::{Delivered, Examined, Restored, examine, restore};
pub use sessions::{Caller, Session};
pub use snapshots::Taken;
pub use tokens::{NewToken, Token};

/// How long to wait for another process that holds the file before giving up.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why the store did not do it. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the file.
    #[error("another process holds the database")]
    Busy,
    /// There is no such file, and none was to be made.
    #[error("there is no such database")]
    Absent,
    /// The file is no SQLite database, or a damaged one.
    #[error("not a database, or a damaged one")]
    NotADatabase,
    /// The database is another program's.
    #[error("a database of another program")]
    NotOurs,
    /// A newer version of this program wrote it.
    #[error("schema version {version}, this program knows {ours}")]
    Newer {
        /// The file's version.
        version: i64,
        /// The newest version known here.
        ours: i64,
    },
    /// The file cannot be opened or written.
    #[error("the database cannot be opened or written: {0}")]
    Unwritable(rusqlite::Error),
    /// The batch was signed with another key than the one pinned for its agent.
    #[error("agent {agent} is pinned to key {}, the batch has {}", pinned.fingerprint(), offered.fingerprint())]
    OtherKey {
        /// The agent.
        agent: String,
        /// The key that it is held to.
        pinned: AgentKey,
        /// The key that signed the batch.
        offered: AgentKey,
    },
    /// A row cannot be read back.
    #[error("a row of {table} cannot be read back")]
    Row {
        /// The table.
        table: &'static str,
    },
    /// A new version of a book and the changes that people made beside it say different things.
    #[error("{} changes beside {book:?} contradict its new version", conflicts.len())]
    Conflicts {
        /// The book.
        book: String,
        /// Both sides of each.
        conflicts: Vec<Conflict>,
    },
    /// The ledger cannot be changed so.
    #[error("{0}")]
    Edit(BadEdit),
    /// The account cannot be made or changed so.
    #[error("{0}")]
    Account(BadAccount),
    /// The thread that writes has ended.
    #[error("the writer has ended")]
    Ended,
    /// A file that would be made is there already.
    #[error("the file is there already")]
    Exists,
    /// A file beside the database cannot be read or written.
    #[error("a file cannot be read or written: {0}")]
    File(#[from] std::io::Error),
    /// Anything else that SQLite says.
    #[error("SQLite: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::NotADatabase,
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure,
            ) => Self::Unwritable(error),
            _ => Self::Sqlite(error),
        }
    }
}

impl StoreError {
    /// The error as users read it, about the database at `path`.
    pub fn complaint(&self, path: &Path) -> Complaint {
        let db = path.display();
        match self {
            Self::Busy => Complaint::new(
                Exit::Busy,
                format!(
                    "データベース {db} は他のプログラムが使用中です。終了を待って再度実行してください"
                ),
                format!(
                    "the database {db} is in use by another program: wait for it to end and try again"
                ),
            ),
            Self::Absent => Complaint::new(
                Exit::Input,
                format!(
                    "データベース {db} がありません。--db を確かめるか、先に import を実行してください"
                ),
                format!("there is no database {db}: check --db, or run import first"),
            ),
            Self::NotADatabase | Self::Row { .. } => Complaint::new(
                Exit::Input,
                format!(
                    "{db} はデータベースとして読めません（{self}）。別のファイルを --db に指定してください"
                ),
                format!("{db} cannot be read as a database ({self}): give another file with --db"),
            ),
            Self::NotOurs => Complaint::new(
                Exit::Input,
                format!(
                    "{db} は別のプログラムのデータベースです。別のファイルを --db に指定してください"
                ),
                format!("{db} is a database of another program: give another file with --db"),
            ),
            Self::Newer { version, ours } => Complaint::new(
                Exit::Input,
                format!(
                    "{db} は新しい版 (形式 {version}) で作られています。この版 (形式 {ours}) より新しい daicho-collector を使ってください"
                ),
                format!(
                    "{db} was written by a newer version (format {version}, this one knows {ours}): use a newer daicho-collector"
                ),
            ),
            Self::Unwritable(error) => Complaint::new(
                Exit::Input,
                format!(
                    "データベース {db} を開けないか、書き込めません（{error}）。場所と権限、空き容量を確かめてください"
                ),
                format!(
                    "the database {db} cannot be opened or written ({error}): check the folder, its permissions and the free space"
                ),
            ),
            Self::Exists => Complaint::new(
                Exit::Input,
                format!("{db} は既にあります。上書きはしないので、別の名前を指定してください"),
                format!("{db} is there already and is never overwritten: give another name"),
            ),
            Self::File(error) => Complaint::new(
                Exit::Input,
                format!(
                    "{db} を読み書きできません（{error}）。場所と権限、空き容量を確かめてください"
                ),
                format!(
                    "{db} cannot be read or written ({error}): check the folder, its permissions and the free space"
                ),
            ),
            Self::OtherKey { agent, pinned, offered } => other_key(agent, *pinned, *offered),
            Self::Conflicts { book, conflicts } => conflicting(book, conflicts.len()),
            Self::Edit(bad) => bad_edit(bad),
            Self::Account(bad) => accounts::complaint(bad),
            Self::Ended | Self::Sqlite(_) => Complaint::new(
                Exit::Other,
                format!("データベース {db} を操作できませんでした（{self}）。再度実行してください"),
                format!("the database {db} could not be used ({self}): try again"),
            ),
        }
    }
}

/// The complaint about a batch whose key is not the one that its agent is held to.
pub(crate) fn other_key(agent: &str, pinned: AgentKey, offered: AgentKey) -> Complaint {
    let (known, new) = (pinned.fingerprint(), offered.fingerprint());
    let command = format!("daicho-collector trust {agent} {offered}");
    Complaint::new(
        Exit::Integrity,
        format!(
            "エージェント {agent} の登録済みの鍵は {known} ですが、この束は鍵 {new} で署名されています。エージェントを入れ替えた場合は、指紋を確かめて「{command}」を実行してください"
        ),
        format!(
            "agent {agent} is held to the key {known}, but this batch is signed with the key {new}: if the agent was replaced, compare fingerprints and run `{command}`"
        ),
    )
}

fn conflicting(book: &str, count: usize) -> Complaint {
    Complaint::new(
        Exit::Input,
        format!(
            "「{book}」の新しい版と、画面やコマンドで加えた変更が {count} 件食い違うため取り込みません。ledger preview で両方を確かめ、--prefer book か --prefer edits を指定してください"
        ),
        format!(
            "{count} changes made beside {book:?} contradict its new version, so it is not taken in: look at both with `ledger preview` and give --prefer book or --prefer edits"
        ),
    )
}

/// The complaint about a ledger that cannot be changed so.
fn bad_edit(bad: &BadEdit) -> Complaint {
    let named = |column: &crate::ledger::edit::Named| match column {
        crate::ledger::edit::Named::Field(field) => format!("{field:?}"),
        crate::ledger::edit::Named::Heading(heading) => heading.clone(),
    };
    let at = |place: &crate::ledger::Place| format!("{} {} {}", place.book, place.sheet, place.row);
    let (ja, en) = match bad {
        BadEdit::NoSuchSheet(book, sheet) => (
            format!("台帳「{book}」に見出しのあるシート「{sheet}」がありません。名前を確かめてください"),
            format!("the ledger {book:?} has no sheet {sheet:?} with a header: check the names"),
        ),
        BadEdit::NoSuchRow(place) => (
            format!("{} に台帳の行がありません。行番号を確かめてください", at(place)),
            format!("no row of the ledger stands at {}: check the row number", at(place)),
        ),
        BadEdit::NoSuchColumn(column) => (
            format!("列「{}」がありません。見出しを確かめてください", named(column)),
            format!("there is no column {:?}: check the heading", named(column)),
        ),
        BadEdit::NamesNothing => (
            "その内容では機器を特定できません。管理番号・機器名・ホスト名・アドレス・シリアル番号のいずれかを入れてください".to_owned(),
            "the row would name no device: give a number, name, host name, address or serial number".to_owned(),
        ),
        BadEdit::NotACell(column) => (
            format!("列「{}」の内容が長すぎるか、制御文字を含みます。短くするか除いてください", named(column)),
            format!("the text for {:?} is too long or holds control characters: shorten or clean it", named(column)),
        ),
        BadEdit::NoState(book) => (
            format!("「{book}」には状態の列がありません。状態の列を加えて取り込み直してください"),
            format!("{book:?} has no column of states: add one and import it again"),
        ),
        BadEdit::NotAsBefore(place) => (
            format!("{} は別の変更を受けています。読み直してからやり直してください", at(place)),
            format!("{} was changed meanwhile: look at it again and repeat", at(place)),
        ),
    };
    Complaint::new(Exit::Input, ja, en)
}

/// The database. Dropping it waits for the writer to finish.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    reader: Mutex<Connection>,
    writer: writer::Writer,
}

impl Store {
    /// Opens the database, making it if there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        schema::check(&connection)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // An agent throws its copy of a batch away once it is told "accepted": a commit has to be on
        // the disk by then. NORMAL would keep the file sound, but could lose the last commits.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        schema::bring_forward(&mut connection)?;
        let writer = writer::Writer::start(connection);
        Ok(Self { path: path.to_owned(), reader: Mutex::new(reader(path)?), writer })
    }

    /// Opens a database that is there already.
    ///
    /// # Errors
    /// [`StoreError::Absent`] if there is none; else see [`StoreError`].
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        if path.exists() { Self::open(path) } else { Err(StoreError::Absent) }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
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
    pub fn stop(&self, agent: String, (by, at): (String, Timestamp)) -> Result<bool, StoreError> {
        self.writer.write(move |tx| {
            jobs::stop(tx, &agent, (&by, at))?;
            stops::stop(tx, &agent, (&by, at))
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
        self.writer.write(move |tx| books::import(tx, &book, (&why, prefer)))
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
        let connection = reader(&self.path)?;
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

    /// Every change of the ledger, or those of one row, in the order in which they were made.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn history(&self, key: Option<&str>) -> Result<Vec<Change>, StoreError> {
        changes::history(&reader(&self.path)?, key)
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
        (by, at): (String, Timestamp),
        why: String,
    ) -> Result<usize, StoreError> {
        self.writer.write(move |tx| changes::keep_profiles(tx, &profiles, (at, &by, &why)))
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
        (at, by): (Timestamp, String),
        why: String,
    ) -> Result<Touched, StoreError> {
        self.writer.write(move |tx| registers::keep(tx, &register, (at, &by, &why)))
    }

    /// Takes a record out; its versions stay as history. Returns whether it was there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn remove_record(
        &self,
        kind: Kind,
        id: String,
        (at, by): (Timestamp, String),
        why: String,
    ) -> Result<bool, StoreError> {
        self.writer.write(move |tx| registers::remove(tx, kind, &id, (at, &by, &why)))
    }

    /// Every version of every record, or of those of this name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn register_history(&self, id: Option<&str>) -> Result<Vec<Version>, StoreError> {
        registers::history(&reader(&self.path)?, id)
    }

    /// The current books as imported, each with the ledger that it is with all edits, in order of
    /// name. The lists in them are not joined.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn books(&self) -> Result<Vec<books::Held>, StoreError> {
        books::held(&reader(&self.path)?)
    }

    /// Keeps what people said, all or nothing, and returns the number of each decision.
    pub fn decide(&self, decisions: Vec<NewDecision>) -> Result<Vec<u64>, StoreError> {
        self.writer.write(move |tx| decisions::add(tx, &decisions))
    }

    /// A number that grows with every change of what is kept, whichever process made it.
    pub fn revision(&self) -> Result<u64, StoreError> {
        ground::revision(&self.read())
    }

    /// Everything that is kept, at one moment.
    pub fn ground(&self) -> Result<Ground, StoreError> {
        // A long read gets its own connection, so that pages asking for the revision do not wait.
        ground::read(&mut reader(&self.path)?, Ground::default())
    }

    /// The same, where it is known what was kept `before`: only observations that came since are read, and
    /// stand behind the others.
    pub fn ground_after(&self, before: Ground) -> Result<Ground, StoreError> {
        ground::read(&mut reader(&self.path)?, before)
    }

    /// The book of record: the current books, joined in order of name.
    pub fn ledger(&self) -> Result<Ledger, StoreError> {
        Ok(self.ground()?.ledger)
    }

    fn read(&self) -> std::sync::MutexGuard<'_, Connection> {
        // A reader that panicked left no half-made change behind.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
