//! Schedules of scans, one at a time: the forms of the page of settings. All of them are listed beside the
//! scans.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::Value;

use super::call::Call;
use super::list::value;
use super::operation::{Gives, Operation, Says, Verb, Version};
use super::problem::Problem;
use super::settings::refused;
use super::{ADMINISTER, Answer, SURVEY};
use crate::people::token::Area::{Scans, Settings};
use crate::store::Seen;
use crate::web::Site;
use crate::web::doors::Doors;
use crate::web::page::Reader;
use crate::web::settings::program::{Refusal, keep_schedule};
use crate::words::Word;

static ONE: Operation = Operation::get(
    "/api/v1/schedules/{name}",
    (Scans, SURVEY),
    ("/settings/edit", "走査の予定1件 / One schedule"),
    Gives::Json("ScheduleContent"),
)
.versioned(Version::Shown);
static PUT: Operation = Operation::act(
    (Verb::Put, "/api/v1/schedules/{name}"),
    (Settings, ADMINISTER),
    ("/settings/edit", "走査の予定を作る・置き換える / Makes or replaces a schedule"),
    (Says::Json("ScheduleContent"), Gives::Json("ScheduleContent")),
)
.versioned(Version::Asked);
static REMOVE: Operation = Operation::act(
    (Verb::Delete, "/api/v1/schedules/{name}"),
    (Settings, ADMINISTER),
    ("/settings/remove", "走査の予定を削除する / Takes a schedule out"),
    (Says::Nothing, Gives::Nothing),
)
.versioned(Version::Asked);

pub(super) fn doors(doors: Doors) -> Doors {
    doors.program(&ONE, one).program(&PUT, put).program(&REMOVE, remove)
}

fn missing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Word::ApiNoSuch)
}

/// The schedule of the name in the address, if there is one, and what is seen of it.
async fn present(site: &Arc<Site>, call: &Call) -> Result<(Seen, Option<Value>), Problem> {
    let kept = site.write(|store| store.jobs().schedules()).await?;
    let found = kept.iter().find(|kept| kept.schedule.name == call.place("name"));
    let seen = found.map_or(Seen::Nothing, |kept| Seen::Version(kept.version()));
    Ok((seen, found.and_then(|kept| value(&kept.schedule))))
}

async fn one(State(site): State<Arc<Site>>, _: Reader, call: Call) -> Answer {
    let (_, told) = present(&site, &call).await?;
    Ok(call.shown(&told.ok_or_else(missing)?))
}

async fn put(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (seen, told) = present(&site, &call).await?;
    call.is_of(told.as_ref())?;
    let content = call.said.as_object();
    let content = content.ok_or((StatusCode::UNPROCESSABLE_ENTITY, Word::ApiNoObject))?;
    let said = (call.place("name"), content);
    let kept = tokio::task::block_in_place(|| keep_schedule(&site, said, (seen, reader.by())));
    kept.map_err(refused)?;
    let (_, told) = present(&site, &call).await?;
    Ok(call.shown(&told.ok_or_else(missing)?))
}

async fn remove(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let (seen, told) = present(&site, &call).await?;
    call.is_of(Some(&told.ok_or_else(missing)?))?;
    let (name, by) = (call.place("name").to_owned(), reader.by());
    let removed = site.write(move |store| store.jobs().remove_as(name, seen, by)).await?;
    removed.ok_or_else(|| refused(Refusal::Changed))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
