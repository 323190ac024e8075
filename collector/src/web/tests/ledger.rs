//! The ledger on its pages: searched, a row changed in place with who and why, retired, added.

use super::*;

const BOOK: &str = "管理番号,機器名,IPアドレス,状態,備考\nA-1,受付端末,10.20.0.1,使用中,1階 ﾅｰｽｽﾃｰｼｮﾝ\nA-2,心電計,10.20.0.2,使用中,\n";

/// A server with a ledger of two rows, both of whose devices were seen.
fn with_ledger() -> Running {
    let running = with_findings();
    let book = crate::store::NewBook {
        name: "台帳.csv".into(),
        octets: BOOK.as_bytes().to_vec(),
        ledger: crate::book::read("台帳.csv", BOOK.as_bytes()).unwrap(),
        at: crate::clock::now(),
        by: "佐藤".into(),
    };
    running.site.store.import(book).unwrap();
    running
}

const ROW: &str = "book=%E5%8F%B0%E5%B8%B3.csv&sheet=&row=";

#[test]
fn rows_are_found_by_any_cell_in_any_spelling() {
    let running = with_ledger();
    let rows = |query: &str| {
        let body = running.get(&format!("/ledger?{query}")).body;
        ["受付端末", "心電計"].map(|name| body.contains(name))
    };
    assert_eq!(rows(""), [true, true]);
    assert_eq!(rows("q=%E3%83%8A%E3%83%BC%E3%82%B9"), [true, false]);
    assert_eq!(rows("q=a-2"), [false, true]);
    assert_eq!(rows("q=a-2&sheet=1"), [false, false]);
    assert_eq!(rows("verdict=not_seen"), [false, false]);
}

#[test]
fn a_row_is_changed_in_place_with_who_and_why_and_only_as_it_was_read() {
    let running = with_ledger();
    let path = format!("/ledger/row?{ROW}2");
    let page = running.get(&path).body;
    for part in ["受付端末", "行が追加された", "name=\"cell_1\""] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let set = |was: &str, is: &str| {
        let form = format!(
            "kind=set&{ROW}2&was_0=A-1&cell_0=A-1&was_1={was}&cell_1={is}&was_2=10.20.0.1&cell_2=10.20.0.1\
             &was_3=%E4%BD%BF%E7%94%A8%E4%B8%AD&cell_3=%E4%BD%BF%E7%94%A8%E4%B8%AD&was_4=x&cell_4=x&why=moved"
        );
        running.submit("/ledger/row", "", &form).status
    };
    let old = super::page::encoded("受付端末");
    assert_eq!(set(&old, "Reception"), 303);
    assert_eq!(set(&old, "Other"), 409, "somebody changed it meanwhile");
    let page = running.get(&path).body;
    for part in ["Reception", "「受付端末」→「Reception」", "佐藤 (sato)", "moved"] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert_eq!(running.site.store.ledger().unwrap().entries[0].name, "Reception");
    let device = running.get("/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1").body;
    assert!(device.contains("「受付端末」→「Reception」"), "its device tells so too\n{device}");
    let form = format!(
        "kind=set&{ROW}2&was_0=A-1&cell_0=&was_1=Reception&cell_1=&was_2=10.20.0.1&cell_2="
    );
    assert_eq!(running.submit("/ledger/row", "", &form).status, 422, "it would name nothing");
}

#[test]
fn a_row_is_added_and_retired_and_the_book_comes_back_with_it() {
    let running = with_ledger();
    assert!(running.get(&format!("/ledger/add?{ROW}")).body.contains("name=\"cell_4\""));
    let form = format!("kind=add&{ROW}&cell_0=A-3&cell_1=NAS&cell_2=10.20.0.77&why=new");
    let added = running.submit("/ledger/row", "", &form);
    assert!(added.status == 303 && added.head.contains("row=4"), "{}", added.head);
    assert!(running.get(&format!("/ledger/row?{ROW}4")).body.contains("NAS"));
    let empty = format!("kind=add&{ROW}&cell_4=nothing");
    assert_eq!(running.submit("/ledger/row", "", &empty).status, 422);
    let retire = format!("kind=retire&{ROW}3&why=gone");
    assert_eq!(running.submit("/ledger/row", "", &retire).status, 303);
    let retired = running.get(&format!("/ledger/row?{ROW}3")).body;
    assert!(retired.contains("廃棄") && !retired.contains("value=\"retire\""), "{retired}");
    let book = running.get("/ledger/books/%E5%8F%B0%E5%B8%B3.csv");
    assert_eq!(book.status, 200);
    assert!(
        book.body.contains("A-3,NAS,10.20.0.77") && book.body.contains("廃棄"),
        "{}",
        book.body
    );
    assert_eq!(running.get("/ledger/books/other.csv").status, 404);
    assert_eq!(running.get(&format!("/ledger/row?{ROW}99")).status, 404);
}

#[test]
fn who_only_reads_is_shown_no_form_and_changes_nothing() {
    let running = with_ledger();
    let auditor = Visitor::new(&running.site, Role::Auditor, None);
    let page = running.get_as(&auditor, &format!("/ledger/row?{ROW}2"), "");
    assert!(page.status == 200 && !page.body.contains("name=\"cell_0\""), "{}", page.body);
    let form = format!("kind=retire&{ROW}2&why=x");
    assert_eq!(running.form_as(&auditor, "/ledger/row", &form).status, 403);
    assert!(running.site.store.history(None).unwrap().iter().all(|change| change.by == "佐藤"));
}
