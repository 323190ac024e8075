//! `notify`: how the receivers of notifications stand, and whether a message arrives.

use std::io::Write;

use clap::{Args, Subcommand};
use daicho_common::complaint::{Complaint, Exit};

use super::{Author, Look, to_stdout, who, with_settings};
use crate::config::Config;
use crate::notify::channel::Channel;
use crate::notify::message::{Wording, trial};
use crate::report::one_line;
use crate::store::{By, NoticeState, Notified, Store};
use crate::vault::Vault;
use crate::words::{Lang, Word};
use crate::{clock, courier};

/// Messages that are looked through for the latest of each receiver.
const LOOKED_AT: u32 = 1000;

#[derive(Debug, Args)]
pub(super) struct NotifyLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 通知先ごとに、送信待ち・最後の結果・誤りを表示します /
    /// Shows what waits for each receiver, what became of the last message, and why it failed
    List(Look),
    /// 試験の通知をいま送ります / Sends a trial now
    Test(Test),
}

#[derive(Debug, Args)]
struct Test {
    /// 通知先の名前（設定の [[notify]] の name） / The receiver, as [[notify]] names it
    name: String,
    #[command(flatten)]
    author: Author,
}

pub(super) fn run(line: &NotifyLine) -> Result<(), Complaint> {
    match &line.command {
        Command::List(options) => list(options),
        Command::Test(options) => test(options),
    }
}

fn test(options: &Test) -> Result<(), Complaint> {
    let config = options.author.places.config()?;
    let path = &config.database;
    let store = Store::open(path).map_err(|error| error.complaint(path))?;
    let config = &with_settings(&config, &store)?;
    let channel = named(config, &options.name)?;
    let (channel, secret) = courier::ready(&Vault::open(path)?, &store, channel)?;
    let channel = &channel;
    let by = By::here(who(options.author.by.as_ref()), clock::now());
    store.note_trial(&channel.name, by).map_err(|error| error.complaint(path))?;
    let show = |at| config.zone.show(at);
    let how = Wording {
        lang: channel.lang,
        brief: channel.choice.brief,
        url: &config.notify.url,
        show: &show,
    };
    let message = trial(&channel.name, how, clock::now());
    courier::send(channel, &message, secret.as_ref()).map_err(|why| undelivered(channel, &why))?;
    let with: [&dyn std::fmt::Display; 2] = [&channel.name, &channel.road.target()];
    let line = options.author.lang.fill(Word::NotifyTested, &with);
    to_stdout(|out| writeln!(out, "{line}"))
}

fn named<'a>(config: &'a Config, name: &str) -> Result<&'a Channel, Complaint> {
    config.notify.channels.iter().find(|channel| channel.name == name).ok_or_else(|| {
        let names: Vec<&str> =
            config.notify.channels.iter().map(|channel| channel.name.as_str()).collect();
        let names = if names.is_empty() { "-".to_owned() } else { names.join(", ") };
        Complaint::new(
            Exit::Config,
            format!("通知先 {name:?} は設定にありません（あるもの: {names}）。[[notify]] の name を確かめてください"),
            format!("the configuration has no receiver {name:?} (it has: {names}): check the name of [[notify]]"),
        )
    })
}

fn undelivered(channel: &Channel, why: &str) -> Complaint {
    let (name, target) = (&channel.name, channel.road.target());
    Complaint::new(
        Exit::Remote,
        format!(
            "通知先「{name}」（{target}）に送れません（{why}）。設定と相手の状態を確かめてください"
        ),
        format!(
            "the receiver {name} ({target}) did not take it ({why}): check its configuration and whether it runs"
        ),
    )
}

fn list(options: &Look) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let lang = options.lang;
    let path = &config.database;
    if config.notify.channels.is_empty() && !path.exists() {
        super::talk(lang.say(Word::NotifyNone));
        return Ok(());
    }
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let config = with_settings(&config, &store)?;
    if config.notify.channels.is_empty() {
        super::talk(lang.say(Word::NotifyNone));
        return Ok(());
    }
    let notices = store.notices(LOOKED_AT).map_err(|error| error.complaint(path))?;
    to_stdout(|out| {
        config.notify.channels.iter().try_for_each(|channel| {
            let latest = notices.iter().find(|one| one.channel == channel.name);
            let state = latest.map_or_else(
                || lang.say(Word::NotifyNever).to_owned(),
                |latest| state(&config, lang, latest),
            );
            let (name, kind, target) =
                (&channel.name, channel.road.name(), one_line(&channel.road.target()));
            writeln!(out, "{name}\t{kind}\t{target}\t{state}")
        })
    })
}

fn state(config: &Config, lang: Lang, latest: &Notified) -> String {
    let word = match latest.state {
        NoticeState::Waiting => Word::NotifyWaiting,
        NoticeState::Sent => Word::NotifySent,
        NoticeState::Failed => Word::NotifyFailed,
    };
    let made = config.zone.show(latest.made_at);
    let mut text = lang.fill(Word::NotifyState, &[&lang.say(word), &latest.events, &made]);
    let said = one_line(&latest.said);
    match latest.state {
        NoticeState::Waiting if latest.tries > 0 => {
            let next = config.zone.show(latest.next_at);
            text += "\t";
            text += &lang.fill(Word::NotifyTries, &[&latest.tries, &next, &said]);
        }
        NoticeState::Failed => {
            text += "\t";
            text += &lang.fill(Word::NotifySaid, &[&said]);
        }
        NoticeState::Waiting | NoticeState::Sent => {}
    }
    text
}
