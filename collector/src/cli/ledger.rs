//! `ledger`: what a book would be read as, what it would change, what changed, and the hospital's own
//! workbook back.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use daicho_common::complaint::{Complaint, Exit};

use super::keep::note_export;
use super::{Places, to_file, to_stdout, who};
use crate::book::{self, How};
use crate::ledger::edit::{Named, Wish};
use crate::ledger::profile::{self, Profile};
use crate::ledger::rebase;
use crate::ledger::{Field, Ledger, Place};
use crate::store::{self, By, Edit, Imported, NewBook, Store};
use crate::words::{Lang, Word, phrase};
use crate::{clock, ingest, report};

mod show;

#[derive(Debug, Args)]
pub(super) struct LedgerLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 各列の読み方の案と、その理由・見本を表示します / Proposes what each column means, and why
    Propose(Propose),
    /// 取り込むと何が変わるかを表示します。何も書き込みません /
    /// Shows what importing would change; writes nothing
    Preview(Preview),
    /// 台帳を取り込み、変更を記録します / Imports books and keeps what changed
    Import(Import),
    /// 台帳の変更の記録を表示します / Prints what changed, who did it, when and why
    History(History),
    /// 台帳の1項目を書き換えます / Changes one cell
    Set(Set),
    /// 台帳に行を加えます（見つかった機器の登録など） / Adds a row, as for a device that was found
    Add(Add),
    /// 台帳の行を廃棄済みにします / Retires a row
    Retire(Retire),
    /// 変更を書き込んだ元の台帳を書き出します / Gives the hospital's own workbook back with the changes
    Export(Export),
}

/// Which side holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Prefer {
    /// 新しい台帳 / the new book
    Book,
    /// 画面やコマンドで加えた変更 / the changes made beside it
    Edits,
}

impl From<Prefer> for rebase::Prefer {
    fn from(prefer: Prefer) -> Self {
        match prefer {
            Prefer::Book => Self::Book,
            Prefer::Edits => Self::Edits,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// 文字 / text
    Text,
    /// JSON
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProposalFormat {
    /// 文字 / text
    Text,
    /// JSON
    Json,
    /// 書き換えて --profile に渡すファイル / a file to change and give to --profile
    Toml,
}

/// How books are read.
#[derive(Debug, Args)]
struct Reading {
    /// 列の読み方を定めたファイル（propose --format toml で作れます） /
    /// What the columns mean, as `propose --format toml` writes it
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

/// Who changes something, and why.
#[derive(Debug, Args)]
struct Author {
    /// 行った人の名前（省略時は OS の利用者名） / Who does it [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 理由 / Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Propose {
    /// 台帳 (.xlsx .xls .csv) / A ledger
    book: PathBuf,
    /// 形式 / Format
    #[arg(long, value_enum, default_value = "text")]
    format: ProposalFormat,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Debug, Args)]
struct Preview {
    /// 台帳 (.xlsx .xls .csv) / Ledgers
    #[arg(required = true, value_name = "BOOK")]
    books: Vec<PathBuf>,
    /// 食い違うときに残す側 / Which side holds where both changed
    #[arg(long, value_enum)]
    prefer: Option<Prefer>,
    /// 形式 / Format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Debug, Args)]
struct Import {
    /// 台帳 (.xlsx .xls .csv) / Ledgers
    #[arg(required = true, value_name = "BOOK")]
    books: Vec<PathBuf>,
    /// 食い違うときに残す側 / Which side holds where both changed
    #[arg(long, value_enum)]
    prefer: Option<Prefer>,
    /// 取り込んだ人の名前（省略時は OS の利用者名） / Who imports [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 理由 / Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Debug, Args)]
struct History {
    /// 管理番号・シリアル番号など / The row's number, serial number … [default: every row]
    key: Option<String>,
    /// 形式 / Format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Set {
    /// 取り込んだときの台帳の名前 / The book's name as imported
    book: String,
    /// 行番号 / The row's number
    row: u32,
    /// 列の見出し、または項目名 (ip, location …) / The heading, or the field (ip, location …)
    column: String,
    /// 新しい内容 / The new text
    value: String,
    /// シート（CSV では不要） / The sheet; not for CSV
    #[arg(long, default_value = "")]
    sheet: String,
    #[command(flatten)]
    author: Author,
}

#[derive(Debug, Args)]
struct Add {
    /// 取り込んだときの台帳の名前 / The book's name as imported
    book: String,
    /// 見出し=内容、または項目名=内容 / HEADING=TEXT or FIELD=TEXT
    #[arg(required = true, value_name = "COLUMN=TEXT", value_parser = parse_value)]
    values: Vec<(String, String)>,
    /// シート（CSV では不要） / The sheet; not for CSV
    #[arg(long, default_value = "")]
    sheet: String,
    #[command(flatten)]
    author: Author,
}

#[derive(Debug, Args)]
struct Retire {
    /// 取り込んだときの台帳の名前 / The book's name as imported
    book: String,
    /// 行番号 / The row's number
    row: u32,
    /// シート（CSV では不要） / The sheet; not for CSV
    #[arg(long, default_value = "")]
    sheet: String,
    #[command(flatten)]
    author: Author,
}

#[derive(Debug, Args)]
struct Export {
    /// 台帳の名前（省略時はすべて） / The book's name [default: all]
    book: Option<String>,
    /// 書き出すファイル。すべて書き出すときはフォルダ / The file, or the folder for all books
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

fn parse_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(column, value)| (column.to_owned(), value.to_owned()))
        .ok_or_else(|| "見出し=内容 の形で書いてください / write COLUMN=TEXT".to_owned())
}

/// A field by its name in files, else a heading.
fn named(column: &str) -> Named {
    let field = serde_json::from_value::<Field>(column.into());
    field.map_or_else(|_| Named::Heading(column.to_owned()), Named::Field)
}

pub(super) fn run(line: &LedgerLine) -> Result<(), Complaint> {
    match &line.command {
        Command::Propose(options) => propose(options),
        Command::Preview(options) => preview(options),
        Command::Import(options) => import(options),
        Command::History(options) => history(options),
        Command::Set(Set { book, row, column, value, sheet, author }) => {
            let place =
                Place { book: book.as_str().into(), sheet: sheet.as_str().into(), row: *row };
            edit(author, Wish::Set { place, column: named(column), value: value.clone() })
        }
        Command::Add(Add { book, values, sheet, author }) => {
            let values = values.iter().map(|(column, value)| (named(column), value.clone()));
            let (book, sheet) = (book.clone(), sheet.clone());
            edit(author, Wish::Add { book, sheet, values: values.collect() })
        }
        Command::Retire(Retire { book, row, sheet, author }) => {
            let place =
                Place { book: book.as_str().into(), sheet: sheet.as_str().into(), row: *row };
            edit(author, Wish::Retire { place, was: None })
        }
        Command::Export(options) => export(options),
    }
}

/// A store that is there, with the profiles in it.
fn store_of(path: &store::Place) -> Result<Option<Store>, Complaint> {
    if path.exists() {
        Store::open(path).map(Some).map_err(|error| error.complaint(path))
    } else {
        Ok(None)
    }
}

fn existing(places: &Places) -> Result<Store, Complaint> {
    let path = places.config()?.database;
    Store::open_existing(&path).map_err(|error| error.complaint(&path))
}

fn kept(store: Option<&Store>) -> Result<Vec<Profile>, Complaint> {
    store.map_or(Ok(Vec::new()), |store| {
        store.profiles().map_err(|error| error.complaint(store.path()))
    })
}

/// The profiles of the file that was given, and with those that are kept for other shapes.
fn profiles(
    reading: &Reading,
    store: Option<&Store>,
) -> Result<(Vec<Profile>, Vec<Profile>), Complaint> {
    let given = match &reading.profile {
        Some(path) => ingest::read_profiles(path)?,
        None => Vec::new(),
    };
    let shapes: Vec<String> = given.iter().map(Profile::shape).collect();
    let mut all = given.clone();
    all.extend(kept(store)?.into_iter().filter(|profile| !shapes.contains(&profile.shape())));
    Ok((given, all))
}

/// A book that was read.
struct ReadBook {
    name: String,
    octets: Vec<u8>,
    ledger: Ledger,
}

/// Reads the books, all before anything is written, and checks that each profile that was given is
/// for one of them.
fn books(
    paths: &[PathBuf],
    reading: &Reading,
    (given, all): (&[Profile], &[Profile]),
) -> Result<Vec<ReadBook>, Complaint> {
    let read = paths.iter().map(|path| {
        let (ledger, octets) = ingest::read_book_as(path, all)?;
        Ok(ReadBook { name: ingest::book_name(path), octets, ledger })
    });
    let read: Vec<ReadBook> = read.collect::<Result<_, Complaint>>()?;
    for profile in given {
        let sheets = read.iter().flat_map(|book| &book.ledger.sheets);
        let fits = profile.fits_one(&sheets.map(|sheet| sheet.columns.as_slice()));
        let file = reading.profile.as_deref().unwrap_or(Path::new(""));
        fits.map_err(|bad| ingest::bad_profile(file, &bad))?;
    }
    Ok(read)
}

fn propose(options: &Propose) -> Result<(), Complaint> {
    let config = options.reading.places.config()?;
    let (given, all) = profiles(&options.reading, store_of(&config.database)?.as_ref())?;
    let read = books(std::slice::from_ref(&options.book), &options.reading, (&given, &all));
    let ledger = match read {
        Ok(read) => read.into_iter().next().map(|book| book.ledger).unwrap_or_default(),
        Err(complaint) => return Err(complaint),
    };
    let proposals = profile::propose(&ledger, &book::released()?, &all);
    match options.format {
        ProposalFormat::Json => to_stdout(|out| report::json::write(out, &proposals)),
        ProposalFormat::Toml => {
            let text = profile::to_toml(&proposals).unwrap_or_default();
            to_stdout(|out| out.write_all(text.as_bytes()))
        }
        ProposalFormat::Text => {
            to_stdout(|out| show::proposals(out, options.reading.lang, &proposals))
        }
    }
}

fn preview(options: &Preview) -> Result<(), Complaint> {
    let config = options.reading.places.config()?;
    let store = store_of(&config.database)?;
    let (given, all) = profiles(&options.reading, store.as_ref())?;
    let read = books(&options.books, &options.reading, (&given, &all))?;
    let prefer = options.prefer.map(Into::into);
    for ReadBook { name, octets, ledger } in read {
        let (diff, rebased) = match &store {
            Some(store) => {
                let shown = store.preview(&name, &octets, &ledger, prefer);
                let shown = shown.map_err(|error| error.complaint(store.path()))?;
                (shown.diff, shown.rebased)
            }
            None => {
                (crate::ledger::diff::diff(&Ledger::default(), &ledger), rebase::Rebased::default())
            }
        };
        let shown = show::Shown { book: &name, diff: &diff, rebased: &rebased };
        to_stdout(|out| match options.format {
            Format::Json => report::json::write(out, &shown),
            Format::Text => show::preview(out, options.reading.lang, &shown, true),
        })?;
    }
    Ok(())
}

fn import(options: &Import) -> Result<(), Complaint> {
    let config = options.reading.places.config()?;
    let path = &config.database;
    let (given, all) = profiles(&options.reading, store_of(path)?.as_ref())?;
    let read = books(&options.books, &options.reading, (&given, &all))?;
    let store = Store::open(path).map_err(|error| error.complaint(path))?;
    let (by, at) = (who(options.by.as_ref()), clock::now());
    for ReadBook { name, octets, ledger } in read {
        let lang = options.reading.lang;
        let defects = ledger.defects.clone();
        let book = NewBook { name: name.clone(), octets, ledger, at, by: by.clone() };
        let prefer = options.prefer.map(Into::into);
        let done = store.import_for(book, options.why.clone(), prefer);
        let done = done.map_err(|error| error.complaint(path))?;
        let shown = show::Shown { book: &name, diff: &done.diff, rebased: &done.rebased };
        let known = done.imported == Imported::AlreadyKnown;
        to_stdout(|out| {
            if known {
                return writeln!(out, "{}", lang.fill(Word::ImportBookKnown, &[&name]));
            }
            show::preview(out, lang, &shown, false)?;
            show::defects(out, lang, &defects)
        })?;
    }
    if !given.is_empty() {
        store
            .keep_profiles(given, (by, at), options.why.clone())
            .map_err(|error| error.complaint(path))?;
    }
    Ok(())
}

fn history(options: &History) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let store = existing(&options.places)?;
    let changes = store.history(options.key.as_deref());
    let changes = changes.map_err(|error| error.complaint(store.path()))?;
    to_stdout(|out| match options.format {
        Format::Json => report::json::write(out, &changes),
        Format::Text => show::history(out, (options.lang, &config.zone), &changes),
    })
}

fn edit(author: &Author, wish: Wish) -> Result<(), Complaint> {
    let store = existing(&author.places)?;
    let (by, why) = (who(author.by.as_ref()), author.why.clone());
    let steps = store.edit(Edit { wish, by: By::here(by, clock::now()), why });
    let steps = steps.map_err(|error| error.complaint(store.path()))?;
    to_stdout(|out| {
        if steps.is_empty() {
            return writeln!(out, "{}", author.lang.say(Word::ChangesNothing));
        }
        steps.iter().try_for_each(|step| {
            let place = report::one_line(&phrase::place(author.lang, step.place()));
            writeln!(out, "{place}")?;
            show::step(out, author.lang, step)
        })
    })
}

fn export(options: &Export) -> Result<(), Complaint> {
    let store = existing(&options.places)?;
    let held = store.books().map_err(|error| error.complaint(store.path()))?;
    let wanted = |name: &str| options.book.as_ref().is_none_or(|book| book == name);
    let mut any = false;
    for book in held.iter().filter(|book| wanted(&book.name)) {
        any = true;
        let exported = book::export(&book.octets, &book.base, &book.ledger)
            .map_err(|error| unwritable(&book.name, &error))?;
        let mut path = options.output.clone();
        if options.book.is_none() {
            path.push(&book.name);
        }
        if let Some(ending) = exported.ending.filter(|_| options.book.is_none()) {
            path.set_extension(ending);
        }
        note_export(&store, format!("ledger export {}", book.name))?;
        to_file(&path, |out| out.write_all(&exported.octets))?;
        let word = match exported.how {
            How::Untouched => Word::ChangesExportUntouched,
            How::Patched => Word::ChangesExportPatched,
            How::Rewritten => Word::ChangesExportRewritten,
        };
        let line = options.lang.fill(word, &[&path.display()]);
        to_stdout(|out| writeln!(out, "{line}"))?;
    }
    if any { Ok(()) } else { Err(no_book(options.book.as_deref().unwrap_or("*"))) }
}

fn unwritable(name: &str, error: &book::WriteError) -> Complaint {
    Complaint::new(
        Exit::Other,
        format!("「{name}」を書き出せません（{error}）。空き容量を確かめてください"),
        format!("{name:?} cannot be written ({error}): check the free space"),
    )
}

fn no_book(name: &str) -> Complaint {
    Complaint::new(
        Exit::Input,
        format!("台帳「{name}」は取り込まれていません。名前を確かめるか、先に取り込んでください"),
        format!("no ledger {name:?} was imported: check its name, or import it first"),
    )
}
