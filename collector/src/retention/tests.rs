use std::sync::OnceLock;

use daicho_common::addr::Mac;
use daicho_common::coverage::Coverage;
use daicho_common::observation::{Fact, Method, Reply, Speaker, Vantage};
use proptest::prelude::*;

use super::*;
use crate::fingerprint::Rows;
use crate::ledger::Ledger;
use crate::picture::of_scan;

const DAY: i64 = 86_400_000_000;

/// Seven things that a device may say at an address that it may have from somebody else.
fn fact(kind: u8, host: u8, device: u8) -> (Method, Option<Mac>, Fact) {
    let mac = Mac::new([0x00, 0x1a, 0x2b, 0, 0, device]);
    let ip = [10, 20, 0, host].into();
    match kind {
        0..=2 => (Method::Arp, Some(mac), Fact::Arp { ip, mac }),
        3 => (Method::IcmpEcho, None, Fact::Answered(Reply::Echo)),
        4 => (Method::TcpSyn, None, Fact::Answered(Reply::TcpOpen(80))),
        _ => (
            Method::Mdns,
            None,
            Fact::HostName { name: format!("pc{device}.local").as_str().into() },
        ),
    }
}

fn observation((kind, host, device, day): (u8, u8, u8, u8)) -> Observation {
    let vantage = Vantage { agent: "a".into(), interface: "e".into(), network: "n".into() };
    let (method, mac, fact) = fact(kind, host, device);
    let at = Timestamp::from_micros(1_775_003_400_000_000 + i64::from(day) * DAY + i64::from(kind));
    let speaker = Speaker { ip: Some([10, 20, 0, host].into()), mac };
    Observation { at, vantage: vantage.into(), method, speaker, fact }
}

fn rows() -> &'static Rows {
    static ROWS: OnceLock<Rows> = OnceLock::new();
    ROWS.get_or_init(|| Rows::builtin().unwrap())
}

fn seen(observations: &[Observation]) -> Value {
    said(&of_scan(observations, &[] as &[Coverage], &Ledger::default(), rows()))
}

fn left(observations: &[Observation], folded: &HashSet<ObservationId>) -> Vec<Observation> {
    observations.iter().filter(|it| !folded.contains(&it.id())).cloned().collect()
}

#[test]
fn of_what_was_said_every_day_the_first_and_the_last_time_are_left_and_what_is_new_stays() {
    let all: Vec<_> = (0..30).map(|day| observation((0, 1, 1, day))).collect();
    let groups = between(&all, all[20].at);
    assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 18);
    let before = seen(&all);
    let folded = foldable(&groups, |out| seen(&left(&all, out)) == before);
    let days: Vec<i64> =
        left(&all, &folded).iter().map(|it| (it.at.micros() - all[0].at.micros()) / DAY).collect();
    assert_eq!(days, [0, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
}

#[test]
fn where_folding_would_change_something_only_that_part_stays_whole() {
    let groups: Vec<Group> = (0..8_u8).map(|n| vec![ObservationId::new([n; 16])]).collect();
    let needed = ObservationId::new([5; 16]);
    let folded = foldable(&groups, |out| !out.contains(&needed));
    assert_eq!(folded.len(), 7);
    assert!(!folded.contains(&needed));
    let mut tries = 0;
    foldable(&groups, |_| {
        tries += 1;
        false
    });
    assert_eq!(tries, 15, "each part was tried, down to the single ones");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Leases that wander, cards that are taken out and put back, names that change: whatever was said
    /// in whatever order, folding changes nothing that the picture says.
    #[test]
    fn the_picture_after_is_the_picture_before(
        told in prop::collection::vec((0_u8..7, 1_u8..4, 1_u8..4, 0_u8..12), 1..60),
        until in 0_i64..12,
    ) {
        let all: Vec<_> = told.into_iter().map(observation).collect();
        let until = Timestamp::from_micros(1_775_003_400_000_000 + until * DAY);
        let before = seen(&all);
        let folded = foldable(&between(&all, until), |out| seen(&left(&all, out)) == before);
        prop_assert_eq!(seen(&left(&all, &folded)), before);
        let late = all.iter().filter(|it| it.at >= until);
        prop_assert!(late.map(Observation::id).all(|id| !folded.contains(&id)));
    }
}
