//! Other sites, for the head office: what each knew when it last signed a snapshot, and how old that is.
//! Their content stays theirs: no page of this site shows any of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_common::complaint::Complaint;

use super::Site;
use super::page::{Frame, Reader, encoded, message, render, said, unavailable};
use crate::clock;
use crate::day::Day;
use crate::seal;
use crate::snapshot::diff::{Difference, How, diff};
use crate::store::{OtherSite, SiteSnapshot, Store, StoreError};
use crate::words::{Lang, Word};

/// Differences that a page lists; the command prints all.
const LISTED: usize = 500;
/// After how many days without a snapshot it is told, in days: they are sent monthly.
const OLD: i64 = 35;

struct Row {
    name: String,
    link: String,
    key: String,
    /// The newest snapshot; none if none came.
    newest: Option<Newest>,
}

struct Newest {
    at: String,
    age: String,
    old: bool,
    digest: String,
    devices: u64,
    rows: u64,
    undocumented: u64,
    open: u64,
    coverage: String,
}

#[derive(Template)]
#[template(path = "sites.html")]
struct List {
    frame: Frame,
    sites: Vec<Row>,
}

struct Came {
    at: String,
    by: String,
    why: String,
    digest: String,
    imported: String,
    devices: u64,
    open: u64,
}

struct Change {
    sign: &'static str,
    label: &'static str,
    key: String,
    name: String,
    what: String,
}

#[derive(Template)]
#[template(path = "site.html")]
struct Page {
    frame: Frame,
    name: String,
    key: String,
    snapshots: Vec<Came>,
    /// None: there are not two.
    changes: Option<Vec<Change>>,
    more: String,
}

fn newest(site: &Site, lang: Lang, one: &SiteSnapshot) -> Newest {
    let age = Day::of(one.at).days_until(Day::of(clock::now())).max(0);
    let summary = one.summary;
    Newest {
        at: site.config.zone.show(one.at),
        age: lang.fill(Word::SitesAge, &[&age]),
        old: age > OLD,
        digest: one.digest.short(),
        devices: summary.devices,
        rows: summary.rows,
        undocumented: summary.undocumented,
        open: summary.open,
        coverage: lang
            .fill(Word::SitesLooked, &[&summary.networks, &summary.asked, &summary.answered]),
    }
}

pub(super) async fn list(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    match site.write(Store::sites).await {
        Ok(sites) => {
            let row = |one: OtherSite| Row {
                link: format!("/sites/{}", encoded(&one.name)),
                key: seal::fingerprint(&one.key),
                newest: one.snapshots.first().map(|it| newest(&site, reader.lang, it)),
                name: one.name,
            };
            let frame = reader.frame(Word::SitesTitle, "sites");
            let page = List { frame, sites: sites.into_iter().map(row).collect() };
            render(&page, StatusCode::OK)
        }
        Err(error) => failed(&reader, &error),
    }
}

fn failed(reader: &Reader, error: &StoreError) -> Response {
    unavailable(reader, error, "sites could not be read")
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(name): Path<String>,
) -> Response {
    let sites = match site.write(Store::sites).await {
        Ok(sites) => sites,
        Err(error) => return failed(&reader, &error),
    };
    let Some(found) = sites.into_iter().find(|one| one.name == name) else {
        return message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage);
    };
    let differences = match differences(&site, &found).await {
        Ok(differences) => differences,
        // One that was altered since it came is told, and not shown.
        Err(complaint) => return said(&reader, StatusCode::CONFLICT, &complaint),
    };
    let lang = reader.lang;
    let left = differences.as_ref().map_or(0, |all| all.len().saturating_sub(LISTED));
    let changes =
        differences.map(|all| all.into_iter().take(LISTED).map(|one| change(lang, one)).collect());
    let page = Page {
        key: seal::fingerprint(&found.key),
        snapshots: found.snapshots.iter().map(|one| came(&site, lang, one)).collect(),
        changes,
        more: if left == 0 { String::new() } else { lang.fill(Word::CommonMore, &[&left]) },
        name: found.name,
        frame: reader.frame(Word::SitesTitle, "sites"),
    };
    render(&page, StatusCode::OK)
}

/// What the last two snapshots of a site differ in; none if there are not two.
pub(super) async fn differences(
    site: &Arc<Site>,
    of: &OtherSite,
) -> Result<Option<Vec<Difference>>, Complaint> {
    let (earlier, later) = match of.snapshots.as_slice() {
        [later, earlier, ..] => (earlier.id, later.id),
        [] | [_] => return Ok(None),
    };
    let reading = Arc::clone(site);
    let differences = tokio::task::spawn_blocking(move || {
        let read = |id| {
            let taken = reading.store.site_snapshot(id);
            let taken = taken.map_err(|error| error.complaint(reading.store.path()))?;
            let taken = taken.ok_or_else(|| StoreError::Ended.complaint(reading.store.path()))?;
            seal::opened(&taken)
        };
        Ok(diff(&read(earlier)?, &read(later)?))
    });
    let ended = |_| StoreError::Ended.complaint(site.store.path());
    differences.await.map_err(ended)?.map(Some)
}

fn came(site: &Site, lang: Lang, one: &SiteSnapshot) -> Came {
    let zone = &site.config.zone;
    Came {
        at: zone.show(one.at),
        by: one.by.clone(),
        why: one.why.clone(),
        digest: one.digest.short(),
        imported: lang.fill(Word::SitesImported, &[&zone.show(one.imported_at), &one.imported_by]),
        devices: one.summary.devices,
        open: one.summary.open,
    }
}

fn change(lang: Lang, one: Difference) -> Change {
    let (sign, word, what) = match one.how {
        How::Came => ("＋", Word::SitesCame, String::new()),
        How::Went => ("－", Word::SitesWent, String::new()),
        How::Field(field, before, after) => {
            ("≠", Word::ChangesChanged, format!("{field}: {before} → {after}"))
        }
    };
    Change { sign, label: lang.say(word), key: one.key, name: one.name, what }
}
