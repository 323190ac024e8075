use std::fs;

use daicho_common::batch::AgentKey;
use daicho_common::time::Timestamp;
use tempfile::TempDir;

use super::*;

/// One change: an agent held to a key.
fn change(store: &Store, number: u8) {
    let said = ("tanaka".to_owned(), Timestamp::from_micros(i64::from(number)));
    store.trust(format!("agent-{number}"), AgentKey::new([number; 32]), said).unwrap();
}

fn agents(path: &Path) -> i64 {
    reader(&path.into())
        .unwrap()
        .query_row("SELECT count(*) FROM agent", [], |row| row.get(0))
        .unwrap()
}

/// A folder with a database of three changes, closed.
fn filled() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("daicho.db");
    let store = Store::open(&path).unwrap();
    (1..=3).for_each(|number| change(&store, number));
    (folder, path)
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_copy_made_while_others_write_is_of_one_moment() {
    let (folder, path) = filled();
    let store = Store::open(&path).unwrap();
    let copy = folder.path().join("copy.db");
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| (10..=60).for_each(|number| change(&store, number)));
        let copied = store.copy_to(&copy).unwrap();
        assert_eq!(copied.faults, Vec::<String>::new());
        // Every change adds one to the revision and one agent, so a moment has as many of both.
        assert_eq!(copied.revision, u64::try_from(agents(&copy)).unwrap());
        writing.join().unwrap();
    });
    assert_eq!(agents(&path), 54);
    assert_eq!(names(&folder), ["copy.db", "daicho.db"]);
}

#[cfg(unix)]
#[test]
fn a_copy_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = filled();
    let copy = folder.path().join("copy.db");
    Store::open(&path).unwrap().copy_to(&copy).unwrap();
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_copy_overwrites_nothing() {
    let (folder, path) = filled();
    let copy = folder.path().join("copy.db");
    fs::write(&copy, "something else").unwrap();
    let refused = Store::open(&path).unwrap().copy_to(&copy);
    assert!(matches!(refused, Err(StoreError::Exists)), "{refused:?}");
    assert_eq!(fs::read(&copy).unwrap(), b"something else");
}

#[test]
fn a_copy_that_was_put_back_is_the_database_of_that_moment_and_the_other_is_kept() {
    let (folder, path) = filled();
    let (copy, aside) = (folder.path().join("copy.db"), folder.path().join("aside.db"));
    let store = Store::open(&path).unwrap();
    store.copy_to(&copy).unwrap();
    change(&store, 4);
    drop(store);
    let restored = restore(&copy, &path, &aside).unwrap();
    assert_eq!(restored.kept.as_deref(), Some(aside.as_path()));
    assert_eq!((agents(&path), agents(&aside)), (3, 4));
    assert_eq!(Store::open(&path).unwrap().revision().unwrap(), 3);
    assert_eq!(names(&folder), ["aside.db", "copy.db", "daicho.db"]);
}

#[test]
fn nothing_is_put_in_the_place_of_a_database_that_is_in_use() {
    let (folder, path) = filled();
    let (copy, aside) = (folder.path().join("copy.db"), folder.path().join("aside.db"));
    let store = Store::open(&path).unwrap();
    store.copy_to(&copy).unwrap();
    change(&store, 4);
    let refused = restore(&copy, &path, &aside);
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    change(&store, 5);
    assert_eq!(agents(&path), 5);
    assert_eq!(names(&folder), ["copy.db", "daicho.db"]);
}

#[test]
fn a_damaged_copy_is_named_and_not_put_back() {
    let (folder, path) = filled();
    let (copy, aside) = (folder.path().join("copy.db"), folder.path().join("aside.db"));
    Store::open(&path).unwrap().copy_to(&copy).unwrap();
    let whole = fs::read(&copy).unwrap();
    let mut damaged = whole.clone();
    // The pages after the first, which says that the file is one of ours.
    damaged.iter_mut().skip(4096).for_each(|octet| *octet ^= 0x5a);
    fs::write(&copy, &damaged).unwrap();
    let found = examine(&copy);
    assert!(
        found.as_ref().map_or(true, |examined| !examined.faults.is_empty()),
        "damage went unseen: {found:?}"
    );
    assert!(restore(&copy, &path, &aside).is_err());
    fs::write(&copy, whole.get(..whole.len() / 2).unwrap()).unwrap();
    assert!(restore(&copy, &path, &aside).is_err());
    fs::write(&copy, "no database").unwrap();
    assert!(matches!(restore(&copy, &path, &aside), Err(StoreError::NotADatabase)));
    assert_eq!(agents(&path), 3);
    assert_eq!(names(&folder), ["copy.db", "daicho.db"]);
}

#[test]
fn a_row_that_names_nothing_is_a_fault() {
    let (_folder, path) = filled();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM agent").unwrap();
    let examined = examine(&path).unwrap();
    assert_eq!(examined.faults.len(), 3, "{examined:?}");
    assert!(examined.faults.iter().all(|fault| fault.contains("pin")), "{examined:?}");
}

#[test]
fn what_is_packed_in_rows_is_looked_at_too() {
    for (octets, told) in [
        ("x'0104'", "row 1 of seen names 1 that are not in fact"),
        ("x'0180'", "row 1 of seen cannot be read"),
        ("x''", "row 1 of seen cannot be read"),
    ] {
        let (_folder, path) = filled();
        let row = format!(
            "INSERT INTO batch (id, digest, agent, pin, scan, sequence, last, began, closed,
                 software, received_at)
             VALUES (1, zeroblob(32), 'agent-1', 1, 's', 1, 1, 0, 0, '', 0);
             INSERT INTO seen (id, batch, since, until, observations, octets)
             VALUES (1, 1, 0, 9, 1, {octets});"
        );
        Connection::file(&path, Purpose::Write).unwrap().execute_batch(&row).unwrap();
        assert_eq!(examine(&path).unwrap().faults, [told]);
    }
}
