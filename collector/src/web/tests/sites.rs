//! Other sites on pages: in numbers, never in what is known here.

use super::*;
use crate::seal;
use crate::snapshot::summary::Summary;
use crate::snapshot::{Content, Line};

#[test]
fn a_site_is_shown_by_what_it_signed_and_by_what_its_last_two_snapshots_differ_in() {
    let running = running();
    let folder = tempfile::tempdir().unwrap();
    let store = &running.site.store;
    let device = |name: &str| Line::from([("name".into(), name.to_owned())]);
    for (days, name) in [(40, "MFP-東"), (1, "<script>東")] {
        let content = Content {
            devices: [(format!("mac-{days}"), device(name))].into(),
            ..Content::default()
        };
        let at = Timestamp::from_micros(clock::now().micros() - days * 86_400_000_000);
        let taken = seal::seal(&folder.path().join("o.db"), &content, (at, "東", "月次")).unwrap();
        let by = || By::here("本部".into(), clock::now());
        store.trust_site("東病院".into(), taken.key, by()).unwrap();
        let summary = Summary { devices: 12, open: 3, ..Summary::of(&content) };
        store.import_snapshot("東病院".into(), (taken, summary), by()).unwrap();
    }
    let list = running.get("/sites").body;
    for part in ["東病院", "1 日前", ">12<", ">3<", "%E6%9D%B1%E7%97%85%E9%99%A2"] {
        assert!(list.contains(part), "{part}\n{list}");
    }
    assert!(!list.contains("1か月以上"), "{list}");
    let page = running.get("/sites/%E6%9D%B1%E7%97%85%E9%99%A2").body;
    assert!(page.contains("MFP-東") && page.contains("&#60;script&#62;東"), "{page}");
    assert!(!running.get("/devices").body.contains("MFP-東"), "it is not this site's");
    assert_eq!(running.get("/sites/x").status, 404);
    let vendor = Visitor::new(&running.site, Role::Vendor, Some("a"));
    assert_eq!(running.get_as(&vendor, "/sites", "").status, 403);
}
