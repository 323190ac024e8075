use std::sync::LazyLock;

use daicho_collector::fingerprint::Rows;
use daicho_collector::ledger::Ledger;
use daicho_collector::picture;

use super::*;

static ROWS: LazyLock<Rows> = LazyLock::new(|| Rows::builtin().unwrap());

#[test]
fn the_wiring_found_is_the_wiring_laid() {
    let mut score = Score::default();
    for seed in 1..=6 {
        let wiring = Wiring::lay(seed);
        let picture = picture::of_scan(&wiring.observations(), &[], &Ledger::default(), &ROWS);
        assert_eq!(
            picture.topology.stacks.values().collect::<Vec<_>>(),
            [&2],
            "the core is a stack"
        );
        score.add(wiring.judge(&picture));
    }
    println!("{score:#?}");
    assert!(score.doubted.wrong > 0, "there are entries of cables that are long gone");
    assert!(score.links.found() >= 0.99 && score.links.wrong == 0, "{:?}", score.links);
    assert!(score.shown.found() >= 0.99 && score.shown.false_part() < 0.001, "{:?}", score.shown);
    assert!(score.hubs_shown.found() >= 0.99, "{:?}", score.hubs_shown);
    let (named, silent) = (score.named.right, score.named.right + score.named.missing);
    assert!(score.named.wrong == 0 && named * 100 >= silent * 95, "{:?}", score.named);
    let placed = score.places.right + score.partly;
    let all = score.places.right + score.places.missing;
    assert!(placed * 1000 >= all * 985, "{placed} of {all} at a port or on the way to it");
    assert!(score.hubs.found() >= 0.95 && score.hubs.false_part() < 0.02, "{:?}", score.hubs);
    assert!(score.vlans.false_part() < 0.01, "{:?}", score.vlans);
}
