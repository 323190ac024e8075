use daicho_common::batch::{Batch, Header};
use daicho_common::complaint::Exit;
use daicho_common::coverage::{Coverage, PacketKind, Sent};
use daicho_common::observation::{Fact, Method, Observation, Reply, Speaker, Vantage};

use super::fresh::store;
use super::sql::params;
use super::*;
use crate::ledger::{Column, Entry, Field, Place, Sheet, State};

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_775_003_400_000_000 + second * 1_000_000)
}

fn vantage() -> Vantage {
    Vantage { agent: "east".into(), interface: "eth0".into(), network: "病棟3F".into() }
}

fn observation(host: u8, second: i64) -> Observation {
    Observation {
        at: at(second),
        vantage: vantage().into(),
        method: Method::IcmpEcho,
        speaker: Speaker { ip: Some([10, 20, 0, host].into()), mac: None },
        fact: Fact::Answered(Reply::Echo),
    }
}

fn opened(digest: u8, key: u8, observations: Vec<Observation>) -> Opened {
    Opened {
        batch: Batch {
            header: Header {
                agent: "east".into(),
                scan: format!("east-{digest}"),
                sequence: 1,
                last: true,
                from: at(0),
                to: at(60),
                software: "daicho-agent 0.1.0".into(),
            },
            coverage: vec![Coverage {
                vantage: vantage(),
                method: Method::Arp,
                cidr: "10.20.0.0/24".parse().unwrap(),
                from: at(0),
                to: at(60),
                tries: 2,
                asked: ["10.20.0.1".parse().unwrap()].into_iter().collect(),
                answered: daicho_common::address_set::AddressSet::new(),
                not_asked: vec![],
            }],
            sent: vec![Sent {
                network: "病棟3F".into(),
                target: "10.20.0.1".parse().unwrap(),
                kind: PacketKind::ArpRequest,
                packets: 2,
                octets: 84,
                first: at(0),
                last: at(1),
            }],
            observations,
        },
        key: AgentKey::new([key; 32]),
        digest: [digest; 32],
        mark: None,
    }
}

fn book(name: &str, octets: &[u8], asset: &str) -> NewBook {
    let sheet = Sheet {
        book: name.into(),
        name: "1F".into(),
        title_rows: vec![],
        columns: vec![Column { heading: "管理番号".into(), field: Some(Field::AssetNumber) }],
        ..Sheet::default()
    };
    let entry = Entry {
        place: Place { book: name.into(), sheet: "1F".into(), row: 2 },
        sheet: 0,
        cells: vec![asset.into()],
        asset_number: asset.into(),
        name: String::new(),
        host_name: String::new(),
        kind: String::new(),
        ips: vec![],
        dhcp: false,
        macs: vec![],
        vendor: String::new(),
        model: String::new(),
        serial: String::new(),
        location: String::new(),
        version: String::new(),
        maintainer: String::new(),
        remote_maintenance: None,
        state: State::InUse,
        offline: false,
        ..Entry::default()
    };
    let ledger = Ledger { sheets: vec![sheet], entries: vec![entry], defects: vec![] };
    NewBook { name: name.into(), octets: octets.to_vec(), ledger, at: at(0), by: "tanaka".into() }
}

#[test]
fn what_was_appended_is_read_back_after_the_file_was_closed() {
    let (_folder, store) = store();
    let batch = opened(1, 1, vec![observation(7, 3), observation(8, 1), observation(7, 9)]);
    let appended = store.append(vec![batch.clone()], at(100)).unwrap();
    assert_eq!(appended, [Appended::New { observations: 3 }]);
    let place = store.place().clone();
    drop(store);
    let ground = Store::open(place).unwrap().ground().unwrap();
    assert_eq!(*ground.observations, [observation(8, 1), observation(7, 3), observation(7, 9)]);
    assert_eq!(ground.coverage, batch.batch.coverage);
    assert_eq!(ground.sent, batch.batch.sent);
    assert_eq!(ground.scans.len(), 1);
    assert_eq!(ground.scans[0].to, at(60));
}

#[test]
fn what_came_since_is_read_behind_what_was_read_before() {
    let (_folder, store) = store();
    store.append(vec![opened(1, 1, vec![observation(7, 3)])], at(100)).unwrap();
    let before = store.ground_after(crate::store::Ground::default()).unwrap();
    assert_eq!(*before.observations, [observation(7, 3)]);
    // One that is known, one that was seen earlier, and what was said before.
    let more = vec![observation(7, 3), observation(8, 1), observation(7, 9)];
    store.append(vec![opened(2, 1, more)], at(200)).unwrap();
    let after = store.ground_after(before).unwrap();
    assert_eq!(*after.observations, [observation(7, 3), observation(8, 1), observation(7, 9)]);
    let whole = store.ground().unwrap();
    assert_eq!((after.revision, &after.scans), (whole.revision, &whole.scans));
    assert_eq!(store.ground_after(after).unwrap().observations.len(), 3);
}

#[test]
fn what_is_folded_is_gone_what_it_said_stays_and_the_log_says_so() {
    let (_folder, store) = store();
    let seen: Vec<_> = (0..5).map(|second| observation(7, second)).collect();
    store.append(vec![opened(1, 1, seen.clone())], at(100)).unwrap();
    let (revision, by) = (store.revision().unwrap(), By::here("tanaka".into(), at(200)));
    let inner = seen[1..4].to_vec();
    assert_eq!(store.fold(inner, 400, by).unwrap(), 3);
    assert_eq!(*store.ground().unwrap().observations, [observation(7, 0), observation(7, 4)]);
    assert!(store.revision().unwrap() > revision);
    let head = store.log_head().unwrap();
    assert_eq!(store.log_rows(head.number, 1).unwrap()[0].deed, "observations_folded");
}

#[test]
fn the_same_batch_twice_changes_nothing() {
    let (_folder, store) = store();
    let batch = opened(1, 1, vec![observation(7, 3)]);
    store.append(vec![batch.clone()], at(100)).unwrap();
    let before = store.revision().unwrap();
    assert_eq!(store.append(vec![batch], at(200)).unwrap(), [Appended::AlreadyKnown]);
    assert_eq!(store.revision().unwrap(), before);
    assert_eq!(store.ground().unwrap().observations.len(), 1);
}

#[test]
fn an_observation_that_another_batch_brought_already_counts_once() {
    let (_folder, store) = store();
    store.append(vec![opened(1, 1, vec![observation(7, 3)])], at(100)).unwrap();
    let again = opened(2, 1, vec![observation(7, 3), observation(9, 3)]);
    let appended = store.append(vec![again], at(200)).unwrap();
    assert_eq!(appended, [Appended::New { observations: 1 }]);
    let ground = store.ground().unwrap();
    assert_eq!(ground.observations.len(), 2);
    assert_eq!(ground.coverage.len(), 1, "the same coverage counts once");
}

/// In whatever order it comes and however often, and more of it than goes into one row.
#[test]
fn what_comes_late_or_again_is_told_from_what_is_new() {
    let (_folder, store) = store();
    let seen = |hosts: std::ops::Range<u8>, seconds: std::ops::Range<i64>| -> Vec<Observation> {
        hosts
            .flat_map(|host| seconds.clone().map(move |second| observation(host, second)))
            .collect()
    };
    let mut digest = 0;
    let mut append = |observations: Vec<Observation>| {
        digest += 1;
        match store.append(vec![opened(digest, 1, observations)], at(100)).unwrap()[..] {
            [Appended::New { observations }] => observations,
            ref other => panic!("{other:?}"),
        }
    };
    assert_eq!(append(seen(0..100, 1000..1100)), 10_000);
    // Hosts that were seen since are seen at the same times, earlier, and later.
    assert_eq!(append(seen(50..150, 950..1050)), 10_000 - 50 * 50);
    assert_eq!(append(seen(0..150, 950..1100)), 150 * 150 - 17_500);
    assert_eq!(append(seen(0..150, 950..1100)), 0);
    let twice = [seen(0..90, 0..100), seen(0..91, 0..100)].concat();
    assert_eq!(append(twice), 9_100);
    assert_eq!(append(seen(0..150, 500..501)), 150);
    let ground = store.ground().unwrap();
    let mut expected =
        [seen(0..150, 950..1100), seen(0..91, 0..100), seen(0..150, 500..501)].concat();
    expected.sort_by_key(|it| (it.at, it.id()));
    assert!(ground.observations.iter().eq(expected));
    let facts: i64 =
        store.read().query_row("SELECT count(*) FROM fact", [], |row| row.get(0)).unwrap();
    assert_eq!(facts, 150);
    assert_eq!(store.holds().unwrap().observations, 22_500 + 9_100 + 150);
}

#[test]
fn what_is_said_again_and_again_is_kept_once_with_its_times() {
    let (_folder, store) = store();
    let sightings = (0..50).map(|second| observation(7, second)).collect();
    store.append(vec![opened(1, 1, sightings)], at(100)).unwrap();
    let facts: i64 =
        store.read().query_row("SELECT count(*) FROM fact", [], |row| row.get(0)).unwrap();
    assert_eq!(facts, 1);
    assert_eq!(store.ground().unwrap().observations.len(), 50);
}

#[test]
fn a_batch_under_another_key_is_refused_until_a_person_trusts_that_key() {
    let (_folder, store) = store();
    store.append(vec![opened(1, 1, vec![observation(7, 3)])], at(100)).unwrap();
    let stranger = opened(2, 9, vec![observation(8, 3)]);
    let error = store.append(vec![stranger.clone()], at(200)).unwrap_err();
    let complaint = error.complaint(store.path());
    assert_eq!(complaint.exit, Exit::Integrity);
    for part in [
        AgentKey::new([1; 32]).fingerprint(),
        AgentKey::new([9; 32]).fingerprint(),
        format!("daicho-collector trust east {}", AgentKey::new([9; 32])),
    ] {
        assert!(complaint.ja.contains(&part) && complaint.en.contains(&part), "{complaint}");
    }
    assert_eq!(store.ground().unwrap().observations.len(), 1);

    let by = ("tanaka".to_owned(), at(300));
    let key = AgentKey::new([9; 32]);
    assert_eq!(store.trust("east".into(), key, by.clone()).unwrap(), Trusted::Pinned);
    assert_eq!(store.trust("east".into(), key, by).unwrap(), Trusted::AlreadyPinned);
    assert_eq!(store.append(vec![stranger], at(400)).unwrap(), [Appended::New { observations: 1 }]);
    let old_key = opened(3, 1, vec![observation(9, 3)]);
    assert!(matches!(store.append(vec![old_key], at(500)), Err(StoreError::OtherKey { .. })));
}

#[test]
fn of_a_delivery_that_is_refused_nothing_is_kept() {
    let (_folder, store) = store();
    let delivery =
        vec![opened(1, 1, vec![observation(7, 3)]), opened(2, 9, vec![observation(8, 3)])];
    assert!(store.append(delivery, at(100)).is_err());
    assert_eq!(store.revision().unwrap(), 0);
    assert!(store.ground().unwrap().observations.is_empty());
    let stranger_first = opened(2, 9, vec![]);
    store.append(vec![stranger_first], at(200)).expect("the refused batch pinned no key");
}

#[test]
fn the_newest_book_of_a_name_holds_and_the_earlier_ones_are_history() {
    let (_folder, store) = store();
    assert_eq!(store.import(book("a.xlsx", b"one", "A-1")).unwrap(), Imported::New);
    assert_eq!(store.import(book("b.xlsx", b"two", "B-1")).unwrap(), Imported::New);
    let before = store.revision().unwrap();
    assert_eq!(store.import(book("a.xlsx", b"one", "A-1")).unwrap(), Imported::AlreadyKnown);
    assert_eq!(store.revision().unwrap(), before);
    assert_eq!(store.import(book("a.xlsx", b"three", "A-2")).unwrap(), Imported::Replaced);
    let ledger = store.ledger().unwrap();
    let numbers: Vec<_> =
        ledger.entries.iter().map(|e| (e.asset_number.as_str(), e.sheet)).collect();
    assert_eq!(numbers, [("A-2", 0), ("B-1", 1)]);
    let kept: i64 =
        store.read().query_row("SELECT count(*) FROM book", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 3);
    let back = store.import(book("a.xlsx", b"one", "A-1")).unwrap();
    assert_eq!(back, Imported::Replaced, "a return to an earlier content is a change");
    assert_eq!(store.ledger().unwrap().entries[0].asset_number, "A-1");
}

#[test]
fn a_reader_sees_whole_batches_only_while_a_writer_works() {
    let (_folder, store) = store();
    let writing = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for digest in 1..=40u8 {
                let observations = (0..100).map(|n| observation(digest, n)).collect();
                store.append(vec![opened(digest, 1, observations)], at(100)).unwrap();
            }
            writing.store(false, std::sync::atomic::Ordering::Release);
        });
        let mut last = 0;
        while writing.load(std::sync::atomic::Ordering::Acquire) {
            let ground = store.ground().unwrap();
            let count = ground.observations.len();
            assert_eq!(count % 100, 0, "a half-written batch was seen");
            assert_eq!(count / 100, usize::try_from(ground.revision).unwrap());
            assert!(count >= last);
            last = count;
        }
    });
    assert_eq!(store.ground().unwrap().observations.len(), 4000);
}

#[test]
fn another_process_that_writes_is_noticed_by_the_revision() {
    let (_folder, store) = store();
    let other = Store::open(store.place()).unwrap();
    other.append(vec![opened(1, 1, vec![observation(7, 3)])], at(100)).unwrap();
    assert_eq!(store.revision().unwrap(), 1);
    assert_eq!(store.ground().unwrap().observations.len(), 1);
}

#[test]
fn files_that_are_not_ours_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "買い物: 牛乳。".repeat(400)).unwrap();
    assert!(matches!(Store::open(&text), Err(StoreError::NotADatabase)));
    let foreign = folder.path().join("foreign.sqlite");
    let connection = rusqlite::Connection::open(&foreign).unwrap();
    connection.execute_batch("CREATE TABLE song (name TEXT)").unwrap();
    assert!(matches!(Store::open(&foreign), Err(StoreError::NotOurs)));
    assert!(matches!(
        Store::open_existing(folder.path().join("absent.sqlite")),
        Err(StoreError::Absent)
    ));
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("daicho.db")).unwrap();
    rusqlite::Connection::open(store.path())
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = Store::open(store.path()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { version: 99, .. }));
    assert_eq!(error.complaint(store.path()).exit, Exit::Input);
}

#[test]
fn the_tables_refuse_what_points_nowhere() {
    let (_folder, store) = store();
    let refused = store.writer.write(|tx| {
        Ok(tx.execute(
            "INSERT INTO seen (batch, since, until, observations, octets)
             VALUES ($1, 1, 1, 1, $2)",
            params![1, [1u8, 0]],
        )?)
    });
    let told = matches!(refused, Err(StoreError::Database(_) | StoreError::Server { .. }));
    assert!(told, "{refused:?}");
}

#[test]
fn what_people_said_is_numbered_kept_in_order_and_moves_the_revision() {
    use crate::decision::{Decision, Key};
    let (_folder, store) = store();
    let said = |last: u8, permitted| NewDecision {
        by: By::here("佐藤".into(), at(i64::from(last))),
        why: "私物の血圧計".into(),
        what: Decision::Byod {
            device: Key::Mac(format!("00:1a:2b:00:00:{last:02x}").parse().unwrap()),
            permitted,
        },
    };
    let before = store.revision().unwrap();
    assert_eq!(store.decide(vec![said(1, true), said(2, false)]).unwrap(), [1, 2]);
    assert_eq!(store.decide(vec![said(1, false)]).unwrap(), [3]);
    assert_eq!(store.decide(vec![]).unwrap(), Vec::<u64>::new());
    let ground = store.ground().unwrap();
    assert_eq!(store.revision().unwrap(), before + 2);
    let kept: Vec<_> = ground.decisions.iter().map(|d| (d.id, d.what.clone())).collect();
    assert_eq!(kept[2], (3, said(1, false).what));
    assert_eq!((ground.decisions[1].by.as_str(), ground.decisions[1].at), ("佐藤", at(2)));
}

/// Of a file: what a server does when it is full, its own tests tell.
#[test]
fn a_full_disk_refuses_a_batch_whole_and_takes_it_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("daicho.db")).unwrap();
    store.append(vec![opened(1, 1, vec![observation(7, 1)])], at(100)).unwrap();
    let room = |pages: i64| {
        let most = move |tx: &sql::Transaction<'_>| -> Result<i64, StoreError> {
            let now: i64 = tx.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            let text = format!("PRAGMA max_page_count = {}", now + pages);
            Ok(tx.query_row(&text, [], |row| row.get(0))?)
        };
        store.writer.write(most).unwrap()
    };
    room(4);
    let host = |second: i64| u8::try_from(second % 250).unwrap();
    // As much as does not go into a few pages: facts of many hosts.
    let seen = (0..3000).map(|second| observation(host(second), second));
    let large = opened(2, 1, seen.collect());
    let full = store.append(vec![large.clone()], at(200)).unwrap_err();
    assert!(matches!(full, StoreError::Unwritable(_)), "{full:?}");
    let ground = store.ground().unwrap();
    assert_eq!((ground.revision, ground.observations.len()), (1, 1), "nothing of it is there");
    room(1000);
    let appended = store.append(vec![large], at(300)).unwrap();
    assert_eq!(appended, [Appended::New { observations: 3000 }]);
    assert_eq!(store.ground().unwrap().observations.len(), 3001);
}
