//! Files as every version of the program left them, brought forward.

use daicho_common::batch::{AgentKey, Batch, Header, Opened};
use daicho_common::observation::Observation;
use daicho_common::time::Timestamp;
use rusqlite::Connection as Lite;
use sha2::{Digest, Sha256};

use super::*;
use crate::people::log::hex;
use crate::store::{Appended, Store};

/// What each version's text comes to: the first eight octets of its SHA-256. A text that was released
/// never changes; a new one is added behind.
const RELEASED: [&str; VERSIONS.len()] = [
    "fd5e0d96a03f37b7",
    "88a7a5a06cefd816",
    "4590a97953b172bc",
    "b296e8d5234bf528",
    "ce47c8305e0a2319",
    "c35c5591d3ba3f3e",
    "7333e8a5d93779c0",
    "2fc21c5f675be15b",
    "8be87e7c12356e76",
    "8254fa780f62fc56",
    "34224a31ff40512f",
    "e37c4fc2484c8c28",
    "bbaba20d3f8594d5",
];

/// What a site keeps in the tables that came with each version, as that version wrote it.
const FILLED: [&str; VERSIONS.len()] = [
    include_str!("tests/1.sql"),
    include_str!("tests/2.sql"),
    include_str!("tests/3.sql"),
    include_str!("tests/4.sql"),
    include_str!("tests/5.sql"),
    include_str!("tests/6.sql"),
    include_str!("tests/7.sql"),
    include_str!("tests/8.sql"),
    include_str!("tests/9.sql"),
    include_str!("tests/10.sql"),
    include_str!("tests/11.sql"),
    include_str!("tests/12.sql"),
    include_str!("tests/13.sql"),
];

/// A file of this version, filled.
fn file(version: usize, to: &std::path::Path) {
    let connection = Lite::open(to).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    for (text, rows) in VERSIONS.iter().zip(FILLED).take(version) {
        connection.execute_batch(text).unwrap();
        connection.execute_batch(rows).unwrap();
    }
    connection.pragma_update(None, "application_id", APPLICATION).unwrap();
    connection.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
}

#[test]
fn no_text_that_was_released_has_changed() {
    let now = VERSIONS.map(|text| hex(&Sha256::digest(text)[..8]));
    assert_eq!(now, RELEASED);
}

#[test]
fn a_file_of_every_version_is_brought_forward_with_all_that_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    for version in 1..=VERSIONS.len() {
        let path = folder.path().join(format!("{version}.db"));
        file(version, &path);
        let before = Lite::open(&path).unwrap();
        let rows = |of: &Lite, table: &str| -> i64 {
            of.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        let tables: Vec<String> = before
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let held: Vec<i64> = tables.iter().map(|table| rows(&before, table)).collect();
        assert!(held.iter().all(|rows| *rows > 0), "{version}: {tables:?} {held:?}");
        drop(before);

        let store = Store::open(&path).unwrap();
        let ground = store.ground().unwrap();
        assert_eq!(ground.observations.len(), 2, "{version}");
        let first = ground.observations.iter().next().unwrap();
        assert_eq!(first.vantage.network, "病棟3F");
        assert_eq!((ground.coverage.len(), ground.sent.len(), ground.books.len()), (1, 1, 1));
        assert_eq!(ground.decisions.len(), usize::from(version >= 3), "{version}");
        assert_eq!(ground.register.party.len(), usize::from(version >= 4), "{version}");
        assert_eq!(store.jobs().list().unwrap().len(), usize::from(version >= 5), "{version}");
        assert_eq!(store.accounts().unwrap().len(), usize::from(version >= 6), "{version}");
        assert_eq!(ground.checks.len(), usize::from(version >= 8), "{version}");
        let denied = store.settings().unwrap().1.deny.nets.len();
        assert_eq!(denied, usize::from(version >= 12), "{version}");
        drop(store);
        let after = Lite::open(&path).unwrap();
        let kept = |table: &String| match table.as_str() {
            // A row holds many of them now.
            "sighting" => {
                after.query_row("SELECT sum(observations) FROM seen", [], |row| row.get(0))
            }
            table => Ok(rows(&after, table)),
        };
        let now: Vec<i64> = tables.iter().map(|table| kept(table).unwrap()).collect();
        assert_eq!(now, held, "{version}");
        let found = crate::store::examine(&path).unwrap();
        assert_eq!((found.version, found.faults), (VERSIONS.len().try_into().unwrap(), vec![]));
    }
}

/// What a file of before has is known by what it says and when, and so is what comes afterwards.
#[test]
fn what_was_delivered_before_a_file_is_brought_forward_counts_once() {
    for version in [12, VERSIONS.len()] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("daicho.db");
        file(version, &path);
        counts_once(&path);
    }
}

fn counts_once(path: &std::path::Path) {
    let store = Store::open(path).unwrap();
    let known: Vec<Observation> = store.ground().unwrap().observations.iter().collect();
    let later =
        Observation { at: Timestamp::from_micros(1_775_003_400_000_009), ..known[1].clone() };
    let batch = Opened {
        batch: Batch {
            header: Header {
                agent: "east".into(),
                scan: "east-2".into(),
                sequence: 1,
                last: true,
                from: known[0].at,
                to: later.at,
                software: "daicho-agent 0.1.0".into(),
            },
            coverage: vec![],
            sent: vec![],
            observations: known.iter().cloned().chain([later.clone()]).collect(),
        },
        key: AgentKey::new([0; 32]),
        digest: [2; 32],
        mark: None,
    };
    let done = store.append(vec![batch], later.at).unwrap();
    assert_eq!(done, [Appended::New { observations: 1 }]);
    assert_eq!(*store.ground().unwrap().observations, [known[0].clone(), known[1].clone(), later]);
    let facts: i64 = Lite::open(path)
        .unwrap()
        .query_row("SELECT count(*) FROM fact", [], |row| row.get(0))
        .unwrap();
    assert_eq!(facts, 2);
}
