//! What a run came to: a line for people and a line of JSON for machines.

use std::time::Duration;

use serde::Serialize;

use super::responder::Record;

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Which part of the measurement.
    pub part: &'static str,
    /// Who swept, and how.
    pub name: String,
    /// The network swept.
    pub network: String,
    /// Seconds from start to end.
    pub seconds: f64,
    /// Questions that arrived at the responder.
    pub packets: usize,
    /// Hosts found.
    pub found: usize,
    /// Hosts to be found.
    pub of: usize,
    /// Seconds of processor time.
    pub cpu: f64,
    /// Seconds from the first question to the last, on the responder's side.
    pub span: f64,
    /// Most questions to one target within 500 ms, on the responder's side.
    pub densest: usize,
    /// Most resident memory in MiB; 0 where it was not measured.
    pub memory: f64,
    /// What this is measured against, and how many times that: above 1 is more.
    pub ratio: Option<(&'static str, f64)>,
    /// What the figures do not say.
    pub note: String,
}

impl Row {
    /// The part of the hosts that was found, in percent.
    pub fn completeness(&self) -> f64 {
        100.0 * share(self.found, self.of)
    }

    /// Takes over what the responder saw.
    #[must_use]
    pub fn with(mut self, record: &Record) -> Self {
        self.packets = record.asked.len();
        self.span = record.span().as_secs_f64();
        self.densest = record.most_within(Duration::from_millis(500));
        self
    }
}

/// One count as a part of another.
pub fn share(part: usize, whole: usize) -> f64 {
    let number = |count| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(part) / number(whole.max(1))
}

/// The heading of the table.
pub fn heading() -> String {
    format!(
        "{:<38} {:>9} {:>9} {:>15} {:>8} {:>8} {:>8} {:>8}  {}",
        "name", "time s", "packets", "found of", "found %", "CPU s", "span s", "MiB", "against"
    )
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let found = format!("{} of {}", self.found, self.of);
        let Self { name, seconds, packets, cpu, span, memory, note, .. } = self;
        let complete = self.completeness();
        write!(
            f,
            "{name:<38} {seconds:>9.2} {packets:>9} {found:>15} {complete:>8.2} {cpu:>8.2} {span:>8.2} {memory:>8.1}  "
        )?;
        if let Some((what, ratio)) = self.ratio {
            write!(f, "{ratio:.2} x {what} ")?;
        }
        f.write_str(note)
    }
}
