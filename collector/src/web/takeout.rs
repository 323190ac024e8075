//! What is found as files for other programs: the tables for NetBox, the inventories for GLPI. A reader
//! takes along what its pages show, and a vendor so its own part; that it did is a row of the audit log.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Site;
use super::page::{Reader, unavailable};
use crate::report::{Shown, takeout};

/// What NetBox calls the site unless something else is asked for.
const SITE: &str = "Hospital";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    site: Option<String>,
}

/// Which program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Netbox,
    Glpi,
}

pub(super) async fn netbox(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Response {
    file(&site, reader, (To::Netbox, asked.site.unwrap_or_else(|| SITE.to_owned()))).await
}

pub(super) async fn glpi(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    file(&site, reader, (To::Glpi, String::new())).await
}

async fn file(site: &Arc<Site>, reader: Reader, (to, name): (To, String)) -> Response {
    let broken =
        |error: &dyn std::fmt::Display| unavailable(&reader, error, "a file could not be made");
    let view = match site.view(&reader).await {
        Ok(view) => view,
        Err(error) => return broken(&error),
    };
    let (site, lang) = (Arc::clone(site), reader.lang);
    let made = tokio::task::spawn_blocking(move || {
        let shown = Shown {
            picture: &view.picture,
            ledger: &view.ground.ledger,
            coverage: &view.ground.coverage,
            observations: (&view.ground.observations).into(),
            lang,
            zone: &site.config.zone,
        };
        let mut octets = Vec::new();
        match to {
            To::Netbox => takeout::netbox(&mut octets, &shown, &name),
            To::Glpi => takeout::glpi(&mut octets, &shown),
        }
        .map(|()| octets)
    });
    match made.await {
        Ok(Ok(octets)) => {
            let name = match to {
                To::Netbox => "attachment; filename=\"daicho-netbox.zip\"",
                To::Glpi => "attachment; filename=\"daicho-glpi.zip\"",
            };
            let headers =
                [(header::CONTENT_TYPE, "application/zip"), (header::CONTENT_DISPOSITION, name)];
            (headers, octets).into_response()
        }
        Ok(Err(error)) => broken(&error),
        Err(error) => broken(&error),
    }
}
