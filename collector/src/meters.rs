//! What is counted while the program runs: batches, observations, and how long taking them in took. The
//! pages of metrics show it beside what the store knows; see `web::metrics`.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use daicho_common::time::Timestamp;

/// Upper bounds of the time that a batch takes, in seconds.
const SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

/// The labels of a series.
pub type Labels = Vec<(&'static str, String)>;

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was new.
    New,
    /// It was there already.
    Known,
    /// It could not be read, and is kept aside.
    Aside,
    /// It was refused.
    Refused,
}

impl Taken {
    const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Aside => "aside",
            Self::Refused => "refused",
        }
    }
}

/// The counters.
#[derive(Debug)]
pub struct Meters {
    /// Batches, by what became of them.
    pub batches: Family<Labels, Counter>,
    /// Observations that were new.
    pub observations: Counter,
    /// How long batches took that were taken in.
    pub seconds: Histogram,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            batches: Family::default(),
            observations: Counter::default(),
            seconds: Histogram::new(SECONDS),
        }
    }
}

impl Meters {
    /// Counts a batch that came at `from` and was done with at `to`.
    pub fn batch(&self, taken: Taken, observations: usize, (from, to): (Timestamp, Timestamp)) {
        self.batches.get_or_create(&vec![("result", taken.name().to_owned())]).inc();
        self.observations.inc_by(u64::try_from(observations).unwrap_or(u64::MAX));
        if taken == Taken::New {
            let micros = u32::try_from(to.micros().saturating_sub(from.micros()).max(0));
            self.seconds.observe(f64::from(micros.unwrap_or(u32::MAX)) / 1e6);
        }
    }
}
