//! Whether the agent's own interface bears questions: it may go down, come back, or go for good.
//! While it is down nothing is asked by it, for silence would then be its own.

use std::time::Duration;

use daicho_common::time::Tick;

/// How often an interface may go down before it is given up: one that never holds still proves
/// nothing.
const MOST: u8 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Firm,
    /// It is waited for until then.
    Down(Tick),
    Lost,
}

/// How an interface stands.
#[derive(Debug)]
pub(super) struct Footing {
    state: State,
    falls: u8,
    patience: Duration,
}

impl Footing {
    /// It is up. Once down, it is waited for so long.
    pub(super) const fn new(patience: Duration) -> Self {
        Self { state: State::Firm, falls: 0, patience }
    }

    /// It went down; if `gone`, for good. Returns whether that is news.
    pub(super) fn fall(&mut self, gone: bool, now: Tick) -> bool {
        let before = self.state;
        if before == State::Firm {
            self.falls = self.falls.saturating_add(1);
            self.state = State::Down(now.after(self.patience));
        }
        if gone || self.falls > MOST {
            self.state = State::Lost;
        }
        self.state != before
    }

    /// It is up. Returns whether it was down until now, and was not given up.
    pub(super) fn rise(&mut self) -> bool {
        let down = matches!(self.state, State::Down(_));
        if down {
            self.state = State::Firm;
        }
        down
    }

    /// Time went on. Returns whether it is given up just now.
    pub(super) fn poll(&mut self, now: Tick) -> bool {
        let over = matches!(self.state, State::Down(until) if until <= now);
        if over {
            self.state = State::Lost;
        }
        over
    }

    /// Whether something may be asked.
    pub(super) fn is_firm(&self) -> bool {
        self.state == State::Firm
    }

    /// Whether it was given up.
    pub(super) fn is_lost(&self) -> bool {
        self.state == State::Lost
    }

    /// When a turn is wanted, if it would be at `next` while the interface is up.
    pub(super) fn next(&self, next: Option<Tick>) -> Option<Tick> {
        match self.state {
            State::Firm => next,
            State::Down(until) => next.map(|_| until),
            State::Lost => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(micros: u64) -> Tick {
        Tick::from_micros(micros)
    }

    #[test]
    fn it_is_waited_for_and_then_given_up() {
        let mut footing = Footing::new(Duration::from_micros(10));
        assert!(footing.fall(false, at(5)) && !footing.fall(false, at(9)));
        assert_eq!((footing.next(Some(at(6))), footing.next(None)), (Some(at(15)), None));
        assert!(!footing.poll(at(14)) && footing.rise() && !footing.rise());
        assert!(footing.fall(false, at(20)) && footing.poll(at(30)) && footing.is_lost());
        assert!(
            !footing.rise() && !footing.fall(true, at(31)) && footing.next(Some(at(0))).is_none()
        );
    }

    #[test]
    fn one_that_never_holds_still_is_given_up() {
        let mut footing = Footing::new(Duration::from_secs(1));
        let held = (0..100).take_while(|n| {
            footing.fall(false, at(*n));
            footing.rise()
        });
        assert_eq!(held.count(), usize::from(MOST));
        assert!(footing.is_lost());
        let mut footing = Footing::new(Duration::from_secs(1));
        assert!(footing.fall(true, at(0)) && footing.is_lost());
    }
}
