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
}

#[derive(Template)]
#[template(path = "links.html")]
struct Page {
    frame: Frame,
    total: usize,
    hubs: Part,
    links: Part,
    contradictions: Part,
    pager: Pager,
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

fn part<'a>(
    snapshot: &Snapshot,
    told: (Lang, &Zone),
    table: Table,
    beside: impl Iterator<Item = Beside<'a>>,
    (skip, take): (usize, usize),
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
    let rows = table.rows.into_iter().zip(beside).skip(skip).take(take).map(row).collect();
    Part { headings: table.headings, rows }
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    show(&site, &reader, ("links", Word::LinksTitle), |snapshot, frame| {
        let told = (frame.lang, &site.config.zone);
        let topology = &snapshot.picture.topology;
        let total = topology.links.len();
        let link = "/links?page=".to_owned();
        let pager = Pager::new(total, site.config.page_rows, wanted.page.as_deref(), link);
        let shown = shown(snapshot, told);
        let all = (0, usize::MAX);
        let hubs = topology.shared.iter().filter(|shared| wiring::is_hub(shared));
        let hubs = hubs.map(|shared| Beside {
            devices: vec![(0, shared.at.device.as_ref())],
            sources: &shared.sources,
            against: &[],
        });
        let links = topology.links.iter().map(|link| Beside {
            devices: vec![(0, link.near.device.as_ref()), (4, link.far.device.as_ref())],
            sources: &link.sources,
            against: &link.against,
        });
        let contradictions = topology.contradictions.iter().map(|one| Beside {
            devices: vec![(0, Some(&one.device))],
            sources: &one.sources,
            against: &[],
        });
        let mut list = wiring::links(&shown);
        // The page shows the observations themselves, not how many there are.
        list.headings.pop();
        list.rows.iter_mut().for_each(|row| drop(row.pop()));
        Ok(Page {
            total,
            hubs: part(snapshot, told, wiring::shared(&shown, wiring::is_hub), hubs, all),
            links: part(snapshot, told, list, links, (pager.skip, pager.take)),
            contradictions: part(
                snapshot,
                told,
                wiring::contradictions(&shown),
                contradictions,
                all,
            ),
            pager,
            frame,
        })
    })
    .await
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
