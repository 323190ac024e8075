//! What readers of a large site are shown while a new picture is made.

use super::*;

/// A server that takes every site for a large one.
fn large() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("daicho.db")).unwrap();
    let mut site = Site::new(store, Config::parse("", "test").unwrap()).unwrap();
    site.large = 0;
    serving(site, folder)
}

#[test]
fn a_large_site_shows_the_former_picture_and_says_so_while_the_next_is_made() {
    let running = large();
    // The visitor's account came after the first picture.
    running.get("/api/v1/devices");
    let turn = running.site.present.deriving().try_lock_owned().unwrap();
    running.post(KIND, &sealed(&key(), "east", 0));
    let former = running.get("/").body;
    assert!(former.contains("まだデータがありません"), "{former}");
    assert!(former.contains("新しい内容を反映しています"), "{former}");
    drop(turn);
    // Programs wait for the present one.
    assert_eq!(running.get("/api/v1/devices").status, 200);
    let present = running.get("/").body;
    assert!(!present.contains("まだデータがありません"), "{present}");
    assert!(!present.contains("新しい内容を反映しています"), "{present}");
}

#[test]
fn who_said_something_sees_it_on_the_next_page_of_a_large_site() {
    let running = large();
    let other = Visitor::new(&running.site, Role::Administrator, None);
    running.get("/api/v1/devices");
    let party = "kind=party&new=yes&name=TEST-PARTY&roles=seller";
    assert_eq!(running.submit("/register/edit", "", party).status, 303);
    let turn = running.site.present.deriving().try_lock_owned().unwrap();
    assert!(!running.get_as(&other, "/register", "").body.contains("TEST-PARTY"));
    drop(turn);
    assert!(running.get("/register").body.contains("TEST-PARTY"));
}
