//! Snapshots on their way from one collector to another: written out, looked at, taken in under the key of
//! a site that a person compared.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use daicho_common::complaint::{Complaint, Exit};

use super::{Common, existing};
use crate::cli::keep::note_export;
use crate::cli::{to_file, to_stdout, who};
use crate::clock;
use crate::report::{gather, one_line};
use crate::seal;
use crate::snapshot::parcel::{LARGEST, Parcel, Unreadable, fixed};
use crate::snapshot::summary::Summary;
use crate::snapshot::{Content, diff::diff, hex};
use crate::store::{BadSite, By, Store, StoreError, Taken};
use crate::words::Word;

/// Longest name of a site, in characters.
const NAME: usize = 64;

#[derive(Debug, Args)]
pub(super) struct Export {
    /// 番号（省略時は最後） / The snapshot's number [default: the last]
    id: Option<i64>,
    /// 書き出すファイル / The file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// ほかの拠点の snapshot export が書き出したファイル / A file that `snapshot export` of another site wrote
    file: PathBuf,
    /// 拠点の名前 / The site's name here
    #[arg(long, value_name = "NAME", value_parser = name)]
    site: String,
    /// 行った人の名前（省略時は OS の利用者名） / Who does it [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct Trust {
    /// 拠点の名前 / The site's name here
    #[arg(value_parser = name)]
    site: String,
    /// 拠点の公開鍵（拠点の snapshot key が表示するもの） / Its public key, as its `snapshot key` prints it
    #[arg(value_parser = key)]
    key: Key,
    /// 行った人の名前（省略時は OS の利用者名） / Who does it [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// A public key.
#[derive(Clone, Copy, Debug)]
struct Key([u8; 32]);

fn key(text: &str) -> Result<Key, String> {
    let key = fixed(text.trim());
    key.map(Key)
        .ok_or_else(|| "鍵は 64 桁の16進数です / a key has 64 hexadecimal digits".to_owned())
}

fn name(text: &str) -> Result<String, String> {
    let fits = (1..=NAME).contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("1～{NAME} 文字 / 1 to {NAME} characters"))
    }
}

/// Prints the key that signs snapshots here.
pub(super) fn own_key(common: &Common) -> Result<(), Complaint> {
    let store = existing(common)?;
    let key = seal::public_key(store.path())?;
    let line = common.lang.fill(Word::SnapshotKey, &[&hex(&key), &seal::fingerprint(&key)]);
    to_stdout(|out| writeln!(out, "{line}"))
}

pub(super) fn export(options: &Export) -> Result<(), Complaint> {
    let store = existing(&options.common)?;
    let trouble = |error: StoreError| error.complaint(store.path());
    let last = store.snapshots().map_err(trouble)?.last().map(|taken| taken.id);
    let id = options.id.or(last).unwrap_or_default();
    let taken = gather::taken(&store, id)?;
    // What was altered here is not handed on in the name of this site.
    seal::opened(&taken)?;
    let Taken { at, by, why, digest, content, key, signature, .. } = taken;
    let parcel = Parcel { at, by, why, digest, key, signature, content };
    let octets = parcel.encode().map_err(|error| unreadable(&options.output, &error))?;
    note_export(&store, format!("snapshot {id} {}", digest.hex()))?;
    to_file(&options.output, |out| out.write_all(&octets))?;
    let fingerprint = seal::fingerprint(&key);
    let line =
        options.common.lang.fill(Word::SnapshotExported, &[&id, &digest.short(), &fingerprint]);
    to_stdout(|out| writeln!(out, "{line}"))
}

pub(super) fn trust(options: &Trust) -> Result<(), Complaint> {
    let path = options.common.places.config()?.database;
    let store = Store::open(&path).map_err(|error| error.complaint(&path))?;
    let by = By::here(who(options.by.as_ref()), clock::now());
    let Key(key) = options.key;
    let new = store.trust_site(options.site.clone(), key, by);
    let new = new.map_err(|error| error.complaint(&path))?;
    let word = if new { Word::SnapshotTrusted } else { Word::SnapshotTrustedAlready };
    let line = options.common.lang.fill(word, &[&options.site, &seal::fingerprint(&key)]);
    to_stdout(|out| writeln!(out, "{line}"))
}

pub(super) fn import(options: &Import) -> Result<(), Complaint> {
    // The file is read and verified before a database is even made.
    let (taken, content) = verified(&options.file)?;
    let path = options.common.places.config()?.database;
    let store = Store::open(&path).map_err(|error| error.complaint(&path))?;
    let trouble = |error: StoreError| error.complaint(&path);
    if seal::key_file(&path).exists() && seal::public_key(&path)? == taken.key {
        return Err(trouble(StoreError::Site(BadSite::Own)));
    }
    let summary = Summary::of(&content);
    let by = By::here(who(options.by.as_ref()), clock::now());
    let digest = taken.digest;
    store.import_snapshot(options.site.clone(), (taken, summary), by).map_err(trouble)?;
    let counts: [&dyn std::fmt::Display; 4] =
        [&options.site, &digest.short(), &summary.devices, &summary.open];
    let line = options.common.lang.fill(Word::SnapshotImported, &counts);
    to_stdout(|out| writeln!(out, "{line}"))
}

/// A file's snapshot and its content, if it is as somebody signed it.
fn verified(file: &Path) -> Result<(Taken, Content), Complaint> {
    let octets = read(file)?;
    let parcel = Parcel::decode(&octets).map_err(|why| match why {
        Unreadable::Damaged => altered(file),
        Unreadable::Other | Unreadable::Form | Unreadable::TooLarge => unreadable(file, &why),
    })?;
    let Parcel { at, by, why, digest, key, signature, content } = parcel;
    let taken = Taken { id: 0, at, by, why, digest, content, key, signature };
    if !seal::is_sound(&taken) {
        return Err(altered(file));
    }
    let content = Content::read(&taken.content).map_err(|error| unreadable(file, &error))?;
    Ok((taken, content))
}

/// Reads no more than a snapshot may have.
fn read(file: &Path) -> Result<Vec<u8>, Complaint> {
    let open = File::open(file).map_err(|error| unreadable(file, &error))?;
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    let length = open.metadata().map_err(|error| unreadable(file, &error))?.len();
    if length > most {
        return Err(unreadable(file, &Unreadable::TooLarge));
    }
    let mut octets = Vec::new();
    // A file that grows meanwhile is read no further than one that is too large.
    open.take(most.saturating_add(1))
        .read_to_end(&mut octets)
        .map_err(|error| unreadable(file, &error))?;
    Ok(octets)
}

fn altered(file: &Path) -> Complaint {
    let file = file.display();
    Complaint::new(
        Exit::Integrity,
        format!(
            "{file} は途中で切れているか、署名の後に変更されています。取り込みません。拠点から取り直してください"
        ),
        format!(
            "{file} is cut off, or was altered after it was signed: it is not taken in, fetch it from the site again"
        ),
    )
}

fn unreadable(file: &Path, why: &dyn std::fmt::Display) -> Complaint {
    let file = file.display();
    Complaint::new(
        Exit::Input,
        format!(
            "{file} はスナップショットとして読めません（{why}）。snapshot export が書き出したファイルを指定してください"
        ),
        format!(
            "{file} cannot be read as a snapshot ({why}): give a file that `snapshot export` wrote"
        ),
    )
}

/// The sites and the newest snapshot of each.
pub(super) fn sites(common: &Common) -> Result<(), Complaint> {
    let config = common.places.config()?;
    let store = existing(common)?;
    let sites = store.sites().map_err(|error| error.complaint(store.path()))?;
    to_stdout(|out| {
        for site in &sites {
            let (name, key) = (one_line(&site.name), seal::fingerprint(&site.key));
            for one in &site.snapshots {
                let (at, summary) = (config.zone.show(one.at), one.summary);
                let (id, digest) = (one.id, one.digest.short());
                let counts = format!("{}\t{}\t{}", summary.devices, summary.rows, summary.open);
                writeln!(out, "{name}\t{key}\t{id}\t{at}\t{digest}\t{counts}")?;
            }
            if site.snapshots.is_empty() {
                writeln!(out, "{name}\t{key}")?;
            }
        }
        Ok(())
    })
}

/// What two snapshots of a site differ in; without numbers the last two.
pub(super) fn between(
    store: &Store,
    site: &str,
    (from, to): (Option<i64>, Option<i64>),
) -> Result<Vec<crate::snapshot::diff::Difference>, Complaint> {
    let trouble = |error: StoreError| error.complaint(store.path());
    let sites = store.sites().map_err(trouble)?;
    let found = sites.into_iter().find(|one| one.name == site);
    let snapshots = found.map(|site| site.snapshots).unwrap_or_default();
    let mut newest = snapshots.iter().map(|one| one.id);
    let to = to.or_else(|| newest.next()).ok_or_else(|| too_few(site))?;
    let before = snapshots.iter().map(|one| one.id).skip_while(|id| *id != to).nth(1);
    let from = from.or(before).ok_or_else(|| too_few(site))?;
    let read = |id: i64| {
        let known = snapshots.iter().any(|one| one.id == id);
        let taken = if known { store.site_snapshot(id).map_err(trouble)? } else { None };
        seal::opened(&taken.ok_or_else(|| too_few(site))?)
    };
    Ok(diff(&read(from)?, &read(to)?))
}

fn too_few(site: &str) -> Complaint {
    Complaint::new(
        Exit::Input,
        format!(
            "拠点「{site}」のその番号のスナップショットがありません。snapshot sites で番号を確かめてください"
        ),
        format!(
            "the site {site:?} has no such snapshots: look their numbers up with `snapshot sites`"
        ),
    )
}
