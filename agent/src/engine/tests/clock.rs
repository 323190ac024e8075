use super::outages::{ME, second, slow, ward};
use super::*;

#[test]
fn a_clock_that_is_set_in_mid_scan_changes_no_pace_and_no_coverage() {
    const HOURS: i64 = 7 * 3_600_000_000;
    let mut plain = ward();
    let whole = plain.run(slow(), &means(ME), nobody());
    let forward: fn(Tick) -> Timestamp =
        |tick| Timestamp::from_micros(HOURS * if tick < second(4) { 1 } else { 2 });
    let back: fn(Tick) -> Timestamp =
        |tick| Timestamp::from_micros(HOURS * if tick < second(4) { 2 } else { 1 });
    let mad: fn(Tick) -> Timestamp = |tick| {
        let odd = tick.micros() / 700_000 % 2 == 1;
        Timestamp::from_micros(if odd { -HOURS } else { HOURS })
    };
    for wall in [forward, back, mad] {
        let mut net = ward();
        net.wall = wall;
        let outcome = net.run(slow(), &means(ME), nobody());
        assert_eq!(net.record, plain.record, "every packet when it would have left");
        assert_eq!(outcome.ended, whole.ended);
        let (full, this) = (coverage(&whole, Method::Arp), coverage(&outcome, Method::Arp));
        assert_eq!((&full.asked, &full.answered), (&this.asked, &this.answered));
        assert_partition(&outcome, &[ip("10.20.0.1")]);
        assert!(outcome.account.sent.iter().all(|sent| sent.first <= sent.last));
        for settled in &outcome.checkpoint.networks {
            assert!(settled.coverage.iter().all(|it| it.from <= it.to));
        }
        // What was observed lies within what was covered, whichever way the clock went.
        let within = |at: Timestamp| this.from <= at && at <= this.to;
        assert!(outcome.observations.iter().all(|it| within(it.at)), "{:?}", (this.from, this.to));
    }
}
