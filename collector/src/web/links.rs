//! How the network hangs together: hubs that nobody manages, links, contradictions; and the same as
//! comma-separated values.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use daicho_common::observation::ObservationId;
use serde::Deserialize;

use super::Site;
use super::page::{Evidence, Frame, Pager, Reader, device_link, show, unavailable};
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::report::table::Table;
use crate::report::{self, wiring};
use crate::resolve::DeviceId;
use crate::words::{Lang, Word};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    page: Option<String>,
    /// The page of the hubs.
    hubs: Option<String>,
    /// The page of the contradictions.
    odd: Option<String>,
}

/// A row with the pages of the devices at its ends, where they are devices, and its evidence.
struct Row {
    cells: Vec<(String, Option<String>)>,
    evidence: Evidence,
    against: Evidence,
}

struct Part {
    headings: Vec<String>,
    rows: Vec<Row>,
    total: usize,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "links.html")]
struct Page {
    frame: Frame,
    hubs: Part,
    links: Part,
    contradictions: Part,
}

pub(super) fn shown<'a>(
    snapshot: &'a Snapshot,
    (lang, zone): (Lang, &'a Zone),
) -> report::Shown<'a> {
    report::Shown {
        picture: &snapshot.picture,
        ledger: &snapshot.ground.ledger,
        coverage: &snapshot.ground.coverage,
        observations: (&snapshot.ground.observations).into(),
        lang,
        zone,
    }
}

/// What stands in a row besides its words: which cells name which devices, and the observations for
/// and against it.
struct Beside<'a> {
    devices: Vec<(usize, Option<&'a DeviceId>)>,
    sources: &'a [ObservationId],
    against: &'a [ObservationId],
}

/// A part of a table with what stands beside it; `beside` tells that of all rows, the table has those that
/// are shown.
fn part<'a>(
    snapshot: &Snapshot,
    told: (Lang, &Zone),
    table: Table,
    beside: impl Iterator<Item = Beside<'a>>,
    (total, pager): (usize, Pager),
) -> Part {
    let row = |(cells, beside): (Vec<String>, Beside<'a>)| {
        let link = |cell: usize| {
            let of = beside.devices.iter().find(|(at, _)| *at == cell);
            of.and_then(|(_, device)| *device).map(device_link)
        };
        Row {
            cells: cells.into_iter().enumerate().map(|(at, cell)| (cell, link(at))).collect(),
            evidence: Evidence::of(snapshot, told, beside.sources),
            against: Evidence::of(snapshot, told, beside.against),
        }
    };
    let rows = table.rows.into_iter().zip(beside.skip(pager.skip)).map(row).collect();
    Part { headings: table.headings, rows, total, pager }
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    show(&site, &reader, ("links", Word::LinksTitle), |snapshot, frame| {
        let told = (frame.lang, &site.config.zone);
        let pager = |total, asked: &Option<String>, name: &str| {
            let link = format!("/links?{name}=");
            (total, Pager::new(total, site.config.page_rows, asked.as_deref(), link))
        };
        Ok(Page {
            hubs: hubs(snapshot, told, |total| pager(total, &wanted.hubs, "hubs")),
            links: links(snapshot, told, |total| pager(total, &wanted.page, "page")),
            contradictions: odd(snapshot, told, |total| pager(total, &wanted.odd, "odd")),
            frame,
        })
    })
    .await
}

/// A pager for so many rows, with their number.
trait Pages: FnOnce(usize) -> (usize, Pager) {}
impl<F: FnOnce(usize) -> (usize, Pager)> Pages for F {}

fn hubs(snapshot: &Snapshot, told: (Lang, &Zone), turn: impl Pages) -> Part {
    let hubs = || snapshot.picture.topology.shared.iter().filter(|one| wiring::is_hub(one));
    let (total, pager) = turn(hubs().count());
    let shown = shown(snapshot, told);
    let table = wiring::shared_at(&shown, wiring::is_hub, (pager.skip, pager.take));
    let beside = hubs().map(|shared| Beside {
        devices: vec![(0, shared.at.device.as_ref())],
        sources: &shared.sources,
        against: &[],
    });
    part(snapshot, told, table, beside, (total, pager))
}

fn links(snapshot: &Snapshot, told: (Lang, &Zone), turn: impl Pages) -> Part {
    let links = &snapshot.picture.topology.links;
    let (total, pager) = turn(links.len());
    let mut table = wiring::links_at(&shown(snapshot, told), (pager.skip, pager.take));
    // The page shows the observations themselves, not how many there are.
    table.headings.pop();
    table.rows.iter_mut().for_each(|row| drop(row.pop()));
    let beside = links.iter().map(|link| Beside {
        devices: vec![(0, link.near.device.as_ref()), (4, link.far.device.as_ref())],
        sources: &link.sources,
        against: &link.against,
    });
    part(snapshot, told, table, beside, (total, pager))
}

/// Devices whose place is contradictory.
fn odd(snapshot: &Snapshot, told: (Lang, &Zone), turn: impl Pages) -> Part {
    let odd = &snapshot.picture.topology.contradictions;
    let (total, pager) = turn(odd.len());
    let mut table = wiring::contradictions(&shown(snapshot, told));
    table.rows = table.rows.into_iter().skip(pager.skip).take(pager.take).collect();
    let beside = odd.iter().map(|one| Beside {
        devices: vec![(0, Some(&one.device))],
        sources: &one.sources,
        against: &[],
    });
    part(snapshot, told, table, beside, (total, pager))
}

/// Links, ports with several devices for whatever reason, and contradictions, one after the other.
pub(super) async fn csv(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    let snapshot = match site.view(&reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => return unavailable(&reader, &error, "a file could not be made"),
    };
    let shown = shown(&snapshot, (reader.lang, &site.config.zone));
    let tables =
        [wiring::links(&shown), wiring::shared(&shown, |_| true), wiring::contradictions(&shown)];
    let mut out = Vec::new();
    if let Err(error) = report::csv::write(&mut out, &tables) {
        tracing::error!(%error, "a file could not be made");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"daicho-links.csv\""),
    ];
    (headers, out).into_response()
}
