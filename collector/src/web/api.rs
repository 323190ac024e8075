//! What programs read: the same picture that the pages show, as JSON and a page at a time. One table says
//! what there is; the routes and the `OpenAPI` document are made of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Site;
use super::doors::{Doors, Need, refused_in_json};
use super::page::Reader;
use super::snapshot::Snapshot;
use crate::people::act::Act;
use crate::words::Word;

/// Rows of a page, unless other are asked for.
const ROWS: usize = 100;
/// Most rows of a page.
const MOST: usize = 1000;

/// A list that programs read.
#[derive(Clone, Copy)]
struct List {
    path: &'static str,
    /// What it is, in both languages.
    about: &'static str,
    act: Act,
}

const DEVICES: List = List {
    path: "/api/v1/devices",
    about: "機器。id の昇順 / Devices, ascending by id",
    act: Act::Read,
};
const FINDINGS: List = List {
    path: "/api/v1/findings",
    about: "要確認事項。重要なものから / Findings, worst first",
    act: Act::Read,
};
const LEDGER: List = List {
    path: "/api/v1/ledger",
    about: "台帳の行。台帳の順 / Rows of the ledger, in its order",
    act: Act::Read,
};
const LINKS: List = List {
    path: "/api/v1/links",
    about: "機器どうしの接続 / Links between devices",
    act: Act::Survey,
};
const COVERAGE: List = List {
    path: "/api/v1/coverage",
    about: "調査範囲。始まりの順 / What was asked, in order of its start",
    act: Act::Survey,
};
const LISTS: [List; 5] = [DEVICES, FINDINGS, LEDGER, LINKS, COVERAGE];

/// The routes for programs.
pub(super) fn doors(doors: Doors) -> Doors {
    let need = |list: List| Need::May(list.act);
    doors
        .get(DEVICES.path, need(DEVICES), devices)
        .get(FINDINGS.path, need(FINDINGS), findings)
        .get(LEDGER.path, need(LEDGER), ledger)
        .get(LINKS.path, need(LINKS), links)
        .get(COVERAGE.path, need(COVERAGE), coverage)
        .get("/api/v1/export/netbox.zip", Need::Take(Act::Read), super::takeout::netbox)
        .get("/api/v1/export/glpi.zip", Need::Take(Act::Read), super::takeout::glpi)
        .post("/api/v1/decisions", Need::May(Act::Answer), super::decide::decide_for_program)
        .get("/api/v1/openapi.json", Need::Nothing, document)
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    /// From 1.
    page: Option<String>,
    rows: Option<String>,
}

#[derive(Serialize)]
struct Page<'a, T> {
    /// The revision of what is kept: pages of one revision fit together.
    revision: u64,
    total: usize,
    #[serde(rename = "page")]
    number: usize,
    pages: usize,
    items: &'a [T],
}

/// The page asked for, by the page's number and its rows; nothing if they are no numbers.
fn part<'a, T: Serialize>(all: &'a [T], wanted: &Wanted, revision: u64) -> Option<Page<'a, T>> {
    let number = |text: &Option<String>, usual: usize| match text {
        None => Some(usual),
        Some(text) => text.parse::<usize>().ok().filter(|number| *number > 0),
    };
    let rows = number(&wanted.rows, ROWS).filter(|rows| *rows <= MOST)?;
    let page = number(&wanted.page, 1)?;
    let start = (page - 1).saturating_mul(rows).min(all.len());
    let end = start.saturating_add(rows).min(all.len());
    let pages = all.len().div_ceil(rows).max(1);
    Some(Page { revision, total: all.len(), number: page, pages, items: all.get(start..end)? })
}

async fn list<T: Serialize>(
    site: &Arc<Site>,
    (reader, wanted): (&Reader, &Wanted),
    of: impl FnOnce(&Snapshot) -> &[T],
) -> Response {
    match site.view(reader).await {
        Ok(view) => part(of(&view), wanted, view.revision).map_or_else(
            || refused_in_json((StatusCode::BAD_REQUEST, Word::FailureNumbers)),
            |page| Json(page).into_response(),
        ),
        Err(error) => {
            tracing::error!(%error, "a list could not be made");
            refused_in_json((StatusCode::SERVICE_UNAVAILABLE, Word::FailurePage))
        }
    }
}

async fn devices(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    list(&site, (&reader, &wanted), |view| &view.picture.devices).await
}

async fn findings(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    list(&site, (&reader, &wanted), |view| &view.picture.findings).await
}

async fn ledger(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    list(&site, (&reader, &wanted), |view| &view.ground.ledger.entries).await
}

async fn links(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    list(&site, (&reader, &wanted), |view| &view.picture.topology.links).await
}

async fn coverage(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    list(&site, (&reader, &wanted), |view| &view.ground.coverage).await
}

async fn document() -> Json<Value> {
    Json(openapi())
}

/// The `OpenAPI` document (3.1).
pub(super) fn openapi() -> Value {
    let refusal = json!({ "type": "object", "required": ["ja", "en"], "properties": {
        "ja": { "type": "string" }, "en": { "type": "string" } } });
    let refused = |about: &str| {
        let content = json!({ "application/json": { "schema": {
            "$ref": "#/components/schemas/Refusal" } } });
        json!({ "description": about, "content": content })
    };
    let number = |name: &str, about: &str, usual: usize, most: Option<usize>| {
        let mut schema = json!({ "type": "integer", "minimum": 1, "default": usual });
        if let (Some(most), Some(schema)) = (most, schema.as_object_mut()) {
            schema.insert("maximum".to_owned(), json!(most));
        }
        json!({ "name": name, "in": "query", "description": about, "schema": schema })
    };
    let mut paths = serde_json::Map::new();
    for List { path, about, act } in LISTS {
        let get = json!({
            "summary": about,
            "description": format!("scope read, {}", act.name()),
            "parameters": [
                number("page", "ページ番号 / the page", 1, None),
                number("rows", "1ページの件数 / items a page", ROWS, Some(MOST)),
            ],
            "responses": {
                "200": { "description": about, "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Page" } } } },
                "400": refused("ページの指定が正しくない / no such page can be asked for"),
                "401": refused("トークンがない、または無効 / no token that holds"),
                "403": refused("役割または範囲が足りない / the role or scope does not permit it"),
            },
        });
        paths.insert(path.to_owned(), json!({ "get": get }));
    }
    for (path, about, site) in [
        (
            "/api/v1/export/netbox.zip",
            "NetBox の一括取り込み用 CSV の zip / CSV files for NetBox's bulk import, as a zip archive",
            true,
        ),
        (
            "/api/v1/export/glpi.zip",
            "GLPI のインベントリ JSON の zip / inventories in JSON for GLPI, as a zip archive",
            false,
        ),
    ] {
        paths.insert(path.to_owned(), json!({ "get": takeout(about, site, &refused) }));
    }
    paths.insert("/api/v1/decisions".to_owned(), json!({ "post": decisions(&refused) }));
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Daicho", "version": "1",
            "description": "機器台帳の照合結果 / what was found, held against the ledger" },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer",
                "description": "daicho-collector token issue" } },
            "schemas": {
                "Refusal": refusal,
                "Page": { "type": "object",
                    "required": ["revision", "total", "page", "pages", "items"],
                    "properties": {
                        "revision": { "type": "integer" }, "total": { "type": "integer" },
                        "page": { "type": "integer" }, "pages": { "type": "integer" },
                        "items": { "type": "array", "items": { "type": "object" } } } },
            },
        },
    })
}

/// A file for another program.
fn takeout(about: &str, with_site: bool, refused: &impl Fn(&str) -> Value) -> Value {
    let site = json!({ "name": "site", "in": "query", "schema": { "type": "string" },
        "description": "NetBox のサイトの名前 / the site in NetBox" });
    let parameters: &[Value] = if with_site { &[site] } else { &[] };
    json!({
        "summary": about,
        "description": "scope read, export",
        "parameters": parameters,
        "responses": {
            "200": { "description": about, "content": { "application/zip": {} } },
            "401": refused("トークンがない、または無効 / no token that holds"),
            "403": refused("役割または範囲が足りない / the role or scope does not permit it"),
        },
    })
}

fn decisions(refused: &impl Fn(&str) -> Value) -> Value {
    json!({
        "summary": "要確認事項への回答などを記録 / keeps answers to findings and other decisions",
        "description": "scope answer, answer or decide",
        "requestBody": { "required": true, "content": { "application/x-www-form-urlencoded": {
            "schema": { "type": "object", "required": ["kind"], "properties": {
                "kind": { "enum": ["answer", "scope", "byod", "correct", "join", "split",
                    "withdraw"] },
                "finding": { "type": "array", "items": { "type": "string" } },
                "disposition": { "enum": ["registered", "vendor_asked", "approved", "removed",
                    "investigating"] },
                "owner": { "type": "string" },
                "due": { "type": "string", "format": "date" },
                "why": { "type": "string", "maxLength": 2000 } } } } } },
        "responses": {
            "200": { "description": "記録した件数 / how many were kept", "content": {
                "application/json": { "schema": { "type": "object",
                    "properties": { "kept": { "type": "integer" } } } } } },
            "401": refused("トークンがない、または無効 / no token that holds"),
            "403": refused("役割または範囲が足りない / the role or scope does not permit it"),
            "422": refused("記録できる内容がない / nothing that could be kept"),
        },
    })
}
