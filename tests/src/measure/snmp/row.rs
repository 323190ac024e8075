//! What a run came to: a line for people and a line of JSON for machines.

use serde::Serialize;

use super::responder::Count;
use crate::measure::child::Run;
use crate::measure::row::share;

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Which part of the measurement.
    pub part: &'static str,
    /// Who asked, and how.
    pub name: String,
    /// Seconds from start to end.
    pub seconds: f64,
    /// Seconds of processor time.
    pub cpu: f64,
    /// Targets (or rows) that were read.
    pub found: usize,
    /// Targets (or rows) to be read.
    pub of: usize,
    /// Questions that arrived at the agents, and answers that they gave.
    pub packets: (u64, u64),
    /// Questions that were lost before the agents.
    pub lost: u64,
    /// Most resident memory in MiB; 0 where it was not measured.
    pub memory: f64,
    /// What this is measured against, and how many times that.
    pub against: Option<(&'static str, f64)>,
    /// Processor time a target, as a part of this row's, that ours takes.
    pub our_cpu: Option<f64>,
    /// What the figures do not say.
    pub note: String,
}

impl Row {
    /// A row of this run, which read so many of so many.
    pub fn new(name: &str, run: &Run, (found, of): (usize, usize)) -> Self {
        let mebibytes = f64::from(u32::try_from(run.memory >> 10).unwrap_or(u32::MAX)) / 1024.0;
        Self {
            part: "targets",
            name: name.to_owned(),
            seconds: run.time.as_secs_f64(),
            cpu: run.cpu.as_secs_f64(),
            found,
            of,
            packets: (0, 0),
            lost: 0,
            memory: mebibytes,
            against: None,
            our_cpu: None,
            note: String::new(),
        }
    }

    /// A row of a program that is not there.
    pub fn missing(name: &str) -> Self {
        let note = "not measured: Debian's package cannot be had here".to_owned();
        let run = Run {
            time: std::time::Duration::ZERO,
            cpu: std::time::Duration::ZERO,
            memory: 0,
            output: String::new(),
            cut: false,
        };
        Self { note, ..Self::new(name, &run, (0, 0)) }
    }

    /// Takes over what the agents saw.
    pub fn take(&mut self, count: &Count) {
        (self.packets, self.lost) = (count.asked(), count.dropped());
    }

    /// Targets a second.
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { share(self.found, 1) / self.seconds } else { 0.0 }
    }

    /// Milliseconds of processor time a target.
    pub fn cost(&self) -> f64 {
        1000.0 * self.cpu / share(self.found.max(1), 1)
    }

    /// Says how many times as fast ours is, and what part of the processor time ours takes.
    pub fn compare(&mut self, ours: &Self) {
        if self.found > 0 {
            self.against = Some(("as many targets a second are ours", ours.rate() / self.rate()));
            self.our_cpu = Some(ours.cost() / self.cost());
        }
    }
}

/// The heading of the table.
pub fn heading() -> String {
    format!(
        "{:<38} {:>8} {:>15} {:>9} {:>8} {:>9} {:>9} {:>6} {:>7}  {}",
        "name",
        "time s",
        "read of",
        "a second",
        "CPU s",
        "CPU ms/t",
        "questions",
        "lost",
        "MiB",
        "against"
    )
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, seconds, cpu, lost, memory, note, packets: (asked, _), .. } = self;
        let (read, rate) = (format!("{} of {}", self.found, self.of), self.rate());
        let cost = self.cost();
        write!(
            f,
            "{name:<38} {seconds:>8.2} {read:>15} {rate:>9.1} {cpu:>8.2} {cost:>9.2} {asked:>9} {lost:>6} {memory:>7.1}  "
        )?;
        if let Some((what, times)) = self.against {
            write!(f, "{times:.2} x {what}; ")?;
        }
        if let Some(part) = self.our_cpu {
            write!(f, "ours takes {part:.3} of its CPU; ")?;
        }
        f.write_str(note)
    }
}
