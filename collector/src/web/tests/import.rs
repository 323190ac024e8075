//! A ledger imported on pages: uploaded, its columns said, looked at, and only then kept.

use super::*;
use crate::store::Edit;

const BOOK: &str =
    "管理番号,機器名,棚,IPアドレス\nA-1,PC,1F,10.20.0.1\nA-2,NAS,2F,10.20.0.300\n,,,\n";

impl Running {
    fn upload(&self, visitor: &Visitor, name: &str, octets: &[u8], fields: &str) -> Answer {
        let token = &visitor.token;
        let mut body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n{fields}\
             --x\r\nContent-Disposition: form-data; name=\"book\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(octets);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let head = "POST /ledger/import HTTP/1.1\r\nHost: localhost\r\n";
        let kind = "Content-Type: multipart/form-data; boundary=x\r\n";
        self.send(&format!("{head}{kind}{}", visitor.cookie), &body)
    }

    fn rows(&self) -> usize {
        self.site.store.ledger().unwrap().entries.len()
    }
}

fn location(answer: &Answer) -> String {
    let found = answer.head.lines().find_map(|line| line.strip_prefix("location: "));
    found.unwrap_or_else(|| panic!("{} {}", answer.status, answer.body)).to_owned()
}

/// The value of the hidden field of what was shown.
fn seen(page: &str) -> String {
    page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn a_book_is_looked_at_its_columns_are_said_and_only_then_it_is_kept() {
    let running = running();
    let page = location(&running.upload(&running.visitor, "C:\\x\\台帳.csv", BOOK.as_bytes(), ""));
    let shown = running.get(&page).body;
    for part in ["<h1>台帳.csv</h1>", "棚", "読まずに保管", "追加 <b>2</b>", "A-2"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert_eq!(running.rows(), 0, "nothing is kept before somebody says so");
    // The column of places is unknown by its heading; a person says what it is.
    let map = "action=map&f.0.0=asset_number&f.0.1=name&f.0.2=location&f.0.3=ip";
    assert_eq!(location(&running.submit(&page, "", map)), page);
    let shown = running.get(&page).body;
    assert!(shown.contains("<option value=\"location\" selected>"), "{shown}");
    let stale = running.submit(&page, "", "action=keep&seen=x");
    assert!(stale.status == 409 && running.rows() == 0, "{}", stale.body);
    let keep = format!("action=keep&seen={}&why=%E5%88%9D%E5%9B%9E", seen(&shown));
    assert_eq!(location(&running.submit(&page, "", &keep)), "/ledger");
    let ledger = running.site.store.ledger().unwrap();
    assert_eq!((ledger.entries.len(), ledger.entries[0].location.as_str()), (2, "1F"));
    assert_eq!(running.site.store.profiles().unwrap().len(), 1);
    let log = running.site.store.log_rows(u64::MAX, 5).unwrap();
    assert!(log.iter().any(|row| row.deed == "book_imported" && row.address == "127.0.0.1"));
    assert_eq!(running.get(&page).status, 404, "it was kept");
    // The same again changes nothing; the columns are read as was said.
    let page = location(&running.upload(&running.visitor, "台帳.csv", BOOK.as_bytes(), ""));
    let shown = running.get(&page).body;
    assert!(shown.contains("同じ内容") && !shown.contains("name=\"seen\""), "{shown}");
}

#[test]
fn a_next_version_shows_what_it_changes_and_a_contradiction_waits_for_a_persons_word() {
    let running = running();
    let first = "管理番号,機器名,設置場所\nA-1,PC,1階\nA-2,NAS,1階\n";
    let page = location(&running.upload(&running.visitor, "台帳.csv", first.as_bytes(), ""));
    let keep = |page: &str| {
        let seen = seen(&running.get(page).body);
        running.submit(page, "", &format!("action=keep&seen={seen}"))
    };
    assert_eq!(keep(&page).status, 303);
    let place = crate::ledger::Place { book: "台帳.csv".into(), sheet: "".into(), row: 2 };
    let column = crate::ledger::edit::Named::Field(crate::ledger::Field::Location);
    let wish = crate::ledger::edit::Wish::Set { place, column, value: "3階".into() };
    let by = By::here("佐藤".into(), clock::now());
    running.site.store.edit(Edit { wish, by, why: String::new() }).unwrap();
    let next = "管理番号,機器名,設置場所\nA-1,PC,2階\nA-3,UPS,1階\n";
    let version = "--x\r\nContent-Disposition: form-data; name=\"as\"\r\n\r\n台帳.csv\r\n";
    let page = location(&running.upload(&running.visitor, "台帳2.csv", next.as_bytes(), version));
    let shown = running.get(&page).body;
    assert!(shown.contains("食い違い") && !shown.contains("name=\"seen\""), "{shown}");
    assert_eq!(running.submit(&page, "", "action=keep&seen=x").status, 409);
    let map = "action=map&f.0.0=asset_number&f.0.1=name&f.0.2=location&prefer=edits";
    assert_eq!(running.submit(&page, "", map).status, 303);
    let shown = running.get(&page).body;
    for part in ["追加 <b>1</b>", "削除 <b>1</b>", "A-3", "引き継ぎ 1"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert_eq!(keep(&page).status, 303);
    let ledger = running.site.store.ledger().unwrap();
    let places: Vec<&str> = ledger.entries.iter().map(|one| one.location.as_str()).collect();
    assert_eq!(places, ["3階", "1階"]);
    assert_eq!(running.site.store.ground().unwrap().books.len(), 1);
}

#[test]
fn what_is_no_ledger_or_not_ones_own_is_refused_with_a_sentence() {
    let running = running();
    for (name, octets) in [
        ("x.pdf", &b"%PDF-1.7 xx"[..]),
        ("x.xlsx", b"PK\x03\x04broken"),
        ("x.csv", b"a,b\n1,2\n"),
        ("", b""),
        ("x.csv", b""),
    ] {
        let answer = running.upload(&running.visitor, name, octets, "");
        assert_eq!(answer.status, 422, "{name} {}", answer.body);
        assert!(answer.body.contains("role=\"alert\""), "{name} {}", answer.body);
    }
    let forged = Visitor { token: "x".into(), ..running.visitor.clone() };
    assert_eq!(running.upload(&forged, "台帳.csv", BOOK.as_bytes(), "").status, 403);
    let page = location(&running.upload(&running.visitor, "台帳.csv", BOOK.as_bytes(), ""));
    let other = Visitor::new(&running.site, Role::Operator, None);
    assert_eq!(running.get_as(&other, &page, "").status, 404, "another's upload");
    let twice = "action=map&f.0.0=name&f.0.1=name&f.0.2=&f.0.3=ip";
    let answer = running.submit(&page, "", twice);
    assert!(answer.status == 409 && answer.body.contains("両方とも"), "{}", answer.body);
    let nothing = "action=map&f.0.0=&f.0.1=&f.0.2=&f.0.3=";
    assert!(running.submit(&page, "", nothing).body.contains("機器を特定する列がありません"));
    assert_eq!(running.submit(&page, "", "action=discard").status, 303);
    assert_eq!(running.get(&page).status, 404);
    assert_eq!(running.rows(), 0);
}
