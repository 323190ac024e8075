//! Makes runs that are due jobs, gives up what is too late, and wakes the agents that wait for work.

use std::sync::Arc;
use std::time::Duration;

use daicho_common::time::Timestamp;
use tokio::time::MissedTickBehavior;

use super::Door;
use crate::clock;
use crate::store::{Store, StoreError};

/// How often it is looked for jobs that others have made: half of what "within a second" leaves.
const LOOK: Duration = Duration::from_millis(250);
/// Every how many looks schedules are read.
const PLAN: u32 = 8;
/// How long an agent may be silent about its job, in microseconds.
const SILENCE: i64 = 60_000_000;
/// Most runs of a schedule that are made jobs after a time in which nobody planned. Earlier ones are
/// left out: the latest say that they were missed.
const CAUGHT_UP: usize = 20;
/// Most runs that are gone through to find those.
const GONE_THROUGH: usize = 10_000;

/// Plans until it is dropped.
pub(super) async fn plan(door: Arc<Door>) {
    let mut ticker = tokio::time::interval(LOOK);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turn = 0_u32;
    loop {
        ticker.tick().await;
        let (door, plans) = (Arc::clone(&door), turn.is_multiple_of(PLAN));
        turn = turn.wrapping_add(1);
        let looked = tokio::task::spawn_blocking(move || {
            let store = &door.site.store;
            if plans {
                fall_due(store, clock::now())?;
            }
            let pulse = store.jobs().pulse()?;
            door.pulse.send_if_modified(|last| std::mem::replace(last, pulse) != pulse);
            Ok::<_, StoreError>(())
        });
        if let Ok(Err(error)) = looked.await {
            tracing::warn!(%error, "jobs could not be looked at; trying again");
        }
    }
}

/// Makes what is due jobs, and gives up what is too late.
pub(crate) fn fall_due(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    for kept in store.jobs().schedules()? {
        // One that no longer fits, because a zone was renamed, is said where schedules are listed.
        let Ok(table) = kept.schedule.timetable() else { continue };
        let mut runs = table.next_runs(kept.after, 1);
        while let Some(last) = runs.last().filter(|run| run.due <= now)
            && runs.len() < GONE_THROUGH
        {
            let Some(next) = table.next_run(last.due) else { break };
            runs.push(next);
        }
        runs.retain(|run| run.due <= now);
        let late = runs.len().saturating_sub(CAUGHT_UP);
        runs.drain(..late);
        if !runs.is_empty() {
            store.jobs().fall_due(kept, runs, now)?;
        }
    }
    let silent = Timestamp::from_micros(now.micros().saturating_sub(SILENCE));
    store.jobs().give_up(now, silent)?;
    Ok(())
}
