//! Figures for Prometheus, in the `OpenMetrics` text format (1.0). There are none unless the configuration
//! says so: then for this computer, or for a token that was issued for nothing but that. No figure names
//! a device.
//!
//! Beside them two answers to whoever looks whether the program runs: `/healthz` (it answers, and its
//! store can be read) and `/readyz` (it can also take something in).

use std::path::Path;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::Site;
use super::page::{Reader, message};
use super::snapshot::Snapshot;
use crate::config::Metrics;
use crate::doctor;
use crate::meters::Labels;
use crate::people::act::{Act, Reach, may};
use crate::people::token::Scope;
use crate::policy::Severity;
use crate::store::{Agent, StoreError};
use crate::words::Word;

/// What the format is called (OpenMetrics 1.0 §4.1).
const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) async fn show(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    if site.config.metrics == Metrics::Off {
        return message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage);
    }
    if !permitted(&site, &reader) {
        let refusal = (StatusCode::UNAUTHORIZED, Word::FailureLoggedOut);
        return super::doors::refused_to_program(&reader, refusal);
    }
    match text(&site).await {
        Ok(text) => ([(header::CONTENT_TYPE, KIND)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the figures could not be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response()
        }
    }
}

/// A token for this alone lets in from anywhere; without one, this computer where the configuration says
/// so.
fn permitted(site: &Site, reader: &Reader) -> bool {
    if let Some(person) = &reader.person
        && let Some(scopes) = &person.scopes
    {
        return scopes.contains(&Scope::Metrics)
            && may(person.account.role, Act::Survey) == Reach::All;
    }
    let local = reader.address.parse::<std::net::IpAddr>();
    site.config.metrics == Metrics::Loopback
        && local.is_ok_and(|ip| ip.to_canonical().is_loopback())
}

async fn text(site: &Arc<Site>) -> Result<String, StoreError> {
    let snapshot = site.snapshot().await?;
    let (agents, waiting, bytes) = site
        .write(|store| {
            Ok((store.admissions().list()?, store.notices_waiting()?, size(store.path())))
        })
        .await?;
    let mut registry = Registry::with_prefix("daicho");
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    registry.register("build", "The program", Info::new(version));
    of_picture(&mut registry, &snapshot);
    of_agents(&mut registry, &agents);
    let gauge = |registry: &mut Registry, name: &str, help: &str, value: u64| {
        registry.register(name, help, number(value));
    };
    gauge(&mut registry, "notifications_waiting", "Messages that were not delivered yet", waiting);
    registry.register_with_unit(
        "store_size",
        "The database with its log of writes",
        Unit::Bytes,
        number(bytes),
    );
    gauge(&mut registry, "store_revision", "Changes of the store so far", snapshot.revision);
    let meters = &site.meters;
    registry.register(
        "batches",
        "Batches received, by what became of them",
        meters.batches.clone(),
    );
    registry.register("observations", "Observations that were new", meters.observations.clone());
    registry.register_with_unit(
        "ingest",
        "How long batches took",
        Unit::Seconds,
        meters.seconds.clone(),
    );
    let mut text = String::new();
    // Writing into a text does not fail.
    let _ = encode(&mut text, &registry);
    Ok(text)
}

fn number(value: u64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    gauge
}

fn of_picture(registry: &mut Registry, snapshot: &Snapshot) {
    let devices = u64::try_from(snapshot.picture.devices.len()).unwrap_or(u64::MAX);
    registry.register("devices", "Devices known", number(devices));
    let findings: Family<Labels, Gauge> = Family::default();
    let severities =
        [(Severity::Notice, "notice"), (Severity::Warning, "warning"), (Severity::High, "high")];
    for (severity, name) in severities {
        for (state, open) in [("open", true), ("answered", false)] {
            let of =
                |one: &&crate::finding::Finding| one.severity == severity && one.is_open() == open;
            let count = snapshot.picture.findings.iter().filter(of).count();
            let labels = vec![("severity", name.to_owned()), ("state", state.to_owned())];
            findings.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
    registry.register("findings", "Findings, by severity and whether answered", findings);
}

fn of_agents(registry: &mut Registry, agents: &[Agent]) {
    let seen: Family<Labels, Gauge> = Family::default();
    for agent in agents.iter().filter(|agent| agent.revoked_at.is_none()) {
        if let Some(at) = agent.seen_at {
            let labels = vec![("agent", agent.name.clone())];
            seen.get_or_create(&labels).set(at.micros().div_euclid(1_000_000));
        }
    }
    registry.register_with_unit(
        "agent_seen_timestamp",
        "When each agent last called, since 1970",
        Unit::Seconds,
        seen,
    );
}

/// The file and its log of writes, in octets.
fn size(database: &Path) -> u64 {
    let of = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    of(database).saturating_add(of(Path::new(&log)))
}

pub(super) async fn health(State(site): State<Arc<Site>>) -> Response {
    match site.store.revision() {
        Ok(revision) => format!("ok {revision}\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "the store cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response()
        }
    }
}

/// Whether something could be taken in now: the store can be written, and the disk has room.
pub(super) async fn ready(State(site): State<Arc<Site>>) -> Response {
    let refused = |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    if let Err(error) = site.write(crate::store::Store::can_write).await {
        tracing::warn!(%error, "not ready: the store cannot be written");
        return refused("the store cannot be written\n");
    }
    if doctor::is_full(site.store.path()) {
        tracing::warn!("not ready: the disk is full");
        return refused("the disk is full\n");
    }
    "ready\n".into_response()
}
