//! The agent's only clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use daicho_common::time::{Now, Tick, Timestamp};

/// Both clocks, with an origin for ticks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose ticks begin now.
    #[expect(clippy::disallowed_methods, reason = "this is the agent's one door to the clock")]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Both clocks, read at the same moment.
    pub fn now(&self) -> Now {
        let ticks = u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now { tick: Tick::from_micros(ticks), wall: wall() }
    }

    /// The instant at which this clock shows `tick`.
    pub fn instant(&self, tick: Tick) -> Instant {
        // A tick beyond what an instant can hold is never waited for to its end.
        let ahead = Duration::from_micros(tick.micros()).min(Duration::from_secs(1 << 32));
        self.origin + ahead
    }
}

/// Wall time alone.
#[expect(clippy::disallowed_methods, reason = "this is the agent's one door to the clock")]
fn wall() -> Timestamp {
    let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
    };
    Timestamp::from_micros(micros)
}
