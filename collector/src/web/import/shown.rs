//! A book that was uploaded, as the page shows it: its columns with the fields to choose from, and what it
//! would change.

use askama::Template;

use super::Read;
use super::draft::Draft;
use crate::ledger::Field;
use crate::ledger::diff::Kind;
use crate::ledger::profile::Proposal;
use crate::ledger::rebase::Prefer;
use crate::store::Imported;
use crate::web::page::Frame;
use crate::words::{Lang, Word, phrase};

/// Rows of each kind that are listed; the counts are of all.
const LISTED: usize = 200;

/// A field to choose: value, label, whether it is chosen.
type Choice = (String, &'static str, bool);

pub(super) struct Column {
    name: String,
    heading: String,
    why: String,
    samples: String,
    choices: Vec<Choice>,
}

pub(super) struct Sheet {
    name: String,
    columns: Vec<Column>,
}

pub(super) struct Row {
    kind: &'static str,
    key: String,
    name: String,
    steps: Vec<String>,
}

pub(super) struct Rejected {
    place: String,
    column: String,
    value: String,
    why: String,
}

#[derive(Template)]
#[template(path = "import_draft.html")]
pub(super) struct Page {
    frame: Frame,
    action: String,
    name: String,
    wrong: Vec<String>,
    sheets: Vec<Sheet>,
    counts: Vec<(&'static str, usize)>,
    carried: String,
    conflicts: Vec<String>,
    prefer: [(&'static str, &'static str, bool); 3],
    rows: Vec<Row>,
    more: String,
    rejected: Vec<Rejected>,
    /// What was shown, by its digest.
    seen: String,
    /// Whether it may be kept as it is shown.
    ready: bool,
    known: bool,
}

impl Page {
    pub(super) fn of(
        frame: Frame,
        (secret, draft): (&str, &Draft),
        read: &Read,
        wrong: Vec<String>,
    ) -> Self {
        let lang = frame.lang;
        let (diff, rebased) = (&read.preview.diff, &read.preview.rebased);
        let count = |kind| (lang.say(phrase::changes::kind(kind)), diff.count(kind));
        let mut counts =
            [Kind::Added, Kind::Changed, Kind::Retired, Kind::Removed].map(count).to_vec();
        counts.push((lang.say(Word::ImportUnchanged), diff.unchanged));
        counts.push((lang.say(Word::ImportRowsRejected), diff.rejected.len()));
        let known = read.preview.imported == Imported::AlreadyKnown;
        let moved = !rebased.carried.is_empty() || rebased.settled > 0;
        let carried: [&dyn std::fmt::Display; 2] = [&rebased.carried.len(), &rebased.settled];
        let left = diff.rows.len().saturating_sub(LISTED);
        let chosen = |of: Option<Prefer>| draft.prefer == of;
        Self {
            action: format!("/ledger/import/{secret}"),
            name: draft.name.clone(),
            wrong,
            sheets: sheets(lang, &read.proposals),
            counts,
            carried: if moved { lang.fill(Word::ChangesCarried, &carried) } else { String::new() },
            conflicts: (rebased.conflicts.iter().take(LISTED))
                .map(|one| phrase::changes::conflict(lang, one))
                .collect(),
            prefer: [
                ("", lang.say(Word::ImportPreferNone), chosen(None)),
                ("book", lang.say(Word::ImportPreferBook), chosen(Some(Prefer::Book))),
                ("edits", lang.say(Word::ImportPreferEdits), chosen(Some(Prefer::Edits))),
            ],
            rows: rows(lang, read),
            more: if left == 0 { String::new() } else { lang.fill(Word::CommonMore, &[&left]) },
            rejected: rejected(lang, read),
            seen: read.digest(),
            ready: !known && (rebased.conflicts.is_empty() || draft.prefer.is_some()),
            known,
            frame,
        }
    }
}

fn sheets(lang: Lang, proposals: &[Proposal]) -> Vec<Sheet> {
    let sheet = |(index, proposal): (usize, &Proposal)| Sheet {
        name: if proposal.sheet.is_empty() { &proposal.book } else { &proposal.sheet }.clone(),
        columns: (proposal.columns.iter().enumerate())
            .map(|(at, column)| Column {
                name: format!("f.{index}.{at}"),
                heading: column.heading.clone(),
                why: phrase::changes::proposed(lang, column.why),
                samples: column.samples.join(" ｜ "),
                choices: choices(lang, column.field),
            })
            .collect(),
    };
    proposals.iter().enumerate().map(sheet).collect()
}

fn choices(lang: Lang, chosen: Option<Field>) -> Vec<Choice> {
    let name = |field: Field| {
        let value = serde_json::to_value(field).ok();
        value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let none = (String::new(), lang.say(Word::ImportNotRead), chosen.is_none());
    let fields = Field::ALL
        .iter()
        .map(|field| (name(*field), lang.say(phrase::field(*field)), chosen == Some(*field)));
    std::iter::once(none).chain(fields).collect()
}

fn rows(lang: Lang, read: &Read) -> Vec<Row> {
    let rows = read.preview.diff.rows.iter().take(LISTED);
    rows.map(|row| Row {
        kind: lang.say(phrase::changes::kind(row.kind)),
        key: row.key.split_once('=').map_or(row.key.as_str(), |(_, value)| value).to_owned(),
        name: row.name.clone(),
        steps: row.steps.iter().map(|step| phrase::changes::step(lang, step)).collect(),
    })
    .collect()
}

fn rejected(lang: Lang, read: &Read) -> Vec<Rejected> {
    let rejected = read.preview.diff.rejected.iter().take(LISTED);
    rejected
        .map(|defect| Rejected {
            place: phrase::place(lang, &defect.place),
            column: defect.column.clone(),
            value: defect.value.clone(),
            why: phrase::reason(lang, &defect.reason),
        })
        .collect()
}
