//! How far a scan got, while it runs: a bar on a terminal, elsewhere a line now and then.

use std::io::Write;
use std::time::Duration;

use daicho_common::job::Stage;
use daicho_common::time::Tick;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::engine::Progress;

/// How often a line is written where there is no terminal.
const LINE: Duration = Duration::from_secs(10);

/// What is shown, on stderr.
pub(super) enum Bar {
    /// Nothing.
    Hidden,
    /// A line of JSON on stdout each time, for the program that started this one.
    Stages,
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
        if let Ok(style) = ProgressStyle::with_template("[{bar:24}] {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self::Drawn(bar)
    }

    /// Shows how far the scan got at `now`.
    pub(super) fn show(&mut self, progress: &Progress, now: Tick) {
        match self {
            Self::Hidden => {}
            Self::Stages => {
                let mut line = serde_json::to_vec(&stage(progress)).unwrap_or_default();
                line.push(b'\n');
                let mut out = std::io::stdout().lock();
                // Nobody listening is no reason to stop.
                let _ = out.write_all(&line).and_then(|()| out.flush());
            }
            Self::Drawn(bar) => {
                let (position, length) = part(progress, now);
                bar.set_length(length);
                bar.set_position(position);
                bar.set_message(message(progress));
            }
            Self::Lines(last) => {
                if now.since(*last) >= LINE {
                    *last = now;
                    let line = format!("{}\n", message(progress));
                    let _ = std::io::stderr().lock().write_all(line.as_bytes());
                }
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        match self {
            Self::Hidden | Self::Stages | Self::Lines(_) => {}
            Self::Drawn(bar) => bar.finish_and_clear(),
        }
    }
}

fn stage(progress: &Progress) -> Stage {
    let Progress { planned, done, found, questioned, backed_off: _, packets, rate, left } =
        *progress;
    let left = left.map(|left| left.as_secs());
    Stage { planned, done, found, questioned, packets, rate, left }
}

/// How much of the whole is done: of the time, once it can be judged, for silent addresses are done
/// only when their last try has run out, many at a time; before that, of the addresses.
fn part(progress: &Progress, now: Tick) -> (u64, u64) {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    match progress.left {
        Some(left) => {
            let spent = millis(now.since(Tick::ZERO));
            (spent, spent.saturating_add(millis(left)))
        }
        None => (progress.done, progress.planned),
    }
}

fn message(progress: &Progress) -> String {
    let Progress { planned, done, found, questioned, packets, rate, left, .. } = progress;
    let left = left.map_or_else(|| "?".to_owned(), span);
    format!(
        "{done}/{planned} 発見/found {found} (質問済/asked {questioned})  送信/sent {packets} ({rate}/s)  残り/left {left}"
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
    fn the_bar_follows_the_time_once_it_can_be_judged() {
        let mut progress = Progress { planned: 254, done: 3, ..Progress::default() };
        assert_eq!(part(&progress, Tick::from_micros(2_000_000)), (3, 254));
        progress.left = Some(Duration::from_secs(6));
        assert_eq!(part(&progress, Tick::from_micros(2_000_000)), (2000, 8000));
    }

    #[test]
    fn a_duration_reads_like_a_clock() {
        for (millis, text) in [(0, "0s"), (1, "1s"), (61_000, "1:01"), (3_723_000, "1:02:03")] {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
    }
}
