use super::*;

const SMALL: Plan = Plan { seed: 3, devices: 300 };

#[test]
fn the_same_seed_gives_the_same_year_and_another_seed_another() {
    let (one, again) = (Year::of(SMALL), Year::of(SMALL));
    assert_eq!(one.seen, again.seen);
    assert_eq!(one.of, again.of);
    let other = Year::of(Plan { seed: 4, ..SMALL });
    assert_ne!(one.seen, other.seen);
}

#[test]
fn every_happening_happens_and_every_observation_is_of_a_device() {
    let year = Year::of(SMALL);
    let happenings: BTreeSet<Happening> = year.bodies.iter().copied().collect();
    assert_eq!(happenings.len(), SHARES.len());
    assert_eq!(year.of.len(), year.seen.len());
    for identity in year.of.iter().flatten() {
        assert!(year.identities[*identity].body < year.bodies.len());
    }
}
