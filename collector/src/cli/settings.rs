//! `settings`: what was said on pages, as TOML, and back. Secrets are in neither.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use daicho_common::complaint::{Complaint, Exit};

use super::{Author, Look, Places, to_stdout, who};
use crate::clock;
use crate::config::{Config, Receiver};
use crate::settings::{Credential, Kind, Setting, Settings};
use crate::store::{By, NewSetting, Seen, Store, StoreError, TakenOut};
use crate::vault::{Secret, Vault};
use crate::words::{Lang, Word};

/// Longest file, in octets.
const LONGEST: u64 = 4 << 20;

#[derive(Debug, Args)]
pub(super) struct SettingsLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 設定を TOML で表示します。秘密は含みません / Prints the settings as TOML, without secrets
    Export(Look),
    /// export の出力（またはその一部）を読み込みます。書かれていない設定は残ります /
    /// Takes in what `export` printed, or a part of it; what is not in the file stays
    Import(Import),
    /// いつ誰がなぜ何を変えたか / Who changed what, when and why
    History(Look),
    /// 設定を1つ、その秘密とともに取り除きます。ファイルの設定や既定値に戻ります /
    /// Takes a setting out with its secrets: the configuration or the default holds again
    Remove(Remove),
}

#[derive(Debug, Args)]
struct Import {
    /// TOML のファイル / The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 理由。履歴に残ります / Why; kept in the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    #[command(flatten)]
    author: Author,
}

#[derive(Debug, Args)]
struct Remove {
    /// 種類: general、deny、network、credential、notify / The kind
    #[arg(value_parser = |text: &str| text.parse::<Kind>().map_err(|()| "general, deny, network, credential, notify"))]
    kind: Kind,
    /// 名前（general と deny では不要） / The name; none for general and deny
    #[arg(default_value = "")]
    name: String,
    /// 理由。履歴に残ります / Why; kept in the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    #[command(flatten)]
    author: Author,
}

pub(super) fn run(line: &SettingsLine) -> Result<(), Complaint> {
    match &line.command {
        Command::Export(options) => export(options),
        Command::Import(options) => import(options),
        Command::History(options) => history(options),
        Command::Remove(options) => remove(options),
    }
}

/// The database that settings are in.
struct Desk {
    config: Config,
    store: Store,
}

impl Desk {
    fn open(places: &Places) -> Result<Self, Complaint> {
        let config = places.config()?;
        let path = &config.database;
        let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
        Ok(Self { config, store })
    }

    fn trouble(&self, error: &StoreError) -> Complaint {
        error.complaint(self.store.path())
    }
}

fn export(options: &Look) -> Result<(), Complaint> {
    let desk = Desk::open(&options.places)?;
    let (_, settings) = desk.store.settings().map_err(|error| desk.trouble(&error))?;
    let text = settings.to_toml().map_err(|error| {
        Complaint::new(
            Exit::Other,
            format!("設定を TOML にできません（{error}）"),
            format!("the settings cannot be written as TOML ({error})"),
        )
    })?;
    to_stdout(|out| write!(out, "{text}"))
}

fn import(options: &Import) -> Result<(), Complaint> {
    let name = options.file.display().to_string();
    let unreadable = |error: &dyn std::fmt::Display| {
        Complaint::new(
            Exit::Input,
            format!("{name} を読めません（{error}）。場所と権限を確かめてください"),
            format!("{name} cannot be read ({error}): check the path and its permissions"),
        )
    };
    let about = std::fs::metadata(&options.file).map_err(|error| unreadable(&error))?;
    if about.len() > LONGEST {
        return Err(unreadable(&format!("> {LONGEST}")));
    }
    let text = std::fs::read_to_string(&options.file).map_err(|error| unreadable(&error))?;
    let desk = Desk::open(&options.author.places)?;
    let (_, present) = desk.store.settings().map_err(|error| desk.trouble(&error))?;
    let mut new = Settings::read(&text, &name)?;
    let read = new.all();
    // What is kept of them has no secret in it.
    let hide = |one: &mut Receiver| one.hide().map(|url| (one.name.clone(), url));
    let hidden: BTreeMap<_, _> = new.receivers.iter_mut().filter_map(hide).collect();
    let all = new.all();
    // Checked beside what stays.
    let rest = all.iter().fold(present, |rest, it| rest.without(it.kind(), it.name()));
    let together: Settings = rest.all().into_iter().chain(read).collect();
    if let Some(wrong) = together.wrongs().first() {
        return Err(wrong.complaint(&name));
    }
    let by = By::here(who(options.author.by.as_ref()), clock::now());
    let all = with_secrets(&desk, all, &hidden)?;
    let kept = desk.store.keep_settings(all, Seen::Any, (by, options.why.clone()));
    let touched = kept.map_err(|error| desk.trouble(&error))?.unwrap_or_default();
    let lang = options.author.lang;
    let line =
        lang.fill(Word::SettingsImported, &[&touched.new, &touched.replaced, &touched.unchanged]);
    to_stdout(|out| writeln!(out, "{line}"))?;
    let kept = desk.store.secrets().map_err(|error| desk.trouble(&error))?;
    for secret in new.credentials.iter().map(Credential::secret) {
        if !kept.iter().any(|known| known.name == secret) {
            super::talk(&lang.fill(Word::SettingsSecretMissing, &[&secret]));
        }
    }
    Ok(())
}

/// The settings with the URLs of receivers that are kept as secrets, by the receiver's name: each the name
/// of its secret, and the URL.
fn with_secrets(
    desk: &Desk,
    all: Vec<Setting>,
    urls: &BTreeMap<String, (String, String)>,
) -> Result<Vec<NewSetting>, Complaint> {
    let mut new: Vec<NewSetting> = all.into_iter().map(NewSetting::from).collect();
    if urls.is_empty() {
        return Ok(new);
    }
    let mut vault = Vault::open(desk.store.path())?;
    for one in new.iter_mut().filter(|one| one.setting.kind() == Kind::Notify) {
        if let Some((name, url)) = urls.get(one.setting.name()) {
            one.secrets.push((name.clone(), vault.seal(name, &Secret::new(url.clone()))?));
        }
    }
    Ok(new)
}

fn history(options: &Look) -> Result<(), Complaint> {
    let desk = Desk::open(&options.places)?;
    let versions = desk.store.setting_history(None).map_err(|error| desk.trouble(&error))?;
    to_stdout(|out| {
        versions.iter().rev().try_for_each(|one| {
            let at = desk.config.zone.show(one.at);
            let (kind, content) = (one.kind.name(), one.content.as_deref().unwrap_or("-"));
            writeln!(out, "{at}\t{}\t{kind}\t{}\t{content}\t{}", one.by, one.name, one.why)
        })
    })
}

fn no_such(kind: Kind, name: &str) -> Complaint {
    let kind = kind.name();
    Complaint::new(
        Exit::Input,
        format!(
            "設定 {kind} {name} はありません。`daicho-collector settings export` で確かめてください"
        ),
        format!("there is no setting {kind} {name}: see `daicho-collector settings export`"),
    )
}

fn remove(options: &Remove) -> Result<(), Complaint> {
    let desk = Desk::open(&options.author.places)?;
    let by = By::here(who(options.author.by.as_ref()), clock::now());
    let (kind, name) = (options.kind, options.name.clone());
    let because = (by, options.why.clone());
    let done = desk.store.take_out_setting((kind, name.clone()), Seen::Any, because);
    match done.map_err(|error| desk.trouble(&error))? {
        TakenOut::Gone => {}
        TakenOut::Nothing | TakenOut::Changed => return Err(no_such(kind, &name)),
        TakenOut::Needed => {
            let [ja, en] = [Lang::Ja, Lang::En].map(|lang| lang.say(Word::SettingStillUsed));
            return Err(Complaint::new(Exit::Input, ja, en));
        }
    }
    let line = options.author.lang.fill(Word::SettingsTakenOut, &[&options.kind.name(), &name]);
    to_stdout(|out| writeln!(out, "{line}"))
}
