//! A round of stock-taking from its beginning to the last signature.

use super::*;
use crate::store::NewBook;

const BOOK: &str =
    "管理番号,機器名,設置場所,IPアドレス\nA-1,PC,1階,10.20.0.1\nA-2,NAS,2階,10.20.0.77\n";

/// A server with a ledger of two rows, of which the first was seen.
fn counting() -> Running {
    let running = running();
    assert_eq!(running.post(KIND, &sealed(&key(), "east", 0)).status, 200);
    let book = NewBook {
        name: "台帳.csv".into(),
        octets: BOOK.as_bytes().to_vec(),
        ledger: crate::book::read("台帳.csv", BOOK.as_bytes()).unwrap(),
        at: clock::now(),
        by: "田中".into(),
    };
    running.site.store.import(book).unwrap();
    running
}

fn begin(running: &Running, form: &str) -> Answer {
    running.submit("/stocktaking", "", form)
}

const KEY: &str = "row=asset_number%3Da-2";

#[test]
fn a_round_is_begun_counted_closed_and_signed_off_and_stands_in_the_report() {
    let running = counting();
    let answer = begin(&running, "scope=%E5%85%A8%E9%83%A8%E7%BD%B2&due=2199-09-30");
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    let page = page.to_owned();
    let shown = running.get(&page).body;
    assert!(shown.contains("通信で確認") && shown.contains("要確認"), "{shown}");
    assert!(shown.contains("A-1 PC") && shown.contains("/observations/"), "{shown}");
    assert!(!running.get(&format!("{page}?state=seen")).body.contains("A-2 NAS"));
    let checks = format!("{page}/checks");
    let found = format!("{KEY}&outcome=found&note=2%E9%9A%8E%E3%81%AE%E6%A3%9A&back=%2Fx");
    let answer = running.submit(&checks, "", &found);
    assert_eq!((answer.status, answer.head.contains(&format!("location: {page}"))), (303, true));
    let shown = running.get(&page).body;
    assert!(shown.contains("現物確認済") && shown.contains("佐藤 (sato) が"), "{shown}");
    assert!(shown.contains("2階の棚"), "{shown}");
    // Nobody signs off what was not closed, and no administrator signs off at all.
    let approver = Visitor::new(&running.site, Role::Approver, None);
    assert_eq!(running.form_as(&approver, &format!("{page}/sign"), "").status, 409);
    assert_eq!(running.submit(&format!("{page}/close"), "", "").status, 303);
    assert_eq!(running.submit(&format!("{page}/sign"), "", "").status, 403);
    assert_eq!(running.submit(&checks, "", &format!("{KEY}&outcome=missing")).status, 409);
    for _ in 0..2 {
        assert_eq!(running.form_as(&approver, &format!("{page}/sign"), "").status, 303);
    }
    assert_eq!(running.form_as(&approver, &format!("{page}/sign"), "").status, 409);
    let rounds = running.site.store.register().unwrap().stocktaking;
    let names: Vec<&str> = rounds[0].signatures.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["佐藤 (sato)", "佐藤 (sato1)", "佐藤 (sato1)"]);
    let report = running.get("/reports/devices.csv").body;
    assert!(report.contains("現物確認済") && report.contains("佐藤 (sato1)"), "{report}");
    assert!(running.get("/stocktaking").body.contains("署名済み"));
}

#[test]
fn what_is_wrong_in_a_round_stands_beside_the_field_and_nothing_is_kept() {
    let running = counting();
    let answer = begin(&running, "scope=&due=soon&from=x");
    assert_eq!(answer.status, 422);
    for id in ["scope-wrong", "due-wrong", "from-wrong"] {
        assert!(answer.body.contains(&format!("id=\"{id}\"")), "{id} {}", answer.body);
    }
    assert!(answer.body.contains("value=\"soon\""), "what was typed is not lost");
    let backwards = begin(&running, "scope=x&from=2026-05&due=2026-04");
    assert_eq!(backwards.status, 422);
    assert!(running.site.store.register().unwrap().stocktaking.is_empty());
    assert_eq!(running.submit("/stocktaking/none/checks", "", KEY).status, 422);
    assert_eq!(running.get("/stocktaking/none").status, 404);
}

#[test]
fn a_round_may_be_of_the_rows_of_one_place() {
    let running = counting();
    let shown = running.get("/stocktaking").body;
    assert!(shown.contains("value=\"location=2階\""), "{shown}");
    let answer = begin(&running, "scope=x&due=2199&covers=location%3D2%E9%9A%8E");
    let page =
        answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().to_owned();
    let shown = running.get(&page).body;
    assert!(shown.contains("A-2 NAS") && !shown.contains("A-1 PC"), "{shown}");
}
