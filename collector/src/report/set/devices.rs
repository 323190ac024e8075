//! 1: 機器台帳. The ledger as it stands, with what was seen of each row, a column to tick off, the rounds of
//! stock-taking (棚卸) and boxes to sign in.

use super::{Name, Told, joined, written};
use crate::register::stocktaking::{ORDER, Role, Stocktaking};
use crate::report::paper::{Paper, Part, Table};
use crate::report::table::entry_name;
use crate::words::{Word, phrase};

pub(super) fn make(told: &Told<'_>) -> Paper {
    let mut paper = told.paper(Name::Devices);
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
        ]);
    }
    let rows = told.lang().fill(Word::CommonRowsCount, &[&table.rows.len()]);
    paper.head(told.say(Word::CommonCount), &rows);
    paper.parts.push(Part::Table(table));
    paper.parts.push(Part::Table(rounds(told)));
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

fn rounds(told: &Told<'_>) -> Table {
    let mut table = Table::new(
        told.say(Word::PaperRounds),
        told.all([
            Word::PaperRound,
            Word::PaperCountedWhat,
            Word::PaperDue,
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
            joined(of_role.map(|one| format!("{} {}", one.name, one.on)))
        };
        let [clerk, planner, manager] = ORDER.map(signed);
        let due = round.due.to_string();
        table.push([
            &round.id,
            &round.scope,
            &due,
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
