//! How many repetitions a GETBULK asks for: few at first, then as many as fill a packet, and fewer
//! where a device cannot answer so many.

/// Octets that an answer should not exceed, so that it travels in one piece: an Ethernet frame's
/// 1,472, with something left for rows that grow.
const ROOM: usize = 1_420;

/// Octets of an answer that are no row.
const FRAME: usize = 50;

/// Objects, and repetitions, asked for at first.
const FIRST_OBJECTS: usize = 40;
const FIRST: u32 = 10;

/// Most repetitions ever asked for.
const MOST: u32 = 100;

/// So many repetitions every device should bear: losing an answer does not make them fewer.
pub(super) const FEW: u32 = 10;

/// After so many answers a count that failed once is drawn a little nearer again.
const FORGIVING: u32 = 32;

/// How a device may be asked for rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    /// Whether by GETBULK.
    pub(super) bulk: bool,
    /// Whether for few rows at a time only, because more made it fall silent once.
    pub(super) gently: bool,
}

/// The count, and what was learned about it.
#[derive(Debug)]
pub(super) struct Repetitions {
    most: u32,
    /// 0 for GETNEXT.
    now: u32,
    /// The most that was answered, and the least that was not.
    good: u32,
    bad: Option<u32>,
    answers: u32,
}

impl Repetitions {
    /// For a table of so many columns.
    pub(super) fn new(columns: usize, manner: Manner) -> Self {
        let most = if manner.gently { FEW } else { MOST };
        let first = u32::try_from(FIRST_OBJECTS / columns.max(1)).unwrap_or(FIRST).clamp(1, FIRST);
        Self { most, now: if manner.bulk { first } else { 0 }, good: 0, bad: None, answers: 0 }
    }

    /// The count to ask for; 0 for GETNEXT.
    pub(super) const fn now(&self) -> u32 {
        self.now
    }

    /// An answer came with so many repetitions in so many octets.
    pub(super) fn answered(&mut self, repetitions: usize, octets: usize) {
        if self.now == 0 {
            return;
        }
        let repetitions = repetitions.max(1);
        let each = octets.saturating_sub(FRAME).div_ceil(repetitions).max(1);
        let fits = u32::try_from((ROOM - FRAME) / each).unwrap_or(MOST).clamp(1, self.most);
        self.good = self.good.max(self.now.min(u32::try_from(repetitions).unwrap_or(MOST)));
        self.answers += 1;
        self.now = match self.bad {
            None => fits,
            Some(bad) if bad <= self.good + 1 => fits.min(self.good),
            Some(bad) => fits.min(u32::midpoint(self.good, bad)),
        };
        if self.answers.is_multiple_of(FORGIVING) {
            self.bad = self.bad.map(|bad| bad + 1 + bad / 8);
        }
    }

    /// The device could not answer so many. Returns whether fewer can be asked for.
    pub(super) fn failed(&mut self) -> bool {
        if self.now == 0 {
            return false;
        }
        self.bad = Some(self.now);
        self.good = self.good.min(self.now - 1);
        self.now = if self.good > 0 { self.good } else { self.now / 2 };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREELY: Manner = Manner { bulk: true, gently: false };

    /// Questions until so many rows were read of a device that answers at most `limit` octets, or
    /// says that it cannot.
    fn questions(rows: usize, each: usize, limit: usize) -> usize {
        let (mut count, mut read, mut asked) = (Repetitions::new(2, FREELY), 0, 0);
        while read < rows {
            asked += 1;
            let now = usize::try_from(count.now()).unwrap().max(1);
            if now > 1 && now * each + FRAME > limit {
                assert!(count.failed());
            } else {
                read += now;
                count.answered(now, now * each + FRAME);
            }
        }
        asked
    }

    #[test]
    fn answers_fill_a_packet_whatever_a_row_weighs() {
        for each in [30, 62, 200, 400] {
            let best = 100_000_usize.div_ceil((1_472 - FRAME) / each);
            let asked = questions(100_000, each, 65_000);
            assert!(asked * 10 <= best * 13, "{each}: {asked} of {best}");
        }
    }

    #[test]
    fn the_most_that_a_device_answers_is_found_and_kept() {
        for (each, limit) in [(60, 484), (60, 1_000), (45, 1_300)] {
            let best = 100_000_usize.div_ceil((limit - FRAME) / each);
            let asked = questions(100_000, each, limit);
            assert!(asked * 10 <= best * 13, "{each} in {limit}: {asked} of {best}");
        }
    }

    #[test]
    fn it_begins_small_and_ends_at_getnext() {
        let mut count = Repetitions::new(4, FREELY);
        let mut seen = vec![count.now()];
        while count.failed() {
            seen.push(count.now());
        }
        assert_eq!(seen, [10, 5, 2, 1, 0]);
        assert_eq!(Repetitions::new(12, FREELY).now(), 3);
        assert_eq!(Repetitions::new(1, Manner { bulk: false, ..FREELY }).now(), 0);
    }

    #[test]
    fn a_reply_of_64_kilobytes_makes_the_next_question_smaller() {
        let mut count = Repetitions::new(2, FREELY);
        count.answered(10, 65_000);
        assert_eq!(count.now(), 1);
    }

    #[test]
    fn a_device_that_fell_silent_once_is_asked_for_few_rows_at_a_time() {
        let mut count = Repetitions::new(2, Manner { gently: true, ..FREELY });
        for _ in 0..200 {
            assert!((1..=FEW).contains(&count.now()));
            count.answered(10, 300);
        }
        assert_eq!(count.now(), FEW);
    }
}
