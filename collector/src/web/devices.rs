//! The list of devices: searched, filtered, sorted, a page at a time; with the columns that the reader
//! chose, views that were saved, and what can be done with many devices at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::Site;
use super::page::{Frame, Pager, Reader, show, unavailable};
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::roster::{By, Column, Found};
use crate::store::SavedView;
use crate::words::{Lang, Word, phrase};

pub(super) mod bulk;
mod cells;
pub(super) mod export;
pub(super) mod saved;
pub(super) mod view;

use cells::Cell;
use saved::Saved;
use view::View;

/// Words that a filter offers; who wants another searches for it.
const OFFERED: usize = 60;

/// A choice of a filter: value, label, whether it is chosen.
type Choice = (String, String, bool);

struct Filter {
    name: &'static str,
    label: &'static str,
    choices: Vec<Choice>,
    /// How many words are not offered; empty if all are.
    more: String,
}

struct Heading {
    label: &'static str,
    /// Where the table is sorted by it, or the other way round.
    link: String,
    /// As `aria-sort` says it.
    sorted: &'static str,
}

struct Row {
    id: String,
    cells: Vec<Cell>,
}

#[derive(Template)]
#[template(path = "devices.html")]
struct Devices {
    frame: Frame,
    words: String,
    sort: String,
    filters: Vec<Filter>,
    columns: Vec<(&'static str, &'static str, bool)>,
    found: String,
    matching: usize,
    headings: Vec<Heading>,
    rows: Vec<Row>,
    /// What the reader asked for, as it stands in addresses.
    query: String,
    saved: Saved,
    done: Option<String>,
    pager: Pager,
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Response {
    let view = View::read(query.as_deref().unwrap_or_default());
    let saved = match saved::of(&site, &reader).await {
        Ok(saved) => saved,
        Err(error) => return unavailable(&reader, &error, "saved views could not be read"),
    };
    let rows = site.config.page_rows;
    show(&site, &reader, ("devices", Word::DevicesTitle), |snapshot, frame| {
        Ok(devices(snapshot, frame, (&site.config.zone, rows), (&view, &saved)))
    })
    .await
}

fn devices(
    snapshot: &Snapshot,
    frame: Frame,
    (zone, page_rows): (&Zone, usize),
    (view, saved): (&View, &[SavedView]),
) -> Devices {
    let lang = frame.lang;
    let found = find(snapshot, view);
    let query = view.text();
    let link = format!("/devices?{query}&page=");
    let pager = Pager::new(found.rows.len(), page_rows, view.page.as_deref(), link);
    let shown = found.rows.iter().skip(pager.skip).take(pager.take);
    let writer = cells::Writer { lang, zone };
    let row = |number: &u32| {
        let told = snapshot.told(*number as usize)?;
        let cells = view.columns.iter().map(|column| writer.cell(*column, &told)).collect();
        Some(Row { id: told.device.id.0.to_string(), cells })
    };
    Devices {
        words: view.query.words.clone(),
        sort: view.sort_text(),
        filters: By::ALL.map(|by| filter(snapshot, (&found, view), by, lang)).into(),
        columns: columns(view, lang),
        found: lang.fill(Word::DevicesFound, &[&found.rows.len()]),
        matching: found.rows.len(),
        headings: view.columns.iter().map(|column| heading(view, *column, lang)).collect(),
        rows: shown.filter_map(row).collect(),
        saved: Saved::of(saved, &frame, &query),
        done: view.done.map(|done| lang.fill(Word::DevicesDone, &[&done])),
        query,
        pager,
        frame,
    }
}

/// What fits what the reader asked for.
pub(super) fn find(snapshot: &Snapshot, view: &View) -> Arc<Found> {
    snapshot.roster().find(&view.query, |number| snapshot.told(number))
}

fn columns(view: &View, lang: Lang) -> Vec<(&'static str, &'static str, bool)> {
    let column = |column: Column| {
        (column.name(), lang.say(cells::heading(column)), view.columns.contains(&column))
    };
    Column::ALL.map(column).into()
}

fn heading(view: &View, column: Column, lang: Lang) -> Heading {
    let sorted = match view.query.sort {
        Some(by) if by == column && view.query.descending => "descending",
        Some(by) if by == column => "ascending",
        _ => "none",
    };
    let link = format!("/devices?{}", view.sorted_by(column, sorted == "ascending").text());
    Heading { label: lang.say(cells::heading(column)), link, sorted }
}

fn filter(snapshot: &Snapshot, (found, view): (&Found, &View), by: By, lang: Lang) -> Filter {
    let chosen = view.query.filters.get(by.number()).map_or("", String::as_str);
    let offered = snapshot.roster().choices(found, by);
    let left = offered.len().saturating_sub(OFFERED);
    let mut choices: Vec<Choice> = (offered.iter().take(OFFERED))
        .map(|(word, count)| {
            let label = format!("{} ({count})", named(by, word, lang));
            ((*word).to_owned(), label, *word == chosen)
        })
        .collect();
    if !chosen.is_empty() && !choices.iter().any(|(.., is_chosen)| *is_chosen) {
        let count = offered.iter().find(|(word, _)| *word == chosen).map_or(0, |(_, count)| *count);
        let label = format!("{} ({count})", named(by, chosen, lang));
        choices.push((chosen.to_owned(), label, true));
    }
    let label = match by {
        By::Verdict => Word::CommonVerdict,
        By::Scope => Word::ScopeTitle,
        By::Class => Word::CommonClass,
        By::Network => Word::CommonNetwork,
        By::Vendor => Word::FieldVendor,
        By::Place => Word::FieldLocation,
    };
    Filter {
        name: by.name(),
        label: lang.say(label),
        choices,
        more: if left == 0 { String::new() } else { lang.fill(Word::CommonMore, &[&left]) },
    }
}

/// A word of a facet as people read it.
fn named(by: By, word: &str, lang: Lang) -> String {
    let known = match by {
        By::Verdict => {
            phrase::VERDICTS.iter().find(|(name, ..)| *name == word).map(|(_, label, _)| *label)
        }
        By::Class => {
            phrase::CLASSES.iter().find(|(_, name, _)| *name == word).map(|(.., label)| *label)
        }
        By::Scope => serde_json::from_value(word.into()).ok().map(phrase::scope),
        By::Network | By::Vendor | By::Place => None,
    };
    known.map_or_else(|| word.to_owned(), |label| lang.say(label).to_owned())
}
