//! What a person should look at, worst first, each with its evidence.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::Site;
use super::page::{FindingRow, Frame, Pager, Reader, show};
use crate::words::Word;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    page: Option<String>,
}

#[derive(Template)]
#[template(path = "findings.html")]
struct Page {
    frame: Frame,
    total: usize,
    findings: Vec<FindingRow>,
    pager: Pager,
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    show(&site, &reader, ("findings", Word::FindingsTitle), |snapshot, frame| {
        let all = &snapshot.picture.findings;
        let link = "/findings?page=".to_owned();
        let pager = Pager::new(all.len(), site.config.page_rows, wanted.page.as_deref(), link);
        let told = (frame.lang, &site.config.zone);
        let shown = all.iter().skip(pager.skip).take(pager.take);
        let findings = shown.map(|finding| FindingRow::of(snapshot, told, finding)).collect();
        Ok(Page { total: all.len(), findings, pager, frame })
    })
    .await
}
