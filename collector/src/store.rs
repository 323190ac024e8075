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

mod books;
mod decisions;
mod deliveries;
mod ground;
mod schema;
mod stops;
mod writer;

pub use books::{Imported, NewBook};
pub use decisions::NewDecision;
pub use deliveries::{Appended, Trusted};
pub use ground::{Book, Ground, Scan};

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
    /// The thread that writes has ended.
    #[error("the writer has ended")]
    Ended,
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
            Self::OtherKey { agent, pinned, offered } => other_key(agent, *pinned, *offered),
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

    /// Notes that somebody wants the scan of this agent to end. Returns whether the agent has sent
    /// anything yet.
    pub fn stop(&self, agent: String, (by, at): (String, Timestamp)) -> Result<bool, StoreError> {
        self.writer.write(move |tx| stops::stop(tx, &agent, (&by, at)))
    }

    /// A number that grows whenever somebody wants the scan of this agent to end.
    pub fn stops(&self, agent: &str) -> Result<u64, StoreError> {
        stops::stops(&self.read(), agent)
    }

    /// Keeps a book of record as imported; the newest of a name holds, the earlier ones are history.
    pub fn import(&self, book: NewBook) -> Result<Imported, StoreError> {
        self.writer.write(move |tx| books::import(tx, &book))
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
        ground::read(&mut reader(&self.path)?)
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
