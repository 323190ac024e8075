//! Jobs: agents ask for them, keep the question open until there is one, and say how far they have got.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_common::job::{Asking, Reply, Report, Work};
use daicho_common::text::Text;
use serde::Serialize;

use super::Door;
use super::refuse::{Refused, blocking};
use super::who::{Known, look};
use crate::clock;

/// Longest time that a question is kept open, in seconds.
const LONGEST: u64 = 60;
/// Most networks that an agent may tell of.
const NETWORKS: usize = 1000;
/// Longest name of software, in characters.
const SOFTWARE: usize = 100;

/// Answers once there is a job, or after the time that the agent wants to wait.
pub(super) async fn ask(
    State(door): State<Arc<Door>>,
    known: Known,
    Json(asking): Json<Asking>,
) -> Result<Json<Work>, Refused> {
    let wait = Duration::from_secs(asking.wait.min(LONGEST));
    note(&door, &known, asking).await?;
    let (renew, certificate) = (known.renew, known.certificate);
    if renew {
        // First things first: a job may take hours.
        return Ok(Json(Work { order: None, renew }));
    }
    let (mut pulse, mut closing) = (door.pulse.subscribe(), door.closing.subscribe());
    let order = tokio::time::timeout(wait, async {
        loop {
            pulse.borrow_and_update();
            // It may have been revoked while it waited.
            let known = look(&door, certificate)?;
            let taking = Arc::clone(&door);
            let order = blocking(move || {
                let taken = taking.site.store.jobs().take(known.agent, clock::now());
                taken.map_err(|error| Refused::store(&taking, &error))
            })
            .await?;
            if order.is_some() {
                return Ok(order);
            }
            tokio::select! {
                _ = pulse.changed() => {}
                _ = closing.wait_for(|closing| *closing) => return Ok(None),
            }
        }
    });
    let order = order.await.unwrap_or(Ok(None))?;
    Ok(Json(Work { order, renew }))
}

/// Keeps what the agent says of itself, where it is plain.
async fn note(door: &Arc<Door>, known: &Known, asking: Asking) -> Result<(), Refused> {
    let plain = |text: &str| Text::clean(text).as_str() == text && text.chars().count() <= SOFTWARE;
    let names = asking.networks.iter().flat_map(|network| [&network.name, &network.cidr]);
    let fits = asking.networks.len() <= NETWORKS && plain(&asking.software);
    if !fits || !names.into_iter().all(|name| plain(name)) {
        return Err(Refused::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "エージェントの名乗りに使えない文字があるか、長すぎます",
            "what the agent says of itself is too long or holds characters that cannot be used",
        ));
    }
    let (door, agent) = (Arc::clone(door), known.agent.clone());
    blocking(move || {
        let said = Some((asking.software, asking.networks));
        let saw = door.site.store.admissions().saw((agent, clock::now()), said);
        saw.map_err(|error| Refused::store(&door, &error))
    })
    .await
}

/// Takes a report and answers whether somebody wants the job to end.
pub(super) async fn report(
    State(door): State<Arc<Door>>,
    known: Known,
    Path(job): Path<u64>,
    Json(report): Json<Report>,
) -> Result<Json<Reply>, Refused> {
    blocking(move || {
        let (store, now) = (&door.site.store, clock::now());
        let failed = |error| Refused::store(&door, &error);
        let mine = store.jobs().stopping(&known.agent, job).map_err(failed)?;
        if let Some(stop) = mine
            && !door.site.live.note(job, &report, now)
        {
            return Ok(Json(Reply { stop }));
        }
        let kept = store.jobs().report((known.agent, job), (report, now)).map_err(failed)?;
        // A job that is no longer the agent's is to end.
        Ok(Json(Reply { stop: kept.unwrap_or(true) }))
    })
    .await
}

#[derive(Serialize)]
pub(super) struct Stops {
    /// Grows with every wish.
    stops: u64,
}

/// How often somebody wanted the agent's scans to end, for those that it runs by itself.
pub(super) async fn stops(
    State(door): State<Arc<Door>>,
    known: Known,
) -> Result<Json<Stops>, Refused> {
    let stops = door.site.store.stops(&known.agent);
    Ok(Json(Stops { stops: stops.map_err(|error| Refused::store(&door, &error))? }))
}
