//! Why the store did not do it, and how users read that.

use std::path::Path;
use std::sync::Arc;

use daicho_common::batch::AgentKey;
use daicho_common::complaint::{Complaint, Exit};
use rusqlite::ErrorCode;

use super::accounts::{self, BadAccount};
use super::server::{self, Fault};
use super::sites::{self, BadSite};
use super::sql;
use super::stocktakings::{self, BadRound};
use crate::ledger::edit::BadEdit;
use crate::ledger::rebase::Conflict;

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
    Unwritable(sql::Error),
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
    /// Nothing of the round of stock-taking can be changed so.
    #[error("{0}")]
    Round(BadRound),
    /// A snapshot of another site is not taken in.
    #[error("{0}")]
    Site(BadSite),
    /// The thread that writes has ended.
    #[error("the writer has ended")]
    Ended,
    /// A file that would be made is there already.
    #[error("the file is there already")]
    Exists,
    /// A file beside the database cannot be read or written.
    #[error("a file cannot be read or written: {0}")]
    File(#[from] std::io::Error),
    /// The server that the database is on says so, or does not answer.
    #[error("{at}: {fault}")]
    Server {
        /// The server.
        at: Arc<str>,
        /// What is wrong.
        fault: Fault,
    },
    /// The database was moved to a server, or from one to a file; this is what was left behind.
    #[error("the database was moved")]
    MovedAway,
    /// A table came out different on the other side; nothing was kept there.
    #[error("the table {table} came out different")]
    Differs {
        /// The table.
        table: String,
    },
    /// That is for the tools of the server that the database is on.
    #[error("the database is on a server")]
    OnServer,
    /// Anything else that the database says.
    #[error("{0}")]
    Database(sql::Error),
}

impl From<sql::Error> for StoreError {
    fn from(error: sql::Error) -> Self {
        let code = match error {
            sql::Error::Server { at, fault } => return Self::Server { at, fault },
            sql::Error::Ended => return Self::Ended,
            sql::Error::Lite(ref error) => error.sqlite_error_code(),
            sql::Error::NoRow
            | sql::Error::Column(..)
            | sql::Error::Cell(..)
            | sql::Error::Parameters => None,
        };
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::NotADatabase,
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure,
            ) => Self::Unwritable(error),
            _ => Self::Database(error),
        }
    }
}

impl StoreError {
    /// The error as users read it, about the database at `path`.
    pub fn complaint(&self, path: &Path) -> Complaint {
        match self {
            Self::OtherKey { agent, pinned, offered } => other_key(agent, *pinned, *offered),
            Self::Conflicts { book, conflicts } => conflicting(book, conflicts.len()),
            Self::Edit(bad) => bad_edit(bad),
            Self::Account(bad) => accounts::complaint(bad),
            Self::Server { at, fault } => server::complaint(at, fault),
            Self::OnServer => server::for_its_tools(),
            Self::Round(bad) => stocktakings::complaint(bad),
            Self::Site(bad) => sites::complaint(bad),
            Self::Busy
            | Self::Absent
            | Self::NotADatabase
            | Self::NotOurs
            | Self::Newer { .. }
            | Self::Unwritable(_)
            | Self::Row { .. }
            | Self::Ended
            | Self::Exists
            | Self::File(_)
            | Self::MovedAway
            | Self::Differs { .. }
            | Self::Database(_) => {
                let (exit, ja, en) = self.of_the_file(path);
                Complaint::new(exit, ja, en)
            }
        }
    }

    /// What is wrong with the file at `path`.
    #[expect(clippy::too_many_lines, reason = "a sentence an error, in two languages")]
    fn of_the_file(&self, path: &Path) -> (Exit, String, String) {
        let db = path.display();
        match self {
            Self::Busy => (
                Exit::Busy,
                format!(
                    "データベース {db} は他のプログラムが使用中です。終了を待って再度実行してください"
                ),
                format!(
                    "the database {db} is in use by another program: wait for it to end and try again"
                ),
            ),
            Self::Absent => (
                Exit::Input,
                format!(
                    "データベース {db} がありません。--db を確かめるか、先に import を実行してください"
                ),
                format!("there is no database {db}: check --db, or run import first"),
            ),
            Self::NotADatabase | Self::Row { .. } => (
                Exit::Input,
                format!(
                    "{db} はデータベースとして読めません（{self}）。別のファイルを --db に指定してください"
                ),
                format!("{db} cannot be read as a database ({self}): give another file with --db"),
            ),
            Self::NotOurs => (
                Exit::Input,
                format!(
                    "{db} は別のプログラムのデータベースです。別のファイルを --db に指定してください"
                ),
                format!("{db} is a database of another program: give another file with --db"),
            ),
            Self::MovedAway => (
                Exit::Input,
                format!(
                    "{db} のデータは別の場所（PostgreSQL サーバーまたはファイル）へ移されています。設定の store または database に移した先を指定してください"
                ),
                format!(
                    "the data of {db} was moved elsewhere, to a PostgreSQL server or to a file: name that in store or database in the configuration"
                ),
            ),
            Self::Newer { version, ours } => (
                Exit::Input,
                format!(
                    "{db} は新しい版 (形式 {version}) で作られています。この版 (形式 {ours}) より新しい daicho-collector を使ってください"
                ),
                format!(
                    "{db} was written by a newer version (format {version}, this one knows {ours}): use a newer daicho-collector"
                ),
            ),
            Self::Unwritable(error) => (
                Exit::Input,
                format!(
                    "データベース {db} を開けないか、書き込めません（{error}）。場所と権限、空き容量を確かめてください"
                ),
                format!(
                    "the database {db} cannot be opened or written ({error}): check the folder, its permissions and the free space"
                ),
            ),
            Self::Exists => (
                Exit::Input,
                format!("{db} は既にあります。上書きはしないので、別の名前を指定してください"),
                format!("{db} is there already and is never overwritten: give another name"),
            ),
            Self::File(error) => (
                Exit::Input,
                format!(
                    "{db} を読み書きできません（{error}）。場所と権限、空き容量を確かめてください"
                ),
                format!(
                    "{db} cannot be read or written ({error}): check the folder, its permissions and the free space"
                ),
            ),
            Self::Ended
            | Self::Database(_)
            | Self::OtherKey { .. }
            | Self::Conflicts { .. }
            | Self::Edit(_)
            | Self::Account(_)
            | Self::Round(_)
            | Self::Site(_)
            | Self::Server { .. }
            | Self::OnServer
            | Self::Differs { .. } => (
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
