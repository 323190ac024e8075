//! `migrate`: a database file to a server.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use daicho_common::complaint::{Complaint, Exit};

use super::{Author, to_stdout, who};
use crate::clock;
use crate::people::log::hex;
use crate::store::{self, By, Server};
use crate::words::Word;

#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// 移す先の PostgreSQL の URL。空のデータベースであること /
    /// Where to: the URL of an empty database on a PostgreSQL server
    #[arg(long, value_name = "URL")]
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
    let file = options.author.places.config()?.database;
    let (authority, password) = (options.authority.clone(), options.password_file.clone());
    let server = Server::parse(&options.to, authority, password).map_err(|(ja, en)| {
        Complaint::new(
            Exit::Usage,
            format!("--to が正しくありません: {ja}"),
            format!("--to is wrong: {en}"),
        )
    })?;
    let name = server.name();
    let by = By::here(who(options.author.by.as_ref()), clock::now());
    let moved = store::migrate(&file, server, &by).map_err(|error| error.complaint(&file))?;
    let lang = options.author.lang;
    to_stdout(|out| {
        for table in &moved {
            let digest = hex(&table.digest);
            writeln!(
                out,
                "{}",
                lang.fill(Word::SafetyMovedTable, &[&table.table, &table.rows, &digest])
            )?;
        }
        writeln!(out, "{}", lang.fill(Word::SafetyMoved, &[&file.display(), &name]))
    })
}
