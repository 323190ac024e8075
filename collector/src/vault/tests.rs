use daicho_common::time::Timestamp;

use super::*;

const PASSWORD: &str = "hunter2-パスワード-s3cr3t";

fn by() -> By {
    By::here("test".into(), Timestamp::from_micros(1))
}

fn site() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("daicho.db")).unwrap();
    (folder, store)
}

fn set(store: &Store, name: &str, text: &str) {
    let mut vault = Vault::of(store.path(), None).unwrap();
    vault.set((store, by()), name, &Secret::new(text.into())).unwrap();
}

fn get(store: &Store, name: &str) -> Result<String, Complaint> {
    Ok(Vault::of(store.path(), None)?.get(store, name)?.expose().to_owned())
}

#[test]
fn a_secret_comes_back_and_stands_in_no_file_log_or_debug_output() {
    let (folder, store) = site();
    set(&store, "smtp", PASSWORD);
    set(&store, "smtp", PASSWORD);
    assert_eq!(get(&store, "smtp").unwrap(), PASSWORD);
    let vault = Vault::of(store.path(), None).unwrap();
    let shown = format!("{vault:?} {:?} {:?}", vault.get(&store, "smtp"), store.sealed_secrets());
    assert!(!shown.contains("hunter2"), "{shown}");
    store.copy_to(&folder.path().join("copy.db")).unwrap();
    drop(store);
    let mut files = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let octets = fs::read(file.unwrap().path()).unwrap();
        files += 1;
        let leaks = octets.windows(7).any(|window| window == b"hunter2");
        assert!(!leaks, "the password stands in a file");
    }
    assert!(files >= 3, "database, copy and key");
    // The key of the database is not in its copy either.
    let key = fs::read(key_file(&folder.path().join("daicho.db"))).unwrap();
    let copy = fs::read(folder.path().join("copy.db")).unwrap();
    assert!(!copy.windows(KEY).any(|window| window == key));
}

#[test]
fn a_secret_sealed_for_one_name_does_not_open_under_another() {
    let (_folder, store) = site();
    set(&store, "smtp", PASSWORD);
    let (_, sealed) = store.sealed_secrets().unwrap().remove(0);
    store.set_secret("hook".into(), sealed, by()).unwrap();
    assert_eq!(get(&store, "hook").unwrap_err().exit, Exit::Integrity);
    assert_eq!(get(&store, "none").unwrap_err().exit, Exit::Config);
}

#[test]
fn a_new_key_opens_everything_and_the_former_nothing_more() {
    let (folder, store) = site();
    set(&store, "smtp", PASSWORD);
    set(&store, "hook", "other");
    let file = key_file(store.path());
    let former = fs::read(&file).unwrap();
    let mut vault = Vault::of(store.path(), None).unwrap();
    assert_eq!(vault.rekey(&store, by()).unwrap(), 2);
    assert_eq!(vault.get(&store, "smtp").unwrap().expose(), PASSWORD);
    assert_eq!(
        (get(&store, "smtp").unwrap(), get(&store, "hook").unwrap()),
        (PASSWORD.into(), "other".into())
    );
    assert_ne!(fs::read(&file).unwrap(), former);
    assert!(!next_file(&folder.path().join("daicho.db")).exists());
    fs::remove_file(&file).unwrap();
    private::write_once(&file, &former).unwrap();
    assert_eq!(get(&store, "smtp").unwrap_err().exit, Exit::Integrity);
}

#[test]
fn a_replacement_that_broke_off_before_or_after_its_transaction_is_taken_up() {
    let (_folder, store) = site();
    set(&store, "smtp", PASSWORD);
    let (file, next) = (key_file(store.path()), next_file(store.path()));
    // It broke off once the next key was written.
    private::write_once(&next, &random().unwrap()).unwrap();
    assert_eq!(get(&store, "smtp").unwrap(), PASSWORD);
    // Or once everything was sealed with it, before it took the former's place.
    let former = fs::read(&file).unwrap();
    Vault::of(store.path(), None).unwrap().rekey(&store, by()).unwrap();
    fs::rename(&file, &next).unwrap();
    private::write_once(&file, &former).unwrap();
    assert_eq!(get(&store, "smtp").unwrap(), PASSWORD);
    Vault::of(store.path(), None).unwrap().rekey(&store, by()).unwrap();
    assert!(!next.exists());
    assert_eq!(get(&store, "smtp").unwrap(), PASSWORD);
}

#[test]
fn a_key_that_systemd_hands_in_is_taken_and_none_is_made() {
    let (folder, store) = site();
    let credentials = folder.path().join("credentials");
    fs::create_dir(&credentials).unwrap();
    private::write_once(&credentials.join(CREDENTIAL), &random().unwrap()).unwrap();
    let mut vault = Vault::of(store.path(), Some(&credentials)).unwrap();
    vault.set((&store, by()), "smtp", &Secret::new(PASSWORD.into())).unwrap();
    assert!(!key_file(store.path()).exists());
    assert_eq!(vault.get(&store, "smtp").unwrap().expose(), PASSWORD);
    assert_eq!(get(&store, "smtp").unwrap_err().exit, Exit::Integrity);
    assert_eq!(vault.rekey(&store, by()).unwrap_err().exit, Exit::Privilege);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_or_that_is_none_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, store) = site();
    set(&store, "smtp", PASSWORD);
    let file = key_file(store.path());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(get(&store, "smtp").unwrap_err().exit, Exit::Privilege);
    fs::remove_file(&file).unwrap();
    private::write_once(&file, b"short").unwrap();
    assert_eq!(get(&store, "smtp").unwrap_err().exit, Exit::Integrity);
}
