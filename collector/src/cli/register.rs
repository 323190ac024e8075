//! `register`: what stands beside the ledger, as files in and out, checked against the ledger.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use daicho_common::complaint::{Complaint, Exit};

use super::keep::note_export;
use super::{Places, to_file, to_stdout, who};
use crate::register::check::{Flaw, Wrong, check};
use crate::register::party::contact_table;
use crate::register::sheet::{Sheet, sheet};
use crate::register::{Kind, Register};
use crate::report::one_line;
use crate::store::Store;
use crate::words::{Lang, Word, phrase};
use crate::{clock, ingest, report};

mod answers;

#[derive(Debug, Args)]
pub(super) struct RegisterLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 事業者・契約などのファイルを取り込みます（例: config/register/sample.toml） /
    /// Takes in a file of parties, contracts … (see config/register/sample.toml)
    Import(Import),
    /// 記録されている内容を書き出します / Writes out what is kept
    Export(Export),
    /// 矛盾と、台帳にない管理番号を表示します / Prints what contradicts itself or the ledger
    Check(Check),
    /// 契約ごとの確認票の内容を表示します / Prints the sheet of a contract
    Sheet(Of),
    /// 事業者が記入した一覧 (report vendor) の回答を確かめ、取り込みます /
    /// Shows and takes over what a contractor filled in (`report vendor`)
    Answers(answers::Answers),
    /// 非常時の連絡先の一覧を表示します / Prints whom to call at an incident
    Contacts(Check),
    /// 記録を取り消します（履歴は残ります） / Takes a record out; its history stays
    Remove(Remove),
    /// 変更の記録を表示します / Prints what changed, who did it, when and why
    History(History),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// TOML
    Toml,
    /// JSON
    Json,
}

#[derive(Debug, Args)]
struct Author {
    /// 行った人の名前（省略時は OS の利用者名） / Who does it [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 理由 / Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
}

#[derive(Debug, Args)]
struct Import {
    /// ファイル (TOML か JSON) / The file, TOML or JSON
    file: PathBuf,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    shown: Check,
}

#[derive(Debug, Args)]
struct Export {
    /// 形式 / Format
    #[arg(long, value_enum, default_value = "toml")]
    format: Format,
    /// 書き出すファイル（省略時は標準出力） / The file to write [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Check {
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Of {
    /// 契約の id / The contract's id
    contract: String,
    /// JSON で出力します / As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    shown: Check,
}

#[derive(Debug, Args)]
struct Remove {
    /// 種類 (party, contract …) / The kind (party, contract …)
    #[arg(value_parser = parse_kind)]
    kind: Kind,
    /// 記録の id / The record's id
    id: String,
    #[command(flatten)]
    author: Author,
    #[command(flatten)]
    shown: Check,
}

#[derive(Debug, Args)]
struct History {
    /// 記録の id（省略時はすべて） / The record's id [default: all]
    id: Option<String>,
    #[command(flatten)]
    places: Places,
}

fn parse_kind(name: &str) -> Result<Kind, String> {
    name.parse().map_err(|_| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        format!("種類は次のどれかです / the kinds are {}", names.join(", "))
    })
}

pub(super) fn run(line: &RegisterLine) -> Result<(), Complaint> {
    match &line.command {
        Command::Import(options) => import(options),
        Command::Export(options) => export(options),
        Command::Check(options) => print_flaws(options, &existing(&options.places)?),
        Command::Sheet(options) => print_sheet(options),
        Command::Answers(options) => answers::run(options),
        Command::Contacts(options) => contacts(options),
        Command::Remove(options) => remove(options),
        Command::History(options) => history(options),
    }
}

fn existing(places: &Places) -> Result<Store, Complaint> {
    let path = places.config()?.database;
    Store::open_existing(&path).map_err(|error| error.complaint(&path))
}

fn kept(store: &Store) -> Result<Register, Complaint> {
    store.register().map_err(|error| error.complaint(store.path()))
}

fn import(options: &Import) -> Result<(), Complaint> {
    let path = options.shown.places.config()?.database;
    let register = ingest::read_register(&options.file)?;
    // What has no name, or one twice, could not be told apart once kept.
    let unnamed = |flaw: &&Flaw| matches!(flaw.wrong, Wrong::NoName | Wrong::NameTwice);
    if let Some(flaw) = check(&register, None).iter().find(unnamed) {
        return Err(refused(&options.file, flaw));
    }
    let store = Store::open(&path).map_err(|error| error.complaint(&path))?;
    let author = (who(options.author.by.as_ref()), clock::now());
    let touched = store.keep_register(register, author, options.author.why.clone());
    let touched = touched.map_err(|error| error.complaint(&path))?;
    let counts: [&dyn std::fmt::Display; 3] = [&touched.new, &touched.replaced, &touched.unchanged];
    let line = options.shown.lang.fill(Word::RegisterImported, &counts);
    to_stdout(|out| writeln!(out, "{line}"))?;
    print_flaws(&options.shown, &store)
}

fn refused(file: &std::path::Path, flaw: &Flaw) -> Complaint {
    let (shown, kind, id) = (file.display(), flaw.kind.name(), &flaw.id);
    Complaint::new(
        Exit::Input,
        format!(
            "{shown} の {kind}「{id}」の id が空か、重複しています。一意な id を付けてください"
        ),
        format!("a {kind} in {shown} has no id, or the id {id:?} twice: give each its own"),
    )
}

fn export(options: &Export) -> Result<(), Complaint> {
    let store = existing(&options.places)?;
    let register = kept(&store)?;
    note_export(&store, "register export".to_owned())?;
    let write = |mut out: &mut dyn Write| -> io::Result<()> {
        match options.format {
            Format::Json => report::json::write(&mut out, &register),
            Format::Toml => {
                let text = register.to_toml().map_err(io::Error::other)?;
                out.write_all(text.as_bytes())
            }
        }
    };
    match &options.output {
        Some(path) => to_file(path, |out| write(out)),
        None => to_stdout(|out| write(out)),
    }
}

fn print_flaws(options: &Check, store: &Store) -> Result<(), Complaint> {
    let register = kept(store)?;
    let ledger = store.ledger().map_err(|error| error.complaint(store.path()))?;
    // Before a ledger was imported nothing can be missing from it.
    let ledger = Some(&ledger).filter(|ledger| !ledger.sheets.is_empty());
    let flaws = check(&register, ledger);
    let lang = options.lang;
    to_stdout(|out| {
        if flaws.is_empty() {
            return writeln!(out, "{}", lang.say(Word::RegisterNoFlaw));
        }
        flaws.iter().try_for_each(|flaw| {
            let (kind, id) = (flaw.kind.name(), one_line(&flaw.id));
            writeln!(
                out,
                "{kind} {id}{}{}",
                lang.say(Word::CommonColon),
                phrase::flaw(lang, &flaw.wrong)
            )
        })
    })
}

fn print_sheet(options: &Of) -> Result<(), Complaint> {
    let store = existing(&options.shown.places)?;
    let register = kept(&store)?;
    let ledger = store.ledger().map_err(|error| error.complaint(store.path()))?;
    let contract = register.contract(&options.contract).ok_or_else(|| {
        let id = &options.contract;
        Complaint::new(
            Exit::Input,
            format!("契約「{id}」は記録されていません。register export で id を確かめてください"),
            format!("no contract {id:?} is kept: look the id up with `register export`"),
        )
    })?;
    let sheet = sheet(&register, contract, &ledger);
    let lang = options.shown.lang;
    to_stdout(|out| {
        if options.json { report::json::write(out, &sheet) } else { write_sheet(out, lang, &sheet) }
    })
}

fn write_sheet(out: &mut impl Write, lang: Lang, sheet: &Sheet<'_>) -> io::Result<()> {
    let Sheet { contract, party, behind, safety_manager, lines } = sheet;
    let party = party.map_or_else(|| contract.party.clone(), |party| party.name.clone());
    let behind: Vec<&str> = behind.iter().map(|party| party.name.as_str()).collect();
    let manager = safety_manager.map(|person| format!("{} {}", person.name, person.reach));
    for (word, text) in [
        (Word::RegisterContract, contract.name.clone()),
        (Word::RegisterDirectContractor, party),
        (Word::RegisterBehind, behind.join(lang.say(Word::CommonListJoin))),
        (Word::RegisterSafetyManager, manager.unwrap_or_default()),
    ] {
        writeln!(out, "{}{}{}", lang.say(word), lang.say(Word::CommonColon), one_line(&text))?;
    }
    for line in lines {
        let entry = line.entry;
        let remote = lang.say(match line.remotely_maintained {
            Some(true) => Word::RegisterRemote,
            Some(false) => Word::RegisterNoRemote,
            None => Word::RegisterRemoteUnknown,
        });
        let forms: Vec<String> =
            line.forms.iter().map(|(form, standing)| format!("{form:?} {standing:?}")).collect();
        let (number, name) = (one_line(&entry.asset_number), one_line(&entry.name));
        let model = one_line(&entry.model);
        writeln!(out, "  {number} {name} {model} [{remote}] {}", forms.join(", "))?;
    }
    Ok(())
}

fn contacts(options: &Check) -> Result<(), Complaint> {
    let register = kept(&existing(&options.places)?)?;
    to_stdout(|out| {
        contact_table(&register).into_iter().try_for_each(|(party, contact)| {
            let (party, name) = (one_line(&party.name), one_line(&contact.name));
            let (reach, hours) = (one_line(&contact.reach), one_line(&contact.hours));
            writeln!(out, "{party}\t{name}\t{reach}\t{hours}")
        })
    })
}

fn remove(options: &Remove) -> Result<(), Complaint> {
    let store = existing(&options.shown.places)?;
    let author = (who(options.author.by.as_ref()), clock::now());
    let (kind, id, why) = (options.kind, options.id.clone(), options.author.why.clone());
    let gone = store
        .remove_record(kind, id, author, why)
        .map_err(|error| error.complaint(store.path()))?;
    let word = if gone { Word::RegisterRemoved } else { Word::RegisterNotThere };
    let line = options.shown.lang.fill(word, &[&kind.name(), &one_line(&options.id)]);
    to_stdout(|out| writeln!(out, "{line}"))
}

fn history(options: &History) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let store = existing(&options.places)?;
    let versions = store.register_history(options.id.as_deref());
    let versions = versions.map_err(|error| error.complaint(store.path()))?;
    to_stdout(|out| {
        versions.iter().try_for_each(|version| {
            let (at, by) = (config.zone.show(version.at), one_line(&version.by));
            let (kind, id) = (version.kind.name(), one_line(&version.id));
            let (why, content) = (one_line(&version.why), version.content.as_deref());
            writeln!(out, "{at} {by} {kind} {id} {why}\n      {}", content.unwrap_or("-"))
        })
    })
}
