//! What a page took.

use std::fmt;
use std::time::Duration;

use anyhow::Result;

/// Times.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample(Vec<Duration>);

impl Sample {
    pub(super) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    pub(super) const fn count(&self) -> usize {
        self.0.len()
    }

    /// The time within which so many of a hundred were, in milliseconds (nearest rank).
    fn within(&self, percent: usize) -> f64 {
        let mut times = self.0.clone();
        times.sort_unstable();
        let rank = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(rank).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

/// A page.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    pub(super) name: &'a str,
    pub(super) readers: usize,
    /// Of who came first.
    pub(super) first: Option<Duration>,
    /// Of the first answer, which is not compressed.
    pub(super) octets: usize,
    /// Processor time of the server an answer.
    pub(super) cpu: Duration,
    pub(super) sample: Sample,
}

impl Row<'_> {
    pub(super) fn heading(title: &str) -> String {
        format!(
            "\n{title:<34} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "times", "first ms", "p50 ms", "p99 ms", "CPU ms", "octets"
        )
    }

    pub(super) fn json(&self) -> Result<String> {
        let line = serde_json::json!({
            "measure": "pages",
            "page": self.name,
            "readers": self.readers,
            "times": self.sample.count(),
            "p50_ms": self.sample.within(50),
            "p99_ms": self.sample.within(99),
            "cpu_ms": self.cpu.as_secs_f64() * 1e3,
            "octets": self.octets,
        });
        Ok(serde_json::to_string(&line)?)
    }
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first.map(|first| format!("{:.1}", first.as_secs_f64() * 1e3));
        write!(
            out,
            "{:<34} {:>6} {:>9} {:>9.1} {:>9.1} {:>9.1} {:>9}",
            self.name,
            self.sample.count(),
            first.unwrap_or_default(),
            self.sample.within(50),
            self.sample.within(99),
            self.cpu.as_secs_f64() * 1e3,
            self.octets
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_times_are_within_the_one_of_their_rank() {
        let mut sample = Sample::default();
        assert!(sample.within(99) < f64::EPSILON);
        for time in (1..=200).rev() {
            sample.add(Duration::from_millis(time));
        }
        assert!((sample.within(50) - 100.0).abs() < 1e-9);
        assert!((sample.within(99) - 198.0).abs() < 1e-9);
    }
}
