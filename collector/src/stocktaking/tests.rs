use std::sync::Arc;

use super::*;
use crate::register::Register;
use crate::register::stocktaking::Signature;
use crate::report::tests::sample;

const ROUND: &str = "[[stocktaking]]\nid = \"2026-1\"\nscope = \"全部署\"\ndue = \"2026-09-30\"";

fn round() -> Stocktaking {
    Register::parse(ROUND).unwrap().stocktaking.remove(0)
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_775_100_000_000_000 + micros)
}

fn check(key: &EntryKey, outcome: Outcome) -> Check {
    Check {
        round: "2026-1".into(),
        key: key.clone(),
        label: "端末".into(),
        outcome,
        note: String::new(),
        at: at(0),
        by: "田中".into(),
    }
}

/// The outcomes of the sample's rows, given the round and what was said, by the number of the row.
fn outcomes(round: &Stocktaking, said: &[(usize, Outcome)]) -> Vec<Outcome> {
    let (ground, picture) = sample();
    let keys = ground.ledger.keys();
    let checks: Vec<Check> = said.iter().map(|(row, of)| check(&keys[*row], *of)).collect();
    let facts = Facts {
        ledger: &ground.ledger,
        keys: &keys,
        matches: &picture.matches,
        devices: &picture.devices,
        checks: &checks,
    };
    lines(round, &facts).iter().map(|line| line.outcome).collect()
}

use Outcome::{Found as F, Missing as M, NotSeen as N, Seen as S, Unchecked as U};

#[test]
fn the_network_tells_what_it_can_and_the_rest_is_to_be_checked() {
    assert_eq!(outcomes(&round(), &[]), [S, S, N, U, U]);
    let counted = sample();
    let keys = counted.0.ledger.keys();
    let facts = Facts {
        ledger: &counted.0.ledger,
        keys: &keys,
        matches: &counted.1.matches,
        devices: &counted.1.devices,
        checks: &[],
    };
    let lines = lines(&round(), &facts);
    assert_eq!(
        counts(lines.iter().map(|line| line.outcome)),
        [(U, 2), (N, 1), (M, 0), (S, 2), (F, 0)]
    );
    assert_eq!(lines[0].label, "A-3 端末3");
}

#[test]
fn what_was_seen_before_the_round_began_does_not_count() {
    let mut round = round();
    // The sample was seen on 2026-04-01 in Japan.
    round.from = Some("2026-04-01".parse().unwrap());
    assert_eq!(outcomes(&round, &[])[0], S);
    round.from = Some("2026-04-02".parse().unwrap());
    assert_eq!(outcomes(&round, &[]), [U, U, N, U, U]);
}

#[test]
fn a_persons_word_stands_against_what_was_seen_until_it_is_taken_back() {
    assert_eq!(outcomes(&round(), &[(0, M), (3, F)]), [M, S, N, F, U]);
    assert_eq!(outcomes(&round(), &[(0, M), (0, U)])[0], S);
}

#[test]
fn a_round_is_of_the_rows_that_it_covers_and_not_of_what_was_retired() {
    let mut round = round();
    let (mut ground, _) = sample();
    let entry = &mut Arc::make_mut(&mut ground.ledger).entries[0];
    entry.location = "３階".into();
    assert!(round.is_for(entry));
    round.covers = vec![crate::register::contract::Covers {
        by: crate::register::contract::By::Location,
        text: "3階".into(),
    }];
    assert!(round.is_for(entry));
    entry.state = State::Retired;
    assert!(!round.is_for(entry));
    assert_eq!(outcomes(&round, &[]), []);
}

#[test]
fn once_the_clerk_has_signed_the_rows_are_those_that_were_kept() {
    let mut round = round();
    let sign = Signature {
        role: Role::Clerk,
        name: "田中".into(),
        on: "2026-09-05".parse().unwrap(),
        of: String::new(),
    };
    round.signatures.push(sign);
    assert_eq!(outcomes(&round, &[]), [], "nothing was kept");
    assert_eq!(outcomes(&round, &[(0, N), (3, F)]).len(), 2);
    assert!(outcomes(&round, &[(0, N)]).contains(&N), "what is seen now changes nothing");
}

#[test]
fn closing_keeps_each_row_with_what_it_rests_on_under_a_digest_of_all() {
    let (ground, picture) = sample();
    let keys = ground.ledger.keys();
    let said = [check(&keys[3], F)];
    let facts = Facts {
        ledger: &ground.ledger,
        keys: &keys,
        matches: &picture.matches,
        devices: &picture.devices,
        checks: &said,
    };
    let lines = lines(&round(), &facts);
    let kept = closing(&round(), &lines, ("佐藤", at(1)), |_| "ARP".to_owned());
    assert_eq!(kept.len(), 5);
    assert_eq!((kept[3].by.as_str(), kept[3].note.as_str()), ("田中", ""));
    assert_eq!((kept[0].by.as_str(), kept[0].note.as_str()), ("佐藤", "ARP"));
    let mut other = kept.clone();
    other.reverse();
    assert_eq!(digest(&kept), digest(&other), "in whatever order");
    other[0].outcome = M;
    assert_ne!(digest(&kept), digest(&other));
}
