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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Schedule;
    use crate::store::JobState;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn what_fell_due_while_nobody_planned_was_missed_and_what_is_due_waits() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("daicho.db")).unwrap();
        let nightly = Schedule {
            name: "夜間".into(),
            agent: "3F".into(),
            pattern: "0 22 * * *".into(),
            zone: "UTC".into(),
            ..Schedule::default()
        };
        // 2026-04-01 00:30 UTC.
        let made = Timestamp::from_micros(1_775_003_400_000_000);
        store.jobs().add(nightly, ("a".into(), made)).unwrap();
        let at = |hours: i64| Timestamp::from_micros(made.micros() + hours * HOUR);
        let states = || {
            let jobs = store.jobs().list().unwrap();
            jobs.iter().map(|job| job.state).collect::<Vec<_>>()
        };
        fall_due(&store, at(21)).unwrap();
        assert_eq!(states(), []);
        fall_due(&store, at(22)).unwrap();
        assert_eq!(states(), [JobState::Waiting]);
        fall_due(&store, at(3 * 24 + 22)).unwrap();
        let missed = JobState::Missed;
        assert_eq!(states(), [JobState::Waiting, missed, missed, missed]);
        // A clock that goes back changes nothing.
        fall_due(&store, at(3 * 24 + 21)).unwrap();
        assert_eq!(states().len(), 4);
        let told = store.ground().unwrap().missed;
        assert_eq!((told.len(), told[0].times), (1, 3));
        fall_due(&store, at(24 * 365)).unwrap();
        assert_eq!(states().len(), 4 + CAUGHT_UP, "a year later the latest tell");
    }
}
