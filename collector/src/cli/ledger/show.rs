//! Proposals, previews and changes as text.

use std::io::{self, Write};

use serde::Serialize;

use crate::clock::Zone;
use crate::ledger::Defect;
use crate::ledger::diff::{Diff, Kind, RowChange};
use crate::ledger::profile::Proposal;
use crate::ledger::rebase::Rebased;
use crate::ledger::step::Step;
use crate::report::one_line;
use crate::store::{Cause, Change};
use crate::words::{Lang, Word, phrase};

/// What a book would change, as shown.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    pub(super) book: &'a str,
    pub(super) diff: &'a Diff,
    pub(super) rebased: &'a Rebased,
}

pub(super) fn proposals(
    out: &mut impl Write,
    lang: Lang,
    proposals: &[Proposal],
) -> io::Result<()> {
    for Proposal { book, sheet, columns } in proposals {
        writeln!(out, "{} {}", one_line(book), one_line(sheet))?;
        for column in columns {
            let meant = column.field.map_or("-", |field| lang.say(phrase::field(field)));
            let why = phrase::changes::proposed(lang, column.why);
            let heading = one_line(&column.heading);
            let samples = one_line(&column.samples.join(" | "));
            writeln!(out, "  {heading} → {meant} ({why}) {samples}")?;
        }
    }
    Ok(())
}

pub(super) fn preview(
    out: &mut impl Write,
    lang: Lang,
    shown: &Shown<'_>,
    rows: bool,
) -> io::Result<()> {
    let Shown { book, diff, rebased } = shown;
    let count = |kind| diff.count(kind);
    let counts: [&dyn std::fmt::Display; 7] = [
        &one_line(book),
        &count(Kind::Added),
        &count(Kind::Changed),
        &count(Kind::Retired),
        &count(Kind::Removed),
        &diff.unchanged,
        &diff.rejected.len(),
    ];
    writeln!(out, "{}", lang.fill(Word::ChangesCounts, &counts))?;
    if !rebased.carried.is_empty() || rebased.settled > 0 {
        let edits: [&dyn std::fmt::Display; 2] = [&rebased.carried.len(), &rebased.settled];
        writeln!(out, "  {}", lang.fill(Word::ChangesCarried, &edits))?;
    }
    for conflict in &rebased.conflicts {
        writeln!(out, "  {}", phrase::changes::conflict(lang, conflict))?;
    }
    if !rows {
        return Ok(());
    }
    for row in &diff.rows {
        self::row(out, lang, row)?;
    }
    defects(out, lang, &diff.rejected)
}

/// What could not be read, by sheet and row.
pub(super) fn defects(out: &mut impl Write, lang: Lang, defects: &[Defect]) -> io::Result<()> {
    for defect in defects {
        let place = one_line(&phrase::place(lang, &defect.place));
        let treatment = if defect.rejected { Word::DefectRejected } else { Word::DefectKept };
        let (word, why) = (lang.say(treatment), phrase::reason(lang, &defect.reason));
        let (column, value) = (one_line(&defect.column), one_line(&defect.value));
        writeln!(out, "  {place} [{word}] {column} {value:?}: {why}")?;
    }
    Ok(())
}

fn row(out: &mut impl Write, lang: Lang, row: &RowChange) -> io::Result<()> {
    let place = row.steps.first().map(|step| phrase::place(lang, step.place()));
    let place = one_line(&place.unwrap_or_default());
    let (word, known) = (lang.say(phrase::changes::kind(row.kind)), one_line(known_by(&row.key)));
    writeln!(out, "  {word} {known} {} [{place}]", one_line(&row.name))?;
    row.steps.iter().try_for_each(|one| step(out, lang, one))
}

/// What stands behind the kind of a key.
fn known_by(key: &str) -> &str {
    key.split_once('=').map_or(key, |(_, value)| value)
}

pub(super) fn step(out: &mut impl Write, lang: Lang, step: &Step) -> io::Result<()> {
    writeln!(out, "      {}", phrase::changes::step(lang, step))
}

pub(super) fn history(
    out: &mut impl Write,
    (lang, zone): (Lang, &Zone),
    changes: &[Change],
) -> io::Result<()> {
    for change in changes {
        let cause = lang.say(match change.cause {
            Cause::Import => Word::ChangesByImport,
            Cause::Edit => Word::ChangesByEdit,
            Cause::Carried => Word::ChangesByCarrying,
        });
        let (at, by) = (zone.show(change.at), one_line(&change.by));
        let (known, why) = (one_line(known_by(&change.key)), one_line(&change.why));
        writeln!(out, "{at} {by} {known} [{cause}] {why}")?;
        step(out, lang, &change.step)?;
    }
    Ok(())
}
