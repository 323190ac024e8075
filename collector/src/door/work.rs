//! Jobs: agents ask for them, keep the question open until there is one, and say how far they have got.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_common::complaint::Complaint;
use daicho_common::enrolment::Sentence;
use daicho_common::handed::{Handed, Lock, Snmp};
use daicho_common::job::{Asking, Course, Order, Reply, Report, Stage, Work};
use daicho_common::text::Text;
use ring::rand::SystemRandom;
use serde::Serialize;

use super::Door;
use super::refuse::{Refused, blocking};
use super::who::{Known, look};
use crate::clock;
use crate::settings::{Settings, orders};
use crate::store::{Saying, StoreError};
use crate::vault::Vault;
use crate::words::{Lang, Word};

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
    let lock = asking.lock.clone();
    note(&door, &known, asking).await?;
    let (renew, certificate) = (known.renew, known.certificate);
    if renew {
        // First things first: a job may take hours.
        return Ok(Json(Work { renew, ..Work::default() }));
    }
    let (mut pulse, mut closing) = (door.pulse.subscribe(), door.closing.subscribe());
    let work = tokio::time::timeout(wait, async {
        loop {
            pulse.borrow_and_update();
            // It may have been revoked while it waited.
            let known = look(&door, certificate)?;
            let taking = Arc::clone(&door);
            let lock = lock.clone();
            let work = blocking(move || {
                let failed = |error| Refused::store(&taking, &error);
                let agent = known.agent.clone();
                let taken = taking.site.store.jobs().take(agent, clock::now()).map_err(failed)?;
                let Some(order) = taken else { return Ok(None) };
                dressed(&taking, (&known.agent, order), lock.as_ref()).map_err(failed)
            })
            .await?;
            if work.is_some() {
                return Ok(work);
            }
            tokio::select! {
                _ = pulse.changed() => {}
                _ = closing.wait_for(|closing| *closing) => return Ok(None),
            }
        }
    });
    let work: Result<Option<Work>, Refused> = work.await.unwrap_or(Ok(None));
    Ok(Json(Work { renew, ..work?.unwrap_or_default() }))
}

/// The job with what the settings say for this agent. Credentials that it needs are sealed for it; where
/// they cannot be, the scan goes without, and the log says why. None for an agent that cannot read what is
/// denied: no order goes without that, and the job is refused in its place.
fn dressed(
    door: &Door,
    (agent, order): (&str, Order),
    lock: Option<&Lock>,
) -> Result<Option<Work>, StoreError> {
    let store = &door.site.store;
    let effective = door.site.effective()?;
    let agents = store.admissions().list()?;
    let known = agents.iter().find(|it| it.name == agent);
    let known = known.ok_or(StoreError::Row { table: "agent" })?;
    let job = order.id;
    if orders::is_held_back(known, &effective.settings.deny) {
        let said = |lang: Lang| lang.fill(Word::AgentsHeldBack, &[&known.software]);
        let said = Sentence { ja: said(Lang::Ja), en: said(Lang::En) };
        let report = Report { course: Course::Refused, stage: Stage::default(), said: Some(said) };
        store.jobs().report((agent.to_owned(), job), (report, clock::now()))?;
        return Ok(None);
    }
    let (order, needed) = orders::dress(order, &effective.settings, known);
    let mut sealed = None;
    if !needed.is_empty()
        && let Some((lock, key)) = lock.zip(store.admissions().key(agent)?)
    {
        let (handed, missing) = gathered(door, &effective.settings, &needed);
        for complaint in missing {
            tracing::warn!(en = complaint.en, agent, "credentials could not be handed over");
        }
        let shut = lock.seal((agent, key, job), &handed, &SystemRandom::new());
        sealed = shut
            .inspect_err(|error| tracing::warn!(%error, agent, "credentials could not be sealed"))
            .ok();
    }
    Ok(Some(Work { order: Some(order), sealed, ..Work::default() }))
}

/// The credentials of these networks, opened; and what went wrong with those that are left out.
fn gathered(
    door: &Door,
    settings: &Settings,
    needed: &[(String, Vec<String>)],
) -> (Handed, Vec<Complaint>) {
    let (mut handed, mut missing) = (Handed::default(), Vec::new());
    let store = &door.site.store;
    let vault = match Vault::open(store.path()) {
        Ok(vault) => vault,
        Err(complaint) => return (handed, vec![complaint]),
    };
    for (network, names) in needed {
        let mut snmp = Snmp::default();
        let known = settings.credentials.iter().filter(|it| names.contains(&it.name));
        for credential in known {
            match vault.get(store, &credential.secret()) {
                Ok(secret) => {
                    credential.hand(credential.read(secret.expose()), &mut snmp);
                }
                Err(complaint) => missing.push(complaint),
            }
        }
        handed.snmp.push((network.clone(), snmp));
    }
    (handed, missing)
}

/// Keeps what the agent says of itself, where it is plain.
async fn note(door: &Arc<Door>, known: &Known, asking: Asking) -> Result<(), Refused> {
    let plain = |text: &str| Text::clean(text).as_str() == text && text.chars().count() <= SOFTWARE;
    let names = asking.networks.iter().flat_map(|network| [&network.name, &network.cidr]);
    let names = names.chain(&asking.permits.may_declare);
    let fits = asking.networks.len().max(asking.permits.may_declare.len()) <= NETWORKS
        && plain(&asking.software);
    if !fits || !names.into_iter().all(|name| plain(name)) {
        return Err(Refused::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "エージェントの名乗りに使えない文字があるか、長すぎます",
            "what the agent says of itself is too long or holds characters that cannot be used",
        ));
    }
    let (door, agent) = (Arc::clone(door), known.agent.clone());
    blocking(move || {
        let Asking { software, networks, permits, .. } = asking;
        let said = Some(Saying { software, networks, permits });
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
