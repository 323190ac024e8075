//! Proposals, previews and changes as text.

use std::io::{self, Write};

use serde::Serialize;

use crate::clock::Zone;
use crate::ledger::Defect;
use crate::ledger::diff::{Diff, Kind, RowChange};
use crate::ledger::profile::{Proposal, Why};
use crate::ledger::rebase::{Conflict, Rebased};
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
            let why = match column.why {
                Why::Profile => lang.say(Word::ProposalProfile).to_owned(),
                Why::Heading => lang.say(Word::ProposalHeading).to_owned(),
                Why::PartOfHeading => lang.say(Word::ProposalPart).to_owned(),
                Why::Weak => lang.say(Word::ProposalWeak).to_owned(),
                Why::GaveWay => lang.say(Word::ProposalGaveWay).to_owned(),
                Why::Cells(field) => {
                    lang.fill(Word::ProposalCells, &[&lang.say(phrase::field(field))])
                }
                Why::Unknown => lang.say(Word::ProposalUnknown).to_owned(),
            };
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
        writeln!(out, "  {}", self::conflict(lang, conflict))?;
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

fn conflict(lang: Lang, conflict: &Conflict) -> String {
    let place = one_line(&phrase::place(lang, &conflict.place));
    let (heading, base) = (one_line(&conflict.heading), one_line(&conflict.base));
    let edited = one_line(&conflict.edited);
    let nothing = lang.say(Word::ChangesNoSuch).to_owned();
    let book = conflict.book.as_ref().map_or(nothing, |book| format!("{:?}", one_line(book)));
    lang.fill(Word::ChangesConflict, &[&place, &heading, &base, &edited, &book])
}

fn kind(kind: Kind) -> Word {
    match kind {
        Kind::Added => Word::ChangesAdded,
        Kind::Changed => Word::ChangesChanged,
        Kind::Retired => Word::ChangesRetired,
        Kind::Removed => Word::ChangesRemoved,
    }
}

fn row(out: &mut impl Write, lang: Lang, row: &RowChange) -> io::Result<()> {
    let place = row.steps.first().map(|step| phrase::place(lang, step.place()));
    let place = one_line(&place.unwrap_or_default());
    let (word, known) = (lang.say(kind(row.kind)), one_line(known_by(&row.key)));
    writeln!(out, "  {word} {known} {} [{place}]", one_line(&row.name))?;
    row.steps.iter().try_for_each(|one| step(out, lang, one))
}

/// What stands behind the kind of a key.
fn known_by(key: &str) -> &str {
    key.split_once('=').map_or(key, |(_, value)| value)
}

pub(super) fn step(out: &mut impl Write, lang: Lang, step: &Step) -> io::Result<()> {
    let line = match step {
        Step::Added { cells, .. } => {
            format!("{} {}", lang.say(Word::ChangesAdded), one_line(&cells.join(" | ")))
        }
        Step::Removed { cells, .. } => {
            format!("{} {}", lang.say(Word::ChangesRemoved), one_line(&cells.join(" | ")))
        }
        Step::Cell { heading, before, after, .. } => {
            let (before, after) = (one_line(before), one_line(after));
            format!("{}: {before:?} → {after:?}", one_line(heading))
        }
        Step::Struck { struck: true, .. } => lang.say(Word::ChangesStruck).to_owned(),
        Step::Struck { struck: false, .. } => lang.say(Word::ChangesUnstruck).to_owned(),
        Step::Moved { from, .. } => {
            let from = one_line(&phrase::place(lang, from));
            lang.fill(Word::ChangesMoved, &[&from])
        }
    };
    writeln!(out, "      {line}")
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
