//! The book of record as the hospital wrote it, with the verdict beside each row: searched, filtered, a
//! page at a time. A row's own page is in [`row`].

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::Site;
use super::page::{Frame, Pager, Reader, Tag, device_link, encoded, show};
use super::scope;
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::ledger::{Place, Row as Written};
use crate::report;
use crate::roster::book;
use crate::words::{Lang, Word, phrase};

pub(super) mod file;
pub(super) mod row;

/// Defects listed on the page; the rest is in the export.
const LISTED: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    q: String,
    verdict: String,
    /// The number of a sheet, from 0.
    sheet: String,
    page: Option<String>,
}

impl Wanted {
    /// As the index reads it.
    pub(super) fn asked(&self) -> book::Wanted {
        book::Wanted {
            words: self.q.trim().to_owned(),
            verdict: self.verdict.clone(),
            sheet: self.sheet.parse().ok(),
        }
    }

    /// As it stands in addresses, with another verdict.
    fn text(&self, verdict: &str) -> String {
        let (words, sheet) = (encoded(&self.q), encoded(&self.sheet));
        format!("q={words}&verdict={}&sheet={sheet}", encoded(verdict))
    }
}

struct Row {
    number: u32,
    link: String,
    tag: Option<Tag>,
    scope: Option<Tag>,
    device: Option<String>,
    remarks: Vec<String>,
    cells: Vec<String>,
}

struct Sheet {
    book: String,
    name: String,
    /// Where a row is added.
    add: String,
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
    words: String,
    verdict: String,
    /// Number, name, whether it is chosen.
    lists: Vec<(usize, String, bool)>,
    found: String,
    query: String,
    /// The books as files: address and name.
    files: Vec<(String, String)>,
    verdicts: Vec<(Tag, usize, String, bool)>,
    all: (String, String, bool),
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
    let found = snapshot.book().find(&wanted.asked());
    let link = format!("/ledger?{}&page=", wanted.text(&wanted.verdict));
    let pager = Pager::new(found.len(), page_rows, wanted.page.as_deref(), link);
    let shown = found.iter().skip(pager.skip).take(pager.take);
    let shown = shown.filter_map(|number| snapshot.book().row(ledger, *number));
    let counts = snapshot.counts();
    let verdicts = counts.filter(|(name, ..)| !phrase::WITHOUT_ENTRY.contains(name)).map(
        |(name, label, _, n)| {
            let link = format!("/ledger?{}", wanted.text(name));
            (Tag::named(lang, name, label), n, link, wanted.verdict == name)
        },
    );
    let left = ledger.defects.len().saturating_sub(LISTED);
    let lists = ledger.sheets.iter().enumerate().map(|(number, sheet)| {
        let name = format!("{} {}", sheet.book, sheet.name).trim_end().to_owned();
        (number, name, wanted.sheet.parse() == Ok(number))
    });
    let file = |book: &crate::store::Book| {
        (format!("/ledger/books/{}", encoded(&book.name)), book.name.clone())
    };
    Page {
        words: wanted.q.clone(),
        verdict: wanted.verdict.clone(),
        lists: lists.collect(),
        found: lang.fill(Word::CommonRowsCount, &[&found.len()]),
        query: wanted.text(&wanted.verdict),
        files: if frame.surveys() {
            snapshot.ground.books.iter().map(file).collect()
        } else {
            Vec::new()
        },
        verdicts: verdicts.collect(),
        all: (
            lang.fill(Word::CommonRowsCount, &[&ledger.entries.len()]),
            format!("/ledger?{}", wanted.text("")),
            wanted.verdict.is_empty(),
        ),
        sheets: sheets(snapshot, (lang, zone), shown),
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
    rows: impl Iterator<Item = (usize, Written<'a>)>,
) -> Vec<Sheet> {
    let mut sheets: Vec<(usize, Sheet)> = Vec::new();
    for (at, written) in rows {
        if sheets.last().is_none_or(|(index, _)| *index != at) {
            sheets.extend(heading(snapshot, (lang, zone), at).map(|sheet| (at, sheet)));
        }
        if let Some((_, sheet)) = sheets.last_mut() {
            let width = sheet.headings.len();
            sheet.rows.push(line(snapshot, (lang, zone), &written, width));
        }
    }
    sheets.into_iter().map(|(_, sheet)| sheet).collect()
}

fn heading(snapshot: &Snapshot, (lang, zone): (Lang, &Zone), at: usize) -> Option<Sheet> {
    let sheet = snapshot.ground.ledger.sheets.get(at)?;
    let book = snapshot.ground.books.iter().find(|book| book.name == sheet.book);
    let imported = book.map(|book| {
        lang.fill(Word::LedgerImported, &[&zone.show(book.imported_at), &book.imported_by])
    });
    Some(Sheet {
        book: sheet.book.clone(),
        name: sheet.name.clone(),
        add: format!("/ledger/add?book={}&sheet={}", encoded(&sheet.book), encoded(&sheet.name)),
        imported: imported.unwrap_or_default(),
        headings: sheet.columns.iter().map(|column| column.heading.clone()).collect(),
        rows: Vec::new(),
    })
}

/// A row's page.
pub(super) fn row_link(place: &Place) -> String {
    let (book, sheet) = (encoded(&place.book), encoded(&place.sheet));
    format!("/ledger/row?book={book}&sheet={sheet}&row={}", place.row)
}

fn line(
    snapshot: &Snapshot,
    (lang, zone): (Lang, &Zone),
    written: &Written<'_>,
    width: usize,
) -> Row {
    let matched = snapshot.match_of(&written.entry.place);
    let mut cells = written.cells.to_vec();
    cells.resize(width, String::new());
    Row {
        number: written.place.row,
        link: row_link(written.place),
        tag: matched.map(|matched| Tag::verdict(lang, &matched.verdict)),
        scope: (snapshot.scope_of(&written.entry.place))
            .map(|scoped| scope::tag(lang, scoped.scope)),
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
