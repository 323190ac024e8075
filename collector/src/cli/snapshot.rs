//! `snapshot`: what is known now, signed and kept; what two of them differ in.

use std::io::Write;

use clap::{Args, Subcommand};
use daicho_common::complaint::Complaint;

use super::{Places, to_stdout, who};
use crate::report::gather;
use crate::report::one_line;
use crate::seal;
use crate::snapshot::diff::How;
use crate::store::{By, Store, Taken};
use crate::words::{Lang, Word};
use crate::{clock, ingest};

mod travel;

#[derive(Debug, Args)]
pub(super) struct SnapshotLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// いまの内容に署名して保管します / Signs and keeps what is known now
    Take(Take),
    /// 保管したスナップショットと署名の確認結果を表示します / Prints the snapshots and whether they are sound
    List(Common),
    /// 2つのスナップショットの違いを表示します / Prints what two snapshots differ in
    Diff(Diff),
    /// ほかの collector（本部など）に渡すファイルを書き出します / Writes a snapshot for another collector
    Export(travel::Export),
    /// ほかの拠点のスナップショットを確かめて取り込みます / Verifies and takes in one of another site
    Import(travel::Import),
    /// 拠点の公開鍵を登録します / Says by which key a site is known
    Trust(travel::Trust),
    /// この collector の署名鍵の公開鍵と指紋を表示します / Prints the key that signs snapshots here
    Key(Common),
    /// 拠点とそのスナップショットの一覧 / Lists sites and their snapshots
    Sites(Common),
}

#[derive(Debug, Args)]
struct Common {
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Take {
    /// 行った人の名前（省略時は OS の利用者名） / Who does it [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 理由 / Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Diff {
    /// 前の番号（省略時は後の1つ前） / The earlier one [default: the one before the later]
    from: Option<i64>,
    /// 後の番号（省略時は最後） / The later one [default: the last]
    to: Option<i64>,
    /// 取り込んだ拠点のスナップショットを比べます / Compares those of another site
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(line: &SnapshotLine) -> Result<(), Complaint> {
    match &line.command {
        Command::Take(options) => take(options),
        Command::List(options) => list(options),
        Command::Diff(options) => diff(options),
        Command::Export(options) => travel::export(options),
        Command::Import(options) => travel::import(options),
        Command::Trust(options) => travel::trust(options),
        Command::Key(options) => travel::own_key(options),
        Command::Sites(options) => travel::sites(options),
    }
}

fn existing(common: &Common) -> Result<Store, Complaint> {
    let path = common.places.config()?.database;
    Store::open_existing(&path).map_err(|error| error.complaint(&path))
}

fn take(options: &Take) -> Result<(), Complaint> {
    let config = options.common.places.config()?;
    let store = existing(&options.common)?;
    let criteria = ingest::criteria(&super::with_settings(&config, &store)?)?;
    let by = By::here(who(options.by.as_ref()), clock::now());
    let (id, digest) = gather::take(&store, &criteria, by, &options.why)?;
    let line = options.common.lang.fill(Word::SnapshotTaken, &[&id, &digest.short()]);
    to_stdout(|out| writeln!(out, "{line}"))
}

fn list(options: &Common) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let store = existing(options)?;
    let trouble = |error: crate::store::StoreError| error.complaint(store.path());
    let ids: Vec<i64> = store.snapshots().map_err(trouble)?.iter().map(|one| one.id).collect();
    let mut lines = Vec::new();
    for id in &ids {
        let taken = gather::taken(&store, *id)?;
        lines.push(line(options.lang, &config.zone, &taken));
    }
    if ids.is_empty() {
        lines.push(options.lang.say(Word::SnapshotNone).to_owned());
    }
    to_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}

fn line(lang: Lang, zone: &clock::Zone, taken: &Taken) -> String {
    let sound = if seal::is_sound(taken) { Word::SnapshotSound } else { Word::SnapshotAltered };
    let key = format!("{} {}", seal::fingerprint(&taken.key), lang.say(sound));
    let (at, by, why) = (zone.show(taken.at), one_line(&taken.by), one_line(&taken.why));
    lang.fill(Word::SnapshotLine, &[&taken.id, &at, &taken.digest.short(), &by, &why, &key])
}

fn diff(options: &Diff) -> Result<(), Complaint> {
    let store = existing(&options.common)?;
    let wanted = (options.from, options.to);
    let differences = if let Some(site) = &options.site {
        travel::between(&store, site, wanted)?
    } else {
        let ground = store.ground().map_err(|error| error.complaint(store.path()))?;
        gather::between(&store, &ground, wanted)?.differences
    };
    to_stdout(|out| {
        differences.iter().try_for_each(|one| {
            let kind = one.kind.name();
            let (key, name) = (one_line(&one.key), one_line(&one.name));
            match &one.how {
                How::Came => writeln!(out, "+ {kind}\t{key}\t{name}"),
                How::Went => writeln!(out, "- {kind}\t{key}\t{name}"),
                How::Field(field, before, after) => {
                    let (before, after) = (one_line(before), one_line(after));
                    writeln!(out, "~ {kind}\t{key}\t{name}\t{field}\t{before}\t{after}")
                }
            }
        })
    })
}
