//! `backup`, `restore` and `check`: copies of the database, and whether it is sound.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use daicho_common::complaint::{Complaint, Exit};

use super::{Places, to_stdout, unwritable};
use crate::clock::{self, Zone};
use crate::notify::watch::Copied;
use crate::store::{self, Examined, Store, StoreError};
use crate::words::{Lang, Word};

/// How the names of copies that are kept in a folder begin and end; between them is the time.
const BEGIN: &str = "daicho-";
const END: &str = ".db";

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// 写しのファイル / The file to write
    #[arg(value_name = "FILE", required_unless_present = "into")]
    file: Option<PathBuf>,
    /// 日時を名前にして、このフォルダに作ります / Into this folder, named after the time
    #[arg(long, value_name = "FOLDER", conflicts_with = "file")]
    into: Option<PathBuf>,
    /// そのフォルダに残す写しの数、1～10000。古いものから消します /
    /// How many copies the folder keeps, 1 to 10000; the oldest are removed
    #[arg(long, value_name = "N", requires = "into", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    keep: Option<u16>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// 写しのファイル / The copy
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// 調べるファイル（省略時は --db のデータベース） / The file [default: the database of --db]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

pub(super) fn backup(options: &Backup) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let path = &config.database;
    if path.server().is_some() && options.into.is_some() {
        // A timer asks: that a server is copied by its own tools is no failure of this night.
        let said = StoreError::OnServer.complaint(path);
        let said = if options.lang == Lang::Ja { said.ja } else { said.en };
        return to_stdout(|out| writeln!(out, "{said}"));
    }
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let to = match (&options.file, &options.into) {
        (Some(file), _) => file.clone(),
        (None, into) => into.clone().unwrap_or_default().join(name(&config.zone)),
    };
    let copied = store.copy_to(&to).map_err(|error| {
        let of_the_copy = matches!(error, StoreError::Exists | StoreError::File(_));
        error.complaint(if of_the_copy { &to } else { path })
    });
    if options.into.is_some() {
        note(&store, &copied);
    }
    let copied = copied?;
    let mut lines =
        vec![options.lang.fill(Word::SafetyCopied, &[&to.display()]), holds(options.lang, &copied)];
    if let (Some(folder), Some(keep)) = (&options.into, options.keep) {
        for old in too_many(folder, usize::from(keep))? {
            std::fs::remove_file(&old)
                .map_err(|error| unwritable(&old.display().to_string(), &error))?;
            lines.push(options.lang.fill(Word::SafetyRemoved, &[&old.display()]));
        }
    }
    to_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}

/// Keeps what became of a regular copy, for who is told of those that fail. That it cannot be kept, on a
/// full disk say, is no reason to say anything else than what the copy came to.
fn note(store: &Store, copied: &Result<Examined, Complaint>) {
    let failed = copied.as_ref().err().map(|complaint| complaint.en.clone());
    if let Err(error) = store.note_copy(Copied { at: clock::now(), failed }) {
        super::talk(&error.complaint(store.path()).to_string());
    }
}

pub(super) fn restore(options: &Restore) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let to = &config.database;
    if to.server().is_some() {
        return Err(StoreError::OnServer.complaint(to));
    }
    // What is wrong with the copy is said of the copy, before the database is touched.
    let copy = store::examine(&options.file).map_err(|error| error.complaint(&options.file))?;
    refuse_faults(&options.file, &copy)?;
    let mut aside = to.as_os_str().to_owned();
    aside.push(format!(".before-{}", stamp(&config.zone)));
    let restored = store::restore(&options.file, to, Path::new(&aside))
        .map_err(|error| error.complaint(to))?;
    let mut lines = vec![
        options.lang.fill(Word::SafetyRestored, &[&options.file.display(), &to.display()]),
        holds(options.lang, &restored.examined),
    ];
    if let Some(kept) = &restored.kept {
        lines.push(options.lang.fill(Word::SafetyKept, &[&kept.display()]));
    }
    to_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}

pub(super) fn check(options: &Check) -> Result<(), Complaint> {
    let config = options.places.config()?;
    if options.file.is_none() && config.database.server().is_some() {
        return Err(StoreError::OnServer.complaint(&config.database));
    }
    let path = options.file.as_deref().unwrap_or(&config.database);
    let examined = store::examine(path).map_err(|error| error.complaint(path))?;
    refuse_faults(path, &examined)?;
    let lines =
        [options.lang.fill(Word::SafetySound, &[&path.display()]), holds(options.lang, &examined)];
    to_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}

fn holds(lang: Lang, examined: &Examined) -> String {
    let Examined { version, revision, batches, observations, decisions, books, faults: _ } =
        examined;
    lang.fill(Word::SafetyHolds, &[version, revision, batches, observations, decisions, books])
}

fn refuse_faults(path: &Path, examined: &Examined) -> Result<(), Complaint> {
    let Some(first) = examined.faults.first() else { return Ok(()) };
    let (db, count) = (path.display(), examined.faults.len());
    Err(Complaint::new(
        Exit::Integrity,
        format!(
            "{db} は壊れています（{count} 箇所以上、最初は {first}）。restore で写しから戻してください"
        ),
        format!(
            "{db} is damaged (at least {count} places, the first: {first}): put a copy in its place with `restore`"
        ),
    ))
}

/// The time as part of a file's name, to the second.
fn stamp(zone: &Zone) -> String {
    zone.show(clock::now()).replace(['-', ':'], "").replace(' ', "-")
}

fn name(zone: &Zone) -> String {
    format!("{BEGIN}{}{END}", stamp(zone))
}

/// Copies in the folder beyond the newest `keep`. Only names that [`name`] gives are taken for copies.
fn too_many(folder: &Path, keep: usize) -> Result<Vec<PathBuf>, Complaint> {
    let unreadable = |error| unwritable(&folder.display().to_string(), &error);
    let mut copies = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.file_name().to_str().is_some_and(is_name) {
            copies.push(entry.path());
        }
    }
    copies.sort();
    copies.truncate(copies.len().saturating_sub(keep));
    Ok(copies)
}

/// `daicho-20261129-041500.db`.
fn is_name(name: &str) -> bool {
    name.strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_suffix(END))
        .and_then(|stamp| stamp.split_once('-'))
        .is_some_and(|(day, time)| {
            let digits = |text: &str, count| {
                text.len() == count && text.bytes().all(|octet| octet.is_ascii_digit())
            };
            digits(day, 8) && digits(time, 6)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_copies_are_taken_for_copies() {
        assert!(is_name(&name(&Zone::named("Asia/Tokyo").unwrap())));
        for other in
            ["daicho.db", "daicho-old.db", "daicho-20261129-041500.db-wal", "daicho-2026-04.db"]
        {
            assert!(!is_name(other), "{other}");
        }
    }

    #[test]
    fn the_oldest_copies_go_and_other_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        for day in
            ["daicho-20261127-010000.db", "daicho-20261128-010000.db", "daicho-20261129-010000.db"]
        {
            std::fs::write(folder.path().join(day), "").unwrap();
        }
        std::fs::write(folder.path().join("daicho-keep.db"), "").unwrap();
        let old = too_many(folder.path(), 2).unwrap();
        assert_eq!(old, [folder.path().join("daicho-20261127-010000.db")]);
        assert_eq!(too_many(folder.path(), 3).unwrap(), Vec::<PathBuf>::new());
    }
}
