//! One row of the ledger: what it says, what became of it, who changed what and why; and the forms to
//! change it in place, to retire the thing, and to add another row.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::row_link;
use crate::clock::Zone;
use crate::ledger::edit::{BadEdit, Named, Wish};
use crate::ledger::step::{Step, key};
use crate::ledger::{Entry, Place, Row, State as Use};
use crate::people::act::{Act, Reach, may};
use crate::report;
use crate::store::{Cause, Change, Edit, StoreError};
use crate::web::Site;
use crate::web::decide::{Form, REASON, back, broken};
use crate::web::page::{Frame, Reader, Tag, device_link, message, show};
use crate::web::scope;
use crate::web::snapshot::Snapshot;
use crate::words::{Lang, Word, phrase};

/// Changes that the page lists, the latest first.
const LISTED: usize = 200;
/// Longest text of a cell that a form changes, in characters.
pub(in crate::web) const CELL: usize = 32_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Wanted {
    book: String,
    sheet: String,
    row: String,
}

struct Cell {
    heading: String,
    meaning: &'static str,
    text: String,
    long: bool,
}

struct Changed {
    at: String,
    by: String,
    what: String,
    how: &'static str,
    why: String,
}

#[derive(Template)]
#[template(path = "ledger_row.html")]
struct Page {
    frame: Frame,
    place: Place,
    told: String,
    tag: Option<Tag>,
    scope: Option<Tag>,
    device: Option<(String, String)>,
    remarks: Vec<String>,
    cells: Vec<Cell>,
    others: Vec<(String, String)>,
    retired: bool,
    history: Vec<Changed>,
    wrong: String,
}

#[derive(Template)]
#[template(path = "ledger_add.html")]
struct Adding {
    frame: Frame,
    book: String,
    sheet: String,
    cells: Vec<Cell>,
}

pub(in crate::web) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    let row = wanted.row.parse().unwrap_or_default();
    let place = Place { book: wanted.book.into(), sheet: wanted.sheet.into(), row };
    shown(&site, &reader, place).await
}

async fn shown(site: &Arc<Site>, reader: &Reader, place: Place) -> Response {
    let snapshot = match site.view(reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => return failed(reader, broken(&error)),
    };
    let history = match changes(site, reader, &snapshot, &place).await {
        Ok(history) => history,
        Err(error) => return failed(reader, broken(&error)),
    };
    show(site, reader, ("ledger", Word::LedgerTitle), |snapshot, frame| {
        let row = find(snapshot, &place).ok_or(Word::NotFoundRow)?;
        Ok(made(snapshot, (frame, &site.config.zone), &row, &history))
    })
    .await
}

/// The latest changes of a row.
pub(in crate::web) async fn changes(
    site: &Arc<Site>,
    reader: &Reader,
    snapshot: &Snapshot,
    place: &Place,
) -> Result<Vec<Change>, StoreError> {
    let role = reader.person.as_ref().map(|person| person.account.role);
    let all = role.is_some_and(|role| may(role, Act::Read) == Reach::All);
    // Who changed what in the book is the hospital's own.
    let known = find(snapshot, place).filter(|_| all).map(|row| known_by(snapshot, row.entry));
    match known {
        None => Ok(Vec::new()),
        Some(key) => site.write(move |store| store.latest_changes(&key, LISTED)).await,
    }
}

/// The row at a place: an entry, or a part of one.
pub(in crate::web) fn find<'a>(snapshot: &'a Snapshot, place: &Place) -> Option<Row<'a>> {
    let whole = |entry: &'a Entry| Row {
        place: &entry.place,
        cells: &entry.cells,
        hidden: entry.hidden,
        struck: entry.struck,
        entry,
    };
    if let Some(entry) = snapshot.entry(place) {
        return Some(whole(entry));
    }
    snapshot.ground.ledger.entries.iter().find_map(|entry| {
        let part = entry.parts.iter().find(|part| part.place == *place)?;
        let (cells, hidden, struck) = (&part.cells, part.hidden, part.struck);
        Some(Row { place: &part.place, cells, hidden, struck, entry })
    })
}

pub(in crate::web) fn known_by(snapshot: &Snapshot, entry: &Entry) -> String {
    let sheet = snapshot.ground.ledger.sheets.get(entry.sheet);
    key(entry, sheet.is_some_and(|sheet| sheet.counted))
}

fn made(
    snapshot: &Snapshot,
    (mut frame, zone): (Frame, &Zone),
    row: &Row<'_>,
    history: &[Change],
) -> Page {
    let lang = frame.lang;
    let entry = row.entry;
    let matched = snapshot.match_of(&entry.place);
    frame.title = report::table::entry_name(entry);
    let told = phrase::place(lang, row.place);
    if frame.title.is_empty() {
        frame.title.clone_from(&told);
    }
    let device = matched.and_then(|one| snapshot.device(one.device.as_ref()?));
    let places = std::iter::once(&entry.place).chain(entry.parts.iter().map(|part| &part.place));
    let others = places.filter(|place| *place != row.place);
    Page {
        told,
        place: row.place.clone(),
        tag: matched.map(|one| Tag::verdict(lang, &one.verdict)),
        scope: snapshot.scope_of(&entry.place).map(|one| scope::tag(lang, one.scope)),
        device: device.map(|device| (device_link(&device.id), device.called())),
        remarks: matched.map(|one| report::remarks(lang, zone, &one.verdict)).unwrap_or_default(),
        cells: cells(snapshot, lang, row.place, row.cells),
        others: others.map(|place| (row_link(place), phrase::place(lang, place))).collect(),
        retired: entry.state == Use::Retired,
        history: history.iter().map(|change| changed((lang, zone), change)).collect(),
        wrong: String::new(),
        frame,
    }
}

fn cells(snapshot: &Snapshot, lang: Lang, place: &Place, texts: &[String]) -> Vec<Cell> {
    let sheets = snapshot.ground.ledger.sheets.iter();
    let sheet = sheets.clone().find(|one| place.book == one.book && place.sheet == one.name);
    let columns = sheet.map(|sheet| sheet.columns.as_slice()).unwrap_or_default();
    let cell = |(number, column): (usize, &crate::ledger::Column)| {
        let text = texts.get(number).cloned().unwrap_or_default();
        Cell {
            heading: column.heading.clone(),
            meaning: column.field.map(|field| lang.say(phrase::field(field))).unwrap_or_default(),
            long: text.contains('\n') || text.chars().count() > 60,
            text,
        }
    };
    columns.iter().enumerate().map(cell).collect()
}

fn changed((lang, zone): (Lang, &Zone), change: &Change) -> Changed {
    let what = match &change.step {
        Step::Added { .. } => lang.say(Word::ChangedAdded).to_owned(),
        Step::Removed { .. } => lang.say(Word::ChangedRemoved).to_owned(),
        Step::Cell { heading, before, after, .. } => {
            lang.fill(Word::ChangedCell, &[heading, before, after])
        }
        Step::Struck { struck: true, .. } => lang.say(Word::ChangedStruck).to_owned(),
        Step::Struck { struck: false, .. } => lang.say(Word::ChangedUnstruck).to_owned(),
        Step::Moved { from, place } => lang
            .fill(Word::ChangedMoved, &[&phrase::place(lang, from), &phrase::place(lang, place)]),
    };
    let how = match change.cause {
        Cause::Import => Word::ChangedByImport,
        Cause::Edit => Word::ChangedByEdit,
        Cause::Carried => Word::ChangedCarried,
    };
    Changed {
        at: zone.show(change.at),
        by: change.by.clone(),
        what,
        how: lang.say(how),
        why: change.why.clone(),
    }
}

/// The form for a new row.
pub(in crate::web) async fn add(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    show(&site, &reader, ("ledger", Word::LedgerAdd), |snapshot, frame| {
        let place = Place { book: wanted.book.into(), sheet: wanted.sheet.into(), row: 0 };
        let cells = cells(snapshot, frame.lang, &place, &[]);
        if cells.is_empty() {
            return Err(Word::NotFoundPage);
        }
        Ok(Adding { book: place.book.to_string(), sheet: place.sheet.to_string(), cells, frame })
    })
    .await
}

/// Changes a row, retires the thing, or adds a row.
pub(in crate::web) async fn say(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    match change(&site, &reader, &Form::read(&body)).await {
        Ok(to) => back(&to),
        Err(refusal) => failed(&reader, refusal),
    }
}

fn failed(reader: &Reader, (status, word): (StatusCode, Word)) -> Response {
    message(reader, status, word)
}

async fn change(
    site: &Arc<Site>,
    reader: &Reader,
    form: &Form,
) -> Result<String, (StatusCode, Word)> {
    let refused = |word| (StatusCode::UNPROCESSABLE_ENTITY, word);
    if form.of("why").chars().count() > REASON {
        return Err(refused(Word::FailureForm));
    }
    let place = Place {
        book: form.of("book").into(),
        sheet: form.of("sheet").into(),
        row: form.of("row").parse().unwrap_or_default(),
    };
    let snapshot = site.view(reader).await.map_err(|error| broken(&error))?;
    let wish = wish(&snapshot, form, &place).ok_or_else(|| refused(Word::FailureForm))?;
    let changed = edit(site, reader, wish, form.of("why")).await?;
    Ok(row_link(&changed.unwrap_or(place)))
}

/// Changes the ledger as is wished; returns the row that was changed, if any was.
pub(in crate::web) async fn edit(
    site: &Arc<Site>,
    reader: &Reader,
    wish: Wish,
    why: &str,
) -> Result<Option<Place>, (StatusCode, Word)> {
    let edit = Edit { wish, by: reader.by(), why: why.to_owned() };
    match site.write(move |store| store.edit(edit)).await {
        Ok(steps) => Ok(steps.first().map(|step| step.place().clone())),
        Err(StoreError::Edit(bad @ BadEdit::NotAsBefore(_))) => {
            Err((StatusCode::CONFLICT, word(&bad)))
        }
        Err(StoreError::Edit(bad)) => Err((StatusCode::UNPROCESSABLE_ENTITY, word(&bad))),
        Err(error) => Err(broken(&error)),
    }
}

fn wish(snapshot: &Snapshot, form: &Form, place: &Place) -> Option<Wish> {
    let sheets = snapshot.ground.ledger.sheets.iter();
    let sheet = sheets.clone().find(|one| place.book == one.book && place.sheet == one.name)?;
    let said = |number: usize| form.of(&format!("cell_{number}"));
    let fits = |text: &str| text.chars().count() <= CELL;
    if !(0..sheet.columns.len()).all(|number| fits(said(number))) {
        return None;
    }
    match form.of("kind") {
        "set" => {
            let cell = |number: usize| {
                let was = form.of(&format!("was_{number}")).to_owned();
                (number, was, said(number).to_owned())
            };
            let cells = (0..sheet.columns.len()).map(cell).filter(|(_, was, is)| was != is);
            Some(Wish::Row { place: place.clone(), cells: cells.collect() })
        }
        "retire" => Some(Wish::Retire { place: place.clone(), was: None }),
        "add" => {
            let values = sheet.columns.iter().enumerate().map(|(number, column)| {
                (Named::Heading(column.heading.clone()), said(number).to_owned())
            });
            let values = values.filter(|(_, value)| !value.is_empty()).collect();
            Some(Wish::Add { book: place.book.to_string(), sheet: place.sheet.to_string(), values })
        }
        _ => None,
    }
}

/// Why a row cannot be changed so.
const fn word(bad: &BadEdit) -> Word {
    match bad {
        BadEdit::NotAsBefore(_) => Word::LedgerChangedMeanwhile,
        BadEdit::NamesNothing => Word::LedgerNamesNothing,
        BadEdit::NotACell(_) => Word::LedgerNotACell,
        BadEdit::NoState(_) => Word::LedgerNoState,
        BadEdit::NoSuchSheet(..) | BadEdit::NoSuchRow(_) | BadEdit::NoSuchColumn(_) => {
            Word::NotFoundRow
        }
    }
}
