//! `migrate`: a database file to a server, or from a server to a file.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use daicho_common::complaint::{Complaint, Exit};

use super::{Author, to_stdout, who};
use crate::clock;
use crate::people::log::hex;
use crate::store::{self, By, Moved, Place, Server, StoreError};
use crate::words::Word;

#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// 移す先の PostgreSQL の URL（空のデータベースであること）。設定の store のサーバーから戻すときは、まだないファイル /
    /// Where to: the URL of an empty database on a PostgreSQL server; or, from the server that is
    /// `store` in the configuration, a file that is not there yet
    #[arg(long, value_name = "URL|FILE")]
    to: String,
    /// サーバーの証明書の認証局（sslmode=verify-full のとき） /
    /// The authority of the server's certificate, for sslmode=verify-full
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// 1行目にパスワードを書いたファイル / A file whose first line is the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    author: Author,
}

pub(super) fn migrate(options: &Migrate) -> Result<(), Complaint> {
    let place = options.author.places.config()?.database;
    let by = By::here(who(options.author.by.as_ref()), clock::now());
    if !Server::is_named_by(&options.to) {
        return back(options, &place, &by);
    }
    if place.server().is_some() {
        return Err(Complaint::new(
            Exit::Usage,
            "設定の store はすでにサーバーです。サーバーから別のサーバーへは pg_dump と pg_restore で移してください",
            "store in the configuration is a server already: from one server to another move with pg_dump and pg_restore",
        ));
    }
    let file = place.to_path_buf();
    let (authority, password) = (options.authority.clone(), options.password_file.clone());
    let server = Server::parse(&options.to, authority, password).map_err(|(ja, en)| {
        Complaint::new(
            Exit::Usage,
            format!("--to が正しくありません: {ja}"),
            format!("--to is wrong: {en}"),
        )
    })?;
    let name = server.name();
    let moved = store::migrate(&file, server, &by).map_err(|error| error.complaint(&file))?;
    let done = options.author.lang.fill(Word::SafetyMoved, &[&file.display(), &name]);
    tell(&moved, &done, options)
}

/// From the server to a file.
fn back(options: &Migrate, place: &Place, by: &By) -> Result<(), Complaint> {
    let file = PathBuf::from(&options.to);
    let Some(server) = place.server().cloned() else {
        let shown = file.display();
        return Err(Complaint::new(
            Exit::Usage,
            format!(
                "--to {shown} は PostgreSQL の URL ではなく、設定の store もサーバーではありません。ファイルの写しには backup を使ってください"
            ),
            format!(
                "--to {shown} is no URL of PostgreSQL, and store in the configuration is no server: for a copy of the file use backup"
            ),
        ));
    };
    let name = server.name();
    let moved = store::fetch(server, &file, by).map_err(|error| {
        let of_the_file = matches!(error, StoreError::Exists | StoreError::File(_));
        error.complaint(if of_the_file { &file } else { place })
    })?;
    let done = options.author.lang.fill(Word::SafetyMovedBack, &[&name, &file.display()]);
    tell(&moved, &done, options)
}

fn tell(moved: &[Moved], done: &str, options: &Migrate) -> Result<(), Complaint> {
    let lang = options.author.lang;
    to_stdout(|out| {
        for table in moved {
            let digest = hex(&table.digest);
            writeln!(
                out,
                "{}",
                lang.fill(Word::SafetyMovedTable, &[&table.table, &table.rows, &digest])
            )?;
        }
        writeln!(out, "{done}")
    })
}
