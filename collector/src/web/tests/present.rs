//! What readers of a large site are shown while a new picture is made.

use super::*;

/// A server that takes every site for a large one.
fn large() -> Running {
    of_size(0)
}

/// A server that takes a site of so many devices for a large one.
fn of_size(large: usize) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("daicho.db")).unwrap();
    let mut site = Site::new(store, Config::parse("", "test").unwrap()).unwrap();
    site.large = large;
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

#[test]
fn a_collector_that_serves_shows_no_observation_that_was_folded() {
    // Of a small site the next picture takes the former over, of a large one a copy of it.
    for size in [0, usize::MAX] {
        let running = of_size(size);
        let key = key();
        for second in 0..3 {
            running.post(KIND, &sealed(&key, "east", second));
        }
        let count = || running.site.present.get().ground.observations.len();
        assert_eq!((running.get("/api/v1/devices").status, count()), (200, 6));
        let all = running.site.store.ground().unwrap().observations;
        let inner: Vec<_> = all.iter().skip(2).take(2).collect();
        let page = format!("/observations/{}", inner[0].id());
        assert_eq!(running.get(&page).status, 200);
        let by = By::here("佐藤".into(), clock::now());
        assert_eq!(running.site.store.fold(inner, 400, by).unwrap(), 2);
        assert_eq!((running.get("/api/v1/devices").status, count()), (200, 4));
        assert_eq!(running.get(&page).status, 404);
        // What comes afterwards follows from what is left.
        running.post(KIND, &sealed(&key, "east", 3));
        assert_eq!((running.get("/api/v1/devices").status, count()), (200, 6));
    }
}

#[test]
fn the_picture_after_an_answer_is_the_one_derived_from_nothing_and_shares_what_no_answer_changes() {
    for size in [0, usize::MAX] {
        let running = of_size(size);
        running.post(KIND, &sealed(&key(), "east", 0));
        let shown = || {
            assert_eq!(running.get("/api/v1/devices").status, 200);
            running.site.present.get()
        };
        let said = |form: &str| {
            let (before, answer) = (shown(), running.say("", form));
            assert_eq!(answer.status, 303, "{}", answer.body);
            let after = shown();
            assert!(after.revision > before.revision);
            let whole = Snapshot::take(&running.site.store, &running.site.criteria()).unwrap();
            assert_eq!(after.picture, whole.picture);
            assert_eq!(after.ground.decisions, whole.ground.decisions);
            let shares =
                std::ptr::eq(before.picture.devices.as_ptr(), after.picture.devices.as_ptr());
            (after, shares)
        };
        // Lists that were made before are right afterwards.
        assert_eq!(running.get("/devices?sort=open").status, 200);
        assert_eq!(running.get("/findings").status, 200);
        let id = shown().picture.findings[0].id.clone();
        let finding = id.replace(':', "%3A");
        let owned = format!("kind=answer&disposition=investigating&finding={finding}&owner=TANAKA");
        let (after, shares) = said(&owned);
        assert!(shares, "nothing was derived again");
        assert!(after.finding(&id).unwrap().is_open());
        assert_eq!(after.inbox().owners().get("TANAKA"), Some(&1));
        assert!(running.get("/findings").body.contains("TANAKA"));
        let (after, shares) =
            said(&format!("kind=answer&disposition=approved&why=x&finding={finding}"));
        assert!(shares && !after.finding(&id).unwrap().is_open());
        let settled = after.ground.decisions.last().unwrap().id;
        let (after, shares) = said(&format!("kind=withdraw&why=x&decision={settled}"));
        assert!(shares && after.finding(&id).unwrap().is_open());
        // What is said of a device is another matter.
        let device = "%7B%22address%22%3A%7B%22network%22%3A%22%E7%97%85%E6%A3%9F3F%22%2C%22ip%22%3A%2210.20.0.1%22%7D%7D";
        let named = format!("kind=correct&device={device}&field=name&value=PC-7&why=x");
        assert!(!said(&named).1);
        // So is what an agent brings, after which answers follow as before.
        running.post(KIND, &sealed(&key(), "west", 1));
        assert!(said(&owned).1);
        let whole = Snapshot::take(&running.site.store, &running.site.criteria()).unwrap();
        assert_eq!(shown().picture, whole.picture);
    }
}
