//! Scans: agents, plans, what runs and ran, a scan now, and its end.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::call::Call;
use super::list::{part, value};
use super::operation::{Gives, Operation, Says, Shape, Verb, must};
use super::problem::Problem;
use super::{Answer, SURVEY};
use crate::clock;
use crate::people::act::Act;
use crate::people::token::Area::Scans;
use crate::report::plan;
use crate::store::{Job, JobState, StoreError};
use crate::web::Site;
use crate::web::doors::{Doors, Need};
use crate::web::page::Reader;
use crate::web::scans;
use crate::words::Word;

const OPERATE: Need = Need::May(Act::Operate);

static LIST: Operation = Operation::get(
    "/api/v1/scans",
    (Scans, SURVEY),
    ("/scans", "走査。新しい順、最近の 200 件まで / Scans, the latest first, at most 200"),
    Gives::List("Scan"),
);
static ONE: Operation = Operation::get(
    "/api/v1/scans/{number}",
    (Scans, SURVEY),
    ("/scans", "走査1件。実行中なら進み具合も / One scan; of one that runs how far it has got"),
    Gives::Json("Scan"),
);
static SCHEDULES: Operation = Operation::get(
    "/api/v1/schedules",
    (Scans, SURVEY),
    ("/scans", "走査の予定 / Schedules"),
    Gives::List("Schedule"),
);
static PLAN: Operation = Operation::get(
    "/api/v1/scans/plan.txt",
    (Scans, SURVEY),
    ("/scans", "走査の計画書（印刷用） / The plan of all scans, for paper"),
    Gives::File(&["text/plain"]),
);
static WANT: Operation = Operation::act(
    (Verb::Post, "/api/v1/scans"),
    (Scans, OPERATE),
    ("/scans/say", "今すぐ走査する / Has an agent scan now"),
    (
        Says::Members(&[must("agent", Shape::Text(64), "エージェント / Agent")], false),
        Gives::Json("Wanted"),
    ),
)
.making();
static STOP: Operation = Operation::act(
    (Verb::Post, "/api/v1/scans/stop"),
    (Scans, OPERATE),
    ("/scans/say", "エージェントの走査を止める / Ends what an agent does"),
    (
        Says::Members(&[must("agent", Shape::Text(64), "エージェント / Agent")], false),
        Gives::Nothing,
    ),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&LIST, list)
        .program(&PLAN, plan_of_all)
        .program(&ONE, one)
        .program(&SCHEDULES, schedules)
        .program(&WANT, want)
        .program(&STOP, stop)
}

fn told(site: &Site, job: &Job) -> Value {
    let live = site.live.stage(job.id).filter(|_| job.state == JobState::Running);
    json!({
        "number": job.id,
        "agent": job.agent,
        "schedule": job.schedule,
        "due": job.due,
        "by": job.said_by,
        "state": job.state.key(),
        "stopping": job.stopping,
        "began": job.taken_at,
        "ended": job.ended_at,
        "stage": live.or_else(|| job.stage.clone()),
        "said": job.said,
    })
}

async fn list(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let jobs = site.write(|store| store.jobs().list()).await?;
    let revision = site.store.revision()?;
    part(&call, (&jobs, revision), |job| Some(job.id.to_string()), |job| Some(told(&site, job)))
}

async fn one(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let jobs = site.write(|store| store.jobs().list()).await?;
    let job = jobs.iter().find(|job| job.id.to_string() == call.place("number"));
    let job = job.ok_or((StatusCode::NOT_FOUND, Word::ApiNoSuch))?;
    Ok(Json(told(&site, job)).into_response())
}

async fn schedules(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let kept = site.write(|store| store.jobs().schedules()).await?;
    let (revision, now) = (site.store.revision()?, clock::now());
    part(
        &call,
        (&kept, revision),
        |kept| Some(kept.id.to_string()),
        |kept| {
            let next = kept.schedule.timetable().ok().and_then(|table| table.next_run(now));
            let mut told = value(&kept.schedule)?;
            let members = told.as_object_mut()?;
            members.insert("number".into(), kept.id.into());
            members.insert("said_at".into(), value(&kept.said_at)?);
            members.insert("said_by".into(), kept.said_by.clone().into());
            members.insert("next".into(), value(&next.map(|run| run.due))?);
            Some(told)
        },
    )
}

async fn plan_of_all(State(site): State<Arc<Site>>, reader: Reader, _: Call) -> Answer {
    let (schedules, agents) =
        site.write(|store| Ok((store.jobs().schedules()?, store.admissions().list()?))).await?;
    let plan = plan::Plan { schedules: &schedules, agents: &agents, now: clock::now() };
    let mut out = Vec::new();
    plan::write(&mut out, &plan, (reader.lang, &site.config.zone))
        .map_err(|_| StoreError::Ended)?;
    let kind = [(axum::http::header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, out).into_response())
}

fn no_agent() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Word::ApiNoSuch)
}

async fn want(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let number = scans::want(&site, &reader, call.text("agent").to_owned()).await?;
    let number = number.ok_or_else(no_agent)?;
    Ok((StatusCode::CREATED, Json(json!({ "number": number }))).into_response())
}

async fn stop(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    if scans::stop(&site, &reader, call.text("agent").to_owned()).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(no_agent())
}
