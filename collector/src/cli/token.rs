//! `token`: what programs show to use `/api/v1`. A token is printed once and kept nowhere.

use std::io::{self, Write};
use std::time::Duration;

use clap::{Args, Subcommand};
use daicho_common::complaint::{Complaint, Exit};

use super::account::{Desk, no_chance, parse_called, parse_name};
use super::{Author, Look, to_stdout};
use crate::credential;
use crate::people::token::Scope;
use crate::report::one_line;
use crate::store::{NewToken, Store, Token};
use crate::words::Word;

#[derive(Debug, Args)]
pub(super) struct TokenLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// トークンを発行して表示します。表示は一度だけです / Issues a token and prints it, once
    Issue(Issue),
    /// トークンを一覧します / Lists the tokens
    List(Look),
    /// トークンを取り消します / Revokes a token
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Issue {
    /// 代わりに操作する利用者のログイン名 / The account that it acts for
    #[arg(value_parser = parse_name)]
    account: String,
    /// 範囲 (ledger:read, answer …)。利用者の役割を超えることはありません /
    /// What for; never more than the account may
    #[arg(long = "scope", required = true)]
    scopes: Vec<Scope>,
    /// 有効な日数 (1~366) / How many days it holds
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=366))]
    days: u64,
    /// 用途の覚え書き / What it is for, in your words
    #[arg(long, default_value = "", value_parser = parse_called)]
    label: String,
    #[command(flatten)]
    author: Author,
}

#[derive(Debug, Args)]
struct Revoke {
    /// 番号（token list で表示） / Its number, as `token list` shows it
    number: i64,
    #[command(flatten)]
    author: Author,
}

pub(super) fn run(line: &TokenLine) -> Result<(), Complaint> {
    match &line.command {
        Command::Issue(options) => issue(options),
        Command::List(options) => list(options),
        Command::Revoke(options) => revoke(options),
    }
}

fn issue(options: &Issue) -> Result<(), Complaint> {
    let desk = Desk::open(&options.author)?;
    let (token, kept) = credential::secret().map_err(|_| no_chance())?;
    let mut scopes = options.scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    let new = NewToken {
        account: options.account.clone(),
        label: options.label.clone(),
        scopes,
        holds: Duration::from_secs(options.days.saturating_mul(86_400)),
    };
    let id = desk
        .store
        .issue_token(new, kept, desk.by())
        .map_err(|error| error.complaint(desk.store.path()))?;
    let said = options.author.lang.fill(Word::TokenIssued, &[&id, &options.days]);
    let _ = writeln!(io::stderr(), "{said}");
    to_stdout(|out| writeln!(out, "{token}"))
}

fn list(options: &Look) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let path = &config.database;
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let tokens = store.tokens().map_err(|error| error.complaint(path))?;
    to_stdout(|out| {
        tokens.iter().try_for_each(|token| {
            let Token { id, account, label, scopes, until, used, revoked } = token;
            let scopes: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
            let used = used.map_or_else(|| "-".to_owned(), |at| config.zone.show(at));
            let state = if *revoked { options.lang.say(Word::TokenRevoked) } else { "" };
            let (name, until, label) = (&account.name, config.zone.show(*until), one_line(label));
            let scopes = scopes.join(",");
            writeln!(out, "{id}\t{name}\t{scopes}\t{until}\t{used}\t{label}\t{state}")
        })
    })
}

fn revoke(options: &Revoke) -> Result<(), Complaint> {
    let desk = Desk::open(&options.author)?;
    let number = options.number;
    let done = desk
        .store
        .revoke_token(number, desk.by())
        .map_err(|error| error.complaint(desk.store.path()))?;
    if !done {
        return Err(Complaint::new(
            Exit::Input,
            format!("有効なトークン {number} 番はありません。token list で番号を確かめてください"),
            format!("no token {number} is in force: look the number up with `token list`"),
        ));
    }
    desk.say(Word::TokenGone, &number.to_string());
    Ok(())
}
