use std::time::Duration;

use daicho_common::time::Timestamp;

use super::act::{Act, Reach, may};
use super::log::{Broken, Deed, Entry, Head, Reading, Row};
use super::refusal::Tries;
use super::rules::Rules;
use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

#[test]
fn an_auditor_reads_everything_and_changes_nothing() {
    let reads = [Act::Read, Act::Survey, Act::Export, Act::Audit, Act::OwnAccount];
    for act in Act::ALL {
        let expected = if reads.contains(&act) { Reach::All } else { Reach::Nothing };
        assert_eq!(may(Role::Auditor, act), expected, "{act:?}");
    }
}

#[test]
fn a_vendor_reaches_its_own_portion_and_its_own_account_only() {
    for act in Act::ALL {
        let expected = match act {
            Act::Read | Act::Export | Act::Answer => Reach::Portion,
            Act::OwnAccount => Reach::All,
            Act::Survey
            | Act::Decide
            | Act::Enter
            | Act::SignOff
            | Act::Operate
            | Act::Administer
            | Act::Audit => Reach::Nothing,
        };
        assert_eq!(may(Role::Vendor, act), expected, "{act:?}");
    }
}

#[test]
fn who_keeps_the_ledger_does_not_sign_that_it_is_right() {
    for role in Role::ALL {
        let signs = may(role, Act::SignOff) != Reach::Nothing;
        let keeps = may(role, Act::Enter) != Reach::Nothing;
        assert!(!(signs && keeps), "{role:?}");
        assert_eq!(signs, role == Role::Approver);
        assert_eq!(may(role, Act::Administer) == Reach::All, role == Role::Administrator);
        assert_eq!(role.name().parse(), Ok(role));
    }
}

#[test]
fn an_account_has_one_name_however_it_is_written() {
    assert_eq!(name::account(" Ｓａｔｏ.H "), Some("sato.h".into()));
    assert_eq!(name::account("佐藤"), Some("佐藤".into()));
    for wrong in ["", " ", "a b", "a;b", "a\u{202e}b", &"x".repeat(65)] {
        assert_eq!(name::account(wrong), None, "{wrong:?}");
    }
    assert_eq!(name::called(" 佐藤 花子 "), Some("佐藤 花子".into()));
    assert_eq!(name::called("a\nb"), None);
}

#[test]
fn a_password_is_long_and_not_the_name() {
    let rules = Rules::released().unwrap().password;
    let good = |text: &str| name::is_password(text, "sato", &rules);
    assert!(good("correct horse battery") && good("あさひのなかのこまどりたち"));
    for bad in
        ["short", "aaaaaaaaaaaaaaaaaaaa", "12345678Sato", "my name is Sato!", &"ab".repeat(200)]
    {
        assert!(!good(bad), "{bad}");
    }
}

#[test]
fn delays_grow_to_an_end_and_wrong_tries_are_forgotten() {
    let rules = Rules::released().unwrap().refusal;
    let delays: Vec<u64> = (4..20).map(|wrong| rules.delay(wrong).as_secs()).collect();
    assert_eq!(delays[..6], [0, 0, 2, 4, 8, 16]);
    assert!(delays.is_sorted() && delays.ends_with(&[300]));
    assert_eq!(rules.delay(u32::MAX).as_secs(), 300);
    let tries = Some(Tries { wrong: 7, latest: at(100) });
    assert_eq!(rules.left(tries, at(101)).as_secs(), 3);
    assert_eq!(rules.left(tries, at(104)), Duration::ZERO);
    // A clock stepped back by a day keeps nobody out for a day.
    assert_eq!(rules.left(tries, at(-86_400)).as_secs(), 4);
    assert_eq!((rules.counted(tries, at(101)), rules.counted(tries, at(90_000))), (7, 0));
    assert_eq!(rules.left(None, at(0)), Duration::ZERO);
}

#[test]
fn numbers_out_of_range_and_unknown_keys_are_refused() {
    let released = include_str!("../../../config/people.toml");
    assert!(Rules::parse(released).is_ok());
    for (from, to) in [
        ("memory_kib = 19456", "memory_kib = 8"),
        ("least_characters = 13", "least_characters = 4"),
        ("longest_seconds = 300", "longest_seconds = 86400"),
        ("lanes = 1", "lanes = 1\ncolour = 1"),
    ] {
        assert!(Rules::parse(&released.replace(from, to)).is_err(), "{to}");
    }
}

fn log(rows: u64) -> Vec<Row> {
    let mut head = Head::default();
    let mut made = Vec::new();
    for number in 0..rows {
        let entry = Entry {
            at: at(i64::try_from(number).unwrap()),
            who: "佐藤 (sato)".into(),
            address: "10.20.0.9".into(),
            deed: Deed::Decided,
            about: format!("finding {number}"),
        };
        let row = head.row(entry);
        head = Head { number: row.number, digest: row.digest };
        made.push(row);
    }
    made
}

fn read(rows: &[Row], known: Option<Head>) -> Result<Head, Broken> {
    let mut reading = Reading::with(known);
    rows.iter().try_for_each(|row| reading.next(row))?;
    reading.end()
}

fn head(rows: &[Row]) -> Head {
    rows.last().map(|row| Head { number: row.number, digest: row.digest }).unwrap_or_default()
}

#[test]
fn a_log_that_nobody_touched_fits_and_has_a_head_that_can_be_written_down() {
    let rows = log(9);
    assert_eq!(read(&rows, None), Ok(head(&rows)));
    assert_eq!(read(&[], None), Ok(Head::default()));
    let written = head(&rows[..5]).to_string();
    assert_eq!(read(&rows, Some(written.parse().unwrap())), Ok(head(&rows)));
    for wrong in ["", "5", "5:", "x:00", &written[..20], &format!("{written}00")] {
        assert!(wrong.parse::<Head>().is_err(), "{wrong}");
    }
}

#[test]
fn whatever_is_altered_in_a_row_is_found_at_that_row() {
    let alter: [fn(&mut Row); 6] = [
        |row| row.who = "鈴木".into(),
        |row| row.about.push('x'),
        |row| row.deed = Deed::Exported.name().into(),
        |row| row.at = at(99),
        |row| row.digest[0] ^= 1,
        // The same octets, divided otherwise.
        |row| {
            row.who.push_str(&row.address);
            row.address.clear();
        },
    ];
    for change in alter {
        let mut rows = log(6);
        change(&mut rows[3]);
        assert_eq!(read(&rows, None), Err(Broken::Unchained(4)));
    }
}

#[test]
fn a_row_removed_moved_or_put_in_is_found() {
    let mut removed = log(6);
    removed.remove(2);
    assert_eq!(read(&removed, None), Err(Broken::Missing(3)));
    // Closing the gap does not help.
    for (row, number) in removed.iter_mut().zip(1..) {
        row.number = number;
    }
    assert_eq!(read(&removed, None), Err(Broken::Unchained(3)));

    let mut moved = log(6);
    moved.swap(1, 3);
    for (row, number) in moved.iter_mut().zip(1..) {
        row.number = number;
    }
    assert_eq!(read(&moved, None), Err(Broken::Unchained(2)));

    // Put in with a digest that fits: what comes after it does not.
    let mut put_in = log(6);
    let forged = Entry {
        at: at(3),
        who: "佐藤".into(),
        address: String::new(),
        deed: Deed::Decided,
        about: "forged".into(),
    };
    put_in.insert(3, head(&put_in[..3]).row(forged));
    for (row, number) in put_in.iter_mut().zip(1..) {
        row.number = number;
    }
    assert_eq!(read(&put_in, None), Err(Broken::Unchained(5)));
    put_in[3].about.push('!');
    assert_eq!(read(&put_in, None), Err(Broken::Unchained(4)));
}

#[test]
fn a_tail_cut_off_or_made_anew_is_found_against_a_known_head() {
    let rows = log(6);
    let known = Some(head(&rows));
    assert_eq!(read(&rows[..4], None), Ok(head(&rows[..4])), "by itself it fits");
    assert_eq!(read(&rows[..4], known), Err(Broken::CutOff(5)));
    assert_eq!(read(&[], known), Err(Broken::CutOff(1)));
    let mut anew = log(5);
    let entry = Entry {
        at: at(9),
        who: "x".into(),
        address: String::new(),
        deed: Deed::Login,
        about: String::new(),
    };
    anew.push(head(&anew).row(entry));
    assert_eq!(read(&anew, known), Err(Broken::OtherHead(6)));
}

#[test]
fn every_deed_has_a_name_of_its_own() {
    for deed in Deed::ALL {
        assert_eq!(Deed::of(deed.name()), Some(*deed));
    }
    assert_eq!(Deed::of("nothing"), None);
}
