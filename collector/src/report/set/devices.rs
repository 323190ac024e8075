//! 1: 機器台帳. The ledger as it stands, with what was seen of each row, a column to tick off, the rounds of
//! stock-taking (棚卸) and boxes to sign in.

use std::collections::BTreeMap;

use super::{Name, Told, joined, written};
use crate::day::Day;
use crate::ledger::Place;
use crate::ledger::key::EntryKey;
use crate::register::stocktaking::{ORDER, Role, Stocktaking};
use crate::report::paper::{Paper, Part, Table};
use crate::report::table::entry_name;
use crate::stocktaking::{Facts, Line, Outcome, counts, lines};
use crate::words::{Word, phrase};

pub(super) fn make(told: &Told<'_>) -> Paper {
    let mut paper = told.paper(Name::Devices);
    let keys = told.shown.ledger.keys();
    let facts = facts(told, &keys);
    // Of several rounds the one that is to be done last is the one that is of interest.
    let round = told.register.stocktaking.iter().max_by_key(|round| (round.due, &round.id));
    let counted = round.map(|round| counted(told, round, &facts)).unwrap_or_default();
    let mut table = Table::new(
        "",
        told.all([
            Word::FieldAssetNumber,
            Word::FieldName,
            Word::FieldKind,
            Word::FieldVendor,
            Word::FieldModel,
            Word::FieldSerial,
            Word::FieldVersion,
            Word::FieldIp,
            Word::FieldMac,
            Word::FieldLocation,
            Word::FieldUser,
            Word::FieldMaintainer,
            Word::FieldState,
            Word::ScopeTitle,
            Word::CommonVerdict,
            Word::PaperRound,
        ]),
        told.say(Word::LedgerNone),
    )
    .answers(told.all([Word::PaperCounted]));
    for (entry, found, scoped) in told.rows() {
        table.push([
            entry.asset_number.as_str(),
            &entry_name(entry),
            &entry.kind,
            &entry.vendor,
            &entry.model,
            &entry.serial,
            &entry.version,
            &joined(&entry.ips),
            &joined(&entry.macs),
            &entry.location,
            if entry.user.is_empty() { &entry.owner } else { &entry.user },
            &entry.maintainer,
            told.say(phrase::state(entry.state)),
            told.say(phrase::scope(scoped.scope)),
            told.say(phrase::verdict(&found.verdict)),
            counted.get(&entry.place).map_or("", String::as_str),
        ]);
    }
    let rows = told.lang().fill(Word::CommonRowsCount, &[&table.rows.len()]);
    paper.head(told.say(Word::CommonCount), &rows);
    paper.parts.push(Part::Table(table));
    paper.parts.push(Part::Table(rounds(told, &facts)));
    paper.boxes = ORDER.iter().map(|role| told.say(word(*role)).to_owned()).collect();
    paper
}

/// In what role somebody signs.
pub(super) const fn word(role: Role) -> Word {
    match role {
        Role::Clerk => Word::PaperClerk,
        Role::Planner => Word::PaperPlanner,
        Role::SafetyManager => Word::PaperSafetyManager,
    }
}

fn facts<'a>(told: &Told<'a>, keys: &'a [EntryKey]) -> Facts<'a> {
    Facts {
        ledger: told.shown.ledger,
        keys,
        matches: &told.shown.picture.matches,
        devices: &told.shown.picture.devices,
        checks: told.checks,
    }
}

/// What the round found of each row: which round, what, by whom and when.
fn counted<'a>(
    told: &Told<'_>,
    round: &Stocktaking,
    facts: &Facts<'a>,
) -> BTreeMap<&'a Place, String> {
    let said = |line: &Line<'a>| {
        let outcome = told.say(phrase::stocktaking::outcome(line.outcome));
        let who = line.check.map(|check| format!("{} {}", check.by, Day::of(check.at)));
        let seen = line.device.filter(|_| line.check.is_none() && line.outcome == Outcome::Seen);
        let seen = seen.map(|device| Day::of(device.last_seen).to_string());
        joined([format!("{}: {outcome}", round.id), who.or(seen).unwrap_or_default()])
    };
    let lines = lines(round, facts);
    lines.iter().filter_map(|line| Some((&line.entry?.place, said(line)))).collect()
}

fn rounds(told: &Told<'_>, facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        told.say(Word::PaperRounds),
        told.all([
            Word::PaperRound,
            Word::PaperCountedWhat,
            Word::PaperDue,
            Word::StocktakingCounts,
            Word::PaperClerk,
            Word::PaperPlanner,
            Word::PaperSafetyManager,
            Word::FindingsState,
        ]),
        told.say(Word::PaperNoRounds),
    );
    for round in &told.register.stocktaking {
        let signed = |role: Role| {
            let of_role = round.signatures.iter().filter(move |one| one.role == role);
            joined(of_role.map(|one| {
                let of: String = one.of.chars().take(12).collect();
                format!("{} {} {of}", one.name, one.on).trim_end().to_owned()
            }))
        };
        let counts = counts(lines(round, facts).iter().map(|line| line.outcome));
        let counts = joined(counts.map(|(outcome, number)| {
            format!("{} {number}", told.say(phrase::stocktaking::outcome(outcome)))
        }));
        let [clerk, planner, manager] = ORDER.map(signed);
        let due = round.due.to_string();
        table.push([
            &round.id,
            &round.scope,
            &due,
            &counts,
            &clerk,
            &planner,
            &manager,
            &state(told, round),
        ]);
    }
    table
}

fn state(told: &Told<'_>, round: &Stocktaking) -> String {
    match round.next() {
        None => told.say(Word::PaperSigned).to_owned(),
        Some(role) => {
            let waits = told.lang().fill(Word::PaperWaitsFor, &[&told.say(word(role))]);
            let overdue = written(told.day).is_some_and(|today| round.is_overdue(today));
            if overdue { format!("{waits}\n{}", told.say(Word::PaperOverdue)) } else { waits }
        }
    }
}
