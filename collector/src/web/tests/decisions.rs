//! What people say on pages: answers, scopes, corrections, rows of the ledger.

use super::*;

#[test]
fn an_answer_is_kept_with_its_author_and_settles_the_finding() {
    let running = with_findings();
    assert!(running.get("/findings").body.contains("ip-病棟3F-10.20.0.1"));
    let form = format!(
        "kind=answer&finding={UNKNOWN}&disposition=approved&owner=ME%E5%AE%A4&due=2027-03-31\
         &why=%E6%84%9F%E6%9F%93%E5%AF%BE%E7%AD%96%E7%94%A8&by=somebody&back=%2Ffindings"
    );
    let answer = running.say("Origin: http://localhost\r\n", &form);
    assert_eq!((answer.status, answer.head.contains("location: /findings")), (303, true));
    let decided = running.site.store.ground().unwrap().decisions;
    // Who is logged in says so, whatever the form says.
    assert_eq!((decided.len(), decided[0].by.as_str()), (1, "佐藤 (sato)"));
    let open = running.get("/findings").body;
    assert!(
        !open.contains("ip-病棟3F-10.20.0.1") && open.contains("ip-病棟3F-10.20.0.2"),
        "{open}"
    );
    let settled = running.get("/findings?state=settled").body;
    assert!(settled.contains("承認済") && settled.contains("ME室"), "{settled}");
    let page = running.get(&format!("/finding?id={UNKNOWN}")).body;
    assert!(page.contains("感染対策用") && page.contains("佐藤"), "{page}");
}

#[test]
fn many_findings_are_answered_at_once() {
    let running = with_findings();
    let other = UNKNOWN.replace("0.1", "0.2");
    let form =
        format!("kind=answer&finding={UNKNOWN}&finding={other}&disposition=investigating&back=%2F");
    assert_eq!(running.say("", &form).status, 303);
    assert_eq!(running.site.store.ground().unwrap().decisions.len(), 2);
    // Who is still looking has not settled anything.
    assert!(running.get("/findings").body.contains("調査中"));
}

#[test]
fn what_another_site_sends_in_a_readers_name_is_refused_and_keeps_nothing() {
    let running = with_findings();
    let form = format!("kind=answer&finding={UNKNOWN}&disposition=removed");
    for headers in [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: http://localhost\r\nSec-Fetch-Site: cross-site\r\n",
    ] {
        assert_eq!(running.say(headers, &form).status, 403, "{headers}");
    }
    assert!(running.site.store.ground().unwrap().decisions.is_empty());
}

#[test]
fn a_form_that_says_nothing_is_refused_in_words() {
    let running = with_findings();
    for form in [
        format!("kind=answer&finding={UNKNOWN}"),
        format!("kind=answer&finding={UNKNOWN}&disposition=approved"),
        format!("kind=answer&finding={UNKNOWN}&disposition=removed&due=2027-02-30"),
        "kind=answer&finding=nobody&disposition=removed".to_owned(),
        "kind=answer&disposition=removed".to_owned(),
        "kind=everything".to_owned(),
        format!("kind=answer&finding={UNKNOWN}&disposition=removed&why={}", "x".repeat(2001)),
    ] {
        let answer = running.say("", &form);
        assert_eq!(answer.status, 422, "{form}");
        assert!(answer.body.contains("ください"), "{form}");
    }
    let elsewhere = format!(
        "kind=answer&finding={UNKNOWN}&disposition=removed&back=https%3A%2F%2Fevil.example"
    );
    assert!(running.say("", &elsewhere).head.contains("location: /findings"));
}

#[test]
fn a_scope_is_decided_on_the_device_page_and_withdrawn_again() {
    let running = with_findings();
    let device = "/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1";
    let page = running.get(device).body;
    assert!(page.contains("提案：要判断") && page.contains("Q-2"), "{page}");
    let subject = "%7B%22device%22%3A%7B%22address%22%3A%7B%22network%22%3A%22%E7%97%85%E6%A3%9F3F%22%2C%22ip%22%3A%2210.20.0.1%22%7D%7D%7D";
    let form = format!("kind=scope&subject={subject}&scope=outside&why=demo&back={device}");
    assert_eq!(running.say("", &form).status, 303);
    let page = running.get(device).body;
    assert!(page.contains("対象外") && page.contains("佐藤 (sato) が"), "{page}");
    assert_eq!(running.say("", "kind=withdraw&decision=1").status, 303);
    assert!(!running.get(device).body.contains("佐藤 (sato) が"));
}

#[test]
fn a_private_device_is_permitted_on_its_page_and_is_nobodys_finding_then() {
    let running = with_findings();
    let key = "%7B%22address%22%3A%7B%22network%22%3A%22%E7%97%85%E6%A3%9F3F%22%2C%22ip%22%3A%2210.20.0.1%22%7D%7D";
    let form = format!("kind=byod&device={key}&permitted=yes&why=y");
    assert_eq!(running.say("", &form).status, 303);
    let device = running.get("/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1").body;
    assert!(device.contains("承認済BYOD"), "{device}");
    assert!(!running.get("/findings").body.contains("ip-病棟3F-10.20.0.1"));
}

#[test]
fn a_person_corrects_joins_and_parts_and_takes_it_back_on_the_device_page() {
    let running = with_findings();
    let key = "%7B%22address%22%3A%7B%22network%22%3A%22%E7%97%85%E6%A3%9F3F%22%2C%22ip%22%3A%2210.20.0.1%22%7D%7D";
    let page = || running.get("/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1").body;
    let correct = |field: &str, value: &str| {
        let form = format!("kind=correct&device={key}&field={field}&value={value}&why=y");
        running.say("", &form).status
    };
    assert_eq!(correct("class", "nas"), 303);
    assert!(page().contains("種別 は「NAS」"), "{}", page());
    assert_eq!([correct("class", "toaster"), correct("name", ""), correct("shape", "x")], [422; 3]);
    let join = |other: &str| {
        running.say("", &format!("kind=join&device={key}&other={other}&why=y")).status
    };
    assert_eq!([join("10.20.0.99"), join("10.20.0.1"), join("")], [422; 3]);
    assert_eq!(join("10.20.0.2"), 303);
    let split = format!("kind=split&a={key}&b={key}");
    assert_eq!(running.say("", &split).status, 422);
    assert_eq!(running.site.store.ground().unwrap().decisions.len(), 2);
}

#[test]
fn a_found_device_is_entered_in_the_ledger_with_its_evidence_and_is_documented_then() {
    let running = with_findings();
    let csv = "管理番号,機器名,IPアドレス,MACアドレス,棚\nA-1,受付端末,10.20.0.200,,3\n".as_bytes();
    let book = crate::store::NewBook {
        name: "台帳.csv".into(),
        octets: csv.to_vec(),
        ledger: crate::book::read("台帳.csv", csv).unwrap(),
        at: crate::clock::now(),
        by: "佐藤".into(),
    };
    running.site.store.import(book).unwrap();
    let device = "/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1";
    let page = running.get(device).body;
    assert!(page.contains("value=\"10.20.0.1\"") && page.contains("台帳.csv"), "{page}");
    let form = "kind=enter&device=ip-%E7%97%85%E6%A3%9F3F-10.20.0.1&sheet=0&field_asset_number=A-2\
                &field_name=%E5%BF%83%E9%9B%BB%E8%A8%88&field_ip=10.20.0.1&why=y";
    assert_eq!(running.say("", form).status, 303);
    let ledger = running.site.store.ledger().unwrap();
    assert_eq!((ledger.entries.len(), ledger.entries[1].name.as_str()), (2, "心電計"));
    let history = running.site.store.history(None).unwrap();
    assert!(history.iter().any(|change| change.why.contains("10.20.0.1: ")), "{history:?}");
    assert!(!running.get("/findings").body.contains("ip-病棟3F-10.20.0.1"));
    // A row that names nothing is refused, and nothing is kept.
    let empty = "kind=enter&device=ip-%E7%97%85%E6%A3%9F3F-10.20.0.2&sheet=0";
    assert_eq!(running.say("", empty).status, 422);
    assert_eq!(running.site.store.ledger().unwrap().entries.len(), 2);
}
