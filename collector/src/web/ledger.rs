//! The book of record as the hospital wrote it, with the verdict beside each row.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::Site;
use super::page::{Frame, Pager, Reader, Tag, device_link, encoded, show};
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::ledger::Entry;
use crate::report;
use crate::words::{Lang, Word, phrase};

/// Defects listed on the page; the rest is in the export.
const LISTED: usize = 200;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    verdict: String,
    page: Option<String>,
}

struct Row {
    number: u32,
    tag: Option<Tag>,
    device: Option<String>,
    remarks: Vec<String>,
    cells: Vec<String>,
}

struct Sheet {
    book: String,
    name: String,
    imported: String,
    headings: Vec<String>,
    rows: Vec<Row>,
}

struct Bad {
    place: String,
    column: String,
    value: String,
    reason: String,
    treatment: &'static str,
}

#[derive(Template)]
#[template(path = "ledger.html")]
struct Page {
    frame: Frame,
    verdicts: Vec<(Tag, usize, String, bool)>,
    all: (String, bool),
    sheets: Vec<Sheet>,
    defects: Vec<Bad>,
    defects_more: String,
    any: bool,
    pager: Pager,
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    let rows = site.config.page_rows;
    show(&site, &reader, ("ledger", Word::LedgerTitle), |snapshot, frame| {
        Ok(ledger(snapshot, frame, (&site.config.zone, rows), &wanted))
    })
    .await
}

fn ledger(
    snapshot: &Snapshot,
    frame: Frame,
    (zone, page_rows): (&Zone, usize),
    wanted: &Wanted,
) -> Page {
    let lang = frame.lang;
    let ledger = &snapshot.ground.ledger;
    let key = |entry: &Entry| {
        snapshot.match_of(&entry.place).map(|matched| phrase::verdict_key(&matched.verdict))
    };
    let fits = |entry: &&Entry| wanted.verdict.is_empty() || key(entry) == Some(&wanted.verdict);
    let found: Vec<&Entry> = ledger.entries.iter().filter(fits).collect();
    let link = format!("/ledger?verdict={}&page=", encoded(&wanted.verdict));
    let pager = Pager::new(found.len(), page_rows, wanted.page.as_deref(), link);
    let counts = report::counts(&snapshot.picture).into_iter();
    let verdicts = counts.filter(|(name, ..)| !phrase::WITHOUT_ENTRY.contains(name)).map(
        |(name, label, _, n)| {
            let link = format!("/ledger?verdict={name}");
            (Tag::named(lang, name, label), n, link, wanted.verdict == name)
        },
    );
    let left = ledger.defects.len().saturating_sub(LISTED);
    Page {
        verdicts: verdicts.collect(),
        all: (
            lang.fill(Word::CommonRowsCount, &[&ledger.entries.len()]),
            wanted.verdict.is_empty(),
        ),
        sheets: sheets(snapshot, (lang, zone), found.iter().skip(pager.skip).take(pager.take)),
        defects: defects(snapshot, lang),
        defects_more: if left == 0 { String::new() } else { lang.fill(Word::CommonMore, &[&left]) },
        any: !ledger.sheets.is_empty(),
        pager,
        frame,
    }
}

fn sheets<'a>(
    snapshot: &Snapshot,
    (lang, zone): (Lang, &Zone),
    entries: impl Iterator<Item = &'a &'a Entry>,
) -> Vec<Sheet> {
    let mut sheets: Vec<(usize, Sheet)> = Vec::new();
    for entry in entries {
        if sheets.last().is_none_or(|(index, _)| *index != entry.sheet) {
            sheets.extend(heading(snapshot, (lang, zone), entry).map(|sheet| (entry.sheet, sheet)));
        }
        if let Some((_, sheet)) = sheets.last_mut() {
            let width = sheet.headings.len();
            sheet.rows.push(row(snapshot, (lang, zone), entry, width));
        }
    }
    sheets.into_iter().map(|(_, sheet)| sheet).collect()
}

fn heading(snapshot: &Snapshot, (lang, zone): (Lang, &Zone), entry: &Entry) -> Option<Sheet> {
    let sheet = snapshot.ground.ledger.sheets.get(entry.sheet)?;
    let book = snapshot.ground.books.iter().find(|book| book.name == sheet.book);
    let imported = book.map(|book| {
        lang.fill(Word::LedgerImported, &[&zone.show(book.imported_at), &book.imported_by])
    });
    Some(Sheet {
        book: sheet.book.clone(),
        name: sheet.name.clone(),
        imported: imported.unwrap_or_default(),
        headings: sheet.columns.iter().map(|column| column.heading.clone()).collect(),
        rows: Vec::new(),
    })
}

fn row(snapshot: &Snapshot, (lang, zone): (Lang, &Zone), entry: &Entry, width: usize) -> Row {
    let matched = snapshot.match_of(&entry.place);
    let mut cells = entry.cells.clone();
    cells.resize(width, String::new());
    Row {
        number: entry.place.row,
        tag: matched.map(|matched| Tag::verdict(lang, &matched.verdict)),
        device: matched.and_then(|matched| matched.device.as_ref()).map(device_link),
        remarks: matched
            .map(|matched| report::remarks(lang, zone, &matched.verdict))
            .unwrap_or_default(),
        cells,
    }
}

fn defects(snapshot: &Snapshot, lang: Lang) -> Vec<Bad> {
    let bad = |defect: &crate::ledger::Defect| Bad {
        place: phrase::place(lang, &defect.place),
        column: defect.column.clone(),
        value: defect.value.clone(),
        reason: phrase::reason(lang, &defect.reason),
        treatment: lang.say(if defect.rejected { Word::DefectRejected } else { Word::DefectKept }),
    };
    snapshot.ground.ledger.defects.iter().take(LISTED).map(bad).collect()
}
