//! `agent`: who may come in.

use std::io::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use daicho_common::complaint::Complaint;
use daicho_common::time::Timestamp;

use super::{Look, Places, to_stdout, who};
use crate::clock::{self, Zone};
use crate::door::invite;
use crate::settings::orders::is_held_back;
use crate::settings::{Deny, Settings};
use crate::store::{Agent, By, Store};
use crate::words::{Lang, Word};

#[derive(Debug, Args)]
pub(super) struct AgentLine {
    #[command(subcommand)]
    command: AgentCommand,
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    /// 一度だけ使える登録コードを発行します / Issues a one-time code
    Invite(Invite),
    /// エージェントの一覧 / Lists agents
    List(Look),
    /// エージェントを直ちに締め出します / Cuts an agent off at once
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Invite {
    /// エージェントの名前 / The name that the agent will have
    name: String,
    /// コードの有効期間（例 30m、24h、7d。最長 30d） / How long the code holds
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = span)]
    span: Duration,
    /// 発行した人の名前（省略時は OS の利用者名） / Who says so [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Revoke {
    /// エージェントの名前 / The agent's name
    name: String,
    /// 失効させた人の名前（省略時は OS の利用者名） / Who says so [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

pub(super) fn run(line: &AgentLine) -> Result<(), Complaint> {
    match &line.command {
        AgentCommand::Invite(options) => invite(options),
        AgentCommand::List(options) => list(options),
        AgentCommand::Revoke(options) => revoke(options),
    }
}

/// A span of time as people write it, a minute to thirty days.
fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "30m、24h、7d のように、最長 30d / like 30m, 24h or 7d, at most 30d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let digits = text.strip_suffix(unit).unwrap_or_default();
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    let span = Duration::from_secs(count.checked_mul(seconds).ok_or_else(wrong)?);
    let fits = Duration::from_mins(1)..=Duration::from_hours(720);
    if fits.contains(&span) { Ok(span) } else { Err(wrong()) }
}

fn invite(options: &Invite) -> Result<(), Complaint> {
    let name = &options.name;
    let config = options.places.config()?;
    let path = &config.database;
    let store = Store::open(path).map_err(|error| error.complaint(path))?;
    let by = By::here(who(options.by.as_ref()), clock::now());
    let (code, until) = invite::invite(&store, (name.as_str(), options.span), by)?;
    let port = config.agents.listen.map_or(8471, |at| at.port());
    let (lang, zone) = (options.lang, &config.zone);
    let until = format!("{} ({})", zone.show(until), zone.name());
    let how = lang.fill(Word::AgentsInvited, &[name, &until, &port, &code]);
    to_stdout(|out| writeln!(out, "{code}\n{how}"))?;
    if config.agents.listen.is_none() {
        super::talk(lang.say(Word::AgentsNoDoor));
    }
    Ok(())
}

fn list(options: &Look) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let path = &config.database;
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let agents = store.admissions().list().map_err(|error| error.complaint(path))?;
    let (_, Settings { deny, .. }) = store.settings().map_err(|error| error.complaint(path))?;
    let (lang, now) = (options.lang, clock::now());
    to_stdout(|out| {
        if agents.is_empty() {
            return writeln!(out, "{}", lang.say(Word::AgentsNone));
        }
        agents.iter().try_for_each(|agent| {
            lines((agent, &deny), (lang, &config.zone), now)
                .iter()
                .try_for_each(|line| writeln!(out, "{line}"))
        })
    })
}

/// What is said of an agent: its name, then a line for each thing.
pub(crate) fn lines(
    (agent, deny): (&Agent, &Deny),
    (lang, zone): (Lang, &Zone),
    now: Timestamp,
) -> Vec<String> {
    let never = || lang.say(Word::AgentsNever).to_owned();
    let shown = |at: Option<Timestamp>| at.map_or_else(never, |at| zone.show(at));
    let certificate = match (agent.revoked_at, agent.until) {
        (Some(at), _) => lang.fill(Word::AgentsRevokedAt, &[&zone.show(at)]),
        (None, Some(until)) if until <= now => {
            lang.fill(Word::AgentsExpiredAt, &[&zone.show(until)])
        }
        (None, Some(until)) => lang.fill(Word::AgentsHoldsUntil, &[&zone.show(until)]),
        (None, None) => lang.say(Word::AgentsNotEnrolled).to_owned(),
    };
    let software = if agent.software.is_empty() { "-" } else { &agent.software };
    let mut lines = vec![
        agent.name.clone(),
        format!(
            "    {}",
            lang.fill(Word::AgentsSeen, &[&shown(agent.seen_at.or(agent.first_seen)), &software])
        ),
        format!("    {certificate}"),
    ];
    lines.extend(trouble((agent, deny), lang).into_iter().map(|line| format!("    {line}")));
    lines
}

/// Why it gets no orders if so, and what of its batches is missing.
pub(crate) fn trouble((agent, deny): (&Agent, &Deny), lang: Lang) -> Vec<String> {
    let mut lines = Vec::new();
    if is_held_back(agent, deny) {
        lines.push(lang.fill(Word::AgentsHeldBack, &[&agent.software]));
    }
    if !agent.gaps.is_empty() {
        let count: u64 = agent.gaps.iter().map(|(first, last)| last - first + 1).sum();
        let one = |(first, last): &(u64, u64)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        };
        let numbers: Vec<String> = agent.gaps.iter().take(20).map(one).collect();
        lines.push(lang.fill(Word::AgentsGaps, &[&count, &numbers.join(", ")]));
    }
    if agent.dropped > 0 {
        lines.push(lang.fill(Word::AgentsDropped, &[&agent.dropped]));
    }
    lines.extend(agent.aside.iter().map(|file| lang.fill(Word::AgentsAside, &[file])));
    lines
}

fn revoke(options: &Revoke) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let path = &config.database;
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let by = (who(options.by.as_ref()), clock::now());
    let revoked = store.admissions().revoke(options.name.clone(), by);
    let revoked = revoked.map_err(|error| error.complaint(path))?;
    let word = if revoked > 0 { Word::AgentsRevoked } else { Word::AgentsNothingToRevoke };
    let line = options.lang.fill(word, &[&options.name]);
    to_stdout(|out| writeln!(out, "{line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        assert_eq!(span("30m"), Ok(Duration::from_mins(30)));
        assert_eq!(span("24h"), Ok(Duration::from_hours(24)));
        for wrong in ["", "h", "24", "0m", "31d", "-1h", "1w", "１h", "99999999999999999999d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_missing_is_said_with_its_numbers() {
        let agent = Agent {
            gaps: vec![(3, 3), (7, 9)],
            dropped: 12,
            aside: vec!["daicho.db.aside/x.daicho".into()],
            ..Agent::default()
        };
        let said = trouble((&agent, &Deny::default()), Lang::En).join("\n");
        for part in ["4", "3, 7-9", "12", "daicho.db.aside/x.daicho"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(trouble((&Agent::default(), &Deny::default()), Lang::En).is_empty());
    }

    #[test]
    fn an_agent_that_cannot_read_what_is_denied_is_said_to_be_held_back_where_something_is() {
        let old = Agent { software: "daicho-agent 0.0.9".into(), ..Agent::default() };
        let deny = Deny { nets: vec!["10.20.0.7".into()], ..Deny::default() };
        let said = trouble((&old, &deny), Lang::En).join("\n");
        assert!(said.contains("daicho-agent 0.0.9"), "{said}");
        assert!(trouble((&old, &Deny::default()), Lang::En).is_empty(), "nothing is denied");
        let by_file = Agent { software: String::new(), ..old.clone() };
        assert!(trouble((&by_file, &deny), Lang::En).is_empty(), "it asks for no work");
        let mut new = old;
        new.permits.packets_per_second = 100;
        assert!(trouble((&new, &deny), Lang::En).is_empty());
    }
}
