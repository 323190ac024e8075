//! `scan`: a scan that somebody wants once.

use std::io::Write;

use clap::{Args, Subcommand};
use daicho_common::complaint::{Complaint, Exit};
use daicho_common::job::{Order, Reach};

use super::{Places, to_stdout, who};
use crate::clock;
use crate::schedule::Run;
use crate::store::{NewJob, Store};
use crate::words::{Lang, Word};

#[derive(Debug, Args)]
pub(super) struct ScanLine {
    #[command(subcommand)]
    command: ScanCommand,
}

#[derive(Debug, Subcommand)]
enum ScanCommand {
    /// 今すぐ走査させます / Has an agent scan now
    Now(Now),
}

/// What a scan may do, at most; the agent's own configuration is never exceeded.
#[derive(Debug, Args)]
pub(super) struct Bounds {
    /// エージェントが宣言したネットワークの名前か、その一部の CIDR / Networks that the agent declares, or
    /// parts of them by CIDR [default: all]
    #[arg(long, num_args = 1.., value_name = "NAME|CIDR")]
    network: Vec<String>,
    /// どこまで尋ねるか（上限） / How far at most
    #[arg(long, value_enum)]
    reach: Option<Most>,
    /// 全体の送信上限、毎秒 / Most packets a second in all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// 1 台あたりの送信上限、毎秒 / Most packets a second to one target
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    per_target: Option<u32>,
}

/// The words of `policy` in `agent.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Most {
    Sighting,
    Gentle,
    Full,
}

impl Bounds {
    pub(super) fn order(&self) -> Order {
        let reach = |most| match most {
            Most::Sighting => Reach::Sighting,
            Most::Gentle => Reach::Gentle,
            Most::Full => Reach::Full,
        };
        Order {
            id: 0,
            networks: self.network.clone(),
            reach: self.reach.map(reach),
            packets_per_second: self.rate,
            target_packets_per_second: self.per_target,
            ..Order::default()
        }
    }
}

#[derive(Debug, Args)]
struct Now {
    /// エージェントの名前 / The agent's name
    agent: String,
    #[command(flatten)]
    bounds: Bounds,
    /// 頼んだ人の名前（省略時は OS の利用者名） / Who says so [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

pub(super) fn run(line: &ScanLine) -> Result<(), Complaint> {
    let ScanCommand::Now(options) = &line.command;
    let config = options.places.config()?;
    let path = &config.database;
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let agents = store.admissions().list().map_err(|error| error.complaint(path))?;
    let known = agents.iter().find(|agent| agent.name == options.agent);
    if known.is_none_or(|agent| agent.until.is_none()) {
        return Err(unknown(&options.agent));
    }
    let now = clock::now();
    let new = NewJob {
        agent: options.agent.clone(),
        order: options.bounds.order(),
        run: Run::at_once(now),
    };
    let by = (who(options.by.as_ref()), now);
    let job = store.jobs().want(new, by).map_err(|error| error.complaint(path))?;
    let line = options.lang.fill(Word::ScansWanted, &[&options.agent, &job]);
    to_stdout(|out| writeln!(out, "{line}"))
}

/// The complaint about a name that no enrolled agent has.
pub(super) fn unknown(agent: &str) -> Complaint {
    Complaint::new(
        Exit::Usage,
        format!(
            "「{agent}」という登録済みのエージェントはありません。`daicho-collector agent list` で名前を確かめてください"
        ),
        format!("no enrolled agent is called {agent:?}: see `daicho-collector agent list`"),
    )
}
