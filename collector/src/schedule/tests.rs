use proptest::prelude::*;

use super::*;

fn schedule(pattern: &str, zone: &str) -> Schedule {
    Schedule {
        name: "夜間".into(),
        agent: "3F".into(),
        pattern: pattern.into(),
        zone: zone.into(),
        ..Schedule::default()
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn runs(schedule: &Schedule, after: &str, count: usize) -> Vec<String> {
    let table = schedule.timetable().unwrap();
    let runs = table.next_runs(at(after), count);
    runs.iter().map(|run| table.shown(run.due)).collect()
}

#[test]
fn runs_follow_the_pattern_in_their_own_zone() {
    let tokyo = schedule("30 22 * * 1-5", "Asia/Tokyo");
    assert_eq!(
        runs(&tokyo, "2026-04-03T00:00:00Z", 3),
        ["2026-04-03 (Fri) 22:30", "2026-04-06 (Mon) 22:30", "2026-04-07 (Tue) 22:30"]
    );
    let last_friday = schedule("0 3 * * 5L", "Asia/Tokyo");
    assert_eq!(
        runs(&last_friday, "2026-01-31T00:00:00Z", 3),
        ["2026-02-27 (Fri) 03:00", "2026-03-27 (Fri) 03:00", "2026-04-24 (Fri) 03:00"]
    );
    let second_sunday = schedule("0 3 * * 0#2", "Asia/Tokyo");
    assert_eq!(runs(&second_sunday, "2026-05-01T00:00:00Z", 1), ["2026-05-10 (Sun) 03:00"]);
    let month_end = schedule("0 1 L * *", "Asia/Tokyo");
    assert_eq!(
        runs(&month_end, "2028-02-01T00:00:00Z", 2),
        ["2028-02-29 (Tue) 01:00", "2028-03-31 (Fri) 01:00"]
    );
}

#[test]
fn a_run_is_never_the_instant_after_which_it_is_asked_for() {
    let table = schedule("0 3 * * *", "Asia/Tokyo").timetable().unwrap();
    let due = table.next_run(at("2026-04-01T00:00:00Z")).unwrap().due;
    assert_eq!(due, at("2026-04-01T18:00:00Z"));
    assert_eq!(table.next_run(due).unwrap().due, at("2026-04-02T18:00:00Z"));
}

#[test]
fn a_time_that_a_clock_put_forward_skips_and_one_that_comes_twice_run_once_each() {
    // New York: 2026-03-08 02:00 → 03:00, 2026-11-01 02:00 → 01:00.
    let gap = schedule("30 2 * * *", "America/New_York");
    let table = gap.timetable().unwrap();
    let runs: Vec<_> = table.next_runs(at("2026-03-07T12:00:00Z"), 2);
    assert_eq!(runs[0].due, at("2026-03-08T07:00:00Z"), "03:00, the first moment after the gap");
    assert_eq!(runs[1].due, at("2026-03-09T06:30:00Z"));
    let twice = schedule("30 1 * * *", "America/New_York").timetable().unwrap();
    let runs: Vec<_> = twice.next_runs(at("2026-10-31T12:00:00Z"), 2);
    assert_eq!(runs[0].due, at("2026-11-01T05:30:00Z"), "the first of the two");
    assert_eq!(runs[1].due, at("2026-11-02T06:30:00Z"));
}

#[test]
fn days_that_are_left_out_are_those_of_the_zone() {
    let mut schedule = schedule("0 2 * * *", "Asia/Tokyo");
    schedule.blackout = vec!["2026-12-29..2027-01-03".into(), "2027-01-05".into()];
    assert_eq!(
        runs(&schedule, "2026-12-27T18:00:00Z", 3),
        ["2027-01-04 (Mon) 02:00", "2027-01-06 (Wed) 02:00", "2027-01-07 (Thu) 02:00"],
        "the instant itself is 03:00 on the 28th"
    );
}

#[test]
fn a_run_falls_within_a_window_and_ends_with_it() {
    let mut hourly = schedule("15 * * * *", "Asia/Tokyo");
    hourly.windows = vec!["Mon-Fri 22:00-01:00".into()];
    assert_eq!(
        runs(&hourly, "2026-04-03T13:00:00Z", 4),
        [
            "2026-04-03 (Fri) 22:15",
            "2026-04-03 (Fri) 23:15",
            "2026-04-04 (Sat) 00:15",
            "2026-04-06 (Mon) 22:15"
        ],
        "the night to Saturday belongs to Friday"
    );
    let table = hourly.timetable().unwrap();
    let night = table.next_run(at("2026-04-03T15:00:00Z")).unwrap();
    let closes = at("2026-04-03T16:00:00Z");
    assert_eq!((night.start_by, night.stop_at), (closes, Some(closes)));
    let whole = Schedule { windows: vec!["土 00:00-24:00".into()], ..hourly };
    let run = whole.timetable().unwrap().next_run(at("2026-04-03T15:30:00Z")).unwrap();
    assert_eq!(run.stop_at, Some(at("2026-04-04T15:00:00Z")));
}

#[test]
fn a_night_with_a_change_of_the_clock_is_as_long_as_it_is() {
    let mut nightly = schedule("0 23 * * *", "America/New_York");
    nightly.windows = vec!["22:00-05:00".into()];
    let table = nightly.timetable().unwrap();
    let hours = |after: &str| {
        let run = table.next_run(at(after)).unwrap();
        (run.stop_at.unwrap().micros() - run.due.micros()) / 3_600_000_000
    };
    assert_eq!(hours("2026-03-06T12:00:00Z"), 6);
    assert_eq!(hours("2026-03-07T12:00:00Z"), 5);
    assert_eq!(hours("2026-10-31T12:00:00Z"), 7);
}

#[test]
fn what_is_wrong_is_named() {
    let bad = |change: fn(&mut Schedule)| {
        let mut schedule = schedule("0 3 * * *", "Asia/Tokyo");
        change(&mut schedule);
        schedule.timetable().unwrap_err()
    };
    assert!(matches!(bad(|it| it.pattern = "every night".into()), Bad::Pattern(..)));
    assert!(matches!(bad(|it| it.pattern = "0 0 3 * * *".into()), Bad::Pattern(..)));
    assert_eq!(bad(|it| it.zone = "Edo".into()), Bad::Zone("Edo".into()));
    assert_eq!(bad(|it| it.windows = vec!["night".into()]), Bad::Window("night".into()));
    assert_eq!(bad(|it| it.windows = vec!["1:00-1:00".into()]), Bad::Window("1:00-1:00".into()));
    let backwards = "2027-01-03..2026-12-29";
    assert_eq!(
        bad(|it| it.blackout = vec!["2027-01-03..2026-12-29".into()]),
        Bad::Blackout(backwards.into())
    );
    assert_eq!(bad(|it| it.name = " a".into()), Bad::Name(" a".into()));
}

#[test]
fn a_schedule_that_never_falls_within_its_windows_has_no_run() {
    let mut never = schedule("0 12 * * *", "Asia/Tokyo");
    never.windows = vec!["22:00-05:00".into()];
    assert_eq!(never.timetable().unwrap().next_run(at("2026-04-01T00:00:00Z")), None);
    assert_eq!(
        schedule("0 0 30 2 *", "UTC").timetable().unwrap().next_run(at("2026-04-01T00:00:00Z")),
        None
    );
}

proptest! {
    #[test]
    fn runs_only_go_forwards(start in 1_700_000_000_i64..2_000_000_000, hour in 0..24_u8, minute in 0..60_u8) {
        for zone in ["Asia/Tokyo", "America/New_York", "Australia/Lord_Howe"] {
            let table = schedule(&format!("{minute} {hour} * * *"), zone).timetable().unwrap();
            let after = Timestamp::from_micros(start * 1_000_000);
            let runs = table.next_runs(after, 4);
            prop_assert_eq!(runs.len(), 4);
            prop_assert!(runs[0].due > after && runs.windows(2).all(|two| two[0].due < two[1].due));
        }
    }
}
