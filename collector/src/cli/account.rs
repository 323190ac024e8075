//! `account`: who may log in, without the pages: the first administrator, and the way back in when
//! nobody can log in any more. Whoever may write the database may do this.

use std::io::{self, BufRead, Write};

use clap::{Args, Subcommand};
use daicho_common::complaint::{Complaint, Exit};
use daicho_common::time::Timestamp;

use super::{Author, Look, to_stdout, who};
use crate::config::Config;
use crate::credential::{self, Hasher};
use crate::people::{Role, name};
use crate::report::one_line;
use crate::store::{By, Listed, NewAccount, NewState, Store};
use crate::words::{Word, phrase};
use crate::{clock, ingest};

#[derive(Debug, Args)]
pub(super) struct AccountLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 利用者を登録し、パスワードを設定するためのリンクを表示します /
    /// Makes an account and prints a link with which its owner sets a password
    Add(Add),
    /// 一度だけログインできるリンクを発行します / Makes a link that logs in once
    Link(Link),
    /// 利用者を一覧します / Lists the accounts
    List(Look),
    /// 利用者の役割を変えます / Changes what an account may do
    Role(NewRole),
    /// 利用者を停止し、ログインを終了します / Closes an account and ends its sessions
    Close(Named),
    /// 停止した利用者を再開します / Opens a closed account again
    Open(Named),
    /// 標準入力の1行目をパスワードにします / Takes the first line of stdin as the password
    Password(Named),
}

#[derive(Debug, Args)]
struct Add {
    /// ログイン名 / What the person logs in as
    #[arg(value_parser = parse_name)]
    name: String,
    /// 役割 (administrator, operator, auditor, vendor, approver) / The role
    #[arg(long)]
    role: Role,
    /// 氏名 / What the person is called
    #[arg(long, value_name = "NAME", default_value = "", value_parser = parse_called)]
    called: String,
    /// 事業者の id（役割が vendor のとき） / Of a vendor: the id of its party in the register
    #[arg(long, value_name = "ID")]
    party: Option<String>,
    /// リンクの代わりに、標準入力の1行目をパスワードにします /
    /// Takes the first line of stdin as the password, instead of printing a link
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    author: Author,
}

#[derive(Debug, Args)]
struct At {
    /// リンクの先頭に書くサーバの URL（省略時は設定の listen から） /
    /// The server's URL, as links begin [default: from `listen`]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

#[derive(Debug, Args)]
struct Link {
    /// ログイン名 / The login name
    #[arg(value_parser = parse_name)]
    name: String,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    author: Author,
}

#[derive(Debug, Args)]
struct NewRole {
    /// ログイン名 / The login name
    #[arg(value_parser = parse_name)]
    name: String,
    /// 役割 (administrator, operator, auditor, vendor, approver) / The role
    role: Role,
    /// 事業者の id（役割が vendor のとき） / Of a vendor: the id of its party in the register
    #[arg(long, value_name = "ID")]
    party: Option<String>,
    #[command(flatten)]
    author: Author,
}

#[derive(Debug, Args)]
struct Named {
    /// ログイン名 / The login name
    #[arg(value_parser = parse_name)]
    name: String,
    #[command(flatten)]
    author: Author,
}

pub(super) fn parse_name(text: &str) -> Result<String, String> {
    name::account(text).ok_or_else(|| {
        "ログイン名は64文字までの文字・数字と . _ - @ です / up to 64 letters, digits and . _ - @"
            .to_owned()
    })
}

pub(super) fn parse_called(text: &str) -> Result<String, String> {
    name::called(text).ok_or_else(|| {
        "氏名は64文字までで、制御文字は使えません / up to 64 characters, none of them control characters"
            .to_owned()
    })
}

pub(super) fn run(line: &AccountLine) -> Result<(), Complaint> {
    match &line.command {
        Command::Add(options) => add(options),
        Command::Link(options) => {
            let desk = Desk::open(&options.author)?;
            desk.print_link(&options.name, &options.at)
        }
        Command::List(options) => list(options),
        Command::Role(options) => {
            let state = NewState::Role(options.role, options.party.clone());
            change(&options.author, &options.name, state)
        }
        Command::Close(options) => change(&options.author, &options.name, NewState::Closed(true)),
        Command::Open(options) => change(&options.author, &options.name, NewState::Closed(false)),
        Command::Password(options) => password(options),
    }
}

/// The store with who works on it.
pub(super) struct Desk<'a> {
    config: Config,
    pub(super) store: Store,
    author: &'a Author,
}

impl<'a> Desk<'a> {
    pub(super) fn open(author: &'a Author) -> Result<Self, Complaint> {
        let config = author.places.config()?;
        let path = &config.database;
        let store = Store::open(path).map_err(|error| error.complaint(path))?;
        Ok(Self { config, store, author })
    }

    pub(super) fn by(&self) -> By {
        By::here(who(self.author.by.as_ref()), clock::now())
    }

    /// Tells on stderr, since stdout is for the link.
    pub(super) fn say(&self, word: Word, name: &str) {
        let _ = writeln!(io::stderr(), "{}", self.author.lang.fill(word, &[&one_line(name)]));
    }

    fn print_link(&self, name: &str, at: &At) -> Result<(), Complaint> {
        let rules = ingest::people(&self.config)?;
        let (code, kept) = credential::code().map_err(|_| no_chance())?;
        let holds = rules.link.holds();
        self.store
            .add_link(name.to_owned(), (kept, holds), self.by())
            .map_err(|error| error.complaint(self.store.path()))?;
        let server = at.url.clone().unwrap_or_else(|| format!("http://{}", self.config.listen));
        let lang = self.author.lang;
        let said = lang.fill(Word::AccountsLinkFor, &[&name]);
        let holds = lang.fill(Word::AccountsLinkHolds, &[&rules.link.minutes]);
        let _ = writeln!(io::stderr(), "{said} {holds}");
        let server = server.trim_end_matches('/');
        to_stdout(|out| writeln!(out, "{server}/login/link?code={code}"))
    }

    /// A password from stdin, hashed.
    fn read_password(&self, name: &str) -> Result<String, Complaint> {
        let rules = ingest::people(&self.config)?.password;
        let mut line = String::new();
        io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|_| bad_password(rules.least_characters))?;
        let password = line.trim_end_matches(['\n', '\r']);
        if !name::is_password(password, name, &rules) {
            return Err(bad_password(rules.least_characters));
        }
        let hasher = Hasher::new(&rules).map_err(|_| no_chance())?;
        hasher.hash(password).map_err(|_| no_chance())
    }
}

fn add(options: &Add) -> Result<(), Complaint> {
    let desk = Desk::open(&options.author)?;
    let password =
        if options.password_stdin { Some(desk.read_password(&options.name)?) } else { None };
    let new = NewAccount {
        name: options.name.clone(),
        called: options.called.clone(),
        role: options.role,
        party: options.party.clone(),
        password,
    };
    desk.store
        .add_account(new, false, desk.by())
        .map_err(|error| error.complaint(desk.store.path()))?;
    desk.say(Word::AccountsAdded, &options.name);
    if options.password_stdin {
        return Ok(());
    }
    desk.print_link(&options.name, &options.at)
}

fn change(author: &Author, name: &str, state: NewState) -> Result<(), Complaint> {
    let desk = Desk::open(author)?;
    desk.store
        .change_account(name.to_owned(), state, desk.by())
        .map_err(|error| error.complaint(desk.store.path()))?;
    desk.say(Word::AccountsChanged, name);
    Ok(())
}

fn password(options: &Named) -> Result<(), Complaint> {
    let desk = Desk::open(&options.author)?;
    let hashed = desk.read_password(&options.name)?;
    desk.store
        .set_password(options.name.clone(), hashed, None, desk.by())
        .map_err(|error| error.complaint(desk.store.path()))?;
    desk.say(Word::AccountsChanged, &options.name);
    Ok(())
}

fn list(options: &Look) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let path = &config.database;
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let listed = store.accounts().map_err(|error| error.complaint(path))?;
    let lang = options.lang;
    if listed.is_empty() {
        let _ = writeln!(io::stderr(), "{}", lang.say(Word::AccountsNone));
    }
    to_stdout(|out| {
        listed.iter().try_for_each(|Listed { account, latest, has_password }| {
            let role = lang.say(phrase::people::role(account.role));
            let latest = latest.map(Timestamp::from_micros).map(|at| config.zone.show(at));
            let state = match (account.closed, has_password) {
                (true, _) => lang.say(Word::AccountsClosed),
                (false, false) => lang.say(Word::AccountsNoPassword),
                (false, true) => "",
            };
            let party = one_line(account.party.as_deref().unwrap_or_default());
            let (name, called) = (&account.name, one_line(&account.called));
            let latest = latest.unwrap_or_else(|| "-".to_owned());
            writeln!(out, "{name}\t{called}\t{role}\t{party}\t{latest}\t{state}")
        })
    })
}

fn bad_password(least: usize) -> Complaint {
    Complaint::new(
        Exit::Input,
        format!(
            "標準入力のパスワードが短いか、単純か、ログイン名を含んでいます。{least} 文字以上の長い文にしてください"
        ),
        format!(
            "the password on stdin is short or simple, or has the login name in it: make it a sentence of {least} characters or more"
        ),
    )
}

pub(super) fn no_chance() -> Complaint {
    Complaint::new(
        Exit::Other,
        "乱数かメモリが得られません。空きメモリを確かめて再度実行してください",
        "no random numbers or no memory: check the free memory and try again",
    )
}
