//! How far a scan got, while it runs: a bar on a terminal, elsewhere a line now and then.

use std::io::Write;
use std::time::Duration;

use daicho_common::time::Tick;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::engine::Progress;

/// How often a line is written where there is no terminal.
const LINE: Duration = Duration::from_secs(10);

/// What is shown, on stderr.
pub(super) enum Bar {
    /// Nothing.
    Hidden,
    /// A line every [`LINE`]; the last was at this tick.
    Lines(Tick),
    /// A bar that is drawn over and over.
    Drawn(ProgressBar),
}

impl Bar {
    /// What fits the place.
    pub(super) fn new(terminal: bool) -> Self {
        if !terminal {
            return Self::Lines(Tick::ZERO);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // The template is a constant; if it were wrong, indicatif's own style would stand in.
        if let Ok(style) = ProgressStyle::with_template("[{bar:24}] {pos}/{len} {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self::Drawn(bar)
    }

    /// Shows how far the scan got at `now`.
    pub(super) fn show(&mut self, progress: &Progress, now: Tick) {
        match self {
            Self::Hidden => {}
            Self::Drawn(bar) => {
                bar.set_length(progress.planned);
                bar.set_position(progress.done);
                bar.set_message(message(progress));
            }
            Self::Lines(last) => {
                if now.since(*last) >= LINE {
                    *last = now;
                    let Progress { planned, done, .. } = progress;
                    let line = format!("{done}/{planned} {}\n", message(progress));
                    let _ = std::io::stderr().lock().write_all(line.as_bytes());
                }
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        match self {
            Self::Hidden | Self::Lines(_) => {}
            Self::Drawn(bar) => bar.finish_and_clear(),
        }
    }
}

fn message(progress: &Progress) -> String {
    let Progress { found, questioned, packets, rate, left, .. } = progress;
    let left = left.map_or_else(|| "?".to_owned(), span);
    format!(
        "発見/found {found} (質問済/asked {questioned})  送信/sent {packets} ({rate}/s)  残り/left {left}"
    )
}

/// A duration as people read it, rounded up to seconds: `1:02:03`, `2:03`, `3s`.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_millis().div_ceil(1000);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else if minutes > 0 {
        format!("{minutes}:{rest:02}")
    } else {
        format!("{rest}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_like_a_clock() {
        for (millis, text) in [(0, "0s"), (1, "1s"), (61_000, "1:01"), (3_723_000, "1:02:03")] {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
    }
}
