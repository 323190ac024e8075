//! Batches of agents that are known. One that its agent did sign but that cannot be read is put aside,
//! in a folder beside the database, and the agent is told that it came: it must not keep back those
//! that come after it.

use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use daicho_common::batch::{self, Damage, MAX_PROLOGUE, MAX_SEALED, Opened, Sealed};
use serde::Serialize;

use super::Door;
use super::refuse::{Refused, blocking};
use super::who::Known;
use crate::clock;
use crate::ingest::Refusal;
use crate::meters::Taken;
use crate::store::{Appended, Aside, StoreError, other_key};

/// Most octets of a body.
const MOST: usize = MAX_SEALED + MAX_PROLOGUE;

#[derive(Serialize)]
#[serde(tag = "status")]
pub(super) enum Answer {
    #[serde(rename = "accepted")]
    Accepted { observations: usize },
    #[serde(rename = "already known")]
    AlreadyKnown,
    #[serde(rename = "set aside")]
    SetAside,
}

pub(super) async fn deliver(
    State(door): State<Arc<Door>>,
    known: Known,
    request: Request,
) -> Result<Json<Answer>, Refused> {
    // Said too large is refused unread; what says nothing is read up to the limit.
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MOST) {
        return Err(refused(&Refusal::Damaged(Damage::TooLarge)));
    }
    let octets = to_bytes(request.into_body(), MOST)
        .await
        .map_err(|_| refused(&Refusal::Damaged(Damage::TooLarge)))?;
    // One may unpack to a GiB, so they take turns.
    let site = Arc::clone(&door.site);
    let _turn = site.opening.lock().await;
    let began = clock::now();
    let taken = blocking(move || take(&door, &known.agent, &octets)).await;
    let (result, observations) = match &taken {
        Ok(Answer::Accepted { observations }) => (Taken::New, *observations),
        Ok(Answer::AlreadyKnown) => (Taken::Known, 0),
        Ok(Answer::SetAside) => (Taken::Aside, 0),
        Err(_) => (Taken::Refused, 0),
    };
    site.meters.batch(result, observations, (began, clock::now()));
    taken.map(Json)
}

fn take(door: &Door, agent: &str, octets: &[u8]) -> Result<Answer, Refused> {
    let store = &door.site.store;
    let (sealed, after) =
        batch::check(octets).map_err(|damage| refused(&Refusal::Damaged(damage)))?;
    if !after.is_empty() {
        return Err(refused(&Refusal::Trailing));
    }
    let failed = |error: StoreError| Refused::store(door, &error);
    let pinned = store.admissions().key(agent).map_err(failed)?;
    if let Some(pinned) = pinned.filter(|pinned| *pinned != sealed.key) {
        let complaint = other_key(agent, pinned, sealed.key);
        return Err(Refused::complaint(StatusCode::FORBIDDEN, complaint));
    }
    if store.admissions().is_aside(sealed.digest).map_err(failed)? {
        return Ok(Answer::AlreadyKnown);
    }
    let opened = match catch_unwind(AssertUnwindSafe(|| (door.open)(octets))) {
        Ok(Ok(opened)) if opened.batch.header.agent == agent => opened,
        Ok(Ok(Opened { batch, .. })) => {
            let (agent, other) = (agent.to_owned(), batch.header.agent);
            return Err(refused(&Refusal::Impostor { agent, other }));
        }
        Ok(Err(refusal @ Refusal::Impostor { .. })) => return Err(refused(&refusal)),
        Ok(Err(refusal)) => return set_aside(door, (agent, &sealed), octets, &refusal.to_string()),
        Err(_) => return set_aside(door, (agent, &sealed), octets, "reading it panicked"),
    };
    match store.append(vec![opened], clock::now()) {
        Ok(appended) => Ok(match appended.first() {
            Some(Appended::New { observations }) => {
                Answer::Accepted { observations: *observations }
            }
            Some(Appended::AlreadyKnown) | None => Answer::AlreadyKnown,
        }),
        // Its content brought the writer down, and went with the transaction.
        Err(StoreError::Ended) => set_aside(door, (agent, &sealed), octets, "keeping it panicked"),
        Err(error) => Err(failed(error)),
    }
}

fn set_aside(
    door: &Door,
    (agent, sealed): (&str, &Sealed<'_>),
    octets: &[u8],
    why: &str,
) -> Result<Answer, Refused> {
    let folder = door.aside();
    let number = sealed.mark.map_or(0, |mark| mark.number);
    let digest = sealed.digest.iter().take(8);
    let digest = digest.fold(String::new(), |text, octet| text + &format!("{octet:02x}"));
    let file = folder.join(format!("{number:012}-{digest}.daicho"));
    keep(&folder, &file, octets).map_err(|error| full(&file, &error))?;
    let aside = Aside {
        digest: sealed.digest,
        agent: agent.to_owned(),
        mark: sealed.mark,
        file: file.display().to_string(),
        why: why.to_owned(),
    };
    tracing::error!(
        agent,
        number,
        file = aside.file,
        why,
        "a batch cannot be read and was put aside"
    );
    let kept = door.site.store.admissions().set_aside(aside, clock::now());
    kept.map_err(|error| Refused::store(door, &error))?;
    Ok(Answer::SetAside)
}

/// Writes a file whole, or not at all.
fn keep(folder: &Path, file: &Path, octets: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let part: PathBuf = file.with_extension("part");
    let done = (|| {
        let mut written = fs::File::create(&part)?;
        written.write_all(octets)?;
        written.sync_all()?;
        fs::rename(&part, file)?;
        if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
    })();
    if done.is_err() {
        // What is left of it is overwritten the next time.
        let _ = fs::remove_file(&part);
    }
    done
}

fn refused(refusal: &Refusal) -> Refused {
    let status = match refusal {
        Refusal::Damaged(Damage::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Impostor { .. } => StatusCode::FORBIDDEN,
        Refusal::Damaged(_) | Refusal::Trailing | Refusal::Name(_) => StatusCode::BAD_REQUEST,
    };
    Refused::complaint(status, refusal.complaint("この束 / this batch"))
}

fn full(file: &Path, error: &io::Error) -> Refused {
    let shown = file.display();
    Refused::new(
        StatusCode::INSUFFICIENT_STORAGE,
        format!(
            "読めない束を {shown} に保存できません（{error}）。空き容量と権限を確かめてください"
        ),
        format!(
            "a batch that cannot be read could not be kept as {shown} ({error}): check the free space and the permissions"
        ),
    )
}
