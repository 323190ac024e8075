//! `schedule`: when agents scan, and the plan of it on paper.

use std::io::Write;

use clap::{Args, Subcommand};
use daicho_common::complaint::{Complaint, Exit};

use super::scan::{Bounds, unknown};
use super::{Places, to_stdout, who};
use crate::clock;
use crate::config::Config;
use crate::report::plan;
use crate::schedule::{Bad, Schedule};
use crate::settings::orders;
use crate::store::Store;
use crate::words::{Lang, Word};

#[derive(Debug, Args)]
pub(super) struct ScheduleLine {
    #[command(subcommand)]
    command: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
enum ScheduleCommand {
    /// 予定を加えるか、同じ名前の予定を置き換えます / Adds a schedule, or replaces the one of its name
    Add(Add),
    /// 予定の一覧と次回 / Lists schedules and their next runs
    List(Shown),
    /// 予定を除きます / Takes a schedule out
    Remove(Remove),
    /// 走査計画書を印刷用に出力します / Prints the plan of all scans, for paper
    Plan(Shown),
}

#[derive(Debug, Args)]
struct Add {
    /// 予定の名前 / What the schedule is called
    name: String,
    /// 走査するエージェント / Whose scan it is
    #[arg(long, value_name = "NAME")]
    agent: String,
    /// cron の書き方: 分 時 日 月 曜日（L は最終、5L は最終金曜、5#2 は第2金曜） / As cron writes it: minute,
    /// hour, day, month, day of the week; L is the last, 5L the last Friday, 5#2 the second
    #[arg(long = "at", value_name = "CRON")]
    pattern: String,
    /// 時間帯（IANA の名前、省略時は設定のもの） / Time zone [default: that of the configuration]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// 走査してよい時間（例 "22:00-05:00"、"月-金 22:00-05:00"） / Spans within which it runs
    #[arg(long, num_args = 1.., value_name = "SPAN")]
    window: Vec<String>,
    /// 走査しない日（例 2026-12-29..2027-01-03） / Days on which it does not run
    #[arg(long, num_args = 1.., value_name = "DAYS")]
    except: Vec<String>,
    #[command(flatten)]
    bounds: Bounds,
    /// 連絡先。計画書に載ります / Whom to call; it stands in the plan
    #[arg(long, value_name = "TEXT", default_value = "")]
    contact: String,
    /// 加えた人の名前（省略時は OS の利用者名） / Who says so [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Remove {
    /// 予定の名前 / What the schedule is called
    name: String,
    /// 除いた人の名前（省略時は OS の利用者名） / Who says so [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Shown {
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

pub(super) fn run(line: &ScheduleLine) -> Result<(), Complaint> {
    match &line.command {
        ScheduleCommand::Add(options) => add(options),
        ScheduleCommand::List(options) => list(options),
        ScheduleCommand::Remove(options) => remove(options),
        ScheduleCommand::Plan(options) => print(options),
    }
}

fn opened(config: &Config) -> Result<Store, Complaint> {
    let path = &config.database;
    Store::open_existing(path).map_err(|error| error.complaint(path))
}

fn add(options: &Add) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let order = options.bounds.order();
    let schedule = Schedule {
        name: options.name.clone(),
        agent: options.agent.clone(),
        pattern: options.pattern.clone(),
        zone: options.zone.clone().unwrap_or_else(|| config.zone.name().to_owned()),
        windows: options.window.clone(),
        blackout: options.except.clone(),
        networks: order.networks,
        reach: order.reach,
        packets_per_second: order.packets_per_second,
        target_packets_per_second: order.target_packets_per_second,
        contact: options.contact.clone(),
    };
    let now = clock::now();
    let table = schedule.timetable().map_err(|bad| unfit(&bad))?;
    let next = table.next_run(now).ok_or_else(|| unfit(&Bad::Never))?;
    let store = opened(&config)?;
    let failed = |error: crate::store::StoreError| error.complaint(&config.database);
    let agents = store.admissions().list().map_err(failed)?;
    if !agents.iter().any(|agent| agent.name == schedule.agent && agent.until.is_some()) {
        return Err(unknown(&schedule.agent));
    }
    let (name, next) = (schedule.name.clone(), table.shown(next.due));
    store.jobs().add(schedule, (who(options.by.as_ref()), now)).map_err(failed)?;
    let line = options.lang.fill(Word::ScansAdded, &[&name, &next]);
    to_stdout(|out| writeln!(out, "{line}"))
}

fn remove(options: &Remove) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let by = (who(options.by.as_ref()), clock::now());
    let removed = opened(&config)?.jobs().remove(options.name.clone(), by);
    let removed = removed.map_err(|error| error.complaint(&config.database))?;
    if !removed {
        let name = &options.name;
        return Err(Complaint::new(
            Exit::Input,
            format!(
                "「{name}」という予定はありません。`daicho-collector schedule list` で名前を確かめてください"
            ),
            format!("there is no schedule {name:?}: see `daicho-collector schedule list`"),
        ));
    }
    let line = options.lang.fill(Word::ScansRemoved, &[&options.name]);
    to_stdout(|out| writeln!(out, "{line}"))
}

fn list(options: &Shown) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let schedules = opened(&config)?.jobs().schedules();
    let schedules = schedules.map_err(|error| error.complaint(&config.database))?;
    let (lang, now) = (options.lang, clock::now());
    to_stdout(|out| {
        if schedules.is_empty() {
            return writeln!(out, "{}", lang.say(Word::ScansNoSchedule));
        }
        schedules.iter().try_for_each(|kept| {
            let schedule = &kept.schedule;
            let next = plan::next(schedule, now, lang);
            writeln!(out, "{}\t{}\t{}\t{next}", schedule.name, schedule.agent, schedule.pattern)
        })
    })
}

fn print(options: &Shown) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let store = opened(&config)?;
    let failed = |error: crate::store::StoreError| error.complaint(&config.database);
    let schedules = store.jobs().schedules().map_err(failed)?;
    let agents = store.admissions().list().map_err(failed)?;
    let (_, settings) = store.settings().map_err(failed)?;
    let agents = orders::told(agents, &settings);
    let of = plan::Plan { schedules: &schedules, agents: &agents, now: clock::now() };
    to_stdout(|out| plan::write(out, &of, (options.lang, &config.zone)))
}

fn unfit(bad: &Bad) -> Complaint {
    let ja = match bad {
        Bad::Name(name) => {
            format!("名前 {name:?} は使えません。前後に空白のない 1～100 文字にしてください")
        }
        Bad::Pattern(pattern, _) => format!(
            "--at の {pattern:?} が読めません。\"30 22 * * 1-5\" のように、分 時 日 月 曜日を書いてください"
        ),
        Bad::Zone(zone) => {
            format!("時間帯 {zone:?} はありません。Asia/Tokyo のような IANA の名前にしてください")
        }
        Bad::Window(text) => format!(
            "時間 {text:?} が読めません。\"22:00-05:00\" か \"月-金 22:00-05:00\" のように書いてください"
        ),
        Bad::Blackout(text) => format!(
            "日 {text:?} が読めません。2026-12-29 か 2026-12-29..2027-01-03 のように書いてください"
        ),
        Bad::Never => {
            "この予定は一度も走りません。--at と --window と --except を見直してください".to_owned()
        }
    };
    Complaint::new(Exit::Usage, ja, format!("{bad}: see `daicho-collector schedule add --help`"))
}
