//! Conversations held against answers that are written down, whole and in pieces.

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};

use super::talk::{Conversation, Cut, Next};

/// What came of a conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// What was said, one thing after another.
    pub(super) asked: Vec<Vec<u8>>,
    /// How it ended.
    pub(super) outcome: Outcome,
    /// What was learned.
    pub(super) facts: Vec<(Method, Fact)>,
}

impl Held {
    /// What the service said of itself; nothing at port 0 if it did not.
    pub(super) fn said(&self) -> Said {
        let said = |(_, fact): &(Method, Fact)| {
            if let Fact::Said(said) = fact { Some((**said).clone()) } else { None }
        };
        self.facts.iter().find_map(said).unwrap_or_default()
    }
}

/// Holds a conversation: each answer comes in these pieces, the first right away if the other side
/// begins, the others after one more thing was said; then `end` cuts it, if it has not ended.
fn hold<C: Conversation>(mut it: C, answers: &[Vec<&[u8]>], end: Cut) -> Held {
    let mut asked = Vec::new();
    let mut outcome = None;
    let mut note = |next| match next {
        Next::Wait => {}
        Next::Anew => panic!("no conversation that is rehearsed here begins anew"),
        Next::Say(octets) => asked.push(octets),
        Next::End(end) => outcome = Some(end),
    };
    note(it.begin());
    'held: for pieces in answers {
        for piece in pieces {
            let next = it.hear(piece);
            let ended = matches!(next, Next::End(_));
            note(next);
            if ended {
                break 'held;
            }
        }
    }
    let outcome = outcome.unwrap_or_else(|| it.cut(end));
    let facts = std::iter::from_fn(|| it.poll_fact()).collect();
    Held { asked, outcome, facts }
}

/// Holds a conversation against these answers, whole, octet by octet and cut once at every position;
/// what comes of it must be the same each time.
pub(super) fn rehearse<C: Conversation>(make: impl Fn() -> C, answers: &[&[u8]], end: Cut) -> Held {
    let whole: Vec<Vec<&[u8]>> = answers.iter().map(|answer| vec![*answer]).collect();
    let held = hold(make(), &whole, end);
    let drip: Vec<Vec<&[u8]>> = answers.iter().map(|answer| answer.chunks(1).collect()).collect();
    assert_eq!(hold(make(), &drip, end), held, "octet by octet");
    for (n, answer) in answers.iter().enumerate() {
        let step = answer.len() / 500 + 1;
        for at in (1..answer.len()).step_by(step) {
            let mut pieces = whole.clone();
            let (first, second) = answer.split_at(at);
            pieces[n] = vec![first, second];
            assert_eq!(hold(make(), &pieces, end), held, "answer {n} cut at {at}");
        }
    }
    held
}
