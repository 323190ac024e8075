//! `secret`: passwords and keys that this program shows others, encrypted. A secret is read from stdin,
//! for what stands on a command line every user of the system can read; none is ever printed.

use std::io::{self, BufRead, Write};

use clap::{Args, Subcommand};
use daicho_common::complaint::{Complaint, Exit};

use super::account::Desk;
use super::{Author, Look, to_stdout};
use crate::config::is_name;
use crate::report::one_line;
use crate::store::Store;
use crate::vault::{Secret, Vault};
use crate::words::Word;

/// Longest secret, in octets.
const LONGEST: usize = 4096;

#[derive(Debug, Args)]
pub(super) struct SecretLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 標準入力の1行目を秘密として保管します / Takes the first line of stdin as the secret
    Set(Named),
    /// 秘密の名前を一覧します。値は表示しません / Lists the names of secrets, never their values
    List(Look),
    /// 秘密を削除します / Removes a secret
    Remove(Named),
    /// 鍵を作り直し、すべての秘密を暗号化し直します /
    /// Makes a new key and encrypts every secret with it
    Rekey(Rekey),
}

#[derive(Debug, Args)]
struct Named {
    /// 秘密の名前（英数字と - _ . で40文字まで） / Its name: letters, digits, - _ . up to 40
    #[arg(value_parser = parse_name)]
    name: String,
    #[command(flatten)]
    author: Author,
}

#[derive(Debug, Args)]
struct Rekey {
    #[command(flatten)]
    author: Author,
}

fn parse_name(text: &str) -> Result<String, String> {
    if is_name(text) {
        return Ok(text.to_owned());
    }
    Err("名前は英数字と - _ . で40文字までです / a name has letters, digits, - _ . up to 40"
        .to_owned())
}

pub(super) fn run(line: &SecretLine) -> Result<(), Complaint> {
    match &line.command {
        Command::Set(options) => set(options),
        Command::List(options) => list(options),
        Command::Remove(options) => remove(options),
        Command::Rekey(options) => rekey(options),
    }
}

fn set(options: &Named) -> Result<(), Complaint> {
    let secret = read()?;
    let desk = Desk::open(&options.author)?;
    let mut vault = Vault::open(desk.store.path())?;
    vault.set((&desk.store, desk.by()), &options.name, &secret)?;
    desk.say(Word::SecretSet, &options.name);
    Ok(())
}

/// The first line of stdin.
fn read() -> Result<Secret, Complaint> {
    let mut text = String::new();
    let mut input = io::Read::take(io::stdin().lock(), LONGEST as u64 + 2);
    let read = input.read_line(&mut text);
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    if read.is_err() || text.is_empty() || text.len() > LONGEST {
        return Err(Complaint::new(
            Exit::Input,
            format!(
                "秘密を標準入力から読めません。1～{LONGEST} オクテットを1行で渡してください（例: secret set 名前 < ファイル）"
            ),
            format!(
                "no secret can be read from stdin: give 1 to {LONGEST} octets on one line, as in `secret set NAME < FILE`"
            ),
        ));
    }
    Ok(Secret::new(text))
}

fn list(options: &Look) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let path = &config.database;
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let secrets = store.secrets().map_err(|error| error.complaint(path))?;
    to_stdout(|out| {
        secrets.iter().try_for_each(|secret| {
            let at = config.zone.show(secret.at);
            writeln!(out, "{}\t{at}\t{}", secret.name, one_line(&secret.by))
        })
    })
}

fn remove(options: &Named) -> Result<(), Complaint> {
    let desk = Desk::open(&options.author)?;
    let name = &options.name;
    let done = desk
        .store
        .remove_secret(name.clone(), desk.by())
        .map_err(|error| error.complaint(desk.store.path()))?;
    if !done {
        return Err(Complaint::new(
            Exit::Input,
            format!("秘密「{name}」はありません。secret list で名前を確かめてください"),
            format!("there is no secret {name}: look its name up with `secret list`"),
        ));
    }
    desk.say(Word::SecretRemoved, name);
    Ok(())
}

fn rekey(options: &Rekey) -> Result<(), Complaint> {
    let desk = Desk::open(&options.author)?;
    let count = Vault::open(desk.store.path())?.rekey(&desk.store, desk.by())?;
    desk.say(Word::SecretRekeyed, &count.to_string());
    Ok(())
}
